//! Helpers for the tests: sums, references, damage.
#![allow(dead_code, reason = "every test binary uses a part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic here is a failed test")]

pub(crate) mod movie;
pub(crate) mod shared;

use dream_data::{ColorRange, Decoder, Error, FrameSource, OpenOptions, Pixels, VideoFrame};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// The decoders that are compiled in.
pub(crate) fn decoders() -> Vec<Decoder> {
    let mut found = Vec::new();
    if cfg!(feature = "h264") {
        found.push(Decoder::Builtin);
    }
    if cfg!(feature = "ffmpeg") {
        found.push(Decoder::FfmpegLibrary);
    }
    if dream_data::ProgramReader::is_available() {
        found.push(Decoder::FfmpegProgram);
    }
    found
}

/// Frames and samples as they are stored.
pub(crate) fn with(decoder: Decoder) -> OpenOptions {
    OpenOptions { decoder, apply_rotation: false, range: ColorRange::Unknown, ..Default::default() }
}

pub(crate) fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// What FFmpeg says about a clip.
pub(crate) struct Reference {
    pub(crate) size: (u32, u32),
    pub(crate) frame_rate: String,
    pub(crate) adler32: Vec<String>,
    pub(crate) seconds: Vec<f64>,
}

/// Reads a file that `testdata/make.py` wrote.
pub(crate) fn references(file: &str) -> BTreeMap<String, Reference> {
    let text = std::fs::read_to_string(testdata(file)).unwrap();
    let all: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    let number = |value: &serde_json::Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    all.into_iter()
        .map(|(name, value)| {
            let list = |key: &str| value[key].as_array().unwrap().clone();
            let reference = Reference {
                size: (number(&value["width"]), number(&value["height"])),
                frame_rate: value["frame_rate"].as_str().unwrap().trim_end_matches("/1").to_owned(),
                adler32: list("adler32").iter().map(|sum| sum.as_str().unwrap().to_owned()).collect(),
                seconds: list("seconds").iter().map(|time| time.as_f64().unwrap()).collect(),
            };
            (name, reference)
        })
        .collect()
}

/// Writes a PNG file of 8 bits. The number of samples says whether it is grey, grey with alpha, RGB or RGBA.
pub(crate) fn png(path: &Path, size: (u32, u32), samples: &[u8]) {
    write_png(path, size, samples, png::BitDepth::Eight);
}

/// The same of 16 bits.
pub(crate) fn deep_png(path: &Path, size: (u32, u32), samples: &[u16]) {
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    write_png(path, size, &bytes, png::BitDepth::Sixteen);
}

fn write_png(path: &Path, (width, height): (u32, u32), bytes: &[u8], depth: png::BitDepth) {
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), width, height);
    encoder.set_depth(depth);
    let a_sample = (width * height) as usize * if depth == png::BitDepth::Eight { 1 } else { 2 };
    encoder.set_color(match bytes.len() / a_sample {
        1 => png::ColorType::Grayscale,
        2 => png::ColorType::GrayscaleAlpha,
        3 => png::ColorType::Rgb,
        _ => png::ColorType::Rgba,
    });
    encoder.write_header().unwrap().write_image_data(bytes).unwrap();
}

/// All samples of a frame, planes in order, rows without padding.
pub(crate) fn samples(frame: &VideoFrame) -> Vec<u8> {
    let rows = |plane: dream_data::Plane<'_>, bytes: usize| {
        plane.data.chunks(plane.stride).take(plane.height).flat_map(|row| row[..bytes].to_vec()).collect()
    };
    match frame.pixels() {
        Pixels::Yuv420 { y, u, v } => {
            let planes: [Vec<u8>; 3] = [y, u, v].map(|plane| rows(plane, plane.width));
            planes.concat()
        }
        Pixels::Gray(plane) => rows(plane, plane.width),
        Pixels::Rgb(plane) => rows(plane, 3 * plane.width),
    }
}

/// The sum that FFmpeg's `framecrc` prints: Adler-32 that starts from 0.
pub(crate) fn adler32(bytes: &[u8]) -> String {
    let (mut a, mut b) = (0u32, 0u32);
    for &byte in bytes {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    format!("0x{:08x}", b << 16 | a)
}

/// Everything that came out of a source.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Story {
    pub(crate) frames: Vec<(String, f64)>,
    /// The message and, for a damage, how many frames it counts.
    pub(crate) ending: Option<(String, Option<u64>)>,
}

/// Reads to the end and checks the contract on the way: indices from 0, one error, then `None`.
pub(crate) fn read(source: &mut dyn FrameSource, limit: usize) -> Story {
    let mut story = Story::default();
    loop {
        match source.next_frame() {
            Ok(Some(frame)) => {
                assert_eq!(frame.index(), story.frames.len() as u64);
                story.frames.push((adler32(&samples(frame)), frame.timestamp()));
                assert!(story.frames.len() <= limit, "more than {limit} frames");
            }
            Ok(None) => break,
            Err(error) => {
                assert!(story.ending.is_none(), "a second error: {error}");
                let frames = match &error {
                    Error::Damaged { frames, .. } => Some(*frames),
                    _ => None,
                };
                if let Some(frames) = frames {
                    assert_eq!(frames, story.frames.len() as u64, "{error}");
                }
                story.ending = Some((error.to_string(), frames));
                assert!(source.next_frame().unwrap().is_none(), "frames after an error");
            }
        }
    }
    assert!(source.next_frame().unwrap().is_none(), "frames after the end");
    story
}

/// Runs `work` and fails when it takes longer than `seconds`.
pub(crate) fn watched<T: Send + 'static>(seconds: u64, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let worker = std::thread::spawn(move || sender.send(work()));
    let result = receiver.recv_timeout(Duration::from_secs(seconds));
    match result {
        Ok(value) => value,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("no end after {seconds} s"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(_) => panic!("the worker vanished"),
        },
    }
}

/// A small generator for damage with stated seeds (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// Flips one bit in each of `count` random bytes.
    pub(crate) fn flip(&mut self, bytes: &mut [u8], count: usize) {
        for _ in 0..count {
            let at = self.below(bytes.len());
            bytes[at] ^= 1 << self.below(8);
        }
    }
}
