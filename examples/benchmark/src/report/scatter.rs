//! Predictions against opinions, as SVG.

use anyhow::Result;
use plotters::prelude::*;

// Colours that people with any kind of colour blindness tell apart (M. Okabe and K. Ito, "Color universal design", 2008).
const BLUE: RGBColor = RGBColor(0, 114, 178);
const VERMILION: RGBColor = RGBColor(213, 94, 0);

const SIZE: (u32, u32) = (250, 240);

/// A panel: mean opinions from 1 to 5 to the right, predictions upwards, and the line on which both are equal.
pub(super) fn svg(title: &str, points: &[(f64, f64)]) -> Result<String> {
    let bounds = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) = values.fold((1.0_f64, 5.0_f64), |(low, high), v| (low.min(v), high.max(v)));
        let pad = (high - low) * 0.03;
        low - pad..high + pad
    };
    let x = bounds(&mut points.iter().map(|point| point.0));
    let y = bounds(&mut points.iter().map(|point| point.1));
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(6)
            .margin_right(10)
            .caption(title, ("sans-serif", 12))
            .x_label_area_size(32)
            .y_label_area_size(36)
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.1))
            .x_labels(5)
            .y_labels(5)
            .x_desc("MOS")
            .y_desc("predicted")
            .axis_desc_style(("sans-serif", 12))
            .label_style(("sans-serif", 11))
            .draw()?;
        chart.draw_series(LineSeries::new([(1.0, 1.0), (5.0, 5.0)], VERMILION.stroke_width(1)))?;
        let dot = |point: &(f64, f64)| Circle::new(*point, 2, BLUE.mix(0.45).filled());
        chart.draw_series(points.iter().map(dot))?;
        area.present()?;
    }
    Ok(svg)
}
