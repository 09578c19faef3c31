//! Figures, for people and for programs.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::measure::Measures;
use crate::print::say;
use crate::save::save;

/// What was measured in one place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    /// `choice`, `fold`, `mean` or `damage`.
    pub(crate) part: &'static str,
    pub(crate) name: String,
    /// Portraits that were not trained on.
    pub(crate) portraits: usize,
    #[serde(flatten)]
    pub(crate) measures: Measures,
}

/// Prints rows below a title.
pub(crate) fn print(title: &str, rows: &[&Row]) {
    say!("{title}");
    // As wide as any terminal.
    let line = |name: &str, portraits: &str, rest: &[String]| {
        say!("  {name:<19}{portraits:>9}{}", rest.concat());
    };
    let names = Measures::default().values().map(|(name, _)| name.map(|part| format!("{part:>7}")));
    line("", "", &names.each_ref().map(|[above, _]| above.clone()));
    line("", "portraits", &names.each_ref().map(|[_, below]| below.clone()));
    for row in rows {
        let numbers = row.measures.values().map(|(_, number)| format!("{number:>7.3}"));
        line(&row.name, &row.portraits.to_string(), &numbers);
    }
}

/// Writes all rows: JSON by the name of the file, else CSV.
pub(crate) fn write(rows: &[Row], path: &Path) -> Result<()> {
    let json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    save(path, |out| {
        if json {
            serde_json::to_writer_pretty(&mut *out, rows)?;
            return Ok(writeln!(out)?);
        }
        let mut csv = csv::Writer::from_writer(out);
        for row in rows {
            csv.serialize(Flat::from(row))?;
        }
        Ok(csv.flush()?)
    })
}

/// A row of CSV, which has no rows within rows.
#[derive(Serialize)]
struct Flat<'a> {
    part: &'a str,
    name: &'a str,
    portraits: usize,
    auc: f64,
    auc_mild: f64,
    auc_gross: f64,
    auc_real: f64,
    auc_global: f64,
    mild_above_real: f64,
    gross_above_real: f64,
}

impl<'a> From<&'a Row> for Flat<'a> {
    fn from(row: &'a Row) -> Self {
        let Measures { auc, auc_mild, auc_gross, auc_real, auc_global, mild_above_real, gross_above_real } =
            row.measures;
        Self {
            part: row.part,
            name: &row.name,
            portraits: row.portraits,
            auc,
            auc_mild,
            auc_gross,
            auc_real,
            auc_global,
            mild_above_real,
            gross_above_real,
        }
    }
}
