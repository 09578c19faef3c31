//! ConvNeXt against timm: results, gradients, names; and what must not change a bit.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test helper is a failed test"
)]

use std::collections::{BTreeMap, HashMap};

use dream_models::Error;
use dream_models::deep::backbones::convnext::{Config, ConvNext};
use dream_models::deep::candle_core::{DType, Device, Module, Tensor, Var, safetensors};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::{TensorFile, write_tensors};
use dream_models::deep::parameters;
use dream_models::deep::pretrained::{self, Note, Pretrained};
use dream_models::deep::tap::{Point, Record};
use serde_json::Value;

use crate::shared::file as shared;
use crate::swin_v2::{same, values};

const CPU: &Device = &Device::Cpu;

type Tensors = BTreeMap<String, Tensor>;

pub(crate) fn largest(tensor: &Tensor) -> f64 {
    values(tensor).into_iter().fold(0.0, |largest: f64, v| largest.max(v.abs()))
}

/// Tensors as variables, and a builder on them.
pub(crate) fn variables(
    weights: impl IntoIterator<Item = (String, Tensor)>,
) -> (BTreeMap<String, Var>, VarBuilder<'static>) {
    let vars: BTreeMap<String, Var> =
        weights.into_iter().map(|(name, tensor)| (name, Var::from_tensor(&tensor).unwrap())).collect();
    let tensors = vars.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())).collect();
    let dtype = vars.values().next().unwrap().dtype();
    (vars, VarBuilder::from_tensors(tensors, dtype, CPU))
}

#[test]
fn the_shared_case() {
    let file = |kind| shared(&format!("convnext/convnext_tinycfg.{kind}"));
    let (Some(json), Some(weights), Some(io)) =
        (file("json"), file("weights.safetensors"), file("io.safetensors"))
    else {
        return;
    };
    let json: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let config: Config = serde_json::from_value(json["config"].clone()).unwrap();
    let golden = safetensors::load(io, CPU).unwrap();
    let (vars, vb) = variables(safetensors::load(weights, CPU).unwrap());
    assert_eq!(vars.len(), parameters(|vb| ConvNext::new(&config, vb)).unwrap().len());
    let model = ConvNext::new(&config, &vb).unwrap();

    let input = &golden["input"];
    let score = model.forward(input).unwrap();
    let mut record = Record::default();
    let normed = model.forward_tapped(input, &mut record).unwrap();
    same("in one pass", &normed, &model.forward_features(input).unwrap(), |_| 0.0);
    let pooled = model.forward_pooled(input).unwrap();
    same("in one pass", record.at(Point::Pooled).unwrap(), &pooled, |_| 0.0);
    let last = record.at(Point::Stage { stage: 3 }).unwrap();
    same("tokens", last, &model.tokens(input).unwrap(), |_| 0.0);

    let planes = |point| record.at(point).unwrap().permute((0, 3, 1, 2)).unwrap();
    let stage = |stage| planes(Point::Stage { stage });
    let found = [
        ("stem", planes(Point::PatchEmbed)),
        ("stage0", stage(0)),
        ("stage1", stage(1)),
        ("stage2", stage(2)),
        ("stage3", stage(3)),
        ("pooled_before_norm", pooled),
        ("pooled_normed", normed),
        ("score", score.clone()),
    ];
    for (name, found) in found {
        let expected = &golden[&format!("out.{name}")];
        assert_eq!(found.dims(), expected.dims(), "{name}");
        same(name, &found, expected, |e| 1e-4 + 1e-4 * e.abs());
    }

    let targets = Tensor::arange(0_f32, 2.0, CPU).unwrap();
    let apart = (score.squeeze(1).unwrap() - targets).unwrap();
    let store = apart.sqr().unwrap().mean_all().unwrap().backward().unwrap();
    let mut compared = 0;
    for (name, var) in &vars {
        let found = store.get(var).unwrap_or_else(|| panic!("{name} has no gradient"));
        assert!(largest(found) > 0.0 && largest(found).is_finite(), "{name}");
        if let Some(expected) = golden.get(&format!("grad.{name}")) {
            same(name, found, expected, |_| 1e-3 * largest(expected));
            compared += 1;
        }
    }
    assert_eq!(compared, json["gradients"].as_array().unwrap().len());
}

