//! The program on two public studies, against NumPy and SciPy.
//!
//! The expected numbers come from `testdata/reference.py`, which shares no code with the program: it reads the tables
//! itself, fits with `numpy.linalg.lstsq`, makes the seeded draws of the consistency curve again from their description,
//! and correlates with `scipy.stats.spearmanr`. Only aggregates are committed.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

const TOLERANCE: f64 = 1e-12;

fn close(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    let error = (found - expected).abs() / expected.abs().max(f64::MIN_POSITIVE);
    assert!(found == expected || error <= TOLERANCE, "{what}: {found}, expected {expected} ({error:e})");
}

fn aggregates(report: &Value, key: &str, expected: &Value) {
    let clips = report["opinions"]["clips"].as_array().unwrap();
    let values: Vec<f64> = clips.iter().map(|clip| clip[key].as_f64().unwrap()).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let std = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
    let weighted = values.iter().zip(1_u32..).map(|(value, place)| value * f64::from(place)).sum();
    close(mean, &expected["mean"], key);
    close(std, &expected["std"], key);
    close(values.iter().copied().fold(f64::INFINITY, f64::min), &expected["min"], key);
    close(values.iter().copied().fold(f64::NEG_INFINITY, f64::max), &expected["max"], key);
    close(weighted, &expected["weighted"], key);
    // The program's own summary of them.
    let own = &report["opinions"][key];
    for (ours, theirs) in [("mean", "mean"), ("std_ddof0", "std"), ("min", "min"), ("max", "max")] {
        close(own[ours].as_f64().unwrap(), &expected[theirs], key);
    }
}

/// A file of the shared data, where it is there.
fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DREAM_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into());
    let path = root.join("data").join(name);
    if path.is_file() {
        return Some(path);
    }
    let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1");
    assert!(!required, "{} is not there; set DREAM_SHARED to the shared folder", path.display());
    // Bypasses the test runner, which hides the output of a passing test.
    writeln!(
        std::io::stderr().lock(),
        "SKIPPED: public_studies_equal_numpy_and_scipy: no {}",
        path.display()
    )
    .unwrap();
    None
}

#[test]
fn public_studies_equal_numpy_and_scipy() {
    let reference: Value = serde_json::from_str(include_str!("../testdata/reference.json")).unwrap();
    for (name, expected) in reference["files"].as_object().unwrap() {
        let Some(path) = shared(name) else { continue };
        let folder = tempfile::tempdir().unwrap();
        let json = folder.path().join("report.json");
        let output = Command::new(env!("CARGO_BIN_EXE_analyze-annotations"))
            .arg(&path)
            .args(["--seed", &reference["seed"].to_string(), "--repeats", &reference["repeats"].to_string()])
            .arg("--json")
            .arg(&json)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();

        assert_eq!(report["scores"], expected["scores"]);
        assert_eq!(report["raters"], expected["raters"]);
        assert_eq!(report["opinions"]["clips"].as_array().unwrap().len() as u64, expected["clips"]);
        for key in ["mos", "sos_ddof0", "sos_ddof1"] {
            aggregates(&report, key, &expected[key]);
        }
        for ddof in 0..2 {
            let found = &report["opinions"]["sos_parameter"][ddof];
            let expected = &expected[format!("sos_parameter_ddof{ddof}")];
            let number = |value: &Value| value.as_f64().unwrap();
            assert_eq!(found["ddof"], ddof);
            close(number(&found["a"]), &expected["a"], "a");
            close(number(&found["standard_error"]), &expected["standard_error"], "standard error");
            let (a, half) = (number(&expected["a"]), 1.96 * number(&expected["standard_error"]));
            close(number(&found["normal95"][0]), &(a - half).into(), "lower end");
            close(number(&found["normal95"][1]), &(a + half).into(), "upper end");
        }
        let curve = report["agreement"]["curve"].as_array().unwrap();
        let points = expected["consistency"].as_array().unwrap();
        assert_eq!(curve.len(), points.len());
        for (found, expected) in curve.iter().zip(points) {
            assert_eq!(found["raters"], expected["raters"]);
            close(found["srcc"]["mean"].as_f64().unwrap(), &expected["mean"], "mean SRCC");
            let (found, expected) = (&found["srcc"]["std"], &expected["std"]);
            // A deviation of numbers near 1 loses the digits that they have in common.
            assert!((found.as_f64().unwrap() - expected.as_f64().unwrap()).abs() < TOLERANCE);
        }
        let half = points.last().unwrap();
        assert_eq!(report["agreement"]["split_half"]["raters"], half["raters"]);
        let r = half["mean"].as_f64().unwrap();
        let whole = report["agreement"]["split_half"]["whole_panel"].as_f64().unwrap();
        close(whole, &(2.0 * r / (1.0 + r)).into(), "Spearman-Brown");
    }
}
