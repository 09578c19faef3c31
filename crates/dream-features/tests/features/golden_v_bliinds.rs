//! V-BLIINDS against the reference: motion vectors, spectra, naturalness, features (see testdata/PROVENANCE.md).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "tests"
)]

use crate::common::golden::{clip, frames, numbers, reference, steps};
use dream_features::nss::FlatAreas;
use dream_features::v_bliinds::{Trace, VBliinds};
use dream_features::{Error, FeatureVector, VideoSession, VideoSpec};
use serde_json::Value;

const CLIPS: [&str; 6] = ["synth_small", "synth_halfodd", "synth_a", "face", "static", "black"];

fn run(name: &str, options: VBliinds, count: usize) -> Result<(FeatureVector, Trace), Error> {
    let clip = clip(name);
    let spec = VideoSpec::new(clip.width, clip.height, 10.0);
    let mut session = options.trace(spec).unwrap();
    for frame in frames(&clip).take(count) {
        session.push(&frame).unwrap();
    }
    session.finish_traced()
}

/// Where much is flat, the reference follows its rounding noise, and so must we.
fn options(name: &str) -> VBliinds {
    let flat = name == "static" || name == "black";
    VBliinds { flat_areas: if flat { FlatAreas::Literal } else { FlatAreas::Snapped }, keep_undefined: false }
}

/// Of features 1 to 37 on clips with flat areas, rounding decides in the reference.
fn tolerance(name: &str, feature: usize) -> f64 {
    match feature {
        0..=36 if name == "static" || name == "black" => 0.05,
        0..=35 => 1e-9,
        36 => 1e-6,
        _ => 1e-10,
    }
}

fn assert_close(found: f64, expected: f64, relative: f64, what: &str) {
    let close =
        found.is_nan() && expected.is_nan() || (found - expected).abs() <= 1e-12 + relative * expected.abs();
    assert!(close, "{what}: {found} instead of {expected}");
}

fn vectors(value: &Value) -> Vec<(i32, i32)> {
    let rows = value.as_array().unwrap().iter().map(numbers);
    rows.map(|row| (row[0] as i32, row[1] as i32)).collect()
}

#[test]
fn features_of_every_clip() {
    for name in CLIPS {
        let options = VBliinds { keep_undefined: true, ..options(name) };
        let (features, _) = run(name, options, 99).unwrap();
        let expected = reference("vbliinds_features.csv", name);
        assert_eq!((features.values().len(), expected.len()), (46, 46));
        for (i, (found, expected)) in features.values().iter().zip(expected).enumerate() {
            let what = format!("{name} {} {}", i + 1, features.layout().names()[i]);
            assert_close(*found, expected, tolerance(name, i), &what);
        }
        let (finite, _) = run(name, self::options(name), 99).unwrap();
        assert!(finite.values().iter().all(|v| v.is_finite()));
        let undefined = features.values().iter().filter(|v| !v.is_finite()).count();
        assert_eq!(finite.replaced(), undefined);
    }
}

#[test]
fn steps_of_every_clip() {
    for name in CLIPS {
        let Some(steps) = steps(name) else { continue };
        let steps = &steps["vbliinds"];
        let (_, trace) = run(name, options(name), 99).unwrap();
        for (found, expected) in trace.raw.iter().zip(numbers(&steps["raw"])) {
            assert_close(*found, expected, 1e-10, &format!("{name} raw"));
        }
        let first = &trace.pairs[0];
        let padded = |found: &[(i32, i32)], len: usize| {
            let mut found = found.to_vec();
            found.resize(len, (0, 0));
            found
        };
        for (key, found) in
            [("mv16_pair0_dy_dx", &first.residual_vectors), ("mv10_pair0_dy_dx", &first.motion_vectors)]
        {
            let expected = vectors(&steps[key]);
            assert!(expected.len() >= found.len());
            assert_eq!(padded(found, expected.len()), expected, "{name} {key}");
        }
        for (found, expected) in first.coherency.iter().zip(numbers(&steps["coherency_pair0"])) {
            assert_close(*found, expected, 1e-10, &format!("{name} coherency"));
        }
        let lists = [
            ("std_dc", trace.pairs.iter().map(|pair| pair.residual_deviation).collect::<Vec<_>>()),
            ("dt_dc2_terms", trace.pairs.windows(2).map(|w| (w[1].mean_dc - w[0].mean_dc).abs()).collect()),
        ];
        for (key, found) in lists {
            let expected = numbers(&steps[key]);
            assert_eq!(found.len(), expected.len(), "{name} {key}");
            for (found, expected) in found.into_iter().zip(expected) {
                assert_close(found, expected, 1e-10, &format!("{name} {key}"));
            }
        }
        let rows = |key: &str| {
            // Nothing where no block fits into the frame.
            steps[key].as_array().into_iter().flatten().map(numbers).collect::<Vec<_>>()
        };
        for (pair, expected) in trace.pairs.iter().zip(rows("gamma_zigzag_per_pair")) {
            for (found, expected) in pair.shapes.iter().zip(expected) {
                assert_close(*found, expected, 1e-12, &format!("{name} shapes"));
            }
        }
        for (pair, expected) in trace.pairs.iter().zip(rows("mode_mean_mv10")) {
            assert_close(pair.mode, expected[0], 1e-12, &format!("{name} mode"));
            assert_close(pair.mean, expected[1], 1e-12, &format!("{name} mean"));
        }
        for ((_, found), expected) in trace.niqe.iter().zip(rows("niqe_per_frame_first5")) {
            for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_close(*found, expected, tolerance(name, i), &format!("{name} naturalness {}", i + 1));
            }
        }
    }
}

#[test]
fn short_videos() {
    for count in 0..4 {
        let found = u64::try_from(count).unwrap();
        let error = run("synth_halfodd", VBliinds::default(), count).unwrap_err();
        assert_eq!(error, Error::TooFewFrames { min: 4, found });
    }
    for count in 4..14 {
        let (features, _) = run("synth_halfodd", VBliinds::default(), count).unwrap();
        assert_eq!(features.short(), count < 11, "{count}");
        assert_eq!(features.replaced(), if count < 11 { 37 } else { 0 });
        assert!(features.values().iter().all(|v| v.is_finite()));
    }
}
