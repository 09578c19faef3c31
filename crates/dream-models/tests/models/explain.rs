//! What the features of the embedded models add to a score.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use dream_models::Error;
use dream_models::regression::{Explanation, FeatureGroups, QualityModel};

fn models() -> [QualityModel; 2] {
    [QualityModel::embedded().unwrap(), QualityModel::embedded_brisque().unwrap()]
}

/// A row that is `moves` standard deviations from the reference, and further away where the scaling clamps.
fn row(model: &QualityModel, moves: &[f64]) -> Vec<f64> {
    let groups = FeatureGroups::by_aspect(model.inputs());
    // 0.3 is a value that every feature may have.
    let middle = model.explain_raw(&vec![0.3; model.inputs().len()], &groups).unwrap();
    let features: Vec<_> = middle.groups.iter().flat_map(|group| &group.features).collect();
    let value = |(name, by): (&String, &f64)| {
        let feature = features.iter().find(|feature| feature.name == *name).unwrap();
        feature.reference * (1.0 + by)
    };
    model.inputs().iter().zip(moves.iter().cycle()).map(value).collect()
}

fn total(found: &Explanation) -> f64 {
    found.groups.iter().map(|group| group.share).sum()
}

fn shares(found: &Explanation) -> Vec<(String, u64)> {
    let features = found.groups.iter().flat_map(|group| &group.features);
    let mut shares: Vec<_> =
        features.map(|feature| (feature.name.clone(), feature.share.to_bits())).collect();
    shares.sort();
    shares
}

/// Rows whose values lie between `low` and `high`, in parts of the reference, beside it.
fn random_rows(model: &QualityModel, count: u64, (low, high): (f64, f64)) -> Vec<Vec<f64>> {
    let rows = (1..=count).map(|seed| {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            low + (high - low) * (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let moves: Vec<f64> = (0..61).map(|_| next()).collect();
        row(model, &moves)
    });
    rows.collect()
}

#[test]
fn shares_sum_to_the_score() {
    for model in models() {
        let groups = FeatureGroups::by_aspect(model.inputs());
        let near = random_rows(&model, 24, (-0.3, 0.3));
        for row in near.iter().chain(&random_rows(&model, 24, (-3.0, 30.0))) {
            let found = model.explain_raw(row, &groups).unwrap();
            assert!((found.reference + total(&found) - found.unclamped).abs() < 1e-9, "{found:?}");
            assert!((found.unclamped + found.clamping() - found.score).abs() < 1e-12);
            assert_eq!(found.score, model.predict_raw(row).unwrap().score);
            for group in &found.groups {
                let sum: f64 = group.features.iter().map(|feature| feature.share).sum();
                assert!((sum - group.share).abs() < 1e-12);
            }
        }
    }
}

/// To the last bit.
#[test]
fn the_order_of_groups_and_features_does_not_matter() {
    for model in models() {
        let groups = FeatureGroups::by_aspect(model.inputs());
        for (turn, row) in random_rows(&model, 12, (-0.5, 2.0)).iter().enumerate() {
            let found = model.explain_raw(row, &groups).unwrap();
            let mut parts: Vec<(String, Vec<usize>)> =
                groups.iter().map(|(name, members)| (name.to_owned(), members.to_vec())).collect();
            let middle = turn % parts.len();
            parts.rotate_left(middle);
            parts.swap(0, 3);
            parts.iter_mut().for_each(|(_, members)| members.reverse());
            let other = FeatureGroups::new(row.len(), parts).unwrap();
            assert_eq!(shares(&found), shares(&model.explain_raw(row, &other).unwrap()));
        }
    }
}

#[test]
fn the_reference_explains_itself() {
    for model in models() {
        let groups = FeatureGroups::by_aspect(model.inputs());
        let found = model.explain_raw(&row(&model, &[0.0]), &groups).unwrap();
        assert!((found.score - found.reference).abs() < 1e-9, "{found:?}");
        assert!((1.5..4.5).contains(&found.reference), "{}", found.reference);
        let features = found.groups.iter().flat_map(|group| &group.features);
        features.for_each(|feature| assert!(feature.share.abs() < 1e-9, "{feature:?}"));
    }
}

/// Shares explain what is before it.
#[test]
fn the_range_of_the_model_is_a_term_of_its_own() {
    let narrow = include_str!("../../assets/brisque-ugc-1.json").replacen("\"min\": 1.0", "\"min\": 4.9", 1);
    let model = QualityModel::from_bytes(narrow.as_bytes()).unwrap();
    assert_eq!(model.output().min, 4.9);
    let groups = FeatureGroups::by_aspect(model.inputs());
    let found = model.explain_raw(&row(&model, &[0.0]), &groups).unwrap();
    assert_eq!(found.score, 4.9);
    assert!(found.clamping() > 0.5 && (found.unclamped - found.reference).abs() < 1e-9);
}

#[test]
fn missing_and_unused_features_are_told() {
    let [model, _] = models();
    let unused = model.inputs().iter().position(|name| name.contains("s2.pair_v.kurtosis")).unwrap();
    let mut row = row(&model, &[0.2]);
    row[3] = f64::NAN;
    let groups = FeatureGroups::by_aspect(model.inputs());
    let found = model.explain_raw(&row, &groups).unwrap();
    assert!((found.reference + total(&found) - found.unclamped).abs() < 1e-9);
    let named = |at: usize| {
        let features = found.groups.iter().flat_map(|group| &group.features);
        features.clone().find(|feature| feature.name == model.inputs()[at]).unwrap()
    };
    assert!(named(3).value.is_nan() && named(3).share.is_finite());
    assert_eq!((named(unused).deviations, named(unused).share), (None, 0.0));
    assert!(model.inputs().iter().enumerate().all(|(at, name)| named(at).name == *name));
}

#[test]
fn refuses_what_predict_refuses() {
    let [model, brisque] = models();
    let groups = FeatureGroups::by_aspect(model.inputs());
    let (names, recipe) = (model.inputs().to_vec(), model.recipe().unwrap().to_owned());
    let values = [0.3; 60];
    let found = model.explain((&recipe[..], &names[..], &values[..]), &groups).unwrap();
    assert_eq!(found.score, model.predict((&recipe[..], &names[..], &values[..])).unwrap().score);
    let gray = recipe.replace("pixels=color", "pixels=luma");
    let refused = model.explain((&gray[..], &names[..], &values[..]), &groups);
    assert!(matches!(refused, Err(Error::RecipeMismatch { .. })));
    assert!(matches!(model.explain_raw(&[f64::NAN; 60], &groups), Err(Error::TooManyMissing { .. })));
    assert!(matches!(model.explain_raw(&[0.3; 59], &groups), Err(Error::LengthMismatch { .. })));
    let others = FeatureGroups::by_aspect(brisque.inputs());
    let refused = model.explain_raw(&values, &others);
    assert!(matches!(refused, Err(Error::LengthMismatch { argument: "groups", expected: 60, found: 36 })));
}
