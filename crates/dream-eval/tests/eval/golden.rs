//! Every metric against the reference values, on the committed cases and on the full shared files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test helper is a failed test"
)]

use std::io::Write;
use std::path::PathBuf;

use dream_eval::{
    Error, Logistic4, krcc, kruskal_wallis, mae, plcc, plcc_p_value, ranks, rmse, sos_parameter, srcc,
    srcc_p_value,
};
use serde_json::Value;

const TOLERANCE: f64 = 1e-10;
/// Relative, for p-values and test statistics.
const P_TOLERANCE: f64 = 1e-9;

type Check = fn(&str) -> usize;

const FILES: [(&str, Check, usize); 3] = [
    ("correlation.json", correlation_file, 20),
    ("kruskal_wallis.json", kruskal_file, 9),
    ("sos.json", sos_file, 6),
];

#[test]
fn committed_cases() {
    assert_eq!(correlation_file(include_str!("../../testdata/correlation.json")), 20);
    assert_eq!(kruskal_file(include_str!("../../testdata/kruskal_wallis.json")), 9);
    assert_eq!(sos_file(include_str!("../../testdata/sos.json")), 6);
}

#[test]
fn shared_cases() {
    for (name, check, cases) in FILES {
        if let Some(text) = shared(name) {
            assert!(check(&text) >= cases);
        }
    }
}

/// A file of the shared metrics folder. Without it the test says `SKIPPED`; with `DREAM_REQUIRE_SHARED=1` it fails.
fn shared(file: &str) -> Option<String> {
    let root = std::env::var_os("DREAM_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = root.join("golden/models/metrics").join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1");
            assert!(!required, "{}: {error}; set DREAM_SHARED to the shared folder", path.display());
            // Written past the test runner, which hides what a passing test prints.
            writeln!(std::io::stderr().lock(), "SKIPPED: {}: {error}", path.display()).unwrap();
            None
        }
    }
}

/// Checks all cases of one file and returns their number.
fn each(text: &str, check: fn(&Value)) -> usize {
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    cases.iter().for_each(check);
    cases.len()
}

fn correlation_file(text: &str) -> usize {
    each(text, correlation_case)
}

fn correlation_case(case: &Value) {
    let name = case["case"].as_str().unwrap();
    let (pred, truth) = (numbers(&case["pred"]), numbers(&case["mos"]));
    let metrics = &case["metrics"];
    let finite = |values: &[f64]| values.iter().all(|v| v.is_finite());

    for (values, key) in [(&pred, "ranks_pred_average"), (&truth, "ranks_mos_average")] {
        if finite(values) {
            assert_eq!(ranks(values).unwrap(), numbers(&metrics[key]), "{name} {key}");
        } else {
            assert!(matches!(ranks(values), Err(Error::NonFinite { argument: "values", .. })), "{name}");
        }
    }

    // Name, value, fewest pairs, whether a constant input leaves it undefined.
    let results = [
        ("plcc", plcc(&pred, &truth), 2, true),
        ("srcc", srcc(&pred, &truth), 2, true),
        ("krcc_tau_b", krcc(&pred, &truth), 2, true),
        ("plcc_pvalue", plcc_p_value(&pred, &truth), 2, true),
        ("srcc_pvalue", srcc_p_value(&pred, &truth), 3, true),
        ("rmse", rmse(&pred, &truth), 1, false),
        ("mae", mae(&pred, &truth), 1, false),
    ];
    for (metric, result, needed, correlation) in results {
        let constant = |values: &[f64]| values.windows(2).all(|w| w[0] == w[1]);
        if !finite(&pred) || !finite(&truth) {
            let argument = if finite(&pred) { "truth" } else { "pred" };
            assert!(matches!(&result, Err(Error::NonFinite { argument: a, .. }) if *a == argument), "{name}");
        } else if pred.len() < needed {
            let found = pred.len();
            assert!(matches!(&result, Err(Error::TooFew { found: f, .. }) if *f == found), "{name} {metric}");
        } else if correlation && (constant(&pred) || constant(&truth)) {
            let argument = if constant(&pred) { "pred" } else { "truth" };
            assert_eq!(result, Err(Error::ConstantInput { argument }), "{name} {metric}");
        } else {
            let value = result.unwrap_or_else(|error| panic!("{name} {metric}: {error}"));
            let expected = number(&metrics[metric]);
            let tolerance = match metric {
                "plcc_pvalue" if name == "near_constant" => 1e-6 * expected,
                "plcc_pvalue" | "srcc_pvalue" => P_TOLERANCE * expected,
                _ => TOLERANCE * expected.abs().max(1.0),
            };
            // SciPy's sum that gives `perfect` a coefficient below 1 still gives it the p-value 0.
            let rounding = metric.ends_with("pvalue") && expected == 0.0 && value < 1e-40;
            assert!(
                (value - expected).abs() <= tolerance || rounding,
                "{name} {metric}: {value} is not {expected}"
            );
        }
    }
    if let Some(golden) = case.get("logistic4") {
        logistic(name, &pred, &truth, golden);
    }
}

