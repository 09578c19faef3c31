//! Tensors of reference files, and checks that all networks share.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use dream_models::deep::candle_core::backprop::GradStore;
use dream_models::deep::candle_core::{self, DType, Device, Tensor, Var};
use serde_json::Value;

use crate::report::{Check, Group, Report, Tolerance};
use crate::table::{array, json, number, text};

/// The specification asks for |a - b| <= 1e-4 + 1e-4 |b|; within either bound is stricter.
pub(crate) const FORWARD: Tolerance = Tolerance { relative: 1e-4, absolute: 1e-4 };

/// Relative to the largest value of a gradient.
pub(crate) const GRADIENT: f64 = 1e-3;

/// All tensors of a file.
pub(crate) fn load(path: &Path) -> Result<BTreeMap<String, Tensor>> {
    let all = candle_core::safetensors::load(path, &Device::Cpu);
    Ok(all.with_context(|| format!("reading {}", path.display()))?.into_iter().collect())
}

/// Its values in row-major order.
pub(crate) fn values(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
}

/// Description, weights and results of a network of the reference.
pub(crate) struct Golden {
    pub(crate) description: Value,
    pub(crate) weights: BTreeMap<String, Tensor>,
    pub(crate) io: BTreeMap<String, Tensor>,
}

impl Golden {
    /// `{name}.json` and its two files of tensors; nothing, and a line of the report, where one is missing.
    pub(crate) fn open(folder: &Path, name: &str, group: Group, report: &mut Report) -> Result<Option<Self>> {
        let input = |kind: &str| folder.join(format!("{name}.{kind}.safetensors"));
        let (weights, io) = (input("weights"), input("io"));
        if report.input(group, name, &weights).is_none() || report.input(group, name, &io).is_none() {
            return Ok(None);
        }
        let description = json(&folder.join(format!("{name}.json")))?;
        Ok(Some(Self { description, weights: load(&weights)?, io: load(&io)? }))
    }

    /// An input or a result.
    pub(crate) fn of(&self, name: &str) -> Result<&Tensor> {
        self.io.get(name).with_context(|| format!("there is no `{name}`"))
    }

    /// Compares with the result `out.{name}`.
    pub(crate) fn compare(&self, name: &str, found: &Tensor, check: &mut Check) -> Result<()> {
        check.numbers(name, &values(found)?, &values(self.of(&format!("out.{name}"))?)?, FORWARD);
        Ok(())
    }
}

/// Compares the norm of every gradient with the list of the reference, whose names have a prefix.
pub(crate) fn norms(
    store: &GradStore,
    vars: &[(String, Var)],
    prefix: &str,
    description: &Value,
    check: &mut Check,
) -> Result<()> {
    norms_within(GRADIENT, store, vars, prefix, description, check)
}

/// The same with another tolerance.
pub(crate) fn norms_within(
    tolerance: f64,
    store: &GradStore,
    vars: &[(String, Var)],
    prefix: &str,
    description: &Value,
    check: &mut Check,
) -> Result<()> {
    let list = description["gradient_l2_norm_of_every_parameter"].as_object();
    let list = list.context("reading `gradient_l2_norm_of_every_parameter`")?;
    let listed = list.keys().filter(|name| name.starts_with(prefix)).count();
    check.equal("the number of gradients", &vars.len(), &listed);
    let tolerance = Tolerance { relative: tolerance, absolute: 0.0 };
    for (name, var) in vars {
        let found = store.get(var).map(values).transpose()?.unwrap_or_default();
        let norm = found.iter().map(|v| v * v).sum::<f64>().sqrt();
        let name = format!("{prefix}{name}");
        let expected = number(&list.get(&name).cloned().unwrap_or_default())
            .with_context(|| format!("the norm of the gradient of {name}"))?;
        check.number(format_args!("the norm of the gradient of {name}"), norm, expected, tolerance);
    }
    Ok(())
}

/// Compares the reference's gradients below `prefix`, and requires one for every variable.
pub(crate) fn gradients(
    store: &GradStore,
    vars: &[(String, Var)],
    prefix: &str,
    golden: &BTreeMap<String, Tensor>,
    check: &mut Check,
) -> Result<()> {
    gradients_within(GRADIENT, store, vars, prefix, golden, check)
}

/// The same with another tolerance, relative to the largest value of a gradient.
pub(crate) fn gradients_within(
    tolerance: f64,
    store: &GradStore,
    vars: &[(String, Var)],
    prefix: &str,
    golden: &BTreeMap<String, Tensor>,
    check: &mut Check,
) -> Result<()> {
    for (name, var) in vars {
        let found = store.get(var).map(values).transpose()?.unwrap_or_default();
        let neighbour = without_effect(name);
        let scale_of = neighbour.as_deref().unwrap_or(name);
        if let Some(expected) = golden.get(&format!("{prefix}{name}")) {
            let expected = values(expected)?;
            let scale = golden.get(&format!("{prefix}{scale_of}")).map_or(Ok(expected.clone()), values)?;
            let largest = scale.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
            let tolerance = Tolerance { relative: 0.0, absolute: tolerance * largest };
            check.numbers(format_args!("the gradient of {name}"), &found, &expected, tolerance);
        }
        let there = !found.is_empty() && found.iter().all(|v| v.is_finite());
        let covered = there && (neighbour.is_some() || found.iter().any(|v| *v != 0.0));
        check.demand(covered, || format!("the gradient of {name} is missing, zero or not finite"));
    }
    Ok(())
}

/// The neighbour that sets the scale for a parameter whose own gradient is 0 up to rounding, in the reference too:
/// adding a constant to all scores of a query changes no attention, and adding one to all scores of a batch changes
/// neither norm-in-norm nor softmax.
fn without_effect(name: &str) -> Option<String> {
    let pairs = [("k_proj.bias", "q_proj.bias"), ("regressor.bias", "regressor.weight")];
    pairs.iter().find_map(|(of, neighbour)| Some(format!("{}{neighbour}", name.strip_suffix(of)?)))
}

/// Compares names and shapes with the list of a full-size model.
pub(crate) fn names(found: Vec<(String, Vec<usize>)>, description: &Value, check: &mut Check) -> Result<()> {
    check.equal("the number of tensors", &Some(found.len() as u64), &description["num_tensors"].as_u64());
    let values: u64 = found.iter().map(|(_, shape)| shape.iter().product::<usize>() as u64).sum();
    check.equal("the number of values", &Some(values), &description["num_parameters"].as_u64());
    names_where(|_| true, found, description, check)
}

/// The same for a network that lacks some of the tensors: those that `keep` refuses.
pub(crate) fn names_where(
    keep: impl Fn(&str) -> bool,
    found: Vec<(String, Vec<usize>)>,
    description: &Value,
    check: &mut Check,
) -> Result<()> {
    let mut expected = BTreeMap::new();
    for tensor in array(&description["tensors"])? {
        let shape = array(&tensor["shape"])?.iter().map(|side| side.as_u64().context("a side"));
        let name = text(tensor, "name")?;
        if keep(name) {
            expected.insert(name.to_owned(), shape.collect::<Result<Vec<u64>>>()?);
        }
    }
    let found: BTreeMap<String, Vec<u64>> = found
        .into_iter()
        .map(|(name, shape)| (name, shape.into_iter().map(|side| side as u64).collect()))
        .collect();
    for (name, shape) in &expected {
        check.equal(name, &found.get(name), &Some(shape));
    }
    for name in found.keys() {
        check.demand(expected.contains_key(name), || format!("the reference has no `{name}`"));
    }
    Ok(())
}
