//! Writes CSV rows of named features of videos and images. See README.md.

mod args;
mod extract;
mod output;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result};
use clap::Parser;
use dream_data::expand_inputs;
use indicatif::{ProgressBar, ProgressStyle};

use args::Args;
use extract::{Method, Row};
use output::Output;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// What came of one input: its rows and what is wrong with its end, or why there are none.
type Outcome = Result<(Vec<Row>, Option<String>)>;

/// Runs over all inputs; how many of them failed or are damaged.
fn run(args: &Args) -> Result<usize> {
    let method = Method::new(args)?;
    let mut output = Output::open(args, &method)?;
    let errors = args.errors.as_ref().map(|path| {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut csv = csv::Writer::from_writer(file);
        csv.write_record(["input", "error"])?;
        Ok::<_, anyhow::Error>(csv)
    });
    let mut errors = errors.transpose()?;
    let inputs = expand_inputs(&args.inputs);
    let total = inputs.len();
    let todo: Vec<PathBuf> =
        inputs.into_iter().filter(|path| !output.done.contains(&path.display().to_string())).collect();
    let bar = ProgressBar::new(total as u64);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} inputs, {eta} left  {msg}") {
        bar.set_style(style);
    }
    bar.set_position((total - todo.len()) as u64);
    if todo.len() < total {
        bar.suspend(|| eprintln!("{} of {total} inputs are there already", total - todo.len()));
    }

    let mut faults = 0;
    let mut report = |input: &str, fault: &str| -> Result<()> {
        faults += 1;
        bar.suspend(|| eprintln!("failed: {fault}"));
        if let Some(errors) = &mut errors {
            errors.write_record([input, fault])?;
            errors.flush()?;
        }
        Ok(())
    };
    let next = AtomicUsize::new(0);
    thread::scope(|scope| -> Result<()> {
        let (send, outcomes) = mpsc::channel::<(usize, Outcome)>();
        for _ in 0..usize::from(args.jobs).min(todo.len()) {
            let send = send.clone();
            scope.spawn(|| {
                let send = send;
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = todo.get(i) else { break };
                    let seen = |frame| bar.set_message(format!("{}: frame {frame}", path.display()));
                    if send.send((i, method.run(path, &seen))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        // Rows are written in the order of the inputs, whoever is first.
        let (mut waiting, mut written) = (BTreeMap::new(), 0);
        for (i, outcome) in outcomes {
            waiting.insert(i, outcome);
            while let Some(outcome) = waiting.remove(&written) {
                let input = todo.get(written).map(|path| path.display().to_string()).unwrap_or_default();
                match outcome {
                    Ok((rows, damage)) => {
                        output.write(&input, &rows)?;
                        damage.iter().try_for_each(|fault| report(&input, fault))?;
                    }
                    Err(error) => report(&input, &format!("{error:#}"))?,
                }
                written += 1;
                bar.inc(1);
            }
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    if faults > 0 {
        eprintln!("{faults} of {total} inputs failed or are damaged");
    }
    Ok(faults)
}
