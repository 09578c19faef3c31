//! Values and gradients against PyTorch, on the committed batches and on the full shared files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test helper is a failed test"
)]

use std::io::Write;
use std::path::PathBuf;

use crate::common::{Loss, all_zero, close, flat, scalar};
use dream_loss::candle_core::{DType, Device, Tensor, Var};
use dream_loss::{Alignment, Error, LevelMass, NormInNorm, SoftLabel, level_kl};
use serde_json::Value;

const TYPES: [(&str, DType, f64); 2] = [("f64", DType::F64, 1e-9), ("f32", DType::F32, 1e-5)];

#[test]
fn committed_batches() {
    // Twenty losses, two types, 22 batches.
    assert_eq!(check_losses(include_str!("../../testdata/losses.json")), 20 * 2 * 22);
}

#[test]
fn committed_cosines() {
    assert_eq!(check_cosines(include_str!("../../testdata/cosine_losses.json")), 3 * 2 * 6);
}

#[test]
fn committed_levels() {
    assert_eq!(check_levels(include_str!("../../testdata/level_scores.json")), 2 * 15 + 1);
}

#[test]
fn shared_batches() {
    if let Some(text) = shared("losses/losses.json") {
        assert!(check_losses(&text) >= 20 * 2 * 24);
    }
}

#[test]
fn shared_cosines() {
    if let Some(text) = shared("losses/cosine_losses.json") {
        assert!(check_cosines(&text) >= 3 * 2 * 7);
    }
}

#[test]
fn shared_levels() {
    if let Some(text) = shared("vlm/level_scores.json") {
        assert!(check_levels(&text) > 2 * 15);
    }
}

/// A file of the shared models folder; without it the test prints a notice, or fails if the file is required.
fn shared(file: &str) -> Option<String> {
    let root = std::env::var_os("DREAM_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = root.join("golden/models").join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1");
            assert!(!required, "{}: {error}; set DREAM_SHARED to the shared folder", path.display());
            // Bypasses the test runner, which hides the output of a passing test.
            let line = format!("SKIPPED: {}: {error}\n", path.display());
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            None
        }
    }
}

/// Checks every loss in every batch, and returns the number of checks.
fn check_losses(text: &str) -> usize {
    let file: Value = serde_json::from_str(text).unwrap();
    assert_eq!(file["eps"].as_f64(), Some(NormInNorm::paper().eps));
    let mut checks = 0;
    for case in file["cases"].as_array().unwrap() {
        for id in case["losses"].as_object().unwrap().keys() {
            let loss = Loss::parse(id).unwrap_or_else(|| panic!("no loss is called {id}"));
            for (key, dtype, tolerance) in TYPES {
                check_loss(case, id, loss, key, dtype, tolerance);
                checks += 1;
            }
        }
    }
    checks
}

fn check_loss(case: &Value, id: &str, loss: Loss, key: &str, dtype: DType, tolerance: f64) {
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
    let golden = &case["losses"][id];
    if pred.len() == 1 && loss.is_relative() {
        // Whatever the reference computes, including 0.5, 1 and NaN.
        assert!(value == 0.0 && all_zero(&gradient), "{name}: {value} {gradient:?}");
        return;
    }
    let expected = number(&golden[key]["value"]);
    if case["grad_note"].is_string() && matches!(loss, Loss::NormInNorm(_) | Loss::NinKl) {
        close(&name, &[value], &[expected], 1e-6);
        let golden = numbers(&golden[key]["grad"]);
        if dtype == DType::F64 && golden.iter().all(|g| g.abs() < 1e-5) {
            assert!(gradient.iter().all(|g| g.abs() < 1e-5), "{name}: {gradient:?}");
        }
        return;
    }
    close(&name, &[value], &[expected], tolerance);

    let constant = pred.windows(2).all(|w| w[0] == w[1]);
    if pred == target {
        // PyTorch has NaN for RMSE, and in f32 rounding noise.
        close(&name, &gradient, &vec![0.0; pred.len()], tolerance);
    } else if constant && loss.is_normalised() {
        // PyTorch has NaN or 1e8 here; the expected value is 0.
        assert!(all_zero(&gradient), "{name}: {gradient:?}");
    } else if constant && loss == Loss::NinKl {
        close(&name, &gradient, &numbers(&case["losses"]["kl_paper"][key]["grad"]), tolerance);
    } else {
        let mut golden = numbers(&golden[key]["grad"]);
        if dtype == DType::F32 && (case["case"].as_str(), id) == (Some("tiny_scale"), "plcc_fastvqa") {
            // PyTorch's f32 gradient sums to -1.95, but a shift of the predictions changes nothing: rounding.
            let mean = golden.iter().sum::<f64>() / golden.len() as f64;
            golden.iter_mut().for_each(|g| *g -= mean);
        }
        let largest = golden.iter().fold(1.0_f64, |m, g| m.max(g.abs()));
        // Written as a share of the largest entry, which `close` multiplies by.
        let tolerance = sign_noise(&case["case"], id, dtype)
            .map_or(tolerance, |share| share * golden.iter().fold(0.0_f64, |m, g| m.max(g.abs())) / largest);
        close(&name, &gradient, &golden, tolerance);
    }
}

