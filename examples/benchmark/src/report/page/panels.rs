//! Predictions against opinions, method by method.

use std::fmt::{self, Write};

use super::scatter::{self, Point};
use crate::figure::escaped;
use crate::report::content::Report;
use crate::report::html::{file, minuses, number};
use crate::report::protocol::Kind;
use crate::report::results::PREDICTIONS;

/// Most points of a panel.
const POINTS: usize = 500;

/// Split 0 of every method: the clips of all splits together would hide that a training set is behind each.
pub(super) fn panels(out: &mut String, report: &Report) -> fmt::Result {
    let protocol = &report.protocol;
    let Some(split) = protocol.splits.first() else { return Ok(()) };
    let what = if protocol.kind == Kind::Splits { "Split" } else { "Repeat" };
    writeln!(
        out,
        "<p class=\"note\">{what} {}. A dot a clip, at most {POINTS} in a panel; under the pointer it says which. On the line the \
         prediction is the mean opinion.</p>",
        escaped(split)
    )?;
    for method in &report.methods {
        let Some((run, scores)) = method.runs.first().zip(method.scores.first()) else { continue };
        let note = protocol
            .test_sets
            .iter()
            .fold(run.note.clone(), |note, set| note.replace(set.as_str(), &protocol.set_title(set)));
        let [title, note] = [&method.about.title, &minuses(&note)].map(|text| escaped(text));
        let all = file(&format!("{PREDICTIONS}/{}.csv", method.about.name));
        writeln!(out, "<h3>{title}</h3>\n<p class=\"note\">{note} {all}</p>\n<div class=\"panels\">")?;
        for ((name, set), score) in protocol.test_sets.iter().zip(&run.sets).zip(scores) {
            let name = protocol.set_title(name);
            let Some(score) = score else {
                writeln!(out, "<p class=\"none\">{}: no prediction</p>", escaped(&name))?;
                continue;
            };
            let points = set
                .rows
                .iter()
                .filter_map(|row| Some(Point { name: &row.file, mos: row.mos, predicted: row.prediction? }));
            let step = points.clone().count().div_ceil(POINTS).max(1);
            let shown: Vec<Point<'_>> = points.step_by(step).collect();
            let values = format!("PLCC {}, SRCC {}", number(score.plcc), number(score.srcc));
            let about =
                format!("{} on {name}: predictions against mean opinions, {values}", method.about.title);
            writeln!(out, "<figure><figcaption>{}<br>{values}</figcaption>", escaped(&name))?;
            writeln!(out, "{}</figure>", scatter::svg(&about, &shown)?)?;
        }
        writeln!(out, "</div>")?;
    }
    Ok(())
}
