//! Values and gradients against PyTorch, on the committed batches and on the full shared file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test helper is a failed test"
)]

mod common;

use std::io::Write;
use std::path::PathBuf;

use common::Loss;
use dream_loss::candle_core::DType;
use dream_loss::{Error, NormInNorm};
use serde_json::Value;

const TYPES: [(&str, DType, f64); 2] = [("f64", DType::F64, 1e-9), ("f32", DType::F32, 1e-5)];

#[test]
fn committed_batches() {
    // Five losses, two types, 22 batches.
    assert_eq!(check_file(include_str!("../testdata/losses.json")), 5 * 2 * 22);
}

#[test]
fn shared_batches() {
    let root = std::env::var_os("DREAM_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = root.join("golden/models/losses/losses.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => assert!(check_file(&text) >= 5 * 2 * 24),
        Err(error) => {
            let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1");
            assert!(!required, "{}: {error}; set DREAM_SHARED to the shared folder", path.display());
            // Written past the test runner, which hides what a passing test prints.
            writeln!(std::io::stderr(), "SKIPPED: shared_batches: {}: {error}", path.display()).unwrap();
        }
    }
}

/// Checks every loss this crate has in every batch, and returns the number of checks.
fn check_file(text: &str) -> usize {
    let file: Value = serde_json::from_str(text).unwrap();
    assert_eq!(file["eps"].as_f64(), Some(NormInNorm::paper().eps));
    let mut checks = 0;
    for case in file["cases"].as_array().unwrap() {
        for (id, golden) in case["losses"].as_object().unwrap() {
            let Some(loss) = parse(id) else { continue };
            for (key, dtype, tolerance) in TYPES {
                check(case, id, loss, &golden[key], dtype, tolerance);
                checks += 1;
            }
        }
    }
    checks
}

fn parse(id: &str) -> Option<Loss> {
    if id == "mae" {
        return Some(Loss::Mae);
    }
    let (p, q) = id.strip_prefix("norm_in_norm_paper(p=")?.strip_suffix(')')?.split_once(",q=")?;
    let (p, q) = (p.parse().unwrap(), q.parse().unwrap());
    Some(Loss::NormInNorm(NormInNorm { p, q, ..NormInNorm::paper() }))
}

fn check(case: &Value, id: &str, loss: Loss, golden: &Value, dtype: DType, tolerance: f64) {
    let name = format!("{} {id} {dtype:?}", case["case"]);
    let (pred, target) = (numbers(&case["pred"]), numbers(&case["target"]));
    let result = loss.evaluate(&pred, &target, dtype);

    let bad = |values: &[f64]| values.iter().any(|v| !v.is_finite());
    if bad(&pred) || bad(&target) {
        let expected = if bad(&pred) { "pred" } else { "target" };
        let error = result.expect_err(&name);
        assert!(
            matches!(error, Error::NonFinite { argument, index: 1, .. } if argument == expected),
            "{name}"
        );
        return;
    }
    if pred.is_empty() {
        assert!(matches!(result, Err(Error::EmptyBatch)), "{name}");
        return;
    }

    let (value, gradient, _) = result.unwrap_or_else(|error| panic!("{name}: {error}"));
    let normed = matches!(loss, Loss::NormInNorm(_));
    let expected = number(&golden["value"]);
    if normed && case["grad_note"].is_string() {
        close(&name, &[value], &[expected], 1e-6);
        let golden = numbers(&golden["grad"]);
        if dtype == DType::F64 && golden.iter().all(|g| g.abs() < 1e-5) {
            assert!(gradient.iter().all(|g| g.abs() < 1e-5), "{name}: {gradient:?}");
        }
        return;
    }
    close(&name, &[value], &[expected], tolerance);
    if normed && pred.windows(2).all(|w| w[0] == w[1]) {
        // PyTorch has NaN or 1e8 here; the recommendation is 0.
        assert!(gradient.iter().all(|g| *g == 0.0), "{name}: {gradient:?}");
    } else {
        close(&name, &gradient, &numbers(&golden["grad"]), tolerance);
    }
}

/// Fails where a difference exceeds `tolerance` times the largest expected magnitude, which counts as at least 1.
fn close(name: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
    for (a, b) in found.iter().zip(expected) {
        // Written so that a NaN fails.
        let within = (a - b).abs() <= tolerance * scale;
        assert!(within, "{name}: {found:?} is not {expected:?}");
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}
