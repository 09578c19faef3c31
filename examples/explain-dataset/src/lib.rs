//! Explanations of a whole data set as a library: what the program `explain-dataset` does. See README.md.

mod args;
mod index;
#[path = "../../print.rs"]
mod print;
mod profiles;
mod tables;
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
