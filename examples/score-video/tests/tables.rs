//! Rows that appear one by one, tables that go on, names, notes, and the self-test.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    dead_code,
    unreachable_pub,
    reason = "tests"
)]

#[path = "common/clips.rs"]
mod clips;
mod common;

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use clips::clip;
use common::{holds, json, refusal, run, text};

/// The first column of the rows below the header, and whether there is a score.
fn rows(table: &str) -> Vec<(String, bool)> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let scored = |row: &csv::StringRecord| (row[0].to_owned(), !row[1].is_empty());
    reader.records().map(|row| scored(&row.unwrap())).collect()
}

#[test]
fn rows_are_there_as_soon_as_they_are_done() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (clip(folder.path(), "a.y4m", 25), clip(folder.path(), "b.y4m", 14));
    let table = folder.path().join("scores.csv");
    for jobs in ["1", "3"] {
        // The third video comes through a pipe to which nobody writes.
        let mut child = Command::new(env!("CARGO_BIN_EXE_score-video"))
            .args(["--csv", "--jobs", jobs, &a, &b, "-"])
            .stdin(Stdio::piped())
            .stdout(File::create(&table).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_secs(120);
        while fs::read_to_string(&table).unwrap().lines().count() < 3 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let found = rows(&fs::read_to_string(&table).unwrap());
        assert_eq!(found, [(a.clone(), true), (b.clone(), true)], "{jobs} jobs");
    }
}

#[test]
fn a_table_goes_on_with_the_same_settings_and_tries_again_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (a, b) = (clip(root, "a.y4m", 25), clip(root, "b.y4m", 14));
    let late = root.join("late.y4m").display().to_string();
    let out = root.join("s.csv");
    let arguments = ["--csv", "--resume", "--out", out.to_str().unwrap(), &a, &late, &b];
    let whole = run(&["--csv", &a, &late, &b]).stdout;
    assert_eq!(rows(&text(&whole)), [(a.clone(), true), (late.clone(), false), (b.clone(), true)]);

    // What failed is tried again, and comes last.
    let last = [(a.clone(), true), (b.clone(), true), (late.clone(), false)];
    assert_eq!((run(&arguments).status.code(), fs::read(&out).unwrap()), (Some(1), whole.clone()));
    assert_eq!(run(&arguments).status.code(), Some(1));
    assert_eq!(rows(&fs::read_to_string(&out).unwrap()), last);
    let good = run(&["--csv", &a, &b]).stdout;
    let heading = good.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    for cut in [heading, heading + 40, good.len() / 2, good.len() - 1, good.len()] {
        fs::write(&out, &good[..cut]).unwrap();
        assert_eq!(run(&[&arguments[..4], &[&a, &b]].concat()).status.code(), Some(0));
        assert_eq!(text(&fs::read(&out).unwrap()), text(&good), "cut at {cut} of {}", good.len());
    }
    fs::write(&out, &whole).unwrap();
    clip(root, "late.y4m", 14);
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    holds(
        &text(&output.stderr),
        "resumed at video 3 of 3\nscored 1 of 1 video whole, in |wrote 1 row of 43 columns to ",
    );
    let done = fs::read_to_string(&out).unwrap();
    assert_eq!(rows(&done), [(a.clone(), true), (b.clone(), true), (late.clone(), true)]);

    for other in ["--level 0.5", "--method brisque", "--crop 0,0,1,0.9", "--interlaced deinterlace"] {
        let error = refusal(&[&arguments[..], &other.split(' ').collect::<Vec<_>>()].concat());
        holds(&error, &format!("its rows were made with `--method videval60 --level 0.9`|{}", &other[2..]));
    }
    assert_eq!(run(&[&arguments[..], &["--level", "0.9", "--jobs", "1"]].concat()).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&out).unwrap(), done);
    fs::write(&out, "file,score\n").unwrap();
    holds(&refusal(&arguments), "this run has other columns");
    holds(&refusal(&[&arguments[..], &["-"]].concat()), "--resume needs names");
    assert_eq!(run(&["--resume", "--csv", &a]).status.code(), Some(2));
}

