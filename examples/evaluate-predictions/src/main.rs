//! Compares predicted scores with human ones. See README.md.

mod args;
mod labels;
mod predictions;
mod report;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use dream_eval::{Format, Table};

use args::{Args, Baseline};

fn main() -> ExitCode {
    let done = run(&Args::parse()).inspect_err(|error| eprintln!("error: {error:#}"));
    ExitCode::from(if done.is_ok() { 0 } else { 2 })
}

fn run(args: &Args) -> Result<()> {
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
    print!("{}", table.format(args.format));

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
        print!("{details}");
    } else {
        eprint!("{details}");
    }
    let of_candidates = candidates.iter().flat_map(|candidate| &candidate.notes);
    for note in table.warnings().iter().chain(&notes).chain(of_candidates) {
        eprintln!("note: {note}");
    }
    Ok(())
}
