//! Shapes and texts.

use std::fmt::Write;

use crate::figure::{Rgb, escaped, titled};

pub(super) const BLACK: Rgb = (0, 0, 0);
const WHITE: Rgb = (255, 255, 255);

/// Where a text stands from its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A figure that is being drawn. Colours are those that have a twin on a dark ground.
pub(super) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02X}{g:02X}{b:02X}")
}

/// Places to a tenth of a pixel: more digits say nothing.
fn place(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

impl Svg {
    pub(super) fn new(width: f64, height: f64) -> Self {
        let mut svg = Self { width, height, body: String::new() };
        svg.rectangle([0.0, 0.0, width, height], WHITE, 1.0, None);
        svg
    }

    /// From x and y, so wide and high; `about` is shown under the pointer.
    pub(super) fn rectangle(&mut self, [x, y, w, h]: [f64; 4], fill: Rgb, opacity: f64, about: Option<&str>) {
        let (x, y, w, h) = (place(x), place(y), place(w), place(h));
        let shape = format!("rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"");
        self.shape(&shape, "rect", fill, opacity, about);
    }

    pub(super) fn circle(
        &mut self,
        [x, y]: [f64; 2],
        radius: f64,
        fill: Rgb,
        opacity: f64,
        about: Option<&str>,
    ) {
        let shape = format!("circle cx=\"{}\" cy=\"{}\" r=\"{}\"", place(x), place(y), place(radius));
        self.shape(&shape, "circle", fill, opacity, about);
    }

    fn shape(&mut self, shape: &str, name: &str, fill: Rgb, opacity: f64, about: Option<&str>) {
        let opacity = if opacity < 1.0 { format!(" fill-opacity=\"{opacity:.2}\"") } else { String::new() };
        let _ = match about {
            None => writeln!(self.body, "<{shape} fill=\"{}\"{opacity}/>", hex(fill)),
            Some(about) => writeln!(
                self.body,
                "<{shape} fill=\"{}\"{opacity}><title>{}</title></{name}>",
                hex(fill),
                escaped(about)
            ),
        };
    }

    pub(super) fn line(&mut self, points: &[[f64; 2]], stroke: Rgb, width: f64) {
        let points: Vec<String> =
            points.iter().map(|[x, y]| format!("{},{}", place(*x), place(*y))).collect();
        let (points, stroke) = (points.join(" "), hex(stroke));
        let _ = writeln!(
            self.body,
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{}\"/>",
            place(width)
        );
    }

    pub(super) fn text(&mut self, [x, y]: [f64; 2], size: f64, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = writeln!(
            self.body,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" font-family=\"sans-serif\" text-anchor=\"{anchor}\" fill=\"{}\">{}</text>",
            place(x),
            place(y),
            place(size),
            hex(BLACK),
            escaped(text)
        );
    }

    pub(super) fn finish(self, title: &str) -> String {
        let (width, height) = (place(self.width), place(self.height));
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n{}</svg>\n",
            self.body
        );
        titled(&svg, title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_places_short() {
        let mut svg = Svg::new(10.0, 5.5);
        svg.text([1.04, 2.0], 9.0, Anchor::End, "<a> & \"b\"");
        svg.circle([1.0, 2.0], 3.0, BLACK, 0.5, Some("</title>"));
        let svg = svg.finish("t");
        assert!(svg.contains("x=\"1\" y=\"2\"") && svg.contains("&lt;a&gt; &amp; &quot;b&quot;"), "{svg}");
        assert!(svg.contains("height=\"5.5\"") && svg.contains("<title>&lt;/title&gt;</title>"), "{svg}");
    }
}
