//! Swin-V2 against timm: intermediate results, gradients, names; and what must not change a bit.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test helper is a failed test"
)]

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::PathBuf;

use dream_models::Error;
use dream_models::deep::backbones::swin_v2::{Config, SwinV2};
use dream_models::deep::candle_core::{DType, Device, Tensor, Var, safetensors};
use dream_models::deep::candle_nn::{VarBuilder, VarMap};
use dream_models::deep::tap::Record;
use dream_models::deep::{Parameter, parameters};
use serde_json::Value;

const CASES: [&str; 4] = [
    "swinv2_a_win8_img64",
    "swinv2_b_win4_img64_nopretrained",
    "swinv2_c_nonsquare_64x128",
    "swinv2_d_true_geometry_256",
];

/// A file of the shared folder; `None`, with a line on the terminal, where it is allowed to be missing.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DREAM_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = root.join("golden/models").join(name);
    if path.is_file() {
        return Some(path);
    }
    let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1");
    assert!(!required, "{} is missing; set DREAM_SHARED to the shared folder", path.display());
    // Written past the test runner, which hides what a passing test prints.
    let mut terminal = std::io::stderr();
    writeln!(terminal, "SKIPPED: {}", path.display()).unwrap();
    None
}

fn parameters_of(config: &Config) -> dream_models::Result<Vec<Parameter>> {
    parameters(|vb| SwinV2::new(config, vb))
}

pub(crate) fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

pub(crate) fn same(name: &str, found: &Tensor, expected: &Tensor, tolerance: impl Fn(f64) -> f64) {
    let (found, expected) = (values(found), values(expected));
    assert_eq!(found.len(), expected.len(), "{name}");
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        assert!((f - e).abs() <= tolerance(*e), "{name}[{i}] is {f} instead of {e}");
    }
}

/// Forward and backward with these weights, compared with everything that `golden` has.
fn compare(
    config: &Config,
    weights: HashMap<String, Tensor>,
    golden: &HashMap<String, Tensor>,
    gradients: f64,
) {
    let vars: HashMap<String, Var> =
        weights.into_iter().map(|(name, tensor)| (name, Var::from_tensor(&tensor).unwrap())).collect();
    let tensors = vars.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())).collect();
    let model = SwinV2::new(config, &VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu)).unwrap();
    let input = Var::from_tensor(&golden["input"]).unwrap();
    let mut record = Record::default();
    let pooled = model.forward_tapped(&input, &mut record).unwrap();
    let mut seen: HashMap<String, Tensor> =
        record.points.into_iter().map(|(point, tensor)| (point.to_string(), tensor)).collect();
    let score = pooled.broadcast_mul(&golden["probe"]).unwrap().sum(1).unwrap();
    let targets = Tensor::arange(1.0, score.elem_count() as f32 + 1.0, &Device::Cpu).unwrap();
    let loss = (&score - targets).unwrap().sqr().unwrap().mean_all().unwrap();
    let store = loss.backward().unwrap();
    seen.extend([("pooled".to_owned(), pooled), ("score".to_owned(), score), ("loss".to_owned(), loss)]);
    for (name, expected) in golden {
        if let Some(name) = name.strip_prefix("out.") {
            let found = match name.rsplit_once(".b0_rows") {
                None => seen[name].clone(),
                Some((point, "0_1")) => seen[point].get(0).unwrap().narrow(0, 0, 2).unwrap(),
                Some((point, _)) => {
                    let all = seen[point].get(0).unwrap();
                    all.narrow(0, all.dim(0).unwrap() - 2, 2).unwrap()
                }
            };
            same(name, &found, expected, |e| 1e-4 + 1e-4 * e.abs());
        } else if let Some(name) = name.strip_prefix("grad.") {
            let var = if name == "input" { &input } else { &vars[name] };
            let largest = values(expected).into_iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
            let found = store.get(var).unwrap_or_else(|| panic!("{name} has no gradient"));
            same(&format!("gradient of {name}"), found, expected, |_| gradients * largest);
        }
    }
}

#[test]
fn shared_cases() {
    for case in CASES {
        let file = |kind| shared(&format!("swinv2/{case}.{kind}"));
        let (Some(json), Some(weights), Some(io)) =
            (file("json"), file("weights.safetensors"), file("io.safetensors"))
        else {
            continue;
        };
        let json: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
        let config = serde_json::from_value(json["config"].clone()).unwrap();
        let load = |path| safetensors::load(path, &Device::Cpu).unwrap();
        compare(&config, load(weights), &load(io), 1e-3);
    }
}

