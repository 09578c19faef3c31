//! The benchmark in one command. See README.md.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match benchmark::run(&benchmark::Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
