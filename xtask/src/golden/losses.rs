//! Losses on candle tensors: value and gradient, in f64 and f32.

mod cosine;
mod levels;
mod which;

use std::path::Path;

use anyhow::{Context, Result};
use dream_loss::Error;
use dream_loss::candle_core::{DType, Device, Tensor, Var};
use serde_json::Value;

use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{array, json, number, number_list, text};
use which::Loss;

/// Smaller norms of deviations get no gradient, whatever the reference says.
const FLAT: f64 = 1e-6;

/// The number types of the reference, and their tolerance in units of the largest value in a row of numbers, or of 1 if
/// that is smaller.
const BLOCKS: [(&str, DType, f64); 2] = [("f64", DType::F64, 1e-9), ("f32", DType::F32, 1e-5)];

/// Runs `losses.json`, `cosine_losses.json` and `level_scores.json`, if the folder has them.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Losses) {
        return Ok(());
    }
    say(format_args!("# losses of {}", folder.display()));
    let file = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    if let Some(path) = file("losses.json") {
        vectors(&json(&path)?, report)?;
    }
    if let Some(path) = file("cosine_losses.json") {
        cosine::run(&json(&path)?, report)?;
    }
    if let Some(path) = file("level_scores.json") {
        levels::run(&json(&path)?, report)?;
    }
    Ok(())
}

fn vectors(file: &Value, report: &mut Report) -> Result<()> {
    let eps = number(&file["eps"]).context("reading `eps`")?;
    for golden in array(&file["cases"])? {
        let case = text(golden, "case")?;
        for (id, _) in golden["losses"].as_object().into_iter().flatten() {
            for (block, dtype, tolerance) in BLOCKS {
                let name = format!("{id}/{block}/{case}");
                let Some(loss) = Loss::parse(id, eps) else {
                    report.skip(Group::Losses, &name, "no such loss in dream-loss");
                    continue;
                };
                report.case(Group::Losses, &name, shown(tolerance), |check| {
                    compare(loss, golden, id, (block, dtype, tolerance), check)
                });
            }
        }
    }
    Ok(())
}

fn shown(tolerance: f64) -> String {
    format!("{tolerance:e} of the largest value, at least of 1")
}

fn compare(
    loss: Loss,
    golden: &Value,
    id: &str,
    (block, dtype, tolerance): (&str, DType, f64),
    check: &mut Check,
) -> Result<()> {
    let pred = number_list(&golden["pred"]).context("reading `pred`")?;
    let target = number_list(&golden["target"]).context("reading `target`")?;
    let found = evaluate(loss, &pred, &target, dtype);

    if let Some(refusal) = refusal(&pred, &target) {
        let found = found.map_or_else(|error| kind(&error), |(value, _)| format!("{value:?}"));
        check.equal("the result", &found, &refusal.to_owned());
        return Ok(());
    }
    let (value, gradient) = found?;
    let zeros = vec![0.0; pred.len()];
    check.equal("the length of the gradient", &gradient.len(), &pred.len());

    // Expected for a single pair, whatever the reference says: there is nothing to compare it with.
    if pred.len() == 1 && loss.is_relative() {
        check.number("value", value, 0.0, Tolerance::EXACT);
        check.numbers("gradient", &gradient, &zeros, Tolerance::EXACT);
        return Ok(());
    }
    let expected = &golden["losses"][id][block];
    let expected_value = number(&expected["value"]).context("reading `value`")?;

    // Normalised predictions that equal the targets up to rounding: the sign of the difference is noise.
    if golden.get("grad_note").is_some() && loss.has_norm_in_norm() {
        let expected = number_list(&expected["grad"]).context("reading `grad`")?;
        check.number("value", value, expected_value, Tolerance { relative: 0.0, absolute: 1e-6 });
        let small = |gradient: &[f64]| gradient.iter().all(|g| g.abs() < 1e-5);
        if dtype == DType::F64 && small(&expected) {
            check.demand(small(&gradient), || format!("the gradient is {gradient:?}, not below 1e-5"));
        }
        return Ok(());
    }
    check.number("value", value, expected_value, within(&[expected_value], tolerance));
    if pred == target {
        // Expected here; the reference has NaN for RMSE, and noise in f32.
        check.numbers("gradient", &gradient, &zeros, within(&[], tolerance));
    } else if loss.is_normalised() && is_flat(&pred, loss.order()) {
        check.numbers("gradient", &gradient, &zeros, Tolerance::EXACT);
    } else if loss == Loss::NinKl && is_flat(&pred, 2.0) {
        // Only the KL term is left.
        let expected =
            number_list(&golden["losses"]["kl_paper"][block]["grad"]).context("reading `kl_paper`")?;
        check.numbers("gradient", &gradient, &expected, within(&expected, tolerance));
    } else {
        let expected = number_list(&expected["grad"]).context("reading `grad`")?;
        compare_gradient(loss, &pred, &gradient, expected, golden, id, (dtype, tolerance), check)?;
    }
    Ok(())
}