/// Random parameters by name, the same ones in every type.
pub(crate) fn random(shapes: Vec<(String, Vec<usize>)>, dtype: DType) -> Tensors {
    let mut state = 11_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1_u64 << 23) as f32) - 1.0
    };
    let tensor = |(name, shape): (String, Vec<usize>)| {
        let near = if name.contains("norm") && name.ends_with("weight") { 1.0 } else { 0.0 };
        let data: Vec<f32> = (0..shape.iter().product()).map(|_| near + 0.3 * next()).collect();
        (name, Tensor::from_vec(data, shape, CPU).unwrap().to_dtype(dtype).unwrap())
    };
    shapes.into_iter().map(tensor).collect()
}

pub(crate) fn frames(count: usize, height: usize, width: usize) -> Tensor {
    let wave = |i: usize| (i as f32 * 0.37).sin() + ((i * i % 977) as f32 / 977.0 - 0.5);
    let data: Vec<f32> = (0..count * 3 * height * width).map(wave).collect();
    Tensor::from_vec(data, (count, 3, height, width), CPU).unwrap()
}

fn small() -> Config {
    Config { depths: vec![2, 1, 2], dims: vec![20, 33, 40], num_classes: 2, ..Config::default() }
}

fn weights(config: &Config, dtype: DType) -> Tensors {
    random(parameters(|vb| ConvNext::new(config, vb)).unwrap(), dtype)
}

/// The kernels against candle's own operations, which double precision uses; with pixels and tokens that are left over.
#[test]
fn kernels_agree_with_compositions() {
    let config = small();
    let frames = frames(2, 59, 38);
    let run = |dtype| {
        let (vars, vb) = variables(weights(&config, dtype));
        let scores = ConvNext::new(&config, &vb).unwrap().forward(&frames.to_dtype(dtype).unwrap()).unwrap();
        let store = scores.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        let gradients: Tensors =
            vars.iter().map(|(name, var)| (name.clone(), store.get(var).unwrap().clone())).collect();
        (scores, gradients)
    };
    let ((found, gradients), (expected, reference)) = (run(DType::F32), run(DType::F64));
    same("scores", &found, &expected, |e| 2e-5 + 2e-5 * e.abs());
    for (name, expected) in &reference {
        same(name, &gradients[name], expected, |_| 2e-4 * largest(expected));
        // Gradient coverage: no parameter is cut off.
        assert!(largest(expected) > 0.0 && largest(expected).is_finite(), "{name}");
    }
    assert_eq!(reference.len(), parameters(|vb| ConvNext::new(&config, vb)).unwrap().len());
}

#[test]
fn passes_batches_and_threads_change_no_bit() {
    let frames = frames(5, 64, 48);
    let tensors: HashMap<String, Tensor> = weights(&small(), DType::F32).into_iter().collect();
    let run = |images_per_pass, frames: &Tensor| {
        let config = Config { images_per_pass, ..small() };
        let vb = VarBuilder::from_tensors(tensors.clone(), DType::F32, CPU);
        let model = ConvNext::new(&config, &vb).unwrap();
        [model.forward(frames), model.forward_pooled(frames)].map(|x| x.unwrap().to_vec2::<f32>().unwrap())
    };
    let whole = run(8, &frames);
    for images_per_pass in [1, 2, 3] {
        assert_eq!(run(images_per_pass, &frames), whole, "{images_per_pass} images");
    }
    for (i, expected) in whole[0].iter().zip(&whole[1]).enumerate() {
        let [scores, pooled] = run(8, &frames.narrow(0, i, 1).unwrap());
        assert_eq!((&scores[0], &pooled[0]), expected, "frame {i} alone");
    }
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| run(8, &frames)), whole, "{threads} threads");
    }
}

