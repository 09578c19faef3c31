//! VGG-Face: features under four conventions of input, every gradient, and the names of the full-size models.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use dream_models::deep::backbones::vgg::{ChannelOrder, Config, Vgg16};
use dream_models::deep::candle_core::{DType, Device, Module, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::layers::{Ddof, Linear, mean_and_std};
use dream_models::deep::parameters;
use dream_models::deep::tap::{Point, Record};
use dream_models::deep::train::Params;
use dream_models::preprocess::Preprocess;
use serde_json::Value;

use crate::report::{Check, Group, Report, say};
use crate::table::{index, json};
use crate::tensors::{self, FORWARD, GRADIENT};

const FILE: &str = "vgg_face_tiny";
const NAMES: &str = "vgg_face.conv_b_k";
/// The convention under which the reference has gradients and inner results.
const MAIN: &str = "rgb_mean_subtracted";

/// Runs `vgg_face_tiny.json` with its weights, and the list of names.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    let path = |name: &str| folder.join(format!("{name}.json"));
    if !report.wants(Group::VggFace) || ![FILE, NAMES].into_iter().any(|name| path(name).is_file()) {
        return Ok(());
    }
    say(format_args!("# vgg_face of {}", folder.display()));
    if path(NAMES).is_file() {
        let description = json(&path(NAMES))?;
        report.case(Group::VggFace, &format!("keys/{NAMES}"), "exact", |check| {
            let found = parameters(|vb| Vgg16::new(&Config::vgg_face(), vb))?;
            tensors::names_where(|name| !name.starts_with("fc8."), found, &description, check)
        });
    }
    if path(FILE).is_file() {
        let description = json(&path(FILE))?;
        let input = |kind: &str| folder.join(format!("{FILE}.{kind}.safetensors"));
        let (weights, io) = (input("weights"), input("io"));
        if report.input(Group::VggFace, FILE, &weights).is_some()
            && report.input(Group::VggFace, FILE, &io).is_some()
        {
            let shown = format!("{FORWARD}; gradients {GRADIENT:e} of the largest");
            report.case(Group::VggFace, FILE, shown, |check| compare(&description, &weights, &io, check));
        }
    }
    Ok(())
}

/// Name, order of the kernels, mean and deviation. The reference has a factor of 1/64, for its random weights.
fn conventions() -> [(&'static str, ChannelOrder, [f32; 3], f32); 4] {
    let mean = Preprocess::VGG_FACE_MEAN;
    let [red, green, blue] = mean;
    let levels = 64.0 / 255.0;
    [
        (MAIN, ChannelOrder::Rgb, mean, levels),
        ("bgr_mean_subtracted", ChannelOrder::Bgr, mean, levels),
        ("bgr_mean_in_rgb_order", ChannelOrder::Bgr, [blue, green, red], levels),
        ("rgb_unit_range", ChannelOrder::Rgb, [0.0; 3], 1.0),
    ]
}

fn config(description: &Value) -> Result<Config> {
    let config = &description["config"];
    let widths = serde_json::from_value(config["channels"].clone()).context("reading `channels`")?;
    let (image_size, features) = (index(config, "image")?, index(config, "fc")?);
    Ok(Config { image_size, widths, features, ..Config::vgg_face() })
}

fn compare(description: &Value, weights: &Path, io: &Path, check: &mut Check) -> Result<()> {
    let device = Device::Cpu;
    let golden = tensors::load(io)?;
    let mut weights = tensors::load(weights)?;
    let mut last = |kind: &str| Some((kind.to_owned(), weights.remove(&format!("fc8.{kind}"))?));
    let last: Vec<(String, Tensor)> = [last("weight"), last("bias")].into_iter().flatten().collect();
    let params = Params::from_tensors(&weights, DType::F32, &device)?;
    let frames = golden.get("input.frames_u8").context("there is no `input.frames_u8`")?;
    let config = config(description)?;
    let mut seen: BTreeMap<String, Tensor> = BTreeMap::new();
    for (name, order, mean, std) in conventions() {
        let pixels =
            Preprocess { size: config.image_size, mean, std: [std; 3], ..Preprocess::vgg_face_224() };
        let tower = Vgg16::new(&Config { order, ..config.clone() }, &params.builder())?;
        let mut record = Record::default();
        let fc7 = tower.forward_tapped(&prepared(frames, &pixels)?, &mut record)?;
        let at = |point: Point| record.at(point).with_context(|| format!("the network has no {point}"));
        let video = mean_and_std(&fc7.unsqueeze(0)?, Ddof::One)?.squeeze(0)?;
        if name == MAIN {
            for (stage, pool) in [(2, "pool3"), (3, "pool4"), (4, "pool5")] {
                seen.insert(format!("rgb.{pool}"), at(Point::Stage { stage })?.permute((0, 3, 1, 2))?);
            }
            let vb = VarBuilder::from_tensors(last.iter().cloned().collect(), DType::F32, &device);
            let identities = last.last().map_or(0, |(_, bias)| bias.elem_count());
            seen.insert("rgb.fc8".to_owned(), Linear::new(config.features, identities, &vb)?.forward(&fc7)?);
            let loss = video.sqr()?.mean_all()?;
            let store = loss.backward()?;
            tensors::gradients(&store, &params.named(), "grad.", &golden, check)?;
            tensors::norms(&store, &params.named(), "", description, check)?;
            seen.insert("loss".to_owned(), loss);
        }
        seen.insert(format!("{name}.fc6"), at(Point::Dense { layer: 6 })?.clone());
        seen.extend([(format!("{name}.fc7"), fc7), (format!("{name}.video_feature"), video)]);
    }
    for (name, expected) in &golden {
        let Some(name) = name.strip_prefix("out.") else { continue };
        let found = seen.get(name).with_context(|| format!("the network has no `{name}`"))?;
        check.numbers(name, &tensors::values(found)?, &tensors::values(expected)?, FORWARD);
    }
    Ok(())
}

/// Frames of bytes as a network takes them.
fn prepared(frames: &Tensor, pixels: &Preprocess) -> Result<Tensor> {
    let (count, height, width, _) = frames.dims4()?;
    let mut planes = vec![0.0; count * pixels.len()];
    for (frame, out) in (0..count).zip(planes.chunks_mut(pixels.len())) {
        pixels.normalise(&frames.get(frame)?.flatten_all()?.to_vec1::<u8>()?, out)?;
    }
    Ok(Tensor::from_vec(planes, (count, 3, height, width), &Device::Cpu)?)
}
