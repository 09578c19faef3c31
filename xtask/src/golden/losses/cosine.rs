//! The alignment of two matrices.

use anyhow::{Context, Result};
use dream_loss::Alignment;
use dream_loss::candle_core::DType;
use serde_json::Value;

use super::{BLOCKS, gradient, matrix, shown, within};
use crate::report::{Check, Group, Report};
use crate::table::{array, number, number_list, text};

const FORMS: [(&str, Alignment); 3] = [
    ("one_minus_mean", Alignment::Mean),
    ("eq6_literal_one_minus_sum", Alignment::LiteralSum),
    ("sum_of_one_minus", Alignment::SumOfOneMinus),
];

pub(super) fn run(file: &Value, report: &mut Report) -> Result<()> {
    for golden in array(&file["cases"])? {
        let case = text(golden, "case")?;
        for (id, form) in FORMS {
            for (block, dtype, tolerance) in BLOCKS {
                let name = format!("cosine {id}/{block}/{case}");
                report.case(Group::Losses, &name, shown(tolerance), |check| {
                    compare(form, golden, &golden[id][block], dtype, tolerance, check)
                });
            }
        }
    }
    Ok(())
}

fn compare(
    form: Alignment,
    golden: &Value,
    expected: &Value,
    dtype: DType,
    tolerance: f64,
    check: &mut Check,
) -> Result<()> {
    let (x, t) = (matrix(&golden["x"], dtype)?, matrix(&golden["t"], dtype)?);
    let found = form.forward(&x, &t)?;
    let value = number(&expected["value"]).context("reading `value`")?;
    check.number("value", found.to_dtype(DType::F64)?.to_scalar()?, value, within(&[value], tolerance));
    for (name, input) in [("x", &x), ("t", &t)] {
        let mut reference = Vec::new();
        for (row, gradient) in array(&golden[name])?.iter().zip(array(&expected[format!("grad_{name}")])?) {
            let gradient = number_list(gradient)?;
            // A vector of zeros has no direction and no gradient; the reference has entries near 1e8.
            let zero = number_list(row)?.iter().all(|v| *v == 0.0);
            reference.extend(if zero { vec![0.0; gradient.len()] } else { gradient });
        }
        let found = gradient(&found, input)?;
        check.numbers(format_args!("gradient by {name}"), &found, &reference, within(&reference, tolerance));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_zero_vector_follows_the_rule_and_a_wrong_value_fails() {
        // cos((1, 0), (1, 1)) = 1/√2, and a zero vector.
        let half = 0.5_f64.sqrt();
        let golden = json!({ "x": [[1.0, 0.0], [0.0, 0.0]], "t": [[1.0, 1.0], [2.0, 0.0]] });
        let verdict = |value: f64| {
            let expected = json!({
                "value": value,
                "grad_x": [[0.0, -half / 2.0], [-5e7, 0.0]],
                "grad_t": [[-half / 4.0, half / 4.0], [0.0, 0.0]],
            });
            let mut report = Report::new(None);
            report.case(Group::Losses, "test", "-", |check| {
                compare(Alignment::Mean, &golden, &expected, DType::F64, 1e-9, check)
            });
            (report.passed(), report.failed())
        };
        assert_eq!(verdict(1.0 - half / 2.0), (1, 0));
        assert_eq!(verdict(1.0 - half / 2.0 + 1e-8), (0, 1));
    }
}
