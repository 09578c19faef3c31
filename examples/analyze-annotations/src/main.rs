//! Reports on the annotations of a rating study. See README.md.

mod agreement;
mod args;
mod false_negatives;
mod figures;
mod labels;
mod opinions;
mod quality;
mod report;
mod screening;
mod text;
mod tree;
mod truth;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use args::Args;
use report::Report;

fn main() -> ExitCode {
    let done = run(&Args::parse()).inspect_err(|error| eprintln!("error: {error:#}"));
    ExitCode::from(if done.is_ok() { 0 } else { 2 })
}

fn run(args: &Args) -> Result<()> {
    let report = Report::of(args)?;
    print!("{}", text::of(&report)?);
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&report)? + "\n";
        fs::write(path, json).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(folder) = &args.figures {
        let names = figures::write(&report, folder)?;
        println!("\nfigures in {}: {}", folder.display(), names.join(", "));
    }
    Ok(())
}
