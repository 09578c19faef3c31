//! Kinds of mp4 files and of H.264 in them, made here from the committed clips: what players show, or a refusal with a
//! remedy, never something else in silence; and bounded work, whatever a file claims.
#![cfg(feature = "h264")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common::movie::{DELAY, FRAME, Sample, TIMESCALE, Track, boxed, movie, words};
use crate::common::shared::shared;
use crate::common::{Story, read, references, testdata, watched, with};
use dream_data::{
    Assumption, ColorRange, Decoder, Error, FrameRate, FrameSource, H264Reader, OpenOptions, Pacing,
    VideoInfo, open,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn saved(folder: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("clip.mp4");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn opened(bytes: &[u8]) -> Result<(Story, VideoInfo), Error> {
    let folder = tempfile::tempdir().unwrap();
    let mut source = H264Reader::open(saved(&folder, bytes))?;
    let info = source.info().clone();
    Ok((read(&mut source, 1000), info))
}

/// What FFmpeg decodes of a committed clip.
fn sums(name: &str) -> Vec<String> {
    references("reference.json")[name].adler32.clone()
}

#[track_caller]
fn assert_frames(story: &Story, expected: &[String]) {
    assert_eq!(story.ending, None);
    let found: Vec<&String> = story.frames.iter().map(|(sum, _)| sum).collect();
    assert_eq!(found, expected.iter().collect::<Vec<_>>());
}

#[track_caller]
fn assert_times(story: &Story, expected: impl Iterator<Item = u32>) {
    let expected: Vec<f64> = expected.map(|time| f64::from(time) / f64::from(TIMESCALE)).collect();
    assert_eq!(story.frames.len(), expected.len());
    for ((_, found), expected) in story.frames.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
    }
}

#[track_caller]
fn assert_refused(bytes: &[u8], words: &str) {
    let error = opened(bytes).expect_err(words);
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn the_files_made_here_are_good() {
    for name in ["baseline.mp4", "bframes.mp4"] {
        let (story, info) = opened(&movie(&[Track::of(name)])).unwrap();
        assert_frames(&story, &sums(name));
        assert_eq!((info.frames, info.assumptions.len()), (Some(12), 0));
    }
}

#[test]
fn levels_bound_the_effort_and_not_the_pictures() {
    for level in [60, 61, 62, 0, 255] {
        let mut track = Track::of("baseline.mp4");
        track.sps[0][3] = level;
        assert_frames(&opened(&movie(&[track])).unwrap().0, &sums("baseline.mp4"));
    }
}

#[test]
fn units_of_other_layers_and_views_are_left_out() {
    let mut track = Track::of("baseline.mp4");
    for sample in &mut track.samples {
        for kind in [6, 9, 10, 12, 13, 14, 15, 19, 20, 21, 30] {
            // Prefix units and slices of other layers begin with three bytes of their own.
            for place in [0, sample.units.len()] {
                sample.units.insert(place, vec![0x60 | kind, 0x40, 0x80, 0x07, 0x80]);
            }
        }
    }
    track.sps.push(vec![0x6f, 83, 0, 11, 0x80]);
    assert_frames(&opened(&movie(&[track])).unwrap().0, &sums("baseline.mp4"));
}

#[test]
fn parameter_sets_in_the_samples_are_found() {
    for codec in [b"avc3", b"avc1"] {
        for name in ["baseline.mp4", "bframes.mp4"] {
            let track = Track { codec: *codec, ..Track::of(name).in_band() };
            let (story, info) = opened(&movie(&[track])).unwrap();
            assert_frames(&story, &sums(name));
            assert_eq!((info.width, info.height), (64, 48));
        }
    }
    let mut nothing = Track::of("baseline.mp4");
    (nothing.sps, nothing.pps) = (Vec::new(), Vec::new());
    assert_refused(&movie(&[nothing]), "without parameter sets");
}

/// Streams of other parameters behind each other, as `ffmpeg -f concat` makes them: neither lost nor late frames.
#[test]
fn joined_streams_keep_their_order() {
    let b_frames = Track::of("bframes.mp4");
    let none = Track::of("baseline.mp4").shown_after(DELAY);
    for parts in [vec!["b", "n"], vec!["n", "b"], vec!["b", "b"], vec!["n", "b", "n", "b", "b"]] {
        let track = |part: &str| if part == "b" { b_frames.clone() } else { none.clone() };
        let mut joined = track(parts[0]);
        for part in &parts[1..] {
            joined = joined.then(&track(part));
        }
        let expected: Vec<String> = parts
            .iter()
            .flat_map(|part| sums(if *part == "b" { "bframes.mp4" } else { "baseline.mp4" }))
            .collect();
        let (story, info) = opened(&movie(&[joined])).unwrap();
        assert_frames(&story, &expected);
        assert_times(&story, (0..).take(expected.len()).map(|i| DELAY + i * FRAME));
        assert!(!info.exact);
    }
}

#[test]
fn another_size_inside_the_stream_ends_it() {
    let mut other = Track::of("baseline.mp4");
    // Profile 66 and level in three bytes, then 1 (number), and six more numbers up to the width.
    let sps = &other.sps[0];
    let wider = (4..sps.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))).find_map(|(byte, bit)| {
        let mut wider = sps.clone();
        wider[byte] ^= 1 << bit;
        let track = Track { sps: vec![wider.clone()], ..Track::of("baseline.mp4") };
        let folder = tempfile::tempdir().unwrap();
        let info = H264Reader::open(saved(&folder, &movie(&[track]))).ok()?.info().clone();
        ((info.width, info.height) == (80, 48)).then_some(wider)
    });
    other.sps = vec![wider.expect("a bit that makes it a macroblock wider")];
    let joined = movie(&[Track::of("baseline.mp4").then(&other)]);
    let folder = tempfile::tempdir().unwrap();
    let mut source = H264Reader::open(saved(&folder, &joined)).unwrap();
    let story = read(&mut source, 100);
    assert_eq!(story.frames.len(), 12);
    let (text, _) = story.ending.unwrap();
    assert!(text.contains("80x48") && text.contains("64x48"), "{text}");
}

