//! Predictions against opinions, as SVG. The style of the page colours it, for a light ground and for a dark one.

use std::fmt::{self, Write};

use crate::figure::escaped;

const SIZE: (f64, f64) = (260.0, 236.0);
/// Left, right, upper and lower end of the axes.
const AXES: [f64; 4] = [42.0, 252.0, 8.0, 196.0];

/// What a file may say is drawn at the edge beyond this, where differences would not be finite.
const LARGEST: f64 = 1e300;

/// A clip.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point<'a> {
    pub(super) name: &'a str,
    pub(super) mos: f64,
    pub(super) predicted: f64,
}

/// Values from `low` to `high`, drawn from `start` to `end`.
struct Axis {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// For scores from 1 to 5 and whatever lies beyond.
    fn new(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        let values = values.map(|value| value.clamp(-LARGEST, LARGEST));
        let (low, high) = values.fold((1.0_f64, 5.0_f64), |(low, high), v| (low.min(v), high.max(v)));
        let pad = (high - low) * 0.03;
        Self { low: low - pad, high: high + pad, start, end }
    }

    fn at(&self, value: f64) -> f64 {
        let value = value.clamp(-LARGEST, LARGEST);
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// At most eight round values.
    fn ticks(&self) -> Vec<f64> {
        let span = self.high - self.low;
        let mut step = 1.0;
        for factor in [2.0, 2.5, 2.0].into_iter().cycle().take(900) {
            if span / step <= 7.0 {
                break;
            }
            step *= factor;
        }
        let first = (self.low / step).ceil();
        let ticks = (0..8_u32).map(|k| (first + f64::from(k)) * step);
        ticks.filter(|tick| *tick <= self.high).collect()
    }
}

/// A panel: mean opinions from 1 to 5 to the right, predictions upwards, and the line on which both are equal.
pub(super) fn svg(title: &str, points: &[Point<'_>]) -> Result<String, fmt::Error> {
    let ([left, right, top, bottom], (width, height)) = (AXES, SIZE);
    let x = Axis::new(points.iter().map(|point| point.mos), left, right);
    let y = Axis::new(points.iter().map(|point| point.predicted), bottom, top);
    let mut out = format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<path \
         class=\"grid\" d=\"",
        escaped(title)
    );
    let (x_ticks, y_ticks) = (x.ticks(), y.ticks());
    x_ticks.iter().try_for_each(|tick| write!(out, "M{:.1} {top}V{bottom}", x.at(*tick)))?;
    y_ticks.iter().try_for_each(|tick| write!(out, "M{left} {:.1}H{right}", y.at(*tick)))?;
    writeln!(out, "\"/>\n<path class=\"axis\" d=\"M{left} {top}V{bottom}H{right}\"/>")?;
    for tick in &x_ticks {
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x.at(*tick),
            bottom + 14.0,
            label(*tick)
        )?;
    }
    for tick in &y_ticks {
        writeln!(
            out,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            left - 5.0,
            y.at(*tick) + 4.0,
            label(*tick)
        )?;
    }
    let (middle, centre) = (f64::midpoint(left, right), f64::midpoint(top, bottom));
    writeln!(
        out,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">mean opinion</text>\n<text text-anchor=\"middle\" \
         transform=\"translate(11 {centre}) rotate(-90)\">predicted</text>",
        height - 6.0
    )?;
    let [(x1, y1), (x2, y2)] = [1.0, 5.0].map(|score| (x.at(score), y.at(score)));
    writeln!(out, "<path class=\"equal\" d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\"/>\n<g class=\"dots\">")?;
    for Point { name, mos, predicted } in points {
        let about = format!("{name}: opinion {mos:.2}, predicted {predicted:.2}").replace(" -", " \u{2212}");
        writeln!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\"><title>{}</title></circle>",
            x.at(*mos),
            y.at(*predicted),
            escaped(&about)
        )?;
    }
    out.push_str("</g>\n</svg>");
    Ok(out)
}

fn label(tick: f64) -> String {
    format!("{tick}").replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(values: [f64; 2]) -> Vec<f64> {
        Axis::new(values.into_iter(), 0.0, 1.0).ticks()
    }

    #[test]
    fn ticks_are_few_and_round() {
        assert_eq!(ticks([2.0, 4.0]), [1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(ticks([-3.0, 9.0]), [-2.0, 0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks([1.0, 120.0]), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0]);
        for most in [1e9, 1e300, f64::MAX] {
            assert!((3..=8).contains(&ticks([-most, most]).len()), "{most}");
        }
    }

    #[test]
    fn a_point_says_which_clip_it_is() {
        let points = [Point { name: "C1/<a>&\"b\".mp4", mos: 3.0, predicted: -0.5 }];
        let svg = svg("A & B", &points).unwrap();
        assert!(svg.contains("<title>A &amp; B</title>"), "{svg}");
        let name = "<title>C1/&lt;a&gt;&amp;&quot;b&quot;.mp4: opinion 3.00, predicted \u{2212}0.50</title></circle>";
        assert!(svg.contains(name), "{svg}");
        // In the middle between 1 and 5.
        assert!(svg.contains("<circle cx=\"147.0\""), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("fill="), "colours are those of the page: {svg}");
    }
}
