//! Scores videos with an embedded quality model, on the scale people rated on. See README.md.

mod args;
#[cfg(feature = "deep")]
mod deep;
mod demo;
mod method;
mod regression;
mod report;
mod score;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;
use dream_data::{FrameSource, OpenOptions, expand_inputs, open};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use args::{Args, Format};
use report::Row;
use score::Scorer;

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// A thing to score.
enum Input {
    File(PathBuf),
    Demo(demo::Look),
}

impl Input {
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Demo(look) => look.name().to_owned(),
        }
    }

    fn open(&self, options: &OpenOptions) -> Result<Box<dyn FrameSource>> {
        Ok(match self {
            Self::File(path) => open(path, options)?,
            Self::Demo(look) => Box::new(demo::Clip::new(*look)?),
        })
    }
}

/// Scores everything; whether all of it went well.
fn run(args: &Args) -> Result<bool> {
    let started = Instant::now();
    args.check()?;
    let scorer = Scorer::new(args)?;
    let demo = args.videos.is_empty();
    let inputs: Vec<Input> = if demo {
        demo::Look::ALL.into_iter().map(Input::Demo).collect()
    } else {
        expand_inputs(&args.videos).into_iter().map(Input::File).collect()
    };
    let mut rows = score_all(&inputs, &scorer, args);
    if demo {
        rows.sort_by(|a, b| b.score().total_cmp(&a.score()));
    }
    let report = report::Report::new(&scorer, args, rows);
    let mut out = std::io::stdout().lock();
    let mut written = report.print(args.format(), &mut out);
    if args.format() == Format::Table {
        written = written.and_then(|()| report.explain(demo, started.elapsed(), &mut out));
    }
    written.context("cannot write the report")?;
    Ok(report.all_good())
}

/// One row per input, in the order of the inputs, from as many threads as asked for.
fn score_all(inputs: &[Input], scorer: &Scorer, args: &Args) -> Vec<Row> {
    let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    let mut rows: Vec<Option<Row>> = inputs.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        for _ in 0..args.jobs().min(inputs.len()) {
            let (sender, next, bars) = (sender.clone(), &next, &bars);
            scope.spawn(move || {
                while let Some((index, input)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    inputs.get(index).map(|input| (index, input))
                } {
                    let outcome = score_one(input, scorer, &args.open_options(), bars);
                    // The receiver lives as long as this scope.
                    let _ = sender.send((index, Row { file: input.name(), outcome }));
                }
            });
        }
        drop(sender);
        for (index, row) in results {
            if let Some(slot) = rows.get_mut(index) {
                *slot = Some(row);
            }
        }
    });
    rows.into_iter().flatten().collect()
}

fn score_one(
    input: &Input,
    scorer: &Scorer,
    options: &OpenOptions,
    bars: &MultiProgress,
) -> Result<score::Scored> {
    let source = input.open(options)?;
    let bar = bars.add(match source.info().frames {
        Some(frames) => ProgressBar::new(frames),
        None => ProgressBar::no_length(),
    });
    if let Ok(style) = ProgressStyle::with_template("{msg:30} {wide_bar} {pos}/{len} frames, {per_sec}") {
        bar.set_style(style);
    }
    bar.set_message(input.name());
    let scored = scorer.score(source, || input.open(options), |frames| bar.set_position(frames));
    bar.finish_and_clear();
    scored
}