/// Padding on both axes, odd sides before the merging, windows that are clamped and not square.
fn padded() -> (Config, HashMap<String, Tensor>, HashMap<String, Tensor>) {
    let bytes = include_bytes!("../../testdata/swin_v2_padded.safetensors");
    let all = safetensors::load_buffer(bytes, &Device::Cpu).unwrap();
    let config = Config {
        img_size: [56, 40],
        embed_dim: 8,
        depths: vec![1; 3],
        num_heads: vec![2, 2, 4],
        window_size: [4, 6],
        pretrained_window_sizes: vec![6, 0, 3],
        ..Config::default()
    };
    let (mut weights, mut golden) = (HashMap::new(), HashMap::new());
    for (name, tensor) in all {
        match name.strip_prefix("weight.") {
            Some(name) => weights.insert(name.to_owned(), tensor),
            None => golden.insert(name, tensor),
        };
    }
    (config, weights, golden)
}

#[test]
fn committed_case() {
    let (config, weights, golden) = padded();
    assert_eq!(weights.len(), parameters_of(&config).unwrap().len());
    compare(&config, weights, &golden, 1e-3);
}

/// The kernels against candle's own operations, which double precision uses.
#[test]
fn kernels_agree_with_compositions() {
    // Seven windows at a time: pieces that end within a grid, where the masks of windows differ.
    let config = Config {
        depths: vec![2; 4],
        window_size: [4; 2],
        qkv_bias: false,
        windows_per_pass: 7,
        ..Config::default()
    };
    let (single, wide) = (random(&config, DType::F32), random(&config, DType::F64));
    let frames = frames(2, [64, 64], 3);
    let run = |vars: &HashMap<String, Var>, dtype| {
        let model = model(&config, vars, dtype);
        let pooled = model.forward_features(&frames.to_dtype(dtype).unwrap()).unwrap();
        let store = pooled.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        let gradients: HashMap<String, Tensor> =
            vars.iter().map(|(name, var)| (name.clone(), store.get(var).unwrap().clone())).collect();
        (pooled, gradients)
    };
    let ((found, gradients), (expected, reference)) = (run(&single, DType::F32), run(&wide, DType::F64));
    same("features", &found, &expected, |e| 2e-5 + 2e-5 * e.abs());
    for (name, expected) in &reference {
        let largest = values(expected).into_iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
        same(name, &gradients[name], expected, |_| 2e-4 * largest);
        // Gradient coverage: no parameter is cut off.
        assert!(largest > 0.0 && largest.is_finite(), "{name}: {largest}");
    }
    assert_eq!(reference.len(), parameters_of(&config).unwrap().len());
}

/// Random parameters by name, the same ones in every type.
fn random(config: &Config, dtype: DType) -> HashMap<String, Var> {
    let mut state = 11_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1_u64 << 23) as f32) - 1.0
    };
    let mut vars = HashMap::new();
    for (name, shape) in parameters_of(config).unwrap() {
        let count = shape.iter().product();
        let near = if name.contains("norm") && name.ends_with("weight") { 1.0 } else { 0.0 };
        let data: Vec<f32> = (0..count).map(|_| near + 0.3 * next()).collect();
        let tensor = Tensor::from_vec(data, shape, &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
        vars.insert(name, Var::from_tensor(&tensor).unwrap());
    }
    vars
}

fn model(config: &Config, vars: &HashMap<String, Var>, dtype: DType) -> SwinV2 {
    let tensors = vars.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())).collect();
    SwinV2::new(config, &VarBuilder::from_tensors(tensors, dtype, &Device::Cpu)).unwrap()
}

fn frames(count: usize, [height, width]: [usize; 2], seed: u32) -> Tensor {
    let wave = |i: usize| ((i as f32 + seed as f32) * 0.37).sin() + ((i * i % 977) as f32 / 977.0 - 0.5);
    let data: Vec<f32> = (0..count * 3 * height * width).map(wave).collect();
    Tensor::from_vec(data, (count, 3, height, width), &Device::Cpu).unwrap()
}