fn logistic(name: &str, pred: &[f64], truth: &[f64], golden: &Value) {
    let fit = Logistic4::fit(pred, truth).unwrap();
    let mapped = fit.curve.map(pred).unwrap();
    let sse = number(&golden["sse"]);
    assert!(fit.sse <= sse * (1.0 + 1e-3), "{name}: SSE {} is worse than {sse}", fit.sse);
    let own: f64 = mapped.iter().zip(truth).map(|(m, t)| (m - t) * (m - t)).sum();
    assert!((own - fit.sse).abs() <= 1e-9 * own, "{name}: the SSE is that of the curve");
    if ["many_ties_both", "perfect", "inverted"].contains(&name) {
        return;
    }
    assert!((fit.sse - sse).abs() <= 1e-4 * sse, "{name}: SSE {} is not {sse}", fit.sse);
    let after = [("plcc_after_fit", plcc(&mapped, truth)), ("rmse_after_fit", rmse(&mapped, truth))];
    for (key, value) in after {
        let (value, expected) = (value.unwrap(), number(&golden[key]));
        assert!((value - expected).abs() < 1e-4, "{name} {key}: {value} is not {expected}");
    }
    for (value, expected) in mapped.iter().zip(numbers(&golden["fitted"])) {
        assert!(
            (value - expected).abs() < 1e-4 * expected.abs().max(1.0),
            "{name}: fitted {value}, not {expected}"
        );
    }
}

fn kruskal_file(text: &str) -> usize {
    each(text, |case| {
        let name = case["case"].as_str().unwrap();
        let groups: Vec<Vec<f64>> = case["groups"].as_array().unwrap().iter().map(numbers).collect();
        let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
        let result = kruskal_wallis(&groups);
        match name {
            "all_identical" => assert!(matches!(result, Err(Error::Undefined { .. })), "{name}"),
            "one_empty" | "one_group" => assert!(matches!(result, Err(Error::TooFew { .. })), "{name}"),
            _ => {
                let test = result.unwrap();
                close(name, test.statistic, number(&case["result"]["H"]));
                close(name, test.p, number(&case["result"]["p"]));
                assert_eq!(test.degrees, case["df"].as_f64(), "{name}");
            }
        }
    })
}

fn sos_file(text: &str) -> usize {
    each(text, |case| {
        let name = case["case"].as_str().unwrap();
        let mos = numbers(&case["mos"]);
        let key = |with: &str, without: &str| {
            if case.get(with).is_some() { with.to_owned() } else { without.to_owned() }
        };
        let runs = [("variance_ddof0", "a_ddof0"), ("variance_ddof1", "a_ddof1")];
        for (variance, a) in runs.map(|(v, a)| (key(v, "variance"), key(a, "a"))) {
            let fit = sos_parameter(&mos, &numbers(&case[&variance]));
            if name == "all_extremes" {
                assert!(matches!(fit, Err(Error::Undefined { .. })));
                continue;
            }
            let fit = fit.unwrap();
            close(name, fit.a, number(&case[&a]));
            if let Some(sse) = case.get("residual_sse") {
                assert!((fit.sse - number(sse)).abs() < TOLERANCE, "{name}: {} is not {sse}", fit.sse);
            }
        }
    })
}

fn close(name: &str, value: f64, expected: f64) {
    assert!((value - expected).abs() <= P_TOLERANCE * expected.abs(), "{name}: {value} is not {expected}");
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}
