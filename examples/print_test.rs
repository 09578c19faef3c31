//! What the tests of every program share: nobody takes what it prints.

use std::fs::File;
use std::process::{Command, Stdio};

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// A full disk, where the system can play one.
fn full() -> Option<Stdio> {
    cfg!(target_os = "linux").then(|| File::options().write(true).open("/dev/full").unwrap().into())
}

/// The commands of `--help` are as wide as any terminal: people copy them, so nothing may break them. Other lines are folded.
fn examples_fit(mut help: Command) {
    let output = help.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for line in text.split_once("\nExamples").unwrap_or_default().1.lines() {
        let trimmed = line.trim_start();
        let command = (1..8).contains(&(line.len() - trimmed.len())) && !trimmed.contains("  ");
        assert!(!command || line.chars().count() <= 80, "{line}");
    }
}

/// Runs a program with its standard output, its standard error and both closed, and both on a full disk. It must not panic, and it
/// must end with `status`, or with 1 where the disk is full. `kept` looks for its results after each run.
pub(crate) fn without_reader(status: i32, command: impl Fn() -> Command, kept: impl Fn()) {
    let help = || {
        let mut help = Command::new(command().get_program());
        help.arg("--help");
        help
    };
    examples_fit(help());
    let run = |mut command: Command, out: Stdio, err: Stdio, expected: i32, words: &str| {
        let output = command.stdout(out).stderr(err).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(expected), "{command:?}: {error}");
        assert!(!error.contains("panicked") && error.contains(words), "{command:?}: {error}");
        error
    };
    let error = run(command(), closed(), Stdio::piped(), status, "");
    assert!(!error.contains("standard output"), "{error}");
    kept();
    run(command(), closed(), closed(), status, "");
    run(help(), closed(), Stdio::piped(), 0, "");
    let (Some(disk), Some(another), Some(third), Some(last)) = (full(), full(), full(), full()) else {
        return;
    };
    run(command(), disk, Stdio::piped(), 1, "error: cannot write to the standard output: ");
    kept();
    run(command(), another, third, 1, "");
    kept();
    run(help(), last, Stdio::piped(), 1, "standard output");
}
