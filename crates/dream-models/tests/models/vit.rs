//! CLIP's image towers: gradients, names of every publisher, and what must not change a bit. `vit_reference` compares the
//! numbers.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::collections::BTreeMap;

use dream_models::Error;
use dream_models::deep::backbones::vit::{ClipVit, Config, patch_mean};
use dream_models::deep::candle_core::{DType, Device, Tensor, Var};
use dream_models::deep::candle_nn::{Init, VarBuilder};
use dream_models::deep::checkpoint::{TensorFile, write_tensors};
use dream_models::deep::layers::Activation;
use dream_models::deep::pretrained::{self, Pretrained};
use dream_models::deep::tap::{Point, Record};
use dream_models::deep::text::clip;
use dream_models::deep::train::Params;
use dream_models::deep::{Parameter, parameters};
use rayon::ThreadPoolBuilder;

const CPU: &Device = &Device::Cpu;

type Tensors = BTreeMap<String, Tensor>;

/// Two blocks of 37 tokens: more than one block of rows of attention, the last not whole.
fn small() -> Config {
    Config {
        image_size: 48,
        patch_size: 8,
        width: 24,
        layers: 2,
        heads: 2,
        mlp_width: 70,
        projection: Some(9),
        ..Config::b16()
    }
}

/// Products wider than a panel.
fn wide() -> Config {
    Config { width: 192, heads: 3, mlp_width: 300, projection: Some(100), ..small() }
}

fn parameters_of(config: &Config) -> Vec<Parameter> {
    parameters(|vb| ClipVit::new(config, vb)).unwrap()
}

/// The same values in every type: far from the first ones, so that attention is not even.
fn random(config: &Config, dtype: DType) -> Params {
    let seeded = Params::seeded(3, DType::F32, CPU);
    ClipVit::new(config, &seeded.builder()).unwrap();
    let mut tensors = seeded.tensors().unwrap();
    for (name, tensor) in &mut tensors {
        let noise = Params::seeded(4, DType::F32, CPU).builder();
        let init = Init::Randn { mean: 0.0, stdev: 0.05 };
        let noise = noise.get_with_hints(tensor.shape(), name, init).unwrap();
        let factor = if name.contains("q_proj.weight") { 3.0 } else { 1.0 };
        *tensor = ((tensor.clone() * factor).unwrap() + noise).unwrap();
    }
    Params::from_tensors(&tensors, dtype, CPU).unwrap()
}

fn tower(config: &Config, dtype: DType) -> (Params, ClipVit) {
    let params = random(config, dtype);
    let tower = ClipVit::new(config, &params.builder()).unwrap();
    (params, tower)
}

fn pixels(count: usize, side: usize) -> Tensor {
    let wave = |i: usize| ((i as f32) * 0.37).sin() + ((i * i % 977) as f32 / 977.0 - 0.5);
    let data: Vec<f32> = (0..count * 3 * side * side).map(wave).collect();
    Tensor::from_vec(data, (count, 3, side, side), CPU).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn largest(tensor: &Tensor) -> f64 {
    values(tensor).into_iter().fold(0.0, |most, v| most.max(v.abs()))
}

fn near(what: &str, found: &Tensor, expected: &Tensor, allowed: f64) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    for (i, (found, expected)) in values(found).into_iter().zip(values(expected)).enumerate() {
        assert!((found - expected).abs() <= allowed, "{what}[{i}]: {found} instead of {expected}");
    }
}

/// Names of the presets by shape: 200 tensors and the published number of parameters.
#[test]
fn presets_have_the_published_sizes() {
    let count =
        |list: &[Parameter]| list.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum::<usize>();
    for (config, tensors, numbers) in [
        (Config::b16(), 200, 86_192_640),
        (Config::b32(), 200, 87_849_216),
        (Config::l14(), 392, 303_966_208),
    ] {
        let list = parameters_of(&config);
        assert_eq!((list.len(), count(&list)), (tensors, numbers), "{config:?}");
    }
    let half = parameters_of(&Config::b16().up_to(8));
    assert_eq!(half.len(), 5 + 8 * 16);
    assert!(
        half.iter().all(|(name, _)| !name.contains("post_layernorm") && !name.contains("visual_projection"))
    );
    // Depths fall from the pixels to the top, and every parameter has one of them.
    let depths: Vec<u32> = parameters_of(&small()).iter().map(|(name, _)| small().depth_of(name)).collect();
    let counted = |depth| depths.iter().filter(|&&d| d == depth).count();
    assert_eq!([0, 1, 2, 3, 4].map(counted), [3, 16, 16, 5, 0]);
}

