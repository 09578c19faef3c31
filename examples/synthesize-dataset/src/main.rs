//! Writes a synthetic data set. See README.md.

mod args;
mod sheet;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use dream_data::synthetic::{Synthetic, TreeProgress};
use indicatif::{ProgressBar, ProgressStyle};

use args::Args;

fn main() -> ExitCode {
    let done = run(&Args::parse()).inspect_err(|error| eprintln!("error: {error:#}"));
    ExitCode::from(if done.is_ok() { 0 } else { 2 })
}

fn run(args: &Args) -> Result<()> {
    let synthetic = Synthetic::new(args.config())?;
    if let Some(path) = &args.contact_sheet {
        sheet::write(&synthetic, path)?;
        println!("{}: the contact sheet", path.display());
    }
    let Some(out) = &args.out else { return Ok(()) };
    let config = synthetic.config();
    let steps = synthetic.clips().len() + config.raters + synthetic.split_design().repeats;
    let bar = ProgressBar::new(steps as u64);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}, {eta} left") {
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
    println!("{}", out.display());
    println!(
        "  videos/                    {} clips, {} of them were there already",
        summary.clips, summary.kept
    );
    println!("  all_descriptions_en.csv    {} opinions", summary.opinions);
    println!(
        "  sessions.csv               {} attempts at sessions, {} of them rejected",
        summary.attempts, summary.refused
    );
    println!("  splits/                    {} splits", synthetic.split_design().repeats);
    println!("  truth.json, truth.csv      a = {}, realism and artifacts of every clip", config.a);
    Ok(())
}
