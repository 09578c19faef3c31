//! Swin of the first version against timm: intermediate results, gradients, names; and what must not change a bit.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test helper is a failed test"
)]

use std::collections::{BTreeMap, HashMap, HashSet};

use dream_models::Error;
use dream_models::deep::backbones::swin::{Config, Swin};
use dream_models::deep::candle_core::{DType, Device, Tensor, Var, safetensors};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::{TensorFile, write_tensors};
use dream_models::deep::features::{FrameFeatures, Warning, over_video};
use dream_models::deep::input::Input;
use dream_models::deep::network::FrameEncoder;
use dream_models::deep::pretrained::{self, Note, Pretrained};
use dream_models::deep::tap::{Point, Record};
use dream_models::deep::train::Params;
use dream_models::deep::{Parameter, parameters};
use dream_models::preprocess::{FloatFilter, Preprocess, resize_planes};
use serde_json::Value;

use crate::shared::file as shared;
use crate::swin_v2::{frames, random_values, same, values};

const CPU: &Device = &Device::Cpu;

type Tensors = BTreeMap<String, Tensor>;

fn parameters_of(config: &Config) -> Vec<Parameter> {
    parameters(|vb| Swin::new(config, vb)).unwrap()
}

fn model(config: &Config, vars: &HashMap<String, Var>, dtype: DType) -> Swin {
    let tensors = vars.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())).collect();
    Swin::new(config, &VarBuilder::from_tensors(tensors, dtype, CPU)).unwrap()
}

fn load(path: std::path::PathBuf) -> HashMap<String, Tensor> {
    safetensors::load(path, CPU).unwrap()
}

/// Pixels `[n, height, width, 3]` as planes from 0 to 1.
fn planes(pixels: &Tensor) -> Tensor {
    (pixels.to_dtype(DType::F32).unwrap().permute((0, 3, 1, 2)).unwrap() / 255.0).unwrap()
}

/// Planes as a network takes them.
fn normalised(planes: &Tensor, mean: [f32; 3], std: [f32; 3]) -> Tensor {
    let each = |values: [f32; 3]| Tensor::new(&values, CPU).unwrap().reshape((1, 3, 1, 1)).unwrap();
    planes.broadcast_sub(&each(mean)).unwrap().broadcast_div(&each(std)).unwrap()
}

#[test]
fn shared_cases() {
    for case in ["swin_a_shift", "swin_b_window12", "swin_c_nonsquare_pad"] {
        let file = |kind| shared(&format!("swin_v1/{case}.{kind}"));
        let (Some(json), Some(weights), Some(io)) =
            (file("json"), file("weights.safetensors"), file("io.safetensors"))
        else {
            continue;
        };
        let json: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
        let config: Config = serde_json::from_value(json["config"].clone()).unwrap();
        let vars: HashMap<String, Var> =
            load(weights).into_iter().map(|(name, t)| (name, Var::from_tensor(&t).unwrap())).collect();
        let golden = load(io);
        let input = golden.get("input").cloned().unwrap_or_else(|| {
            normalised(&planes(&golden["input_u8"]), Preprocess::IMAGENET_MEAN, Preprocess::IMAGENET_STD)
        });
        let input = Var::from_tensor(&input).unwrap();
        let mut record = Record::default();
        let pooled = model(&config, &vars, DType::F32).forward_tapped(&input, &mut record).unwrap();
        let mut seen: HashMap<String, Tensor> =
            record.points.into_iter().map(|(point, tensor)| (point.to_string(), tensor)).collect();
        let score = pooled.broadcast_mul(&golden["probe"]).unwrap().sum(1).unwrap();
        let targets = Tensor::arange(1.0, score.elem_count() as f32 + 1.0, CPU).unwrap();
        let loss = (&score - targets).unwrap().sqr().unwrap().mean_all().unwrap();
        let store = loss.backward().unwrap();
        let (mean, spread) = (pooled.mean(0).unwrap(), pooled.var(0).unwrap().sqrt().unwrap());
        let video = Tensor::cat(&[mean, spread], 0).unwrap();
        for (name, tensor) in [("pooled", pooled), ("loss", loss), ("video_feature_mean_std", video)] {
            seen.insert(name.to_owned(), tensor);
        }
        let gradient = |name: &str| {
            let var = if name == "input" { &input } else { &vars[name] };
            store.get(var).unwrap_or_else(|| panic!("{case}: {name} has no gradient"))
        };
        for (name, expected) in &golden {
            if let Some(name) = name.strip_prefix("out.") {
                same(name, &seen[name], expected, |e| 1e-4 + 1e-4 * e.abs());
            } else if let Some(name) = name.strip_prefix("grad.") {
                let largest = values(expected).into_iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
                same(&format!("{case}: gradient of {name}"), gradient(name), expected, |_| 1e-3 * largest);
            }
        }
        let norms = json["gradient_l2_norm_of_every_parameter"].as_object().unwrap();
        assert!(vars.keys().all(|name| norms.contains_key(name)));
        for (name, expected) in norms {
            let expected = expected.as_f64().unwrap();
            let found = values(gradient(name)).iter().map(|v| v * v).sum::<f64>().sqrt();
            assert!((found - expected).abs() <= 1e-3 * expected, "{case}: {name}: {found}, not {expected}");
        }
    }
}

