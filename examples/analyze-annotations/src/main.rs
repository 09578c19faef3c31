//! Reports on the annotations of a rating study. See README.md.

mod agreement;
mod args;
mod false_negatives;
#[path = "../../figure.rs"]
mod figure;
mod figures;
mod labels;
mod opinions;
#[path = "../../print.rs"]
mod print;
mod quality;
mod report;
#[path = "../../save.rs"]
mod save;
mod screening;
mod text;
mod tree;
mod truth;

use std::error::Error;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use dream_data::Error as DataError;

use args::Args;
use print::{count, note, say};
use report::Report;

fn main() -> ExitCode {
    print::main(Args::try_parse(), typed, run)
}

/// Errors of the libraries in words of the command line.
fn typed(cause: &(dyn Error + 'static)) -> Option<String> {
    let DataError::InvalidOption { option, reason } = cause.downcast_ref()? else { return None };
    Some(match *option {
        "tolerance" => format!("--tolerance {reason}"),
        "clips" => {
            format!(
                "{reason}: correct the table, or say with --session-clips and --session-checkers what sessions have"
            )
        }
        _ => reason.clone(),
    })
}

fn run(args: &Args) -> Result<bool> {
    let report = Report::of(args)?;
    let text = text::of(&report)?;
    if let Some(path) = &args.json {
        save::save(path, |out| {
            serde_json::to_writer_pretty(&mut *out, &report).map_err(std::io::Error::from)?;
            Ok(writeln!(out)?)
        })?;
    }
    let drawn = args.figures.as_ref().map(|folder| figures::write(&report, folder)).transpose()?;
    // Results are on the disk before the first line.
    say!("{}", text.trim_end_matches('\n'));
    if let (Some(folder), Some(names)) = (&args.figures, drawn) {
        say!("\nfigures in {}: {}", folder.display(), names.join(", "));
    }
    let files = [&args.json, &args.figures].into_iter().flatten().map(|path| path.display().to_string());
    let files = files.collect::<Vec<_>>().join(" and ");
    let (scores, clips) = (count(report.scores, "score"), count(report.opinions.clips.len(), "clip"));
    let wrote = if files.is_empty() { String::new() } else { format!("; wrote {files}") };
    note!("analysed {scores} of {clips}{wrote}");
    Ok(true)
}
