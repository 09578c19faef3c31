//! Which decoder reads what, with FFmpeg and without it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common::testdata;
use crate::program::installed;
use dream_data::{Assumption, Decoder, FrameRate, OpenOptions, ProgramReader, open};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// Which decoder takes what, by a copy of this test with other surroundings: programs are looked for once per process.
#[test]
fn decoders_are_chosen_by_what_there_is() {
    if let Some(role) = std::env::var_os("DREAM_TEST_ROLE") {
        return choose(role.to_str().unwrap());
    }
    if !installed("decoders_are_chosen_by_what_there_is") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let run = |role: &str, folder: Option<&Path>, path: Option<&OsStr>| {
        let mut test = Command::new(std::env::current_exe().unwrap());
        test.args(["--exact", "choice::decoders_are_chosen_by_what_there_is", "--nocapture"]);
        test.env("DREAM_TEST_ROLE", role).env_remove("DREAM_FFMPEG");
        if let Some(folder) = folder {
            test.env("DREAM_FFMPEG", folder);
        }
        if let Some(path) = path {
            test.env("PATH", path);
        }
        let output = test.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{role}: {text}");
    };
    run("with", None, None);
    run("without", Some(folder.path()), None);
    run("without", Some(Path::new("")), None);
    // The current folder and relative ones are not looked into.
    let real = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .find(|folder| folder.join("ffmpeg").exists());
    let real = real.unwrap();
    run("with", Some(&real), Some(OsStr::new("")));
    run("without", None, Some(OsStr::new(".::bin")));
}

fn choose(role: &str) {
    let options = OpenOptions::default();
    let decoder = |name: &str| open(testdata(name), &options).map(|source| source.info().decoder);
    let programs = role == "with";
    assert_eq!(ProgramReader::is_available(), programs);
    let (library, builtin) = (cfg!(feature = "ffmpeg"), cfg!(feature = "h264"));
    let other = match (library, programs) {
        (true, _) => Some("ffmpeg-library"),
        (false, true) => Some("ffmpeg-program"),
        (false, false) => None,
    };
    for name in
        ["hevc.mp4", "ten-bit.mp4", "interlaced.mp4", "grey.mkv", "rgb.mkv", "nv12.avi", "baseline.mkv"]
    {
        match (other, decoder(name)) {
            (Some(other), found) => assert_eq!(found.unwrap(), other, "{name}"),
            (None, found) => {
                let text = found.expect_err(name).to_string();
                for part in ["install FFmpeg", "`ffprobe`", "--features ffmpeg", "convert it"] {
                    assert!(text.contains(part), "{name}: {text}");
                }
            }
        }
    }
    if builtin {
        assert_eq!(decoder("baseline.mp4").unwrap(), "openh264");
        let source = open(testdata("bframes.mp4"), &options).unwrap();
        assert_eq!(source.info().decoder, other.unwrap_or("openh264"));
        assert_eq!(source.info().assumptions.contains(&Assumption::Inexact), other.is_none());
    }
    // What is no container.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.y4m");
    std::fs::write(&path, b"YUV4MPEG2 W2 H2 F10:1 C444\nFRAME\nabcdefghijkl").unwrap();
    match (other, open(&path, &options)) {
        (Some(other), found) => {
            let source = found.unwrap();
            assert_eq!(
                (source.info().decoder, source.info().frame_rate),
                (other, FrameRate::new(10, 1).unwrap())
            );
        }
        (None, found) => assert!(found.err().unwrap().to_string().contains("install FFmpeg")),
    }
    let forced =
        open(testdata("baseline.mp4"), &OpenOptions { decoder: Decoder::FfmpegProgram, ..options.clone() });
    match forced {
        Ok(source) => assert!(programs && source.info().decoder == "ffmpeg-program"),
        Err(error) => assert!(!programs && error.to_string().contains("DREAM_FFMPEG"), "{error}"),
    }
    let text = folder.path().join("text.mp4");
    std::fs::write(&text, "no film at all, just a text of some length").unwrap();
    let refused = open(&text, &options).err().unwrap();
    assert!(refused.to_string().contains("text.mp4"), "{refused}");
}
