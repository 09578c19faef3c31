//! Bars with names.

use dream_eval::{Side, TokenCount, TokenCounts};

use super::Figure;
use super::svg::{Anchor, BLACK, Svg};
use crate::figure::{BLUE, GREEN, Rgb, VERMILION};
use crate::summaries::{KINDS, MEASURES, Three};

/// A bar: its name, its length, and how that is written.
type Bar = (String, f64, String);

const ROW: f64 = 15.0;
const TOP: f64 = 34.0;
/// The part of a panel that names have.
const NAMES: f64 = 0.4;

/// Bars below a title, from x and y on, so wide, the longest as long as there is room.
fn panel(svg: &mut Svg, [x, y]: [f64; 2], width: f64, title: &str, rows: &[Bar], colour: Rgb) {
    let (names, values) = (NAMES * width, 0.24 * width);
    let longest = rows.iter().map(|(_, length, _)| *length).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    svg.text([x, y + 14.0], 12.0, Anchor::Start, title);
    for ((name, length, written), row) in rows.iter().zip(0u32..) {
        let top = y + TOP - 10.0 + ROW * f64::from(row);
        let long = (width - names - values) * length / longest;
        svg.text([x + names - 5.0, top + 10.5], 11.0, Anchor::End, name);
        svg.rectangle([x + names, top + 1.0, long, ROW - 3.0], colour, 1.0, None);
        svg.text([x + names + long + 4.0, top + 10.5], 10.0, Anchor::Start, written);
    }
}

/// Figure 12: the commonest and the likeliest tokens at both ends.
pub(crate) fn tokens(counts: &TokenCounts, least: u64) -> Figure {
    let most = TokenCounts::PAPER_TOKENS;
    let height = TOP + ROW * most as f64 + 10.0;
    let (width, title) = (340.0, "Tokens with the most and the least impact on the score");
    let mut svg = Svg::new(2.0 * width + 20.0, 2.0 * height);
    let by_count = |side: Side| {
        let bar = |(token, count): (&str, TokenCount)| {
            (token.to_owned(), count.on(side) as f64, count.on(side).to_string())
        };
        counts.commonest(side, most).into_iter().map(bar).collect::<Vec<_>>()
    };
    let by_probability = |side: Side| {
        let bar = |(token, count): (&str, TokenCount)| {
            let p = count.probability(side);
            (token.to_owned(), p, format!("{p:.2} of {}", count.all))
        };
        counts.likeliest(side, most, least).into_iter().map(bar).collect::<Vec<_>>()
    };
    for (side, name, colour, y) in
        [(Side::Top, "top", VERMILION, 4.0), (Side::Bottom, "bottom", BLUE, height + 4.0)]
    {
        panel(
            &mut svg,
            [8.0, y],
            width,
            &format!("most often in the {name} decile"),
            &by_count(side),
            colour,
        );
        let title = format!("most probably in the {name} decile");
        panel(&mut svg, [width + 16.0, y], width, &title, &by_probability(side), colour);
    }
    Figure { name: "figure12", title: title.to_owned(), svg: svg.finish(title) }
}

/// Figure 17: means of each measure for the three kinds of summaries.
pub(crate) fn bars(means: &[Three<Option<f64>>]) -> Figure {
    let (width, title) = (300.0, "Summaries, judged without a reference");
    let height = TOP + 3.0 * ROW + 14.0;
    let mut svg = Svg::new(2.0 * width + 24.0, 2.0 * height + 4.0);
    for ((name, three), at) in MEASURES.iter().zip(means).zip(0u32..) {
        let place = [8.0 + f64::from(at % 2) * (width + 8.0), 4.0 + f64::from(at / 2) * height];
        let rows: Vec<Bar> = KINDS
            .iter()
            .zip(three)
            .map(|(kind, mean)| {
                let written = mean.map_or_else(|| "none".to_owned(), |mean| format!("{mean:.3}"));
                (kind.trim_start_matches("the ").to_owned(), mean.unwrap_or(0.0).max(0.0), written)
            })
            .collect();
        panel(&mut svg, place, width, name, &rows, GREEN);
        let left = place[0] + NAMES * width;
        svg.line(&[[left, place[1] + TOP - 10.0], [left, place[1] + TOP - 10.0 + 3.0 * ROW]], BLACK, 1.0);
    }
    Figure { name: "figure17", title: title.to_owned(), svg: svg.finish(title) }
}
