//! CLIP's text tower and tokenizer against PyTorch's numbers; `cargo xtask golden` compares the larger sets.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::collections::BTreeMap;

use dream_models::deep::candle_core::{DType, Device, Tensor, Var};
use dream_models::deep::candle_nn::Init;
use dream_models::deep::checkpoint::TensorFile;
use dream_models::deep::parameters;
use dream_models::deep::tap::{Point, Record};
use dream_models::deep::text::clip::{Config, TextTower, Tokenizer};
use dream_models::deep::train::Params;
use rayon::ThreadPoolBuilder;
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");

fn tensors(name: &str) -> BTreeMap<String, Tensor> {
    let file = TensorFile::open(format!("{DATA}/{name}")).unwrap();
    file.read_where(|_| true, &Device::Cpu).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn near(what: &str, found: &Tensor, expected: &Tensor, absolute: f64, relative: f64) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    for (i, (found, expected)) in values(found).into_iter().zip(values(expected)).enumerate() {
        let allowed = absolute + relative * expected.abs();
        assert!((found - expected).abs() <= allowed, "{what}[{i}]: {found} instead of {expected}");
    }
}

fn config() -> Config {
    let description: Value = serde_json::from_str(include_str!("../../testdata/clip_text_t1.json")).unwrap();
    let mut fields = description["config"].as_object().unwrap().clone();
    fields.retain(|name, _| name != "bos_token_id" && name != "pad_token_id");
    serde_json::from_value(fields.into()).unwrap()
}

#[test]
fn outputs_and_gradients_are_those_of_the_reference() {
    let config = config();
    let expected = parameters(|vb| TextTower::new(&config, vb)).unwrap();
    let file = TensorFile::open(format!("{DATA}/clip_text_t1.weights.safetensors")).unwrap();
    let weights = file.read_exactly(&expected, DType::F32, &Device::Cpu).unwrap();
    let params = Params::from_tensors(&weights, DType::F32, &Device::Cpu).unwrap();
    let tower = TextTower::new(&config, &params.builder()).unwrap();
    let golden = tensors("clip_text_t1.io.safetensors");

    let mut record = Record::default();
    let embedded = tower.forward_tapped(&golden["input_ids"], &mut record).unwrap();
    let at = |point| record.at(point).unwrap();
    let found = [
        ("text_embeds", &embedded),
        ("pooled_eot", at(Point::Pooled)),
        ("last_hidden_state", at(Point::Norm)),
        ("attn.0", at(Point::Attention { stage: 0, block: 0 })),
        ("hidden_states.0", &record.inputs[0]),
        ("hidden_states.3", &record.inputs[3]),
    ];
    for (name, tensor) in found {
        near(name, tensor, &golden[&format!("out.{name}")], 1e-4, 1e-4);
    }
    let other_padding = tower.forward(&golden["input_ids_zero_padded"]).unwrap();
    assert_eq!(values(&other_padding), values(&tower.forward(&golden["input_ids"]).unwrap()));

    let score = other_padding.broadcast_mul(&golden["probe"]).unwrap().sum(1).unwrap();
    let targets = Tensor::arange(0f32, 5.0, &Device::Cpu).unwrap();
    let loss = (score - targets).unwrap().sqr().unwrap().mean_all().unwrap();
    let store = loss.backward().unwrap();
    for (name, var) in params.named() {
        let found = store.get(&var).unwrap_or_else(|| panic!("no gradient for {name}"));
        assert!(values(found).iter().all(|v| v.is_finite()), "{name}");
        // The bias of keys has no effect: its gradient is rounding, bounded by that of its neighbour.
        let scale = format!("grad.{}", name.replace("k_proj.bias", "q_proj.bias"));
        if let Some(expected) = golden.get(&format!("grad.{name}")) {
            let largest = values(&golden[&scale]).into_iter().fold(0f64, |most, v| most.max(v.abs()));
            near(&name, found, expected, 1e-3 * largest, 0.0);
        }
    }
}

