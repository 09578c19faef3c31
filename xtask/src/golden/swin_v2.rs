//! Swin-V2: every intermediate result, every gradient, and the names of the full-size model.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use dream_models::deep::backbones::swin_v2::{Config, SwinV2};
use dream_models::deep::candle_core::{self, DType, Device, Tensor, Var};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::parameters;
use dream_models::deep::tap::Record;
use serde_json::Value;

use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{array, json, text};

/// The specification asks for |a - b| <= 1e-4 + 1e-4 |b|; within either bound is stricter.
const FORWARD: Tolerance = Tolerance { relative: 1e-4, absolute: 1e-4 };
/// Relative to the largest value of a gradient.
const GRADIENT: f64 = 1e-3;
/// Results that `compare` computes from those of the network.
const DERIVED: [&str; 3] = ["pooled", "score", "loss"];

/// Runs `swinv2_*.json`: cases with weights, and lists of names.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    let cases = files(folder)?;
    if cases.is_empty() || !report.wants(Group::SwinV2) {
        return Ok(());
    }
    say(format_args!("# swinv2 of {}", folder.display()));
    for path in cases {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let description = json(&path)?;
        if description.get("tensors").is_some() {
            report.case(Group::SwinV2, &format!("keys/{name}"), "exact", |check| names(&description, check));
            continue;
        }
        let input = |kind: &str| folder.join(format!("{name}.{kind}.safetensors"));
        let (weights, io) = (input("weights"), input("io"));
        if report.input(Group::SwinV2, &name, &weights).is_none()
            || report.input(Group::SwinV2, &name, &io).is_none()
        {
            continue;
        }
        let shown = format!("{FORWARD}; gradients {GRADIENT:e} of the largest");
        report.case(Group::SwinV2, &name, shown, |check| compare(&description, &weights, &io, check));
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("swinv2_") && name.ends_with(".json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The configuration without the fields that a network lacks.
fn config(description: &Value) -> Result<Config> {
    let mut fields = description["config"].as_object().context("reading `config`")?.clone();
    fields.remove("drop_path_rate");
    serde_json::from_value(fields.into()).context("reading `config`")
}

fn names(description: &Value, check: &mut Check) -> Result<()> {
    let mut config = config(description)?;
    let classes = description["num_classes"].as_u64().context("reading `num_classes`")?;
    config.num_classes = usize::try_from(classes)?;
    let mut expected = BTreeMap::new();
    for tensor in array(&description["tensors"])? {
        let shape: Vec<usize> = serde_json::from_value(tensor["shape"].clone()).context("reading `shape`")?;
        expected.insert(text(tensor, "name")?.to_owned(), shape);
    }
    let found: BTreeMap<String, Vec<usize>> =
        parameters(|vb| SwinV2::new(&config, vb))?.into_iter().collect();
    check.equal("the number of tensors", &Some(found.len() as u64), &description["num_tensors"].as_u64());
    let values: usize = found.values().map(|shape| shape.iter().product::<usize>()).sum();
    check.equal("the number of values", &Some(values as u64), &description["num_parameters"].as_u64());
    for (name, shape) in &expected {
        check.equal(name, &found.get(name), &Some(shape));
    }
    for name in found.keys() {
        check.demand(expected.contains_key(name), || format!("the reference has no `{name}`"));
    }
    Ok(())
}

fn compare(description: &Value, weights: &Path, io: &Path, check: &mut Check) -> Result<()> {
    let device = Device::Cpu;
    let weights = candle_core::safetensors::load(weights, &device)?;
    let weights: HashMap<String, Var> = weights
        .into_iter()
        .map(|(name, tensor)| Ok((name, Var::from_tensor(&tensor)?)))
        .collect::<Result<_>>()?;
    let golden = candle_core::safetensors::load(io, &device)?;
    let of = |name: &str| golden.get(name).with_context(|| format!("there is no `{name}`"));
    let named = weights.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())).collect();
    let model = SwinV2::new(&config(description)?, &VarBuilder::from_tensors(named, DType::F32, &device))?;

    let input = Var::from_tensor(of("input")?)?;
    let mut record = Record::default();
    let pooled = model.forward_tapped(&input, &mut record)?;
    let mut seen: HashMap<String, Tensor> =
        record.points.into_iter().map(|(point, tensor)| (point.to_string(), tensor)).collect();
    let score = pooled.broadcast_mul(of("probe")?)?.sum(1)?;
    let targets = Tensor::arange(1.0, score.elem_count() as f32 + 1.0, &device)?;
    let loss = (&score - targets)?.sqr()?.mean_all()?;
    for (name, tensor) in DERIVED.iter().zip([&pooled, &score, &loss]) {
        seen.insert((*name).to_owned(), tensor.clone());
    }
    let store = loss.backward()?;
    for (name, expected) in &golden {
        if let Some(name) = name.strip_prefix("out.") {
            let found = intermediate(&seen, name)?;
            check.numbers(name, &values(&found)?, &values(expected)?, FORWARD);
        } else if let Some(name) = name.strip_prefix("grad.") {
            let var = if name == "input" { Some(&input) } else { weights.get(name) };
            let found =
                var.and_then(|var| store.get(var)).with_context(|| format!("`{name}` has no gradient"))?;
            let expected = values(expected)?;
            let largest = expected.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
            let tolerance = Tolerance { relative: 0.0, absolute: GRADIENT * largest };
            check.numbers(format_args!("the gradient of {name}"), &values(found)?, &expected, tolerance);
        }
    }
    for (name, var) in &weights {
        let finite = store.get(var).map(values).transpose()?.unwrap_or_default();
        // The clamp of the reference stops the gradient of a large scale.
        let still = golden.get(&format!("grad.{name}")).map(values).transpose()?;
        if still.is_some_and(|expected| expected.iter().all(|v| *v == 0.0)) {
            continue;
        }
        let covered = finite.iter().all(|v| v.is_finite()) && finite.iter().any(|v| *v != 0.0);
        check.demand(covered, || format!("the gradient of {name} is missing, zero or not finite"));
    }
    Ok(())
}

/// A result by its name in the reference, which keeps only two rows of the large ones.
fn intermediate(seen: &HashMap<String, Tensor>, name: &str) -> Result<Tensor> {
    let all = |name: &str| seen.get(name).with_context(|| format!("the network has no `{name}`"));
    if let Some(point) = name.strip_suffix(".b0_rows0_1") {
        return Ok(all(point)?.get(0)?.narrow(0, 0, 2)?);
    }
    if let Some(point) = name.strip_suffix(".b0_rows_last2") {
        let first = all(point)?.get(0)?;
        let rows = first.dim(0)?;
        if rows < 2 {
            bail!("`{point}` has {rows} rows");
        }
        return Ok(first.narrow(0, rows - 2, 2)?);
    }
    Ok(all(name)?.clone())
}

fn values(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
}
