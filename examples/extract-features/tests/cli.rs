//! The program as people run it.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_extract-features")).args(arguments).output().unwrap()
}

fn clip(folder: &Path, name: &str, frames: u64) -> String {
    let mut bytes = b"YUV4MPEG2 W40 H30 F8:1 Ip A1:1 Cmono\n".to_vec();
    for t in 0..frames {
        bytes.extend_from_slice(b"FRAME\n");
        bytes.extend((0..1200u64).map(|i| ((i * i / 31 + i % 40 * 7 + t * 5) % 239) as u8));
    }
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Header and rows.
fn table(output: &Output) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    (header, rows)
}

#[test]
fn one_row_per_video_with_names() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (clip(folder.path(), "a.y4m", 24), clip(folder.path(), "b.y4m", 9));
    let output = run(&[&a, &b]);
    assert_eq!(output.status.code(), Some(0));
    let (header, rows) = table(&output);
    assert_eq!(header.len(), 1 + 36 + 2);
    assert_eq!(
        (header[1].as_str(), header[36].as_str()),
        ("brisque.s1.ggd.shape.mean", "brisque.s2.aggd_d2.right_variance.mean")
    );
    assert_eq!((rows.len(), rows[0][0].as_str(), rows[0][37].as_str()), (2, a.as_str(), "3"));
    assert!(rows.iter().flat_map(|row| &row[1..]).all(|cell| cell.parse::<f64>().is_ok_and(f64::is_finite)));

    let (header, rows) = table(&run(&["--pooling", "feature-fusion", &a]));
    assert_eq!((header.len(), header[72].as_str()), (75, "brisque.s2.aggd_d2.right_variance.std"));
    assert_eq!(rows[0][73], "9", "two windows of five sampled frames, one shared");
}

#[test]
fn a_damaged_file_gives_a_row_a_warning_and_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "cut.y4m", 20);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 7]).unwrap();
    let missing = folder.path().join("missing.y4m");
    let output = run(&[missing.to_str().unwrap(), &path]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(table(&output).1.len(), 1);
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(messages.contains("after 19 good frames") && messages.contains("missing.y4m"), "{messages}");
}

#[test]
fn the_file_named_by_out_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", 10);
    let out = folder.path().join("features.csv");
    let output = run(&[&path, "--out", out.to_str().unwrap()]);
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(fs::read(out).unwrap(), run(&[&path]).stdout);
    assert_eq!(run(&[]).status.code(), Some(2));
}
