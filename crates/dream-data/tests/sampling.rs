//! Sampled and cropped sources: the frames of the whole video, chosen and cut, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

mod common;

use common::{adler32, samples, testdata};
use dream_data::{
    BoxPlan, CropOptions, Cropped, Cropper, Error, FrameRate, FrameSource, Missing, OpenOptions, Pixels,
    RawFormat, RawReader, RelativeBox, Rotation, Sampled, Sampling, Smoothing, Step, VideoFrame, Y4mReader,
    count_frames, open,
};
use image::{ImageBuffer, Luma};
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
        Sampling::Uniform { n: 3 },
        Sampling::Uniform { n: 1000 },
        Sampling::Clips { k: 2, length: 2, step: 2, seed: 5 },
        Sampling::OnePerSecond,
    ] {
        let mut sampler = sampling.sampler(Some(frames)).unwrap();
        let expected: Vec<Seen> =
            whole.iter().filter(|(index, time, _)| sampler.wants(*index, *time)).cloned().collect();
        assert!(!expected.is_empty());
        let mut sampled = Sampled::with_count(open(), sampling, frames).unwrap();
        if sampling != Sampling::OnePerSecond {
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
        ImageBuffer::from_pixel(3, 2, Luma([shade])).save(path).unwrap();
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
            ImageBuffer::from_pixel(3, 2, Luma([shade])).save(path).unwrap();
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
    let uniform = Sampling::Uniform { n: 2 };
    let refused = Sampled::new(open(), uniform).unwrap_err();
    assert!(matches!(refused, Error::FrameCountUnknown { sampling: "uniform" }), "{refused}");
    let frames = count_frames(&mut open()).unwrap();
    let mut sampled = Sampled::with_count(open(), uniform, frames).unwrap();
    assert_eq!(all(&mut sampled).iter().map(|seen| seen.0).collect::<Vec<_>>(), [2, 6]);
    // A count that promises too much gives fewer frames.
    let mut sampled = Sampled::with_count(open(), uniform, 16).unwrap();
    assert_eq!(all(&mut sampled).len(), 1);
}

#[test]
fn an_empty_video_gives_no_frames_or_says_that_it_has_too_few() {
    let empty = y4m(0);
    let mut sampled = Sampled::new(Y4mReader::new(&empty[..]).unwrap(), Sampling::default()).unwrap();
    assert!(all(&mut sampled).is_empty());
    let mut sampled = Sampled::new(Y4mReader::new(&empty[..]).unwrap(), Sampling::OnePerSecond).unwrap();
    assert!(all(&mut sampled).is_empty());
    let refused = Sampled::with_count(Y4mReader::new(&empty[..]).unwrap(), Sampling::Uniform { n: 3 }, 0);
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
    // Column 1 becomes 0, so all four are there; of three rows two.
    assert_eq!((outside.info().width, outside.info().height), (4, 2));
    let frames = all(&mut inside);
    assert_eq!((frames.len(), &frames), (3, &all(&mut outside)));
    let mut thrice =
        Sampled::new(Sampled::new(reader(), every).unwrap(), Sampling::Every { n: 12, offset: 0 });
    assert_eq!(all(thrice.as_mut().unwrap()).iter().map(|seen| seen.0).collect::<Vec<_>>(), [0, 12]);
}

/// The stated size is that of the frames, for every layout.
#[test]
fn crops_have_the_stated_size() {
    let area = RelativeBox::new(0.3, 0.35, 0.8, 0.99).unwrap();
    let check = |path: &Path| {
        let mut cropped = Cropped::new(open(path, &OpenOptions::default()).unwrap(), area);
        let stated = (cropped.info().width as usize, cropped.info().height as usize);
        let frame = cropped.next_frame().unwrap().unwrap();
        let (Pixels::Yuv420 { y: plane, .. } | Pixels::Gray(plane) | Pixels::Rgb(plane)) = frame.pixels()
        else {
            panic!("an unknown layout")
        };
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
    ImageBuffer::from_pixel(7, 5, image::Rgb([1u8, 2, 3])).save(&image).unwrap();
    check(&image);
}

/// A detector that follows a bright square, in one pass with smoothing and in two with one box.
#[test]
fn a_detector_follows_a_square() {
    let mut bytes = b"YUV4MPEG2 W40 H20 F10:1 Cmono\n".to_vec();
    for frame in 0..10usize {
        bytes.extend(b"FRAME\n");
        let bright = |x: usize, y: usize| (2 * frame..2 * frame + 8).contains(&x) && (4..12).contains(&y);
        bytes.extend((0..800).map(|i| if frame != 5 && bright(i % 40, i / 40) { 255u8 } else { 0 }));
    }
    let detector = |frame: &VideoFrame| {
        let Pixels::Gray(luma) = frame.pixels() else { panic!("not luma") };
        let place = |(i, _): (usize, &u8)| (i % luma.width, i / luma.width);
        let found: Vec<_> =
            luma.data.iter().enumerate().filter(|(_, value)| **value > 0).map(place).collect();
        let (left, top) = found.first()?;
        let (right, bottom) = found.last()?;
        let relative = |at: usize, size: usize| at as f64 / size as f64;
        RelativeBox::new(
            relative(*left, luma.width),
            relative(*top, luma.height),
            relative(right + 1, luma.width),
            relative(bottom + 1, luma.height),
        )
        .ok()
    };
    let mut source = Y4mReader::new(&bytes[..]).unwrap();
    let options = CropOptions {
        smoothing: Smoothing::MovingMedian { boxes: 3 },
        missing: Missing::KeepLast,
        ..Default::default()
    };
    let (mut cropper, mut face) = (Cropper::new(detector, options).unwrap(), VideoFrame::default());
    let mut lefts = Vec::new();
    while let Some(frame) = source.next_frame().unwrap() {
        let area = cropper.crop(frame, &mut face).unwrap().unwrap();
        lefts.push((area.corners()[0] * 40.0).round());
        assert_eq!(face.timestamp(), frame.timestamp());
    }
    assert_eq!(lefts, [0.0, 1.0, 2.0, 4.0, 6.0, 6.0, 8.0, 12.0, 14.0, 16.0]);

    let (mut source, mut plan, find) = (Y4mReader::new(&bytes[..]).unwrap(), BoxPlan::default(), detector);
    while let Some(frame) = source.next_frame().unwrap() {
        plan.push(find(frame));
    }
    assert_eq!((plan.found(), plan.frames()), (9, 10));
    let area = plan.finish(CropOptions::FACE_EXPANSION).unwrap();
    // Lefts 0 2 4 6 8 12 14 16 18: the middle is 8..16, widened by 1.2 to each side and rounded: 7..17 from 6.
    assert_eq!(area.to_pixels(40, 20), (7, 3, 10, 10));
    let cropped = Cropped::new(Y4mReader::new(&bytes[..]).unwrap(), area);
    assert_eq!(
        (cropped.info().width, cropped.info().height, cropped.info().rotation),
        (11, 11, Rotation::None)
    );
}
