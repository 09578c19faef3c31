//! HUST and UNILJ against their reference outputs, and as checkpoints.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test helper is a failed test"
)]

use std::collections::HashMap;
use std::path::Path;

use dream_models::Error;
use dream_models::deep::backbones::convnext;
use dream_models::deep::candle_core::{DType, Device, Tensor, safetensors};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::{Checkpoint, Contents};
use dream_models::deep::input::{FramePlan, Input};
use dream_models::deep::methods::hust::{self, Hust};
use dream_models::deep::methods::unilj::{self, Unilj};
use dream_models::deep::network::VideoNetwork;
use dream_models::deep::{methods, parameters};
use serde::Serialize;
use serde_json::Value;

use crate::convnext::{frames, largest, random, variables};
use crate::shared::file as shared;
use crate::swin_v2::{same, values};

const CPU: &Device = &Device::Cpu;

type Tensors = HashMap<String, Tensor>;

/// Description, weights and reference outputs.
fn golden(name: &str) -> Option<(Value, Tensors, Tensors)> {
    let file = |kind| shared(&format!("{name}.{kind}"));
    let json = serde_json::from_slice(&std::fs::read(file("json")?).unwrap()).unwrap();
    let load = |path| safetensors::load(path, CPU).unwrap();
    Some((json, load(file("weights.safetensors")?), load(file("io.safetensors")?)))
}

fn tower(json: &Value) -> convnext::Config {
    let list = |field: &str| serde_json::from_value(json["config"][field].clone()).unwrap();
    convnext::Config { depths: list("depths"), dims: list("dims"), ..convnext::Config::default() }
}

fn close(name: &str, found: &Tensor, expected: &Tensor) {
    same(name, found, expected, |e| 1e-4 + 1e-4 * e.abs());
}

#[test]
fn the_shared_case_of_hust() {
    let Some((json, weights, golden)) = golden("hust/hust_tiny") else { return };
    let (vars, vb) = variables(weights);
    let model = Hust::new(&tower(&json), &vb).unwrap();
    assert_eq!(vars.len(), parameters(|vb| Hust::new(&tower(&json), vb)).unwrap().len());
    let scores = model.frame_scores(&golden["input"]).unwrap();
    close("frame_score", &scores, &golden["out.frame_score"]);
    let videos = golden["input"].reshape((4, 2, 3, 32, 32)).unwrap();
    close("video_score", &model.score_video(&videos).unwrap(), &golden["out.video_score"]);
    let apart = (&scores - &golden["input.mos"]).unwrap();
    close("mae", &apart.abs().unwrap().mean_all().unwrap(), &golden["out.mae"]);
    // The losses that the reference's gradients come from are another crate's: see the golden runner.
    let store = apart.sqr().unwrap().sum_all().unwrap().backward().unwrap();
    for (name, var) in &vars {
        let found = largest(store.get(var).unwrap_or_else(|| panic!("{name} has no gradient")));
        assert!(found > 0.0 && found.is_finite(), "{name}");
    }
}

