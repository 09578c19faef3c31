//! Explanations of a whole data set. See README.md.

use std::process::ExitCode;

fn main() -> ExitCode {
    explain_dataset::main()
}
