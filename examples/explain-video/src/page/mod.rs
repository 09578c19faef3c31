//! One page with everything in it: nothing from elsewhere, no script, and all text that came from outside as text.

mod bars;
mod facts;
mod frames;
mod head;
mod words;

use std::fmt::{self, Write};

use crate::figure::escaped;
use crate::report::{Report, Video};

/// The page of a report.
///
/// # Errors
/// Only where memory for the text is short.
pub fn page(report: &Report) -> Result<String, fmt::Error> {
    let mut out = String::new();
    head::head(&mut out, report)?;
    writeln!(out, "<main>")?;
    for (at, video) in report.videos.iter().enumerate() {
        section(&mut out, at, video, report)?;
    }
    writeln!(out, "</main>")?;
    facts::footer(&mut out, report)?;
    writeln!(out, "</body>\n</html>")?;
    Ok(out)
}

fn section(out: &mut String, at: usize, video: &Video, report: &Report) -> fmt::Result {
    writeln!(out, "<section id=\"video-{at}\" aria-labelledby=\"title-{at}\">")?;
    writeln!(out, "<h2 id=\"title-{at}\">{}</h2>", named(&video.file))?;
    if let Some(error) = &video.error {
        writeln!(out, "<p class=\"warning\">No score: {}</p>", named(error))?;
    }
    if let Some(found) = &video.explained {
        head::score(out, found)?;
        if let Some(shares) = &found.shares {
            bars::shares(out, shares)?;
        }
        frames::frames(out, at, found)?;
        words::sentences(out, found)?;
        words::labels(out, found)?;
        bars::traces(out, found)?;
    }
    facts::video(out, video, report)?;
    writeln!(out, "</section>")
}

/// Text from outside: no markup, and with its own direction, so that it cannot turn what stands around it.
fn named(text: &str) -> String {
    format!("<bdi>{}</bdi>", escaped(text))
}

/// A table of names and what is to be said of them, which is markup already.
fn pairs(out: &mut String, rows: &[(&str, String)]) -> fmt::Result {
    writeln!(out, "<table class=\"facts\">")?;
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(out, "<tr><th scope=\"row\">{}</th><td>{value}</td></tr>", escaped(name))?;
    }
    writeln!(out, "</table>")
}
