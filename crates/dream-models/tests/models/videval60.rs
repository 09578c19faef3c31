//! The default model, on VIDEVAL-60: what it promises, and its predictions against an evaluation in NumPy.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use dream_models::Error;
use dream_models::regression::{QualityModel, Regressor, SCORE_MEANING};
use serde::Deserialize;

const FILE: &[u8] = include_bytes!("../../assets/videval60-ugc-1.json");

#[derive(Deserialize)]
struct Case {
    name: String,
    level: f64,
    features: Vec<Option<f64>>,
    score: f64,
    low: f64,
    high: f64,
    distance: f64,
}

impl Case {
    fn row(&self) -> Vec<f64> {
        self.features.iter().map(|value| value.unwrap_or(f64::NAN)).collect()
    }
}

/// See `testdata/PROVENANCE.md`.
fn cases() -> Vec<Case> {
    serde_json::from_slice(include_bytes!("../../testdata/videval60_reference.json")).unwrap()
}

fn model() -> QualityModel {
    QualityModel::embedded().unwrap()
}

#[test]
fn is_small_and_comes_back_to_the_byte() {
    assert!(FILE.len() <= 400_000, "{} bytes", FILE.len());
    assert_eq!(model().to_bytes().unwrap(), FILE);
    assert_eq!(QualityModel::from_reader(FILE).unwrap(), model());
}

#[test]
fn equals_the_evaluation_in_numpy() {
    let model = model();
    let cases = cases();
    assert!(cases.len() >= 40);
    for case in &cases {
        let found = model.predict_raw_at(&case.row(), case.level).unwrap();
        let interval = found.interval;
        let pairs = [
            (found.score, case.score),
            (interval.low, case.low),
            (interval.high, case.high),
            (found.familiarity.distance, case.distance),
        ];
        for (found, expected) in pairs {
            let difference = (found - expected).abs();
            assert!(difference < 1e-9 * expected.max(1.0), "{}: {found} {expected}", case.name);
        }
        assert_eq!(interval.level, case.level);
        assert_eq!(Regressor::predict(&model, &case.row()).unwrap(), found.score);
    }
}

#[test]
fn fills_in_what_training_rows_missed_and_no_more() {
    let model = model();
    let row = cases()[0].row();
    let whole = model.predict_raw(&row).unwrap();
    assert_eq!(whole.familiarity.missing, row.iter().filter(|value| value.is_nan()).count());

    let (most, inputs) = (model.calibration().most_missing(), model.inputs().len());
    assert_eq!((most, inputs), (10, 60));
    let mut gaps = row.clone();
    gaps[..most].fill(f64::NAN);
    let filled = model.predict_raw(&gaps).unwrap();
    assert_eq!(filled.familiarity.missing, most);
    assert_ne!(filled.score, whole.score);

    // As a video without a complete window gives them.
    for found in [most + 1, 54, 60] {
        gaps[..found].fill(f64::NAN);
        let error = model.predict_raw(&gaps).unwrap_err();
        assert!(error.to_string().contains("too short"), "{error}");
        match error {
            Error::TooManyMissing { found: n, inputs: 60, most: 10 } => assert_eq!(n, found),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(
        model.predict_raw(&row[..59]),
        Err(Error::LengthMismatch { expected: 60, found: 59, .. })
    ));
}

#[test]
fn does_not_look_at_the_column_of_another_revision() {
    let model = model();
    let mut row = cases()[0].row();
    let before = model.predict_raw(&row).unwrap();
    assert_eq!(model.inputs()[23], "videval60.chroma.s2.pair_v.kurtosis.mean");
    row[23] = 1e6;
    assert_eq!(model.predict_raw(&row).unwrap(), before);
    row[22] *= 1.5;
    assert_ne!(model.predict_raw(&row).unwrap(), before);
}

#[test]
fn intervals_grow_with_their_level_and_stay_in_the_range() {
    let model = model();
    assert_eq!(model.calibration().levels(), (0.5, 0.99));
    for case in cases() {
        let mut last = 0.0;
        for level in [0.5, 0.625, 0.8, 0.9, 0.95, 0.99] {
            let found = model.predict_raw_at(&case.row(), level).unwrap();
            let interval = found.interval;
            assert!(interval.low >= 1.0 && interval.high <= 5.0);
            assert!(interval.low <= found.score && found.score <= interval.high);
            assert!(interval.high - interval.low >= last);
            last = interval.high - interval.low;
        }
    }
    for level in [0.49, 0.999, 1.0, 0.0, -1.0, f64::NAN] {
        let error = model.predict_raw_at(&cases()[0].row(), level).unwrap_err();
        assert!(matches!(error, Error::InvalidConfig { field: "level", .. }), "{error}");
    }
}

#[test]
fn knows_what_is_far_from_its_training() {
    let model = model();
    let seen = |name: &str| {
        let case = cases().into_iter().find(|case| case.name == name).unwrap();
        model.predict_raw(&case.row()).unwrap().familiarity
    };
    // Random numbers with the means of the training, from near to far; a picture in motion; a black video.
    assert!(seen("random 0").is_familiar());
    for name in ["random 12", "random 19", "black"] {
        assert!(!seen(name).is_familiar(), "{name}: {:?}", seen(name));
    }
    for value in [0.0, 1.0, -1.0, 1e300, -1e300] {
        assert!(!model.predict_raw(&[value; 60]).unwrap().familiarity.is_familiar(), "{value}");
    }
    assert_eq!(model.calibration().familiar(), 0.99);
}

#[test]
fn says_how_well_it_agrees_with_people() {
    let model = model();
    assert_eq!(model.version(), "videval60-ugc-1");
    assert_eq!(model.output().meaning, SCORE_MEANING);
    let provenance = model.provenance();
    let rows: Vec<_> = provenance.datasets.iter().map(|set| (set.rows, set.rows_used)).collect();
    assert_eq!(rows, [(1200, 1200), (585, 585), (1380, 1379)]);
    assert!(
        provenance.command.contains("--features videval60") && provenance.command.contains("--splits 20")
    );

    let evaluation = provenance.evaluation.as_ref().unwrap();
    assert_eq!(evaluation.srcc_of_splits.len(), 20);
    let all = &evaluation.scores[0];
    // Support vector regression on the same tables: 0.796 and 0.794 as published.
    assert!(all.srcc.mean >= 0.79 && all.plcc.mean >= 0.79, "{all:?}");
    assert!(evaluation.words().contains(&format!("SRCC {:.3}", all.srcc.mean)), "{}", evaluation.words());
    let levels: Vec<f64> = evaluation.coverage.iter().map(|coverage| coverage.level).collect();
    assert_eq!(levels, [0.8, 0.9, 0.95]);
    for coverage in &evaluation.coverage {
        assert!((coverage.inside.mean - coverage.level).abs() <= 0.03, "{coverage:?}");
    }
    assert!(evaluation.unfamiliar.unwrap().mean <= 0.02);
}
