//! Sampled and cropped sources: the frames of the whole video, chosen and cut, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common;
use crate::common::{adler32, png, samples, testdata};
use dream_data::{
    Cropped, Error, FrameRate, FrameSource, OpenOptions, Pacing, Pixels, RawFormat, RawReader, RelativeBox,
    Sampled, Sampling, Step, VideoFrame, Y4mReader, count_frames, open, open_sampled,
};
use std::path::Path;

type Seen = (u64, f64, String);

fn all(source: &mut dyn FrameSource) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Some(frame) = source.next_frame().unwrap() {
        seen.push((frame.index(), frame.timestamp(), adler32(&samples(frame))));
    }
    assert!(source.next_frame().unwrap().is_none());
    seen
}

/// Luma of `4x3`, every frame another shade.
fn y4m(frames: u8) -> Vec<u8> {
    let mut bytes = b"YUV4MPEG2 W4 H3 F10:1 Cmono\n".to_vec();
    for shade in 0..frames {
        bytes.extend(b"FRAME\n");
        bytes.extend([shade; 12]);
    }
    bytes
}

fn check_every_way(open: &dyn Fn() -> Box<dyn FrameSource>, name: &str) {
    let whole = all(open().as_mut());
    let frames = whole.len() as u64;
    assert_eq!(count_frames(open().as_mut()).unwrap(), frames, "{name}");
    for sampling in [
        Sampling::Every { n: 1, offset: 0 },
        Sampling::Every { n: 6, offset: 1 },
        Sampling::Centres { n: 3 },
        Sampling::Centres { n: 1000 },
        Sampling::Clips { k: 2, length: 2, step: 2, seed: 5 },
        Sampling::PerSecond { n: 1 },
        Sampling::Strides { n: 4 },
        Sampling::FirstOfSecond,
    ] {
        let mut sampler = sampling.sampler_at(Some(frames), open().info().frame_rate).unwrap();
        let expected: Vec<Seen> =
            whole.iter().filter(|(index, time, _)| sampler.wants(*index, *time)).cloned().collect();
        assert!(!expected.is_empty());
        let mut sampled = Sampled::with_count(open(), sampling, frames).unwrap();
        if sampling != Sampling::FirstOfSecond {
            assert_eq!(sampled.info().frames, Some(expected.len() as u64), "{name} {sampling:?}");
        }
        assert_eq!(all(&mut sampled), expected, "{name} {sampling:?}");
    }
}

#[test]
fn every_source_is_sampled_as_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.y4m");
    std::fs::write(&film, y4m(45)).unwrap();
    check_every_way(&|| open(&film, &OpenOptions::default()).unwrap(), "y4m");
    let raw: Vec<u8> = (0..17 * 30).map(|i| u8::try_from(i % 251).unwrap()).collect();
    let format = RawFormat::new(3, 3, FrameRate::new(10, 1).unwrap());
    check_every_way(&|| Box::new(RawReader::new(std::io::Cursor::new(raw.clone()), format).unwrap()), "raw");
    let images = folder.path().join("images");
    std::fs::create_dir(&images).unwrap();
    for shade in 0..30u8 {
        let path = images.join(format!("{shade}.png"));
        png(&path, (3, 2), &[shade; 6]);
    }
    check_every_way(&|| open(&images, &OpenOptions::default()).unwrap(), "images");
    for decoder in common::decoders() {
        for clip in ["baseline.mp4", "bframes.mp4", "edit-list.mp4", "fragmented.mp4", "variable.mp4"] {
            check_every_way(&|| open(testdata(clip), &common::with(decoder)).unwrap(), clip);
        }
    }
}

#[test]
fn frames_that_are_not_wanted_are_not_even_opened() {
    let folder = tempfile::tempdir().unwrap();
    for shade in 0..7u8 {
        let path = folder.path().join(format!("{shade}.png"));
        if shade % 3 == 0 {
            png(&path, (3, 2), &[shade; 6]);
        } else {
            std::fs::write(path, b"no image").unwrap();
        }
    }
    let source = open(folder.path(), &OpenOptions::default()).unwrap();
    let mut sampled = Sampled::new(source, Sampling::Every { n: 3, offset: 0 }).unwrap();
    assert_eq!(all(&mut sampled).iter().map(|seen| seen.0).collect::<Vec<_>>(), [0, 3, 6]);
}