/// The Swin half of the features of DFGC-1st, from pixels on.
#[test]
fn features_of_a_video() {
    let file = |kind| shared(&format!("dfgc1st/dfgc1st_tiny.{kind}"));
    let (Some(json), Some(weights), Some(io)) =
        (file("json"), file("weights.safetensors"), file("io.safetensors"))
    else {
        return;
    };
    let json: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let config: Config = serde_json::from_value(json["config"]["swin"].clone()).unwrap();
    // The other network of the file is left out.
    let found = read(&load(weights).into_iter().collect(), &config).unwrap();
    assert!(matches!(&found.notes[..], [Note::Prefix { prefix }, Note::LeftOut { .. }] if prefix == "swin."));
    let tensors = found.tensors.into_iter().collect();
    let model = Swin::new(&config, &VarBuilder::from_tensors(tensors, DType::F32, CPU)).unwrap();
    let golden = load(io);
    let pixels = &golden["input.frames_u8"];
    let (count, height, width, _) = pixels.dims4().unwrap();
    for (kind, normalise) in [("raw", false), ("normalized", true)] {
        let mean = if normalise { Preprocess::IMAGENET_MEAN } else { [0.0; 3] };
        let std = if normalise { Preprocess::IMAGENET_STD } else { [1.0; 3] };
        let pixels = planes(pixels).flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let [rows, columns] = config.img_size;
        let made = resize_planes(&pixels, (width, height), (columns, rows), FloatFilter::Bilinear).unwrap();
        let made = Tensor::from_vec(made, (count, 3, rows, columns), CPU).unwrap();
        let frames = normalised(&made, mean, std);
        let pixels = Preprocess { size: rows, mean, std, ..Preprocess::default() };
        let input = Input { pixels, ..Input::default() };
        let features = FrameFeatures::new(model.clone(), input, DType::F32, CPU).unwrap();
        let encoded = features.encode(&frames).unwrap();
        let forward = |e: f64| 1e-4 + 1e-4 * e.abs();
        same(kind, &encoded, &golden[&format!("out.{kind}.swin_pooled")], forward);
        let video = over_video(&encoded).unwrap();
        assert_eq!((video.warning, features.width()), (None, 48));
        same(kind, &video.values, &golden[&format!("out.{kind}.swin_video_feature")], forward);
        let one = over_video(&encoded.narrow(0, 2, 1).unwrap()).unwrap();
        assert_eq!(one.warning, Some(Warning::OneFrame));
        assert!(one.warning.unwrap().to_string().contains("are 0"));
        let expected = encoded.get(2).unwrap().pad_with_zeros(0, 0, 48).unwrap();
        assert_eq!(values(&one.values), values(&expected));
    }
    assert!(over_video(&Tensor::zeros((0, 48), DType::F32, CPU).unwrap()).is_err());
    assert!(FrameFeatures::new(model, Input::default(), DType::F32, CPU).is_err(), "256 pixels");
}

