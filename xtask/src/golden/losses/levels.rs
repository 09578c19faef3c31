//! DeQA's soft labels and the divergence from them.

use anyhow::{Context, Result};
use dream_loss::candle_core::DType;
use dream_loss::{LevelMass, SoftLabel, level_kl};
use serde_json::Value;

use super::{BLOCKS, gradient, matrix, shown, within};
use crate::report::{Check, Group, Report, Tolerance};
use crate::table::{array, number, number_list};

const LABELS: Tolerance = Tolerance { relative: 0.0, absolute: 1e-12 };

pub(super) fn run(file: &Value, report: &mut Report) -> Result<()> {
    for golden in file["deqa_soft_labels"].as_array().into_iter().flatten() {
        for (key, mass) in [("pdf", LevelMass::Density), ("cdf", LevelMass::Bin)] {
            let name = format!("soft label/{key}/mos {} std {}", golden["mos"], golden["std"]);
            report.case(Group::Losses, &name, LABELS, |check| label(golden, &golden[key], mass, check));
        }
    }
    let golden = &file["deqa_kl"];
    if golden.is_object() {
        // One reference, in f64.
        for (block, dtype, tolerance) in BLOCKS {
            report.case(Group::Losses, &format!("level KL/{block}"), shown(tolerance), |check| {
                divergence(golden, dtype, tolerance, check)
            });
        }
    }
    Ok(())
}

fn label(golden: &Value, expected: &Value, mass: LevelMass, check: &mut Check) -> Result<()> {
    let found = SoftLabel::new(number(&golden["mos"])?, number(&golden["std"])?, mass)?;
    let probabilities = number_list(&expected["level_probs_excellent_to_bad"])?;
    check.numbers("probabilities", &found.probabilities, &probabilities, LABELS);
    check.number("the mean", found.mean(), number(&expected["recovered_mos"])?, LABELS);
    let two_levels = expected["used_two_level_fallback"].as_bool();
    check.equal("the fallback", &Some(found.two_levels), &two_levels);
    Ok(())
}

fn divergence(golden: &Value, dtype: DType, tolerance: f64, check: &mut Check) -> Result<()> {
    let levels: Vec<u32> = serde_json::from_value(golden["level_ids_excellent_to_bad"].clone())?;
    let levels = levels.try_into().ok().context("there are five levels")?;
    let labels = array(&golden["target_level_probs"])?.iter().map(|row| {
        let probabilities = number_list(row)?.try_into().ok().context("a label has five levels")?;
        Ok(SoftLabel { probabilities, two_levels: false })
    });
    let labels = labels.collect::<Result<Vec<_>>>()?;
    let logits = matrix(&golden["logits"], dtype)?;
    let found = level_kl(&logits, levels, &labels)?;
    let value = number(&golden["loss_batchmean"])?;
    check.number("value", found.to_dtype(DType::F64)?.to_scalar()?, value, within(&[value], tolerance));
    let rows = array(&golden["grad_logits"])?.iter().map(number_list).collect::<Result<Vec<_>>>()?;
    let expected = rows.concat();
    check.numbers("gradient", &gradient(&found, &logits)?, &expected, within(&expected, tolerance));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_wrong_probability_fails() {
        let verdict = |good: f64| {
            let two = json!({
                "level_probs_excellent_to_bad": [0.0, good, 0.25, 0.0, 0.0],
                "recovered_mos": 3.75,
                "used_two_level_fallback": true,
            });
            let file = json!({ "deqa_soft_labels": [{ "mos": 3.75, "std": 0.1, "pdf": two, "cdf": two }] });
            let mut report = Report::new(None);
            run(&file, &mut report).unwrap();
            (report.passed(), report.failed())
        };
        assert_eq!(verdict(0.75), (2, 0));
        assert_eq!(verdict(0.7501), (0, 2));
    }
}
