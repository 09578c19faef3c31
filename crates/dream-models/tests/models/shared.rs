//! Reference outputs of networks that are too large for the repository.
#![cfg(feature = "deep")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a test helper is a failed test")]

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::PathBuf;

use dream_models::deep::candle_core::backprop::GradStore;
use dream_models::deep::candle_core::{DType, Device, Tensor, Var, safetensors};
use dream_models::deep::layers::is_running_statistic;
use serde_json::Value;

/// A file of the shared folder; `None`, with a line on the terminal, where it is allowed to be missing.
pub(crate) fn file(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DREAM_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = root.join("golden/models").join(name);
    if path.is_file() {
        return Some(path);
    }
    let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1");
    assert!(!required, "{} is missing; set DREAM_SHARED to the shared folder", path.display());
    // Written past the test runner, which hides what a passing test prints.
    let mut terminal = std::io::stderr();
    writeln!(terminal, "SKIPPED: {}", path.display()).unwrap();
    None
}

pub(crate) fn json(name: &str) -> Option<Value> {
    file(name).map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

pub(crate) fn tensors(name: &str) -> Option<BTreeMap<String, Tensor>> {
    file(name).map(|path| safetensors::load(path, &Device::Cpu).unwrap().into_iter().collect())
}

pub(crate) fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// Every value within `tolerance`, absolutely and as a share of the reference.
pub(crate) fn same(name: &str, found: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(found.dims(), expected.dims(), "{name}");
    for (i, (f, e)) in values(found).iter().zip(&values(expected)).enumerate() {
        assert!((f - e).abs() <= tolerance * (1.0 + e.abs()), "{name}[{i}] is {f} instead of {e}");
    }
}

/// The kept gradients within `tolerance` of their largest value, and the norms of all of them. Every variable that is learned
/// must have one, also without a tolerance.
pub(crate) fn same_gradients(
    store: &GradStore,
    vars: &[(String, Var)],
    golden: &BTreeMap<String, Tensor>,
    description: &Value,
    tolerance: Option<f64>,
) {
    let found: HashMap<&str, Vec<f64>> =
        vars.iter().filter_map(|(name, var)| Some((name.as_str(), values(store.get(var)?)))).collect();
    let norm = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
    if let Some(tolerance) = tolerance {
        let kept = golden.iter().filter_map(|(name, t)| Some((name.strip_prefix("grad.")?, t)));
        for (name, expected) in kept {
            let (found, expected) = (&found[name], values(expected));
            let largest = expected.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
            assert_eq!(found.len(), expected.len(), "{name}");
            for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
                let near = (f - e).abs() <= tolerance * largest;
                assert!(near, "gradient of {name}[{i}] is {f} instead of {e}");
            }
        }
        let norms = description["gradient_l2_norm_of_every_parameter"].as_object();
        for (name, expected) in norms.into_iter().flatten() {
            let (found, expected) = (norm(&found[name.as_str()]), expected.as_f64().unwrap());
            assert!((found - expected).abs() <= tolerance * expected, "{name}: norm {found}, not {expected}");
        }
    }
    for (name, _) in vars.iter().filter(|(name, _)| !is_running_statistic(name)) {
        let norm = norm(&found[name.as_str()]);
        assert!(norm.is_finite() && norm > 0.0, "{name}: {norm}");
    }
}

/// Names and shapes of a full-size model.
pub(crate) fn listed(description: &Value) -> BTreeMap<String, Vec<usize>> {
    let shape = |tensor: &Value| -> Vec<usize> {
        let sides = tensor["shape"].as_array().unwrap();
        sides.iter().map(|side| usize::try_from(side.as_u64().unwrap()).unwrap()).collect()
    };
    let tensors = description["tensors"].as_array().unwrap();
    tensors.iter().map(|tensor| (tensor["name"].as_str().unwrap().to_owned(), shape(tensor))).collect()
}