#[test]
fn batches_and_threads_change_no_bit() {
    for config in [small(), wide()] {
        let (_, tower) = tower(&config, DType::F32);
        let pixels = pixels(5, 48);
        let run = |pixels: &Tensor| {
            let tokens = tower.tokens(pixels).unwrap();
            let means = patch_mean(&tokens).unwrap().to_vec2::<f32>().unwrap();
            (
                tower.forward(pixels).unwrap().to_vec2::<f32>().unwrap(),
                tokens.to_vec3::<f32>().unwrap(),
                means,
            )
        };
        let whole = run(&pixels);
        assert!(whole.0.iter().flatten().all(|v| v.is_finite()) && whole.0[0] != whole.0[4]);
        for count in [1, 2] {
            for first in 0..=5 - count {
                let some = run(&pixels.narrow(0, first, count).unwrap());
                assert_eq!(some.0, whole.0[first..first + count], "{count} from {first}");
                assert_eq!(some.1, whole.1[first..first + count], "{count} from {first}");
                assert_eq!(some.2, whole.2[first..first + count], "{count} from {first}");
            }
        }
        for threads in [1, 2, 3] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert!(pool.install(|| run(&pixels)) == whole, "{threads} threads");
        }
    }
}

/// The attention in one pass against candle's own operations, which double precision uses; and every parameter learns.
#[test]
fn kernels_agree_with_compositions() {
    for config in [small(), wide(), Config { activation: Activation::Gelu, ..small() }] {
        let run = |dtype| {
            let (params, tower) = tower(&config, dtype);
            let pixels = Var::from_tensor(&pixels(2, 48).to_dtype(dtype).unwrap()).unwrap();
            let found = tower.forward(&pixels).unwrap();
            let mean = patch_mean(&tower.tokens(&pixels).unwrap()).unwrap();
            let loss =
                (found.sqr().unwrap().sum_all().unwrap() + mean.sqr().unwrap().sum_all().unwrap()).unwrap();
            let store = loss.backward().unwrap();
            let named = params.named().into_iter().chain([("pixels".to_owned(), pixels)]);
            let gradients: Tensors =
                named.map(|(name, var)| (name, store.get(&var).unwrap().clone())).collect();
            (found, gradients)
        };
        let ((found, gradients), (expected, reference)) = (run(DType::F32), run(DType::F64));
        near("representations", &found, &expected, 2e-5 * largest(&expected));
        for (name, expected) in &reference {
            // The bias of keys has no effect: its gradient is rounding, bounded by that of its neighbour.
            let scale = largest(&reference[&name.replace("k_proj.bias", "q_proj.bias")]);
            near(name, &gradients[name], expected, 2e-4 * scale);
            assert!(largest(&gradients[name]) > 0.0 && scale.is_finite() && scale > 0.0, "{name}");
        }
        assert_eq!(reference.len(), 1 + parameters_of(&config).len());
    }
}

/// Differences along a random direction in every parameter and in the pixels, in double precision.
#[test]
fn gradients_are_finite_differences() {
    let (params, tower) = tower(&small(), DType::F64);
    let pixels = Var::from_tensor(&pixels(2, 48).to_dtype(DType::F64).unwrap()).unwrap();
    let loss = || {
        let found = tower.forward(&pixels).unwrap();
        let tokens = tower.tokens_after(&pixels, 1).unwrap();
        (found.sqr().unwrap().sum_all().unwrap() + tokens.powf(3.0).unwrap().mean_all().unwrap()).unwrap()
    };
    let store = loss().backward().unwrap();
    for (name, var) in params.named().into_iter().chain([("pixels".to_owned(), pixels.clone())]) {
        let gradient = store.get(&var).unwrap_or_else(|| panic!("no gradient for {name}"));
        let noise = Params::seeded(8, DType::F64, CPU).builder();
        let direction =
            noise.get_with_hints(var.shape(), "d", Init::Randn { mean: 0.0, stdev: 1.0 }).unwrap();
        let expected = (gradient * &direction).unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap();
        let before = var.as_tensor().copy().unwrap();
        let at = |step: f64| {
            var.set(&(&before + (&direction * step).unwrap()).unwrap()).unwrap();
            loss().to_scalar::<f64>().unwrap()
        };
        let step = 1e-6;
        let found = (at(step) - at(-step)) / (2.0 * step);
        var.set(&before).unwrap();
        let scale = values(gradient).iter().map(|v| v * v).sum::<f64>().sqrt();
        assert!((found - expected).abs() <= 1e-5 * scale + 1e-6, "{name}: {found} instead of {expected}");
        assert!(scale.is_finite() && (scale > 1e-3 || name.ends_with("k_proj.bias")), "{name}: {scale}");
    }
}

