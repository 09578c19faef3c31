//! GM-LOG and its joint histogram against the reference (see testdata/PROVENANCE.md).
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::panic, reason = "tests")]

use crate::common::reference::{Picture, assert_pooling, close, json, table};
use dream_features::{Frame, GmLog, ImageFeatures, JointHistogram};

#[test]
fn features_equal_the_reference() {
    let rows = table("image/gmlog.csv");
    assert_eq!(rows.len(), 16);
    for (name, expected) in rows {
        let found = Picture::load("rgb", &name).raw(&GmLog);
        assert_eq!(found.len(), expected.len());
        for (i, (&f, &e)) in found.iter().zip(&expected).enumerate() {
            assert!(close(f, e, 0.0), "{name} f{}: {f} instead of {e}", i + 1);
        }
    }
}

#[test]
fn joint_histograms_equal_the_reference_exactly() {
    let golden = json("image/intermediates.json");
    assert_eq!(golden.as_object().unwrap().len(), 16);
    for (name, steps) in golden.as_object().unwrap() {
        let picture = Picture::load("rgb", name);
        let histogram = JointHistogram::of(&Frame::from_rgb(picture.view()).luma_plane());
        let expected: Vec<Vec<u64>> = serde_json::from_value(steps["gmlog_hist"].clone()).unwrap();
        assert_eq!(histogram.counts().map(Vec::from).to_vec(), expected, "{name}");
    }
}

#[test]
fn pooled_rows_equal_the_reference() {
    assert_pooling(&GmLog, "gmlog");
}

#[test]
fn up_to_four_pixels_nothing_is_defined_and_that_is_counted() {
    for name in ["pat_lcg_1x1", "pat_lcg_2x3", "pat_lcg_1x40"] {
        let picture = Picture::load("rgb", name);
        let features = GmLog.extract(&Frame::from_rgb(picture.view())).unwrap();
        assert_eq!((features.values(), features.replaced()), (&[0.0; 40][..], 40));
    }
}