#[test]
fn the_shared_case_of_unilj() {
    let Some((json, weights, golden)) = golden("unilj/unilj_tiny") else { return };
    let hidden = serde_json::from_value(json["config"]["hidden"].clone()).unwrap();
    let config = unilj::Config { backbone: tower(&json), hidden, frames: 5 };
    let (vars, vb) = variables(weights);
    assert_eq!(vars.len(), parameters(|vb| Unilj::new(&config, vb)).unwrap().len());
    let model = Unilj::new(&config, &vb).unwrap();
    let features = model.frame_features(&golden["input"].flatten(0, 1).unwrap()).unwrap();
    let features = features.reshape((2, 5, 24)).unwrap();
    let clips = model.clip_features(&features).unwrap();
    let [first, _, third] = model.hidden(&clips).unwrap();
    let scores = model.regress(&clips).unwrap();
    let loss = (&scores - &golden["input.mos"]).unwrap().sqr().unwrap().mean_all().unwrap().sqrt().unwrap();
    for (name, found) in [
        ("frame_features", &features),
        ("clip_feature_mean_std", &clips),
        ("h1", &first),
        ("h3", &third),
        ("score", &scores),
        ("loss", &loss),
    ] {
        close(name, found, &golden[&format!("out.{name}")]);
    }
    same("as a video", &model.score_video(&golden["input"]).unwrap(), &scores, |_| 0.0);

    let store = loss.backward().unwrap();
    let norms = json["gradient_l2_norm_of_every_parameter"].as_object().unwrap();
    assert_eq!(norms.len(), vars.len());
    for (name, var) in &vars {
        let found = store.get(var).unwrap_or_else(|| panic!("{name} has no gradient"));
        if let Some(expected) = golden.get(&format!("grad.{name}")) {
            same(name, found, expected, |_| 1e-3 * largest(expected));
        }
        let norm = values(found).iter().map(|v| v * v).sum::<f64>().sqrt();
        let expected = norms[name].as_f64().unwrap();
        assert!((norm - expected).abs() <= 1e-3 * expected, "{name}: {norm} instead of {expected}");
    }
}

fn save(path: &Path, kind: &str, config: impl Serialize, input: Input, shapes: Vec<(String, Vec<usize>)>) {
    let contents = Contents { kind: kind.to_owned(), config, input: Some(input), provenance: () };
    Checkpoint::save(path, &contents, &random(shapes, DType::F32)).unwrap();
}

fn saved_hust(path: &Path, input: Input) {
    let config = convnext::Config::default();
    save(path, hust::KIND, &config, input, parameters(|vb| Hust::new(&config, vb)).unwrap());
}

fn saved_unilj(path: &Path, input: Input) {
    let config = unilj::Config::default();
    save(path, unilj::KIND, &config, input, parameters(|vb| Unilj::new(&config, vb)).unwrap());
}

fn sized(input: Input) -> Input {
    Input { pixels: dream_models::preprocess::Preprocess { size: 32, ..input.pixels }, ..input }
}

fn bits(tensor: &Tensor) -> Vec<u32> {
    tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
}

#[test]
fn checkpoints_score_as_the_networks_that_they_were_saved_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    let video = frames(10, 32, 32);
    let whole = video.unsqueeze(0).unwrap();
    let load = || methods::load(&Checkpoint::open(&path).unwrap(), DType::F32, CPU).unwrap();
    let weights =
        |shapes| VarBuilder::from_tensors(random(shapes, DType::F32).into_iter().collect(), DType::F32, CPU);

    saved_hust(&path, sized(hust::input()));
    let config = convnext::Config::default();
    let model = Hust::new(&config, &weights(parameters(|vb| Hust::new(&config, vb)).unwrap())).unwrap();
    let network = load();
    assert_eq!((network.input().frames, network.width()), (FramePlan::Centres { n: 20 }, 1));
    let encoded = network.encode(&video).unwrap().unsqueeze(0).unwrap();
    let score = network.score(&encoded).unwrap();
    assert_eq!(bits(&score), bits(&model.score_video(&whole).unwrap()));
    let mean = values(&encoded).iter().sum::<f64>() / 10.0;
    assert!((values(&score)[0] - mean).abs() < 1e-5);
    crate::methods::nothing_is_no_video(&*network);
    assert!(network.represent(&encoded).unwrap().is_none());

    let config = unilj::Config::default();
    saved_unilj(&path, sized(config.input()));
    let model = Unilj::new(&config, &weights(parameters(|vb| Unilj::new(&config, vb)).unwrap())).unwrap();
    let network = load();
    let plan = FramePlan::Clips { k: 10, length: 5, step: 1 };
    assert_eq!((network.input().frames, network.width()), (plan, 24));
    let encoded = network.encode(&video).unwrap().unsqueeze(0).unwrap();
    let score = network.score(&encoded).unwrap();
    assert_eq!(bits(&score), bits(&model.score_video(&whole).unwrap()));
    let clip = |at| values(&network.score(&encoded.narrow(1, at, 5).unwrap()).unwrap())[0];
    assert!((values(&score)[0] - (clip(0) + clip(5)) / 2.0).abs() < 1e-5, "{score}");
    crate::methods::nothing_is_no_video(&*network);
    // Frame by frame, as programs do it.
    for at in 0..10 {
        let alone = network.encode(&video.narrow(0, at, 1).unwrap()).unwrap();
        assert_eq!(bits(&alone), bits(&encoded.narrow(1, at, 1).unwrap()), "frame {at}");
    }
    // Half precision: what follows the backbone stays single.
    let half = methods::load(&Checkpoint::open(&path).unwrap(), DType::F16, CPU).unwrap();
    let found = half.score(&half.encode(&video).unwrap().unsqueeze(0).unwrap()).unwrap();
    assert_eq!(found.dtype(), DType::F32);
    assert!((values(&found)[0] - values(&score)[0]).abs() < 2e-2, "{found} {score}");
}

