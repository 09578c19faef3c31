//! The registry of methods: every checkpoint is loaded by its own kind, and what does not fit is named.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::collections::BTreeMap;
use std::path::Path;

use dream_models::deep::backbones::swin_v2;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::{Checkpoint, Contents};
use dream_models::deep::input::{FramePlan, Input};
use dream_models::deep::methods::da_clip::{self, DaClip};
use dream_models::deep::methods::opdai::{self, Opdai};
use dream_models::deep::methods::{self, METHODS};
use dream_models::deep::network::VideoNetwork;
use dream_models::deep::train::Params;

const CPU: &Device = &Device::Cpu;

fn frames(count: usize) -> Tensor {
    let values: Vec<f32> = (0..count * 3 * 64 * 64).map(|i| (i * 7919 % 1009) as f32 / 504.5 - 1.0).collect();
    Tensor::from_vec(values, (count, 3, 64, 64), CPU).unwrap()
}

fn bits(tensor: &Tensor) -> Vec<u32> {
    let values = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    values.into_iter().map(f32::to_bits).collect()
}

/// First values that do not leave the residual branches shut.
fn awake(params: &Params) -> BTreeMap<String, Tensor> {
    for (name, var) in params.named() {
        if name.contains(".norm1.") || name.contains(".norm2.") {
            var.set(&var.ones_like().unwrap()).unwrap();
        }
    }
    params.tensors().unwrap()
}

/// A checkpoint of each method with this input, and the network that it was saved from.
fn da_clip(path: &Path, change: impl Fn(Input) -> Input) -> DaClip {
    let config = da_clip::Config::default();
    let params = Params::seeded(1, DType::F32, CPU);
    let model = DaClip::new(&config, &params.builder()).unwrap();
    let tensors = awake(&params);
    let input = Some(change(config.input()));
    let contents = Contents { kind: da_clip::KIND.to_owned(), config, input, provenance: () };
    Checkpoint::save(path, &contents, &tensors).unwrap();
    model
}

fn opdai(path: &Path, change: impl Fn(Input) -> Input) -> Opdai {
    let config = swin_v2::Config::default();
    let params = Params::seeded(2, DType::F32, CPU);
    let model = Opdai::new(&config, &params.builder()).unwrap();
    let tensors = awake(&params);
    let input = Some(change(opdai::input(&config)));
    let contents = Contents { kind: opdai::KIND.to_owned(), config, input, provenance: () };
    Checkpoint::save(path, &contents, &tensors).unwrap();
    model
}

fn load(path: &Path) -> Box<dyn VideoNetwork> {
    methods::load(&Checkpoint::open(path).unwrap(), DType::F32, CPU).unwrap()
}

#[test]
fn every_method_has_names_of_its_own() {
    for entry in METHODS {
        assert_eq!(methods::entry(entry.kind).unwrap().kind, entry.kind);
        assert_eq!(methods::by_name(entry.name).unwrap().kind, entry.kind);
    }
    assert!(methods::entry("da-clip").is_none() && methods::by_name("da_clip").is_none());
}

#[test]
fn every_kind_loads_its_own_network_which_scores_as_it_did_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    let video = frames(4);
    let whole = video.unsqueeze(0).unwrap();

    let model = da_clip(&path, |input| Input { frames: FramePlan::Every { n: 3 }, ..input });
    let network = load(&path);
    assert_eq!(network.input().frames, FramePlan::Every { n: 3 });
    let encoded = network.encode(&video).unwrap().unsqueeze(0).unwrap();
    assert_eq!(encoded.dims(), [1, 4, swin_v2::Config::default().features()]);
    assert_eq!(bits(&network.score(&encoded).unwrap()), bits(&model.score_video(&whole).unwrap()));
    let found = network.represent(&encoded).unwrap().unwrap();
    assert_eq!(bits(&found), bits(&model.embed_video(&whole).unwrap()));

    let model = opdai(&path, |input| input);
    let network = load(&path);
    assert_eq!(network.input().frames, FramePlan::Centres { n: 3 });
    let encoded = network.encode(&video).unwrap().unsqueeze(0).unwrap();
    assert_eq!(encoded.dims(), [1, 4, 1]);
    assert_eq!(bits(&network.score(&encoded).unwrap()), bits(&model.score_video(&whole).unwrap()));
    assert!(network.represent(&encoded).unwrap().is_none());
}

/// Programs encode the frames of a video one by one, or many together.
#[test]
fn a_frame_is_encoded_the_same_in_any_company() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    da_clip(&path, |input| input);
    let clip = load(&path);
    opdai(&path, |input| input);
    for network in [clip, load(&path)] {
        let video = frames(3);
        let together = network.encode(&video).unwrap();
        let alone: Vec<Tensor> =
            (0..3).map(|at| network.encode(&video.narrow(0, at, 1).unwrap()).unwrap()).collect();
        assert_eq!(bits(&Tensor::cat(&alone, 0).unwrap()), bits(&together), "{network:?}");
        nothing_is_no_video(&*network);
    }
}

/// A mean over no frames would be NaN.
pub(crate) fn nothing_is_no_video(network: &dyn VideoNetwork) {
    let nothing = Tensor::zeros((1, 0, network.width()), DType::F32, CPU).unwrap();
    let error = network.score(&nothing).unwrap_err().to_string();
    assert!(error.contains("frames"), "{error}; {network:?}");
}

#[test]
fn checkpoints_that_fit_no_network_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    let error = |path: &Path| {
        let checkpoint = Checkpoint::open(path).unwrap();
        methods::load(&checkpoint, DType::F32, CPU).unwrap_err().to_string()
    };
    da_clip(&path, |mut input| {
        input.pixels.size = 224;
        input
    });
    let found = error(&path);
    assert!(found.contains("224x224") && found.contains("64x64"), "{found}");

    da_clip(&path, |input| input);
    let json = std::fs::read_to_string(&path).unwrap();
    let saved = |from: &str, to: &str| {
        let changed = json.replacen(from, to, 1);
        assert_ne!(changed, json, "{from}");
        std::fs::write(&path, changed).unwrap();
        error(&path)
    };
    let found = saved("\"kind\": \"da_clip\"", "\"kind\": \"nobody\"");
    assert!(found.contains("`nobody`") && found.contains("da_clip, opdai, hust, unilj"), "{found}");
    // The configuration of one method is none of the other.
    let found = saved("\"kind\": \"da_clip\"", "\"kind\": \"opdai\"");
    assert!(found.contains("configuration") && found.contains("unknown field"), "{found}");

    let state = Contents {
        kind: opdai::KIND.to_owned(),
        config: swin_v2::Config::default(),
        input: None,
        provenance: (),
    };
    let params = Params::seeded(2, DType::F32, CPU);
    Opdai::new(&state.config, &params.builder()).unwrap();
    Checkpoint::save(&path, &state, &params.tensors().unwrap()).unwrap();
    assert!(error(&path).contains("input"), "{}", error(&path));
}