#[test]
fn ids_are_those_of_the_reference() {
    let cases: Value =
        serde_json::from_str(include_str!("../../testdata/clip_tokenizer_cases.json")).unwrap();
    let clip = Tokenizer::clip().unwrap();
    let long = clip.clone().with_context(4096).unwrap();
    let ids = |value: &Value| -> Vec<u64> { serde_json::from_value(value.clone()).unwrap() };
    let cases = cases["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 33);
    for case in cases {
        let text = case["text"].as_str().unwrap();
        for (tokenizer, key) in [(&long, "ids"), (&clip, "ids_truncated_77")] {
            let tokens = tokenizer.encode_batch(&[text]).unwrap();
            let found: Vec<u64> = tokens.rows()[0].iter().map(|&id| u64::from(id)).collect();
            assert_eq!(found, ids(&case[key]), "{text:?}");
            assert_eq!(tokens.truncated(), usize::from(found.len() < ids(&case["ids"]).len()), "{text:?}");
        }
    }
}

/// A tower that takes a few texts in more than one pass.
fn towers() -> [Config; 2] {
    let small = Config { vocab_size: 60, eos_token_id: 59, ..Config::default() };
    let wide = Config { hidden_size: 768, intermediate_size: 1100, num_attention_heads: 6, ..small.clone() };
    let narrow = Config { hidden_size: 24, intermediate_size: 700, projection_dim: 5, ..small };
    [Config { projection_dim: 100, ..wide }, narrow]
}

/// The same values in every type: far from the first ones, so that attention is not even.
fn random(config: &Config, dtype: DType) -> Params {
    let seeded = Params::seeded(3, DType::F32, &Device::Cpu);
    TextTower::new(config, &seeded.builder()).unwrap();
    let mut tensors = seeded.tensors().unwrap();
    for (name, tensor) in &mut tensors {
        let noise = Params::seeded(4, DType::F32, &Device::Cpu).builder();
        let init = Init::Randn { mean: 0.0, stdev: 0.05 };
        let noise = noise.get_with_hints(tensor.shape(), name, init).unwrap();
        let factor = if name.contains("q_proj.weight") { 2.0 } else { 1.0 };
        *tensor = ((tensor.clone() * factor).unwrap() + noise).unwrap();
    }
    Params::from_tensors(&tensors, dtype, &Device::Cpu).unwrap()
}

/// Texts of these lengths, padded to `width` with ids that differ.
fn texts(lengths: &[usize], width: usize) -> Tensor {
    let row = |(text, &length): (usize, &usize)| {
        (0..width).map(move |i| match (i + 1).cmp(&length) {
            std::cmp::Ordering::Equal => 59,
            order => u32::try_from((i * 7 + text * 13 + order as usize % 3) % 59).unwrap(),
        })
    };
    let ids: Vec<u32> = lengths.iter().enumerate().flat_map(row).collect();
    Tensor::from_vec(ids, (lengths.len(), width), &Device::Cpu).unwrap()
}

#[test]
fn batches_padding_and_threads_change_no_bit() {
    let lengths = [20, 2, 3, 40, 20, 9, 1, 12];
    for config in towers() {
        let params = random(&config, DType::F32);
        let tower = TextTower::new(&config, &params.builder()).unwrap();
        let run = |ids: &Tensor| tower.forward(ids).unwrap().to_vec2::<f32>().unwrap();
        let whole = run(&texts(&lengths, 40));
        assert!(whole.iter().flatten().all(|v| v.is_finite()) && whole[0] != whole[4]);
        assert_eq!(run(&texts(&lengths, 77)), whole, "padding");
        for count in [1, 3] {
            for first in 0..=lengths.len() - count {
                let some = texts(&lengths, 77).narrow(0, first, count).unwrap();
                assert_eq!(run(&some), whole[first..first + count], "{count} from {first}");
            }
        }
        for threads in [1, 2, 3] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| run(&texts(&lengths, 77))), whole, "{threads} threads");
        }
        // The tokens after the end are computed where a longer text needs them.
        let long = texts(&[20, 77], 77);
        assert_eq!(run(&long)[0], whole[0]);
    }
}

/// The attention in one pass against candle's own operations, which double precision uses.
#[test]
fn kernels_agree_with_compositions() {
    // More than two blocks of rows, the last of them not whole.
    let lengths = [61, 5, 24, 25, 70];
    for config in towers() {
        let run = |dtype| {
            let params = random(&config, dtype);
            let tower = TextTower::new(&config, &params.builder()).unwrap();
            let found = tower.forward(&texts(&lengths, 77)).unwrap();
            let store = found.sqr().unwrap().sum_all().unwrap().backward().unwrap();
            let gradient = |(name, var): (String, Var)| (name, store.get(&var).unwrap().clone());
            let gradients: BTreeMap<String, Tensor> = params.named().into_iter().map(gradient).collect();
            (found, gradients)
        };
        let ((found, gradients), (expected, reference)) = (run(DType::F32), run(DType::F64));
        let largest = |tensor: &Tensor| values(tensor).into_iter().fold(0f64, |most, v| most.max(v.abs()));
        near("representations", &found, &expected, 2e-5 * largest(&expected), 0.0);
        for (name, expected) in &reference {
            // The bias of keys has no effect: its gradient is rounding, bounded by that of its neighbour.
            let scale = largest(&reference[&name.replace("k_proj.bias", "q_proj.bias")]);
            near(name, &gradients[name], expected, 2e-4 * scale, 0.0);
            // Gradient coverage: no parameter is cut off.
            assert!(largest(&gradients[name]) > 0.0 && scale.is_finite(), "{name}");
        }
        assert_eq!(reference.len(), parameters(|vb| TextTower::new(&config, vb)).unwrap().len());
    }
}
