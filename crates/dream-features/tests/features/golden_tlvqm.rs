//! TLVQM against the reference: the motion tables, the low-complexity rows, the features (see testdata/PROVENANCE.md).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "tests"
)]

use crate::common::golden::{clip, frames, numbers, reference, steps, view};
use dream_features::tlvqm::low::{LowComplexity, NAMES};
use dream_features::tlvqm::{Ties, Tlvqm};
use dream_features::{Error, VideoFeatures, VideoSession, VideoSpec};
use serde_json::Value;

fn assert_close(found: f64, expected: f64, what: &str) {
    let close = (found - expected).abs() <= 1e-12 + 1e-9 * expected.abs();
    assert!(close, "{what}: {found} instead of {expected}");
}

/// Rows and motion tables of a clip.
fn low_complexity(name: &str, steps: &Value) {
    let clip = clip(name);
    let expected = &steps["tlvqm_canonical"];
    let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        expected["lc_names"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect::<Vec<_>>(),
        names
    );
    let indices = numbers(&expected["lc_frame_index"]);
    let mut engine = LowComplexity::new(clip.width, clip.height, Ties::Canonical).unwrap();
    let mut compared = 0;
    for (t, planes) in clip.frames.iter().enumerate() {
        let Some(row) = engine.push(&view(&clip, planes)).unwrap() else { continue };
        let index = t - 1;
        let Some(k) = indices.iter().position(|&i| i == index as f64) else { continue };
        compared += 1;
        let points = expected["keypoint_count"].get(index.to_string()).map_or(0, |n| n.as_u64().unwrap());
        assert_eq!(engine.motions().len() as u64, points, "{name} frame {index}: key points");
        if let Some(table) = expected["motion_by_frame"].get(index.to_string()) {
            for (r, (motion, expected)) in engine.motions().iter().zip(table.as_array().unwrap()).enumerate()
            {
                let expected = numbers(expected);
                let ((m1, m2), (m3, m4)) = (motion.backward, motion.forward);
                let found = [m1, m2, m3, m4].map(f64::from);
                let what = format!("{name} frame {index} point {r}");
                assert_eq!([motion.y as f64 + 1.0, motion.x as f64 + 1.0], expected[4..6], "{what}");
                assert_eq!(found, expected[..4], "{what}");
                let costs = [motion.backward_costs, motion.forward_costs].concat();
                for (found, expected) in costs.into_iter().zip(&expected[6..]) {
                    assert_close(found, *expected, &what);
                }
            }
        }
        let uncertain = numbers(&expected["uncertain_count"])[k];
        assert_eq!(f64::from(engine.uncertain()), uncertain, "{name} frame {index}: uncertain");
        for ((found, expected), what) in row.iter().zip(numbers(&expected["lc"][k])).zip(&names) {
            assert_close(*found, expected, &format!("{name} frame {index} {what}"));
        }
    }
    assert_eq!(compared, indices.len());
}

#[test]
fn features_frames_and_rows_of_every_clip() {
    for name in ["synth_small", "synth_halfodd", "synth_a", "face", "static", "black"] {
        let clip = clip(name);
        let spec = VideoSpec::new(clip.width, clip.height, 10.0);
        let mut session = Tlvqm::default().trace(spec).unwrap();
        for frame in frames(&clip) {
            session.push(&frame).unwrap();
        }
        let (features, trace) = session.finish_traced().unwrap();
        let expected = reference("tlvqm_canonical_features.csv", name);
        assert_eq!((features.values().len(), expected.len()), (75, 75));
        assert!(!features.short() && features.replaced() == 0);
        for ((found, expected), what) in features.values().iter().zip(expected).zip(features.layout().names())
        {
            assert_close(*found, expected, &format!("{name} {what}"));
        }
        if let Some(steps) = steps(name) {
            let steps = &steps["tlvqm_canonical"];
            let picked: Vec<f64> = trace.picked.iter().map(|(frame, _)| *frame as f64).collect();
            assert_eq!(picked, numbers(&steps["hc_frame_index"]), "{name}");
            for ((_, found), expected) in trace.picked.iter().zip(steps["hc"].as_array().unwrap()) {
                for (found, expected) in found.iter().zip(numbers(expected)) {
                    assert_close(*found, expected, name);
                }
            }
            assert_eq!(trace.rows.len(), steps["lc"].as_array().unwrap().len());
        }
    }
}

#[test]
fn short_videos_are_one_window_and_say_so() {
    let clip = clip("synth_small");
    let spec = VideoSpec::new(64, 64, 10.0);
    let run = |count: usize| {
        let mut session = Tlvqm::default().trace(spec).unwrap();
        for frame in frames(&clip).take(count) {
            session.push(&frame).unwrap();
        }
        session.finish_traced()
    };
    for count in 0..6 {
        let found = u64::try_from(count).unwrap();
        assert_eq!(run(count).unwrap_err(), Error::TooFewFrames { min: 6, found });
    }
    for count in 6..=30 {
        let (features, trace) = run(count).unwrap();
        assert!(features.values().iter().all(|v| v.is_finite()));
        assert_eq!(trace.rows.len(), (count - 5).div_ceil(2));
        assert!(!trace.picked.is_empty());
        // Two windows of six rows that share one.
        assert_eq!(features.short(), trace.rows.len() < 12, "{count}");
        if count == 6 {
            assert_eq!(features.values()[..22], trace.rows[0].1[..22]);
        }
    }
    let small = VideoSpec { width: 63, ..spec };
    assert!(matches!(Tlvqm::default().start(small).map(|_| ()), Err(Error::TooSmall { width: 64, .. })));
}

#[test]
fn low_complexity_rows_and_motion_tables() {
    for name in ["synth_small", "synth_halfodd", "synth_a", "face", "static", "black"] {
        if let Some(steps) = steps(name) {
            low_complexity(name, &steps);
        }
    }
}
