//! Pieces of pages, and numbers as people write them. Those programs that write a page include this file, beside `figure.rs`.
#![allow(dead_code, reason = "no program needs all of it")]

use std::fmt::{self, Write};

use crate::figure::escaped;

pub(crate) const STYLE: &str = include_str!("html.css");
/// Sorts tables. Without it they are as they are.
const SCRIPT: &str = include_str!("html.js");
/// A page with that script.
const SCRIPTED: &str = "script-src 'unsafe-inline'";
/// A page without any, which has pictures in itself.
pub(crate) const PICTURES: &str = "img-src data:";

/// A page that sorts tables, from its beginning to its heading, in an open `<header>`: what stands in the tab, and what above the
/// text.
pub(crate) fn head(out: &mut String, tab: &str, heading: &str) -> fmt::Result {
    opening(out, tab, &escaped(heading), STYLE, SCRIPTED)
}

/// The same of any page, whose heading is markup already. Nothing is loaded or sent, whatever stands in it; `allows` is what may be
/// there besides its style.
pub(crate) fn opening(out: &mut String, tab: &str, heading: &str, style: &str, allows: &str) -> fmt::Result {
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; {allows}; base-uri 'none'; form-action 'none'"
    );
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"{policy}\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta \
         name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{style}</style>\n</head>\n<body>\n\
         <header>\n<h1>{heading}</h1>",
        escaped(tab)
    )
}

/// Links to the parts of the page, by their identities and titles.
pub(crate) fn contents(out: &mut String, parts: &[(&str, &str)]) -> fmt::Result {
    writeln!(out, "<nav aria-label=\"Contents\">\n<ul>")?;
    for (id, title) in parts {
        writeln!(out, "<li><a href=\"#{id}\">{}</a></li>", escaped(title))?;
    }
    writeln!(out, "</ul>\n</nav>")
}

/// The end of a page, behind an open `<main>`.
pub(crate) fn end(out: &mut String) -> fmt::Result {
    writeln!(out, "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>")
}

/// With three digits, and a true minus sign.
pub(crate) fn number(value: f64) -> String {
    decimal(value, 3)
}

/// A difference: with its sign.
pub(crate) fn signed(value: f64) -> String {
    difference(value, 3)
}

/// With so many digits behind the point.
pub(crate) fn decimal(value: f64, digits: usize) -> String {
    minus(&format!("{value:.digits$}"))
}

/// The same with its sign.
pub(crate) fn difference(value: f64, digits: usize) -> String {
    minus(&format!("{value:+.digits$}"))
}

/// A hyphen is no minus sign. Numbers that round to zero have no sign.
fn minus(text: &str) -> String {
    let zero = text.chars().all(|c| !c.is_ascii_digit() || c == '0');
    match text.strip_prefix(['-', '+']) {
        Some(rest) if zero => rest.to_owned(),
        Some(rest) if text.starts_with('-') => format!("\u{2212}{rest}"),
        _ => text.to_owned(),
    }
}

/// Text from outside: no markup, and with its own direction, so that it cannot turn what stands around it.
pub(crate) fn named(text: &str) -> String {
    format!("<bdi>{}</bdi>", escaped(text))
}

/// A word that raises something or lowers it, as strong as its share of the largest, -1 to 1; `about`, if it is not empty, is shown
/// under the pointer.
pub(crate) fn marked(word: &str, share: f64, about: &str) -> String {
    let class = if share < 0.0 { "lowers" } else { "raises" };
    let much = (70.0 * share.abs().min(1.0)).round();
    let title = if about.is_empty() { String::new() } else { format!(" title=\"{}\"", escaped(about)) };
    format!("<mark class=\"{class}\" style=\"--much:{much}%\"{title}>{}</mark>", escaped(word))
}

/// A sentence whose numbers have true minus signs.
pub(super) fn minuses(text: &str) -> String {
    let word = |word: &str| match word.strip_prefix('-') {
        Some(rest) if rest.starts_with(|letter: char| letter.is_ascii_digit()) => minus(word),
        _ => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A part of the page that the contents point to.
pub(crate) fn section(out: &mut String, id: &str, title: &str) -> fmt::Result {
    writeln!(out, "<h2 id=\"{id}\">{}</h2>", escaped(title))
}

pub(crate) fn note(out: &mut String, text: &str) -> fmt::Result {
    writeln!(out, "<p class=\"note\">{}</p>", escaped(text))
}

/// A table of names and what is to be said of them.
pub(crate) fn pairs<'a>(out: &mut String, rows: impl Iterator<Item = (&'a str, &'a str)>) -> fmt::Result {
    facts(out, "wide", rows.map(|(name, value)| (name, escaped(value))))
}

/// The same in a class of the style, of what is markup already.
pub(crate) fn facts<'a>(
    out: &mut String,
    class: &str,
    rows: impl Iterator<Item = (&'a str, String)>,
) -> fmt::Result {
    writeln!(out, "<table class=\"{class}\">")?;
    for (name, value) in rows {
        writeln!(out, "<tr><th scope=\"row\">{}</th><td>{value}</td></tr>", escaped(name))?;
    }
    writeln!(out, "</table>")
}

/// What may be wider than the page: it scrolls by itself, with the keyboard too.
pub(crate) fn wrapped(label: &str, table: &str) -> String {
    format!(
        "<div class=\"wrap\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">{table}</div>\n",
        escaped(label)
    )
}

/// A link to a file beside the page.
pub(crate) fn file(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let address = name.bytes().fold(String::new(), |mut address, byte| {
        if plain(byte) {
            address.push(char::from(byte))
        } else {
            address.push_str(&format!("%{byte:02X}"))
        }
        address
    });
    format!("<a href=\"{address}\">{}</a>", escaped(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_true_minus() {
        assert_eq!([number(-0.0344), number(0.5), number(-0.0001)], ["\u{2212}0.034", "0.500", "0.000"]);
        assert_eq!([signed(-0.25), signed(0.25), signed(-0.0001)], ["\u{2212}0.250", "+0.250", "0.000"]);
        assert_eq!(
            [difference(-0.25, 2), difference(0.001, 2), difference(0.0, 1)],
            ["\u{2212}0.25", "0.00", "0.0"]
        );
        assert_eq!([decimal(-1.5, 2), decimal(0.004, 2)], ["\u{2212}1.50", "0.00"]);
    }

    #[test]
    fn marks_are_text() {
        assert_eq!(marked("<b>", -0.5, ""), "<mark class=\"lowers\" style=\"--much:35%\">&lt;b&gt;</mark>");
        assert!(marked("a", 2.0, "\"").contains("raises\" style=\"--much:70%\" title=\"&quot;\""));
        assert_eq!(named("</bdi>"), "<bdi>&lt;/bdi&gt;</bdi>");
    }

    #[test]
    fn sentences_keep_their_hyphens() {
        assert_eq!(
            minuses("R2 -0.052, GM-LOG, --every -1 2-3 -"),
            "R2 \u{2212}0.052, GM-LOG, --every \u{2212}1 2-3 -"
        );
    }

    #[test]
    fn links_are_addresses() {
        assert_eq!(file("a/b-c.csv"), "<a href=\"a/b-c.csv\">a/b-c.csv</a>");
        assert_eq!(file("j:\"<"), "<a href=\"j%3A%22%3C\">j:&quot;&lt;</a>");
    }
}