#[test]
fn streams_that_openh264_would_spoil_are_refused() {
    let mut cut = Track::of("baseline.mp4");
    cut.samples.remove(0);
    assert_refused(&movie(&[cut]), "does not start with an IDR picture");
    // Shown as 1 4 2 3: the second would come out when the third is decoded.
    let mut tangled = Track::of("bframes.mp4").shown_after(DELAY);
    for (sample, frames) in tangled.samples.iter_mut().zip([2, 3, 3, 0]) {
        sample.shift = frames * FRAME;
    }
    assert_refused(&movie(&[tangled]), "shown in an unusual order");
    let mut parts = Track::of("baseline.mp4");
    parts.samples[3].units = vec![vec![0x62, 1, 2, 3]];
    let (story, _) = opened(&movie(&[parts])).unwrap();
    assert!(story.frames.len() == 3 && story.ending.unwrap().0.contains("partitioned slices"));
}

#[test]
fn a_cut_file_says_so_and_where() {
    let whole = movie(&[Track::of("baseline.mp4")]);
    let end = whole.len();
    for length in [end - 1, end - 2000] {
        let (story, _) = opened(&whole[..length]).unwrap();
        let (text, frames) = story.ending.unwrap();
        let words = format!("cut off: it ends at byte {length}, its frames at byte {end}");
        assert!(text.contains(&words) && frames == Some(story.frames.len() as u64), "{text}");
    }
    let fragmented = std::fs::read(testdata("fragmented.mp4")).unwrap();
    let (story, _) = opened(&fragmented[..4000]).unwrap();
    let text = story.ending.unwrap().0;
    assert!(text.contains("cut off: it ends at byte 4000, its frames at byte"), "{text}");
    let index_last = std::fs::read(testdata("index-last.mp4")).unwrap();
    let error = opened(&index_last[..2000]).unwrap_err();
    assert!(matches!(error, Error::Damaged { frames: 0, .. }), "{error}");
    assert!(error.to_string().contains("cut off: it ends at byte 2000, before its index"), "{error}");
}

