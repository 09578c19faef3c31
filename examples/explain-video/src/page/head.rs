//! The beginning of the page, and the score of a video.

use std::fmt::{self, Write};

use crate::figure::escaped;
use crate::html::{PICTURES, named, opening};
use crate::report::{Explained, Report};
use crate::summary::number;

const STYLE: &str = include_str!("style.css");
pub(super) fn head(out: &mut String, report: &Report) -> fmt::Result {
    let title = match &report.videos[..] {
        [video] => format!("Why {} has its score", video.file),
        videos => format!("Why {} videos have their scores", videos.len()),
    };
    let heading = match &report.videos[..] {
        [video] => format!("Why {} has its score", named(&video.file)),
        _ => escaped(&title),
    };
    opening(out, &title, &heading, STYLE, PICTURES)?;
    let about = &report.about;
    writeln!(out, "<p>The score: {}. The model: {}.</p>", named(&about.measures), named(&about.model))?;
    for limit in &about.limits {
        writeln!(out, "<p class=\"warning\">It {}.</p>", escaped(limit))?;
    }
    writeln!(out, "</header>")?;
    if report.videos.len() < 2 {
        return Ok(());
    }
    writeln!(out, "<nav aria-label=\"Videos\">\n<ol>")?;
    for (at, video) in report.videos.iter().enumerate() {
        let score = video.explained.as_ref().map_or("no score".to_owned(), short);
        writeln!(out, "<li><a href=\"#video-{at}\">{}</a> {score}</li>", named(&video.file))?;
    }
    writeln!(out, "</ol>\n</nav>")
}

/// A score in a few letters.
fn short(found: &Explained) -> String {
    match (&found.traces, found.score.score) {
        (Some(traces), _) => format!("traces {}", number(traces.mean)),
        (None, Some(score)) => number(score),
        (None, None) => String::new(),
    }
}

/// Number, grade and scale, and what they rest on.
pub(super) fn score(out: &mut String, found: &Explained) -> fmt::Result {
    let row = &found.score;
    writeln!(out, "<div class=\"score\">\n<p class=\"number\"><strong>{}</strong>", short(found))?;
    if let Some(grade) = row.grade {
        writeln!(out, " {}", escaped(grade))?;
    }
    writeln!(out, "</p>")?;
    if let (Some(score), true) = (row.score, row.grade.is_some()) {
        scale(out, score, row.low.zip(row.high))?;
    }
    writeln!(out, "</div>\n<ul class=\"summary\">")?;
    for line in &found.summary {
        writeln!(out, "<li>{}</li>", escaped(line))?;
    }
    writeln!(out, "</ul>")?;
    if let Some(warning) = &row.warning {
        writeln!(out, "<p class=\"warning\">{}</p>", named(warning))?;
    }
    Ok(())
}

/// The five grades with the score and its interval. What it shows stands beside it as text.
fn scale(out: &mut String, score: f64, interval: Option<(f64, f64)>) -> fmt::Result {
    let at = |value: f64| 100.0 * ((value - 1.0) / 4.0).clamp(0.0, 1.0);
    writeln!(out, "<div class=\"scale\" aria-hidden=\"true\">\n<div class=\"track\">")?;
    if let Some((low, high)) = interval {
        let (left, width) = (at(low), at(high) - at(low));
        writeln!(out, "<span class=\"band\" style=\"left:{left:.2}%;width:{width:.2}%\"></span>")?;
    }
    writeln!(
        out,
        "<span class=\"mark\" style=\"left:{:.2}%\"></span>\n</div>\n<div class=\"grades\">",
        at(score)
    )?;
    for (number, word) in [(1, "bad"), (2, "poor"), (3, "fair"), (4, "good"), (5, "excellent")] {
        writeln!(out, "<span>{number}<br>{word}</span>")?;
    }
    writeln!(out, "</div>\n</div>")
}
