//! TLVQM against the reference: the motion tables, the low-complexity rows (see testdata/PROVENANCE.md).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "tests"
)]

#[path = "common/clips.rs"]
mod clips;

use std::path::{Path, PathBuf};

use clips::{Clip, Planes};
use dream_features::tlvqm::Ties;
use dream_features::tlvqm::low::{LowComplexity, NAMES};
use dream_features::{LumaView, Yuv420View};
use serde_json::Value;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/video")
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn clip(name: &str) -> Clip {
    let list = json(&testdata().join("clips.json"));
    let number = |key: &str| list[name][key].as_u64().unwrap() as usize;
    let ppm = std::fs::read(testdata().join("astronaut_crop_256.ppm")).unwrap();
    clips::recipe(name, number("width"), number("height"), number("frames"), Some(&ppm)).unwrap()
}

fn view<'a>(clip: &Clip, planes: &'a Planes) -> Yuv420View<'a> {
    let (w, h) = (clip.width, clip.height);
    Yuv420View::new(
        LumaView::new(&planes.y, w, h, w).unwrap(),
        LumaView::new(&planes.u, w / 2, h / 2, w / 2).unwrap(),
        LumaView::new(&planes.v, w / 2, h / 2, w / 2).unwrap(),
    )
    .unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

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
fn low_complexity_rows_of_the_committed_clips() {
    for name in ["synth_small", "synth_halfodd"] {
        low_complexity(name, &json(&testdata().join(format!("{name}.intermediate.json"))));
    }
}

#[test]
fn low_complexity_rows_of_the_other_clips() {
    let shared = std::env::var("DREAM_SHARED").unwrap_or_else(|_| "../../../shared".to_owned());
    let folder = Path::new(&shared).join("golden/video-features");
    if !folder.is_dir() {
        assert!(std::env::var("DREAM_REQUIRE_SHARED").is_err(), "{} is missing", folder.display());
        let _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("SKIPPED: TLVQM of four clips, {} is missing\n", folder.display()),
        );
        return;
    }
    for name in ["synth_a", "face", "static", "black"] {
        low_complexity(name, &json(&folder.join(format!("{name}.intermediate.json"))));
    }
}