/// Shifted windows on grids that they do not divide, odd sides before a merging, windows that are not square.
fn padded() -> Config {
    Config { img_size: [56, 72], embed_dim: 8, depths: vec![2; 4], window_size: [4, 6], ..Config::default() }
}

/// The kernels against candle's own operations, which double precision uses.
#[test]
fn kernels_agree_with_compositions() {
    // Seven windows at a time: pieces that end within a grid, where the masks of windows differ.
    for qkv_bias in [true, false] {
        let config = Config { windows_per_pass: 7, qkv_bias, ..padded() };
        let frames = frames(2, config.img_size, 3);
        let run = |dtype| {
            let vars = random_values(parameters_of(&config), dtype);
            let model = model(&config, &vars, dtype);
            let pooled = model.forward_features(&frames.to_dtype(dtype).unwrap()).unwrap();
            let store = pooled.sqr().unwrap().sum_all().unwrap().backward().unwrap();
            let gradients: HashMap<String, Tensor> =
                vars.iter().map(|(name, var)| (name.clone(), store.get(var).unwrap().clone())).collect();
            (pooled, gradients)
        };
        let ((found, gradients), (expected, reference)) = (run(DType::F32), run(DType::F64));
        same("features", &found, &expected, |e| 2e-5 + 2e-5 * e.abs());
        for (name, expected) in &reference {
            let largest = values(expected).into_iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
            same(name, &gradients[name], expected, |_| 2e-4 * largest);
            // Gradient coverage: no parameter is cut off.
            assert!(largest > 0.0 && largest.is_finite(), "{name}: {largest}");
        }
        assert_eq!(reference.len(), parameters_of(&config).len());
    }
}

#[test]
fn chunks_batches_and_threads_change_no_bit() {
    let config = padded();
    let frames = frames(5, config.img_size, 9);
    let vars = random_values(parameters_of(&config), DType::F32);
    let run = |config: &Config, frames: &Tensor| {
        let pooled = model(config, &vars, DType::F32).forward_features(frames).unwrap();
        pooled.to_vec2::<f32>().unwrap()
    };
    let whole = run(&config, &frames);
    for images_per_pass in [1, 2, 3] {
        let config = Config { images_per_pass, ..config.clone() };
        assert_eq!(run(&config, &frames), whole, "{images_per_pass} images");
    }
    for (i, whole) in whole.iter().enumerate() {
        assert_eq!(run(&config, &frames.narrow(0, i, 1).unwrap())[0], *whole, "frame {i} alone");
    }
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| run(&config, &frames)), whole, "{threads} threads");
    }
    // The windows of candle's own operations, in double precision.
    let wide = random_values(parameters_of(&config), DType::F64);
    let run = |windows_per_pass| {
        let config = Config { windows_per_pass, ..config.clone() };
        let frames = frames.to_dtype(DType::F64).unwrap();
        model(&config, &wide, DType::F64).forward_features(&frames).unwrap().to_vec2::<f64>().unwrap()
    };
    let whole = run(1 << 16);
    for windows in [1, 7, 64] {
        assert_eq!(run(windows), whole, "{windows} windows");
    }
}

