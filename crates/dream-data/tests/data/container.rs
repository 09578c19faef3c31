//! What containers say about time and rotation: variable frame rates, edit lists, display matrices.
#![cfg(any(feature = "h264", feature = "ffmpeg"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common::{adler32, decoders, read, references, samples, testdata, with};
use dream_data::{
    Decoder, Error, FrameRate, FrameSource, FrameTimes, OpenOptions, Pacing, Rotation, Sampled, Sampling,
    VideoFrame, open,
};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the box with the sizes in `path` around it lies: start of its size field.
fn place(file: &[u8], kind: &[u8; 4]) -> usize {
    file.windows(4).position(|found| found == kind).unwrap() - 4
}

fn put(file: &mut [u8], at: usize, words: &[u32]) {
    for (i, word) in words.iter().enumerate() {
        file[at + 4 * i..at + 4 * i + 4].copy_from_slice(&word.to_be_bytes());
    }
}

fn word(file: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(file[at..at + 4].try_into().unwrap())
}

/// `index-last.mp4` (12 frames, 12800 units a second, its index behind the frames, so that it may grow) with other
/// durations (pairs of count and units) and another edit: start in units, length in milliseconds.
fn with_durations(runs: &[(u32, u32)], edit: (u32, u32)) -> Vec<u8> {
    let mut file = std::fs::read(testdata("index-last.mp4")).unwrap();
    let elst = place(&file, b"elst");
    put(&mut file, elst + 16, &[edit.1, edit.0]);
    let stts = place(&file, b"stts");
    let old = word(&file, stts) as usize;
    let size = u32::try_from(16 + 8 * runs.len()).unwrap();
    let mut table = vec![0; size as usize];
    put(&mut table, 0, &[size, u32::from_be_bytes(*b"stts"), 0, u32::try_from(runs.len()).unwrap()]);
    for (i, run) in runs.iter().enumerate() {
        put(&mut table, 16 + 8 * i, &[run.0, run.1]);
    }
    for kind in [b"moov", b"trak", b"mdia", b"minf", b"stbl"] {
        let at = place(&file, kind);
        let grown = word(&file, at) + size - u32::try_from(old).unwrap();
        put(&mut file, at, &[grown]);
    }
    let total: u32 = runs.iter().map(|run| run.0 * run.1).sum();
    let mdhd = place(&file, b"mdhd");
    put(&mut file, mdhd + 24, &[total]);
    file.splice(stts..stts + old, table);
    file
}

/// `odd.mp4` or another clip with another display matrix.
fn with_matrix(name: &str, [a, b, c, d]: [i32; 4]) -> Vec<u8> {
    let mut file = std::fs::read(testdata(name)).unwrap();
    let at = place(&file, b"tkhd") + 8 + 40;
    let one = 0x4000_0000;
    put(&mut file, at, &[a, b, 0, c, d, 0, 0, 0, one].map(i32::cast_unsigned));
    file
}

fn saved(folder: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("clip.mp4");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn times(path: &Path, decoder: Decoder) -> Vec<f64> {
    read(open(path, &with(decoder)).unwrap().as_mut(), 1000)
        .frames
        .into_iter()
        .map(|(_, time)| time)
        .collect()
}

fn assert_times(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: {found:?}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-9, "{what}: {found:?} instead of {expected:?}");
    }
}

#[test]
fn durations_of_the_container_are_the_times_of_the_frames() {
    let folder = tempfile::tempdir().unwrap();
    // 40, 80, 200 and 20 ms.
    let runs = [(4, 512), (3, 1024), (1, 2560), (4, 256)];
    let path = saved(&folder, &with_durations(&runs, (0, 680)));
    let expected = [0.0, 0.04, 0.08, 0.12, 0.16, 0.24, 0.32, 0.4, 0.6, 0.62, 0.64, 0.66];
    for decoder in decoders() {
        let mut source = open(&path, &with(decoder)).unwrap();
        if decoder == Decoder::Builtin {
            assert_eq!(source.info().pacing, Pacing::Variable);
            // 40 ms are the most common, as the last frame does not count.
            let nominal = FrameRate::new(25, 1).unwrap();
            assert_eq!((source.info().frame_rate, source.info().nominal_rate), (nominal, Some(nominal)));
        }
        let mut measured = FrameTimes::default();
        while let Some(frame) = source.next_frame().unwrap() {
            measured.push(frame.timestamp());
        }
        assert!((measured.average_rate().unwrap() - 11.0 / 0.66).abs() < 1e-9);
        assert_eq!(measured.pacing(0.001), Pacing::Variable);
        assert_times(&times(&path, decoder), &expected, &format!("{decoder:?}"));
    }
}

