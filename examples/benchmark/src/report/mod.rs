//! The last stage: predictions, tables, tests and the page, from what the folder holds.

mod content;
pub(crate) mod date;
mod headline;
#[path = "../../../html.rs"]
mod html;
mod intervals;
pub(crate) mod origin;
mod page;
pub(crate) mod protocol;
mod results;
mod significance;
mod tables;

use ::train::Notes;
use anyhow::{Context, Result};
use dream_eval::Format;

use crate::print::terminal::{Ink, Terminal};
use crate::print::{count, note, say, wrote};
use crate::store::Store;
use content::Report;
use protocol::Protocol;
use results::{MethodResults, PREDICTIONS};
use tables::FORMATS;

const PAGE: &str = "report.html";

/// Files of the tables, without their endings.
const TABLES: [&str; 4] = ["table4", "table5", "table6", "table8"];

/// Writes the report of a complete folder and says where it is; whether nothing failed.
pub(crate) fn finish(store: &Store, protocol: Protocol) -> Result<bool> {
    let report = Report::new(store, protocol)?;
    write(&report, store)?;
    let terminal = Terminal::of_stdout();
    for table in &report.tables {
        let title = terminal.paint(Ink::Heading, &table.title);
        say!("{title}\n{}\n{}", table.table.text_within(terminal.room()), table.text());
    }
    Notes::of(&report.assumptions).iter().for_each(|line| note!("{line}"));
    if !report.failures.is_empty() {
        let failures = count(report.failures.len(), "failure");
        say!("{failures}: {}", store.root().join("failures.csv").display());
    }
    let methods = count(report.methods.len(), "method");
    wrote(&format!("the report of {methods}"), Some(&store.root().join(PAGE)));
    Ok(report.failures.is_empty())
}

/// Writes everything into the folder.
fn write(report: &Report, store: &Store) -> Result<()> {
    remove_old(report, store)?;
    for method in report.trained() {
        let name = format!("{PREDICTIONS}/{}.csv", method.about.name);
        store.write(&name, &predictions(report, method)?)?;
    }
    for table in &report.tables {
        let text = format!("{}\n\n{}\n{}", table.title, table.table.format(Format::Text), table.text());
        store.write(&format!("{}.txt", table.file), text.as_bytes())?;
        for (ending, format) in [("md", Format::Markdown), ("csv", Format::Csv), ("tex", Format::Latex)] {
            store.write(&format!("{}.{ending}", table.file), table.table.format(format).as_bytes())?;
        }
    }
    store.write("significance.csv", significance::csv(&report.comparisons)?.as_bytes())?;
    let mut failures = csv::Writer::from_writer(Vec::new());
    failures.write_record(["stage", "item", "what", "error"])?;
    for failure in &report.failures {
        failures.write_record([failure.stage, &failure.item, &failure.what, &failure.error])?;
    }
    store.write("failures.csv", &failures.into_inner().context("failures.csv")?)?;
    store.write("assumptions.csv", &::train::assumptions_csv(&report.assumptions)?)?;
    let page = date::dated(store, PAGE, |date| Ok(page::page(report, date)?))?;
    store.write(PAGE, page.as_bytes())
}

/// Removes tables and predictions of a run with other methods: they would look like results of this one.
fn remove_old(report: &Report, store: &Store) -> Result<()> {
    let methods: Vec<String> =
        report.trained().map(|method| format!("{PREDICTIONS}/{}.csv", method.about.name)).collect();
    let tables: Vec<&str> = report.tables.iter().map(|table| table.file).collect();
    let predictions = store.list(PREDICTIONS)?;
    for name in predictions.iter().filter(|name| !methods.contains(name)) {
        store.remove(name)?;
    }
    for file in TABLES.iter().filter(|file| !tables.contains(file)) {
        for ending in FORMATS {
            store.remove(&format!("{file}.{ending}"))?;
        }
    }
    Ok(())
}

/// As `evaluate-predictions` reads it. Clips without a prediction have no row.
fn predictions(report: &Report, method: &MethodResults) -> Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["split", "set", "file", "mos", "prediction"])?;
    for (split, run) in report.protocol.splits.iter().zip(&method.runs) {
        for (set, found) in report.protocol.test_sets.iter().zip(&run.sets) {
            for row in &found.rows {
                if let Some(score) = row.prediction {
                    let (mos, score) = (row.mos.to_string(), score.to_string());
                    csv.write_record([split, set, &row.file, &mos, &score])?;
                }
            }
        }
    }
    csv.into_inner().context("predictions")
}