#[test]
fn the_full_size_names_are_accepted_and_a_renamed_one_is_refused() {
    let Some(path) = shared("keys/swin_large_patch4_window12_384.ms_in22k.json") else { return };
    let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let config = Config { num_classes: 21841, ..Config::large_w12_384() };
    let shape = |tensor: &Value| -> Vec<usize> { serde_json::from_value(tensor["shape"].clone()).unwrap() };
    let expected: HashSet<Parameter> =
        json["tensors"].as_array().unwrap().iter().fold(HashSet::new(), |mut all, t| {
            all.insert((t["name"].as_str().unwrap().to_owned(), shape(t)));
            all
        });
    assert_eq!(expected.len(), 329);
    assert_eq!(parameters_of(&config).into_iter().collect::<HashSet<_>>(), expected);
    // One zero seen through strides of 0: no 0.9 GB.
    let zero = Tensor::zeros((), DType::F32, CPU).unwrap();
    let mut tensors: HashMap<String, Tensor> =
        expected.into_iter().map(|(name, shape)| (name, zero.broadcast_as(shape).unwrap())).collect();
    let build = |tensors| Swin::new(&config, &VarBuilder::from_tensors(tensors, DType::F32, CPU));
    build(tensors.clone()).unwrap();
    let name = "layers.2.blocks.7.attn.relative_position_bias_table";
    let tensor = tensors.remove(name).unwrap();
    tensors.insert(name.replace("bias_table", "table"), tensor.clone());
    let error = build(tensors.clone()).unwrap_err().to_string();
    assert!(error.contains(name), "{error}");
    tensors.insert(name.to_owned(), tensor.t().unwrap());
    assert!(build(tensors).unwrap_err().to_string().contains(name));
}

#[test]
fn presets_have_the_published_numbers_of_parameters() {
    let count = |config: Config, num_classes| -> usize {
        let all = parameters_of(&Config { num_classes, ..config });
        all.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
    };
    assert_eq!(count(Config::tiny_w7_224(), 1000), 28_288_354);
    assert_eq!(count(Config::base_w7_224(), 1000), 87_768_224);
    assert_eq!(count(Config::large_w12_384(), 21841), 228_768_133);
}

#[test]
fn configurations_without_a_meaning_are_refused() {
    let vb = VarBuilder::zeros(DType::F32, CPU);
    let default = Config::default;
    let cases = [
        ("img_size", Config { img_size: [66, 64], ..default() }),
        ("num_heads", Config { num_heads: vec![3; 4], ..default() }),
        ("num_heads", Config { num_heads: vec![1; 3], ..default() }),
        ("depths", Config { depths: vec![], num_heads: vec![], ..default() }),
        ("norm_eps", Config { norm_eps: f64::NAN, ..default() }),
        ("window_size", Config { window_size: [0; 2], ..default() }),
        ("window_size", Config { window_size: [65536; 2], img_size: [65536; 2], ..default() }),
        ("images_per_pass", Config { images_per_pass: 0, ..default() }),
        ("windows_per_pass", Config { windows_per_pass: 0, ..default() }),
    ];
    for (expected, config) in cases {
        match Swin::new(&config, &vb) {
            Err(Error::InvalidConfig { field, .. }) => assert_eq!(field, expected, "{config:?}"),
            other => panic!("{config:?}: {other:?}"),
        }
    }
    // A window of one token has one offset.
    let tiny = Swin::new(&Config { img_size: [32; 2], ..default() }, &vb).unwrap();
    for shape in [vec![1, 3, 64, 32], vec![1, 1, 32, 32], vec![3, 32, 32], vec![0, 3, 32, 32]] {
        let error = tiny.forward_features(&Tensor::zeros(shape, DType::F32, CPU).unwrap()).unwrap_err();
        assert!(error.to_string().contains("`frames`"), "{error}");
    }
    let mut record = Record::default();
    tiny.forward_tapped(&frames(1, [32; 2], 1), &mut record).unwrap();
    assert_eq!(record.at(Point::PositionBias { stage: 3, block: 0 }).unwrap().dims(), [8, 1, 1]);
}

fn small() -> Config {
    Config {
        img_size: [32; 2],
        embed_dim: 8,
        depths: vec![1, 2, 1],
        num_heads: vec![1, 2, 4],
        window_size: [4; 2],
        ..Config::default()
    }
}

