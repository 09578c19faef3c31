//! The program over the library: a page, JSON, or a summary in words. See README.md.

mod args;
#[path = "../../../../bars.rs"]
mod bars;
#[path = "../../../../demo.rs"]
mod demo;
#[path = "../../../../flags.rs"]
mod flags;
#[path = "../../../../input.rs"]
mod input;
#[path = "../../../../print.rs"]
mod print;
#[path = "../../../../save.rs"]
mod save;
mod text;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::FromArgMatches;
use dream_data::{in_order, name_of, open};
use explain_video::report::{Report, Video};
use explain_video::{Explainer, page};
use score_video::ScorerBuilder;

use args::Args;
use bars::Bars;
use print::{Out, count, message, note, wrote};

fn main() -> ExitCode {
    let matches = args::command().try_get_matches();
    let args = matches.and_then(|matches| Args::from_arg_matches(&matches));
    print::main(args, flags::typed, run)
}

/// A video to explain.
enum Clip {
    File(PathBuf),
    Demo(demo::Look),
}

impl Clip {
    fn name(&self) -> String {
        match self {
            Self::File(path) => name_of(path),
            Self::Demo(look) => look.name().to_owned(),
        }
    }
}

/// Explains everything; whether all of it went well.
fn run(args: &Args) -> Result<bool> {
    let started = Instant::now();
    let explainer = Explainer::new(ScorerBuilder::from(args.options()), args.settings())?;
    let clips: Vec<Clip> = if args.videos.is_empty() {
        demo::Look::all(false).into_iter().map(Clip::Demo).collect()
    } else {
        args.input.expand(&args.videos).into_iter().map(Clip::File).collect()
    };
    let mut report = explainer.report(args::typed_command());
    let bars = Bars::new();
    in_order(
        args.jobs(),
        &clips,
        |clip| explain(clip, &explainer, args, &bars),
        |_, video| {
            report.videos.push(video);
            Ok::<(), anyhow::Error>(())
        },
    )?;
    write(&report, args)?;
    let whole = report.videos.iter().filter(|video| video.explained.as_ref().is_some_and(|one| one.whole));
    let (whole, all) = (whole.count(), report.videos.len());
    for video in &report.videos {
        if let (Some(error), true) = (&video.error, args.out.is_some() || args.json) {
            note!("{}: {error}", video.file);
        }
    }
    note!("explained {whole} of {} whole, in {:.2} s", count(all, "video"), started.elapsed().as_secs_f64());
    if let Some(path) = &args.out {
        wrote(if args.json { "the explanations" } else { "the page" }, Some(path));
    } else if args.videos.is_empty() && !args.json {
        note!(
            "This was the built-in demonstration. As a page: explain-video clip.mp4 --out page.html (see --help)"
        );
    }
    Ok(report.all_whole())
}

/// Why a video has its score, or why it has none.
fn explain(clip: &Clip, explainer: &Explainer, args: &Args, bars: &Bars) -> Video {
    let (name, options) = (clip.name(), args.input.read.options());
    let bar = bars.add(&name);
    let found = match clip {
        Clip::File(path) => explainer.explain_watched(path, &mut || Ok(bar.watch(open(path, &options)?))),
        Clip::Demo(look) => explainer
            .explain(&name, &mut || Ok(bar.watch(Box::new(demo::Clip::new(*look)?))))
            .map(|found| Video::built_in(name.clone(), found)),
    };
    found.unwrap_or_else(|cause| Video::failed(name, message(&cause, flags::typed)))
}

/// The page, JSON or a summary, to where it was asked for.
fn write(report: &Report, args: &Args) -> Result<()> {
    let print = |out: &mut dyn Write| -> Result<()> {
        if args.json {
            serde_json::to_writer_pretty(&mut *out, report)?;
            writeln!(out)?;
        } else if args.out.is_some() {
            out.write_all(page(report)?.as_bytes())?;
        } else {
            text::print(report, out)?;
        }
        Ok(())
    };
    match &args.out {
        Some(path) => save::save(path, print),
        None => print(&mut Out),
    }
}
