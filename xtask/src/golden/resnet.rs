//! ResNet: every stage, every gradient in both modes of the batch norms, and the names of the full-size model.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use dream_models::deep::backbones::resnet::{Config, ResNet};
use dream_models::deep::candle_core::{DType, Device, Module, Tensor};
use dream_models::deep::layers::{Ddof, Linear, Mode, is_running_statistic, mean_and_std};
use dream_models::deep::parameters;
use dream_models::deep::tap::Record;
use dream_models::deep::train::Params;
use serde_json::Value;

use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{index, json};
use crate::tensors::{self, FORWARD, GRADIENT};

/// Batch statistics of four values: the specification allows more there.
const TRAINED: Tolerance = Tolerance { relative: 1e-3, absolute: 1e-3 };
const TRAINED_GRADIENT: f64 = 3e-3;
const NAMES: &str = "resnet50.tv_in1k";

/// Case and whose weights it uses.
const CASES: [[&str; 2]; 3] = [
    ["resnet50_tiny_eval"; 2],
    ["resnet50_tiny_train", "resnet50_tiny_eval"],
    ["resnet_bottleneck_tinycfg"; 2],
];

/// Runs the cases that are there, and the list of names.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    let there = |name: &str| folder.join(format!("{name}.json")).is_file();
    if !report.wants(Group::ResNet) || ![NAMES, CASES[0][0], CASES[1][0], CASES[2][0]].into_iter().any(there)
    {
        return Ok(());
    }
    say(format_args!("# resnet of {}", folder.display()));
    if there(NAMES) {
        let description = json(&folder.join(format!("{NAMES}.json")))?;
        report.case(Group::ResNet, &format!("keys/{NAMES}"), "exact", |check| names(&description, check));
    }
    for [name, weights] in CASES.into_iter().filter(|[name, _]| there(name)) {
        let description = json(&folder.join(format!("{name}.json")))?;
        let (weights, io) = (
            folder.join(format!("{weights}.weights.safetensors")),
            folder.join(format!("{name}.io.safetensors")),
        );
        if report.input(Group::ResNet, name, &weights).is_none()
            || report.input(Group::ResNet, name, &io).is_none()
        {
            continue;
        }
        if description["eval_mode"] == Value::Bool(false) {
            let case = Case { mode: Mode::Train, dtype: DType::F32, forward: TRAINED, gradient: None };
            report
                .case(Group::ResNet, name, TRAINED, |check| case.compare(&description, &weights, &io, check));
            // A value before a ReLU that is smaller than the rounding errors of single precision decides about gradients.
            let case = Case { dtype: DType::F64, gradient: Some(TRAINED_GRADIENT), ..case };
            let shown = format!("{TRAINED}; gradients {TRAINED_GRADIENT:e} of the largest");
            let name = format!("{name}/double");
            report
                .case(Group::ResNet, &name, shown, |check| case.compare(&description, &weights, &io, check));
        } else {
            let shown = format!("{FORWARD}; gradients {GRADIENT:e} of the largest");
            let case =
                Case { mode: Mode::Eval, dtype: DType::F32, forward: FORWARD, gradient: Some(GRADIENT) };
            report.case(Group::ResNet, name, shown, |check| case.compare(&description, &weights, &io, check));
        }
    }
    Ok(())
}

/// All but the last layer and the counts of batches.
fn is_of_tower(name: &str) -> bool {
    !name.starts_with("fc.") && !name.ends_with(".num_batches_tracked")
}

fn names(description: &Value, check: &mut Check) -> Result<()> {
    let config = Config::resnet50();
    check.equal("the features", &config.features(), &index(description, "num_features")?);
    tensors::names_where(is_of_tower, parameters(|vb| ResNet::new(&config, vb))?, description, check)
}

/// The two layouts of the reference's configurations.
fn config(description: &Value) -> Result<Config> {
    let config = &description["config"];
    let depths = serde_json::from_value(config["layers"].clone()).context("reading `layers`")?;
    if let Ok(base) = index(config, "base_width") {
        let widths = [1, 2, 4, 8].map(|factor| base * factor).to_vec();
        return Ok(Config { stem: base, widths, depths, ..Config::resnet50() });
    }
    let widths = serde_json::from_value(config["channels"].clone()).context("reading `channels`")?;
    Ok(Config { widths, depths, ..Config::resnet50() })
}

#[derive(Debug, Clone, Copy)]
struct Case {
    mode: Mode,
    dtype: DType,
    forward: Tolerance,
    /// `None`: there must be some.
    gradient: Option<f64>,
}

impl Case {
    fn compare(self, description: &Value, weights: &Path, io: &Path, check: &mut Check) -> Result<()> {
        let golden = tensors::load(io)?;
        let mut weights = tensors::load(weights)?;
        weights.retain(|name, _| !name.ends_with(".num_batches_tracked"));
        let params = Params::from_tensors(&weights, self.dtype, &Device::Cpu)?;
        let config = config(description)?;
        let tower = ResNet::new(&config, &params.builder())?;
        let input = golden.get("input").context("there is no `input`")?.to_dtype(self.dtype)?;
        let mut record = Record::default();
        let pooled = tower.forward_tapped(&input, self.mode, &mut record)?;
        let mut seen: BTreeMap<String, Tensor> = BTreeMap::new();
        for (point, tensor) in record.points {
            let tensor = if tensor.rank() == 4 { tensor.permute((0, 3, 1, 2))? } else { tensor };
            let name = point.to_string();
            let stage = name.strip_prefix("stage").and_then(|stage| stage.parse::<usize>().ok());
            seen.insert(stage.map_or(name, |stage| format!("layer{}", stage + 1)), tensor);
        }
        let video = mean_and_std(&pooled.unsqueeze(0)?, Ddof::One)?.squeeze(0)?;
        let mut loss = video.sqr()?.mean_all()?;
        if let Some(last) = weights.get("fc.bias") {
            let fc = Linear::new(config.features(), last.elem_count(), &params.builder().pp("fc"))?;
            let logits = fc.forward(&pooled)?;
            loss = (loss + logits.sqr()?.mean_all()?)?;
            seen.insert("logits".to_owned(), logits);
        }
        seen.extend([("video_feature_mean_std".to_owned(), video), ("loss".to_owned(), loss.clone())]);
        let store = loss.backward()?;
        let after = params.tensors()?;
        for (name, expected) in &golden {
            let Some(name) = name.strip_prefix("out.") else { continue };
            let found = name.strip_prefix("after.").map_or_else(|| seen.get(name), |name| after.get(name));
            let found = found.with_context(|| format!("the network has no `{name}`"))?;
            check.numbers(name, &tensors::values(found)?, &tensors::values(expected)?, self.forward);
        }
        let learned: Vec<_> =
            params.named().into_iter().filter(|(name, _)| !is_running_statistic(name)).collect();
        let none = BTreeMap::new();
        let (tolerance, kept) = self.gradient.map_or((0.0, &none), |tolerance| (tolerance, &golden));
        tensors::gradients_within(tolerance, &store, &learned, "grad.", kept, check)?;
        if self.gradient.is_some() && !description["gradient_l2_norm_of_every_parameter"].is_null() {
            tensors::norms_within(tolerance, &store, &learned, "", description, check)?;
        }
        Ok(())
    }
}
