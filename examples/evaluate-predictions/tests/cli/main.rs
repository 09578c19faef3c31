//! The program as people run it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "../../../print_test.rs"]
mod print_test;
mod tables;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_evaluate-predictions")).args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", err(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Forty clips of four methods: train, a test set of seen methods, one of a new method.
fn labels(folder: &Path) -> String {
    let mut text = "file,mos,split,method\n".to_owned();
    for clip in 0..40 {
        let (set, method) = match clip {
            0..16 => ("train", clip % 3),
            16..30 => ("test_a", clip % 3),
            _ => ("test_b", 3),
        };
        let mos = 1.0 + f64::from(method) + f64::from(clip * 7 % 5) / 5.0;
        writeln!(text, "c{clip}.mp4,{mos},{set},m{method}").unwrap();
    }
    write(folder, "labels.csv", &text)
}

/// Predictions that follow the labels up to a wobble.
fn predictions(folder: &Path, name: &str, wobble: u32) -> String {
    let mut text = "video,score\n".to_owned();
    for clip in 0..40_u32 {
        let method = if clip < 30 { clip % 3 } else { 3 };
        let truth = 1.0 + f64::from(method) + f64::from(clip * 7 % 5) / 5.0;
        writeln!(text, "c{clip}.mp4,{}", truth + f64::from(clip * wobble % 7) / 10.0).unwrap();
    }
    write(folder, name, &text)
}

#[test]
fn one_set_and_all_metrics() {
    let folder = tempfile::tempdir().unwrap();
    let labels = write(folder.path(), "l.csv", "file,mos\na,1\nb,2\nc,3\nd,4\n");
    let predictions = write(folder.path(), "mine.csv", "file,prediction\nd,4\nc,2\nb,3\na,1\n");
    let output = run(&["--labels", &labels, "--predictions", &predictions]);
    let end = "compared 1 method with the scores of 1 set in 1 split\n";
    assert!(err(&output).ends_with(end), "{}", err(&output));
    let text = out(&output);
    assert!(text.starts_with("Method  PLCC1  SRCC1"), "{text}");
    assert!(text.contains("mine    0.800  0.800"), "{text}");
    assert!(text.contains("n 4     PLCC 0.8000 SRCC 0.8000 KRCC 0.6667 RMSE 0.7071 MAE 0.5000"), "{text}");
}

#[test]
fn sets_intervals_curve_and_comparison() {
    let folder = tempfile::tempdir().unwrap();
    let labels = labels(folder.path());
    let (first, second) = (predictions(folder.path(), "a.csv", 3), predictions(folder.path(), "b.csv", 5));
    let files = ["--labels", &labels, "--predictions", &first, "--compare", &second];
    let arguments = [&files[..], &["--by", "split", "--ci", "--logistic"]].concat();
    let output = run(&arguments);
    let text = out(&output);
    assert!(text.contains("PLCC1") && text.contains("PLCC2") && !text.contains("PLCC3"), "{text}");
    assert!(text.contains("1 is test_a, 14 clips\n2 is test_b, 10 clips\n"), "{text}");
    assert_eq!(text.matches("after the curve PLCC").count(), 4, "{text}");
    assert!(text.contains("a against b") && text.matches("Williams p after Holm").count() == 2, "{text}");
    assert_eq!(out(&run(&arguments)), text, "the bootstrap is seeded");
    let other = out(&run(&[&arguments[..], &["--seed", "9"]].concat()));
    assert_ne!(other, text);
}

#[test]
fn the_baseline_says_what_it_cannot_predict() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["--labels", &labels(folder.path()), "--by", "split", "--baseline", "method-mean"]);
    let text = out(&output);
    assert!(text.contains("method-mean (no pixels)  0.9"), "{text}");
    assert!(text.contains("      -"), "{text}");
    let notes = err(&output);
    assert!(notes.contains("cannot predict test_b: the methods of 10 of its 10 clips"), "{notes}");
}

#[test]
fn other_formats_hold_the_table_only() {
    let folder = tempfile::tempdir().unwrap();
    let (labels, mine) = (labels(folder.path()), predictions(folder.path(), "a.csv", 3));
    for (format, start, lines) in [
        ("csv", "family,method,PLCC1", 2),
        ("markdown", "| Method | PLCC1 |", 3),
        ("latex", "\\begin{tabular}", 7),
    ] {
        let output = run(&["--labels", &labels, "--predictions", &mine, "--by", "split", "--format", format]);
        let text = out(&output);
        assert!(text.starts_with(start) && text.lines().count() == lines, "{text}");
        assert!(err(&output).contains("KRCC"));
    }
}

