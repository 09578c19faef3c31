//! Explanations of a whole data set as a library: what the program `explain-dataset` does. See README.md.

mod args;
mod draw;
mod examples;
mod explained;
mod faces;
#[path = "../../figure.rs"]
mod figure;
#[path = "../../html.rs"]
mod html;
mod index;
mod page;
mod pointing;
#[path = "../../print.rs"]
mod print;
mod profiles;
mod report;
#[path = "../../save.rs"]
mod save;
mod similarity;
mod summaries;
mod tables;
mod tokens;
mod videos;

pub use args::Args;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use explained::Explained;
use print::{count, note};
use report::Report;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    print::main(Args::try_parse(), train::in_words, run)
}

/// Does what the command line says.
fn run(args: &Args) -> Result<bool> {
    let _lock = train::lock(&args.out)?;
    train::with_threads(args.threads, || {
        let explained = Explained::new(args)?;
        let files = Report::new(&explained)?.write(&explained)?;
        note!(
            "explained {} by {}; wrote {} to {}",
            count(explained.clips.len(), "clip"),
            count(explained.index.len(), "sentence"),
            count(files, "file"),
            args.out.display()
        );
        Ok(true)
    })
}
