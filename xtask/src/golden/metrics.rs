//! Correlation and error metrics.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use dream_eval::{
    Error, Logistic4, krcc, kruskal_wallis, mae, plcc, plcc_p_value, ranks, rmse, sos_parameter, srcc,
    srcc_p_value,
};
use serde_json::Value;

use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{array, json, number, number_list, text};

/// Absolute for a correlation; relative above 1 for an error in the units of the score.
const CORRELATION: Tolerance = Tolerance { relative: 0.0, absolute: 1e-10 };
const ERROR: Tolerance = Tolerance { relative: 1e-10, absolute: 1e-10 };

/// Relative to the p-value, or to H.
const TAIL: Tolerance = Tolerance { relative: 1e-9, absolute: 0.0 };
/// From the specification, for the curve and everything computed from it.
const FIT: Tolerance = Tolerance { relative: 1e-4, absolute: 1e-4 };
/// Cases whose best curve lies at infinite parameters: its error must be no worse than the reference's.
const ILL_CONDITIONED: [&str; 3] = ["many_ties_both", "perfect", "inverted"];

/// Fields of a case that dream-eval computes.
const KNOWN: [&str; 9] = [
    "plcc",
    "srcc",
    "krcc_tau_b",
    "rmse",
    "mae",
    "plcc_pvalue",
    "srcc_pvalue",
    "ranks_pred_average",
    "ranks_mos_average",
];

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Metrics) {
        return Ok(());
    }
    say(format_args!("# metrics of {}", folder.display()));
    let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
    cases(folder, "correlation.json", report, |golden, name, report| {
        let tolerance = format!("{CORRELATION} (errors also rel 1e-10; p rel 1e-9); ranks exact");
        report.case(Group::Metrics, name, tolerance, |check| case(golden, check));
        for (key, _) in golden["metrics"].as_object().into_iter().flatten() {
            if !KNOWN.contains(&key.as_str()) {
                *unknown.entry(key.clone()).or_default() += 1;
            }
        }
        if golden.get("logistic4").is_some() {
            let name = format!("logistic4 {name}");
            report.case(Group::Metrics, &name, format!("{FIT}"), |check| logistic(golden, check));
        }
        Ok(())
    })?;
    for (key, cases) in unknown {
        report.skip(Group::Metrics, &key, format_args!("{cases} cases: not implemented yet"));
    }
    cases(folder, "kruskal_wallis.json", report, |golden, name, report| {
        let name = format!("kruskal_wallis {name}");
        report.case(Group::Metrics, &name, format!("{TAIL}"), |check| kruskal(golden, check));
        Ok(())
    })?;
    cases(folder, "sos.json", report, |golden, name, report| {
        let name = format!("sos {name}");
        report.case(Group::Metrics, &name, format!("{ERROR}"), |check| sos(golden, check));
        Ok(())
    })
}

/// Calls `each` with every case of a file and its name. A missing file is a skipped case.
fn cases(
    folder: &Path,
    file: &str,
    report: &mut Report,
    mut each: impl FnMut(&Value, &str, &mut Report) -> Result<()>,
) -> Result<()> {
    let path = folder.join(file);
    if !path.is_file() {
        report.skip(Group::Metrics, file, "the file is absent");
        return Ok(());
    }
    let content = json(&path)?;
    for golden in array(&content["cases"])? {
        each(golden, text(golden, "case")?, report)?;
    }
    Ok(())
}

fn logistic(golden: &Value, check: &mut Check) -> Result<()> {
    let (pred, mos) = (number_list(&golden["pred"])?, number_list(&golden["mos"])?);
    let expected = &golden["logistic4"];
    let fit = Logistic4::fit(&pred, &mos)?;
    let fitted = fit.curve.map(&pred)?;
    let sse = number(&expected["sse"])?;
    check.demand(fit.sse <= sse * (1.0 + 1e-3), || format!("SSE {} is worse than {sse}", fit.sse));
    if ILL_CONDITIONED.contains(&text(golden, "case")?) {
        return Ok(());
    }
    check.number("sse", fit.sse, sse, FIT);
    check.number("plcc_after_fit", plcc(&fitted, &mos)?, number(&expected["plcc_after_fit"])?, FIT);
    check.number("rmse_after_fit", rmse(&fitted, &mos)?, number(&expected["rmse_after_fit"])?, FIT);
    check.numbers("fitted", &fitted, &number_list(&expected["fitted"])?, FIT);
    Ok(())
}