#[test]
fn the_full_size_names_are_accepted_and_a_renamed_one_is_refused() {
    for (key, config, count) in [
        ("convnext_tiny.fb_in22k_ft_in1k_384", Config::tiny(), 182),
        ("convnext_xlarge.fb_in22k_ft_in1k_384", Config::xlarge(), 344),
    ] {
        let Some(path) = shared(&format!("keys/{key}.json")) else { return };
        let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let config = Config { num_classes: 1000, ..config };
        let mut theirs: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for tensor in json["tensors"].as_array().unwrap() {
            let shape = serde_json::from_value(tensor["shape"].clone()).unwrap();
            theirs.insert(tensor["name"].as_str().unwrap().to_owned(), shape);
        }
        assert_eq!(theirs.len(), count);
        let asked: BTreeMap<_, _> =
            parameters(|vb| ConvNext::new(&config, vb)).unwrap().into_iter().collect();
        assert_eq!(asked, theirs);
        // One zero seen through strides of 0: no 1.4 GB.
        let zero = Tensor::zeros((), DType::F32, CPU).unwrap();
        let mut tensors: HashMap<String, Tensor> =
            theirs.into_iter().map(|(name, shape)| (name, zero.broadcast_as(shape).unwrap())).collect();
        let build = |tensors| ConvNext::new(&config, &VarBuilder::from_tensors(tensors, DType::F32, CPU));
        build(tensors.clone()).unwrap();
        let name = "stages.2.blocks.7.conv_dw.weight";
        let tensor = tensors.remove(name).unwrap();
        tensors.insert("stages.2.blocks.7.dw_conv.weight".to_owned(), tensor);
        let error = build(tensors.clone()).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        tensors.insert(name.to_owned(), zero.broadcast_as((384, 1, 5, 5)).unwrap());
        assert!(build(tensors).unwrap_err().to_string().contains(name));
    }
    assert_eq!(Config::base().dims, [128, 256, 512, 1024]);
    assert_eq!(Config::large().dims, [192, 384, 768, 1536]);
}

#[test]
fn configurations_without_a_meaning_are_refused() {
    let vb = VarBuilder::zeros(DType::F32, CPU);
    let default = Config::default;
    let cases = [
        ("depths", Config { depths: vec![], dims: vec![], ..default() }),
        ("depths", Config { depths: vec![0; 4], ..default() }),
        ("dims", Config { dims: vec![8; 3], ..default() }),
        ("dims", Config { dims: vec![8, 8, 8, usize::MAX], ..default() }),
        ("kernel_size", Config { kernel_size: 6, ..default() }),
        ("kernel_size", Config { kernel_size: 99, ..default() }),
        ("mlp_ratio", Config { mlp_ratio: 0, ..default() }),
        ("norm_eps", Config { norm_eps: 0.0, ..default() }),
        ("ls_init_value", Config { ls_init_value: f64::NAN, ..default() }),
        ("patch_size", Config { patch_size: 0, ..default() }),
        ("in_chans", Config { in_chans: 0, ..default() }),
        ("images_per_pass", Config { images_per_pass: 0, ..default() }),
        ("num_classes", Config { num_classes: usize::MAX, ..default() }),
    ];
    for (expected, config) in cases {
        match ConvNext::new(&config, &vb) {
            Err(Error::InvalidConfig { field, .. }) => assert_eq!(field, expected, "{config:?}"),
            other => panic!("{config:?}: {other:?}"),
        }
    }
    let model = ConvNext::new(&default(), &vb).unwrap();
    for shape in [vec![1, 3, 31, 64], vec![1, 1, 64, 64], vec![3, 64, 64], vec![0, 3, 64, 64]] {
        let error = model.forward(&Tensor::zeros(shape, DType::F32, CPU).unwrap()).unwrap_err();
        assert!(error.to_string().contains("`frames`"), "{error}");
    }
}

