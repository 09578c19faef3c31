//! Videos that come through the standard input.
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
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use clips::clip;
use common::{holds, video};

/// What the report says about the videos, which come from `input`.
fn report(arguments: &[&str], input: Stdio, bytes: &[u8]) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_score-video"));
    command.args(["--json"]).args(arguments).stdin(input).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    if let Some(mut pipe) = child.stdin.take() {
        let bytes = bytes.to_owned();
        // A program that has seen enough closes the pipe.
        std::thread::spawn(move || drop(pipe.write_all(&bytes)));
    }
    let output = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["videos"].as_array().unwrap().clone()
}

fn piped(arguments: &[&str], bytes: &[u8]) -> Value {
    report(arguments, Stdio::piped(), bytes).swap_remove(0)
}

fn redirected(arguments: &[&str], path: &Path) -> Value {
    report(arguments, File::open(path).unwrap().into(), &[]).swap_remove(0)
}

fn picture(folder: &Path) -> PathBuf {
    let path = folder.join("p.png");
    let mut encoder = png::Encoder::new(File::create(&path).unwrap(), 64, 48);
    encoder.set_color(png::ColorType::Rgb);
    let pixels: Vec<u8> = (0..64 * 48 * 3u32).map(|i| (i * i / 41 % 251) as u8).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    path
}

#[test]
fn y4m_raw_video_and_pictures_come_through_pipes_and_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let y4m = PathBuf::from(clip(root, "a.y4m", 25));
    let raw = root.join("a.yuv");
    fs::write(&raw, (0..48u64 * 32 * 3 / 2 * 20).map(|i| (i * i / 7) as u8).collect::<Vec<u8>>()).unwrap();
    let (png, jpeg) = (picture(root), root.join("p.jpg"));
    let mut encoder = jpeg_encoder::Encoder::new_file(&jpeg, 90).unwrap();
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_4_4);
    let pixels: Vec<u8> = (0..64 * 48 * 3u32).map(|i| (i / 5 % 200) as u8).collect();
    encoder.encode(&pixels, 64, 48, jpeg_encoder::ColorType::Rgb).unwrap();
    for (path, options) in [
        (&y4m, ""),
        (&y4m, "--method brisque --size 7x7"),
        (&raw, "--method brisque --size 48x32 --fps 15"),
        (&png, "--method brisque"),
        (&jpeg, "--method brisque"),
    ] {
        let options: Vec<&str> = options.split_whitespace().collect();
        let expected = video(&[&options[..], &[path.to_str().unwrap()]].concat());
        assert!(expected["score"].is_f64(), "{expected}");
        let options = [&options[..], &["-"]].concat();
        let (through, from) = (piped(&options, &fs::read(path).unwrap()), redirected(&options, path));
        for found in [through, from] {
            assert_eq!(found["file"], "-");
            for key in ["score", "seconds", "width", "decoder", "assumptions", "frames_used"] {
                assert_eq!(found[key], expected[key], "{key} of {}", path.display());
            }
        }
    }
}

#[test]
fn what_cannot_come_through_a_pipe_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let y4m = fs::read(clip(folder.path(), "a.y4m", 25)).unwrap();
    let png = fs::read(picture(folder.path())).unwrap();
    let other = [&b"YUV4MPEG2 W2 H2 F5:1 C422\nFRAME\n"[..], &[0; 8]].concat();
    for (bytes, options, words) in [
        (
            &b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"[..],
            "",
            "mp4 or mov through a pipe, which cannot be sought|yuv4mpegpipe",
        ),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "--size 2x2 --fps 5", "mp4 or mov through a pipe"),
        (b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x23", "--size 2x2 --fps 5", "Matroska"),
        (b"what is this", "", "-: anything but y4m, PNG, JPEG and raw video of a stated size"),
        (b"", "", "the file is empty"),
        (&y4m[..10_000], "", "damaged after 1 frames"),
        (&[&png[..], &png].concat(), "", "several pictures"),
        (&png[..png.len() / 2], "", "damaged"),
        (&other, "", "through a pipe|save it to a file"),
        (b"\0\0\0\0\0\0\0\0", "--size 2x2", "--fps"),
    ] {
        let options: Vec<&str> = options.split_whitespace().chain(["--method", "brisque", "-"]).collect();
        let found = piped(&options, bytes);
        holds(&format!("{} {}", found["error"], found["warning"]), words);
    }
    // What came through a pipe is gone.
    let twice = report(&["--method", "brisque", "--jobs", "1", "-", "-"], Stdio::piped(), &y4m);
    assert!(twice[0]["score"].is_f64(), "{twice:?}");
    holds(&twice[1]["error"].to_string(), "the standard input a second time|save it to a file first");
}

/// A file can be read again, and it is told by its path what is wrong with it.
#[cfg(unix)]
#[test]
fn a_redirected_file_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = PathBuf::from(clip(folder.path(), "a.y4m", 25));
    let twice = report(&["--method", "brisque", "-", "-"], File::open(&path).unwrap().into(), &[]);
    assert!(twice[0]["score"].is_f64() && twice[0]["score"] == twice[1]["score"], "{twice:?}");
    let mp4 = folder.path().join("b.mp4");
    fs::write(&mp4, b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom").unwrap();
    let error = redirected(&["-"], &mp4)["error"].to_string();
    assert!(error.contains("b.mp4") && !error.contains("sought"), "{error}");
    // Removed while it is open.
    let open = File::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let gone = report(&["--method", "brisque", "-"], open.into(), &[]);
    assert_eq!(gone[0]["score"], twice[0]["score"]);
}