#[test]
fn chunks_batches_and_threads_change_no_bit() {
    let config = Config { depths: vec![2; 4], window_size: [4; 2], ..Config::default() };
    let vars = random(&config, DType::F32);
    let frames = frames(5, [64, 64], 9);
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
    let wide = random(&config, DType::F64);
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
    let Some(path) = shared("keys/swinv2_large_window12to16_192to256.json") else { return };
    let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let config = Config { num_classes: 1000, ..Config::large_w12to16_192to256() };
    let shape = |tensor: &Value| -> Vec<usize> {
        let sides = tensor["shape"].as_array().unwrap();
        sides.iter().map(|side| usize::try_from(side.as_u64().unwrap()).unwrap()).collect()
    };
    // One zero seen through strides of 0: no 0.8 GB.
    let zero = Tensor::zeros((), DType::F32, &Device::Cpu).unwrap();
    let mut tensors: HashMap<String, Tensor> =
        json["tensors"].as_array().unwrap().iter().fold(HashMap::new(), |mut all, tensor| {
            let zeros = zero.broadcast_as(shape(tensor)).unwrap();
            all.insert(tensor["name"].as_str().unwrap().to_owned(), zeros);
            all
        });
    assert_eq!(tensors.len(), 425);
    let asked: HashSet<String> = parameters_of(&config).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(asked, tensors.keys().cloned().collect());
    let build = |tensors| SwinV2::new(&config, &VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu));
    build(tensors.clone()).unwrap();
    let name = "layers.2.blocks.7.attn.qkv.weight";
    let tensor = tensors.remove(name).unwrap();
    tensors.insert("layers.2.blocks.7.attn.qkw.weight".to_owned(), tensor.clone());
    let error = build(tensors.clone()).unwrap_err().to_string();
    assert!(error.contains(name), "{error}");
    tensors.insert(name.to_owned(), tensor.t().unwrap());
    assert!(build(tensors).unwrap_err().to_string().contains(name));
}

#[test]
fn configurations_without_a_meaning_are_refused() {
    let vb = VarBuilder::zeros(DType::F32, &Device::Cpu);
    let default = Config::default;
    let two = || Config { depths: vec![2; 4], ..default() };
    let cases = [
        ("pretrained_window_sizes", Config { img_size: [32; 2], ..default() }),
        ("pretrained_window_sizes", Config { pretrained_window_sizes: vec![1; 4], ..default() }),
        ("pretrained_window_sizes", Config { pretrained_window_sizes: vec![], ..default() }),
        ("img_size", Config { img_size: [80; 2], ..two() }),
        ("img_size", Config { img_size: [66, 64], ..default() }),
        ("img_size", Config { img_size: [0, 64], ..default() }),
        ("num_heads", Config { num_heads: vec![3; 4], ..default() }),
        ("num_heads", Config { num_heads: vec![1; 3], ..default() }),
        ("depths", Config { depths: vec![], num_heads: vec![], ..default() }),
        ("depths", Config { depths: vec![0; 4], ..default() }),
        ("norm_eps", Config { norm_eps: f64::NAN, ..default() }),
        ("mlp_ratio", Config { mlp_ratio: f64::INFINITY, ..default() }),
        ("window_size", Config { window_size: [65536; 2], img_size: [65536; 2], ..default() }),
        ("images_per_pass", Config { images_per_pass: 0, ..default() }),
        ("embed_dim", Config { embed_dim: usize::MAX, ..default() }),
    ];
    for (expected, config) in cases {
        match SwinV2::new(&config, &vb) {
            Err(Error::InvalidConfig { field, .. }) => assert_eq!(field, expected, "{config:?}"),
            other => panic!("{config:?}: {other:?}"),
        }
    }
    SwinV2::new(&Config { img_size: [80; 2], ..default() }, &vb).unwrap();
}

#[test]
fn frames_of_another_size_are_refused() {
    let variables = VarMap::new();
    let vb = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    let model = SwinV2::new(&Config { num_classes: 2, ..Config::default() }, &vb).unwrap();
    for shape in [vec![1, 3, 64, 32], vec![1, 1, 64, 64], vec![3, 64, 64], vec![0, 3, 64, 64]] {
        let frames = Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        let error = model.forward_features(&frames).unwrap_err().to_string();
        assert!(error.contains("`frames`"), "{error}");
    }
    use dream_models::deep::candle_core::Module;
    let black = Tensor::zeros((2, 3, 64, 64), DType::F32, &Device::Cpu).unwrap();
    let scores = model.forward(&black).unwrap();
    assert_eq!(scores.dims(), [2, 2]);
    assert!(values(&scores).iter().all(|v| v.is_finite()));
}