#[test]
fn edits_move_variable_times() {
    let folder = tempfile::tempdir().unwrap();
    // From 80 ms on, for 520 ms: the frame at 600 ms is the first that is not shown.
    let runs = [(4, 512), (3, 1024), (1, 2560), (4, 256)];
    let path = saved(&folder, &with_durations(&runs, (1024, 520)));
    for decoder in decoders() {
        let what = format!("{decoder:?}");
        assert_times(&times(&path, decoder), &[0.0, 0.04, 0.08, 0.16, 0.24, 0.32], &what);
    }
}

#[test]
fn the_first_of_a_second_goes_by_time_and_not_by_number() {
    let folder = tempfile::tempdir().unwrap();
    // Frames at 0.0, 0.5, 1.0, 1.5, then every 0.1 s from 2.0 on, the last two 3 s apart.
    let path = saved(&folder, &with_durations(&[(4, 6400), (6, 1280), (2, 38_400)], (0, 10_000)));
    for decoder in decoders() {
        let source = open(&path, &with(decoder)).unwrap();
        let mut sampled = Sampled::new(source, Sampling::FirstOfSecond).unwrap();
        let mut found = Vec::new();
        while let Some(frame) = sampled.next_frame().unwrap() {
            found.push(frame.index());
        }
        assert_eq!(found, [0, 2, 4, 11], "{decoder:?}");
    }
}

#[test]
fn constant_rates_are_said_to_be_constant() {
    for decoder in decoders() {
        let info = |name: &str| open(testdata(name), &with(decoder)).unwrap().info().clone();
        let ntsc = FrameRate::new(30_000, 1001).unwrap();
        assert_eq!(info("baseline.mp4").nominal_rate, Some(ntsc), "{decoder:?}");
        assert_eq!(info("baseline.mp4").bit_depth, Some(8), "{decoder:?}");
        if decoder == Decoder::Builtin {
            assert_eq!(info("baseline.mp4").pacing, Pacing::Constant);
            assert_eq!(info("fragmented.mp4").pacing, Pacing::Constant);
            let variable = info("variable.mp4");
            assert_eq!(
                (variable.pacing, variable.nominal_rate),
                (Pacing::Variable, FrameRate::new(600, 31).ok())
            );
        } else {
            assert_eq!(info("baseline.mp4").pacing, Pacing::Unknown);
            assert_eq!(info("ten-bit.mp4").bit_depth, Some(10));
            assert_eq!(info("rgb.mkv").bit_depth, Some(8));
        }
    }
}

