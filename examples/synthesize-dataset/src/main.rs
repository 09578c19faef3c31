//! Writes a synthetic data set. See README.md.

mod args;
#[path = "../../page.rs"]
mod page;
#[path = "../../print.rs"]
mod print;
#[path = "../../save.rs"]
mod save;
mod sheet;

use std::error::Error;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use dream_data::Error as DataError;
use dream_data::synthetic::{Synthetic, TreeProgress};
use indicatif::{ProgressBar, ProgressStyle};

use args::Args;
use print::{count, note, resumed, say};

fn main() -> ExitCode {
    print::main(Args::try_parse(), typed, run)
}

/// Errors of the libraries in words of the command line.
fn typed(cause: &(dyn Error + 'static)) -> Option<String> {
    let DataError::InvalidOption { option, reason } = cause.downcast_ref()? else { return None };
    let flag = match *option {
        "width" => "--size: the width",
        "height" => "--size: the height",
        "careless_share" => "--careless",
        "session_clips" => "--session-clips:",
        "identities" => "--identities",
        "methods" => "--methods",
        "takes" => "--takes",
        "frames" => "--frames",
        "raters" => "--raters",
        "a" => "--a",
        _ => return Some(reason.clone()),
    };
    Some(format!("{flag} {reason}"))
}

fn run(args: &Args) -> Result<bool> {
    let synthetic = Synthetic::new(args.config())?;
    if let Some(path) = &args.contact_sheet {
        sheet::write(&synthetic, path)?;
        say!("{}: the contact sheet", path.display());
    }
    let Some(out) = &args.out else { return Ok(true) };
    let config = synthetic.config();
    let steps = synthetic.clips().len() + config.raters + synthetic.split_design().repeats;
    let bar = ProgressBar::new(steps as u64);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg:6} {eta} left") {
        bar.set_style(style);
    }
    let summary = synthetic
        .write_tree(out, usize::from(args.jobs), &|step| {
            bar.set_message(match step {
                TreeProgress::Clip { .. } => "clips",
                TreeProgress::Rater => "raters",
                _ => "splits",
            });
            bar.inc(1);
        })
        .with_context(|| format!("--out {}", out.display()))?;
    bar.finish_and_clear();
    resumed("clip", summary.kept, summary.clips);
    say!("{}", out.display());
    say!("  videos/                    {} clips, {} of them were there already", summary.clips, summary.kept);
    say!("  all_descriptions_en.csv    {} opinions", summary.opinions);
    say!(
        "  sessions.csv               {} attempts at sessions, {} of them rejected",
        summary.attempts,
        summary.refused
    );
    say!("  splits/                    {} splits", synthetic.split_design().repeats);
    say!("  truth.json, truth.csv      a = {}, realism and artifacts of every clip", config.a);
    let (clips, opinions) = (count(summary.clips, "clip"), count(summary.opinions, "opinion"));
    note!("wrote {clips} and {opinions} below {}", out.display());
    Ok(true)
}
