//! Options for reading videos, and what is said of assumptions about them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use dream_models::deep::checkpoint::Checkpoint;
use serde_json::{Value, json};
use train::testing::{retag, tree, videos};

/// Runs the program and expects an exit status; what it said on the standard error.
fn run(code: i32, data: &Path, out: &Path, cache: &Path, more: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
    command.arg("--data").arg(data).arg("--out").arg(out).arg("--cache").arg(cache).args(more);
    command.args(["--method", "opdai", "--epochs", "1", "--batch", "4", "--threads", "2"]);
    let output = command.output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{command:?}: {error}");
    error
}

#[test]
fn options_for_reading_are_part_of_cache_run_and_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (data, cache) = (tree(root), root.join("frames"));
    videos(&data).iter().for_each(|video| retag(video, " Ip", " It"));
    let first = ["--interlaced", "deinterlace"];
    let predictions = |name: &str, cache: &Path, more: &[&str]| {
        run(0, &data, &root.join(name), cache, more);
        fs::read_to_string(root.join(name).join("predictions.csv")).unwrap()
    };
    let both_fields = predictions("weave", &cache, &[]);
    let one_field = predictions("field", &cache, &first);
    assert_ne!(one_field, both_fields);
    assert_eq!(one_field, predictions("fresh", &root.join("other"), &first));
    assert_eq!(both_fields, predictions("again", &cache, &["--interlaced", "weave", "--decoder", "auto"]));

    let settings = |name: &str| {
        let checkpoint = Checkpoint::open(root.join(name).join("model.json")).unwrap();
        checkpoint.provenance::<Value>().unwrap()["settings"]["reading"].clone()
    };
    assert_eq!((settings("weave"), settings("field")), (Value::Null, json!("--interlaced deinterlace")));
    let error = run(2, &data, &root.join("weave"), &cache, &first);
    assert!(error.contains("reading null there, \"--interlaced deinterlace\" now"), "{error}");
    let error = run(2, &data, &root.join("refused"), &cache, &["--interlaced", "refuse"]);
    assert!(error.contains("interlaced video"), "{error}");
}

#[test]
fn assumptions_are_noted_written_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (data, cache, out) = (tree(root), root.join("frames"), root.join("out"));
    run(0, &data, &out, &cache, &["--strict"]);
    assert_eq!(fs::read_to_string(out.join("assumptions.csv")).unwrap(), "file,assumption\n");

    videos(&data).iter().for_each(|video| retag(video, " XCOLORRANGE=LIMITED", ""));
    let all = videos(&data).len();
    let assumed = "range-assumed: the file states no range, limited range is assumed";
    // Decoded, and then from the cache.
    for _ in 0..2 {
        let error = run(0, &data, &out, &cache, &[]);
        let notes: Vec<&str> = error.lines().filter(|line| line.starts_with("note: ")).collect();
        assert_eq!(notes.len(), 5 + 1, "{error}");
        assert!(notes[0].starts_with("note: C1/") && notes[0].ends_with(&format!(".y4m: {assumed}")));
        let count = format!("note: {all} videos rest on assumptions: range-assumed {all}");
        assert_eq!(notes[5], count);
        let table = fs::read_to_string(out.join("assumptions.csv")).unwrap();
        assert_eq!(table.matches(&format!(".y4m,\"{assumed}\"\n")).count(), all, "{table}");
    }
    let checkpoint = Checkpoint::open(out.join("model.json")).unwrap();
    assert_eq!(checkpoint.provenance::<Value>().unwrap()["assumptions"], json!({ "range-assumed": all }));

    let error = run(2, &data, &out, &cache, &["--strict"]);
    assert!(error.contains("error: C1/") && error.contains(assumed), "{error}");
    let help = Command::new(env!("CARGO_BIN_EXE_train")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("Reading videos:") && help.contains("--strict") && !help.contains("--each"));
}