#[test]
fn half_precision_is_near() {
    let config = wide();
    let (_, single) = tower(&config, DType::F32);
    let (_, half) = tower(&config, DType::BF16);
    let pixels = pixels(2, 48);
    let expected = single.forward(&pixels).unwrap();
    let found = half.forward(&pixels.to_dtype(DType::BF16).unwrap()).unwrap();
    assert_eq!(found.dtype(), DType::BF16);
    near("representations", &found, &expected, 4e-2 * largest(&expected));
    let tokens = half.tokens(&pixels.to_dtype(DType::BF16).unwrap()).unwrap();
    let mean = patch_mean(&tokens).unwrap();
    assert_eq!((tokens.dtype(), mean.dtype()), (DType::BF16, DType::F32));
    let expected = patch_mean(&single.tokens(&pixels).unwrap()).unwrap();
    near("means", &mean, &expected, 4e-2 * largest(&expected));
}

#[test]
fn tokens_are_those_that_a_tap_sees() {
    let (params, tower) = tower(&small(), DType::F32);
    let pixels = pixels(3, 48);
    let mut record = Record::default();
    let seen = tower.forward_with(&pixels, Some(&mut record)).unwrap();
    near("representations", &seen, &tower.forward(&pixels).unwrap(), 1e-5 * largest(&seen));
    assert_eq!(values(&tower.forward_with(&pixels, None).unwrap()), values(&tower.forward(&pixels).unwrap()));
    for block in 0..=2 {
        let tokens = tower.tokens_after(&pixels, block).unwrap();
        near("tokens", &record.inputs[block], &tokens, 1e-5 * largest(&tokens));
    }
    let one_pass = tower.tokens_after_each(&pixels, &[0, 2]).unwrap();
    assert_eq!(one_pass.len(), 2);
    for (tokens, block) in one_pass.iter().zip([0, 2]) {
        assert_eq!(values(tokens), values(&tower.tokens_after(&pixels, block).unwrap()), "block {block}");
    }
    let dims = |point| record.at(point).map(|tensor| tensor.dims().to_vec());
    assert_eq!(dims(Point::PatchEmbed), Some(vec![3, 6, 6, 24]));
    assert_eq!(dims(Point::Attention { stage: 0, block: 1 }), Some(vec![3, 2, 37, 37]));
    assert_eq!(dims(Point::Block { stage: 0, block: 1 }), Some(vec![3, 37, 24]));
    assert_eq!(dims(Point::Pooled), Some(vec![3, 24]));

    // The first block alone, on the parameters of the whole tower.
    let half = ClipVit::new(&small().up_to(1), &params.builder()).unwrap();
    assert_eq!(values(&half.tokens(&pixels).unwrap()), values(&tower.tokens_after(&pixels, 1).unwrap()));
    let tokens = half.tokens(&pixels).unwrap();
    let mean = tokens.narrow(1, 1, 36).unwrap().to_dtype(DType::F64).unwrap().mean(1).unwrap();
    near("means", &patch_mean(&tokens).unwrap(), &mean, 1e-6);
}

