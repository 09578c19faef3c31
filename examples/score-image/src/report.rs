//! What is printed: lines, rows of CSV, or JSON.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use crate::args::Metric;
use crate::print::terminal::{Ink, Terminal, shortened};
use crate::print::{count, message, unnamed};
use crate::rows;
use crate::score::Scored;

/// An image: a row of CSV, or an element in JSON.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Row {
    file: String,
    score: Option<f64>,
    /// Ends of the 90 % interval.
    low: Option<f64>,
    high: Option<f64>,
    width: Option<usize>,
    height: Option<usize>,
    /// What computed it.
    model: String,
    assumptions: Option<String>,
    error: Option<String>,
    settings: String,
}

impl Row {
    pub(crate) fn new(file: String, scored: Result<Scored>, model: &str, settings: &str) -> Self {
        let row = Self { file, model: model.to_owned(), settings: settings.to_owned(), ..Self::default() };
        match scored {
            Ok(Scored { score, interval, size: (width, height), assumptions }) => Self {
                score: Some(score),
                low: interval.map(|[low, _]| low),
                high: interval.map(|[_, high]| high),
                width: Some(width),
                height: Some(height),
                assumptions: Some(assumptions.join("; ")).filter(|text| !text.is_empty()),
                ..row
            },
            Err(error) => Self { error: Some(message(&error, |_| None)), ..row },
        }
    }

    pub(crate) fn good(&self) -> bool {
        self.error.is_none()
    }

    /// The names of the columns.
    pub(crate) fn header() -> Result<Vec<String>> {
        rows::header(Self::default())
    }
}

/// All images in JSON.
#[derive(Serialize)]
struct Json<'a> {
    metric: String,
    meaning: &'a str,
    images: &'a [Row],
}

pub(crate) fn json(metric: Metric, rows: &[Row], out: &mut dyn Write) -> Result<()> {
    let (metric, meaning) = (metric.name(), metric.meaning());
    serde_json::to_writer_pretty(&mut *out, &Json { metric, meaning, images: rows })?;
    Ok(writeln!(out)?)
}

/// Letters before a name.
const SCORE: usize = 10;

/// A line for every image: the score first, for it is narrow and names are not.
pub(crate) fn text(metric: Metric, rows: &[Row], terminal: Terminal, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{:>8}  image", metric.name())?;
    for row in rows {
        let score = row.score.map_or_else(|| "-".to_owned(), |score| format!("{score:.3}"));
        let interval = match (row.low, row.high) {
            (Some(low), Some(high)) => format!("  90 %: {low:.1} to {high:.1}"),
            _ => String::new(),
        };
        let name = shortened(&row.file, terminal.room().saturating_sub(SCORE + interval.len()));
        let failed = |error: &String| {
            let reason = format!("failed: {}", unnamed(&row.file, error));
            format!("  {}", terminal.paint(Ink::Bad, &reason))
        };
        let error = row.error.as_ref().map_or_else(String::new, failed);
        writeln!(out, "{}", terminal.folded(&format!("{score:>8}  {name}{interval}{error}")))?;
        if let Some(assumptions) = &row.assumptions {
            writeln!(out, "{}", terminal.folded(&format!("{:SCORE$}{assumptions}", "")))?;
        }
    }
    let good = rows.iter().filter(|row| row.good()).count();
    if good > 0 {
        writeln!(out, "\n{}", terminal.folded(&format!("{}: {}", metric.name(), metric.meaning())))?;
    }
    Ok(writeln!(out, "scored {good} of {}", count(rows.len(), "image"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_a_terminal() {
        let row = |file: &str| Row { file: file.into(), ..Row::default() };
        let (low, high) = (Some(2.0), Some(4.5));
        let scored =
            Row { score: Some(3.25), low, high, ..row(&format!("/data/{}/take-3.png", "x".repeat(70))) };
        let failed = Row { error: Some("it holds video samples ".repeat(4)), ..row("a.yuv") };
        let text = |width: Option<usize>| {
            let mut out = Vec::new();
            text(Metric::Ugc, &[scored.clone(), failed.clone()], Terminal { width, color: false }, &mut out)
                .unwrap();
            String::from_utf8(out).unwrap()
        };
        let (whole, narrow) = (text(None), text(Some(60)));
        assert!(whole.contains(&format!("   3.250  {}  90 %: 2.0 to 4.5\n", scored.file)), "{whole}");
        assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
        let line = narrow.lines().nth(1).unwrap();
        assert!(
            line.starts_with("   3.250  /data/xxx") && line.ends_with("x/take-3.png  90 %: 2.0 to 4.5"),
            "{narrow}"
        );
        assert!(narrow.contains("       -  a.yuv  failed: it holds"), "{narrow}");
    }
}
