//! One page with everything in it: nothing from elsewhere, and all there without its script.

mod facts;
mod matrix;
mod panels;
mod scatter;

use std::fmt::{self, Write};

use dream_eval::Format;

use super::content::Report;
use super::html::{self, file, note, pairs, section, wrapped};
use super::protocol::Kind;
use super::tables::{FORMATS, ResultTable};
use crate::figure::escaped;

/// Identities and titles of the parts, in order.
const PARTS: [(&str, &str); 8] = [
    ("results", "Results"),
    ("differences", "Do two methods differ?"),
    ("predictions", "Predictions against opinions"),
    ("methods", "What the methods look at"),
    ("settings", "Settings"),
    ("assumptions", "What was assumed about the videos"),
    ("failures", "Failures"),
    ("files", "Files"),
];

pub(super) fn page(report: &Report, date: &str) -> Result<String, fmt::Error> {
    let mut out = String::new();
    head(&mut out, report)?;
    facts::data(&mut out, report, date)?;
    html::contents(&mut out, &PARTS)?;
    writeln!(out, "<main>")?;
    for (id, title) in PARTS {
        section(&mut out, id, title)?;
        match id {
            "results" => report.tables.iter().try_for_each(|results| table(&mut out, results))?,
            "differences" => matrix::matrices(&mut out, report)?,
            "predictions" => panels::panels(&mut out, report)?,
            "methods" => {
                // Heads on features have nothing to tell that their table does not.
                let more = report.more.iter().filter(|method| method.about.sets.is_empty());
                let methods = report.methods.iter().chain(more).map(|method| &method.about);
                pairs(&mut out, methods.map(|about| (&*about.title, &*about.about)))?;
            }
            "settings" => facts::settings(&mut out, report)?,
            "assumptions" => facts::assumptions(&mut out, report)?,
            "failures" => facts::failures(&mut out, report)?,
            _ => facts::files(&mut out, report)?,
        }
    }
    html::end(&mut out)?;
    Ok(out)
}

fn head(out: &mut String, report: &Report) -> fmt::Result {
    let title = match report.protocol.kind {
        Kind::Splits => "Benchmark of photorealism",
        Kind::Across => "Benchmark of photorealism across data sets",
    };
    let names: Vec<&str> = report.protocol.origin.data.iter().map(|data| &*data.name).collect();
    html::head(out, &format!("{title}: {}", names.join(", ")), title)?;
    if let Some((first, others)) = report.headline.split_first() {
        writeln!(out, "<p class=\"headline\">{}</p>\n<p>{}</p>", escaped(first), escaped(&others.join(" ")))?;
    }
    writeln!(out, "</header>")
}

fn table(out: &mut String, results: &ResultTable) -> fmt::Result {
    let table = results.table.format(Format::Html);
    let table = table.trim_end().replacen("<table>", "<table class=\"sortable\">", 1);
    writeln!(out, "<h3>{}</h3>", escaped(&results.title))?;
    out.push_str(&wrapped(&results.title, &table));
    let files: Vec<String> =
        FORMATS.iter().map(|ending| file(&format!("{}.{ending}", results.file))).collect();
    writeln!(
        out,
        "<p class=\"note\">Bold: the best method; baselines (grey) do not compete. {}</p>",
        files.join(" ")
    )?;
    results.notes().try_for_each(|text| note(out, &text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::figure;
    use crate::report::html::STYLE;

    /// Relative luminance, as the accessibility guidelines for web content (WCAG 2) define it.
    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The variables of a block of the style.
    fn variables(block: &str) -> BTreeMap<&str, &str> {
        let all =
            block.split(['{', ';', '}']).filter_map(|part| part.trim().strip_prefix("--")?.split_once(':'));
        all.collect()
    }

    #[test]
    fn both_modes_have_the_palette_and_enough_contrast() {
        let (light, dark) = STYLE.split_once("@media (prefers-color-scheme:dark)").unwrap();
        let dark = dark.split_once("}}").unwrap().0;
        let hex = |(r, g, b): figure::Rgb| format!("#{r:02x}{g:02x}{b:02x}");
        for (mode, block, colours) in [
            ("light", light, [figure::BLUE, figure::VERMILION, (255, 255, 255)]),
            ("dark", dark, [figure::SKY, figure::ORANGE, figure::GROUND]),
        ] {
            let found = variables(block);
            assert_eq!([found["dot"], found["line"], found["ground"]], colours.map(hex), "{mode}");
            for text in ["ink", "soft", "link"] {
                for ground in ["ground", "better", "worse", "shade"] {
                    let ratio = contrast(found[text], found[ground]);
                    assert!(ratio >= 4.5, "{mode}: {text} on {ground} has {ratio:.2}");
                }
            }
            for drawn in ["dot", "line", "rule"] {
                let ratio = contrast(found[drawn], found["ground"]);
                assert!(ratio >= 3.0, "{mode}: {drawn} has {ratio:.2}");
            }
        }
    }
}