#[test]
fn what_has_no_meaning_is_refused() {
    let (_, tower) = tower(&small(), DType::F32);
    let refused = |result: dream_models::Result<Tensor>, part: &str| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::InvalidInput { .. }) && error.to_string().contains(part), "{error}");
    };
    for shape in [vec![1, 3, 48, 40], vec![1, 1, 48, 48], vec![3, 48, 48], vec![0, 3, 48, 48]] {
        let pixels = Tensor::zeros(shape, DType::F32, CPU).unwrap();
        refused(tower.forward(&pixels), "[n, 3, 48, 48]");
        refused(tower.tokens(&pixels), "[n, 3, 48, 48]");
        refused(tower.forward_with(&pixels, Some(&mut Record::default())), "[n, 3, 48, 48]");
    }
    refused(tower.tokens_after(&pixels(1, 48), 3), "no tokens after 3");
    for blocks in [&[] as &[usize], &[1, 1], &[2, 1]] {
        let each = tower.tokens_after_each(&pixels(1, 48), blocks).map(|mut tokens| tokens.remove(0));
        refused(each, "ascend");
    }
    let each = tower.tokens_after_each(&pixels(1, 48), &[1, 3]).map(|mut tokens| tokens.remove(0));
    refused(each, "no tokens after 3");
    let half = ClipVit::new(&small().up_to(2), &VarBuilder::zeros(DType::F32, CPU)).unwrap();
    refused(half.forward(&pixels(1, 48)), "`projection`");
    refused(patch_mean(&Tensor::zeros((2, 1, 4), DType::F32, CPU).unwrap()), "1 + patches");

    let default = small;
    for (expected, config) in [
        ("patch_size", Config { patch_size: 7, ..default() }),
        ("patch_size", Config { patch_size: 0, ..default() }),
        ("heads", Config { heads: 5, ..default() }),
        ("layers", Config { layers: 0, ..default() }),
        ("layers", default().up_to(1 << 20)),
        ("width", Config { width: usize::MAX, ..default() }),
        ("projection", Config { projection: Some(0), ..default() }),
        ("image_size", Config { image_size: 65536, patch_size: 1, ..default() }),
    ] {
        match ClipVit::new(&config, &VarBuilder::zeros(DType::F32, CPU)) {
            Err(Error::InvalidConfig { field, .. }) => assert_eq!(field, expected, "{config:?}"),
            other => panic!("{config:?}: {other:?}"),
        }
    }
    assert!(serde_json::from_str::<Config>(r#"{ "image_size": 48 }"#).is_err());
}

/// The tower as OpenAI and OpenCLIP write it, below `prefix`.
fn openai(prefix: &str, tensors: &Tensors) -> Tensors {
    let mut out = Tensors::new();
    for (name, tensor) in tensors {
        let renamed = name
            .replace("vision_model.embeddings.position_embedding.weight", "positional_embedding")
            .replace("vision_model.embeddings.patch_embedding.weight", "conv1.weight")
            .replace("vision_model.embeddings.class_embedding", "class_embedding")
            .replace("vision_model.pre_layrnorm", "ln_pre")
            .replace("vision_model.post_layernorm", "ln_post")
            .replace("vision_model.encoder.layers", "transformer.resblocks")
            .replace("layer_norm", "ln_")
            .replace("self_attn.out_proj", "attn.out_proj")
            .replace("mlp.fc1", "mlp.c_fc")
            .replace("mlp.fc2", "mlp.c_proj");
        let (name, tensor) = if name == "visual_projection.weight" {
            ("proj".to_owned(), tensor.t().unwrap().contiguous().unwrap())
        } else if let Some((block, kind)) = renamed.split_once("self_attn.q_proj.") {
            let part = |letter: &str| tensors[&name.replace("q_proj", &format!("{letter}_proj"))].clone();
            let joint = Tensor::cat(&["q", "k", "v"].map(part), 0).unwrap();
            (format!("{block}attn.in_proj_{kind}"), joint)
        } else if renamed.contains("self_attn.") {
            continue;
        } else {
            (renamed, tensor.clone())
        };
        out.insert(format!("{prefix}{name}"), tensor);
    }
    out
}

fn read(tensors: &Tensors, config: &Config) -> dream_models::Result<Pretrained> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.safetensors");
    write_tensors(&path, tensors).unwrap();
    pretrained::clip_vit(&TensorFile::open(path).unwrap(), config)
}

fn same(found: &Tensors, expected: &Tensors) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, tensor) in expected {
        assert_eq!((found[name].dims(), values(&found[name])), (tensor.dims(), values(tensor)), "{name}");
    }
}

/// The text tower and what else is in a file of a whole CLIP.
fn others(is_openai: bool) -> Tensors {
    let zero = || Tensor::zeros(1, DType::F32, CPU).unwrap();
    let names = if is_openai {
        [
            "token_embedding.weight",
            "positional_embedding",
            "text_projection",
            "transformer.resblocks.0.ln_1.bias",
        ]
    } else {
        [
            "text_model.embeddings.token_embedding.weight",
            "vision_model.embeddings.position_ids",
            "text_projection.weight",
            "logit_scale",
        ]
    };
    names.into_iter().map(|name| (name.to_owned(), zero())).collect()
}