/// A DREAM tree of three splits: mean ± deviation, and tests over the splits.
#[test]
fn a_folder_of_splits() {
    let folder = tempfile::tempdir().unwrap();
    let mut mine = ["split,file,prediction\n".to_owned(), "split,file,prediction\n".to_owned()];
    for split in 0..3_u32 {
        let inside = folder.path().join("splits").join(split.to_string());
        fs::create_dir_all(&inside).unwrap();
        for (number, set) in ["train_set", "test_set1", "test_set2", "test_set3"].into_iter().enumerate() {
            let mut text = "file,mos\n".to_owned();
            for clip in 0..9_u32 {
                let name = format!("C1/{}-1-{clip}-submit-{number}.mp4", split + 1);
                let mos = 1.0 + f64::from(clip * 5 % 9) / 2.5;
                writeln!(text, "{name},{mos}").unwrap();
                for (file, wobble) in mine.iter_mut().zip([1, 4]) {
                    let score = mos + f64::from(clip * wobble * (split + 2) % 5) / 4.0;
                    writeln!(file, "{split},{name},{score}").unwrap();
                }
            }
            fs::write(inside.join(format!("{set}.csv")), text).unwrap();
        }
    }
    let root: PathBuf = folder.path().join("splits");
    let first = write(folder.path(), "first.csv", &mine[0]);
    let second = write(folder.path(), "second.csv", &mine[1]);
    let arguments = ["--labels", root.to_str().unwrap(), "--predictions", &first, "--compare", &second];
    let output = run(&arguments);
    let text = out(&output);
    assert!(text.contains("PLCC3") && text.contains('±'), "{text}");
    assert!(text.contains("over 3 splits  average: corrected t"), "{text}");
    assert_eq!(text.matches("Williams p after Holm").count(), 9, "{text}");
}

#[test]
fn wrong_input_names_file_line_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let labels = write(folder.path(), "l.csv", "\u{feff}file,mos\r\na,1\r\nb,2\r\nc,3\r\n");
    let good = write(folder.path(), "p.csv", "file,prediction\na,1\nb,2\nc,3\n");
    assert!(
        out(&run(&["--labels", &labels, "--predictions", &good])).contains("1.000"),
        "a mark of bytes and CRLF are fine"
    );
    for (text, expected) in [
        (
            "file,prediction\na,1\nb,x\nc,3\n",
            "bad.csv:3: column `prediction` is `x`; it must be a finite number",
        ),
        ("file,prediction\na,1\nb,NaN\nc,3\n", "bad.csv:3: column `prediction` is `NaN`"),
        (
            "file,prediction\na,1\nb,2\na,3\n",
            "bad.csv:4: a second prediction for `a` after line 2; remove one",
        ),
        (
            "file,value\na,1\n",
            "bad.csv:1: no column `prediction` among `file,value`; expected predictions with a column of clips",
        ),
        (
            "file,prediction\na,1\nb,2\n",
            "no prediction for 1 of 3 clips of all (split 0): c, ...: the labels have `c`, and",
        ),
        ("file,prediction\na,1\nb,2\n", "no name is alike; --allow-missing scores the others"),
        ("file,score,Score\na,1,2\n", "bad.csv:1: two columns, `score` and `Score`; rename"),
        ("file,prediction\na,1\nb,\nc,3\n", "(split 0): b, ...: their scores are empty; --allow-missing"),
        (
            "file,prediction\nA,1\nB,2\n",
            "no prediction for 3 of 3 clips of all (split 0): a, b, c, ...: the labels have `a`",
        ),
        ("file,prediction\nA,1\nB,2\n", "has `A`: they differ in case\n"),
        ("file,prediction\nx/a,1\ny/a,1\n", "`a` of the labels may be `x/a` or `y/a` of"),
        ("file,prediction\n", "no rows below the header"),
        ("file,prediction\na\n", "bad.csv:2: 1 fields where the first row has 2; quote"),
    ] {
        let output = run(&["--labels", &labels, "--predictions", &write(folder.path(), "bad.csv", text)]);
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).contains(expected), "{} lacks {expected}", err(&output));
    }
    let twice = write(folder.path(), "twice.csv", "file,mos\na,1\na,2\n");
    assert!(
        err(&run(&["--labels", &twice, "--predictions", &good]))
            .contains("twice.csv:3: the clip `a` was on line 2 already; keep one row for a clip")
    );
    let absent = folder.path().join("absent.csv");
    let output = run(&["--labels", absent.to_str().unwrap(), "--predictions", &good]);
    assert!(err(&output).contains("cannot read") && output.status.code() == Some(2));
    let flat = write(folder.path(), "flat.csv", "file,prediction\na,2\nb,2\nc,2\n");
    let output = run(&["--labels", &labels, "--predictions", &flat]);
    assert!(out(&output).contains("0.000") && err(&output).contains("counted as a correlation of 0"));
    let part = write(folder.path(), "part.csv", "file,prediction\na,1\nc,2\n");
    let output = run(&["--labels", &labels, "--predictions", &part, "--allow-missing"]);
    assert!(out(&output).contains("n 2") && err(&output).contains("1 of 3 clips of all; they are left out"));
}

