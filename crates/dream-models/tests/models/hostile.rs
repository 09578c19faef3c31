//! Model files that are damaged, contradictory or meant to harm: an error of a known type, never a panic.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use dream_models::Error;
use dream_models::regression::QualityModel;
use serde_json::{Value, json};

const FILE: &[u8] = include_bytes!("../../assets/brisque-ugc-1.json");
const VIDEVAL60: &[u8] = include_bytes!("../../assets/videval60-ugc-1.json");

#[test]
fn every_truncation_is_an_error() {
    // The last byte is the newline behind the JSON.
    for length in 0..FILE.len() - 1 {
        let result = QualityModel::from_bytes(&FILE[..length]);
        assert!(matches!(result, Err(Error::InvalidModel { .. })), "{length} bytes: {result:?}");
    }
    QualityModel::from_bytes(&FILE[..FILE.len() - 1]).unwrap();
}

#[test]
fn random_damage_never_panics_or_scores_out_of_range() {
    let mut state = 5_u64;
    let mut next = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    let (mut refused, mut read) = (0, 0);
    // The larger file has the same parts, and takes longer.
    for round in 0..4200 {
        let mut bytes = if round < 4000 { FILE } else { VIDEVAL60 }.to_vec();
        for _ in 0..=next(3) {
            // Half of the damage in the part with the structure, which is the smaller one.
            let bound = if next(2) == 0 { 6000 } else { bytes.len() };
            let place = next(bound);
            bytes[place] = if next(2) == 0 {
                b"0123456789-+.eE\"{}[],:"[next(22)]
            } else {
                u8::try_from(next(256)).unwrap()
            };
        }
        match QualityModel::from_bytes(&bytes) {
            Ok(model) => {
                read += 1;
                let (min, max) = (model.output().min, model.output().max);
                for value in [0.0, 0.5, -1e300, 1e300] {
                    let prediction = model
                        .predict_raw_at(&vec![value; model.inputs().len()], model.calibration().levels().0);
                    let prediction = prediction.unwrap();
                    assert!((min..=max).contains(&prediction.score), "{prediction:?}");
                    assert!(prediction.familiarity.distance.is_finite());
                }
                QualityModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
            }
            Err(Error::InvalidModel { .. } | Error::UnsupportedFormat { .. }) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    // Both ways were taken.
    assert!(refused > 500 && read > 200, "{refused} refused, {read} read");
}

/// The file with the value at a JSON pointer replaced.
fn with(pointer: &str, value: Value) -> Result<QualityModel, Error> {
    let mut file: Value = serde_json::from_slice(FILE).unwrap();
    *file.pointer_mut(pointer).unwrap() = value;
    QualityModel::from_bytes(&serde_json::to_vec(&file).unwrap())
}

#[test]
fn another_format_or_version_is_called_that() {
    for (pointer, value) in
        [("/format", json!("someone-elses")), ("/format_version", json!(1)), ("/format_version", json!(3))]
    {
        let result = with(pointer, value);
        assert!(matches!(result, Err(Error::UnsupportedFormat { .. })), "{pointer}: {result:?}");
    }
    // Also where a later version has fields that this one does not know.
    let later = br#"{"format":"dream-models.regression","format_version":7,"layers":[]}"#;
    let error = QualityModel::from_bytes(later).unwrap_err().to_string();
    assert!(error.contains("version 7") && error.contains("version 2"), "{error}");
}

#[test]
fn contradictions_are_errors_that_name_the_part() {
    let short = json!(vec![0.5; 35]);
    let names: Vec<String> = (0..36).map(|k| format!("f{}", k / 2)).collect();
    let cases = [
        ("/version", json!(""), "version"),
        ("/recipe", json!("colour"), "recipe"),
        ("/calibration/whitening", json!(null), "calibration"),
        ("/inputs", json!([]), "inputs"),
        ("/inputs", json!(names), "inputs"),
        ("/inputs/3", json!(""), "inputs"),
        ("/output/min", json!(5.0), "output range"),
        ("/output/max", json!(1e300), "output range"),
        ("/scaler/mean", short.clone(), "scaler"),
        ("/scaler/std", short, "scaler"),
        ("/scaler/transforms", json!(["log"]), "scaler"),
        ("/scaler/std/0", json!(0.0), "scaler"),
        ("/scaler/std/0", json!(-1.0), "scaler"),
        ("/scaler/std/0", json!(5e-324), "scaler"),
        ("/scaler/clip", json!(0.0), "scaler"),
        ("/scaler/clip", json!(1e9), "scaler"),
        ("/head/members", json!(0), "head"),
        ("/head/members", json!(31), "head.hidden_weights"),
        ("/head/hidden", json!(17), "head.hidden_weights"),
        ("/head/hidden", json!(u64::MAX), "head"),
        ("/head/target_std", json!(0.0), "head"),
        ("/head/target_mean", json!(1e30), "head"),
        ("/head/hidden_weights/scale", json!(1e300), "head.hidden_weights"),
        ("/head/output_bias/codes", json!("AAA"), "head.output_bias"),
        ("/head/output_bias/codes", json!(""), "head.output_bias"),
        ("/impute/values", json!([0.0]), "impute"),
        ("/calibration/levels/0", json!(0.6), "calibration"),
        ("/calibration/levels/0", json!(0.0), "calibration"),
        ("/calibration/levels", json!([0.5]), "calibration"),
        ("/calibration/factors/3", json!(0.0), "calibration"),
        ("/calibration/factors/49", json!(1e9), "calibration"),
        ("/calibration/softening", json!(-1.0), "calibration"),
        ("/calibration/familiar", json!(1.0), "calibration"),
        ("/calibration/limit", json!(1e300), "calibration"),
        ("/calibration/whitening/codes", json!("AAA"), "calibration.whitening"),
        ("/calibration/whitening/scale", json!(0.0), "calibration.whitening"),
        ("/head/kind", json!("support_vectors"), "JSON"),
        ("/scaler/transforms/0", json!("sqrt"), "JSON"),
        ("/scaler/mean/0", json!(null), "JSON"),
    ];
    for (pointer, value, expected) in cases {
        match with(pointer, value) {
            Err(Error::InvalidModel { part, .. }) => assert_eq!(part, expected, "{pointer}"),
            other => panic!("{pointer}: {other:?}"),
        }
    }
}

/// As the models of the other family have it.
#[test]
fn a_calibration_of_another_family_is_an_error() {
    let mut file: Value = serde_json::from_slice(FILE).unwrap();
    let (mean, std) = (vec![0.0; 36], vec![1.0; 36]);
    file["calibration"]["scaler"] =
        json!({"transforms": vec!["identity"; 36], "mean": mean, "std": std, "clip": 9.0});
    let result = QualityModel::from_bytes(&serde_json::to_vec(&file).unwrap());
    assert!(matches!(result, Err(Error::InvalidModel { part: "calibration", .. })), "{result:?}");
}

#[test]
fn unknown_missing_and_repeated_fields_are_errors() {
    for pointer in [
        "",
        "/output",
        "/impute",
        "/scaler",
        "/head",
        "/head/output_bias",
        "/calibration",
        "/provenance",
        "/provenance/datasets/0",
    ] {
        let mut file: Value = serde_json::from_slice(FILE).unwrap();
        let fields = file.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        fields.insert("unknown".to_owned(), json!(1));
        let result = QualityModel::from_bytes(&serde_json::to_vec(&file).unwrap());
        assert!(matches!(result, Err(Error::InvalidModel { .. })), "unknown field in `{pointer}`");

        let keys: Vec<String> = file.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
        // Those that a file may leave out.
        let optional = |key: &String| {
            ["unknown", "recipe", "evaluation"].contains(&key.as_str()) || pointer == "/provenance"
        };
        for key in keys.iter().filter(|key| !optional(key)) {
            let mut file: Value = serde_json::from_slice(FILE).unwrap();
            file.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(key);
            let result = QualityModel::from_bytes(&serde_json::to_vec(&file).unwrap());
            assert!(matches!(result, Err(Error::InvalidModel { .. })), "`{pointer}` without `{key}`");
        }
    }
    let text = String::from_utf8(FILE.to_vec()).unwrap();
    let twice = text.replacen("\"version\":", "\"version\": \"a\", \"version\":", 1);
    assert!(QualityModel::from_bytes(twice.as_bytes()).is_err());
    assert!(QualityModel::from_bytes(format!("{text}{{}}").as_bytes()).is_err());
}

#[test]
fn large_and_deep_files_are_refused() {
    let large = vec![b' '; QualityModel::MAX_BYTES + 1];
    for result in [QualityModel::from_bytes(&large), QualityModel::from_reader(std::io::repeat(b' '))] {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::InvalidModel { part: "size", .. }), "{error}");
    }
    let deep = vec![b'['; 500_000];
    assert!(matches!(QualityModel::from_bytes(&deep), Err(Error::InvalidModel { .. })));
}
