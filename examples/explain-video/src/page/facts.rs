//! Where everything on the page comes from.

use std::fmt::{self, Write};

use super::pairs;
use crate::figure::escaped;
use crate::html::named;
use crate::report::{Report, Video};
use crate::summary::number;

/// What one video was.
pub(super) fn video(out: &mut String, video: &Video, report: &Report) -> fmt::Result {
    writeln!(out, "<h3>Origin</h3>")?;
    let mut rows: Vec<(&str, String)> = vec![("file", named(&video.file))];
    let text = |value: &Option<String>| value.as_deref().map_or_else(String::new, named);
    rows.push(("SHA-256", text(&video.sha256)));
    rows.push(("bytes", video.bytes.map_or_else(String::new, |bytes| bytes.to_string())));
    if let Some(found) = &video.explained {
        let row = &found.score;
        if let (Some(width), Some(height), Some(rate), Some(seconds)) =
            (row.width, row.height, row.frames_per_second, row.seconds)
        {
            let size =
                format!("{width} x {height} pixels, {} frames a second, {} s", number(rate), number(seconds));
            rows.push(("video", size));
        }
        rows.push(("decoder", row.decoder.map_or_else(String::new, escaped)));
        rows.push(("assumed", text(&row.assumptions)));
        let used = row.frames_used.map_or_else(String::new, |frames| frames.to_string());
        rows.push(("frames used", format!("{used}: {}", escaped(&report.about.sampling))));
        let times: Vec<String> =
            found.frames.iter().map(|frame| format!("{} ({} s)", frame.index, number(frame.time))).collect();
        rows.push(("frames shown", times.join(", ")));
        rows.push(("part looked at", escaped(&found.part)));
    }
    pairs(out, rows)
}

/// What holds for all videos.
pub(super) fn footer(out: &mut String, report: &Report) -> fmt::Result {
    let about = &report.about;
    writeln!(out, "<footer>\n<h2>Method</h2>")?;
    let text = |value: &Option<String>| value.as_deref().map_or_else(String::new, named);
    let mut rows = vec![
        ("method", escaped(&report.method)),
        ("model", named(&about.model)),
        ("scale", named(&about.scale)),
        ("measures", named(&about.measures)),
        ("agreement", text(&about.accuracy)),
        ("intervals", text(&about.intervals)),
        ("learned from", text(&about.learned_from)),
        ("limits", escaped(&about.limits.join("; "))),
        ("frames", escaped(&about.sampling)),
    ];
    if let Some(checkpoint) = &about.checkpoint {
        rows.push(("checkpoint", format!("SHA-256 {}", escaped(&checkpoint.sha256))));
        rows.push(("written by", named(&checkpoint.library_version)));
        rows.push(("faces", named(&checkpoint.faces)));
        rows.push(("input", escaped(&checkpoint.preprocessing.to_string())));
        rows.push(("trained with", named(&checkpoint.provenance.to_string())));
    }
    rows.push(("program", escaped(&report.program)));
    rows.push(("command", format!("<code>{}</code>", named(&report.command))));
    pairs(out, rows)?;
    writeln!(out, "</footer>")
}
