//! Generated streams of many kinds, decoded here and by the program `ffmpeg`: the same luma, number, times and order of
//! frames, or a refusal with a remedy, or a note. Never different in silence.
//!
//! Each line of `differential.csv` is a stream: its file, then the arguments of `ffmpeg` that make it, after those of a
//! test picture. With DREAM_DIFFERENTIAL=FILE the outcomes are written there, as the table of docs/decoding.md.
#![cfg(feature = "h264")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common::samples;
use dream_data::{ColorRange, Decoder, Error, FrameSource, Layout, OpenOptions, open};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const STREAMS: &str = include_str!("differential.csv");

struct Stream {
    file: &'static str,
    arguments: Vec<String>,
}

fn streams() -> Vec<Stream> {
    let lines = STREAMS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (file, arguments) = line.split_once(',').expect(line);
            Stream { file, arguments: arguments.split_whitespace().map(str::to_owned).collect() }
        })
        .collect()
}

/// `PICTURE:` in the arguments stands for the input of a test picture: size, rate and seconds.
fn make(stream: &Stream, folder: &Path) -> PathBuf {
    let path = folder.join(stream.file);
    let mut command = Command::new("ffmpeg");
    command.current_dir(folder).args(["-nostdin", "-v", "error", "-y", "-threads", "1"]);
    for argument in &stream.arguments {
        match argument.split_once(':') {
            Some(("PICTURE", about)) => {
                let [size, rate, seconds] = about.split(':').collect::<Vec<_>>()[..] else {
                    panic!("{about}")
                };
                let source = format!("testsrc2=size={size}:rate={rate}:duration={seconds}");
                command.args(["-f", "lavfi", "-i", &source]);
            }
            _ => {
                command.arg(argument);
            }
        }
    }
    let output = command.args(["-bitexact", "-threads", "1"]).arg(&path).output().expect("ffmpeg runs");
    assert!(output.status.success(), "{}: {}", stream.file, String::from_utf8_lossy(&output.stderr));
    path
}

/// Samples and times of all frames.
struct Frames {
    samples: Vec<Vec<u8>>,
    times: Vec<f64>,
}

/// What FFmpeg shows: turned as players do, both fields woven, the range as stored.
fn shown(path: &Path, format: &str, frame_bytes: usize) -> Frames {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-copyts", "-i"])
        .arg(path)
        .args(["-map", "0:v:0", "-vf", "showinfo", "-fps_mode", "passthrough", "-f", "rawvideo"])
        .args(["-sws_flags", "bicubic", "-pix_fmt", format, "-"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    let times = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once(" pts_time:")?;
        rest.split_whitespace().next()?.parse().ok()
    });
    let samples = output.stdout.chunks_exact(frame_bytes.max(1)).map(<[u8]>::to_vec).collect();
    Frames { samples, times: times.collect() }
}

/// What came of a stream.
#[derive(Debug, PartialEq)]
enum Outcome {
    Equal,
    /// Different, and that is noted.
    Noted(String),
    Refused(String),
    Silent(String),
}

fn luma(samples: &[u8], layout: Layout, pixels: usize) -> &[u8] {
    if layout == Layout::Rgb { samples } else { &samples[..pixels] }
}

