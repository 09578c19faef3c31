//! Correlation and error metrics.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use dream_eval::{Error, plcc, ranks, rmse, srcc};
use serde_json::Value;

use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{array, json, number, number_list, text};

/// Absolute for a correlation; relative above 1 for an error in the units of the score.
const CORRELATION: Tolerance = Tolerance { relative: 0.0, absolute: 1e-10 };
const ERROR: Tolerance = Tolerance { relative: 1e-10, absolute: 1e-10 };

/// Fields of a case that dream-eval computes.
const KNOWN: [&str; 5] = ["plcc", "srcc", "rmse", "ranks_pred_average", "ranks_mos_average"];

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Metrics) {
        return Ok(());
    }
    say(format_args!("# metrics of {}", folder.display()));
    let file = json(&folder.join("correlation.json"))?;
    let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
    for golden in array(&file["cases"])? {
        let name = text(golden, "case")?;
        let tolerance = format!("{CORRELATION} (rmse also rel 1e-10); ranks and errors exact");
        report.case(Group::Metrics, name, tolerance, |check| case(golden, check));
        let fields = golden["metrics"].as_object().into_iter().flatten().map(|(key, _)| key.as_str());
        let fitted = golden.get("logistic4").map(|_| "logistic4");
        for key in fields.filter(|key| !KNOWN.contains(key)).chain(fitted) {
            *unknown.entry(key).or_default() += 1;
        }
    }
    for (key, cases) in unknown {
        report.skip(Group::Metrics, key, format_args!("{cases} cases: not implemented yet"));
    }
    for other in ["kruskal_wallis.json", "sos.json"] {
        if folder.join(other).is_file() {
            report.skip(Group::Metrics, other, "not implemented yet");
        }
    }
    Ok(())
}

fn case(golden: &Value, check: &mut Check) -> Result<()> {
    let pred = number_list(&golden["pred"]).context("reading `pred`")?;
    let mos = number_list(&golden["mos"]).context("reading `mos`")?;
    let metrics = &golden["metrics"];
    let recommended = golden["recommended"].as_str().unwrap_or_default();

    type Metric = fn(&[f64], &[f64]) -> dream_eval::Result<f64>;
    let correlations: [(&str, Metric, usize, Tolerance); 3] =
        [("plcc", plcc, 2, CORRELATION), ("srcc", srcc, 2, CORRELATION), ("rmse", rmse, 1, ERROR)];
    for (key, metric, needed, tolerance) in correlations {
        let refusal = refusal(&pred, &mos, needed, key != "rmse");
        match (metric(&pred, &mos), refusal) {
            (Ok(found), None) => check.number(key, found, number(&metrics[key])?, tolerance),
            (found, expected) => {
                let found = found.map_or_else(|error| kind(&error), |value| format!("{value:?}"));
                check.equal(key, &found, &expected.unwrap_or("a number").to_owned());
            }
        }
    }
    // What the golden says in words must agree with what its numbers say.
    if recommended.starts_with("typed error") {
        check.demand(refusal(&pred, &mos, 2, true).is_some_and(|kind| kind != "ConstantInput"), || {
            "the golden asks for a typed error and the input gives no reason for one".to_owned()
        });
    }

    for (key, values) in [("ranks_pred_average", &pred), ("ranks_mos_average", &mos)] {
        match ranks(values) {
            Ok(found) => check.numbers(key, &found, &number_list(&metrics[key])?, Tolerance::EXACT),
            Err(error) => {
                let broken = values.iter().any(|v| !v.is_finite());
                check.equal(key, &kind(&error), &if broken { "NonFinite" } else { "ranks" }.to_owned());
            }
        }
    }
    Ok(())
}

/// The typed error that the input deserves.
fn refusal(pred: &[f64], mos: &[f64], needed: usize, correlation: bool) -> Option<&'static str> {
    let constant = |values: &[f64]| values.windows(2).all(|pair| pair.first() == pair.last());
    if pred.len() != mos.len() {
        Some("LengthMismatch")
    } else if pred.len() < needed {
        Some("TooFew")
    } else if pred.iter().chain(mos).any(|v| !v.is_finite()) {
        Some("NonFinite")
    } else if correlation && (constant(pred) || constant(mos)) {
        Some("ConstantInput")
    } else {
        None
    }
}

fn kind(error: &Error) -> String {
    let kind = match error {
        Error::LengthMismatch { .. } => "LengthMismatch",
        Error::TooFew { .. } => "TooFew",
        Error::NonFinite { .. } => "NonFinite",
        Error::ConstantInput { .. } => "ConstantInput",
        other => return other.to_string(),
    };
    kind.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Passed and failed cases when `golden` is the only one.
    fn verdict(golden: &Value) -> (usize, usize) {
        let mut report = Report::new(None);
        report.case(Group::Metrics, "test", "-", |check| case(golden, check));
        (report.passed(), report.failed())
    }

    #[test]
    fn edge_cases_ask_for_typed_errors() {
        let ranks = json!([1.5, 1.5]);
        let nan = json!({ "plcc": "nan", "srcc": "nan", "rmse": 1.0, "ranks_pred_average": ranks,
            "ranks_mos_average": ranks });
        let constant = json!({ "pred": [2, 2], "mos": [3, 3], "metrics": nan, "recommended": "undefined" });
        assert_eq!(verdict(&constant), (1, 0));
        let asks = json!({ "pred": [2, 2], "mos": [3, 3], "metrics": nan, "recommended": "typed error" });
        assert_eq!(verdict(&asks), (0, 1), "a constant is no typed error of the recommendation");
        let broken =
            json!({ "pred": [2, "nan"], "mos": [3, 3], "metrics": nan, "recommended": "typed error" });
        assert_eq!(verdict(&broken), (1, 0));
    }

    #[test]
    fn a_wrong_rank_fails() {
        let golden = |rank: f64| {
            json!({ "pred": [1, 2], "mos": [1, 2], "metrics": { "plcc": 1.0, "srcc": 1.0, "rmse": 0.0,
            "ranks_pred_average": [1.0, rank], "ranks_mos_average": [1.0, 2.0] } })
        };
        assert_eq!(verdict(&golden(2.0)), (1, 0));
        assert_eq!(verdict(&golden(2.0 + 1e-15)), (0, 1));
    }
}
