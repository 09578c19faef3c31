//! ConvNeXt: intermediate results, gradients, the names of the full-size models, and its half of DFGC-1st.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use dream_models::deep::backbones::convnext::{Config, ConvNext};
use dream_models::deep::candle_core::{DType, Device, Module, Tensor};
use dream_models::deep::layers::{Ddof, mean_and_std};
use dream_models::deep::parameters;
use dream_models::deep::tap::{Point, Record};
use dream_models::deep::train::Params;
use dream_models::preprocess::{FloatFilter, Preprocess, resize_planes};
use serde_json::Value;

use crate::report::{Check, Group, Report, say};
use crate::table::{index, json, text};
use crate::tensors::{self, FORWARD, GRADIENT, Golden};

/// The chain of the feature script, of which ConvNeXt is one half.
const CHAIN: &str = "dfgc1st_tiny";

/// Runs `convnext_*.json` (cases with weights, and lists of names) and `dfgc1st_tiny.json`.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    let shown = format!("{FORWARD}; gradients {GRADIENT:e} of the largest");
    for path in if report.wants(Group::ConvNext) { files(folder)? } else { Vec::new() } {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let description = json(&path)?;
        say(format_args!("# convnext of {}", folder.display()));
        if description.get("tensors").is_some() {
            let names = |check: &mut Check| names(&description, check);
            report.case(Group::ConvNext, &format!("keys/{name}"), "exact", names);
        } else if let Some(golden) = Golden::open(folder, &name, Group::ConvNext, report)? {
            report.case(Group::ConvNext, &name, &shown, |check| compare(&golden, check));
        }
    }
    if report.wants(Group::Dfgc1st) && folder.join(format!("{CHAIN}.json")).is_file() {
        say(format_args!("# dfgc1st of {}", folder.display()));
        if let Some(golden) = Golden::open(folder, CHAIN, Group::Dfgc1st, report)? {
            report.case(Group::Dfgc1st, "convnext", &shown, |check| chain(&golden, check));
        }
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("convnext_") && name.ends_with(".json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The tower of a description that may have other fields too, without a head.
pub(crate) fn config(fields: &Value) -> Result<Config> {
    let list = |field: &str| {
        serde_json::from_value(fields[field].clone()).with_context(|| format!("reading `{field}`"))
    };
    Ok(Config { depths: list("depths")?, dims: list("dims")?, ..Config::default() })
}

fn names(description: &Value, check: &mut Check) -> Result<()> {
    let name = text(description, "timm_name")?;
    let config = match name.split('.').next() {
        Some("convnext_tiny") => Config::tiny(),
        Some("convnext_base") => Config::base(),
        Some("convnext_large") => Config::large(),
        Some("convnext_xlarge") => Config::xlarge(),
        _ => bail!("there is no preset for {name}"),
    };
    let features = description["num_features"].as_u64();
    check.equal("the number of features", &Some(config.features() as u64), &features);
    let config = Config { num_classes: 1000, ..config };
    tensors::names(parameters(|vb| ConvNext::new(&config, vb))?, description, check)
}

fn compare(golden: &Golden, check: &mut Check) -> Result<()> {
    let config = Config { num_classes: 1, ..config(&golden.description["config"])? };
    let params = Params::from_tensors(&golden.weights, DType::F32, &Device::Cpu)?;
    let model = ConvNext::new(&config, &params.builder())?;
    let input = golden.of("input")?;
    let mut record = Record::default();
    let normed = model.forward_tapped(input, &mut record)?;
    let point = |point| record.at(point).with_context(|| format!("the tower has no {point}"));
    let planes = |at| Ok::<Tensor, anyhow::Error>(point(at)?.permute((0, 3, 1, 2))?);
    golden.compare("stem", &planes(Point::PatchEmbed)?, check)?;
    for stage in 0..config.depths.len() {
        golden.compare(&format!("stage{stage}"), &planes(Point::Stage { stage })?, check)?;
    }
    golden.compare("pooled_before_norm", point(Point::Pooled)?, check)?;
    golden.compare("pooled_before_norm", &model.forward_pooled(input)?, check)?;
    golden.compare("pooled_normed", &normed, check)?;
    golden.compare("pooled_normed", &model.forward_features(input)?, check)?;
    let score = model.forward(input)?;
    golden.compare("score", &score, check)?;
    let score = score.squeeze(1)?;
    let targets = Tensor::arange(0_f32, score.elem_count() as f32, &Device::Cpu)?;
    let loss = (score - targets)?.sqr()?.mean_all()?;
    tensors::gradients(&loss.backward()?, &params.named(), "grad.", &golden.io, check)
}

/// From frames to the features of a video: raw pixels as in the published script, and normalised ones.
fn chain(golden: &Golden, check: &mut Check) -> Result<()> {
    let fields = &golden.description["config"];
    let size = index(&fields["swin"], "img_size")?;
    let raw = resized(golden.of("input.frames_u8")?, size)?;
    let probe = raw.index_select(&steps(size, 7)?, 2)?.index_select(&steps(size, 5)?, 3)?;
    golden.compare("resized_probe", &probe, check)?;
    let colour = |values: [f32; 3]| Tensor::new(&values[..], &Device::Cpu)?.reshape((1, 3, 1, 1));
    let normalized = raw.broadcast_sub(&colour(Preprocess::IMAGENET_MEAN)?)?;
    let normalized = normalized.broadcast_div(&colour(Preprocess::IMAGENET_STD)?)?;

    let ours = |(name, tensor): (&String, &Tensor)| {
        let name = name.strip_prefix("convnext.").filter(|name| !name.starts_with("head.fc."))?;
        Some((name.to_owned(), tensor.clone()))
    };
    let weights: BTreeMap<String, Tensor> = golden.weights.iter().filter_map(ours).collect();
    let params = Params::from_tensors(&weights, DType::F32, &Device::Cpu)?;
    let model = ConvNext::new(&config(&fields["convnext"])?, &params.builder())?;
    let mut loss = Tensor::zeros((), DType::F32, &Device::Cpu)?;
    for (kind, frames) in [("raw", &raw), ("normalized", &normalized)] {
        let (pooled, normed) = (model.forward_pooled(frames)?, model.forward_features(frames)?);
        let video = |features: &Tensor| mean_and_std(&features.unsqueeze(0)?, Ddof::One)?.squeeze(0);
        let (before, feature) = (video(&pooled)?, video(&normed)?);
        for (name, found) in [
            ("pooled_before_norm", &pooled),
            ("pooled_normed", &normed),
            ("video_feature_before_norm", &before),
            ("video_feature", &feature),
        ] {
            golden.compare(&format!("{kind}.convnext_{name}"), found, check)?;
        }
        loss = (loss + feature.sqr()?.mean_all()?)?;
    }
    golden.compare("loss", &loss, check)?;
    let store = loss.backward()?;
    tensors::gradients(&store, &params.named(), "grad.convnext.", &golden.io, check)?;
    tensors::norms(&store, &params.named(), "convnext.", &golden.description, check)
}

/// `[n, height, width, 3]` of bytes to `[n, 3, size, size]` of numbers up to 1.
fn resized(frames: &Tensor, size: usize) -> Result<Tensor> {
    let (count, height, width, _) = frames.dims4()?;
    let planes = (frames.permute((0, 3, 1, 2))?.to_dtype(DType::F32)? / 255.0)?;
    let planes = planes.flatten_all()?.to_vec1::<f32>()?;
    let planes = resize_planes(&planes, (width, height), (size, size), FloatFilter::Bilinear)?;
    Ok(Tensor::from_vec(planes, (count, 3, size, size), &Device::Cpu)?)
}

fn steps(size: usize, step: usize) -> Result<Tensor> {
    let places = (0..size).step_by(step).map(u32::try_from).collect::<Result<Vec<u32>, _>>()?;
    Ok(Tensor::new(places, &Device::Cpu)?)
}