#[test]
fn the_track_that_players_show_is_read_or_refused_but_no_other() {
    let h264 = Track::of("baseline.mp4");
    let hevc = Track { codec: *b"hvc1", ..h264.clone() };
    let off = |track: &Track| Track { enabled: false, ..track.clone() };
    let mut cover = Track { codec: *b"jpeg", ..h264.clone() };
    cover.samples.truncate(1);
    let folder = tempfile::tempdir().unwrap();
    let read_of = |tracks: &[&Track], wanted: Option<usize>| {
        let tracks: Vec<Track> = tracks.iter().map(|track| (*track).clone()).collect();
        let path = saved(&folder, &movie(&tracks));
        let options = OpenOptions { track: wanted, ..with(Decoder::Builtin) };
        open(path, &options).map(|mut source| {
            assert_frames(&read(source.as_mut(), 100), &sums("baseline.mp4"));
            source.info().assumptions.clone()
        })
    };
    let note = |track, tracks| vec![Assumption::OneOfTracks { track, tracks }];
    assert_eq!(read_of(&[&h264], None).unwrap(), []);
    assert_eq!(read_of(&[&h264, &hevc], None).unwrap(), note(1, 2));
    assert_eq!(read_of(&[&off(&hevc), &h264, &h264], None).unwrap(), note(2, 3));
    assert_eq!(read_of(&[&hevc, &h264], Some(2)).unwrap(), []);
    assert_eq!(read_of(&[&off(&h264)], None).unwrap(), []);
    assert_eq!(read_of(&[&cover, &h264], None).unwrap(), []);
    assert_eq!(read_of(&[&h264, &cover], None).unwrap(), []);

    let refused = read_of(&[&hevc, &h264], None).unwrap_err();
    assert!(matches!(refused, Error::Unsupported { .. }), "{refused}");
    for words in ["video track 1 of 2", "`hvc1`", "--track N"] {
        assert!(refused.to_string().contains(words), "{refused}");
    }
    // A film of JPEG pictures is no cover.
    let film = Track { codec: *b"jpeg", ..h264.clone() };
    assert!(read_of(&[&film, &h264], None).unwrap_err().to_string().contains("`jpeg`"));
    for wanted in [0, 3] {
        let refused = read_of(&[&hevc, &h264], Some(wanted)).unwrap_err();
        assert!(matches!(refused, Error::InvalidOption { option: "track", .. }), "{refused}");
        assert!(refused.to_string().contains("2 video tracks"), "{refused}");
    }
}

#[test]
fn a_freeze_is_not_part_of_the_rate() {
    let rate = |durations: &[u32]| {
        let mut track = Track::of("baseline.mp4");
        for (sample, duration) in track.samples.iter_mut().zip(durations.iter().cycle()) {
            sample.duration = *duration;
        }
        let info = opened(&movie(&[track])).unwrap().1;
        assert_eq!(info.nominal_rate, Some(info.frame_rate));
        (info.pacing, info.frame_rate.to_string())
    };
    assert_eq!(rate(&[1000]), (Pacing::Constant, "30".to_owned()));
    let freeze = [1000, 1000, 3_000_000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000];
    assert_eq!(rate(&freeze), (Pacing::Variable, "30".to_owned()));
    // Rounded by the clock.
    assert_eq!(rate(&[33, 33, 34]), (Pacing::Constant, "55000/61".to_owned()));

    let mut fragmented = std::fs::read(testdata("fragmented.mp4")).unwrap();
    let info = opened(&fragmented).unwrap().1;
    let ntsc = FrameRate::new(TIMESCALE, FRAME).unwrap();
    assert_eq!((info.pacing, info.frame_rate, info.nominal_rate), (Pacing::Constant, ntsc, Some(ntsc)));
    // The frames of the last fragment last 100 s each.
    let tfhd = fragmented.windows(4).enumerate().filter(|(_, kind)| kind == b"tfhd").nth(2).unwrap().0;
    assert_eq!(fragmented[tfhd + 12..tfhd + 16], FRAME.to_be_bytes());
    fragmented[tfhd + 12..tfhd + 16].copy_from_slice(&(100 * TIMESCALE).to_be_bytes());
    let info = opened(&fragmented).unwrap().1;
    assert_eq!((info.pacing, info.frame_rate), (Pacing::Variable, ntsc));
}

#[test]
fn edits_of_several_parts_are_shown_in_turn() {
    let mut track = Track::of("baseline.mp4");
    track.samples.iter_mut().for_each(|sample| sample.duration = 1000);
    // The first three frames, then those from the seventh on, which begins 10 units after the cut.
    track.edits = vec![(500, u32::MAX), (100, 0), (100, 5990)];
    let (story, info) = opened(&movie(&[track.clone()])).unwrap();
    let all = sums("baseline.mp4");
    assert_frames(&story, &[&all[..3], &all[6..9]].concat());
    assert_times(&story, [15_000, 16_000, 17_000, 18_000, 19_000, 20_000].into_iter());
    assert_eq!(info.frames, Some(6));
    track.edits = vec![(100, 6000), (100, 0)];
    assert_refused(&movie(&[track]), "changes the order");
}

#[test]
fn what_is_not_stated_is_limited() {
    let track = Track::of("baseline.mp4");
    let range =
        |more: &[u8]| opened(&movie(&[Track { more: more.to_vec(), ..track.clone() }])).unwrap().1.range;
    let colour = |full| boxed(b"colr", &[b"nclx", &[0, 1, 0, 1, 0, 1, full]]);
    assert_eq!(range(&[]), ColorRange::Limited);
    assert_eq!(range(&colour(0x80)), ColorRange::Full);
    assert_eq!(range(&colour(0)), ColorRange::Limited);
    // The stream itself says full.
    let stated = Track { more: colour(0), ..Track::of("index-last.mp4") };
    assert_eq!(opened(&movie(&[stated])).unwrap().1.range, ColorRange::Full);
}

