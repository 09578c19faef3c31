//! Losses on candle tensors: value and gradient, in f64 and f32.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use dream_loss::candle_core::{DType, Device, Tensor, Var};
use dream_loss::{Error, NormInNorm, mae};
use serde_json::Value;

use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{array, json, number, number_list, text};

/// Deviations with a norm below this get no gradient, whatever the reference says.
const FLAT: f64 = 1e-6;

/// A loss of the reference that dream-loss has.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Loss {
    Mae,
    NormInNorm(NormInNorm),
}

impl Loss {
    /// `mae` or `norm_in_norm_paper(p=1,q=2)`.
    fn parse(id: &str, eps: f64) -> Option<Self> {
        if id == "mae" {
            return Some(Self::Mae);
        }
        let (p, q) = id.strip_prefix("norm_in_norm_paper(p=")?.strip_suffix(')')?.split_once(",q=")?;
        Some(Self::NormInNorm(NormInNorm { p: p.parse().ok()?, q: q.parse().ok()?, eps }))
    }

    fn forward(self, pred: &Tensor, target: &Tensor) -> dream_loss::Result<Tensor> {
        match self {
            Self::Mae => mae(pred, target),
            Self::NormInNorm(loss) => loss.forward(pred, target),
        }
    }

    /// Whether the gradient with respect to these predictions must be 0.
    fn is_flat(self, pred: &[f64]) -> bool {
        let Self::NormInNorm(NormInNorm { q, .. }) = self else { return false };
        let mean = pred.iter().sum::<f64>() / pred.len() as f64;
        pred.iter().map(|v| (v - mean).abs().powf(q)).sum::<f64>().powf(1.0 / q) < FLAT
    }
}

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Losses) {
        return Ok(());
    }
    say(format_args!("# losses of {}", folder.display()));
    let file = json(&folder.join("losses.json"))?;
    let eps = number(&file["eps"]).context("reading `eps`")?;
    let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
    for golden in array(&file["cases"])? {
        let case = text(golden, "case")?;
        for (id, expected) in golden["losses"].as_object().into_iter().flatten() {
            let Some(loss) = Loss::parse(id, eps) else {
                *unknown.entry(id).or_default() += 1;
                continue;
            };
            for (block, dtype, tolerance) in [("f64", DType::F64, 1e-9), ("f32", DType::F32, 1e-5)] {
                let name = format!("{id}/{block}/{case}");
                let shown = format!("{tolerance:e} of the largest value, at least of 1");
                report.case(Group::Losses, &name, shown, |check| {
                    compare(loss, golden, &expected[block], dtype, tolerance, check)
                });
            }
        }
    }
    for (id, cases) in unknown {
        report.skip(Group::Losses, id, format_args!("{cases} cases: not implemented yet"));
    }
    if folder.join("cosine_losses.json").is_file() {
        report.skip(Group::Losses, "cosine_losses.json", "not implemented yet");
    }
    Ok(())
}

fn compare(
    loss: Loss,
    golden: &Value,
    expected: &Value,
    dtype: DType,
    tolerance: f64,
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
    let within = |reference: &[f64]| {
        let largest = reference.iter().fold(1.0, |largest: f64, v| largest.max(v.abs()));
        Tolerance { relative: 0.0, absolute: tolerance * largest }
    };
    let expected_value = number(&expected["value"]).context("reading `value`")?;
    let expected_gradient = number_list(&expected["grad"]).context("reading `grad`")?;
    check.equal("the length of the gradient", &gradient.len(), &pred.len());

    // Normalised predictions that coincide with the targets up to rounding: the sign of the difference is noise.
    if golden.get("grad_note").is_some() && loss != Loss::Mae {
        check.number("value", value, expected_value, Tolerance { relative: 0.0, absolute: 1e-6 });
        let small = |gradient: &[f64]| gradient.iter().all(|g| g.abs() < 1e-5);
        if dtype == DType::F64 && small(&expected_gradient) {
            check.demand(small(&gradient), || format!("the gradient is {gradient:?}, it must be below 1e-5"));
        }
        return Ok(());
    }
    check.number("value", value, expected_value, within(&[expected_value]));
    if loss.is_flat(&pred) {
        check.numbers("gradient", &gradient, &vec![0.0; pred.len()], Tolerance::EXACT);
    } else {
        check.numbers("gradient", &gradient, &expected_gradient, within(&expected_gradient));
    }
    Ok(())
}

