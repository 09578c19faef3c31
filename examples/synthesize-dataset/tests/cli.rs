//! The program as people run it.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../print_test.rs"]
mod print_test;

use std::fs;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_synthesize-dataset")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const SMALL: &str = "--identities 4 --methods 9 --frames 2 --size 48x40 --raters 4 --seed 3";

/// Options, and those of a small data set.
fn small<'a>(options: &[&'a str]) -> Vec<&'a str> {
    options.iter().copied().chain(SMALL.split(' ')).collect()
}

#[test]
fn a_tree_and_a_second_run_that_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("d");
    let arguments = small(&["--out", out.to_str().unwrap(), "--jobs", "2"]);
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = text(&output.stdout);
    assert!(
        report.contains("48 clips, 0 of them were there already") && report.contains("a = 0.18"),
        "{report}"
    );
    let tables = ["all_descriptions_en.csv", "sessions.csv", "truth.csv", "truth.json"];
    for name in tables.iter().chain(&["videos/C1/1-1-1-target.y4m", "splits/9/test_set3.csv"]) {
        assert!(out.join(name).is_file(), "{name}");
    }
    let end = format!(" opinions below {}\n", out.display());
    let said = text(&output.stderr);
    assert!(said.starts_with("wrote 48 clips and ") && said.ends_with(&end), "{said}");
    let again = run(&arguments);
    assert!(text(&again.stdout).contains("48 of them were there already"));
    assert!(
        text(&again.stderr).starts_with("resumed: all 48 clips are done already\n"),
        "{}",
        text(&again.stderr)
    );

    let other = run(&[&arguments[..], &["--a", "0.2"]].concat());
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other.stderr).contains("another configuration"), "{}", text(&other.stderr));
}

#[test]
fn a_picture_without_a_tree() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("sheet.png");
    let output = run(&small(&["--contact-sheet", picture.to_str().unwrap()]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    // Four groups; five rows of them, and 15 artifacts on two people.
    let sheet = dream_data::open(&picture, &Default::default()).unwrap();
    assert_eq!((sheet.info().width, sheet.info().height), (4 * 50 - 2, 13 * 42 - 2 + 8));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn wrong_options_are_2_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("d");
    for (arguments, part) in [
        (&["--size", "96"][..], "`96` is no size; give WIDTHxHEIGHT"),
        (&["--identities", "1"], "--identities 1 must be 2 to 9999"),
        (&["--identities", "2", "--methods", "3"], "shorter sessions"),
        (&["--a", "0.9"], "--a 0.9 must be"),
        (&["--size", "16x64"], "--size: the width 16 must be"),
        (&["--fps", "0"], "'--fps <HZ>': `0` is no rate"),
        (&["--jobs", "0"], "--jobs"),
    ] {
        let output = run(&[&["--out", out.to_str().unwrap()], arguments].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(part), "{}", text(&output.stderr));
    }
    assert!(!out.exists());
    assert_eq!(run(&[]).status.code(), Some(2));
    let help = text(&run(&["--help"]).stdout);
    assert!(help.contains("Examples:") && help.contains("--contact-sheet"), "{help}");
}

#[test]
fn the_data_set_is_written_when_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let (out, sheet) = (folder.path().join("d"), folder.path().join("s.png"));
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_synthesize-dataset"));
        command.arg("--out").arg(&out).arg("--contact-sheet").arg(&sheet).args(SMALL.split(' '));
        command
    };
    print_test::without_reader(0, command, || {
        assert!(out.join("splits/9/test_set3.csv").is_file() && sheet.is_file());
        fs::remove_dir_all(out.join("splits")).unwrap();
    });
}
