//! Lines of the programs of this package. Checks go on, and their status tells the outcome, when nobody takes the lines.

use std::fmt::Arguments;
use std::io::Write;
use std::process::ExitCode;

/// Prints with one write. See [`say`].
pub(crate) fn print(to: &mut dyn Write, text: Arguments<'_>) {
    let _ = to.write_all(text.to_string().as_bytes());
}

/// A line of the standard output.
#[allow(unused_macros, reason = "not every program has lines")]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::print::print(&mut std::io::stdout(), format_args!("{}\n", format_args!($($text)*)))
    };
}
/// A line of the standard error.
macro_rules! note {
    ($($text:tt)*) => {
        $crate::print::print(&mut std::io::stderr(), format_args!("{}\n", format_args!($($text)*)))
    };
}
#[allow(unused_imports, reason = "no program needs both")]
pub(crate) use {note, say};

/// Runs a program with its arguments; an error is a line of the standard error.
pub(crate) fn main(run: impl FnOnce(&[String]) -> anyhow::Result<()>) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
