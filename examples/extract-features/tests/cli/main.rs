//! The program as people run it.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "tests")]

#[path = "../../../picture_test.rs"]
mod picture;
mod pictures;
#[path = "../../../print_test.rs"]
mod print_test;

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

/// Header and rows, without the three last columns.
fn table(output: &Output) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let cells = |record: &csv::StringRecord| -> Vec<String> {
        record.iter().take(record.len() - 3).map(str::to_owned).collect()
    };
    assert!(reader.headers().unwrap().iter().rev().take(3).eq(["assumptions", "settings", "recipe"]));
    let header = cells(reader.headers().unwrap());
    (header, reader.records().map(|row| cells(&row.unwrap())).collect())
}

/// The three last cells of the first row: recipe, settings and assumptions.
fn notes(output: &Output) -> [String; 3] {
    let row = csv::Reader::from_reader(output.stdout.as_slice()).into_records().next().unwrap().unwrap();
    [3, 2, 1].map(|back| row[row.len() - back].to_owned())
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
    // Too little is left for the features of a video: the cut is the cause.
    fs::write(&path, &bytes[..bytes.len() / 10]).unwrap();
    let output = run(&["--set", "v-bliinds", &path]);
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && messages.contains("after 1 good frames"), "{messages}");
}

#[test]
fn the_file_named_by_out_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", 10);
    let out = folder.path().join("features.csv");
    let output = run(&[&path, "--out", out.to_str().unwrap()]);
    assert!(output.status.success() && output.stdout.is_empty());
    let end = format!("wrote 1 row of 36 features to {}\n", out.display());
    assert!(text(&output.stderr).ends_with(&end), "{output:?}");
    assert_eq!(fs::read(&out).unwrap(), run(&[&path]).stdout);
    // What is done already is said, and what is new.
    let other = clip(folder.path(), "b.y4m", 10);
    let output = run(&[&path, &other, "--resume", "--out", out.to_str().unwrap()]);
    assert!(text(&output.stderr).starts_with("resumed at input 2 of 2\n"), "{output:?}");
    assert!(text(&output.stderr).ends_with(&end), "{output:?}");
    assert_eq!(run(&[]).status.code(), Some(2));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Zeros would look like features.
#[test]
fn a_row_without_any_feature_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let good = clip(folder.path(), "good.y4m", 4);
    let small = folder.path().join("small.y4m");
    fs::write(&small, b"YUV4MPEG2 W4 H4 F8:1 Cmono\nFRAME\nabcdefghijklmnop").unwrap();
    for extra in [&[][..], &["--per-frame"]] {
        let output = run(&[&["--set", "gm-log", small.to_str().unwrap(), &good], extra].concat());
        let said = text(&output.stderr);
        assert!(said.contains("small.y4m: every feature is undefined: its pictures are too small"), "{said}");
        let rows = table(&output).1;
        assert!(output.status.code() == Some(1) && rows.iter().all(|row| row[0] == good), "{rows:?}");
    }
    // What an extractor says of a picture does not name the file.
    let said = text(&run(&["--set", "videval60", small.to_str().unwrap()]).stderr);
    assert!(said.contains("small.y4m: image of 4x4 is too small"), "{said}");
}

