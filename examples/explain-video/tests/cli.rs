//! The program as people run it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

#[path = "../../print_test.rs"]
mod print_test;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_explain-video"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(arguments: &[&str]) -> Value {
    let output = run(&[&["--json"], arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)))
}

/// The page, written to a file of this name.
fn page(folder: &Path, arguments: &[&str]) -> String {
    let out = folder.join("page.html");
    let output = run(&[arguments, &["--out", out.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    fs::read_to_string(out).unwrap()
}

/// A y4m file of noise and moving shades, coloured.
fn clip(folder: &Path, name: &str, (width, height): (usize, usize), frames: usize) -> String {
    let mut bytes =
        format!("YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n").into_bytes();
    let mut state = 1u32;
    for t in 0..frames {
        bytes.extend_from_slice(b"FRAME\n");
        for i in 0..width * height {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (x, y) = (i % width + t, i / width);
            bytes.push((40 + x % 90 + y / 4 % 40 + (x / 12 + y / 9) % 2 * 40) as u8 + (state >> 29) as u8);
        }
        bytes.extend((0..width * height / 2).map(|i| (100 + (i + t) % 50) as u8));
    }
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value}"))
}

#[test]
fn the_shares_sum_to_the_score() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", (96, 64), 25);
    for (method, groups) in [("videval60", 7), ("brisque", 4)] {
        let report = json(&["--method", method, &path]);
        let found = &report["videos"][0]["explained"];
        let shares = &found["shares"];
        assert_eq!(list(&shares["groups"]).len(), groups);
        let sum = |items: &Value| list(items).iter().map(|item| number(&item["share"])).sum::<f64>();
        let total = number(&shares["reference"]) + sum(&shares["groups"]) + number(&shares["clamping"]);
        assert!((total - number(&found["score"]["score"])).abs() < 1e-9, "{method}: {total}");
        for group in list(&shares["groups"]) {
            assert!((sum(&group["features"]) - number(&group["share"])).abs() < 1e-12, "{group}");
            assert!(list(&group["features"]).iter().all(|feature| feature["meaning"] != ""), "{group}");
            assert!(!group["words"].as_str().unwrap().is_empty());
        }
    }
}

#[test]
fn json_has_what_the_page_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", (96, 64), 25);
    let page = page(folder.path(), &[&path]);
    let report = json(&[&path]);
    let (video, found) = (&report["videos"][0], &report["videos"][0]["explained"]);
    let shown = |value: &Value| {
        let text = value.as_str().unwrap();
        assert!(!text.is_empty() && page.contains(&text.replace('\'', "&apos;")), "{text}");
    };
    shown(&video["sha256"]);
    shown(&video["file"]);
    for key in ["model", "measures", "scale", "accuracy", "sampling"] {
        shown(&report["about"][key]);
    }
    shown(&report["program"]);
    list(&found["summary"]).iter().for_each(shown);
    let signed =
        |value: &Value| format!("{:+.2}", number(value)).replace('-', "\u{2212}").replace("+0.00", "0.00");
    for group in list(&found["shares"]["groups"]) {
        ["title", "words", "measures"].iter().for_each(|key| shown(&group[*key]));
        for feature in list(&group["features"]) {
            ["name", "meaning"].iter().for_each(|key| shown(&feature[*key]));
        }
        assert!(page.contains(&signed(&group["share"]).replace("\u{2212}0.00", "0.00")), "{group}");
    }
    let frames = list(&found["frames"]);
    assert_eq!((frames.len(), page.matches("<figure>").count()), (12, 12));
    frames.iter().for_each(|frame| shown(&frame["jpeg"]));
    // And the other way round: every number of the bars and every picture of the page is one of JSON.
    let pictures: Vec<&str> = frames.iter().map(|frame| frame["jpeg"].as_str().unwrap()).collect();
    for part in page.split("base64,").skip(1) {
        assert!(pictures.contains(&part.split('"').next().unwrap()));
    }
}

#[test]
fn twelve_frames_of_noise_fit_into_three_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let (width, height) = (640, 360);
    let mut bytes = format!("YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n").into_bytes();
    let mut state = 7u32;
    for _ in 0..12 {
        bytes.extend_from_slice(b"FRAME\n");
        bytes.extend((0..width * height * 3 / 2).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }));
    }
    let path = folder.path().join("noise.y4m");
    fs::write(&path, bytes).unwrap();
    let page = page(folder.path(), &["--method", "brisque", path.to_str().unwrap()]);
    assert_eq!(page.matches("<figure>").count(), 12);
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    assert!(
        page.contains("unlike the videos of the training")
            || page.contains("like the videos of the training")
    );
}

#[test]
fn the_bytes_do_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["a.y4m", "b.y4m", "c.y4m"].map(|name| clip(folder.path(), name, (96, 64), 25));
    let written = |threads: &str, jobs: &str| {
        let out = folder.path().join("page.html");
        let mut command = command(&["--jobs", jobs, "--out", out.to_str().unwrap()]);
        let output = command.args(&paths).env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        fs::read(out).unwrap()
    };
    let one = written("1", "1");
    assert_eq!(one, written("4", "3"));
    assert!(text(&one).contains("<code><bdi>explain-video --out ") && !text(&one).contains("--jobs"));
}

/// Markup, quotes and letters from right to left in the name of a file.
#[cfg(unix)]
#[test]
fn names_of_files_are_text() {
    let folder = tempfile::tempdir().unwrap();
    let name = "<script>alert(1)<'\"&\u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd}.y4m";
    let path = clip(folder.path(), name, (96, 64), 25);
    let page = page(folder.path(), &["--method", "brisque", &path]);
    assert!(
        !page.contains("<script") && page.contains("&lt;script&gt;alert(1)&lt;&apos;&quot;&amp;\u{202e}")
    );
}

#[test]
fn a_video_without_a_score_has_a_section() {
    let folder = tempfile::tempdir().unwrap();
    let (good, short) =
        (clip(folder.path(), "a.y4m", (96, 64), 25), clip(folder.path(), "short.y4m", (96, 64), 3));
    let out = folder.path().join("page.html");
    let output = run(&[&good, &short, "nowhere.mp4", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.contains("--method brisque") && error.contains("nowhere.mp4") && error.contains("1 of 3"),
        "{error}"
    );
    let page = fs::read_to_string(out).unwrap();
    assert_eq!((page.matches("<section").count(), page.matches("No score: ").count()), (3, 2));
    let refused = text(&run(&["-"]).stdout);
    assert!(refused.contains("save it to a file"), "{refused}");
}

#[test]
fn without_a_video_there_is_an_explanation_already() {
    let output = run(&["--method", "brisque"]);
    let said = text(&output.stdout);
    for words in ["demo: portrait", "average features", "this video", "does not see face swaps"] {
        assert!(said.contains(words), "{words} is missing in\n{said}");
    }
    assert!(text(&output.stderr).contains("built-in demonstration"));
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path(), &["--method", "brisque", "--frames", "2"]);
    assert_eq!((page.matches("<section").count(), page.matches("<figure>").count()), (3, 6));
}

#[test]
fn crops_are_shown_as_cropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", (96, 64), 25);
    let report = json(&["--method", "brisque", "--crop", "0.5,0,1,1", &path]);
    let found = &report["videos"][0]["explained"];
    assert_eq!(found["frames"][0]["size"], serde_json::json!([48, 64]));
    assert!(found["part"].as_str().unwrap().contains("0.5,0,1,1"));
}

#[test]
fn nobody_has_to_take_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", (96, 64), 10);
    print_test::without_reader(0, || command(&["--method", "brisque", &path]), || {});
}