/// Tensors with timm's names, with a head of three classes that the network lacks.
fn timm() -> Tensors {
    let params = Params::seeded(5, DType::F32, CPU);
    Swin::new(&Config { num_classes: 3, ..small() }, &params.builder()).unwrap();
    params.tensors().unwrap()
}

/// The same as Microsoft and timm before 0.9 have them, with what is derived.
fn old() -> Tensors {
    let renamed = |name: String| match name.split_once(".downsample.") {
        Some((stage, rest)) => {
            let stage: usize = stage.strip_prefix("layers.").unwrap().parse().unwrap();
            format!("layers.{}.downsample.{rest}", stage - 1)
        }
        None => name.replace("head.fc.", "head."),
    };
    let mut all: Tensors = timm().into_iter().map(|(name, tensor)| (renamed(name), tensor)).collect();
    all.insert("layers.0.blocks.1.attn_mask".to_owned(), Tensor::new(&[f32::NEG_INFINITY], CPU).unwrap());
    let index = Tensor::zeros((16, 16), DType::I64, CPU).unwrap();
    all.insert("layers.0.blocks.0.attn.relative_position_index".to_owned(), index);
    all
}

fn read(tensors: &Tensors, config: &Config) -> dream_models::Result<Pretrained> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("swin.safetensors");
    write_tensors(&path, tensors).unwrap();
    pretrained::swin(&TensorFile::open(&path)?, config)
}

#[test]
fn files_of_all_publishers_are_one_tower() {
    let mut expected = timm();
    expected.retain(|name, _| !name.starts_with("head."));
    let numbers = |all: &Tensors| -> Vec<(String, Vec<f64>)> {
        all.iter().map(|(name, tensor)| (name.clone(), values(tensor))).collect()
    };
    for prefix in ["", "module.", "model.visual.", "backbone."] {
        for theirs in [timm(), old()] {
            let theirs =
                theirs.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect();
            let found = read(&theirs, &small()).unwrap();
            assert_eq!(numbers(&found.tensors), numbers(&expected));
            let notes = [Note::Prefix { prefix: prefix.to_owned() }];
            assert_eq!(found.notes, if prefix.is_empty() { &[][..] } else { &notes });
        }
    }
    // A head that is wanted has one name too.
    let head = read(&old(), &Config { num_classes: 3, ..small() }).unwrap();
    assert_eq!(numbers(&head.tensors), numbers(&timm()));
}

#[test]
fn what_does_not_fit_is_named() {
    let mut renamed = timm();
    let name = "layers.1.blocks.1.attn.relative_position_bias_table";
    let table = renamed.remove(name).unwrap();
    renamed.insert(name.replace("bias_table", "table"), table);
    let error = read(&renamed, &small()).unwrap_err();
    let Error::TensorMismatch { missing, extra, .. } = &error else { panic!("{error}") };
    assert_eq!((missing, extra), (&vec![name.to_owned()], &vec![name.replace("bias_table", "table")]));
    // Windows of another size have tables of another size.
    let error = read(&timm(), &Config { window_size: [2; 2], ..small() }).unwrap_err().to_string();
    assert!(
        error.contains("relative_position_bias_table") && error.contains("[49, 1] in the file"),
        "{error}"
    );
    // Another size, and the other version.
    let error = read(&timm(), &Config::tiny_w7_224()).unwrap_err().to_string();
    let words = "a Swin of the first version of width 8 with 1, 2, 1 blocks, wanted is a Swin of the first version of width 96";
    assert!(error.contains(words), "{error}");
    use dream_models::deep::backbones::swin_v2::{Config as Second, SwinV2};
    let params = Params::seeded(5, DType::F32, CPU);
    SwinV2::new(&Second::default(), &params.builder()).unwrap();
    let error = read(&params.tensors().unwrap(), &small()).unwrap_err().to_string();
    assert!(error.contains("the file is a Swin-V2 of width 16"), "{error}");
}