fn kruskal(golden: &Value, check: &mut Check) -> Result<()> {
    let groups = array(&golden["groups"])?.iter().map(number_list).collect::<Result<Vec<_>>>()?;
    let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
    let result = &golden["result"];
    // If SciPy has a number, we need one too; otherwise a typed error.
    let expected = result.get("H").map(number).transpose()?.filter(|h| h.is_finite());
    match (kruskal_wallis(&groups), expected) {
        (Ok(test), Some(h)) => {
            check.number("H", test.statistic, h, TAIL);
            check.number("p", test.p, number(&result["p"])?, TAIL);
            check.number("df", test.degrees.unwrap_or(f64::NAN), number(&golden["df"])?, Tolerance::EXACT);
        }
        (found, expected) => {
            let found = found.map(|test| test.statistic);
            check.demand(found.is_err() && expected.is_none(), || {
                format!("{found:?} where SciPy says {result}")
            });
        }
    }
    Ok(())
}

fn sos(golden: &Value, check: &mut Check) -> Result<()> {
    let mos = number_list(&golden["mos"])?;
    let pairs = [("variance", "a"), ("variance_ddof0", "a_ddof0"), ("variance_ddof1", "a_ddof1")];
    for (variance, a) in pairs.into_iter().filter(|(variance, _)| golden.get(variance).is_some()) {
        let expected = number(&golden[a])?;
        match sos_parameter(&mos, &number_list(&golden[variance])?) {
            Ok(fit) => {
                check.number(a, fit.a, expected, ERROR);
                if let Some(sse) = golden.get("residual_sse") {
                    check.number("residual_sse", fit.sse, number(sse)?, ERROR);
                }
            }
            Err(error) => {
                check.demand(expected.is_nan(), || format!("{error}, where the golden says {expected}"))
            }
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
    // Relative errors of p-values grow when the correlation is 1 to within rounding.
    let sharp = plcc(&pred, &mos).is_ok_and(|r| r.abs() > 1.0 - 1e-6);
    let tail = if sharp { Tolerance { relative: 1e-6, absolute: 1e-40 } } else { TAIL };
    // Field, function, fewest pairs, whether constant input leaves it undefined, tolerance.
    let metrics_of: [(&str, Metric, usize, bool, Tolerance); 7] = [
        ("plcc", plcc, 2, true, CORRELATION),
        ("srcc", srcc, 2, true, CORRELATION),
        ("krcc_tau_b", krcc, 2, true, CORRELATION),
        ("rmse", rmse, 1, false, ERROR),
        ("mae", mae, 1, false, ERROR),
        ("plcc_pvalue", plcc_p_value, 2, true, tail),
        ("srcc_pvalue", srcc_p_value, 3, true, tail),
    ];
    for (key, metric, needed, correlation, tolerance) in metrics_of {
        let Some(expected) = metrics.get(key) else { continue };
        let refusal = refusal(&pred, &mos, needed, correlation);
        match (metric(&pred, &mos), refusal) {
            (Ok(found), None) => check.number(key, found, number(expected)?, tolerance),
            (found, expected) => {
                let found = found.map_or_else(|error| kind(&error), |value| format!("{value:?}"));
                check.equal(key, &found, &expected.unwrap_or("a number").to_owned());
            }
        }
    }
    // The words of the golden file must agree with its numbers.
    if recommended.starts_with("typed error") {
        check.demand(refusal(&pred, &mos, 2, true).is_some_and(|kind| kind != "ConstantInput"), || {
            "the golden file asks for a typed error, but the input gives no reason for one".to_owned()
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

/// The expected error for the input.
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

    /// Passed and failed cases if `golden` is the only one.
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
