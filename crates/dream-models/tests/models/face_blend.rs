//! The head of `face-blend`: its file, and what it says about features.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dream_models::Error;
use dream_models::deep::backbones::vit;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::{Checkpoint, Contents, TensorFile, write_tensors};
use dream_models::deep::input::Input;
use dream_models::deep::methods::face_blend::{Agreement, FaceBlend, Head, HeadParts, Reach, Tower, input};
use dream_models::deep::methods::{self, Weights};
use dream_models::deep::network::{FrameEncoder, VideoNetwork};
use dream_models::deep::train::Params;
use serde_json::{Value, json};

const CPU: &Device = &Device::Cpu;
const WIDTH: usize = 64;
const CLASS: &str = "vision_model.embeddings.class_embedding";

fn config() -> vit::Config {
    vit::Config {
        image_size: 32,
        patch_size: 16,
        width: WIDTH,
        layers: 2,
        heads: 1,
        mlp_width: 96,
        projection: None,
        ..vit::Config::b16()
    }
}

/// A head whose numbers have many digits.
fn parts() -> HeadParts {
    let numbers = |n: usize, by: f64| (0..n).map(|i| (i as f64 + 1.0) * by / 7.0).collect::<Vec<_>>();
    HeadParts {
        name: "tiny-1".to_owned(),
        learned_from: "nothing".to_owned(),
        measured: "nothing".to_owned(),
        tower: Tower {
            name: "tiny".to_owned(),
            config: config(),
            sha256: "0a".repeat(32),
            probe: vec![0.1, -0.2],
        },
        block: 2,
        input: input(&config()),
        weights: numbers(WIDTH, -0.1),
        bias: 1.0 / 3.0,
        percentiles: numbers(101, 0.3),
        familiarity: Reach { mean: numbers(WIDTH, 0.2), deviation: vec![0.1 + 0.2; WIDTH], limit: 2.5 },
    }
}

fn head() -> Head {
    Head::new(parts(), &json!({ "seed": 3, "auc": 0.1 + 0.7, "by": ["a", "b"] })).unwrap()
}

