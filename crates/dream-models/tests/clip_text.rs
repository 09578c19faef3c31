//! CLIP's text tower and tokenizer against PyTorch's numbers; `cargo xtask golden` compares the larger sets.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::collections::BTreeMap;

use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::TensorFile;
use dream_models::deep::clip_text::{Config, TextTower, Tokenizer};
use dream_models::deep::{Params, parameters};
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
    let description: Value = serde_json::from_str(include_str!("../testdata/clip_text_t1.json")).unwrap();
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

    let trace = tower.trace(&golden["input_ids"]).unwrap();
    let found = [
        ("text_embeds", &trace.embeddings),
        ("pooled_eot", &trace.pooled),
        ("last_hidden_state", &trace.last_hidden_state),
        ("attn.0", &trace.attentions[0]),
        ("hidden_states.0", &trace.hidden_states[0]),
        ("hidden_states.3", &trace.hidden_states[3]),
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
    let cases: Value = serde_json::from_str(include_str!("../testdata/clip_tokenizer_cases.json")).unwrap();
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
