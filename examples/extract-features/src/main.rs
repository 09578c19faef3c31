//! Writes CSV rows of named features of videos and images. See README.md.

mod args;
mod extract;
mod output;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
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
    let done = run(&Args::parse()).inspect_err(|error| eprintln!("error: {error:#}"));
    ExitCode::from(done.map_or(2, |faults| u8::from(faults > 0)))
}

/// What came of one input: its rows and what is wrong with its end, or why there are none.
type Outcome = Result<(Vec<Row>, Option<String>)>;

/// Runs over all inputs; how many of them failed or are damaged.
fn run(args: &Args) -> Result<usize> {
    let method = Method::new(args)?;
    let mut output = Output::open(args, &method)?;
    let inputs = expand_inputs(&args.inputs);
    let total = inputs.len();
    let todo: Vec<PathBuf> =
        inputs.into_iter().filter(|path| !output.done.contains(&path.display().to_string())).collect();
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} inputs, {eta} left  {msg}")?;
    let bar = ProgressBar::new(total as u64).with_style(style);
    bar.set_position((total - todo.len()) as u64);
    if todo.len() < total {
        bar.suspend(|| eprintln!("{} of {total} inputs are there already", total - todo.len()));
    }
    let mut report = Report::open(args.errors.as_deref(), &bar)?;
    each_outcome(args.jobs, &method, &todo, &bar, |path, outcome| {
        let input = path.display().to_string();
        match outcome {
            Ok((rows, damage)) => {
                output.write(&input, &rows)?;
                damage.iter().try_for_each(|fault| report.add(&input, fault))
            }
            Err(error) => report.add(&input, &format!("{error:#}")),
        }
    })?;
    bar.finish_and_clear();
    if report.faults > 0 {
        eprintln!("{} of {total} inputs failed or are damaged", report.faults);
    }
    Ok(report.faults)
}

/// Runs `method` over `todo` in `jobs` threads and hands over what came of each, in the order of the inputs.
fn each_outcome(
    jobs: u16,
    method: &Method,
    todo: &[PathBuf],
    bar: &ProgressBar,
    mut take: impl FnMut(&Path, Outcome) -> Result<()>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (send, outcomes) = mpsc::channel::<(usize, Outcome)>();
        for _ in 0..usize::from(jobs).min(todo.len()) {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
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
        let (mut waiting, mut written) = (BTreeMap::new(), 0);
        for (i, outcome) in outcomes {
            waiting.insert(i, outcome);
            while let (Some(outcome), Some(path)) = (waiting.remove(&written), todo.get(written)) {
                take(path, outcome)?;
                written += 1;
                bar.inc(1);
            }
        }
        Ok(())
    })
}

/// The inputs that failed: on the screen, and in the file of --errors.
struct Report<'a> {
    faults: usize,
    csv: Option<csv::Writer<File>>,
    bar: &'a ProgressBar,
}

impl<'a> Report<'a> {
    fn open(path: Option<&Path>, bar: &'a ProgressBar) -> Result<Self> {
        let csv = path.map(|path| -> Result<_> {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            let mut csv = csv::Writer::from_writer(file);
            csv.write_record(["input", "error"])?;
            Ok(csv)
        });
        Ok(Self { faults: 0, csv: csv.transpose()?, bar })
    }

    fn add(&mut self, input: &str, fault: &str) -> Result<()> {
        self.faults += 1;
        self.bar.suspend(|| eprintln!("failed: {fault}"));
        if let Some(csv) = &mut self.csv {
            csv.write_record([input, fault])?;
            csv.flush()?;
        }
        Ok(())
    }
}
