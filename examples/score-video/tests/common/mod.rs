//! The program as people run it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs the program with a number of threads.
pub fn run_on(threads: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_score-video"));
    command.env("RAYON_NUM_THREADS", threads).args(arguments).output().unwrap()
}

pub fn run(arguments: &[&str]) -> Output {
    run_on("2", arguments)
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The report, and the exit status.
pub fn json(arguments: &[&str]) -> (Value, Option<i32>) {
    let output = run(&[&["--json"], arguments].concat());
    let report = serde_json::from_slice(&output.stdout);
    (report.unwrap_or_else(|_| panic!("{}", text(&output.stderr))), output.status.code())
}

/// What the report says about the first video.
pub fn video(arguments: &[&str]) -> Value {
    json(arguments).0["videos"][0].clone()
}

/// What the program says about usage that it refuses.
pub fn refusal(arguments: &[&str]) -> String {
    let output = run(arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    error
}

/// Checks that a text holds all of some words, which a bar separates.
pub fn holds(text: &str, words: &str) {
    for word in words.split('|') {
        assert!(text.contains(word), "{word} is missing in\n{text}");
    }
}

/// Luma of a column, a row, a frame and a random byte.
pub type Paint = fn(usize, usize, usize, u8) -> u8;

/// A y4m file of 96x64 pixels at 10 frames a second, gray.
pub fn painted(folder: &Path, name: &str, frames: usize, luma: Paint) -> String {
    let (width, height) = (96, 64);
    let mut bytes = format!("YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n").into_bytes();
    let mut state = 1u32;
    for t in 0..frames {
        bytes.extend_from_slice(b"FRAME\n");
        for i in 0..width * height {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            bytes.push(luma(i % width, i / width, t, (state >> 24) as u8));
        }
        bytes.resize(bytes.len() + width * height / 2, 128);
    }
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// Shaded blocks that move, with grain.
pub fn clip(folder: &Path, name: &str, frames: usize) -> String {
    painted(folder, name, frames, |x, y, t, random| {
        let x = x + t;
        (40 + x / 2 + y + (x / 12 + y / 9) % 2 * 40) as u8 + random / 32
    })
}