/// A colour clip of 112x96, large enough for every set.
fn colour(folder: &Path, name: &str, frames: usize, header: bool) -> String {
    let mut bytes = if header { b"YUV4MPEG2 W112 H96 F4:1 C420jpeg\n".to_vec() } else { Vec::new() };
    for t in 0..frames {
        if header {
            bytes.extend_from_slice(b"FRAME\n");
        }
        bytes.extend((0..112 * 96usize).map(|i| {
            let (x, y) = (i % 112 + 2 * t, i / 112 + t);
            ((x * x / 29 + y * y / 23 + x * y / 41 + (x / 9 + y / 7) % 2 * 60) % 239) as u8
        }));
        bytes.extend((0..2 * 56 * 48usize).map(|i| (100 + (i / 7 + t) % 57) as u8));
    }
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_set_has_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = colour(folder.path(), "a.y4m", 30, true);
    let sets = ["brisque", "gm-log", "higrade", "tlvqm", "v-bliinds", "videval", "videval60", "rapique"];
    for (set, dim) in sets.into_iter().zip([36, 40, 216, 75, 46, 705, 60, 1836]) {
        let output = run(&["--set", set, &path]);
        assert_eq!(output.status.code(), Some(0), "{set}: {}", String::from_utf8_lossy(&output.stderr));
        let (header, rows) = table(&output);
        assert_eq!((header.len(), rows.len()), (1 + dim + 2, 1), "{set}");
        assert!(rows[0][1..].iter().all(|cell| cell.parse::<f64>().is_ok_and(f64::is_finite)), "{set}");
        let digits = rows[0][1].trim_start_matches('-').split('e').next().unwrap().len();
        assert_eq!(digits, 18, "17 digits and a point: {}", rows[0][1]);
    }
    let (header, rows) = table(&run(&["--set", "gm-log", "--pooling", "mean-std", &path]));
    assert_eq!((header.len(), rows.len()), (1 + 80 + 2, 1));
    for wrong in [
        &["--set", "tlvqm", "--per-frame"][..],
        &["--set", "videval", "--pooling", "mean-std"],
        &["--set", "videval60", "--per-frame"],
        &["--size", "12by9", "--fps", "5"],
        &["--pixels", "nv12"],
        &["--range", "full", "--set", "higrade"],
        &["--track", "0"],
        &["--decoder", "vlc"],
        &["--fps", "-1"],
        &["--per-frame", "--pooling", "mean-std"],
    ] {
        assert_eq!(run(&[wrong, &[&path]].concat()).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn raw_files_and_images_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let y4m = colour(folder.path(), "a.y4m", 8, true);
    let raw = colour(folder.path(), "a.yuv", 8, false);
    for set in ["higrade", "v-bliinds"] {
        let expected = table(&run(&["--set", set, &y4m])).1;
        for fps in ["4", "4.0", "8/2"] {
            let found = table(&run(&["--set", set, "--size", "112x96", "--fps", fps, &raw])).1;
            assert_eq!(found[0][1..], expected[0][1..], "{set} {fps}");
        }
    }
    assert_eq!(run(&[&raw]).status.code(), Some(1), "a raw file needs a size");
    let png = folder.path().join("p.png");
    let mut encoder = png::Encoder::new(fs::File::create(&png).unwrap(), 40, 30);
    encoder.set_color(png::ColorType::Rgb);
    let places = (0..30).flat_map(|y| (0..40).map(move |x| (x, y)));
    let pixels: Vec<u8> = places.flat_map(|(x, y)| [x * 6, y * 8, x * y % 251].map(|v| v as u8)).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    let png = png.to_str().unwrap();
    let (header, rows) = table(&run(&["--set", "higrade", "--per-frame", png]));
    assert_eq!((header.len(), header[1].as_str(), rows.len()), (1 + 1 + 216 + 1, "frame", 1));
    let video_only = run(&["--set", "tlvqm", png]);
    assert_eq!(video_only.status.code(), Some(1));
    let message = String::from_utf8_lossy(&video_only.stderr).into_owned();
    assert!(message.contains("at least 64x64"), "{message}");
}

#[test]
fn per_frame_rows_and_a_box_on_whole_chroma_samples() {
    let folder = tempfile::tempdir().unwrap();
    let path = colour(folder.path(), "a.y4m", 5, true);
    let (header, rows) = table(&run(&["--per-frame", "--crop", "0.11,0.11,0.93,0.93", &path]));
    assert_eq!(header[..3], ["video", "frame", "brisque.s1.ggd.shape"]);
    assert_eq!(rows.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
    // 0.11 * 112 = 12.3, 0.93 * 112 = 104.2; 0.11 * 96 = 10.6, 0.93 * 96 = 89.3: columns 12 to 104 and rows 11 to 89,
    // of which 4:2:0 takes 10 to 89.
    let even = table(&run(&["--set", "higrade", "--crop", "0.11,0.11,0.93,0.93", &path])).1;
    let corners = "0.107142857,0.104166667,0.928571429,0.927083333";
    assert_eq!(even, table(&run(&["--set", "higrade", "--crop", corners, &path])).1);
}

#[test]
fn jobs_do_not_change_the_bytes_and_a_run_can_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a.y4m", "b.y4m", "c.y4m", "d.y4m"];
    let mut inputs: Vec<String> =
        names.iter().enumerate().map(|(i, name)| colour(folder.path(), name, 6 + i, true)).collect();
    inputs.insert(2, folder.path().join("missing.y4m").to_str().unwrap().to_owned());
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let errors = folder.path().join("errors.csv");
    let all = run(&[&["--errors", errors.to_str().unwrap()], &inputs[..]].concat());
    assert_eq!(all.status.code(), Some(1));
    assert_eq!(table(&all).1.len(), 4);
    let report = fs::read_to_string(&errors).unwrap();
    assert!(report.starts_with("input,error\n") && report.lines().count() == 2, "{report}");
    assert!(report.contains("missing.y4m"));
    for jobs in ["2", "8"] {
        assert_eq!(run(&[&["--jobs", jobs], &inputs[..]].concat()).stdout, all.stdout, "{jobs} jobs");
    }
    for per_frame in [false, true] {
        let extra: &[&str] = if per_frame { &["--per-frame"] } else { &[] };
        let whole = run(&[extra, &inputs[..]].concat()).stdout;
        let out = folder.path().join("out.csv");
        let arguments = [extra, &["--resume", "--out", out.to_str().unwrap()], &inputs[..]].concat();
        // Any cut behind the heading: whole rows, half a row, nothing.
        let heading = whole.iter().position(|&b| b == b'\n').unwrap() + 1;
        for cut in [heading, heading + 40, whole.len() / 2, whole.len() - 1, whole.len()] {
            fs::write(&out, &whole[..cut]).unwrap();
            assert_eq!(run(&arguments).status.code(), Some(1));
            assert_eq!(fs::read(&out).unwrap(), whole, "cut at {cut} of {}", whole.len());
        }
        fs::write(&out, &whole[..heading - 1]).unwrap();
        assert_eq!(run(&arguments).status.code(), Some(2), "half a heading is no file to go on with");
        fs::write(&out, "video,other\n").unwrap();
        let refused = run(&arguments);
        assert!(String::from_utf8_lossy(&refused.stderr).contains("same --set"));
        assert_eq!(refused.status.code(), Some(2));
    }
}

#[test]
fn rows_are_kept_when_nobody_reads_and_a_full_disk_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (clip(folder.path(), "a.y4m", 9), clip(folder.path(), "b.y4m", 9));
    let (missing, errors) = (folder.path().join("missing.y4m"), folder.path().join("errors.csv"));
    let command = |inputs: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_extract-features"));
        command.args(["--errors", errors.to_str().unwrap()]).args(inputs);
        command
    };
    print_test::without_reader(0, || command(&[&a, &b]), || {});
    // The input that failed before the output was lost counts.
    let kept = || assert!(fs::read_to_string(&errors).unwrap().contains("missing.y4m"));
    print_test::without_reader(1, || command(&[missing.to_str().unwrap(), &a]), kept);
    if cfg!(target_os = "linux") {
        for set in ["brisque", "higrade"] {
            let output = run(&[&colour(folder.path(), "c.y4m", 4, true), "--set", set, "--out", "/dev/full"]);
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{error}");
            assert!(error.contains("cannot write /dev/full: "), "{error}");
        }
    }
}