#[test]
fn a_head_comes_back_with_the_same_bytes() {
    let (folder, head) = (tempfile::tempdir().unwrap(), head());
    let (path, bytes) = (folder.path().join("head.json"), head.to_json().unwrap());
    head.write(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    let back = Head::read(&path).unwrap();
    assert_eq!((&back, back.to_json().unwrap()), (&head, bytes));
    assert_eq!(back.provenance::<Value>().unwrap()["auc"], 0.1 + 0.7);
    assert!(matches!(back.provenance::<u32>(), Err(Error::InvalidModel { part: "provenance", .. })));
    let Input { frames, face, .. } = &back.parts().input;
    assert_eq!(frames.to_string(), "centres:8");
    assert!(serde_json::to_string(face).unwrap().contains(r#""square":true,"expansion":1.3"#));
}

#[test]
fn files_that_are_no_heads_are_refused() {
    let good = String::from_utf8(head().to_json().unwrap()).unwrap();
    for (from, to, words) in [
        ("face-blend-head", "checkpoint", "says format `dream-models.checkpoint` version 1"),
        ("\"format_version\": 1", "\"format_version\": 2", "version 2"),
        ("\"bias\"", "\"bais\"", "unknown field `bais`"),
        ("\"block\": 2,", "", "missing field `block`"),
        ("\"provenance\"", "\"more\": 1, \"provenance\"", "unknown field `more`"),
        ("\"limit\": 2.5", "\"limit\": null", "invalid type: null"),
        ("centres:8", "centres:0", "names no frames"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        let error = Head::from_json(bad.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words), "{from}: {error}");
    }
    let long = vec![b' '; (4 << 20) + 1];
    assert!(matches!(Head::from_json(&long), Err(Error::InvalidModel { part: "size", .. })));
    assert!(matches!(Head::read("no-such-head.json"), Err(Error::Io { .. })));
}

#[test]
fn the_field_that_is_not_valid_is_named() {
    type Change = fn(&mut HeadParts);
    let changes: [(&str, Change); 17] = [
        ("name", |parts| parts.name.clear()),
        ("weights", |parts| parts.weights.truncate(9)),
        ("weights", |parts| parts.weights[5] = f64::NAN),
        ("mean", |parts| parts.familiarity.mean.push(0.0)),
        ("mean", |parts| parts.familiarity.mean[0] = f64::INFINITY),
        ("deviation", |parts| parts.familiarity.deviation.clear()),
        ("deviation", |parts| parts.familiarity.deviation[7] = 0.0),
        ("deviation", |parts| parts.familiarity.deviation[7] = -1.0),
        ("limit", |parts| parts.familiarity.limit = 0.0),
        ("bias", |parts| parts.bias = -1e7),
        ("percentiles", |parts| parts.percentiles.truncate(100)),
        ("percentiles", |parts| parts.percentiles[50] = parts.percentiles[49]),
        ("block", |parts| parts.block = 0),
        ("block", |parts| parts.block = 3),
        ("tower", |parts| parts.tower.sha256.make_ascii_uppercase()),
        ("tower", |parts| parts.tower.probe.clear()),
        ("input", |parts| parts.input.pixels.size = 33),
    ];
    for (field, change) in changes {
        let mut changed = parts();
        change(&mut changed);
        match Head::new(changed, &()) {
            Err(Error::InvalidModel { part, .. }) => assert_eq!(part, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn traces_are_a_weighted_sum() {
    let (head, HeadParts { weights, bias, .. }) = (head(), parts());
    let features: Vec<f64> = (0..WIDTH).map(|i| (i as f64 * 0.37).fract() - 0.5).collect();
    let mut expected = 0.0;
    for (weight, feature) in weights.iter().zip(&features) {
        expected += weight * feature;
    }
    assert_eq!(head.traces(&features).unwrap().to_bits(), (expected + bias).to_bits());
    assert!(matches!(head.traces(&features[1..]), Err(Error::LengthMismatch { expected: WIDTH, .. })));
    assert!(matches!(head.familiarity(&[]), Err(Error::LengthMismatch { .. })));
    let bad = [&features[..9], &[f64::NAN], &features[10..]].concat();
    let error = head.traces(&bad).unwrap_err().to_string();
    assert!(error.contains("`feature 9` is NaN"), "{error}");
}

#[test]
fn percentiles_are_shares_of_held_out_portraits() {
    let mut changed = parts();
    changed.percentiles = (0..=100).map(|i| f64::from(i) * 2.0 - 50.0).collect();
    let head = Head::new(changed, &()).unwrap();
    for (traces, share) in
        [(-1e9, 0.0), (-50.0, 0.0), (-49.0, 0.5), (0.0, 25.0), (149.0, 99.5), (150.0, 100.0), (1e9, 100.0)]
    {
        assert_eq!(head.percentile(traces), share, "{traces}");
    }
}

#[test]
fn familiarity_is_the_distance_from_portraits() {
    let (head, Reach { mean, deviation, .. }) = (head(), parts().familiarity);
    let at = |away: f64| mean.iter().zip(&deviation).map(|(m, d)| m + away * d).collect::<Vec<_>>();
    let near = head.familiarity(&at(-2.0)).unwrap();
    assert!((near.distance - 2.0).abs() < 1e-12 && near.is_familiar(), "{near:?}");
    assert!(!head.familiarity(&at(2.6)).unwrap().is_familiar());
    let mut one = mean.clone();
    one[3] += 8.0 * deviation[3];
    assert!((head.familiarity(&one).unwrap().distance - 1.0).abs() < 1e-12, "8 in one of 64");
}

#[test]
fn a_tower_is_told_by_its_numbers() {
    let named = |class: &[f32], other: f32| {
        let tensor = |values: &[f32]| Tensor::new(values, &Device::Cpu).unwrap();
        BTreeMap::from([(CLASS.to_owned(), tensor(class)), ("x".to_owned(), tensor(&[other]))])
    };
    let class: Vec<f32> = (0..12).map(|i| (i as f32 - 5.0) / 30.0).collect();
    let of = |tensors: &BTreeMap<String, Tensor>| Tower::of("tiny", &config(), tensors).unwrap();
    let (tensors, tower) = (named(&class, 1.0), of(&named(&class, 1.0)));
    assert_eq!(tower.probe.len(), 8);
    assert_eq!(tower.compare(&of(&tensors)).unwrap(), Agreement::Same);
    assert_eq!(tower.compare(&of(&named(&class, 1.001))).unwrap(), Agreement::Rounded);
    let half: BTreeMap<_, _> =
        tensors.iter().map(|(name, tensor)| (name.clone(), tensor.to_dtype(DType::BF16).unwrap())).collect();
    assert_eq!(tower.compare(&of(&half)).unwrap(), Agreement::Rounded);
    let other: Vec<f32> = class.iter().map(|value| value + 0.01).collect();
    let error = tower.compare(&of(&named(&other, 1.0))).unwrap_err().to_string();
    assert!(error.contains("another model of the same sizes") && error.contains("tiny"), "{error}");
    let error = Tower::of("tiny", &config(), &BTreeMap::new()).unwrap_err().to_string();
    assert!(error.contains(CLASS), "{error}");
}

#[test]
fn the_embedded_head_reads_a_published_tower_and_comes_back_to_the_byte() {
    let head = Head::embedded().unwrap();
    assert_eq!(head.to_json().unwrap(), Head::embedded_bytes());
    assert!(Head::embedded_bytes().len() < 128 << 10, "{} bytes", Head::embedded_bytes().len());
    let parts = head.parts();
    assert_eq!((parts.name.as_str(), parts.block, parts.weights.len()), ("face-blend-1", 8, 768));
    assert_eq!(parts.tower.config, vit::Config::b16());
    assert_eq!(head.config(), vit::Config::b16().up_to(8));
    assert_eq!(parts.input, input(&vit::Config::b16()));
    // What was measured on people held out, as the head says it itself.
    #[derive(serde::Deserialize)]
    struct Provenance {
        portraits: usize,
        auc_by_fold: Vec<f64>,
    }
    let Provenance { portraits, auc_by_fold } = head.provenance().unwrap();
    let mean = auc_by_fold.iter().sum::<f64>() / auc_by_fold.len() as f64;
    assert!(portraits >= 600 && auc_by_fold.len() == 5 && mean >= 0.81, "{portraits}, {auc_by_fold:?}");
    assert!(parts.measured.contains(&format!("AUC {mean:.3}")), "{}", parts.measured);
}

/// A tower of random weights in a file, and a head that fits it.
fn scene(folder: &Path) -> (PathBuf, Head) {
    let params = Params::seeded(5, DType::F32, CPU);
    vit::ClipVit::new(&config(), &params.builder()).unwrap();
    let tensors = params.tensors().unwrap();
    let path = folder.join("tower.safetensors");
    write_tensors(&path, &tensors).unwrap();
    let used = config().up_to(1);
    let named = |name: &str| !name.contains(".layers.1.");
    let used_tensors = tensors.into_iter().filter(|(name, _)| named(name)).collect();
    let tower = Tower::of("tiny", &used, &used_tensors).unwrap();
    (path, Head::new(HeadParts { tower, block: 1, ..parts() }, &()).unwrap())
}

fn open(path: &Path) -> TensorFile {
    TensorFile::open(path).unwrap()
}

fn pictures(count: usize) -> Tensor {
    let values: Vec<f32> = (0..count * 3 * 32 * 32).map(|i| (i * 7919 % 1009) as f32 / 504.5 - 1.0).collect();
    Tensor::from_vec(values, (count, 3, 32, 32), CPU).unwrap()
}

#[test]
fn a_video_is_read_frame_by_frame() {
    let folder = tempfile::tempdir().unwrap();
    let (path, head) = scene(folder.path());
    let model = FaceBlend::new(&open(&path), head.clone(), DType::F32, CPU).unwrap();
    assert_eq!((model.agreement(), model.input()), (Agreement::Same, &head.parts().input));
    let encoded = model.encode(&pictures(3)).unwrap();
    assert_eq!(encoded.dims(), [3, WIDTH]);
    let alone = model.encode(&pictures(3).narrow(0, 1, 1).unwrap()).unwrap();
    let one = |tensor: &Tensor, at| tensor.get(at).unwrap().to_vec1::<f32>().unwrap();
    assert_eq!(one(&alone, 0), one(&encoded, 1));
    // By hand, from the tower.
    let tower = vit::ClipVit::new(&config().up_to(1), &pretrained(&path)).unwrap();
    let tokens = tower.tokens(&pictures(3)).unwrap();
    let by_hand: Vec<f64> = (0..3)
        .map(|frame| {
            let features = one(&vit::patch_mean(&tokens).unwrap(), frame);
            head.traces(&features.into_iter().map(f64::from).collect::<Vec<_>>()).unwrap()
        })
        .collect();
    assert_eq!(model.frame_traces(&encoded).unwrap(), by_hand);
    let reading = model.read(&encoded).unwrap();
    let mean = by_hand.iter().sum::<f64>() / 3.0;
    assert_eq!((&reading.frames, reading.traces), (&by_hand, mean));
    assert_eq!(reading.percentile, head.percentile(mean));
    assert!(reading.familiarity.distance > 0.0 && reading.familiarity.limit == 2.5);
    let two = Tensor::stack(&[&encoded, &encoded], 0).unwrap();
    assert_eq!(model.score(&two).unwrap().to_vec1::<f32>().unwrap(), [mean as f32; 2]);
    assert!(model.represent(&two).unwrap().is_none());
    assert!(model.read(&encoded.narrow(0, 0, 0).unwrap()).is_err(), "no frame");
    assert!(model.encode(&Tensor::zeros((1, 3, 16, 16), DType::F32, CPU).unwrap()).is_err());
}

fn pretrained(path: &Path) -> VarBuilder<'static> {
    let tensors = open(path).read_where(|_| true, CPU).unwrap();
    VarBuilder::from_tensors(tensors.into_iter().collect(), DType::F32, CPU)
}

#[test]
fn a_tower_that_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (path, head) = scene(folder.path());
    let new = |tensors: &BTreeMap<String, Tensor>| {
        write_tensors(&path, tensors).unwrap();
        FaceBlend::new(&open(&path), head.clone(), DType::F32, CPU)
    };
    let good = open(&path).read_where(|_| true, CPU).unwrap();
    // Blocks behind that of the head are not looked at.
    let short = good.clone().into_iter().filter(|(name, _)| !name.contains(".layers.1.")).collect();
    assert_eq!(new(&short).unwrap().agreement(), Agreement::Same);
    let bias = "vision_model.encoder.layers.0.mlp.fc1.bias";
    let mut rounded = good.clone();
    rounded.insert(bias.to_owned(), good[bias].affine(1.0, 1e-3).unwrap());
    let model = new(&rounded).unwrap();
    assert_eq!(model.agreement(), Agreement::Rounded);
    assert_ne!(model.tower().sha256, model.head().parts().tower.sha256);
    let mut other = good.clone();
    other.insert(CLASS.to_owned(), good[CLASS].affine(-1.0, 0.0).unwrap());
    assert!(new(&other).unwrap_err().to_string().contains("another model of the same sizes"));
    let mut renamed = good.clone();
    let moved = renamed.remove(bias).unwrap();
    renamed.insert("vision_model.encoder.layers.0.mlp.fc1.bais".to_owned(), moved);
    let error = new(&renamed).unwrap_err().to_string();
    assert!(error.contains(bias) && error.contains("bais"), "{error}");
    assert!(matches!(new(&BTreeMap::new()), Err(Error::TensorMismatch { .. })));
}

#[test]
fn it_is_a_method_without_checkpoints() {
    let entry = methods::by_name("face-blend").unwrap();
    let Weights::Tower(load) = entry.weights else { panic!("{entry:?}") };
    let folder = tempfile::tempdir().unwrap();
    let (tower, _) = scene(folder.path());
    assert!(
        load(&open(&tower), DType::F32, CPU).is_err(),
        "the head is that of another tower, if there is one"
    );
    let path = folder.path().join("model.json");
    let contents = Contents { kind: entry.kind.to_owned(), config: (), input: None, provenance: () };
    Checkpoint::save(&path, &contents, &BTreeMap::new()).unwrap();
    let error = methods::load(&Checkpoint::open(&path).unwrap(), DType::F32, CPU).unwrap_err().to_string();
    assert!(error.contains("`face_blend`") && error.contains("checkpoints of da_clip, opdai"), "{error}");
}
