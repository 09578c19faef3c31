//! Swin of the first version: results of every stage, gradients, the norm of every gradient, and the names of the full-size
//! model.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use dream_models::deep::backbones::swin::{Config, Swin};
use dream_models::deep::candle_core::{DType, Device, Tensor, Var};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::parameters;
use dream_models::deep::tap::Record;
use dream_models::preprocess::Preprocess;
use serde_json::Value;

use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::json;
use crate::tensors::{self, FORWARD, GRADIENT, values};

/// Runs `swin_*.json`: cases with weights, and a list of names.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    let cases = files(folder)?;
    if cases.is_empty() || !report.wants(Group::Swin) {
        return Ok(());
    }
    say(format_args!("# swin of {}", folder.display()));
    for path in cases {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let description = json(&path)?;
        if description.get("tensors").is_some() {
            report.case(Group::Swin, &format!("keys/{name}"), "exact", |check| names(&description, check));
            continue;
        }
        let input = |kind: &str| folder.join(format!("{name}.{kind}.safetensors"));
        let (weights, io) = (input("weights"), input("io"));
        if report.input(Group::Swin, &name, &weights).is_none()
            || report.input(Group::Swin, &name, &io).is_none()
        {
            continue;
        }
        report.case(Group::Swin, &name, FORWARD, |check| forward(&description, &weights, &io, check));
        let shown = format!("{GRADIENT:e} of the largest");
        let gradients = format!("{name}/gradients");
        report.case(Group::Swin, &gradients, shown, |check| backward(&description, &weights, &io, check));
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("swin_") && name.ends_with(".json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The only published size that there is a list of.
fn names(description: &Value, check: &mut Check) -> Result<()> {
    let config = Config { num_classes: 21841, ..Config::large_w12_384() };
    tensors::names(parameters(|vb| Swin::new(&config, vb))?, description, check)
}

/// A case, run forward.
struct Case {
    golden: BTreeMap<String, Tensor>,
    vars: Vec<(String, Var)>,
    input: Var,
    seen: BTreeMap<String, Tensor>,
    loss: Tensor,
}

impl Case {
    fn run(description: &Value, weights: &Path, io: &Path) -> Result<Self> {
        let config: Config =
            serde_json::from_value(description["config"].clone()).context("reading `config`")?;
        let var = |(name, tensor): (String, Tensor)| Ok((name, Var::from_tensor(&tensor)?));
        let vars: Vec<(String, Var)> = tensors::load(weights)?.into_iter().map(var).collect::<Result<_>>()?;
        let named = vars.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())).collect();
        let model = Swin::new(&config, &VarBuilder::from_tensors(named, DType::F32, &Device::Cpu))?;
        let golden = tensors::load(io)?;
        let of = |name: &str| golden.get(name).with_context(|| format!("there is no `{name}`"));
        let input = of("input").cloned().or_else(|_| normalised(of("input_u8")?))?;
        let input = Var::from_tensor(&input)?;
        let mut record = Record::default();
        let pooled = model.forward_tapped(&input, &mut record)?;
        let mut seen: BTreeMap<String, Tensor> =
            record.points.into_iter().map(|(point, tensor)| (point.to_string(), tensor)).collect();
        let score = pooled.broadcast_mul(of("probe")?)?.sum(1)?;
        let targets = Tensor::arange(1.0, score.elem_count() as f32 + 1.0, &Device::Cpu)?;
        let loss = (&score - targets)?.sqr()?.mean_all()?;
        if golden.contains_key("out.video_feature_mean_std") {
            let video = Tensor::cat(&[pooled.mean(0)?, pooled.var(0)?.sqrt()?], 0)?;
            seen.insert("video_feature_mean_std".to_owned(), video);
        }
        seen.extend([("pooled".to_owned(), pooled), ("loss".to_owned(), loss.clone())]);
        Ok(Self { golden, vars, input, seen, loss })
    }
}

/// Pixels `[n, height, width, 3]` as a network takes them.
fn normalised(pixels: &Tensor) -> Result<Tensor> {
    let planes = (pixels.to_dtype(DType::F32)?.permute((0, 3, 1, 2))? / 255.0)?;
    let each = |values: [f32; 3]| Tensor::new(&values, &Device::Cpu)?.reshape((1, 3, 1, 1));
    let centred = planes.broadcast_sub(&each(Preprocess::IMAGENET_MEAN)?)?;
    Ok(centred.broadcast_div(&each(Preprocess::IMAGENET_STD)?)?)
}

fn forward(description: &Value, weights: &Path, io: &Path, check: &mut Check) -> Result<()> {
    let case = Case::run(description, weights, io)?;
    for (name, expected) in &case.golden {
        if let Some(name) = name.strip_prefix("out.") {
            let found = case.seen.get(name).with_context(|| format!("the network has no `{name}`"))?;
            check.numbers(name, &values(found)?, &values(expected)?, FORWARD);
        }
    }
    Ok(())
}

fn backward(description: &Value, weights: &Path, io: &Path, check: &mut Check) -> Result<()> {
    let mut case = Case::run(description, weights, io)?;
    let store = case.loss.backward()?;
    case.vars.push(("input".to_owned(), case.input));
    tensors::gradients(&store, &case.vars, "grad.", &case.golden, check)?;
    let norms = description["gradient_l2_norm_of_every_parameter"].as_object();
    let norms = norms.context("reading the norms of the gradients")?;
    for (name, var) in &case.vars {
        let Some(expected) = norms.get(name).and_then(Value::as_f64) else {
            // The input of a case that is not of floating-point numbers has no gradient in the reference.
            check.demand(name == "input", || format!("the reference has no gradient of {name}"));
            continue;
        };
        let found = store.get(var).map(values).transpose()?.unwrap_or_default();
        let found = found.iter().map(|v| v * v).sum::<f64>().sqrt();
        let tolerance = Tolerance { relative: GRADIENT, absolute: 0.0 };
        check.number(format_args!("the norm of the gradient of {name}"), found, expected, tolerance);
    }
    Ok(())
}