#[test]
fn a_sampled_source_stops_at_its_last_frame_and_passes_damage_on() {
    let whole = y4m(9);
    let cut = &whole[..whole.len() - 1];
    let every = Sampling::Every { n: 4, offset: 0 };
    // Frame 4 is the last of `Every { n: 4 }` among 5: the damage in frame 5 is never met.
    let short = y4m(6);
    let near = Y4mReader::new(&short[..short.len() - 1]).unwrap();
    let mut sampled = Sampled::with_count(near, every, 5).unwrap();
    assert_eq!(all(&mut sampled).len(), 2);
    // Where the number is not known it is met, once, after the good frames.
    let mut sampled = Sampled::new(Y4mReader::new(cut).unwrap(), every).unwrap();
    for index in [0, 4] {
        assert_eq!(sampled.next_frame().unwrap().unwrap().index(), index);
    }
    assert!(matches!(sampled.next_frame(), Err(Error::Damaged { frames: 8, .. })));
    assert!(sampled.next_frame().unwrap().is_none());
    assert!(matches!(count_frames(&mut Y4mReader::new(cut).unwrap()), Err(Error::Damaged { frames: 8, .. })));
}

#[test]
fn a_count_that_is_needed_and_unknown_is_an_error_with_a_way_out() {
    let film = y4m(8);
    let open = || Y4mReader::new(&film[..]).unwrap();
    let centres = Sampling::Centres { n: 2 };
    let refused = Sampled::new(open(), centres).unwrap_err();
    assert!(matches!(refused, Error::FrameCountUnknown { sampling: "centres" }), "{refused}");
    let frames = count_frames(&mut open()).unwrap();
    let mut sampled = Sampled::with_count(open(), centres, frames).unwrap();
    assert_eq!(all(&mut sampled).iter().map(|seen| seen.0).collect::<Vec<_>>(), [2, 6]);
    // A count that promises too much gives fewer frames.
    let mut sampled = Sampled::with_count(open(), centres, 16).unwrap();
    assert_eq!(all(&mut sampled).len(), 1);
}

#[test]
fn an_empty_video_gives_no_frames_or_says_that_it_has_too_few() {
    let empty = y4m(0);
    let mut sampled = Sampled::new(Y4mReader::new(&empty[..]).unwrap(), Sampling::default()).unwrap();
    assert!(all(&mut sampled).is_empty());
    let mut sampled = Sampled::new(Y4mReader::new(&empty[..]).unwrap(), Sampling::FirstOfSecond).unwrap();
    assert!(all(&mut sampled).is_empty());
    let refused = Sampled::with_count(Y4mReader::new(&empty[..]).unwrap(), Sampling::Centres { n: 3 }, 0);
    assert!(matches!(refused.unwrap_err(), Error::TooFewFrames { needed: 1, found: 0, .. }));
}

/// A source of another crate, which knows nothing of `take_frame`.
struct Foreign<S>(S);

