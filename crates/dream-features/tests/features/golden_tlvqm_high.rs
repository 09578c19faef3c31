//! TLVQM's high-complexity vectors and the primitives under them against the reference (see testdata/PROVENANCE.md).
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "tests"
)]

use crate::common::clips;
use crate::common::shared;
use std::path::{Path, PathBuf};

use dream_features::color::{lab_from_rgb, rgb_from_ycbcr};
use dream_features::dct::dct2;
use dream_features::resize::{double_size, half_size, scaled};
use dream_features::tlvqm::high::{HighComplexity, NAMES};
use dream_features::{LumaView, Plane, Yuv420View};
use serde_json::Value;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/video")
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

/// A clip of the reference, remade.
fn clip(name: &str) -> clips::Clip {
    let list = json(&testdata().join("clips.json"));
    let number = |key: &str| list[name][key].as_u64().unwrap() as usize;
    let ppm = std::fs::read(testdata().join("astronaut_crop_256.ppm")).unwrap();
    clips::recipe(name, number("width"), number("height"), number("frames"), Some(&ppm)).unwrap()
}

fn view(clip: &clips::Clip, frame: usize) -> Yuv420View<'_> {
    let planes = &clip.frames[frame];
    let (w, h) = (clip.width, clip.height);
    let chroma = |data| LumaView::new(data, w.div_ceil(2), h.div_ceil(2), w.div_ceil(2)).unwrap();
    Yuv420View::new(LumaView::new(&planes.y, w, h, w).unwrap(), chroma(&planes.u), chroma(&planes.v)).unwrap()
}

fn compare(name: &str, golden: &Value) {
    let clip = clip(name);
    let mut high = HighComplexity::new(clip.width, clip.height).unwrap();
    let canonical = &golden["tlvqm_canonical"];
    let names: Vec<&str> =
        canonical["hc_names"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(names, NAMES);
    let frames = numbers(&canonical["hc_frame_index"]);
    let mut faults = Vec::new();
    let mut check = |what: String, found: f64, expected: f64, relative: f64| {
        let close = (found - expected).abs() <= (relative * expected.abs()).max(1e-12);
        if !close {
            faults.push(format!("{what}: {found:?} instead of {expected:?}"));
        }
    };
    for (&index, row) in frames.iter().zip(canonical["hc"].as_array().unwrap()) {
        let found = high.vector(&view(&clip, index as usize)).unwrap();
        for ((name, found), expected) in NAMES.iter().zip(found).zip(numbers(row)) {
            check(format!("frame {index} {name}"), found, expected, 1e-9);
        }
    }
    // One frame per second from the middle of the first on: the rate of all clips is 10.
    let rows = golden["videval"]["hcf"].as_array().unwrap();
    for (row, index) in rows.iter().zip((4..).step_by(10)) {
        let found = high.videval_vector(&view(&clip, index)).unwrap();
        for (k, (found, expected)) in found.into_iter().zip(numbers(row)).enumerate() {
            check(format!("frame {index} videval {k}"), found, expected, 1e-8);
        }
    }
    assert!(!rows.is_empty() && !frames.is_empty());
    assert!(faults.is_empty(), "{name}: {} values differ\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn vectors_equal_the_reference() {
    for name in ["synth_small", "synth_halfodd"] {
        compare(name, &json(&testdata().join(format!("{name}.intermediate.json"))));
    }
}

#[test]
fn vectors_of_all_clips_equal_the_reference() {
    let Some(folder) = shared::shared("golden/video-features") else { return };
    for name in ["synth_a", "face", "static", "black"] {
        compare(name, &json(&folder.join(format!("{name}.intermediate.json"))));
    }
}

fn plane(value: &Value) -> Plane {
    let side = |key: &str| value[key].as_u64().unwrap() as usize;
    Plane::new(numbers(&value["data_row_major"]), side("cols"), side("rows")).unwrap()
}

#[test]
fn primitives_equal_the_reference() {
    let golden = json(&testdata().join("primitives.json"));
    let (a, b) = (plane(&golden["A"]), plane(&golden["B"]));
    let cases = [
        ("imresize_0.5", scaled(&a, 0.5).unwrap()),
        ("imresize_2", scaled(&a, 2.0).unwrap()),
        ("imresize_0.25", scaled(&a, 0.25).unwrap()),
        ("imresize_B_0.5", scaled(&b, 0.5).unwrap()),
        ("imresize_0.5", half_size(&a)),
        ("imresize_2", double_size(&a)),
        ("dct2_A", dct2(&a)),
    ];
    for (name, found) in cases {
        let expected = plane(&golden[name]);
        assert_eq!((found.width(), found.height()), (expected.width(), expected.height()), "{name}");
        for (f, e) in found.data().iter().zip(expected.data()) {
            assert!((f - e).abs() <= (1e-12 * e.abs()).max(1e-12), "{name}: {f:?} {e:?}");
        }
    }
    let (yuv, rgb, lab) = (&golden["yuv8"], &golden["ycbcr2rgb_double"], &golden["rgb2lab_of_that"]);
    let rows = |value: &Value| numbers(&value["data_row_major"]);
    for ((yuv, rgb), lab) in rows(yuv).chunks(3).zip(rows(rgb).chunks(3)).zip(rows(lab).chunks(3)) {
        let found = rgb_from_ycbcr([yuv[0] / 255.0, yuv[1] / 255.0, yuv[2] / 255.0]);
        let pairs = found.iter().zip(rgb).map(|(f, e)| (*f, *e, 1e-14));
        let found = lab_from_rgb(found);
        for (f, e, tolerance) in pairs.chain(found.into_iter().zip(lab).map(|(f, e)| (f, *e, 1e-12))) {
            assert!((f - e).abs() <= tolerance, "{yuv:?}: {f:?} {e:?}");
        }
    }
}