#[test]
fn inputs_without_a_video_and_options_have_the_names_that_were_typed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("empty")).unwrap();
    fs::write(root.join("empty/._a.y4m"), "x").unwrap();
    fs::write(root.join("x.yuv"), "x").unwrap();
    let failed = |arguments: &[&str]| {
        let output = run(arguments);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (input, words) in [
        ("empty", "empty: no videos and no images in this folder"),
        ("*.avi", "*.avi`: check the pattern"),
        ("x.yuv", "--size and --fps: "),
    ] {
        let (code, error) = failed(&[root.join(input).to_str().unwrap()]);
        assert!(code == Some(1) && error.contains(words) && !error.contains("option `"), "{error}");
    }
    let (code, error) = failed(&["--fps", "x", "a.y4m"]);
    assert!(code == Some(2) && error.contains("'--fps <RATE>': `x` is no rate"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn two_names_that_are_not_utf_8_are_two_inputs() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let one = clip(folder.path(), "one.y4m", 9);
    let paths =
        [&b"\xFF.y4m"[..], b"\xFE.y4m"].map(|name| folder.path().join(std::ffi::OsStr::from_bytes(name)));
    let out = folder.path().join("f.csv");
    let run = |count: usize| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_extract-features"));
        let output = command.args(["--resume", "--out"]).arg(&out).args(&paths[..count]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut table = csv::Reader::from_path(&out).unwrap();
        table.records().map(|row| row.unwrap()[0].to_owned()).collect::<Vec<_>>()
    };
    for path in &paths {
        fs::copy(&one, path).unwrap();
    }
    assert_eq!(run(1).len(), 1);
    let names = run(2);
    assert_eq!(names.iter().map(|name| dream_data::path_of(name)).collect::<Vec<_>>(), paths);
    assert_eq!(run(2), names);
}

#[test]
fn the_standard_input_is_read_and_has_no_name_to_go_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", 9);
    let mut command = Command::new(env!("CARGO_BIN_EXE_extract-features"));
    let output = command.arg("-").stdin(fs::File::open(&path).unwrap()).output().unwrap();
    let (found, expected) = (table(&output).1, table(&run(&[&path])).1);
    assert_eq!((found[0][0].as_str(), &found[0][1..]), ("-", &expected[0][1..]));
    let refused = run(&["-", "--resume", "--out", folder.path().join("f.csv").to_str().unwrap()]);
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && error.contains("--resume needs names"), "{error}");
}
