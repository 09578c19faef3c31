//! Scores videos with an embedded quality model, on the scale people rated on. See README.md.

mod args;
mod demo;
#[path = "../../input.rs"]
mod input;
mod methods;
#[path = "../../print.rs"]
mod print;
mod report;
mod score;
#[path = "../../view.rs"]
mod view;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches};
use dream_data::{FrameSource, OpenOptions, in_order, open};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use args::{Args, EXAMPLES};
use methods::{Method, registry};
use print::Out;
use report::Outcome;

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
    let method = registry::load(args)?;
    let demo = args.videos.is_empty();
    let videos: Vec<Video> = if demo {
        demo::Look::ALL.into_iter().map(Video::Demo).collect()
    } else {
        args.input.expand(&args.videos).into_iter().map(Video::File).collect()
    };
    let mut outcomes = score_all(&videos, &*method, args)?;
    if demo {
        outcomes.sort_by(|a, b| b.score().total_cmp(&a.score()));
    }
    let report = report::Report::new(&*method, args, outcomes);
    report.print(args, &mut Out)?;
    if !(args.json || args.csv) {
        report.explain(demo, started.elapsed(), &mut Out)?;
    }
    Ok(report.all_good())
}

/// What came of each video, in their order, from as many threads as asked for.
fn score_all(videos: &[Video], method: &dyn Method, args: &Args) -> Result<Vec<Outcome>> {
    let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
    let mut outcomes = Vec::new();
    let score = |video: &Video| score_one(video, method, &args.input.read.options(), &bars);
    in_order(args.jobs(), videos, score, |video, scored| {
        outcomes.push(Outcome { file: video.name(), scored });
        anyhow::Ok(())
    })?;
    Ok(outcomes)
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