/// Compares a gradient as far as rounding left the reference's meaningful.
#[allow(clippy::too_many_arguments, reason = "one comparison, and where it came from")]
fn compare_gradient(
    loss: Loss,
    pred: &[f64],
    gradient: &[f64],
    mut expected: Vec<f64>,
    golden: &Value,
    id: &str,
    (dtype, tolerance): (DType, f64),
    check: &mut Check,
) -> Result<()> {
    let largest = |values: &[f64]| values.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
    let wide = number_list(&golden["losses"][id]["f64"]["grad"]).context("reading the f64 `grad`")?;
    if let Some(share) = loss.noise(pred, &number_list(&golden["target"])?, dtype) {
        // Either sign is right: the vectors agree to the last digits, and a difference of 0 has no sign.
        let noise = share * largest(&expected).max(largest(&wide));
        let allowed = Tolerance { relative: 0.0, absolute: noise.max(tolerance) };
        check.numbers("gradient", gradient, &expected, allowed);
        return Ok(());
    }
    // A shift of the predictions changes none of these losses, so a correct gradient sums to 0. If that of the f32
    // reference exceeds the tolerance, its own rounding is subtracted.
    if dtype == DType::F32 && loss.is_normalised() && !loss.is_detached() {
        let mean = expected.iter().sum::<f64>() / expected.len() as f64;
        if mean.abs() > tolerance * largest(&expected).max(1.0) {
            expected.iter_mut().for_each(|g| *g -= mean);
        }
    }
    check.numbers("gradient", gradient, &expected, within(&expected, tolerance));
    Ok(())
}

fn within(reference: &[f64], tolerance: f64) -> Tolerance {
    let largest = reference.iter().fold(1.0, |largest: f64, v| largest.max(v.abs()));
    Tolerance { relative: 0.0, absolute: tolerance * largest }
}

/// Whether predictions count as constant.
fn is_flat(pred: &[f64], q: f64) -> bool {
    let mean = pred.iter().sum::<f64>() / pred.len() as f64;
    pred.iter().map(|v| (v - mean).abs().powf(q)).sum::<f64>().powf(1.0 / q) < FLAT
}

/// The value of the loss and its gradient with respect to the predictions.
fn evaluate(loss: Loss, pred: &[f64], target: &[f64], dtype: DType) -> dream_loss::Result<(f64, Vec<f64>)> {
    let tensor = |values: &[f64]| match values {
        [] => Tensor::zeros(0, dtype, &Device::Cpu),
        values => Tensor::new(values, &Device::Cpu)?.to_dtype(dtype),
    };
    let pred = Var::from_tensor(&tensor(pred)?)?;
    let value = loss.forward(&pred, &tensor(target)?)?;
    Ok((value.to_dtype(DType::F64)?.to_scalar()?, gradient(&value, &pred)?))
}

/// The gradient with respect to an input. A missing one means a cut graph: that is an error, and not the same as zeros.
fn gradient(value: &Tensor, input: &Var) -> dream_loss::Result<Vec<f64>> {
    let store = value.backward()?;
    let flat = store.get(input).map(|g| g.to_dtype(DType::F64)?.flatten_all()?.to_vec1()).transpose()?;
    Ok(flat.unwrap_or_default())
}

/// Rows of numbers as a trainable tensor.
fn matrix(rows: &Value, dtype: DType) -> Result<Var> {
    let rows = array(rows)?.iter().map(number_list).collect::<Result<Vec<_>>>()?;
    Ok(Var::from_tensor(&Tensor::new(rows, &Device::Cpu)?.to_dtype(dtype)?)?)
}