#[test]
fn a_short_video_is_filled_up_with_zeros_after_normalisation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    saved_unilj(&path, sized(unilj::Config::default().input()));
    let network = Unilj::load(&Checkpoint::open(&path).unwrap(), DType::F32, CPU).unwrap();
    let video = frames(3, 32, 32);
    let zeros = Tensor::zeros((2, 3, 32, 32), DType::F32, CPU).unwrap();
    let filled = Tensor::cat(&[&video, &zeros], 0).unwrap().unsqueeze(0).unwrap();
    let found = network.score_video(&video.unsqueeze(0).unwrap()).unwrap();
    assert_eq!(bits(&found), bits(&network.score_video(&filled).unwrap()));
    for count in [0, 7] {
        let encoded = Tensor::zeros((1, count, 24), DType::F32, CPU).unwrap();
        let error = network.score(&encoded).unwrap_err().to_string();
        assert!(error.contains(&format!("{count} frames")) && error.contains("clips of 5"), "{error}");
    }
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    let error = || methods::load(&Checkpoint::open(&path).unwrap(), DType::F32, CPU).unwrap_err();
    let mut input = hust::input();
    input.pixels.size = 31;
    saved_hust(&path, input.clone());
    assert!(matches!(error(), Error::InvalidInput { argument: "pixels", .. }), "{}", error());
    saved_unilj(&path, Input { pixels: input.pixels, ..unilj::Config::default().input() });
    assert!(matches!(error(), Error::InvalidInput { argument: "pixels", .. }), "{}", error());
    for frames in [FramePlan::Every { n: 6 }, FramePlan::Clips { k: 10, length: 8, step: 1 }] {
        saved_unilj(&path, Input { frames, ..unilj::Config::default().input() });
        assert!(error().to_string().contains("clips:10x5/1"), "{}", error());
    }
    let vb = VarBuilder::zeros(DType::F32, CPU);
    for (field, config) in [
        ("hidden", unilj::Config { hidden: [20, 0, 8], ..unilj::Config::default() }),
        ("frames", unilj::Config { frames: 0, ..unilj::Config::default() }),
        ("num_classes", {
            let backbone = convnext::Config { num_classes: 1, ..convnext::Config::default() };
            unilj::Config { backbone, ..unilj::Config::default() }
        }),
    ] {
        match Unilj::new(&config, &vb) {
            Err(Error::InvalidConfig { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{other:?}"),
        }
    }
}

/// Identical frames have no spread, and its root no slope.
#[test]
fn identical_frames_give_finite_gradients() {
    let config = unilj::Config::default();
    let (vars, vb) = variables(random(parameters(|vb| Unilj::new(&config, vb)).unwrap(), DType::F32));
    let model = Unilj::new(&config, &vb).unwrap();
    let frame = frames(1, 32, 32);
    let video = Tensor::cat(&[&frame, &frame, &frame, &frame, &frame], 0).unwrap().unsqueeze(0).unwrap();
    let store = model.score_video(&video).unwrap().sum_all().unwrap().backward().unwrap();
    for (name, var) in &vars {
        assert!(largest(store.get(var).unwrap()).is_finite(), "{name}");
    }
}
