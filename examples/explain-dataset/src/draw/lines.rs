//! Errors by the number of sentences.

use super::Figure;
use super::svg::{Anchor, BLACK, Svg};
use crate::figure::{BLUE, GREEN, Rgb, VERMILION};
use crate::profiles::{Row, Table};

const WIDTH: f64 = 620.0;
const HEIGHT: f64 = 330.0;
const LEFT: f64 = 52.0;
const BOTTOM: f64 = 40.0;

/// Table VII as a chart: a line for each group of labels, from one random sentence to the thirteen nearest.
pub(crate) fn lines(table: &Table) -> Figure {
    let title = "Error of the label ratios by the number of retrieved sentences";
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let all = table.rows.iter().flat_map(|row| row.rmse);
    let end = (all.fold(0.0, f64::max) * 10.0).ceil().max(1.0) / 10.0;
    let steps = table.rows.len().max(2) as f64 - 1.0;
    let across = |at: u32| LEFT + 14.0 + (WIDTH - LEFT - 130.0) * f64::from(at) / steps;
    let up = |value: f64| HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 30.0) * value / end;
    for step in 0..=5u32 {
        let value = end * f64::from(step) / 5.0;
        svg.text([LEFT - 6.0, up(value) + 4.0], 11.0, Anchor::End, &format!("{value:.2}"));
    }
    svg.line(&[[LEFT, up(end)], [LEFT, up(0.0)], [WIDTH - 110.0, up(0.0)]], BLACK, 1.0);
    for (row, at) in table.rows.iter().zip(0u32..) {
        let name = row.name.replace("top-", "").replace("random-", "r");
        svg.text([across(at), HEIGHT - BOTTOM + 16.0], 11.0, Anchor::Middle, &name);
    }
    svg.text(
        [across(0), HEIGHT - 6.0],
        12.0,
        Anchor::Start,
        "sentences nearest to the video; r1, r13: one and thirteen at random",
    );
    svg.text([LEFT - 40.0, 18.0], 12.0, Anchor::Start, "RMSE");
    let groups: [(&str, Rgb); 4] =
        [("place", BLUE), ("artifact", VERMILION), ("extent", GREEN), ("all", BLACK)];
    let mut labels: Vec<(f64, &str)> = Vec::new();
    for ((name, colour), group) in groups.into_iter().zip(0usize..) {
        let value = |row: &Row| row.rmse.get(group).copied().unwrap_or(0.0);
        let points: Vec<[f64; 2]> =
            table.rows.iter().zip(0u32..).map(|(row, at)| [across(at), up(value(row))]).collect();
        svg.line(&points, colour, 2.0);
        for (point, row) in points.iter().zip(&table.rows) {
            let about = format!("{name}, {}: {:.4}", row.name, value(row));
            svg.circle(*point, 3.0, colour, 1.0, Some(&about));
        }
        labels.extend(points.last().map(|[_, y]| (*y, name)));
    }
    // Names beside the ends of their lines, at least a line apart.
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut last = f64::NEG_INFINITY;
    for (y, name) in labels {
        last = y.max(last + 14.0);
        svg.text([WIDTH - 106.0, last + 4.0], 12.0, Anchor::Start, name);
    }
    Figure { name: "table7", title: title.to_owned(), svg: svg.finish(title) }
}
