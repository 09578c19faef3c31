//! Numbers as shades.

use dream_eval::SimilarityMatrix;

use super::Figure;
use super::svg::{Anchor, Svg};
use crate::figure::{BLUE, VERMILION};
use crate::similarity::{GROUPS, Similarities};

const CELL: f64 = 58.0;
const LEFT: f64 = 78.0;

/// Figure 15: similarities of groups of opinions, within and across the modalities.
pub(crate) fn matrices(found: &Similarities) -> Figure {
    let title = "Mean similarity of groups of mean opinions";
    let side = CELL * GROUPS.len() as f64;
    let (width, height) = (LEFT + side + 14.0, side + 62.0);
    let mut svg = Svg::new(2.0 * width, 2.0 * height + 10.0);
    let [videos, texts, both] = &found.all;
    let drawn = format!("videos and texts, {} drawn pairs", found.pairs);
    for ((name, matrix), place) in [
        ("videos and videos", videos),
        ("texts and texts", texts),
        ("videos (rows) and texts", both),
        (drawn.as_str(), &found.drawn),
    ]
    .into_iter()
    .zip([[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]])
    {
        matrix_at(&mut svg, place, name, matrix);
    }
    Figure { name: "figure15", title: title.to_owned(), svg: svg.finish(title) }
}

fn matrix_at(svg: &mut Svg, [x, y]: [f64; 2], name: &str, matrix: &SimilarityMatrix) {
    let all = || matrix.rows.iter().flatten().flatten().copied();
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    svg.text([x + LEFT, y + 18.0], 13.0, Anchor::Start, name);
    for ((row, group), at) in matrix.rows.iter().zip(GROUPS).zip(0u32..) {
        let top = y + 46.0 + CELL * f64::from(at);
        svg.text([x + LEFT - 6.0, top + CELL / 2.0 + 4.0], 11.0, Anchor::End, group);
        svg.text([x + LEFT + CELL * (f64::from(at) + 0.5), y + 40.0], 11.0, Anchor::Middle, group);
        for (cell, column) in row.iter().zip(0u32..) {
            let left = x + LEFT + CELL * f64::from(column);
            let Some(value) = cell else {
                svg.text([left + CELL / 2.0, top + CELL / 2.0 + 4.0], 11.0, Anchor::Middle, "none");
                continue;
            };
            // Never so dark that the number on it cannot be read.
            let shade = if high > low { 0.6 * (value - low) / (high - low) } else { 0.3 };
            svg.rectangle([left, top, CELL - 2.0, CELL - 2.0], BLUE, shade, None);
            let place = [left + CELL / 2.0 - 1.0, top + CELL / 2.0 + 4.0];
            svg.text(place, 12.0, Anchor::Middle, &format!("{value:.3}"));
        }
    }
}

/// Signed values on a square grid, row after row.
#[derive(Debug, Clone)]
pub(crate) struct Heat {
    pub(crate) side: usize,
    pub(crate) values: Vec<f64>,
}

/// Figure 13b: what raises and what lowers the score, and where.
pub(crate) fn grid(name: &'static str, title: &str, heat: &Heat, marks: &[[f64; 2]]) -> Figure {
    let room = 360.0;
    let cell = room / heat.side.max(1) as f64;
    let mut svg = Svg::new(room + 20.0, room + 46.0);
    let largest = heat.values.iter().fold(0.0_f64, |m, v| m.max(v.abs())).max(f64::MIN_POSITIVE);
    for (row, y) in heat.values.chunks(heat.side.max(1)).zip(0u32..) {
        for (value, x) in row.iter().zip(0u32..) {
            let colour = if *value < 0.0 { VERMILION } else { BLUE };
            let corner = [10.0 + cell * f64::from(x), 10.0 + cell * f64::from(y)];
            let shade = value.abs() / largest;
            if shade >= 0.01 {
                svg.rectangle([corner[0], corner[1], cell + 0.2, cell + 0.2], colour, shade.min(0.99), None);
            }
        }
    }
    for [x, y] in marks {
        svg.circle([10.0 + room * x, 10.0 + room * y], 3.0, super::svg::BLACK, 1.0, None);
    }
    let key = "blue raises the score, orange lowers it; dots: six points of a face";
    svg.text([10.0, room + 32.0], 11.0, Anchor::Start, key);
    Figure { name, title: title.to_owned(), svg: svg.finish(title) }
}
