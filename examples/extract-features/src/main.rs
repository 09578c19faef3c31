//! Writes CSV rows of named features of videos and images. See README.md.

mod args;
mod extract;
#[path = "../../input.rs"]
mod input;
#[cfg(feature = "deep")]
mod network;
#[path = "../../notes.rs"]
mod notes;
mod output;
#[path = "../../print.rs"]
mod print;
#[path = "../../rows.rs"]
mod rows;
#[path = "../../save.rs"]
mod save;
#[path = "../../view.rs"]
mod view;

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use dream_data::{Error as DataError, in_order, name_of};
use indicatif::{ProgressBar, ProgressStyle};

use args::Args;
use extract::Method;
use notes::Notes;
use output::Output;
use print::terminal::beside;
use print::{count, named, note, resumed, wrote};

fn main() -> ExitCode {
    print::main(Args::try_parse(), typed, run)
}

/// Errors of the libraries in words of the command line.
fn typed(cause: &(dyn Error + 'static)) -> Option<String> {
    let DataError::InvalidOption { option, reason } = cause.downcast_ref()? else { return None };
    if let Some(flag) = input::flag(option) {
        return Some(format!("{flag}: {reason}"));
    }
    Some(match *option {
        "crop" => format!("--crop: {reason}"),
        _ => reason.clone(),
    })
}

/// Processes all inputs. Whether none of them failed or is damaged.
fn run(args: &Args) -> Result<bool> {
    let method = Method::new(args)?;
    let inputs = args.input.expand(&args.inputs);
    rows::can_resume(args.resume, &inputs)?;
    let mut output = Output::open(args, &method)?;
    let total = inputs.len();
    let todo: Vec<PathBuf> =
        inputs.into_iter().filter(|path| !output.rows.done.contains(&name_of(path))).collect();
    let style = ProgressStyle::with_template("{wide_bar} {pos:>5}/{len} inputs, {eta:>3} left  {msg}")?;
    let bar = ProgressBar::new(total as u64).with_style(style);
    bar.set_message(beside("", ""));
    bar.set_position((total - todo.len()) as u64);
    bar.suspend(|| resumed("input", total - todo.len(), total));
    let (mut report, mut notes) = (Report::open(args.errors.as_deref(), &bar)?, Notes::default());
    let work = |path: &PathBuf| {
        method.run(path, &|frame| bar.set_message(beside(&name_of(path), &format!(": frame {frame}"))))
    };
    let done = in_order(args.jobs.into(), &todo, work, |path, outcome| {
        let input = name_of(path);
        match outcome {
            Ok(extracted) => {
                // The terminal may show both.
                bar.suspend(|| output.write(&input, &extracted))?;
                ensure!(!output.rows.lost(), "nobody reads the output");
                for line in notes.lines(&input, &extracted.assumptions) {
                    bar.suspend(|| note!("{line}"));
                }
                extracted.damage.iter().try_for_each(|fault| report.add(&input, fault))?;
            }
            Err(error) => report.add(&input, &print::message(&error, typed))?,
        }
        bar.inc(1);
        anyhow::Ok(())
    });
    bar.finish_and_clear();
    if !output.rows.lost() {
        done?;
    }
    if let Some(line) = notes.end() {
        note!("{line}");
    }
    if report.faults > 0 {
        note!("{} of {total} inputs failed or are damaged", report.faults);
    }
    let features = count(method.layout().names().len(), "feature");
    wrote(&format!("{} of {features}", count(output.written, "row")), args.out.as_deref());
    Ok(report.faults == 0)
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
        self.bar.suspend(|| note!("failed: {}", named(input, fault)));
        if let Some(csv) = &mut self.csv {
            csv.write_record([input, fault])?;
            csv.flush()?;
        }
        Ok(())
    }
}
