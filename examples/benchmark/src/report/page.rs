//! One page with everything in it: no script, no style sheet, no picture from elsewhere.

use std::fmt::{self, Write};

use anyhow::Result;
use dream_eval::Format;

use super::content::Report;
use super::protocol::Kind;
use super::scatter;
use super::significance::Comparison;
use super::tables::ResultTable;

/// Most points of a panel.
const POINTS: usize = 500;
/// Failures that the page lists; the file has all.
const LISTED: usize = 200;

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;color:#1b1b1b;margin:2rem auto;max-width:76rem;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}h3{font-size:1rem;margin:1.2rem 0 .3rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .42rem;text-align:right;border-bottom:1px solid #e3e3e3;white-space:nowrap}
th:first-child,td:first-child{text-align:left}
thead th{border-bottom:2px solid #555}
.family td{font-style:italic;color:#555;padding-top:.7rem}.best{font-weight:700}
.wrap{overflow-x:auto}.wide td{white-space:normal;text-align:left}
.better{background:#cfe8f7}.worse{background:#f9dccb}.none{color:#888}.self{background:#f2f2f2}
.note{color:#555;font-size:.9rem;margin:.3rem 0}
.panels{display:flex;flex-wrap:wrap;gap:.3rem}
.swatch{padding:0 .4rem}";

pub(super) fn page(report: &Report) -> Result<String> {
    let title = match report.protocol.kind {
        Kind::Splits => "Benchmark of photorealism",
        Kind::Across => "Benchmark of photorealism across data sets",
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n"
    );
    settings(&mut out, report)?;
    for results in &report.tables {
        table(&mut out, results)?;
    }
    out += "<h2>What the methods look at</h2>\n";
    pairs(&mut out, report.methods.iter().map(|method| (&*method.about.title, &*method.about.about)))?;
    if !report.comparisons.is_empty() {
        let what = match report.protocol.kind {
            Kind::Splits => {
                "difference of the mean of PLCC and SRCC over the splits, and below it the p-value of the corrected t-test \
                 (Nadeau and Bengio)"
            }
            Kind::Across => {
                "difference of PLCC of the predictions averaged over the repeats, and below it the p-value of Williams' test on \
                 the same clips"
            }
        };
        writeln!(
            out,
            "<h2>Do two methods differ?</h2>\n<p class=\"note\">The method of the row minus that of the column: {what}, after \
             Holm's correction over all pairs of the matrix. <span class=\"swatch better\">better</span> and <span \
             class=\"swatch worse\">worse</span> at p &lt; 0.05. Methods without a value somewhere are left out.</p>"
        )?;
        for comparison in &report.comparisons {
            matrix(&mut out, comparison)?;
        }
    }
    assumptions(&mut out, report)?;
    failures(&mut out, report)?;
    panels(&mut out, report)?;
    out += "</body>\n</html>\n";
    Ok(out)
}

fn settings(out: &mut String, report: &Report) -> fmt::Result {
    let protocol = &report.protocol;
    let clips = protocol.clips.len();
    let what = if protocol.kind == Kind::Splits { "splits" } else { "repeats" };
    let counts =
        format!("{clips} clips, {} {what}, {} failures", protocol.splits.len(), report.failures.len());
    let rows = std::iter::once(("size", counts.as_str()));
    let rows = rows.chain(protocol.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    pairs(out, rows)
}

/// A table of names and what is to be said of them.
fn pairs<'a>(out: &mut String, rows: impl Iterator<Item = (&'a str, &'a str)>) -> fmt::Result {
    writeln!(out, "<table class=\"wide\">")?;
    for (name, value) in rows {
        writeln!(out, "<tr><td>{}</td><td>{}</td></tr>", escaped(name), escaped(value))?;
    }
    writeln!(out, "</table>")
}

fn table(out: &mut String, results: &ResultTable) -> fmt::Result {
    let (title, table) = (escaped(&results.title), results.table.format(Format::Html));
    writeln!(out, "<h2>{title}</h2>\n<div class=\"wrap\">{}</div>", table.trim_end())?;
    let mut notes = results.notes.iter();
    notes.try_for_each(|note| writeln!(out, "<p class=\"note\">{}</p>", escaped(note)))
}

fn matrix(out: &mut String, comparison: &Comparison) -> fmt::Result {
    let title = if comparison.measure == "average" { "all test sets" } else { comparison.measure.as_str() };
    writeln!(out, "<h3>By {}</h3>\n<div class=\"wrap\"><table>\n<thead><tr><th></th>", escaped(title))?;
    for (method, _) in &comparison.methods {
        write!(out, "<th>{}</th>", escaped(method))?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    for (row, (method, mean)) in comparison.methods.iter().enumerate() {
        write!(out, "<tr><td>{} <span class=\"none\">{mean:.3}</span></td>", escaped(method))?;
        for column in 0..comparison.methods.len() {
            let pair = comparison.pairs.iter().find_map(|pair| match (pair.first, pair.second) {
                (a, b) if (a, b) == (row, column) => Some((pair.difference, pair.corrected)),
                (a, b) if (b, a) == (row, column) => Some((-pair.difference, pair.corrected)),
                _ => None,
            });
            match pair {
                None => write!(out, "<td class=\"self\"></td>")?,
                Some((difference, None)) => write!(out, "<td>{difference:+.3}<br>no test</td>")?,
                Some((difference, Some(p))) => {
                    let class = match (p < 0.05, difference > 0.0) {
                        (false, _) => "",
                        (true, true) => " class=\"better\"",
                        (true, false) => " class=\"worse\"",
                    };
                    let p = if p < 0.001 { "p &lt; 0.001".to_owned() } else { format!("p {p:.3}") };
                    write!(out, "<td{class}>{difference:+.3}<br>{p}</td>")?;
                }
            }
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody></table></div>")
}

/// Counts alone: what holds for one clip often holds for all.
fn assumptions(out: &mut String, report: &Report) -> fmt::Result {
    writeln!(out, "<h2>What was assumed about the videos</h2>")?;
    if report.assumptions.is_empty() {
        return writeln!(out, "<p>Nothing: the files say all that the scores rest on.</p>");
    }
    let counts = ::train::counts(&report.assumptions).into_iter().map(|(kind, n)| (kind, n.to_string()));
    let counts: Vec<(&str, String)> = counts.collect();
    pairs(out, counts.iter().map(|(kind, n)| (*kind, n.as_str())))?;
    writeln!(out, "<p class=\"note\">Clips by kind; each is in assumptions.csv.</p>")
}

fn failures(out: &mut String, report: &Report) -> fmt::Result {
    writeln!(out, "<h2>Failures</h2>")?;
    if report.failures.is_empty() {
        return writeln!(out, "<p>None: every clip and every training gave a result.</p>");
    }
    writeln!(
        out,
        "<table class=\"wide\"><thead><tr><th>stage</th><th>item</th><th>what</th><th>error</th></tr></thead>"
    )?;
    for failure in report.failures.iter().take(LISTED) {
        let cells = [failure.stage, &failure.item, &failure.what, &failure.error].map(escaped);
        writeln!(out, "<tr><td>{}</td></tr>", cells.join("</td><td>"))?;
    }
    writeln!(out, "</table>")?;
    if report.failures.len() > LISTED {
        writeln!(out, "<p class=\"note\">The first {LISTED}; all are in failures.csv.</p>")?;
    }
    Ok(())
}

/// Split 0 of every method: the clips of all splits together would hide that a training set is behind each.
fn panels(out: &mut String, report: &Report) -> Result<()> {
    let Some(split) = report.protocol.splits.first() else { return Ok(()) };
    let what = if report.protocol.kind == Kind::Splits { "split" } else { "repeat" };
    writeln!(
        out,
        "<h2>Predictions against opinions, {what} {}</h2>\n<p class=\"note\">A dot a clip, at most {POINTS} in a \
         panel; on the line the prediction is the mean opinion.</p>",
        escaped(split)
    )?;
    for method in &report.methods {
        let Some((run, scores)) = method.runs.first().zip(method.scores.first()) else { continue };
        let [title, note] = [&method.about.title, &run.note].map(|text| escaped(text));
        writeln!(out, "<h3>{title}</h3>\n<p class=\"note\">{note}</p>\n<div class=\"panels\">")?;
        for ((name, set), score) in report.protocol.test_sets.iter().zip(&run.sets).zip(scores) {
            let Some(score) = score else {
                writeln!(out, "<p class=\"none\">{}: no prediction</p>", escaped(name))?;
                continue;
            };
            let points = set.rows.iter().filter_map(|row| Some((row.mos, row.prediction?)));
            let step = points.clone().count().div_ceil(POINTS).max(1);
            let shown: Vec<(f64, f64)> = points.step_by(step).collect();
            let title = format!("{name}: PLCC {:.3}, SRCC {:.3}", score.plcc, score.srcc);
            out.push_str(&scatter::svg(&title, &shown)?);
        }
        writeln!(out, "</div>")?;
    }
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