/// The share of the gradient that depends on the sign of rounding noise, in batches where two normalised vectors
/// coincide although the file has no `grad_note`.
fn sign_noise(case: &Value, id: &str, dtype: DType) -> Option<f64> {
    match (case.as_str()?, id) {
        // Two pairs always have the same shape. In f64 `eps` decides the sign; in f32 it is lost.
        ("random_N2", "norm_in_norm_ref(p=1,q=2,alpha=1:0,detach)") if dtype == DType::F32 => Some(1.0),
        // The predictions are 6 minus the targets, so the second term is 0: its share is 0.1 / 1.1, with either sign.
        ("anti_correlated", "norm_in_norm_ref(p=1,q=2,alpha=1:0.1)") => Some(0.2 / 1.1),
        _ => None,
    }
}

/// Checks the three forms of the alignment on every case except the one that is no tensor, and counts.
fn check_cosines(text: &str) -> usize {
    let forms = [
        ("one_minus_mean", Alignment::Mean),
        ("eq6_literal_one_minus_sum", Alignment::LiteralSum),
        ("sum_of_one_minus", Alignment::SumOfOneMinus),
    ];
    let file: Value = serde_json::from_str(text).unwrap();
    let mut checks = 0;
    for case in file["cases"].as_array().unwrap() {
        for (id, form) in forms {
            for (key, dtype, tolerance) in TYPES {
                let name = format!("{} {id} {dtype:?}", case["case"]);
                let [x, t] = ["x", "t"].map(|key| Var::from_tensor(&matrix(&case[key], dtype)).unwrap());
                let value = form.forward(&x, &t).unwrap();
                let golden = &case[id][key];
                close(&name, &[scalar(&value)], &[number(&golden["value"])], tolerance);
                let gradients = value.backward().unwrap();
                for (input, key) in [(&x, "grad_x"), (&t, "grad_t")] {
                    let mut expected = rows(&golden[key]);
                    for (row, gradient) in rows(&case[&key[5..]]).iter().zip(&mut expected) {
                        if all_zero(row) {
                            // PyTorch has entries near 1e8 for a vector of zeros.
                            gradient.fill(0.0);
                        }
                    }
                    close(&name, &flat(gradients.get(input).unwrap()), &expected.concat(), tolerance);
                }
                checks += 1;
            }
        }
    }
    checks
}

/// Checks DeQA's soft labels in both forms and its KL, and counts.
fn check_levels(text: &str) -> usize {
    let file: Value = serde_json::from_str(text).unwrap();
    let mut checks = 0;
    for case in file["deqa_soft_labels"].as_array().unwrap() {
        let (mos, std) = (number(&case["mos"]), number(&case["std"]));
        for (key, mass) in [("pdf", LevelMass::Density), ("cdf", LevelMass::Bin)] {
            let name = format!("{key} of {mos} {std}");
            let (label, golden) = (SoftLabel::new(mos, std, mass).unwrap(), &case[key]);
            let expected = numbers(&golden["level_probs_excellent_to_bad"]);
            close(&name, &label.probabilities, &expected, 1e-12);
            close(&name, &[label.mean()], &[number(&golden["recovered_mos"])], 1e-12);
            assert_eq!(Some(label.two_levels), golden["used_two_level_fallback"].as_bool(), "{name}");
            checks += 1;
        }
    }

    let golden = &file["deqa_kl"];
    let labels: Vec<SoftLabel> = rows(&golden["target_level_probs"])
        .into_iter()
        .map(|p| SoftLabel { probabilities: p.try_into().unwrap(), two_levels: false })
        .collect();
    let levels: Vec<u32> = serde_json::from_value(golden["level_ids_excellent_to_bad"].clone()).unwrap();
    for (dtype, tolerance) in [(DType::F64, 1e-9), (DType::F32, 1e-5)] {
        let logits = Var::from_tensor(&matrix(&golden["logits"], dtype)).unwrap();
        let value = level_kl(&logits, levels.clone().try_into().unwrap(), &labels).unwrap();
        close("level KL", &[scalar(&value)], &[number(&golden["loss_batchmean"])], tolerance);
        let gradients = value.backward().unwrap();
        let expected = rows(&golden["grad_logits"]).concat();
        close("level KL", &flat(gradients.get(&logits).unwrap()), &expected, tolerance);
    }
    checks + 1
}

fn matrix(value: &Value, dtype: DType) -> Tensor {
    Tensor::new(rows(value), &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}
