//! The program over the library: scores videos, and prints a table, JSON or CSV. See README.md.

mod args;
#[path = "../../../../bars.rs"]
mod bars;
#[path = "../../../../demo.rs"]
mod demo;
#[path = "../../../../flags.rs"]
mod flags;
#[path = "../../../../input.rs"]
mod input;
mod outcome;
#[path = "../../../../output.rs"]
mod output;
#[path = "../../../../print.rs"]
mod print;
mod report;
#[path = "../../../../rows.rs"]
mod rows;
#[path = "../../../../save.rs"]
mod save;
mod selftest;
mod table;
mod versions;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::FromArgMatches;
use dream_data::{FrameSource, OpenOptions, in_order, name_of, open};
use score_video::{Score, Scorer, ScorerBuilder};

use args::Args;
use bars::Bars;
use outcome::{Outcome, Row};
use print::terminal::Terminal;
use print::{Out, count, note, resumed, wrote};
use rows::{Rows, Shape};

fn main() -> ExitCode {
    let matches = args::command().try_get_matches();
    let args = matches.and_then(|matches| Args::from_arg_matches(&matches));
    print::main(args, flags::typed, run)
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

    fn open(&self, options: &OpenOptions) -> dream_data::Result<Box<dyn FrameSource>> {
        match self {
            Self::File(path) => open(path, options),
            Self::Demo(look) => Ok(Box::new(demo::Clip::new(*look)?)),
        }
    }
}

/// Scores everything; whether all of it went well.
fn run(args: &Args) -> Result<bool> {
    if args.self_test {
        return selftest::run(args.output.json);
    }
    let started = Instant::now();
    let scorer = ScorerBuilder::from(args.options()).build()?;
    let settings = args.settings(scorer.about())?;
    let compare = args.network.compare_versions;
    let seeks_traces = scorer.about().method == "face-blend";
    ensure!(!compare || seeks_traces, "--compare-versions is for --method face-blend");
    let demo = args.videos.is_empty();
    let videos: Vec<Video> = if demo {
        demo::Look::all(seeks_traces).into_iter().map(Video::Demo).collect()
    } else {
        let files = args.input.expand(&args.videos);
        rows::can_resume(args.output.resume, &files)?;
        files.into_iter().map(Video::File).collect()
    };
    if args.output.csv && !compare {
        return add_rows(videos, &scorer, args, &settings, started);
    }
    let mut outcomes = Vec::new();
    score_all(&videos, &scorer, args, &Bars::new(), |outcome| {
        outcomes.push(outcome);
        Ok(())
    })?;
    if demo {
        outcomes.sort_by(|a, b| b.score().total_cmp(&a.score()));
    }
    let report = report::Report::new(scorer.about().clone(), args, &settings, outcomes);
    let terminal = if args.output.out.is_some() { Terminal::default() } else { Terminal::of_stdout() };
    let print = |out: &mut dyn Write| -> Result<()> {
        if args.output.csv {
            return report.csv(out);
        }
        if args.output.json {
            return Ok(report.json(out)?);
        }
        report.print(terminal, out)?;
        Ok(report.explain(demo, started.elapsed(), terminal, out)?)
    };
    match &args.output.out {
        Some(path) => save::save(path, print)?,
        None => print(&mut Out)?,
    }
    if args.output.json || args.output.csv || args.output.out.is_some() {
        let (whole, all) = report.counted();
        closing(&format!("the scores of {}", count(all, "video")), whole, all, args, started);
    }
    Ok(report.all_good())
}

/// Writes the row of every video as soon as it is done. Whether all went well.
fn add_rows(
    videos: Vec<Video>,
    scorer: &Scorer,
    args: &Args,
    settings: &str,
    started: Instant,
) -> Result<bool> {
    let (bars, total) = (Bars::new(), videos.len());
    let header = Row::header()?;
    let columns = header.len();
    let shape = Shape { header, settings, columns_by: "version of this program", failed: Some("error") };
    let mut rows = Rows::open(args.output.out.as_deref(), args.output.resume, &shape)?;
    let todo: Vec<Video> = videos.into_iter().filter(|video| !rows.done.contains(&video.name())).collect();
    resumed("video", total - todo.len(), total);
    let (mut whole, mut written) = (0, 0);
    let done = score_all(&todo, scorer, args, &bars, |outcome| {
        let row = Row::new(outcome, scorer.about(), settings);
        bars.suspend(|| rows.write([row.record()]))?;
        (whole, written) = (whole + usize::from(row.whole), written + 1);
        ensure!(!rows.lost(), "nobody reads the output");
        Ok(())
    });
    if !rows.lost() {
        done?;
    }
    let what = format!("{} of {columns} columns", count(written, "row"));
    closing(&what, whole, written, args, started);
    Ok(whole == written)
}

/// The last lines on the standard error, for whoever does not see the output itself.
fn closing(what: &str, whole: usize, all: usize, args: &Args, started: Instant) {
    note!("scored {whole} of {} whole, in {:.2} s", count(all, "video"), started.elapsed().as_secs_f64());
    wrote(what, args.output.out.as_deref());
}

/// Passes on what came of each video, in their order, from as many threads as asked for.
fn score_all(
    videos: &[Video],
    scorer: &Scorer,
    args: &Args,
    bars: &Bars,
    mut take: impl FnMut(Outcome) -> Result<()>,
) -> Result<()> {
    let score = |video: &Video| score_one(video, scorer, &args.input.read.options(), bars);
    in_order(args.jobs(), videos, score, |video, scored| take(Outcome { file: video.name(), scored }))
}

fn score_one(
    video: &Video,
    scorer: &Scorer,
    options: &OpenOptions,
    bars: &Bars,
) -> score_video::Result<Score> {
    let name = video.name();
    let bar = bars.add(&name);
    scorer.score_reopened(&name, &mut || Ok(bar.watch(video.open(options)?)))
}
