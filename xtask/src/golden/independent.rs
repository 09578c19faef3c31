//! Our text tower against that of candle-transformers: other code, the same weights, no reference files.
//!
//! It is here, and not among the tests of dream-models, because cargo builds the development dependencies of a package
//! for all of its tests: candle-transformers needs candle and takes a minute to compile.

use std::collections::HashMap;

use candle_transformers::models::clip::text_model::{Activation, ClipTextConfig, ClipTextTransformer};
use dream_models::deep::candle_core::{DType, Device, Module, Tensor};
use dream_models::deep::candle_nn::{Init, VarBuilder};
use dream_models::deep::tap::{Point, Record};
use dream_models::deep::text::clip::{Config, TextTower};
use dream_models::deep::train::Params;

use crate::tensors::values;

/// As a share of the largest value. Our tower is within 2e-5 of double precision (`kernels_agree_with_compositions` in
/// dream-models). Theirs rounds as often, so the two are within twice that of each other.
const TOLERANCE: f64 = 4e-5;

/// Initial values plus noise: far enough from the initial values that attention is not even.
fn weights(config: &Config) -> VarBuilder<'static> {
    let params = Params::seeded(3, DType::F32, &Device::Cpu);
    TextTower::new(config, &params.builder()).unwrap();
    let mut tensors = HashMap::new();
    for (name, tensor) in params.tensors().unwrap() {
        let init = Init::Randn { mean: 0.0, stdev: 0.05 };
        let noise = Params::seeded(4, DType::F32, &Device::Cpu).builder();
        let noise = noise.get_with_hints(tensor.shape(), &name, init).unwrap();
        let factor = if name.contains("q_proj.weight") { 2.0 } else { 1.0 };
        tensors.insert(name, ((tensor * factor).unwrap() + noise).unwrap());
    }
    VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu)
}

/// Texts of these lengths with different ids, also after the end; the end has the largest id.
fn texts(lengths: &[usize], width: usize, end: u32) -> Tensor {
    let ids = lengths.iter().enumerate().flat_map(|(text, &length)| {
        (0..width).map(move |i| match u32::try_from(i * 7 + text * 13) {
            Ok(id) if i + 1 != length => id % end,
            _ => end,
        })
    });
    Tensor::from_vec(ids.collect::<Vec<u32>>(), (lengths.len(), width), &Device::Cpu).unwrap()
}

fn largest(tensor: &Tensor) -> f64 {
    values(tensor).unwrap().into_iter().fold(0.0, |most, value| most.max(value.abs()))
}

fn near(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let difference = largest(&(found - expected).unwrap()) / largest(expected);
    assert!(difference <= TOLERANCE, "{what}: {difference:e} of the largest value");
    assert!(largest(expected) > 0.1, "{what}: these weights say nothing");
}

#[test]
fn the_text_tower_is_that_of_candle_transformers() {
    let small = Config { vocab_size: 60, eos_token_id: 59, ..Config::default() };
    let wide = Config { hidden_size: 768, intermediate_size: 1100, num_attention_heads: 6, ..small.clone() };
    let narrow = Config { hidden_size: 24, intermediate_size: 700, projection_dim: 5, ..small };
    for config in [Config { projection_dim: 100, ..wide }, narrow] {
        let vb = weights(&config);
        let ours = TextTower::new(&config, &vb).unwrap();
        let theirs = ClipTextConfig {
            vocab_size: config.vocab_size,
            embed_dim: config.hidden_size,
            activation: Activation::QuickGelu,
            intermediate_size: config.intermediate_size,
            max_position_embeddings: config.max_position_embeddings,
            pad_with: None,
            num_hidden_layers: config.num_hidden_layers,
            num_attention_heads: config.num_attention_heads,
            projection_dim: config.projection_dim,
        };
        let theirs = ClipTextTransformer::new(vb.pp("text_model"), &theirs).unwrap();
        // Theirs pools at the largest id, which is that of the end.
        let ids = texts(&[20, 2, 3, 40, 9, 1, 77], 77, config.eos_token_id);
        let mut record = Record::default();
        ours.forward_tapped(&ids, &mut record).unwrap();
        let pooled = theirs.forward(&ids).unwrap();
        near("pooled", record.at(Point::Pooled).unwrap(), &pooled);
        let projection =
            vb.get((config.projection_dim, config.hidden_size), "text_projection.weight").unwrap();
        let expected = pooled.matmul(&projection.t().unwrap()).unwrap();
        near("representations", &ours.forward(&ids).unwrap(), &expected);
    }
}