/// The expected error for the batch.
fn refusal(pred: &[f64], target: &[f64]) -> Option<&'static str> {
    if pred.len() != target.len() {
        Some("LengthMismatch")
    } else if pred.is_empty() {
        Some("EmptyBatch")
    } else if pred.iter().chain(target).any(|v| !v.is_finite()) {
        Some("NonFinite")
    } else {
        None
    }
}

fn kind(error: &Error) -> String {
    let kind = match error {
        Error::LengthMismatch { .. } => "LengthMismatch",
        Error::EmptyBatch => "EmptyBatch",
        Error::NonFinite { .. } => "NonFinite",
        other => return other.to_string(),
    };
    kind.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Passed and failed cases if this is the only one.
    fn verdict(id: &str, batch: &Value, expected: &Value) -> (usize, usize) {
        let mut golden = batch.clone();
        golden["losses"] = json!({ id: { "f64": expected } });
        let mut report = Report::new(None);
        report.case(Group::Losses, "test", "-", |check| {
            compare(Loss::parse(id, 1e-8).unwrap(), &golden, id, ("f64", DType::F64, 1e-9), check)
        });
        (report.passed(), report.failed())
    }

    #[test]
    fn a_perturbed_gradient_fails() {
        let golden = json!({ "pred": [1.0, 4.0], "target": [2.0, 2.0] });
        let expected = |gradient: f64| json!({ "value": 1.5, "grad": [-0.5, gradient] });
        assert_eq!(verdict("mae", &golden, &expected(0.5)), (1, 0));
        assert_eq!(verdict("mae", &golden, &expected(0.5 + 1e-8)), (0, 1));
        assert_eq!(verdict("mae", &golden, &json!({ "value": 1.5 + 1e-8, "grad": [-0.5, 0.5] })), (0, 1));
        assert_eq!(verdict("mae", &golden, &json!({ "value": 1.5, "grad": [-0.5] })), (0, 1));
    }

    #[test]
    fn degenerate_batches_follow_the_rules() {
        let nan = json!({ "value": "nan", "grad": ["nan", "nan"] });
        let broken = json!({ "pred": [1.0, "nan"], "target": [1.0, 2.0] });
        assert_eq!(verdict("rank_fastvqa", &broken, &nan), (1, 0));
        let empty = json!({ "pred": [], "target": [] });
        assert_eq!(verdict("kl_paper", &empty, &nan), (1, 0));
        let flat = json!({ "pred": [2.0, 2.0], "target": [1.0, 4.0] });
        let value = json!({ "value": 1.4142135557064286, "grad": ["nan", "nan"] });
        assert_eq!(verdict("norm_in_norm_paper(p=1,q=2)", &flat, &value), (1, 0));
        // A single pair has no correlation: 0 is expected, not the 0.5 of the reference.
        let single = json!({ "pred": [2.0], "target": [3.5] });
        assert_eq!(verdict("plcc_half", &single, &json!({ "value": 0.5, "grad": [0.0] })), (1, 0));
        // Perfect predictions have no gradient; the reference has NaN.
        let perfect = json!({ "pred": [2.0, 3.0], "target": [2.0, 3.0] });
        assert_eq!(verdict("rmse", &perfect, &json!({ "value": 0.0, "grad": ["nan", "nan"] })), (1, 0));
        assert_eq!(verdict("rmse", &perfect, &json!({ "value": 1e-8, "grad": [0.0, 0.0] })), (0, 1));
    }

    #[test]
    fn files_are_found_one_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let counts = || {
            let mut report = Report::new(None);
            run(dir.path(), &mut report).unwrap();
            (report.passed(), report.failed(), report.skipped())
        };
        assert_eq!(counts(), (0, 0, 0));
        let block = json!({ "value": 1.5, "grad": [-0.5, 0.5] });
        let mut file = json!({ "eps": 1e-8, "cases": [{
            "case": "a", "pred": [1.0, 4.0], "target": [2.0, 2.0],
            "losses": { "mae": { "f64": block, "f32": block }, "huber": { "f64": block, "f32": block } },
        }] });
        let write = |file: &Value| std::fs::write(dir.path().join("losses.json"), file.to_string()).unwrap();
        write(&file);
        assert_eq!(counts(), (2, 0, 2), "a loss that nobody has is skipped, and counted");
        file["cases"][0]["losses"]["mae"]["f64"]["grad"][1] = json!(0.4);
        write(&file);
        assert_eq!(counts(), (1, 1, 2));
    }
}
