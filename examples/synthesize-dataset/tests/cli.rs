//! The program as people run it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "../../print_test.rs"]
mod print_test;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dream_models::face::{DetectorConfig, FaceDetector, largest};
use dream_models::preprocess::ImageView;

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
        (&["--detection", "0"], "--detection"),
        (&["--portraits", "nowhere"], "--portraits nowhere: it is no folder"),
        (&["--portraits", "x", "--no-portrait"], "cannot be used with"),
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

/// Photographs in the public domain, below `examples/synthesize-dataset`.
const PHOTOGRAPHS: [&str; 3] = [
    "../../crates/dream-data/assets/portrait_1.png",
    "../../crates/dream-data/assets/portrait_2.png",
    "../score-video/assets/portrait.png",
];

fn pixels(path: &Path) -> (usize, usize, Vec<u8>) {
    let mut source = dream_data::open(path, &Default::default()).unwrap();
    let (width, height) = (source.info().width as usize, source.info().height as usize);
    let mut rgb = Vec::new();
    source.next_frame().unwrap().unwrap().pixels().write_rgb8(&mut rgb);
    (width, height, rgb)
}

fn write_png(path: &Path, (width, height, rgb): &(usize, usize, Vec<u8>)) {
    let (width, height) = (u32::try_from(*width).unwrap(), u32::try_from(*height).unwrap());
    let mut encoder = png::Encoder::new(File::create(path).unwrap(), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(rgb).unwrap();
}

/// Six portraits: three photographs and their mirror images; one of them twice; and a picture without a face.
fn portraits(folder: &Path) -> PathBuf {
    let portraits = folder.join("portraits");
    fs::create_dir(&portraits).unwrap();
    for (i, name) in PHOTOGRAPHS.iter().enumerate() {
        let (width, height, rgb) = pixels(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
        let rows = rgb.chunks_exact(3 * width);
        let mirrored = rows.flat_map(|row| row.chunks_exact(3).rev().flatten().copied()).collect();
        write_png(&portraits.join(format!("m{i}.png")), &(width, height, mirrored));
        write_png(&portraits.join(format!("p{i}.png")), &(width, height, rgb));
    }
    fs::copy(portraits.join("p0.png"), portraits.join("again.png")).unwrap();
    write_png(&portraits.join("gray.png"), &(60, 60, vec![128; 3 * 60 * 60]));
    portraits
}

/// Every frame of a clip has its face, from the eyebrows to the chin, within the crop of the README of `train`.
fn face_is_in_the_crop(clip: &Path, detector: &FaceDetector) {
    let mut source = dream_data::open(clip, &Default::default()).unwrap();
    let (width, height) = (source.info().width as usize, source.info().height as usize);
    let mut rgb = Vec::new();
    while let Some(frame) = source.next_frame().unwrap() {
        rgb.clear();
        frame.pixels().write_rgb8(&mut rgb);
        let faces = detector.detect(&ImageView::rgb(&rgb, width, height).unwrap());
        let [left, top, right, bottom] = largest(&faces).expect("a face").area.corners();
        let inside = left > 0.17 && top > 0.0 && right < 0.83 && bottom < 0.8;
        assert!(inside && bottom - top > 0.25, "{}: {left} {top} {right} {bottom}", clip.display());
    }
}

#[test]
fn portraits_move_and_clips_for_detection_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let portraits = portraits(folder.path());
    let write = |out: &Path, more: &[&str]| {
        let options = "--methods 12 --frames 3 --size 96x80 --raters 3 --detection 1";
        let mut command = Command::new(env!("CARGO_BIN_EXE_synthesize-dataset"));
        command.arg("--out").arg(out).arg("--portraits").arg(&portraits);
        command.args(options.split(' ')).args(more).output().unwrap()
    };
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let output = write(&one, &["--identities", "3"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("6 real and 6 forged clips"), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    assert!(!said.contains("gray.png") || said.contains("1 portrait without a face left out"), "{said}");
    assert_eq!(write(&two, &["--identities", "3", "--jobs", "3"]).status.code(), Some(0));
    let detector = FaceDetector::embedded().unwrap();
    let detector = detector.with_config(DetectorConfig { levels: 2, ..Default::default() }).unwrap();
    let table = fs::read_to_string(one.join("detection.csv")).unwrap();
    for row in table.lines().skip(1) {
        let file = row.split(',').next().unwrap();
        assert!(fs::read(one.join(file)).unwrap() == fs::read(two.join(file)).unwrap(), "{file}");
        if row.contains(",real,") {
            face_is_in_the_crop(&one.join(file), &detector);
        }
    }
    for name in
        ["truth.json", "truth.csv", "all_descriptions_en.csv", "detection.csv", "splits/3/train_set.csv"]
    {
        assert_eq!(fs::read(one.join(name)).unwrap(), fs::read(two.join(name)).unwrap(), "{name}");
    }

    let few = write(&folder.path().join("few"), &["--identities", "9"]);
    assert_eq!(few.status.code(), Some(2));
    let said = text(&few.stderr);
    for part in [
        "6 portraits with a face, and 18 people need one each; add portraits, or give --identities 3",
        "the same picture as",
        "1 portrait without a face left out",
        "gray.png",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_picture_of_portraits() {
    let folder = tempfile::tempdir().unwrap();
    let (portraits, picture) = (portraits(folder.path()), folder.path().join("sheet.png"));
    let options = [&["--portraits", portraits.to_str().unwrap()], &["--identities", "3"][..]].concat();
    let output =
        run(&[&options[..], &["--size", "48x40", "--contact-sheet", picture.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    // Three groups; five rows of them, 15 artifacts on two people, and blends of four strengths.
    let sheet = dream_data::open(&picture, &Default::default()).unwrap();
    assert_eq!((sheet.info().width, sheet.info().height), (3 * 50 - 2, 19 * 42 - 2 + 16));
}

/// Portraits of many people, where the folder is there.
#[test]
fn the_heads_of_many_portraits_are_in_the_crop() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("DREAM_SHARED").map_or_else(beside, PathBuf::from).join("data/portraits");
    if !shared.is_dir() {
        assert!(std::env::var_os("DREAM_REQUIRE_SHARED").is_none(), "{} is missing", shared.display());
        eprintln!("SKIPPED: no {}", shared.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("d");
    let options = "--identities 20 --methods 2 --frames 2 --size 120x100 --raters 3 --detection 1";
    let mut command = Command::new(env!("CARGO_BIN_EXE_synthesize-dataset"));
    let output =
        command.arg("--out").arg(&out).arg("--portraits").arg(&shared).args(options.split(' ')).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let detector = FaceDetector::embedded().unwrap();
    let clips: Vec<PathBuf> =
        fs::read_dir(out.join("detection/real")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(clips.len(), 40);
    clips.iter().for_each(|clip| face_is_in_the_crop(clip, &detector));
}
