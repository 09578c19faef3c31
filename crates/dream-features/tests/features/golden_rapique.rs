//! RAPIQUE against a second implementation, which equals the reference to 1e-11 (see testdata/PROVENANCE.md).
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "tests")]

use std::path::Path;

use dream_features::rapique::{Chunk, Rapique};
use dream_features::{Error, FeatureVector, VideoFeatures, VideoSession, VideoSpec};
use serde_json::Value;

use crate::common::golden::json;
use crate::contract::{clip as pattern, colour_frame};

/// The clip of the reference numbers: a pattern that moves, and noise.
fn clip(width: usize, height: usize, frames: usize) -> Vec<[Vec<u8>; 3]> {
    let mut state = 11u32;
    let mut noise = move |shift: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24 >> shift) as usize
    };
    let mut plane = |width: usize, height: usize, value: &dyn Fn(usize, usize) -> usize, shift: u32| {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        places.map(|(x, y)| (value(x, y) + noise(shift)) as u8).collect::<Vec<u8>>()
    };
    let frame = |t: usize| {
        let y = plane(width, height, &|x, y| 40 + (4 * x + 3 * y + 5 * t) % 97, 2);
        let u = plane(width / 2, height / 2, &|x, _| 90 + (x + 2 * t) % 40, 3);
        [y, u, plane(width / 2, height / 2, &|_, y| 80 + (y + t) % 50, 3)]
    };
    (0..frames).map(frame).collect()
}

fn run(
    options: Rapique,
    clip: &[[Vec<u8>; 3]],
    (width, height, rate): (usize, usize, f64),
) -> Result<(FeatureVector, Vec<Chunk>), Error> {
    let mut session = options.trace(VideoSpec::new(width, height, rate))?;
    for planes in clip {
        session.push(&colour_frame(planes, width, height))?;
    }
    session.finish_traced()
}

#[test]
fn features_equal_the_second_implementation() {
    let all = json(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/rapique/clips.json"));
    for name in ["whole", "reduced"] {
        let case = &all[name];
        let number = |key: &str| case[key].as_u64().unwrap() as usize;
        let (width, height, rate) = (number("width"), number("height"), number("frames_per_second"));
        let options = Rapique { short_side: number("short_side"), keep_undefined: true };
        let clip = clip(width, height, number("frames"));
        let (features, _) = run(options, &clip, (width, height, rate as f64)).unwrap();
        let expected = case["values"].as_array().unwrap();
        let every = number("every");
        assert_eq!(expected.len(), Rapique::DIM.div_ceil(every));
        let found = features.layout().names().iter().zip(features.values()).step_by(every);
        for ((feature, found), expected) in found.zip(expected) {
            let what = format!("{name} {feature}: {found} instead of {expected}");
            match expected {
                Value::Null => assert!(!found.is_finite(), "{what}"),
                expected => {
                    let expected = expected.as_f64().unwrap();
                    assert!((found - expected).abs() <= 1e-9 + 1e-6 * expected.abs(), "{what}");
                }
            }
        }
    }
}

#[test]
fn flat_and_tiny_videos_have_counted_zeros() {
    for (width, height) in [(1, 1), (2, 7), (40, 30)] {
        let clip = pattern(width, height, 12, "white");
        let (kept, _) =
            run(Rapique { keep_undefined: true, ..Rapique::default() }, &clip, (width, height, 5.0)).unwrap();
        let undefined = kept.values().iter().filter(|v| !v.is_finite()).count();
        let (features, _) = run(Rapique::default(), &clip, (width, height, 5.0)).unwrap();
        assert!(features.values().iter().all(|v| v.is_finite()));
        assert!(undefined > 0 && features.replaced() == undefined, "{width}x{height}");
    }
}

#[test]
fn short_videos_say_how_many_frames_are_needed() {
    let clip = pattern(24, 18, 14, "moving");
    for count in 0..=14 {
        let result = run(Rapique::default(), &clip[..count], (24, 18, 25.0));
        match u64::try_from(count).unwrap() {
            14 => assert_eq!(result.unwrap().1.len(), 1),
            found => assert_eq!(result.unwrap_err(), Error::TooFewFrames { min: 14, found }),
        }
    }
    let error = Rapique { short_side: 0, ..Rapique::default() }.start(VideoSpec::new(2, 2, 25.0)).err();
    assert!(matches!(error, Some(Error::Config { field: "short_side", .. })));
}

#[test]
fn chunks_of_the_end_are_those_of_a_longer_video_cut_off() {
    let (width, height, rate) = (24, 18, 3.0);
    let clip = pattern(width, height, 16, "noise");
    let (_, long) = run(Rapique::default(), &clip, (width, height, rate)).unwrap();
    let (_, short) = run(Rapique::default(), &clip[..11], (width, height, rate)).unwrap();
    assert_eq!((long.len(), short.len()), (5, 3));
    assert_eq!(long[0], short[0], "complete in both");
    assert_eq!((short[2].middle, short[2].pictures, short[2].window), (7, [6, 8], [3, 6]));
    assert_eq!(long[2].window, [3, 8]);
    assert_eq!(long[2].values[..1360], short[2].values[..1360]);
    assert_ne!(long[2].values[1360..], short[2].values[1360..]);
}
