//! Inputs of the shared folder `cases`, which once broke the product, and what is right: `cases.csv`.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub, reason = "tests")]

#[path = "../../cases_test.rs"]
mod cases_test;
mod common;

use std::fs::File;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use common::{holds, run, text, video};

#[test]
fn cases_are_answered_as_the_list_says() {
    let Some(folder) = cases_test::folder() else { return };
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases.csv");
    for row in csv::Reader::from_path(list).unwrap().records() {
        let row = row.unwrap();
        let [file, arguments, status, words] = [0, 1, 2, 3].map(|i| row.get(i).unwrap());
        let path = folder.join(file);
        let arguments: Vec<&str> = arguments.split_whitespace().chain(path.to_str()).collect();
        let output = run(&arguments);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), status.parse().ok(), "{arguments:?}: {said}");
        holds(&said, words);
    }
}

#[cfg(all(unix, feature = "h264"))]
#[test]
fn an_mp4_can_be_redirected() {
    let Some(folder) = cases_test::folder() else { return };
    let path = folder.join("video/plain.mp4");
    let mut command = Command::new(env!("CARGO_BIN_EXE_score-video"));
    let input = File::open(&path).unwrap();
    let output = command.args(["--json", "--decoder", "builtin", "-"]).stdin(input).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let named = video(&["--decoder", "builtin", path.to_str().unwrap()]);
    assert!(named["score"].is_f64() && named["score"] == report["videos"][0]["score"], "{report}");
}
