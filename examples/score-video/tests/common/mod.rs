//! The program as people run it.

use std::process::{Command, Output};

use serde_json::Value;

/// Runs the program with a number of threads.
pub fn run_on(threads: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_score-video"));
    command.env("RAYON_NUM_THREADS", threads).args(arguments).output().unwrap()
}

pub fn run(arguments: &[&str]) -> Output {
    run_on("2", arguments)
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The report, and the exit status.
pub fn json(arguments: &[&str]) -> (Value, Option<i32>) {
    let output = run(&[&["--json"], arguments].concat());
    let report = serde_json::from_slice(&output.stdout);
    (report.unwrap_or_else(|_| panic!("{}", text(&output.stderr))), output.status.code())
}

/// What the report says about the first video.
pub fn video(arguments: &[&str]) -> Value {
    json(arguments).0["videos"][0].clone()
}

/// What the program says about usage that it refuses.
pub fn refusal(arguments: &[&str]) -> String {
    let output = run(arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    error
}

/// Checks that a text holds all of some words, which a bar separates.
pub fn holds(text: &str, words: &str) {
    for word in words.split('|') {
        assert!(text.contains(word), "{word} is missing in\n{text}");
    }
}
