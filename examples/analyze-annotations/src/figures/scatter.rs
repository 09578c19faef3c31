//! Mean opinions against their deviations, with the fitted curve (Figure 5 of the paper).

use anyhow::{Context, Result};
use plotters::prelude::*;

use super::{Area, BLUE, DESCRIPTION, FONT, LABEL, VERMILION, chart, legend};
use crate::opinions::{ClipOpinion, Opinions, SosParameter};

/// Points of a drawn curve.
const STEPS: u32 = 200;

/// A point for each clip; their names.
pub(super) fn draw(area: &Area<'_>, opinions: &Opinions, scale: [f64; 2]) -> Result<Vec<String>> {
    let [low, high] = scale;
    let fit = opinions.sos_parameter.first().context("no fit")?;
    let points: Vec<(f64, f64)> =
        opinions.clips.iter().filter_map(|clip| Some((clip.mos, clip.sos_ddof0?))).collect();
    let widest = points.iter().map(|point| point.1).fold(0.0, f64::max);
    let curve = |a: f64| -> Vec<(f64, f64)> {
        let mos = (0..=STEPS).map(|step| low + (high - low) * f64::from(step) / f64::from(STEPS));
        mos.map(|mos| (mos, SosParameter::sos_at(a, mos, scale))).collect()
    };
    let fitted = curve(fit.a);
    // Room for the legend above everything drawn.
    let top = fitted.iter().map(|point| point.1).fold(widest, f64::max).max((high - low) / 100.0) * 1.3;
    let pad = (high - low) * 0.02;
    let mut chart =
        chart(area, "Spread of opinions against their mean", 64, low - pad..high + pad, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("MOS (mean of the scores)")
        .y_desc("SOS (standard deviation, ddof 0)")
        .x_labels(9)
        .y_labels(8)
        .axis_desc_style((FONT, DESCRIPTION))
        .label_style((FONT, LABEL))
        .draw()?;
    let opacity = if points.len() > 300 { 0.35 } else { 0.7 };
    chart
        .draw_series(points.iter().map(|point| Circle::new(*point, 3, BLUE.mix(opacity).filled())))?
        .label("clips")
        .legend(|(x, y)| Circle::new((x + 10, y), 4, BLUE.filled()));
    if let Some([least, largest]) = fit.normal95 {
        let band: Vec<(f64, f64)> =
            curve(largest).into_iter().chain(curve(least).into_iter().rev()).collect();
        chart
            .draw_series(std::iter::once(Polygon::new(band, VERMILION.mix(0.3))))?
            .label(format!("95 % interval, {least:.4} to {largest:.4}"))
            .legend(|(x, y)| Rectangle::new([(x, y - 6), (x + 20, y + 6)], VERMILION.mix(0.3).filled()));
    }
    chart
        .draw_series(LineSeries::new(fitted, VERMILION.stroke_width(2)))?
        .label(format!("SOS² = a (MOS - {low}) ({high} - MOS), a = {:.4}", fit.a))
        .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], VERMILION.stroke_width(2)));
    legend(&mut chart, SeriesLabelPosition::UpperMiddle, 14)?;
    let name =
        |clip: &ClipOpinion| Some(format!("{}: MOS {:.2}, SOS {:.2}", clip.clip, clip.mos, clip.sos_ddof0?));
    Ok(opinions.clips.iter().filter_map(name).collect())
}
