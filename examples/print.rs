//! How every program prints and ends. Each program includes this file.
//!
//! No print can panic or stop the work: what the standard output does not take is remembered, and [`main`] tells at the
//! end. A pipe whose reader has seen enough is no error; a full disk is one, with status 1.

pub(crate) mod terminal;

use std::error::Error;
use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;

use terminal::Terminal;

/// Why the standard output takes no more.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// The standard output. It never fails: from the first failure on, everything goes nowhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out;

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !lost() {
            remember(io::stdout().write_all(bytes));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !lost() {
            remember(io::stdout().flush());
        }
        Ok(())
    }
}

/// Whether nobody gets what is printed from now on. A program that only prints can stop then.
pub(crate) fn lost() -> bool {
    LOST.get().is_some()
}

fn remember(done: io::Result<()>) {
    if let Err(error) = done {
        LOST.get_or_init(|| error);
    }
}

/// A line of the standard output, with one write; on a terminal, several lines where one would be too long.
#[allow(dead_code, reason = "some programs print through `Out`")]
pub(crate) fn out(text: Arguments<'_>) {
    let text = Terminal::of_stdout().folded(&text.to_string());
    let _ = Out.write_all(format!("{text}\n").as_bytes());
}

/// The same for the standard error. There is nobody to tell when that fails.
pub(crate) fn err(text: Arguments<'_>) {
    let terminal = Terminal::of_stderr();
    let text = terminal.marked(&terminal.folded(&text.to_string()));
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// A number of things, as one says it.
#[allow(dead_code, reason = "not every program counts")]
pub(crate) fn count(number: usize, thing: &str) -> String {
    match thing.strip_suffix('y') {
        _ if number == 1 => format!("1 {thing}"),
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {thing}s"),
    }
}

/// What went wrong with an input, named once: many reasons name it themselves.
#[allow(dead_code, reason = "not every program has several inputs")]
pub(crate) fn named(input: &str, reason: &str) -> String {
    if reason.contains(&format!("{input}: ")) { reason.to_owned() } else { format!("{input}: {reason}") }
}

/// The same where the input's name stands beside it.
#[allow(dead_code, reason = "not every program has several inputs")]
pub(crate) fn unnamed<'a>(input: &str, reason: &'a str) -> &'a str {
    reason.strip_prefix(input).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(reason)
}

/// Says where an interrupted run goes on; nothing where it begins.
#[allow(dead_code, reason = "not every program can")]
pub(crate) fn resumed(thing: &str, done: usize, all: usize) {
    match done {
        0 => {}
        _ if done >= all => note!(
            "resumed: {} done already",
            if all == 1 { format!("the {thing} is") } else { format!("all {all} {thing}s are") }
        ),
        _ => note!("resumed at {thing} {} of {all}", done + 1),
    }
}

/// The last line of a program: what it has written, and where to; no file is the standard output.
#[allow(dead_code, reason = "some programs write nothing")]
pub(crate) fn wrote(what: &str, file: Option<&Path>) {
    match file {
        Some(path) => note!("wrote {what} to {}", path.display()),
        None if lost() => {}
        None => note!("wrote {what}"),
    }
}

/// A line of the standard output.
#[allow(unused_macros, reason = "some programs print through `Out`")]
macro_rules! say {
    ($($text:tt)*) => { $crate::print::out(format_args!($($text)*)) };
}
/// A line of the standard error.
macro_rules! note {
    ($($text:tt)*) => { $crate::print::err(format_args!($($text)*)) };
}
#[allow(unused_imports, reason = "no program needs all of it")]
pub(crate) use {note, say};

/// The message of an error whose words are those of a library, in words of the command line.
pub(crate) type Typed = fn(&(dyn Error + 'static)) -> Option<String>;

/// An error with its causes, in a line.
pub(crate) fn message(error: &anyhow::Error, typed: Typed) -> String {
    let words = |cause: &(dyn Error + 'static)| typed(cause).unwrap_or_else(|| cause.to_string());
    error.chain().map(words).collect::<Vec<_>>().join(": ")
}

/// Runs a program, which says whether all went well, and gives its status: 0 or 1 as it says, 1 also where there is no
/// room for its output, 2 for wrong usage or input.
pub(crate) fn main<A>(
    args: Result<A, clap::Error>,
    typed: Typed,
    run: impl FnOnce(&A) -> anyhow::Result<bool>,
) -> ExitCode {
    let done = match args {
        Ok(args) => run(&args),
        Err(error) if error.use_stderr() => {
            usage(&error);
            return ExitCode::from(2);
        }
        Err(help) => {
            let terminal = Terminal::of_stdout();
            let text = terminal.help(&styled(&help, terminal));
            let _ = Out.write_all(format!("{text}\n").as_bytes());
            Ok(true)
        }
    };
    remember(io::stdout().flush());
    let status = match &done {
        Ok(good) => u8::from(!good),
        Err(error) => {
            note!("error: {}", message(error, typed));
            if error.chain().any(no_room) { 1 } else { 2 }
        }
    };
    match LOST.get() {
        Some(why) if why.kind() != ErrorKind::BrokenPipe => {
            note!("error: cannot write to the standard output: {why}");
            ExitCode::from(status.max(1))
        }
        _ => ExitCode::from(status),
    }
}

fn no_room(cause: &(dyn Error + 'static)) -> bool {
    let kind = cause.downcast_ref().map(io::Error::kind);
    matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
}

/// Wrong usage. The parser names the option, so a library's name for it is left out.
fn usage(error: &clap::Error) {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    match cause.strip_prefix("option `").and_then(|rest| rest.split_once("`: ")) {
        Some((_, reason)) => note!("{}", error.to_string().replace(&cause, reason).trim_end()),
        None => note!("{}", styled(error, Terminal::of_stderr())),
    }
}

/// What the parser says: help, or an error with a hint. It knows no width, so whoever prints it has to fold it.
fn styled(said: &clap::Error, terminal: Terminal) -> String {
    let text = said.render();
    let text = if terminal.color { text.ansi().to_string() } else { text.to_string() };
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_counted_in_words() {
        assert_eq!([0, 1, 2].map(|number| count(number, "row")), ["0 rows", "1 row", "2 rows"]);
        assert_eq!([1, 2].map(|number| count(number, "identity")), ["1 identity", "2 identities"]);
    }

    #[test]
    fn inputs_are_named_once() {
        let (says, silent) = ("cannot open a.mp4: no such file", "it is too small");
        assert_eq!((named("a.mp4", says), named("a.mp4", silent)), (says.into(), format!("a.mp4: {silent}")));
        assert_eq!((unnamed("a.mp4", "a.mp4: it ends"), unnamed("a.mp4", says)), ("it ends", says));
    }
}
