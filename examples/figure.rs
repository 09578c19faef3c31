//! What all figures share: colours, a title, and the names of points. Each program that draws includes this file.
#![allow(dead_code, reason = "no program needs all of it")]

/// Red, green and blue of sRGB.
pub(crate) type Rgb = (u8, u8, u8);

// People with any colour blindness can tell these apart (M. Okabe and K. Ito, "Color universal design", 2008).
pub(crate) const BLUE: Rgb = (0, 114, 178);
pub(crate) const VERMILION: Rgb = (213, 94, 0);
pub(crate) const GREEN: Rgb = (0, 158, 115);
/// Blue and vermilion on a dark ground; the same authors'.
pub(crate) const SKY: Rgb = (86, 180, 233);
pub(crate) const ORANGE: Rgb = (230, 159, 0);
/// The dark ground, and what is written on it.
pub(crate) const GROUND: Rgb = (22, 24, 28);
pub(crate) const INK: Rgb = (232, 232, 232);

/// What a figure that is drawn for a light ground is on a dark one.
const IN_THE_DARK: [(Rgb, Rgb); 4] =
    [((255, 255, 255), GROUND), ((0, 0, 0), INK), (BLUE, SKY), (VERMILION, ORANGE)];

/// A text as HTML and SVG have it, in elements and in quoted attributes. Control characters, which SVG must not hold, are
/// shown as unknown.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
        out
    })
}

/// Says what a figure shows, to those who rest on it and to those who do not see it, and gives it colours for a dark ground.
pub(crate) fn titled(svg: &str, title: &str) -> String {
    let Some((head, rest)) = svg.split_once('>') else { return svg.to_owned() };
    let (title, style) = (escaped(title), in_the_dark());
    format!("{head} role=\"img\">\n<title>{title}</title>\n<style>{style}</style>{rest}")
}

/// The style that changes the colours where the reader has chosen dark ones.
fn in_the_dark() -> String {
    let hex = |(r, g, b): Rgb| format!("#{r:02X}{g:02X}{b:02X}");
    let rule = |(light, dark): &(Rgb, Rgb)| {
        let (light, dark) = (hex(*light), hex(*dark));
        ["fill", "stroke"].map(|part| format!("[{part}=\"{light}\"]{{{part}:{dark}}}")).concat()
    };
    let rules: String = IN_THE_DARK.iter().map(rule).collect();
    format!("@media (prefers-color-scheme:dark){{{rules}}}")
}

/// Names the circles of a figure, the first ones, in the order in which they were drawn.
pub(crate) fn named(svg: &str, names: impl IntoIterator<Item = String>) -> String {
    let mut parts = svg.split("<circle ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    let mut names = names.into_iter();
    for part in parts {
        out.push_str("<circle ");
        match names.next().zip(part.split_once("/>")) {
            Some((name, (circle, rest))) => {
                out.push_str(&format!("{circle}><title>{}</title></circle>{rest}", escaped(&name)));
            }
            None => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_names_are_text() {
        let svg =
            "<svg width=\"9\">\n<circle cx=\"1\"/>\n<rect/>\n<circle cx=\"2\"/>\n<circle cx=\"3\"/>\n</svg>";
        let style = format!("\n<style>{}</style>", in_the_dark());
        assert!(style.contains("[stroke=\"#0072B2\"]{stroke:#56B4E9}"), "{style}");
        let names = ["a<b>".to_owned(), "c & \"d\"\u{8}".to_owned()];
        assert_eq!(
            named(&titled(svg, "x'y"), names).replace(&style, ""),
            "<svg width=\"9\" role=\"img\">\n<title>x&apos;y</title>\n<circle cx=\"1\"><title>a&lt;b&gt;</title></circle>\n\
             <rect/>\n<circle cx=\"2\"><title>c &amp; &quot;d&quot;\u{fffd}</title></circle>\n<circle cx=\"3\"/>\n</svg>"
        );
    }

    /// Who mixes up red and green still sees how light a colour is, and how blue.
    #[test]
    fn colours_differ_without_red_and_green() {
        let light = |(r, g, b): Rgb| 0.3 * f64::from(r) + 0.59 * f64::from(g) + 0.11 * f64::from(b);
        let blueness = |(r, g, b): Rgb| f64::from(b) - (f64::from(r) + f64::from(g)) / 2.0;
        for set in [[BLUE, VERMILION, GREEN], [SKY, ORANGE, GREEN]] {
            for (at, a) in set.iter().enumerate() {
                for b in &set[at + 1..] {
                    let apart = (light(*a) - light(*b)).abs() + (blueness(*a) - blueness(*b)).abs();
                    assert!(apart > 50.0, "{a:?} {b:?}: {apart}");
                }
            }
        }
    }
}
