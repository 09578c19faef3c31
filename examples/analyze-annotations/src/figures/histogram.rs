//! Histograms of clips (Figure 3 of the paper).

use anyhow::Result;
use dream_data::annotation::Histogram;
use plotters::prelude::*;

use super::{Area, DESCRIPTION, FONT, LABEL, chart};

pub(super) fn draw(
    area: &Area<'_>,
    histogram: &Histogram,
    colour: RGBColor,
    title: &str,
    x: &str,
) -> Result<Vec<String>> {
    let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1);
    let top = most as f64 * 1.05;
    let mut chart = chart(area, title, 60, histogram.low..histogram.high, 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc(x)
        .y_desc("clips")
        .y_labels(most.min(8))
        .y_label_formatter(&|count: &f64| format!("{count}"))
        .axis_desc_style((FONT, DESCRIPTION))
        .label_style((FONT, LABEL))
        .draw()?;
    let edges = histogram.edges();
    let bins = edges.windows(2).zip(&histogram.counts).filter(|(_, count)| **count > 0);
    let bar = |(edges, count): (&[f64], &usize)| {
        let (low, high) = (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(0.0));
        let mut bar = Rectangle::new([(low, 0.0), (high, *count as f64)], colour.filled());
        // Narrow gaps, so that bars of one height stay apart.
        bar.set_margin(0, 0, 1, 1);
        bar
    };
    chart.draw_series(bins.map(bar))?;
    Ok(Vec::new())
}
