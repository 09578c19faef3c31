//! Every metric against the reference values, on the committed cases and on the full shared file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test helper is a failed test"
)]

use std::io::Write;
use std::path::PathBuf;

use dream_eval::{Error, Result, plcc, ranks, rmse, srcc};
use serde_json::Value;

const TOLERANCE: f64 = 1e-10;

#[test]
fn committed_cases() {
    let text = include_str!("../testdata/correlation.json");
    assert_eq!(check_file(text), 16);
}

#[test]
fn shared_cases() {
    let root = std::env::var_os("DREAM_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = root.join("golden/models/metrics/correlation.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => assert!(check_file(&text) >= 20),
        Err(error) => {
            let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1");
            assert!(!required, "{}: {error}; set DREAM_SHARED to the shared folder", path.display());
            // Written past the test runner, which hides what a passing test prints.
            writeln!(std::io::stderr(), "SKIPPED: shared_cases: {}: {error}", path.display()).unwrap();
        }
    }
}

/// Checks all cases of one file and returns their number.
fn check_file(text: &str) -> usize {
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        check_case(case);
    }
    cases.len()
}

fn check_case(case: &Value) {
    let name = case["case"].as_str().unwrap();
    let (pred, truth) = (numbers(&case["pred"]), numbers(&case["mos"]));
    let metrics = &case["metrics"];
    let results =
        [("plcc", plcc(&pred, &truth)), ("srcc", srcc(&pred, &truth)), ("rmse", rmse(&pred, &truth))];
    let finite = |values: &[f64]| values.iter().all(|v| v.is_finite());

    for (values, key) in [(&pred, "ranks_pred_average"), (&truth, "ranks_mos_average")] {
        if finite(values) {
            assert_eq!(ranks(values).unwrap(), numbers(&metrics[key]), "{name} {key}");
        } else {
            assert!(matches!(ranks(values), Err(Error::NonFinite { argument: "values", .. })), "{name}");
        }
    }

    for (metric, result) in results {
        if !finite(&pred) || !finite(&truth) {
            let argument = if finite(&pred) { "truth" } else { "pred" };
            assert!(matches!(&result, Err(Error::NonFinite { argument: a, .. }) if *a == argument), "{name}");
        } else if pred.is_empty() || (pred.len() == 1 && metric != "rmse") {
            let found = pred.len();
            assert!(matches!(&result, Err(Error::TooFew { found: f, .. }) if *f == found), "{name} {metric}");
        } else if metric != "rmse" && metrics[metric] == "nan" {
            let constant = pred.windows(2).all(|w| w[0] == w[1]);
            let argument = if constant { "pred" } else { "truth" };
            assert_eq!(result, Err(Error::ConstantInput { argument }), "{name} {metric}");
        } else {
            check_value(name, metric, result, number(&metrics[metric]));
        }
    }
}

fn check_value(name: &str, metric: &str, result: Result<f64>, expected: f64) {
    let value = result.unwrap_or_else(|error| panic!("{name} {metric}: {error}"));
    let error = (value - expected).abs();
    assert!(error <= TOLERANCE * expected.abs().max(1.0), "{name} {metric}: {value} is not {expected}");
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}
