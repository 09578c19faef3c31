//! The learning curve.

use anyhow::Result;
use plotters::prelude::{
    BLUE, ChartBuilder, Circle, Color, IntoDrawingArea, LineSeries, PathElement, RED, RGBColor, SVGBackend,
    SeriesLabelPosition, WHITE,
};

use crate::state::Epoch;

const GREEN: RGBColor = RGBColor(0, 128, 60);

/// Loss of training, correlations of validation and the best epoch, as SVG.
pub(crate) fn draw(history: &[Epoch]) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (640, 360)).into_drawing_area();
        root.fill(&WHITE)?;
        let last = history.last().map_or(1.0, |epoch| epoch.epoch as f64).max(2.0);
        let top = history.iter().map(|epoch| epoch.loss).fold(0.1, f64::max) * 1.05;
        let low = history.iter().flat_map(|epoch| [epoch.plcc, epoch.srcc]).fold(0.0, f64::min);
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .x_label_area_size(32)
            .y_label_area_size(44)
            .right_y_label_area_size(44)
            .build_cartesian_2d(1.0..last, low..1.0)?
            .set_secondary_coord(1.0..last, 0.0..top);
        let mut mesh = chart.configure_mesh();
        mesh.x_desc("epoch").y_desc("PLCC, SRCC of validation").x_label_formatter(&|x| format!("{x:.0}"));
        mesh.light_line_style(WHITE).draw()?;
        chart.configure_secondary_axes().y_desc("loss of training").draw()?;
        type Value = fn(&Epoch) -> f64;
        let series: [(&str, RGBColor, Value); 2] = [("PLCC", BLUE, |e| e.plcc), ("SRCC", GREEN, |e| e.srcc)];
        for (name, colour, value) in series {
            let points = history.iter().map(|epoch| (epoch.epoch as f64, value(epoch)));
            let drawn = chart.draw_series(LineSeries::new(points, &colour))?.label(name);
            drawn.legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
        }
        let dot = |epoch: &Epoch| Circle::new((epoch.epoch as f64, epoch.plcc), 4, BLUE.filled());
        chart.draw_series(history.iter().rfind(|epoch| epoch.best).map(dot))?;
        let points = history.iter().map(|epoch| (epoch.epoch as f64, epoch.loss));
        let drawn = chart.draw_secondary_series(LineSeries::new(points, &RED))?.label("loss");
        drawn.legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], RED));
        let mut labels = chart.configure_series_labels();
        labels.position(SeriesLabelPosition::LowerRight).background_style(WHITE).draw()?;
        root.present()?;
    }
    Ok(svg)
}
