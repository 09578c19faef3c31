//! Checks that cargo alone cannot express: `cargo xtask --help`.

mod alone;
mod ci;
mod devices;
mod layers;
mod outside;
mod print;
mod readme;
mod source;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::print::say;

const HELP: &str = "\
Checks that cargo alone cannot express.

Usage: cargo xtask <COMMAND> [OPTIONS]

Commands:
  layers [--sources DIR]          dependencies between crates, levels inside dream-models, import circles
  tidy                            length of files and functions, machine paths, provenance of test data, READMEs
  golden --dir DIR [--only A,B]   compares the crates with reference outputs under DIR
  features-table [--check]        writes docs/features.md, or checks that it is current
  ci [--list] [--only A,B]        everything CI runs, with the time of each step
  convert-clip FILE.onnx OUT      makes a file of weights of the CLIP image tower that a Python package holds
  cuda-build [--check]            builds a program for CUDA on a machine without a GPU or toolkit
  metal-check                     type-checks what is compiled for Metal, on Linux

Examples:
  cargo xtask layers
  cargo xtask golden --dir ../shared/golden
  cargo xtask golden --dir ../shared/golden/models --only metrics,losses
  cargo xtask ci --only fmt,tidy,layers

`cargo xtask <COMMAND> --help` says more.
";

fn main() -> ExitCode {
    print::main(run)
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        say!("{}", HELP.trim_end());
        bail!("name a command");
    };
    match command.as_str() {
        "-h" | "--help" | "help" => {
            say!("{}", HELP.trim_end());
            Ok(())
        }
        "layers" => layers::run(rest),
        "tidy" => tidy::run(rest),
        "golden" => workspace::hand_over("golden", "xtask-golden", rest),
        "features-table" => workspace::hand_over("features", "xtask-features", rest),
        "convert-clip" => workspace::hand_over("clip", "xtask-clip", rest),
        "ci" => ci::run(rest),
        "cuda-build" => devices::cuda::run(rest),
        "metal-check" => devices::metal::run(rest),
        other => bail!("there is no command `{other}`: see `cargo xtask --help`"),
    }
}
