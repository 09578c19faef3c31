//! What is said in words: data, settings, assumptions, failures and files.

use std::fmt::{self, Write};

use crate::figure::escaped;
use crate::plan::DataSet;
use crate::print::count;
use crate::report::content::Report;
use crate::report::html::{file, note, pairs, wrapped};
use crate::report::protocol::{self, Kind, VERSION};
use crate::report::results::PREDICTIONS;
use crate::report::tables::FORMATS;

/// Failures that the page lists; the file has all.
const LISTED: usize = 200;

/// What the results rest on.
pub(super) fn data(out: &mut String, report: &Report, date: &str) -> fmt::Result {
    let (protocol, origin) = (&report.protocol, &report.protocol.origin);
    if origin.data.iter().any(|data| data.stand_in) {
        writeln!(
            out,
            "<p class=\"warning\"><strong>Stand-in data.</strong> Clips and scores were made by a program. The numbers show \
             that the benchmark works, and nothing about how well the methods judge real face swaps.</p>"
        )?;
    }
    let kind = |data: &DataSet| match data.stand_in {
        true => "a stand-in, made by synthesize-dataset",
        false => "no stand-in of synthesize-dataset",
    };
    let one = |data: &DataSet| format!("{}, {}: {}", data.name, count(data.clips, "clip"), kind(data));
    let data: Vec<String> = origin.data.iter().map(one).collect();
    let run = if protocol.kind == Kind::Splits { "split" } else { "repeat" };
    let size =
        [(protocol.clips.len(), "clip"), (protocol.splits.len(), run), (report.failures.len(), "failure")];
    let size = size.map(|(number, thing)| count(number, thing)).join(", ");
    let command =
        if origin.command.is_empty() { "not typed: called by another program" } else { &origin.command };
    let videos = match origin.videos.files {
        0 => "no video was read".to_owned(),
        files => format!("SHA-256 {} of {files} files", origin.videos.sha256),
    };
    let lists = format!("SHA-256 {}", origin.lists);
    let version = protocol.settings.iter().find(|(name, _)| name == VERSION);
    let rows = [
        ("data", data.join("; ")),
        ("size", size),
        ("command", command.to_owned()),
        ("date", format!("{date} (UTC)")),
        (VERSION, version.map_or_else(String::new, |(_, version)| version.clone())),
        ("lists and scores", lists),
        ("videos", videos),
    ];
    pairs(out, rows.iter().map(|(name, value)| (*name, value.as_str())))
}

/// The version is above, with the data.
pub(super) fn settings(out: &mut String, report: &Report) -> fmt::Result {
    let settings = report.protocol.settings.iter().filter(|(name, _)| name != VERSION);
    pairs(out, settings.map(|(name, value)| (name.as_str(), value.as_str())))
}

/// Counts alone: what holds for one clip often holds for all.
pub(super) fn assumptions(out: &mut String, report: &Report) -> fmt::Result {
    if report.assumptions.is_empty() {
        return writeln!(out, "<p>Nothing: the files say all that the scores rest on.</p>");
    }
    let counts = ::train::counts(&report.assumptions).into_iter().map(|(kind, n)| (kind, n.to_string()));
    let counts: Vec<(&str, String)> = counts.collect();
    pairs(out, counts.iter().map(|(kind, n)| (*kind, n.as_str())))?;
    writeln!(out, "<p class=\"note\">Clips by kind; each is in {}.</p>", file("assumptions.csv"))
}

pub(super) fn failures(out: &mut String, report: &Report) -> fmt::Result {
    if report.failures.is_empty() {
        return writeln!(out, "<p>None: every clip and every training gave a result.</p>");
    }
    let heads =
        ["stage", "item", "what", "error"].map(|head| format!("<th scope=\"col\">{head}</th>")).concat();
    let mut table = format!("<table class=\"wide sortable\">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n");
    for failure in report.failures.iter().take(LISTED) {
        let cells = [failure.stage, &failure.item, &failure.what, &failure.error].map(escaped);
        writeln!(table, "<tr><td>{}</td></tr>", cells.join("</td><td>"))?;
    }
    out.push_str(&wrapped("Failures", &(table + "</tbody></table>")));
    if report.failures.len() > LISTED {
        note(out, &format!("The first {LISTED}; all are in failures.csv."))?;
    }
    Ok(())
}

/// What lies beside the page.
pub(super) fn files(out: &mut String, report: &Report) -> fmt::Result {
    let mut rows = Vec::new();
    for table in &report.tables {
        let links = FORMATS.map(|ending| file(&format!("{}.{ending}", table.file)));
        rows.push((links.join(" "), escaped(&table.title)));
    }
    let others = [
        ("significance.csv", "every pair of methods: difference, 95 % interval, test"),
        ("failures.csv", "clips and trainings without a result, and why"),
        ("assumptions.csv", "what was assumed about the videos"),
        (protocol::FILE, "what was trained and tested on what"),
    ];
    rows.extend(others.map(|(name, what)| (file(name), what.to_owned())));
    for method in &report.methods {
        let what = format!("predictions of {}, clip by clip", escaped(&method.about.title));
        rows.push((file(&format!("{PREDICTIONS}/{}.csv", method.about.name)), what));
    }
    for method in &report.more {
        let [title, family] = [&method.about.title, &method.about.family].map(|text| escaped(text));
        let what = format!("predictions of {title} ({family}), clip by clip");
        rows.push((file(&format!("{PREDICTIONS}/{}.csv", method.about.name)), what));
    }
    writeln!(out, "<table class=\"wide\">")?;
    for (links, what) in rows {
        writeln!(out, "<tr><th scope=\"row\">{links}</th><td>{what}</td></tr>")?;
    }
    writeln!(out, "</table>")
}
