//! Cut and corrupt video files: frames, then one error, in bounded time; never a panic.
#![cfg(any(feature = "h264", feature = "ffmpeg"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common::{Random, Story, decoders, read, references, testdata, watched, with};
use dream_data::{Decoder, open};
use std::path::Path;

/// No clip has more than 12 frames, and no damage makes more of them than a stray fragment could.
const MOST_FRAMES: usize = 2000;

fn story(path: &Path, decoder: Decoder) -> Result<Story, String> {
    let path = path.to_owned();
    watched(60, move || match open(&path, &with(decoder)) {
        Ok(mut source) => Ok(read(source.as_mut(), MOST_FRAMES)),
        Err(error) => Err(error.to_string()),
    })
}

fn write(folder: &tempfile::TempDir, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.path().join("damaged.mp4");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// With the index in front, the frames before the cut come, unchanged, then one damage.
#[test]
fn cut_files_give_their_first_frames_and_one_damage() {
    let folder = tempfile::tempdir().unwrap();
    let references = references("reference.json");
    for name in ["baseline.mp4", "bframes.mp4", "fragmented.mp4"] {
        let whole = std::fs::read(testdata(name)).unwrap();
        for decoder in decoders() {
            for percent in [10, 50, 90] {
                let path = write(&folder, &whole[..whole.len() * percent / 100]);
                let story = match story(&path, decoder) {
                    Ok(story) => story,
                    // A tenth of so small a file ends inside the index.
                    Err(error) if percent == 10 => {
                        assert!(error.contains("damaged.mp4"), "{error}");
                        continue;
                    }
                    Err(error) => panic!("{name} {percent} % {decoder:?}: {error}"),
                };
                let what = format!("{name} {percent} % {decoder:?}: {story:?}");
                let (_, frames) = story.ending.clone().expect(&what);
                assert_eq!(frames, Some(story.frames.len() as u64), "{what}");
                assert!((1..12).contains(&story.frames.len()), "{what}");
                for ((sum, _), expected) in story.frames.iter().zip(&references[name].adler32) {
                    assert_eq!(sum, expected, "{what}");
                }
            }
        }
    }
}

/// A cut exactly between two frames leaves no half frame to stumble over.
#[test]
fn cuts_between_frames_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(testdata("baseline.mp4")).unwrap();
    let word = |at: usize| u32::from_be_bytes(whole[at..at + 4].try_into().unwrap()) as usize;
    let place = |kind: &[u8]| whole.windows(4).position(|found| found == kind).unwrap();
    // One chunk: its position is in `stco`, the sizes of its frames are in `stsz`.
    let (sizes, mut end) = (place(b"stsz"), word(place(b"stco") + 12));
    assert_eq!((word(sizes + 12), word(place(b"stco") + 8)), (12, 1));
    for frames in 1..12 {
        end += word(sizes + 12 + 4 * frames);
        let path = write(&folder, &whole[..end]);
        for decoder in decoders() {
            let story = story(&path, decoder).unwrap();
            assert_eq!(story.frames.len(), frames, "{decoder:?}: {story:?}");
            assert!(story.ending.is_some(), "{decoder:?} after {frames} frames: {story:?}");
        }
    }
}

/// Containers that promise a length in front and end silently where they are cut.
#[test]
#[cfg(feature = "ffmpeg")]
fn cut_matroska_and_avi_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let references = references("reference.json");
    for (name, percents) in [("baseline.mkv", [30, 40]), ("nv12.avi", [80, 90])] {
        let whole = std::fs::read(testdata(name)).unwrap();
        for percent in percents {
            let path = write(&folder, &whole[..whole.len() * percent / 100]);
            let story = story(&path, Decoder::FfmpegLibrary).unwrap();
            assert!(story.ending.is_some() && !story.frames.is_empty(), "{name} {percent} %: {story:?}");
            let sums: Vec<_> = story.frames.iter().map(|(sum, _)| sum).collect();
            assert!(
                references[name].adler32.iter().take(sums.len()).eq(sums),
                "{name} {percent} %: {story:?}"
            );
        }
    }
}