#[test]
#[cfg(unix)]
fn what_cannot_be_sought_is_refused_with_the_way_out() {
    let direct = H264Reader::open("/dev/zero").unwrap_err();
    let refused = open("/dev/zero", &OpenOptions::default()).err().unwrap();
    for error in [direct, refused] {
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains("cannot be sought"), "{error}");
        assert!(error.to_string().contains("save it to a file first"), "{error}");
    }
}

/// Reads a file to its end and says how long that took.
fn duration(path: &Path) -> (Duration, Result<Story, String>) {
    let path = path.to_owned();
    watched(60, move || {
        let begin = Instant::now();
        let story = H264Reader::open(path).map(|mut source| read(&mut source, 10_000));
        (begin.elapsed(), story.map_err(|error| error.to_string()))
    })
}

/// Every count of the tables and fragments at its extremes. Two seconds are for builds without optimisation on a busy
/// machine; the work is that of a few kilobytes.
#[test]
fn claimed_counts_cost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let check = |file: &[u8], what: &str| {
        let (took, story) = duration(&saved(&folder, file));
        assert!(took < Duration::from_secs(2), "{what}: {took:?}");
        let well = story.as_ref().is_ok_and(|story| story.ending.is_none());
        (well, story.map_or_else(|error| error, |story| format!("{:?}", story.ending)))
    };
    let fragmented = std::fs::read(testdata("fragmented.mp4")).unwrap();
    let trun = fragmented.windows(4).position(|kind| kind == b"trun").unwrap() + 4;
    for (flags, count) in
        [(0, u32::MAX), (0x1, u32::MAX), (0, 10_000_000), (0x800, u32::MAX), (0xf01, u32::MAX)]
    {
        let mut file = fragmented.clone();
        file[trun..trun + 8].copy_from_slice(&words(&[flags, count]));
        let (well, text) = check(&file, &format!("trun {flags:x} {count}"));
        assert!(!well, "{text}");
        // All samples of no size.
        let tfhd = file.windows(4).position(|kind| kind == b"tfhd").unwrap() + 4;
        file[tfhd + 12..tfhd + 16].fill(0);
        assert!(!check(&file, &format!("trun {flags:x} {count} of 0 bytes")).0);
    }
    let plain = movie(&[Track::of("bframes.mp4")]);
    let table = |kind: &[u8; 4]| plain.windows(4).position(|found| found == kind).unwrap() + 8;
    let patched = |kind: &[u8; 4], values: &[u32]| {
        let mut file = plain.clone();
        let at = table(kind);
        file[at..at + 4 * values.len()].copy_from_slice(&words(values));
        file
    };
    for (size, count) in [(1, 9_999_999), (1, u32::MAX), (1, 5000), (u32::MAX, 9_999_999), (0, u32::MAX)] {
        let (well, text) = check(&patched(b"stsz", &[size, count]), &format!("stsz {size} {count}"));
        assert!(!well, "{text}");
    }
    let zeros = patched(b"stsz", &[0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert!(check(&zeros, "no sizes").1.contains("12 frames of 0 bytes"));
    check(&patched(b"stts", &[1, u32::MAX, 0]), "stts");
    check(&patched(b"stts", &[1, u32::MAX, u32::MAX]), "stts");
    check(&patched(b"stts", &[u32::MAX]), "stts runs");
    check(&patched(b"ctts", &[1, u32::MAX, u32::MAX]), "ctts");
    check(&patched(b"ctts", &[12, 0, 5, 0, 5]), "ctts of nothing");
    check(&patched(b"stsc", &[1, 1, u32::MAX]), "stsc");
    check(&patched(b"stsc", &[1, 1, 0]), "stsc of nothing");
    check(&patched(b"stco", &[u32::MAX]), "stco");
}

/// A megabyte of tables that make every frame lie in the same place.
#[test]
fn large_tables_are_walked_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut track = Track::of("baseline.mp4");
    let last = track.samples.remove(11);
    let empty = Sample { units: vec![Vec::new()], duration: 1, shift: 0 };
    track.samples.extend(std::iter::repeat_n(empty, 50_000));
    track.samples.push(last);
    let (took, story) = duration(&saved(&folder, &movie(&[track])));
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(story.unwrap().frames.len(), 12);
}

#[test]
fn the_slow_cases_end_at_once() {
    let Some(cases) = shared("the_slow_cases_end_at_once", "cases/video") else { return };
    for name in ["v30_slow_1521_bytes.mp4", "v31_slow_2289_bytes.mp4"] {
        let (took, story) = duration(&cases.join(name));
        assert!(took < Duration::from_millis(500) && story.is_err(), "{name}: {took:?} {story:?}");
    }
}
