//! The program as people run it.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../print_test.rs"]
mod print_test;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_check-splits")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn write(folder: &Path, sets: [&[&str]; 4]) {
    fs::create_dir_all(folder).unwrap();
    for (name, rows) in ["train_set", "test_set1", "test_set2", "test_set3"].iter().zip(sets) {
        fs::write(folder.join(format!("{name}.csv")), format!("file\n{}\n", rows.join("\n"))).unwrap();
    }
}

const CLEAN: [&[&str]; 4] = [
    &["C1/1-1-1-submit-1.mp4", "C1/1-1-1-target.mp4"],
    &["C1/2-1-1-submit-1.mp4", "C1/2-1-1-target.mp4"],
    &["C1/1-1-1-submit-2.mp4"],
    &["C1/2-1-1-submit-2.mp4"],
];

#[test]
fn clean_splits_are_0() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("splits/0"), CLEAN);
    write(&folder.path().join("splits/1"), CLEAN);
    fs::create_dir_all(folder.path().join("videos/C1")).unwrap();
    fs::write(folder.path().join("videos/C1/3-1-1-target.y4m"), "").unwrap();
    let output = run(&[folder.path().to_str().unwrap()]);
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert!(report.contains("test_set1 2 clips, 1 identity, 2 methods"), "{report}");
    assert!(
        report.contains("1 known clip in no set") && report.ends_with("checked 2 splits: no leak\n"),
        "{report}"
    );
    let one = folder.path().join("splits/1");
    assert_eq!(text(&run(&["--quiet", one.to_str().unwrap()]).stdout), "checked 1 split: no leak\n");
}

#[test]
fn leaks_are_named_and_1() {
    let folder = tempfile::tempdir().unwrap();
    let mut sets = CLEAN;
    sets[1] = &["C1/1-2-1-submit-1.mp4", "C1/2-1-1-target.mp4", "C1/2-1-1-target.mp5"];
    sets[2] = &["C1/1-1-1-submit-2.mp4", "C1/1-2-2-submit-1.mp4"];
    sets[3] = &["C1/2-1-1-submit-2.mp4", "C1/2-1-1-target.mp4"];
    write(&folder.path().join("0"), sets);
    let output = run(&[folder.path().to_str().unwrap()]);
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{report}");
    for part in [
        "C1/1-2-1-submit-1.mp4: in test_set1, and identity 1 is in train_set",
        "C1/1-2-2-submit-1.mp4: in test_set2, and method C1/1 is in train_set",
        "C1/2-1-1-target.mp4: in test_set1 and in test_set3",
        "C1/2-1-1-target.mp4: in test_set3, and method C1/target is in train_set",
        "C1/2-1-1-target.mp5: in test_set1, and not among the known clips",
        "checked 1 split: 5 leaks",
    ] {
        assert!(report.contains(part), "{part}\n{report}");
    }
}

#[test]
fn manifests_and_errors() {
    let folder = tempfile::tempdir().unwrap();
    let split = folder.path().join("0");
    write(&split, [&["a.mp4"], &["b.mp4"], &["c.mp4"], &["d.mp4"]]);
    let list = folder.path().join("m.csv");
    let rows = |third: &str| {
        format!("path,mos,group,method\na.mp4,,x,m\nb.mp4,,y,m\nc.mp4,,x,{third}\nd.mp4,,y,n\n")
    };
    fs::write(&list, rows("n")).unwrap();
    let arguments = [split.to_str().unwrap(), "--manifest", list.to_str().unwrap()];
    assert_eq!(run(&arguments).status.code(), Some(0));
    fs::write(&list, rows("m")).unwrap();
    assert_eq!(run(&arguments).status.code(), Some(1));
    assert_eq!(run(&[split.to_str().unwrap()]).status.code(), Some(1), "names that say nothing");

    // One name written in two ways, in train and in a test set.
    fs::write(&list, rows("n").replace(",y,n", ",X,n").replace(",y,m", ",z,m")).unwrap();
    let output = run(&arguments);
    let report = text(&output.stdout);
    assert!(report.contains("d.mp4: in test_set3, and identity `X` may be `x` of train_set"), "{report}");
    assert!(report.contains("they differ only in case") && output.status.code() == Some(1), "{report}");

    fs::remove_file(split.join("test_set2.csv")).unwrap();
    let output = run(&arguments);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("test_set2.csv"));
    let empty = tempfile::tempdir().unwrap();
    let output = run(&[empty.path().to_str().unwrap()]);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("has no splits"));
    assert!(text(&run(&["--help"]).stdout).contains("Examples:"));
}

#[test]
fn the_status_tells_of_leaks_when_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_check-splits"));
        command.arg(folder.path());
        command
    };
    write(&folder.path().join("splits/0"), CLEAN);
    print_test::without_reader(0, command, || {});
    let twice = &["C1/1-1-1-submit-1.mp4", "C1/1-1-1-target.mp4"];
    write(&folder.path().join("splits/0"), [twice, twice, CLEAN[2], CLEAN[3]]);
    print_test::without_reader(1, command, || {});
}
