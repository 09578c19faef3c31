//! Compares predicted scores with human ones. See README.md.

mod args;
mod labels;
mod predictions;
#[path = "../../print.rs"]
mod print;
mod report;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use dream_eval::{Error as EvalError, Format, Method, Table};

use args::{Args, Baseline};
use print::terminal::{Terminal, shortened};
use print::{Out, count, note, say};
use report::Candidate;

fn main() -> ExitCode {
    print::main(Args::try_parse(), typed, run)
}

/// Errors of the libraries in words of the command line.
fn typed(cause: &(dyn Error + 'static)) -> Option<String> {
    match cause.downcast_ref()? {
        EvalError::TooFew { argument: "resamples", needed, found } => {
            Some(format!("--resamples {found} is too few: pass at least {needed}"))
        }
        EvalError::TooFew { needed: needed @ 4, found, .. } => Some(format!(
            "{found} clips; --logistic and --compare need at least {needed}: leave them out here"
        )),
        _ => None,
    }
}

fn run(args: &Args) -> Result<bool> {
    let (splits, mut notes) = labels::read(args)?;
    notes.extend(report::small_sets(&splits));
    let mut candidates = Vec::new();
    for path in [&args.predictions, &args.compare].into_iter().flatten() {
        candidates.push(report::from_file(path, &splits, args)?);
    }
    if let Some(Baseline::MethodMean) = args.baseline {
        candidates.push(report::method_mean(&splits)?);
    }

    let sets: Vec<&String> = splits.first().map(|split| split.sets.keys().collect()).unwrap_or_default();
    let table = Table::new(sets.len(), candidates.iter().map(report::row).collect::<Result<_>>()?)?;

    let mut details = String::from("\n");
    for (number, set) in sets.iter().enumerate() {
        let clips: usize = splits.iter().filter_map(|split| split.sets.get(*set)).map(Vec::len).sum();
        details += &format!("{} is {set}, {} clips\n", number + 1, clips / splits.len());
    }
    for candidate in &candidates {
        details += "\n";
        details += &report::details(candidate, args)?;
    }
    if let (Some(_), [first, second, ..]) = (&args.compare, candidates.as_slice()) {
        details += "\n";
        details += &report::comparison(first, second, &splits, args)?;
    }
    // The other formats are for files, which get the table only.
    if args.format == Format::Text {
        Out.write_all(fitted(&candidates, sets.len())?.as_bytes())?;
        say!("{}", details.trim_end());
    } else {
        Out.write_all(table.format(args.format).as_bytes())?;
        note!("{}", details.trim_end());
    }
    let of_candidates = candidates.iter().flat_map(|candidate| &candidate.notes);
    for note in table.warnings().iter().chain(&notes).chain(of_candidates) {
        note!("note: {note}");
    }
    let methods = count(candidates.len(), "method");
    note!(
        "compared {methods} with the scores of {} in {}",
        count(sets.len(), "set"),
        count(splits.len(), "split")
    );
    Ok(true)
}

/// The table as text, in the width of the terminal.
fn fitted(candidates: &[Candidate], sets: usize) -> Result<String> {
    let rows = candidates.iter().map(report::row).collect::<Result<Vec<_>>>()?;
    // What the table says of its columns does not depend on their names.
    Table::new(sets, rows.clone())?;
    let names: Vec<&str> = candidates.iter().map(|candidate| candidate.name.as_str()).collect();
    let named = |names: &[String]| {
        let rows = rows.iter().zip(names).map(|(row, name)| Method { name: name.clone(), ..row.clone() });
        Table::new(sets, rows.collect()).ok()
    };
    let terminal = Terminal::of_stdout();
    let format = |table: Option<Table>| table.map_or_else(String::new, |table| table.format(Format::Text));
    let whole = terminal.table(&names, |names| format(named(names)));
    if whole.lines().all(|line| line.chars().count() <= terminal.room()) {
        return Ok(whole);
    }
    let names: Vec<String> = names.iter().map(|name| shortened(name, terminal.room() / 3)).collect();
    Ok(named(&names).map_or(whole, |table| table.text_within(terminal.room())))
}