/// The value of the loss and its gradient with respect to the predictions.
fn evaluate(loss: Loss, pred: &[f64], target: &[f64], dtype: DType) -> dream_loss::Result<(f64, Vec<f64>)> {
    let tensor = |values: &[f64]| match values {
        [] => Tensor::zeros(0, dtype, &Device::Cpu),
        values => Tensor::new(values, &Device::Cpu)?.to_dtype(dtype),
    };
    let pred = Var::from_tensor(&tensor(pred)?)?;
    let value = loss.forward(&pred, &tensor(target)?)?;
    let gradient = value.backward()?;
    // No gradient at all would be a graph that was cut: as wrong as a wrong one, and not the same as zeros.
    let gradient = gradient.get(&pred).map(|g| g.to_dtype(DType::F64)?.to_vec1()).transpose()?;
    Ok((value.to_dtype(DType::F64)?.to_scalar()?, gradient.unwrap_or_default()))
}

/// The typed error that the batch deserves.
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

    /// Passed and failed cases when this is the only one.
    fn verdict(loss: Loss, golden: &Value, expected: &Value) -> (usize, usize) {
        let mut report = Report::new(None);
        report.case(Group::Losses, "test", "-", |check| {
            compare(loss, golden, expected, DType::F64, 1e-9, check)
        });
        (report.passed(), report.failed())
    }

    #[test]
    fn a_perturbed_gradient_fails() {
        let golden = json!({ "pred": [1.0, 4.0], "target": [2.0, 2.0] });
        let expected = |gradient: f64| json!({ "value": 1.5, "grad": [-0.5, gradient] });
        assert_eq!(verdict(Loss::Mae, &golden, &expected(0.5)), (1, 0));
        assert_eq!(verdict(Loss::Mae, &golden, &expected(0.5 + 1e-8)), (0, 1));
        assert_eq!(verdict(Loss::Mae, &golden, &json!({ "value": 1.5 + 1e-8, "grad": [-0.5, 0.5] })), (0, 1));
        assert_eq!(verdict(Loss::Mae, &golden, &json!({ "value": 1.5, "grad": [-0.5] })), (0, 1));
    }

    #[test]
    fn degenerate_batches_follow_the_rules() {
        let nan = json!({ "value": "nan", "grad": ["nan", "nan"] });
        let broken = json!({ "pred": [1.0, "nan"], "target": [1.0, 2.0] });
        assert_eq!(verdict(Loss::Mae, &broken, &nan), (1, 0));
        let empty = json!({ "pred": [], "target": [] });
        assert_eq!(verdict(Loss::Mae, &empty, &nan), (1, 0));
        let flat = json!({ "pred": [2.0, 2.0], "target": [1.0, 4.0] });
        let value = json!({ "value": 1.4142135557064286, "grad": ["nan", "nan"] });
        assert_eq!(verdict(Loss::parse("norm_in_norm_paper(p=1,q=2)", 1e-8).unwrap(), &flat, &value), (1, 0));
    }

    #[test]
    fn only_what_exists_is_run() {
        let loss = Loss::parse("norm_in_norm_paper(p=1,q=3)", 1e-8);
        assert_eq!(loss, Some(Loss::NormInNorm(NormInNorm { p: 1.0, q: 3.0, eps: 1e-8 })));
        assert_eq!(Loss::parse("norm_in_norm_ref(p=1,q=2,alpha=1:0)", 1e-8), None);
        assert_eq!(Loss::parse("kl_paper", 1e-8), None);
    }
}