/// The more of a file there is, the more frames come, and no cut goes unnoticed.
#[test]
#[cfg(feature = "h264")]
fn every_cut_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["baseline.mp4", "fragmented.mp4"] {
        let whole = std::fs::read(testdata(name)).unwrap();
        let mut most = 0;
        for length in (0..whole.len()).step_by(13) {
            match story(&write(&folder, &whole[..length]), Decoder::Builtin) {
                Ok(story) => {
                    // A fragmented file that ends between two fragments is whole, only shorter.
                    let at_fragment = name == "fragmented.mp4" && story.frames.len() % 4 == 0;
                    assert!(story.ending.is_some() || at_fragment, "{name} cut at {length}: {story:?}");
                    assert!(story.frames.len() >= most, "{name} cut at {length}: {story:?}");
                    most = story.frames.len();
                }
                Err(error) => assert_eq!(most, 0, "{name} cut at {length}: {error}"),
            }
        }
        assert!(most >= 8, "{name}: {most}");
    }
}

#[test]
fn without_its_index_a_file_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(testdata("index-last.mp4")).unwrap();
    for percent in [10, 50, 85] {
        let path = write(&folder, &whole[..whole.len() * percent / 100]);
        for decoder in decoders() {
            let error = story(&path, decoder).unwrap_err();
            assert!(error.contains("damaged.mp4"), "{error}");
            if decoder == Decoder::Builtin {
                assert!(error.contains("moov"), "{error}");
            }
        }
    }
}

#[test]
fn random_flips_end_in_frames_or_errors() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["bframes.mp4", "fragmented.mp4", "edit-list.mp4"] {
        let whole = std::fs::read(testdata(name)).unwrap();
        for decoder in decoders() {
            let (mut opened, mut ended_well) = (0, 0);
            for seed in 0..50 {
                let mut bytes = whole.clone();
                Random(seed).flip(&mut bytes, 100);
                if let Ok(story) = story(&write(&folder, &bytes), decoder) {
                    opened += 1;
                    ended_well += u32::from(story.ending.is_none());
                }
            }
            // A hundred flips in 7 kB must not pass for a good file.
            assert!(ended_well <= opened / 4, "{name} {decoder:?}: {ended_well} of {opened} without a word");
        }
    }
}

/// Flips in the index alone, where sizes, counts and positions stand: few at a time, so that most
/// files still open and the damage is met later.
#[test]
#[cfg(feature = "h264")]
fn flips_in_the_index_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["bframes.mp4", "fragmented.mp4", "edit-list.mp4", "rotated.mp4"] {
        let whole = std::fs::read(testdata(name)).unwrap();
        let moov = whole.windows(4).position(|kind| kind == b"moov").unwrap();
        let length = u32::from_be_bytes(whole[moov - 4..moov].try_into().unwrap()) as usize;
        let mut opened = 0;
        for seed in 0..400u64 {
            let mut bytes = whole.clone();
            let count = 1 + usize::try_from(seed % 4).unwrap();
            Random(seed).flip(&mut bytes[moov - 4..moov - 4 + length], count);
            opened += u32::from(story(&write(&folder, &bytes), Decoder::Builtin).is_ok());
        }
        assert!(opened > 50, "{name}: only {opened} opened, the test does not reach the frames");
    }
}

/// Single bytes of the index at their extremes: counts of four thousand million and of none.
#[test]
#[cfg(feature = "h264")]
fn extreme_values_in_the_index_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["bframes.mp4", "fragmented.mp4"] {
        let whole = std::fs::read(testdata(name)).unwrap();
        let moov = whole.windows(4).position(|kind| kind == b"moov").unwrap();
        for at in (moov..whole.len().min(moov + 1400)).step_by(4) {
            for value in [0u32, 0x7fff_ffff, u32::MAX] {
                let mut bytes = whole.clone();
                bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
                let _ = story(&write(&folder, &bytes), Decoder::Builtin);
            }
        }
    }
}