#[test]
fn every_publisher_s_names_are_one_tower() {
    let all = random(&small(), DType::F32).tensors().unwrap();
    let with = |mut tensors: Tensors, more: Tensors| {
        tensors.extend(more);
        tensors
    };
    let hugging_face = with(all.clone(), others(false));
    let whole = with(openai("visual.", &all), others(true));
    assert_eq!(openai("", &all).len(), 3 + 5 + 2 * 12);
    for (file, prefix) in [
        (hugging_face.clone(), None),
        (whole.clone(), None),
        (openai("", &all), None),
        (openai("model.visual.", &all), Some("model.")),
        (
            all.iter().map(|(name, tensor)| (format!("module.{name}"), tensor.clone())).collect(),
            Some("module."),
        ),
    ] {
        let found = read(&file, &small()).unwrap();
        same(&found.tensors, &all);
        assert_eq!(found.notes.is_empty(), prefix.is_none(), "{:?}", found.notes);
    }
    // Blocks above those that are wanted, the last norm and the projection are left out.
    let mut half = all.clone();
    half.retain(|name, _| {
        !name.contains("layers.1.") && !name.contains("post_") && !name.starts_with("visual_")
    });
    for file in [&hugging_face, &whole] {
        same(&read(file, &small().up_to(1)).unwrap().tensors, &half);
    }
    let error = read(&with(all.clone(), openai("visual.", &all)), &small()).unwrap_err().to_string();
    assert!(error.contains("two publishers"), "{error}");
}

#[test]
fn a_renamed_tensor_is_named() {
    let all = random(&small(), DType::F32).tensors().unwrap();
    let renamed = |tensors: &Tensors, from: &str, to: &str| -> Tensors {
        assert!(tensors.contains_key(from), "{from}");
        tensors.iter().map(|(name, t)| (if name == from { to } else { name }.to_owned(), t.clone())).collect()
    };
    let ours = "vision_model.encoder.layers.1.self_attn.k_proj.weight";
    let theirs = "vision_model.encoder.layers.1.self_attn.kay_proj.weight";
    match read(&renamed(&all, ours, theirs), &small()).unwrap_err() {
        Error::TensorMismatch { missing, extra, .. } => {
            assert_eq!((missing, extra), (vec![ours.to_owned()], vec![theirs.to_owned()]));
        }
        error => panic!("{error}"),
    }
    let open = openai("visual.", &all);
    for (from, to, missing) in [
        ("visual.ln_post.bias", "visual.ln_last.bias", "vision_model.post_layernorm.bias"),
        ("visual.proj", "visual.projection", "visual_projection.weight"),
        (
            "visual.transformer.resblocks.0.attn.in_proj_bias",
            "visual.transformer.resblocks.0.attn.in_bias",
            "vision_model.encoder.layers.0.self_attn.q_proj.bias",
        ),
    ] {
        let error = read(&renamed(&open, from, to), &small()).unwrap_err().to_string();
        let last = to.rsplit('.').next().unwrap();
        assert!(error.contains(missing) && error.contains(last), "{error}");
    }
    // A builder that lacks one says so too.
    let mut torn = all.clone();
    torn.remove(ours);
    let params = Params::from_tensors(&torn, DType::F32, CPU).unwrap();
    let vb = VarBuilder::from_tensors(params.tensors().unwrap().into_iter().collect(), DType::F32, CPU);
    assert!(ClipVit::new(&small(), &vb).unwrap_err().to_string().contains(ours));
}

#[test]
fn what_a_file_seems_to_be_is_said() {
    let all = random(&small(), DType::F32).tensors().unwrap();
    let mut file = openai("visual.", &all);
    file.extend(others(true));
    let error = read(&file, &wide()).unwrap_err().to_string();
    assert!(
        error.contains("the file is an image tower of CLIP of width 24 with patches of 8 pixels and a text"),
        "{error}"
    );
    assert!(error.contains("wanted is an image tower of CLIP of width 192"), "{error}");
    let error = read(&others(false), &small()).unwrap_err().to_string();
    assert!(error.contains("the file is a text tower of CLIP"), "{error}");
    // The text tower of such a file is not confused with the image tower.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.safetensors");
    write_tensors(&path, &all).unwrap();
    let error = pretrained::clip_text(&TensorFile::open(path).unwrap(), &clip::Config::default());
    assert!(error.unwrap_err().to_string().contains("the file is an image tower of CLIP of width 24"));
}
