//! Explanations of a whole data set as a library: what the program `explain-dataset` does. See README.md.

mod args;
mod draw;
mod examples;
mod faces;
#[path = "../../figure.rs"]
mod figure;
#[path = "../../html.rs"]
mod html;
mod index;
mod page;
#[path = "../../print.rs"]
mod print;
mod profiles;
mod report;
mod similarity;
mod summaries;
mod tables;
mod tokens;
mod videos;
mod work;

pub use args::Args;

use std::process::ExitCode;

use clap::Parser;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    print::main(Args::try_parse(), train::in_words, work::run)
}