/// A film that the `ffmpeg` program of this machine makes and judges.
#[test]
fn times_of_a_fresh_film_equal_ffmpegs() {
    let skip = |why: &str| {
        writeln!(std::io::stderr().lock(), "SKIPPED: times_of_a_fresh_film_equal_ffmpegs: {why}").unwrap();
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fresh.mp4");
    // Frames go missing by two rhythms, and what is left is moved.
    let filter = "select='not(mod(n,3))+not(mod(n,7))',settb=1/1000,setpts='40*N+17*mod(N,4)'";
    let made = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-y",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=64x48:rate=25:duration=3",
            "-vf",
            filter,
        ])
        .args(["-vsync", "passthrough", "-enc_time_base", "1/1000", "-c:v", "libx264", "-pix_fmt", "yuv420p"])
        .args(["-profile:v", "baseline", "-video_track_timescale", "1000"])
        .arg(&path)
        .output();
    let made = match made {
        Err(_) => return skip("there is no program `ffmpeg`"),
        Ok(made) if String::from_utf8_lossy(&made.stderr).contains("Unknown encoder") => {
            return skip("this `ffmpeg` has no libx264");
        }
        Ok(made) => made,
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let told = Command::new("ffmpeg")
        .args(["-v", "error", "-vsync", "passthrough", "-i"])
        .arg(&path)
        .args(["-enc_time_base", "1/1000", "-f", "framecrc", "-"])
        .output()
        .unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(text.contains("#tb 0: 1/1000"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let column = |line: &str, at: usize| line.split(',').nth(at).unwrap().trim().to_owned();
    let expected: Vec<(String, f64)> =
        lines.map(|line| (column(line, 5), column(line, 2).parse::<f64>().unwrap() / 1000.0)).collect();
    assert!(expected.len() > 20, "{text}");
    for decoder in decoders() {
        let mut source = open(&path, &with(decoder)).unwrap();
        let mut measured = FrameTimes::default();
        let story = read(source.as_mut(), 1000);
        assert_eq!(story.ending, None);
        assert_eq!(story.frames.len(), expected.len(), "{decoder:?}");
        for (ours, theirs) in story.frames.iter().zip(&expected) {
            assert!(
                ours.0 == theirs.0 && (ours.1 - theirs.1).abs() < 1e-9,
                "{decoder:?}: {ours:?} {theirs:?}"
            );
            measured.push(ours.1);
        }
        assert_eq!(measured.pacing(0.001), Pacing::Variable);
    }
}

/// Against FFmpeg, which turns by its own filters: `testdata/upright.json`.
#[test]
fn turned_frames_equal_ffmpegs() {
    let one = 65_536;
    let folder = tempfile::tempdir().unwrap();
    for (name, reference) in references("upright.json") {
        let (file, rotation) = match name.as_str() {
            "rotated" => (std::fs::read(testdata("rotated.mp4")).unwrap(), Rotation::ThreeQuarter),
            "odd-90" => (with_matrix("odd.mp4", [0, one, -one, 0]), Rotation::Quarter),
            "odd-180" => (with_matrix("odd.mp4", [-one, 0, 0, -one]), Rotation::Half),
            "odd-270" => (with_matrix("odd.mp4", [0, -one, one, 0]), Rotation::ThreeQuarter),
            other => panic!("no such clip: {other}"),
        };
        let path = saved(&folder, &file);
        for decoder in decoders() {
            let what = format!("{name} {decoder:?}");
            let stored = open(&path, &with(decoder)).unwrap();
            assert_eq!((stored.info().rotation, stored.info().width), (rotation, reference.size.0), "{what}");
            let options = OpenOptions { decoder, ..OpenOptions::default() };
            let mut source = open(&path, &options).unwrap();
            let (width, height) = reference.size;
            let size = if rotation.swaps_sides() { (height, width) } else { (width, height) };
            assert_eq!((source.info().width, source.info().height), size, "{what}");
            assert_eq!(source.info().rotation, Rotation::None, "{what}");
            let story = read(source.as_mut(), 100);
            let sums: Vec<String> = story.frames.iter().map(|(sum, _)| sum.clone()).collect();
            assert_eq!(sums, reference.adler32, "{what}");
            let found: Vec<f64> = story.frames.iter().map(|(_, time)| (time * 1e6).round() / 1e6).collect();
            assert_times(&found, &reference.seconds, &what);
        }
    }
}

#[test]
fn frames_come_as_stored_where_that_is_asked_for() {
    let upright = references("reference.json");
    for decoder in decoders() {
        for apply_rotation in [false, true] {
            // No matrix: the option changes nothing.
            let options = OpenOptions { apply_rotation, ..with(decoder) };
            let mut source = open(testdata("baseline.mp4"), &options).unwrap();
            let first = adler32(&samples(source.next_frame().unwrap().unwrap()));
            assert_eq!(first, upright["baseline.mp4"].adler32[0]);
        }
        let mut source = open(testdata("rotated.mp4"), &with(decoder)).unwrap();
        let first = adler32(&samples(source.next_frame().unwrap().unwrap()));
        assert_eq!(first, upright["rotated.mp4"].adler32[0]);
    }
}

#[test]
fn mirror_images_are_applied() {
    let folder = tempfile::tempdir().unwrap();
    let one = 65_536;
    for (matrix, rotation) in [
        ([-one, 0, 0, one], Rotation::FlipHorizontal),
        ([one, 0, 0, -one], Rotation::FlipVertical),
        ([0, one, one, 0], Rotation::Transpose),
        ([0, -one, -one, 0], Rotation::Transverse),
    ] {
        let path = saved(&folder, &with_matrix("baseline.mp4", matrix));
        for decoder in decoders() {
            let mut stored = open(&path, &with(decoder)).unwrap();
            assert_eq!(stored.info().rotation, rotation, "{decoder:?}");
            let mut shown = open(&path, &OpenOptions { decoder, ..OpenOptions::default() }).unwrap();
            let mut expected = VideoFrame::default();
            stored.next_frame().unwrap().unwrap().turn(rotation, &mut expected).unwrap();
            let shown = shown.next_frame().unwrap().unwrap();
            assert_eq!(shown.pixels(), expected.pixels(), "{matrix:?} {decoder:?}");
        }
    }
}

#[test]
fn slants_are_reported_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    for matrix in [[46_341, 46_341, -46_341, 46_341], [60_547, 25_080, -25_080, 60_547]] {
        let path = saved(&folder, &with_matrix("baseline.mp4", matrix));
        for decoder in decoders() {
            let mut source = open(&path, &with(decoder)).unwrap();
            assert_eq!(source.info().rotation, Rotation::Other, "{matrix:?} {decoder:?}");
            assert_eq!(read(source.as_mut(), 100).frames.len(), 12);
            let refused = open(&path, &OpenOptions { apply_rotation: true, ..with(decoder) }).err().unwrap();
            assert!(matches!(refused, Error::InvalidOption { option: "apply_rotation", .. }), "{refused}");
        }
    }
}
