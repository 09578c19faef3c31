//! Writes a synthetic data set. See README.md.

mod args;
#[path = "../../page.rs"]
mod page;
mod photographs;
#[path = "../../portrait.rs"]
mod portrait;
#[path = "../../print.rs"]
mod print;
#[path = "../../train-face-blend/src/pseudo/random.rs"]
#[allow(dead_code, reason = "one function is needed")]
mod random;
#[path = "../../save.rs"]
mod save;
mod sheet;

use std::error::Error;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use dream_data::Error as DataError;
use dream_data::synthetic::{DetectionSummary, Synthetic, TreeProgress};
use indicatif::{ProgressBar, ProgressStyle};

use args::Args;
use print::{count, note, resumed, say, wrote};

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
    let synthetic = match &args.portraits {
        Some(folder) => {
            let config = args.config();
            let people = photographs::read(folder, config.people(), config.seed, usize::from(args.jobs))?;
            Synthetic::with_photographs(config, people)?
        }
        None => Synthetic::new(args.config())?,
    };
    if let Some(path) = &args.contact_sheet {
        sheet::write(&synthetic, path)?;
        wrote("the contact sheet", Some(path));
    }
    let Some(out) = &args.out else { return Ok(true) };
    let config = synthetic.config();
    let per_person = args.detection.map_or(0, usize::from);
    let steps = synthetic.clips().len() + config.raters + synthetic.split_design().repeats;
    let steps = steps + 2 * per_person * config.people();
    let bar = ProgressBar::new(steps as u64);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos:>5}/{len} {msg:6} {eta:>3} left") {
        bar.set_style(style);
    }
    let progress = |step| {
        bar.set_message(match step {
            TreeProgress::Clip { .. } => "clips",
            TreeProgress::Rater => "raters",
            _ => "splits",
        });
        bar.inc(1);
    };
    let (named, jobs) = (|| format!("--out {}", out.display()), usize::from(args.jobs));
    let summary = synthetic.write_tree(out, jobs, &progress).with_context(named)?;
    let detection = match per_person {
        0 => None,
        _ => Some(synthetic.write_detection(out, per_person, jobs, &progress).with_context(named)?),
    };
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
    if let Some(DetectionSummary { real, fake, .. }) = detection {
        say!("  detection.csv, detection/  {real} real and {fake} forged clips, in no split");
    }
    let (clips, opinions) = (count(summary.clips, "clip"), count(summary.opinions, "opinion"));
    note!("wrote {clips} and {opinions} below {}", out.display());
    Ok(true)
}
