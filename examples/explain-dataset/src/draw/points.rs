//! A map of videos and texts.

use super::Figure;
use super::svg::{Anchor, Svg};
use crate::figure::{BLUE, VERMILION};

const SIDE: f64 = 560.0;

/// Figure 14: points of videos, then of as many texts, with the name and the mean opinion of their clips.
pub(crate) fn points(map: &[[f64; 2]], clips: &[(&str, f64)]) -> Figure {
    let title = "Videos and descriptions on a map (t-SNE)";
    let mut svg = Svg::new(SIDE, SIDE + 30.0);
    let bound = |axis: usize| {
        let values = || map.iter().filter_map(move |point| point.get(axis).copied());
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
    };
    let ((left, right), (low, high)) = (bound(0), bound(1));
    let scale = (SIDE - 30.0) / (right - left).max(high - low).max(f64::MIN_POSITIVE);
    let names = clips
        .iter()
        .map(|clip| ("video", BLUE, clip))
        .chain(clips.iter().map(|clip| ("text", VERMILION, clip)));
    for ([x, y], (kind, colour, (name, mos))) in map.iter().zip(names) {
        let place = [15.0 + (x - left) * scale, 15.0 + (y - low) * scale];
        // The better the opinion, the larger.
        let radius = 1.2 + 0.55 * (mos - 1.0).clamp(0.0, 4.0);
        svg.circle(place, radius, colour, 0.6, Some(&format!("{kind} of {name}, MOS {mos:.2}")));
    }
    for (name, colour, x) in [("videos", BLUE, 16.0), ("their descriptions", VERMILION, 100.0)] {
        svg.circle([x, SIDE + 14.0], 5.0, colour, 1.0, None);
        svg.text([x + 10.0, SIDE + 18.0], 12.0, Anchor::Start, name);
    }
    svg.text([SIDE - 10.0, SIDE + 18.0], 12.0, Anchor::End, "larger: better opinions");
    Figure { name: "figure14", title: title.to_owned(), svg: svg.finish(title) }
}
