//! The consistency curve (Figure 4 of the paper).

use anyhow::Result;
use plotters::prelude::*;

use super::{Area, BLUE, DESCRIPTION, FONT, LABEL, chart, legend};
use crate::agreement::Agreement;

/// The curve; the names of its points.
pub(super) fn draw(area: &Area<'_>, agreement: &Agreement) -> Result<Vec<String>> {
    let points: Vec<(f64, f64, f64)> =
        agreement.curve.iter().map(|point| (point.raters as f64, point.srcc.mean, point.srcc.std)).collect();
    let last = points.last().map_or(1.0, |point| point.0);
    // Down to the tenth below everything drawn, but not below -1.
    let lowest = points.iter().map(|(_, mean, std)| mean - std).fold(1.0, f64::min);
    let bottom = ((lowest * 10.0).floor() / 10.0).max(-1.0);
    let title = format!("Agreement of two groups of {}", agreement.groups_of);
    let mut chart = chart(area, &title, 64, 0.0..last + 1.0, bottom..1.0)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc(format!("{} in each of the two disjoint groups", agreement.groups_of))
        .y_desc("SRCC of their mean scores")
        .x_labels(12)
        .y_labels(10)
        .x_label_formatter(&|size| format!("{size:.0}"))
        .y_label_formatter(&|value| format!("{value:.2}"))
        .axis_desc_style((FONT, DESCRIPTION))
        .label_style((FONT, LABEL))
        .draw()?;
    let upper = points.iter().map(|(size, mean, std)| (*size, (mean + std).min(1.0)));
    let lower = points.iter().rev().map(|(size, mean, std)| (*size, (mean - std).max(bottom)));
    let band: Vec<(f64, f64)> = upper.chain(lower).collect();
    let deviation = format!("± deviation of {} draws (ddof 0)", agreement.repeats);
    chart
        .draw_series(std::iter::once(Polygon::new(band, BLUE.mix(0.2))))?
        .label(deviation)
        .legend(|(x, y)| Rectangle::new([(x, y - 6), (x + 20, y + 6)], BLUE.mix(0.2).filled()));
    let line = points.iter().map(|(size, mean, _)| (*size, *mean));
    chart
        .draw_series(LineSeries::new(line.clone(), BLUE.stroke_width(2)))?
        .label("mean")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], BLUE.stroke_width(2)));
    chart.draw_series(line.map(|point| Circle::new(point, 3, BLUE.filled())))?;
    legend(&mut chart, SeriesLabelPosition::LowerRight, 14)?;
    let name = |(size, mean, std): &(f64, f64, f64)| format!("groups of {size}: SRCC {mean:.3} ± {std:.3}");
    Ok(points.iter().map(name).collect())
}