/// The decoder, the notes and what came of it.
fn compare(path: &Path, decoder: Decoder) -> (String, String, Outcome) {
    let options = OpenOptions { decoder, range: ColorRange::Unknown, ..OpenOptions::default() };
    let mut source = match open(path, &options) {
        Ok(source) => source,
        Err(error) => return ("-".to_owned(), String::new(), refused(&error)),
    };
    let info = source.info().clone();
    let pixels = (info.width * info.height) as usize;
    let ours = match read(source.as_mut()) {
        Ok(frames) => frames,
        Err(error) => return (info.decoder.to_owned(), String::new(), refused(&error)),
    };
    let assumptions = source.info().assumptions.clone();
    let kinds: Vec<&str> = assumptions.iter().map(|assumption| assumption.kind()).collect();
    let chroma = info.width.div_ceil(2) as usize * info.height.div_ceil(2) as usize;
    // FFmpeg's scaler converts the range where the names of the formats differ in it.
    let (format, bytes) = match (info.layout, info.range) {
        (Layout::Rgb, _) => ("rgb24", 3 * pixels),
        (_, ColorRange::Full) => ("yuvj420p", pixels + 2 * chroma),
        _ => ("yuv420p", pixels + 2 * chroma),
    };
    let theirs = shown(path, format, bytes);
    let mut faults = Vec::new();
    if ours.samples.len() != theirs.samples.len() {
        faults.push(format!("{} frames, not {}", ours.samples.len(), theirs.samples.len()));
    }
    let late = ours.times.iter().zip(&theirs.times).position(|(a, b)| (a - b).abs() > 2e-6);
    if let Some(at) = late {
        faults.push(format!("frame {at} at {}, not {}", ours.times[at], theirs.times[at]));
    }
    let mut worst = 0;
    for (a, b) in ours.samples.iter().zip(&theirs.samples) {
        let (a, b) = (luma(a, info.layout, pixels), luma(b, info.layout, pixels));
        worst = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0).max(worst);
    }
    if worst > 0 {
        faults.push(format!("luma off by up to {worst}"));
    }
    let faults = faults.join(", ");
    // Only these notes are about frames that differ.
    let excuses = kinds.iter().any(|kind| matches!(*kind, "inexact" | "converted"));
    let outcome = match faults.as_str() {
        "" => Outcome::Equal,
        _ if excuses && !faults.contains("frames,") && late.is_none() => Outcome::Noted(faults),
        _ => Outcome::Silent(faults),
    };
    (info.decoder.to_owned(), kinds.join(" "), outcome)
}

fn refused(error: &Error) -> Outcome {
    let text = error.to_string();
    let told = matches!(error, Error::Unsupported { .. } | Error::SizeChanged { .. });
    if told { Outcome::Refused(text) } else { Outcome::Silent(text) }
}

fn read(source: &mut dyn FrameSource) -> Result<Frames, Error> {
    let mut frames = Frames { samples: Vec::new(), times: Vec::new() };
    while let Some(frame) = source.next_frame()? {
        frames.samples.push(samples(frame));
        frames.times.push(frame.timestamp());
    }
    Ok(frames)
}

#[test]
fn generated_streams_are_as_ffmpeg_shows_them() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1");
        assert!(!required, "the program ffmpeg is not installed");
        writeln!(std::io::stderr().lock(), "SKIPPED: generated streams: no program ffmpeg").unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (list, parts) in
        [("joined.txt", ["main.mp4", "baseline.mp4"]), ("joined-b-first.txt", ["b-frames.mp4", "main.mp4"])]
    {
        let lines = parts.map(|part| format!("file '{part}'\n"));
        std::fs::write(folder.path().join(list), lines.concat()).unwrap();
    }
    let streams = streams();
    assert!(streams.len() >= 60, "{} streams", streams.len());
    let (mut table, mut silent) = (String::new(), Vec::new());
    let mut decoders = vec![Decoder::Auto, Decoder::Builtin];
    if cfg!(feature = "ffmpeg") {
        decoders.push(Decoder::FfmpegLibrary);
    }
    for stream in &streams {
        let path = make(stream, folder.path());
        let mut cells = vec![format!("`{}`", stream.file)];
        for &decoder in &decoders {
            let (used, notes, outcome) = compare(&path, decoder);
            let cell = match &outcome {
                Outcome::Equal => "equal".to_owned(),
                Outcome::Noted(detail) => format!("noted: {detail}"),
                Outcome::Refused(_) => "refused".to_owned(),
                Outcome::Silent(detail) => {
                    silent.push(format!("{} {decoder}: {detail}", stream.file));
                    format!("SILENT: {detail}")
                }
            };
            if decoder == Decoder::Auto {
                cells.extend([used, notes]);
            }
            cells.push(cell);
        }
        writeln!(table, "| {} |", cells.join(" | ")).unwrap();
    }
    if let Some(out) = std::env::var_os("DREAM_DIFFERENTIAL") {
        std::fs::write(out, &table).unwrap();
    }
    assert!(silent.is_empty(), "different in silence:\n{}", silent.join("\n"));
}