fn read(tensors: &Tensors, config: &Config) -> dream_models::Result<Pretrained> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("convnext.safetensors");
    write_tensors(&path, tensors).unwrap();
    pretrained::convnext(&TensorFile::open(&path).unwrap(), config)
}

fn prefixed(prefix: &str, tensors: &Tensors) -> Tensors {
    tensors.iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor.clone())).collect()
}

/// The same as its authors have it.
fn facebook(tensors: &Tensors) -> Tensors {
    let rename = |name: &str| {
        let name = name.replace("stem.", "downsample_layers.0.").replace(".blocks.", ".");
        let name = match name.split_once(".downsample.") {
            Some((stage, rest)) => {
                format!("downsample_layers.{}.{rest}", stage.strip_prefix("stages.").unwrap())
            }
            None => name,
        };
        let name = name.replace("conv_dw", "dwconv").replace("mlp.fc", "pwconv");
        name.replace("head.norm.", "norm.").replace("head.fc.", "head.")
    };
    tensors.iter().map(|(name, tensor)| (rename(name), tensor.clone())).collect()
}

#[test]
fn files_of_both_publishers_are_one_tower() {
    let equal = |found: &Tensors, expected: &Tensors| {
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        expected.iter().for_each(|(name, tensor)| same(name, &found[name], tensor, |_| 0.0));
    };
    let all = weights(&small(), DType::F32);
    let mut headless = all.clone();
    headless.retain(|name, _| !name.starts_with("head.fc."));
    let tower = Config { num_classes: 0, ..small() };
    for theirs in [all.clone(), facebook(&all)] {
        equal(&read(&theirs, &small()).unwrap().tensors, &all);
        for prefix in ["", "module.", "backbone.", "module.model."] {
            let found = read(&prefixed(prefix, &theirs), &tower).unwrap();
            equal(&found.tensors, &headless);
            let note = Note::Prefix { prefix: prefix.to_owned() };
            assert_eq!(found.notes, if prefix.is_empty() { vec![] } else { vec![note] });
        }
        let half: Tensors =
            theirs.iter().map(|(name, t)| (name.clone(), t.to_dtype(DType::F16).unwrap())).collect();
        assert_eq!(read(&half, &small()).unwrap().tensors["head.fc.bias"].dtype(), DType::F32);
    }
    // The tower of a checkpoint of UNILJ.
    let mut method = prefixed("backbone.", &headless);
    method.insert("fc.weight".to_owned(), Tensor::zeros((2, 2), DType::F32, CPU).unwrap());
    let found = read(&method, &tower).unwrap();
    equal(&found.tensors, &headless);
    assert!(matches!(&found.notes[1], Note::LeftOut { count: 1, first } if first == "fc.weight"));
}

#[test]
fn files_that_do_not_fit_are_named() {
    let all = weights(&small(), DType::F32);
    for (theirs, shown) in
        [(all.clone(), "stages.2.blocks.1.mlp.fc1.weight"), (facebook(&all), "stages.2.1.pwconv1.weight")]
    {
        let mut theirs = prefixed("module.", &theirs);
        let tensor = theirs.remove(&format!("module.{shown}")).unwrap();
        theirs.insert("module.stages.2.else.weight".to_owned(), tensor);
        let Error::TensorMismatch { missing, .. } = read(&theirs, &small()).unwrap_err() else { panic!() };
        assert_eq!(missing, ["stages.2.blocks.1.mlp.fc1.weight"]);
    }
    let error = read(&all, &Config::tiny()).unwrap_err().to_string();
    let expected =
        "a ConvNeXt of width 20 with 2, 1, 2 blocks, wanted is a ConvNeXt of width 96 with 3, 3, 9, 3";
    assert!(error.contains(expected), "{error}");
    let error = read(&prefixed("my_", &all), &small()).unwrap_err().to_string();
    assert!(error.contains("holds no ConvNeXt"), "{error}");
}
