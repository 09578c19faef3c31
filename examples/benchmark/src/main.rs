//! The benchmark in one command. See README.md.

use std::process::ExitCode;

fn main() -> ExitCode {
    benchmark::main()
}
