//! What is printed: lines, rows of CSV, or JSON.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use crate::args::Metric;
use crate::print::message;
use crate::rows;
use crate::score::Scored;

/// An image: a row of CSV, or an element in JSON.
#[derive(Debug, Default, Serialize)]
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

/// A line for every image: the score first, for it is narrow and names are not.
pub(crate) fn text(metric: Metric, rows: &[Row], out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{:>8}  image", metric.name())?;
    for row in rows {
        let score = row.score.map_or_else(|| "-".to_owned(), |score| format!("{score:.3}"));
        let interval = match (row.low, row.high) {
            (Some(low), Some(high)) => format!("  90 %: {low:.1} to {high:.1}"),
            _ => String::new(),
        };
        let error = row.error.as_ref().map_or_else(String::new, |error| format!("  failed: {error}"));
        writeln!(out, "{score:>8}  {}{interval}{error}", row.file)?;
        if let Some(assumptions) = &row.assumptions {
            writeln!(out, "{:>8}  {assumptions}", "")?;
        }
    }
    let good = rows.iter().filter(|row| row.good()).count();
    if good > 0 {
        writeln!(out, "\n{}: {}", metric.name(), metric.meaning())?;
    }
    Ok(writeln!(out, "scored {good} of {} images", rows.len())?)
}