#[test]
fn out_takes_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", 14);
    let out = folder.path().join("out");
    for (format, words) in [("--json", "\"videos\""), ("--csv", "file,score"), ("--jobs=1", "frames used")] {
        let output = run(&[format, "-o", out.to_str().unwrap(), &path]);
        assert!(output.status.success() && output.stdout.is_empty(), "{format}");
        holds(&fs::read_to_string(&out).unwrap(), words);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8_stay_apart_and_can_be_read_back() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let names = [&b"a\xFF.y4m"[..], b"a\xFE.y4m", b"a\\xFF.y4m"];
    let paths = names.map(|name| folder.path().join(std::ffi::OsStr::from_bytes(name)));
    let one = clip(folder.path(), "one", 14);
    for path in &paths {
        fs::copy(&one, path).unwrap();
    }
    let out = folder.path().join("s.csv");
    let run = |extra: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_score-video"));
        command.args(["--method", "brisque"]).args(extra).args(&paths).output().unwrap()
    };
    let resume = ["--csv", "--resume", "-o", out.to_str().unwrap()];
    assert_eq!(run(&resume).status.code(), Some(0));
    let table = fs::read_to_string(&out).unwrap();
    let found: Vec<String> = rows(&table).into_iter().map(|(name, _)| name).collect();
    assert!(found[0].ends_with("a\\xFF.y4m") && found[2].ends_with("a\\\\xFF.y4m"), "{found:?}");
    assert_eq!(found.iter().map(|name| dream_data::path_of(name)).collect::<Vec<_>>(), paths);
    assert_eq!(run(&resume).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&out).unwrap(), table);
    let report: Value = serde_json::from_slice(&run(&["--json"]).stdout).unwrap();
    assert_eq!(report["videos"][1]["file"], found[1]);
}

#[test]
fn long_notes_are_below_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", 14);
    let assumed = "range-assumed: the file states no range, limited range is assumed";
    let table = text(&run(&[&path]).stdout);
    assert!(table.lines().any(|line| line == format!("{path}: {assumed}")), "{table}");
    assert!(table.lines().take(2).all(|line| !line.contains("note") && !line.contains("assumed")), "{table}");

    // Short ones stay inside.
    let bytes = fs::read(&path).unwrap();
    let known = folder.path().join("b.y4m");
    let text_of = |bytes: &[u8]| {
        let tagged = [&b"YUV4MPEG2 XCOLORRANGE=LIMITED"[..], &bytes[9..]].concat();
        fs::write(&known, tagged).unwrap();
        text(&run(&["--method", "brisque", known.to_str().unwrap()]).stdout)
    };
    assert!(!text_of(&bytes).contains("note"));
    let cut = text_of(&bytes[..bytes.len() - 1]);
    assert!(cut.lines().next().unwrap().ends_with("note") == cut.contains("  damaged after"), "{cut}");
}

#[test]
fn the_self_test_says_all_that_a_bug_report_needs() {
    let output = run(&["--self-test"]);
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report}");
    holds(
        &report,
        "score-video 0|target |threads |processor |numbers at a time|videval60-ugc-1: SHA-256 |brisque-ugc-1: SHA-256 |\
         blazeface|decoder    builtin: |decoder    ffmpeg-program: |decoder    ffmpeg-library: |\
         score      videval60, clean: |score      brisque, over-compressed: |all is well",
    );
    let (report, code) = json(&["--self-test"]);
    assert_eq!((code, &report["good"]), (Some(0), &Value::Bool(true)));
    assert!(report["target"].as_str().unwrap().contains(std::env::consts::ARCH), "{report}");
    // The scores are those of the demonstration.
    let clean = json(&[]).0["videos"][0]["score"].clone();
    assert_eq!(report["scores"][0]["clean"], clean);
    for scores in report["scores"].as_array().unwrap() {
        let number = |key: &str| scores[key].as_f64().unwrap();
        let apart = number("clean") - number("over_compressed");
        let least = scores["stated"]["least_difference"].as_f64().unwrap();
        assert!(least > 0.2 && apart > 1.2 * least, "{scores}");
        assert_eq!(scores["faults"], Value::Array(Vec::new()));
    }
    assert_eq!(report["models"][0]["sha256"].as_str().unwrap().len(), 64);
    holds(&refusal(&["--self-test", "a.mp4"]), "cannot be used with");
}