/// The real labels: how much of the first test set needs no pixels.
#[test]
fn shared_method_mean() {
    let root = std::env::var_os("DREAM_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into());
    let path = root.join("data/dfgc_vra_labels_and_splits.csv");
    if !path.is_file() {
        let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1");
        assert!(!required, "{}: absent; set DREAM_SHARED to the shared folder", path.display());
        use std::io::Write as _;
        writeln!(std::io::stderr().lock(), "SKIPPED: shared_method_mean: {} is absent", path.display())
            .unwrap();
        return;
    }
    let arguments =
        ["--labels", path.to_str().unwrap(), "--by", "split", "--baseline", "method-mean", "--format", "csv"];
    let output = run(&arguments);
    let text = out(&output);
    let row: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
    // The values of SciPy 1.17.1 on NumPy's means.
    let (plcc, srcc): (f64, f64) = (row[2].parse().unwrap(), row[11].parse().unwrap());
    assert!(
        (plcc - 0.823_904_451_502_059_8).abs() < 1e-12 && (srcc - 0.774_171_187_926_414_9).abs() < 1e-12,
        "{text}"
    );
    let notes = err(&output);
    assert!(
        notes.contains("cannot predict test_set2") && notes.contains("cannot predict test_set3"),
        "{notes}"
    );
}

#[test]
fn nobody_has_to_read_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let (labels, mine) = (labels(folder.path()), predictions(folder.path(), "mine.csv", 3));
    for format in ["text", "csv"] {
        let command = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_evaluate-predictions"));
            command.args(["--labels", &labels, "--predictions", &mine, "--format", format]);
            command
        };
        print_test::without_reader(0, command, || {});
    }
    let few = run(&["--labels", &labels, "--predictions", &mine, "--ci", "--resamples", "7"]);
    assert!(err(&few).contains("--resamples 7 is too few: pass at least 100"), "{}", err(&few));
}

#[test]
fn one_table_may_be_the_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let (labels, mine) = (labels(folder.path()), predictions(folder.path(), "mine.csv", 3));
    let from = |input: std::process::Stdio, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_evaluate-predictions"));
        command.args(arguments).stdin(input).output().unwrap()
    };
    let expected = out(&run(&["--labels", &labels, "--predictions", &mine, "--format", "csv"]));
    let (reader, mut writer) = std::io::pipe().unwrap();
    let bytes = fs::read(&labels).unwrap();
    std::thread::spawn(move || drop(std::io::Write::write_all(&mut writer, &bytes)));
    let arguments = ["--labels", "-", "--predictions", &mine, "--format", "csv"];
    assert_eq!(out(&from(reader.into(), &arguments)), expected);
    assert_eq!(out(&from(fs::File::open(&labels).unwrap().into(), &arguments)), expected);
    let both = from(fs::File::open(&labels).unwrap().into(), &["--labels", "-", "--predictions", "-"]);
    assert_eq!(both.status.code(), Some(2));
    assert!(err(&both).contains("the standard input a second time"), "{}", err(&both));
}
