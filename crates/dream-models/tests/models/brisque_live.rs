//! BRISQUE of the LIVE release against the release itself (see testdata/PROVENANCE.md).

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use dream_models::Error;
use dream_models::regression::SvrModel;

const RECIPE: &str =
    "extractor=brisque version=1 flat_areas=literal frames=one pooling=none pixels=image-luma source=whole";

/// Name, score of the release, score without its rounding, features.
fn cases() -> Vec<(String, f64, f64, Vec<f64>)> {
    let lines = include_str!("../../testdata/brisque_live.csv").lines().skip(1);
    let case = |line: &str| {
        let (name, rest) = line.split_once(',').unwrap();
        let numbers: Vec<f64> = rest.split(',').map(|cell| cell.parse().unwrap()).collect();
        (name.to_owned(), numbers[0], numbers[1], numbers[2..].to_vec())
    };
    lines.map(case).collect()
}

#[test]
fn scores_equal_those_of_the_release() {
    let model = SvrModel::brisque_live().unwrap();
    let cases = cases();
    assert_eq!(cases.len(), 10);
    for (name, score, unrounded, features) in &cases {
        let found = model.predict((RECIPE, model.inputs(), &features[..])).unwrap();
        assert!((found.score - score).abs() < 1e-3, "{name}: {} instead of {score}", found.score);
        assert!((found.score - unrounded).abs() < 1e-8, "{name}: {} instead of {unrounded}", found.score);
        assert_eq!((found.interval, found.familiarity), (None, None));
    }
    // The release does not clamp.
    assert!(cases.iter().any(|case| case.1 < -1.0));
}

#[test]
fn states_what_it_takes_and_refuses_the_rest() {
    let model = SvrModel::brisque_live().unwrap();
    assert_eq!(model.recipe(), Some(RECIPE));
    assert_eq!((model.inputs().len(), model.predictor().svr().support_vectors()), (36, 774));
    assert_eq!(model.inputs()[5], "brisque.s1.aggd_h.right_variance");
    assert_eq!(model.inputs()[35], "brisque.s2.aggd_d2.right_variance");
    let row = [0.4; 36];
    for (from, to) in [("literal", "snapped"), ("image-luma", "luma"), ("frames=one", "frames=all")] {
        let error = model.predict((&RECIPE.replace(from, to)[..], model.inputs(), &row[..])).unwrap_err();
        assert!(matches!(error, Error::RecipeMismatch { .. }), "{error}");
    }
    let mut names = model.inputs().to_vec();
    names.swap(2, 6);
    let error = model.predict((RECIPE, &names[..], &row[..])).unwrap_err();
    assert!(matches!(error, Error::LayoutMismatch { index: 2, .. }), "{error}");
    assert!(matches!(model.predict_raw(&[f64::NAN; 36]), Err(Error::NonFinite { .. })));
}

#[test]
fn is_saved_and_read_as_any_other() {
    let model = SvrModel::brisque_live().unwrap();
    assert_eq!(SvrModel::from_bytes(&model.to_bytes().unwrap()).unwrap(), model);
    assert!(model.provenance().licence.contains("University of Texas"));
}

#[test]
fn no_score_is_clamped() {
    let model = SvrModel::brisque_live().unwrap();
    // Far from every image of the training only the intercept is left.
    let far = model.predict_raw(&[1e3; 36]).unwrap().score;
    assert_eq!(far, 153.591);
    assert!(model.output().min < -1e5 && model.output().max > 1e5 && model.output().max < 1e6);
}
