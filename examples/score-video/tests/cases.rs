//! Inputs of the shared folder `cases`, which once broke the product, and what is right: `cases.csv`.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub, reason = "tests")]

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};

use common::{holds, run, text};

#[test]
fn cases_are_answered_as_the_list_says() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = || package.join("../../../shared");
    let folder = std::env::var_os("DREAM_SHARED").map_or_else(beside, PathBuf::from).join("cases");
    if !folder.is_dir() {
        let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|value| value == "1");
        assert!(!required, "{} is missing: set DREAM_SHARED to the shared folder", folder.display());
        // Written past the test runner, which hides what a passing test prints.
        writeln!(std::io::stderr().lock(), "SKIPPED: {} is missing", folder.display()).unwrap();
        return;
    }
    for row in csv::Reader::from_path(package.join("tests/cases.csv")).unwrap().records() {
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
