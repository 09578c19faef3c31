//! Scores videos with an embedded quality model, on the scale people rated on. See README.md.

mod args;
mod demo;
#[path = "../../input.rs"]
mod input;
mod methods;
#[path = "../../print.rs"]
mod print;
mod report;
mod row;
#[path = "../../rows.rs"]
mod rows;
#[path = "../../save.rs"]
mod save;
mod score;
mod selftest;
#[path = "../../view.rs"]
mod view;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{CommandFactory, FromArgMatches};
use dream_data::{FrameSource, OpenOptions, in_order, name_of, open};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use args::{Args, EXAMPLES};
use methods::{Method, registry};
use print::{Out, note};
use row::{Outcome, Row};
use rows::{Rows, Shape};

fn main() -> ExitCode {
    // The command line alone does not know the methods that its help lists.
    let command = Args::command().after_help(format!("{}\n{EXAMPLES}", registry::help()));
    let args = command.try_get_matches().and_then(|matches| Args::from_arg_matches(&matches));
    print::main(args, args::typed, run)
}

/// A video to score.
enum Video {
    File(PathBuf),
    Demo(demo::Look),
}

impl Video {
    fn name(&self) -> String {
        match self {
            Self::File(path) => name_of(path),
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
    if args.self_test {
        return selftest::run(args.json);
    }
    let started = Instant::now();
    let method = registry::load(args)?;
    let settings = args.settings(&method.settings())?;
    let demo = args.videos.is_empty();
    let videos: Vec<Video> = if demo {
        demo::Look::ALL.into_iter().map(Video::Demo).collect()
    } else {
        let files = args.input.expand(&args.videos);
        input::can_resume(args.resume, &files)?;
        files.into_iter().map(Video::File).collect()
    };
    if args.csv {
        return add_rows(videos, &*method, args, &settings);
    }
    let mut outcomes = Vec::new();
    score_all(&videos, &*method, args, &bars(), |outcome| {
        outcomes.push(outcome);
        Ok(())
    })?;
    if demo {
        outcomes.sort_by(|a, b| b.score().total_cmp(&a.score()));
    }
    let report = report::Report::new(method.about(), args, &settings, outcomes);
    let print = |out: &mut dyn Write| -> Result<()> {
        if args.json {
            return Ok(report.json(out)?);
        }
        report.print(out)?;
        Ok(report.explain(demo, started.elapsed(), out)?)
    };
    match &args.out {
        Some(path) => save::save(path, print)?,
        None => print(&mut Out)?,
    }
    Ok(report.all_good())
}

/// Writes the row of every video as soon as it is done. Whether all went well.
fn add_rows(videos: Vec<Video>, method: &dyn Method, args: &Args, settings: &str) -> Result<bool> {
    let (about, bars, total) = (method.about(), bars(), videos.len());
    let shape = Shape {
        header: Row::header()?,
        settings,
        columns_by: "version of this program",
        failed: Some("error"),
    };
    let mut rows = Rows::open(args.out.as_deref(), args.resume, &shape)?;
    let todo: Vec<Video> = videos.into_iter().filter(|video| !rows.done.contains(&video.name())).collect();
    if todo.len() < total {
        note!("{} of {total} videos are done already", total - todo.len());
    }
    let mut good = true;
    let done = score_all(&todo, method, args, &bars, |outcome| {
        let row = Row::new(outcome, &about, settings);
        good &= row.whole;
        bars.suspend(|| rows.write([row]))?;
        ensure!(!rows.lost(), "nobody reads the output");
        Ok(())
    });
    if !rows.lost() {
        done?;
    }
    Ok(good)
}

fn bars() -> MultiProgress {
    MultiProgress::with_draw_target(ProgressDrawTarget::stderr())
}

/// Passes on what came of each video, in their order, from as many threads as asked for.
fn score_all(
    videos: &[Video],
    method: &dyn Method,
    args: &Args,
    bars: &MultiProgress,
    mut take: impl FnMut(Outcome) -> Result<()>,
) -> Result<()> {
    let score = |video: &Video| score_one(video, method, &args.input.read.options(), bars);
    in_order(args.jobs(), videos, score, |video, scored| take(Outcome { file: video.name(), scored }))
}

fn score_one(
    video: &Video,
    method: &dyn Method,
    options: &OpenOptions,
    bars: &MultiProgress,
) -> Result<score::Scored> {
    let source = video.open(options)?;
    let bar = bars.add(match source.info().frames {
        Some(frames) => ProgressBar::new(frames),
        None => ProgressBar::no_length(),
    });
    if let Ok(style) = ProgressStyle::with_template("{msg:30} {wide_bar} {pos}/{len} frames, {per_sec}") {
        bar.set_style(style);
    }
    let name = video.name();
    bar.set_message(name.clone());
    let progress = |frames| bar.set_position(frames);
    let scored = score::score(method, &name, source, || video.open(options), progress);
    bar.finish_and_clear();
    scored
}