impl<S: FrameSource> FrameSource for Foreign<S> {
    fn info(&self) -> &dream_data::VideoInfo {
        self.0.info()
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>, Error> {
        self.0.next_frame()
    }
}

#[test]
fn sources_of_other_crates_are_sampled_too() {
    let film = y4m(13);
    check_every_way(&|| Box::new(Foreign(Y4mReader::new(std::io::Cursor::new(y4m(13))).unwrap())), "foreign");
    let mut source = Foreign(Y4mReader::new(&film[..]).unwrap());
    let (mut frame, mut asked) = (VideoFrame::default(), Vec::new());
    let mut wants = |index, time| {
        asked.push((index, time));
        index == 1
    };
    assert_eq!(source.take_frame(&mut wants, &mut frame).unwrap(), Step::Skipped);
    assert_eq!(source.take_frame(&mut wants, &mut frame).unwrap(), Step::Taken);
    assert_eq!((frame.index(), samples(&frame)[0], asked), (1, 1, vec![(0, 0.0), (1, 0.1)]));
}

#[test]
fn wrappers_stack_in_any_order() {
    let film = y4m(13);
    let area = RelativeBox::new(0.25, 0.0, 1.0, 0.5).unwrap();
    let reader = || Y4mReader::new(&film[..]).unwrap();
    let every = Sampling::Every { n: 6, offset: 0 };
    let mut inside = Sampled::new(Cropped::new(reader(), area), every).unwrap();
    let mut outside = Cropped::new(Sampled::new(reader(), every).unwrap(), area);
    // Gray: columns 1 to 3, and of three rows two.
    assert_eq!((outside.info().width, outside.info().height), (3, 2));
    let frames = all(&mut inside);
    assert_eq!((frames.len(), &frames), (3, &all(&mut outside)));
    // Taking all frames leaves a whole video, which may be sampled; a selection may not.
    let all_of_them = Sampled::new(reader(), Sampling::Every { n: 1, offset: 0 }).unwrap();
    assert_eq!(all(&mut Sampled::new(all_of_them, every).unwrap()).len(), 3);
    let refused = Sampled::new(Sampled::new(reader(), every).unwrap(), Sampling::FirstOfSecond).unwrap_err();
    assert!(refused.to_string().contains("give `first-of-second` the whole video"), "{refused}");
}

/// What a source says of itself, and the times of its frames.
#[test]
fn a_sampled_source_says_that_it_is_one() {
    // 45 frames at 10 a second.
    let film = y4m(45);
    for (text, rate, frames, nominal, pacing, first) in [
        ("every:1", "10", Some(45), Some("10"), Pacing::Constant, &[0.0, 0.1, 0.2][..]),
        ("every:6+1", "5/3", Some(8), Some("5/3"), Pacing::Constant, &[0.1, 0.7, 1.3]),
        ("centres:3", "2/3", Some(3), None, Pacing::Unknown, &[0.7, 2.2, 3.7]),
        ("centres:99", "10", Some(45), Some("10"), Pacing::Constant, &[0.0, 0.1, 0.2]),
        ("clips:2x3/2", "5", Some(6), None, Pacing::Unknown, &[]),
        ("per-second:1", "1", Some(5), None, Pacing::Unknown, &[0.4, 1.4, 2.4]),
        ("per-second:20", "10", Some(45), Some("10"), Pacing::Constant, &[0.0, 0.1, 0.2]),
        ("second", "1", None, None, Pacing::Unknown, &[0.0, 1.0, 2.0]),
    ] {
        let reader = Y4mReader::new(&film[..]).unwrap();
        let mut sampled = Sampled::with_count(reader, text.parse().unwrap(), 45).unwrap();
        let info = sampled.info().clone();
        assert_eq!((info.frame_rate.to_string().as_str(), info.frames), (rate, frames), "{text}");
        let stated = info.nominal_rate.map(|rate| rate.to_string());
        assert_eq!((stated.as_deref(), info.pacing, info.thinned), (nominal, pacing, rate != "10"), "{text}");
        for (found, &expected) in all(&mut sampled).iter().zip(first) {
            assert!((found.1 - expected).abs() < 1e-9, "{text}: {} {expected}", found.1);
        }
    }
    let cropped = Cropped::new(
        Sampled::with_count(Y4mReader::new(&film[..]).unwrap(), Sampling::default(), 45).unwrap(),
        RelativeBox::new(0.0, 0.0, 1.0, 0.5).unwrap(),
    );
    assert!(cropped.info().thinned, "what wraps a selection is one");
}

/// At 10 frames a second the first sample is frame 4.
#[test]
fn a_video_that_ends_before_its_first_sample_gives_its_first_frame() {
    let plan = Sampling::PerSecond { n: 1 };
    let positions = |seen: Vec<Seen>| seen.iter().map(|seen| seen.0).collect::<Vec<_>>();
    for (frames, expected) in [(0, &[][..]), (1, &[0]), (4, &[0]), (5, &[4]), (14, &[4]), (15, &[4, 14])] {
        let film = y4m(frames);
        let reader = || Y4mReader::new(&film[..]).unwrap();
        let (frames, whole) = (u64::from(frames), all(&mut reader()));
        for (mut sampled, what) in [
            (Sampled::new(reader(), plan).unwrap(), "unknown"),
            (Sampled::with_count(reader(), plan, frames).unwrap(), "known"),
            (Sampled::with_count(reader(), plan, frames + 20).unwrap(), "promised too many"),
        ] {
            let seen = all(&mut sampled);
            assert!(seen.iter().all(|seen| whole.contains(seen)), "with its time and samples");
            assert_eq!(positions(seen), expected, "{frames} frames, {what}");
            assert!(sampled.next_frame().unwrap().is_none());
        }
    }
    // Who asks for later frames only does not get it, and what is damaged has none.
    let film = y4m(3);
    let (mut sampled, mut frame) =
        (Sampled::new(Y4mReader::new(&film[..]).unwrap(), plan).unwrap(), VideoFrame::default());
    assert_eq!(sampled.take_frame(&mut |index, _| index > 0, &mut frame).unwrap(), Step::Skipped);
    assert_eq!(sampled.take_frame(&mut |_, _| true, &mut frame).unwrap(), Step::End);
    let mut damaged = Sampled::new(Y4mReader::new(&film[..film.len() - 1]).unwrap(), plan).unwrap();
    assert!(matches!(damaged.next_frame(), Err(Error::Damaged { frames: 2, .. })));
    assert!(damaged.next_frame().unwrap().is_none());
}

/// The stated size is that of the frames, for every layout.
#[test]
fn crops_have_the_stated_size() {
    let area = RelativeBox::new(0.3, 0.35, 0.8, 0.99).unwrap();
    let check = |path: &Path| {
        let mut cropped = Cropped::new(open(path, &OpenOptions::default()).unwrap(), area);
        let stated = (cropped.info().width as usize, cropped.info().height as usize);
        let frame = cropped.next_frame().unwrap().unwrap();
        let (Pixels::Yuv420 { y: plane, .. } | Pixels::Gray(plane) | Pixels::Rgb(plane)) = frame.pixels();
        assert_eq!((plane.width, plane.height), stated, "{}", path.display());
    };
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.y4m");
    std::fs::write(&film, [b"YUV4MPEG2 W7 H5 F1:1\nFRAME\n".to_vec(), vec![9; 35 + 2 * 12]].concat())
        .unwrap();
    check(&film);
    std::fs::write(&film, y4m(1)).unwrap();
    check(&film);
    let image = folder.path().join("image.png");
    png(&image, (7, 5), &[1, 2, 3].repeat(35));
    check(&image);
}

/// Centres of thirds are 1, 4, 6 of 8 frames and 1, 4, 7 of 9.
#[test]
fn plans_go_by_the_frames_that_come_and_not_by_a_promise() {
    let folder = tempfile::tempdir().unwrap();
    let taken = |path: &Path, sampling: &str| -> Vec<u64> {
        let mut source = open_sampled(path, &OpenOptions::default(), sampling.parse().unwrap()).unwrap();
        all(&mut source).iter().map(|seen| seen.0).collect()
    };
    // Parameters of 18 bytes, as long as a frame with its line: by the length of the file there are 9 frames.
    let film = folder.path().join("film.y4m");
    let mut bytes = y4m(8);
    let at = bytes.windows(6).position(|window| window == b"FRAME\n").unwrap() + 5;
    bytes.splice(at..at, *b" Ip Xparameter=123");
    std::fs::write(&film, bytes).unwrap();
    let mut source = open(&film, &OpenOptions::default()).unwrap();
    assert_eq!((source.info().frames, count_frames(&mut source).unwrap()), (Some(9), 8));
    assert_eq!(taken(&film, "centres:3"), [1, 4, 6]);
    assert_eq!(taken(&film, "clips:2x4/1"), (0..8).collect::<Vec<_>>());
    assert_eq!(taken(&film, "every:7"), [0, 7]);
    assert_eq!(taken(&film, "second"), [0]);
    // Where frames have to be counted, damage is an error and not a shorter video.
    let mut cut = y4m(8);
    cut.pop();
    std::fs::write(&film, cut).unwrap();
    let error = open_sampled(&film, &OpenOptions::default(), Sampling::Centres { n: 2 }).err().unwrap();
    assert!(matches!(error, Error::Damaged { frames: 7, .. }), "{error}");
    let images = folder.path().join("images");
    std::fs::create_dir(&images).unwrap();
    for shade in 0..5u8 {
        // The number of files is a fact: those that are not taken are not opened.
        let path = images.join(format!("{shade}.png"));
        match shade {
            0 | 2 => png(&path, (3, 2), &[shade; 6]),
            _ => std::fs::write(path, b"no image").unwrap(),
        }
    }
    assert_eq!(taken(&images, "centres:1"), [2]);
}

/// Every container, whatever it promises.
#[test]
fn plans_are_the_same_by_every_decoder() {
    for clip in ["baseline.mp4", "bframes.mp4", "edit-list.mp4", "fragmented.mp4", "variable.mp4"] {
        for sampling in ["centres:3", "every:5", "clips:2x2/2@5", "per-second:2", "strides:6"] {
            let sampling: Sampling = sampling.parse().unwrap();
            for decoder in common::decoders() {
                let frames =
                    count_frames(&mut open(testdata(clip), &common::with(decoder)).unwrap()).unwrap();
                let rate = open(testdata(clip), &common::with(decoder)).unwrap().info().frame_rate;
                let mut sampler = sampling.sampler_at(Some(frames), rate).unwrap();
                let expected: Vec<u64> = (0..frames).filter(|&index| sampler.wants(index, 0.0)).collect();
                let mut source = open_sampled(testdata(clip), &common::with(decoder), sampling).unwrap();
                let found: Vec<u64> = all(&mut source).iter().map(|seen| seen.0).collect();
                assert_eq!(found, expected, "{clip} {sampling} {decoder:?}");
            }
        }
    }
}
