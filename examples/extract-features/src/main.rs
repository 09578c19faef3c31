//! Writes CSV rows of named features of videos and images. See README.md.

mod args;
mod extract;
#[path = "../../input.rs"]
mod input;
mod output;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use dream_data::{expand_inputs, in_order};
use indicatif::{ProgressBar, ProgressStyle};

use args::Args;
use extract::Method;
use output::Output;

fn main() -> ExitCode {
    let done = run(&Args::parse()).inspect_err(|error| eprintln!("error: {error:#}"));
    ExitCode::from(done.map_or(2, |faults| u8::from(faults > 0)))
}

/// Processes all inputs. Returns how many failed or are damaged.
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
        bar.suspend(|| eprintln!("{} of {total} inputs are done already", total - todo.len()));
    }
    let mut report = Report::open(args.errors.as_deref(), &bar)?;
    let work = |path: &PathBuf| {
        method.run(path, &|frame| bar.set_message(format!("{}: frame {frame}", path.display())))
    };
    in_order(args.jobs.into(), &todo, work, |path, outcome| {
        let input = path.display().to_string();
        match outcome {
            Ok(extracted) => {
                output.write(&input, &extracted)?;
                extracted.damage.iter().try_for_each(|fault| report.add(&input, fault))?;
            }
            Err(error) => report.add(&input, &format!("{error:#}"))?,
        }
        bar.inc(1);
        anyhow::Ok(())
    })?;
    bar.finish_and_clear();
    if report.faults > 0 {
        eprintln!("{} of {total} inputs failed or are damaged", report.faults);
    }
    Ok(report.faults)
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
