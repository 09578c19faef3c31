//! AttCAT of a model whose answer can be computed by hand, step by step.
//!
//! Values are so small beside the `eps` of a norm that it does nothing but take the mean off and divide by the root of `eps`;
//! its weight is that root. So every layer is linear, and all gradients are sums of products.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::collections::HashMap;

use dream_models::deep::backbones::swin_v2;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::explain::attcat::AttCat;
use dream_models::deep::methods::da_clip::{Config, DaClip};
use dream_models::deep::parameters;
use dream_models::deep::tap::{Point, Record};
use dream_models::deep::text::clip;

/// What a value of 1 below is inside the towers.
const UNIT: f64 = 1.0 / 1_048_576.0;
const BIAS: f64 = 0.25;

fn config() -> Config {
    let text = clip::Config {
        vocab_size: 6,
        hidden_size: 4,
        intermediate_size: 1,
        projection_dim: 4,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        max_position_embeddings: 5,
        eos_token_id: 5,
        layer_norm_eps: 0.25,
        ..clip::Config::default()
    };
    let visual = swin_v2::Config {
        img_size: [16; 2],
        embed_dim: 2,
        depths: vec![2, 1],
        num_heads: vec![1, 1],
        window_size: [2; 2],
        pretrained_window_sizes: vec![0; 2],
        mlp_ratio: 1.0,
        norm_eps: 0.25,
        ..swin_v2::Config::default()
    };
    Config { visual, text: Some(text), dim: 4, ..Config::default() }
}

/// A value along the line (1, -1, 0, 0), and one beside it that no score sees.
fn along(value: f64, beside: f64) -> Vec<f64> {
    [value / 2.0, -value / 2.0, beside, -beside].map(|v| v * UNIT).to_vec()
}

/// All parameters 0 but these: a score is the value of a representation along the line.
fn model(dtype: DType) -> DaClip {
    let config = config();
    let eye = |n: usize| (0..n * n).map(|i| f64::from(u8::from(i % (n + 1) == 0))).collect::<Vec<_>>();
    let mut set: HashMap<String, Vec<f64>> = HashMap::new();
    let mut put = |name: String, values: Vec<f64>| assert!(set.insert(name, values).is_none());
    put("regressor.weight".to_owned(), [1.0, -1.0, 0.0, 0.0].map(|v| v / UNIT).to_vec());
    put("regressor.bias".to_owned(), vec![BIAS]);
    put("visual_proj.weight".to_owned(), eye(4));

    let text = "text.text_model";
    let tokens = [along(4.0, 1.0), along(9.0, -2.0), vec![0.0; 12], along(14.0, 3.0)].concat();
    put(format!("{text}.embeddings.token_embedding.weight"), tokens);
    let places = [along(2.0, 0.5), along(3.0, 0.0), along(4.0, -1.0), vec![1.0; 8]].concat();
    put(format!("{text}.embeddings.position_embedding.weight"), places);
    put(format!("{text}.final_layer_norm.weight"), vec![0.5; 4]);
    put("text.text_projection.weight".to_owned(), eye(4));
    for layer in 0..2 {
        let layer = format!("{text}.encoder.layers.{layer}");
        put(format!("{layer}.layer_norm1.weight"), vec![0.5; 4]);
        put(format!("{layer}.self_attn.v_proj.weight"), eye(4));
        put(format!("{layer}.self_attn.out_proj.weight"), eye(4));
    }

    // A patch is the mean of its first plane, and its negative.
    let patch = |sign: f64| [vec![sign / 16.0; 16], vec![0.0; 32]].concat();
    put("visual.patch_embed.proj.weight".to_owned(), [patch(1.0), patch(-1.0)].concat());
    put("visual.patch_embed.norm.weight".to_owned(), vec![0.5; 2]);
    put("visual.norm.weight".to_owned(), vec![0.5; 4]);
    // Four patches become 1, 2, 3 and 4 times their value.
    let merged = |own: usize| (0..8).map(|i| if i % 2 == own { (i / 2 + 1) as f64 } else { 0.0 }).collect();
    let merged: [Vec<f64>; 2] = [merged(0), merged(1)];
    put("visual.layers.1.downsample.reduction.weight".to_owned(), [merged.concat(), vec![0.0; 16]].concat());
    put("visual.layers.1.downsample.norm.weight".to_owned(), vec![0.5; 4]);
    for (stage, block, width) in [(0, 0, 2), (0, 1, 2), (1, 0, 4)] {
        let attention = format!("visual.layers.{stage}.blocks.{block}.attn");
        // The query is one direction, and the key is it with the sign of the token: cosines are 1 and -1, weights 3 to 1.
        let one: Vec<f64> = (0..width).map(|i| f64::from(u8::from(i == 0))).collect();
        let key = (0..3 * width * width).map(|i| f64::from(u8::from(i == width * width))).collect();
        put(format!("{attention}.q_bias"), one);
        put(format!("{attention}.qkv.weight"), key);
        put(format!("{attention}.logit_scale"), vec![(3f64.ln() / 2.0).ln()]);
    }

    let expected = parameters(|vb| DaClip::new(&config, vb)).unwrap();
    let all: usize = expected.iter().filter(|(name, _)| set.contains_key(name)).count();
    assert_eq!(all, set.len(), "a name above is not one of a parameter");
    let tensors = expected.into_iter().map(|(name, shape)| {
        let values = set.remove(&name).unwrap_or_else(|| vec![0.0; shape.iter().product()]);
        (name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap().to_dtype(dtype).unwrap())
    });
    DaClip::new(&config, &VarBuilder::from_tensors(tensors.collect(), dtype, &Device::Cpu)).unwrap()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], dtype: DType) {
    let tolerance = if dtype == DType::F64 { 1e-8 } else { 1e-5 };
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= tolerance * (1.0 + e.abs()), "{found:?} instead of {expected:?}");
    }
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn texts_have_the_impacts_of_hand() {
    for dtype in [DType::F32, DType::F64] {
        let model = model(dtype);
        let ids = Tensor::new(&[[0u32, 1, 5, 5], [0, 5, 5, 5]], &Device::Cpu).unwrap();

        // Queries and keys are 0, so a token looks at all up to itself alike: the rows of attention are 1; 1/2, 1/2; and 1/3
        // three times. Values along the line enter as 6, 12, 18; the first block adds their means so far and gives 12, 21, 30,
        // the second adds to the last token 21. The second sentence: 6, 17; 12, 28.5; and 48.75.
        let mut record = Record::default();
        model.text().unwrap().forward_tapped(&ids, &mut record).unwrap();
        let attention = record.at(Point::Attention { stage: 0, block: 1 }).unwrap();
        let row = attention.get(0).unwrap().get(1).unwrap().get(2).unwrap();
        close(&values(&row)[..3], &[1.0 / 3.0; 3], dtype);
        let line = |state: usize, sentence: usize, tokens: usize| -> Vec<f64> {
            let state = values(&record.inputs[state].get(sentence).unwrap());
            state.chunks(4).take(tokens).map(|token| (token[0] - token[1]) / UNIT).collect()
        };
        close(&line(0, 0, 3), &[6.0, 12.0, 18.0], dtype);
        close(&line(1, 0, 3), &[12.0, 21.0, 30.0], dtype);
        close(&line(2, 0, 3)[2..], &[51.0], dtype);
        close(&line(1, 1, 2), &[12.0, 28.5], dtype);
        close(&line(2, 1, 2)[1..], &[48.75], dtype);

        // The score is that of the mean of both sentences, so all gradients have the factor 1/2.
        let explained = |form| model.explain_text(&ids, form).unwrap();
        let found = explained(AttCat::Inputs);
        close(&[found.score], &[(51.0 + 48.75) / 2.0 + BIAS], dtype);

        // Gradients behind the first block: a third of the last token's for each, and its own: 1/3, 1/3, 4/3. Before it:
        // each of these, and its share of those that look at it: 1/3 + 1/3 + 1/6 + 4/9 = 23/18, 1/3 + 1/6 + 4/9 = 17/18,
        // 4/3 + 4/9 = 16/9. The second sentence: 1/2, 3/2; 7/4, 9/4.
        let first =
            [[6.0 * 23.0 / 18.0, 12.0 * 17.0 / 18.0, 18.0 * 16.0 / 9.0], [12.0 / 3.0, 21.0 / 3.0, 40.0]];
        let second = [[6.0 * 7.0 / 4.0, 17.0 * 9.0 / 4.0], [12.0 / 2.0, 28.5 * 1.5]];
        // What a token gets from the mean query: (1 + 1/2 + 1/3) / 3, (1/2 + 1/3) / 3, 1/9; and 3/4, 1/4.
        let seen = ([11.0 / 18.0, 5.0 / 18.0, 1.0 / 9.0], [3.0 / 4.0, 1.0 / 4.0]);
        let times =
            |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a * b / 2.0).collect() };
        for layer in 0..2 {
            close(&found.sentences[0].layers[layer], &times(&first[layer], &seen.0), dtype);
            close(&found.sentences[1].layers[layer], &times(&second[layer], &seen.1), dtype);
        }
        close(&found.sentences[0].tokens, &times(&[385.0 / 54.0, 275.0 / 54.0, 8.0], &[1.0; 3]), dtype);
        close(&found.sentences[1].tokens, &times(&[12.375, 20.25], &[1.0; 2]), dtype);

        // Without attention every block has the whole score: state times gradient of something linear.
        let whole = explained(AttCat::WithoutAttention);
        close(&whole.sentences[0].layers[0], &times(&first[0], &[1.0; 3]), dtype);
        for layer in &whole.sentences[0].layers {
            close(&[layer.iter().sum()], &[51.0 / 2.0], dtype);
        }
        // The end looks at all alike.
        let end = explained(AttCat::EndRow);
        close(&end.sentences[0].layers[1], &times(&first[1], &[1.0 / 3.0; 3]), dtype);
        // What the first block gave is what the second took; of the last one the end alone counts.
        let outputs = explained(AttCat::Outputs);
        close(&outputs.sentences[0].layers[0], &times(&first[1], &seen.0), dtype);
        close(&outputs.sentences[0].layers[1], &times(&[0.0, 0.0, 51.0], &seen.0), dtype);
    }
}

/// Values of the patches of a frame.
const PATCHES: [[f64; 4]; 4] =
    [[1.0, -2.0, 3.0, -1.0], [2.0, 1.0, -1.0, 4.0], [-3.0, 1.0, 2.0, -2.0], [1.0, 5.0, -1.0, -4.0]];

/// How much attention a cell gets, where cells of one group see each other, within windows of four: the weight of a positive
/// value is 3, of a negative one 1.
fn received<const N: usize>(grid: &[[f64; N]; N], group: impl Fn(usize) -> usize) -> Vec<f64> {
    let weight = |row: usize, column: usize| if grid[row][column] > 0.0 { 3.0 } else { 1.0 };
    let one = |row: usize, column: usize| {
        let cells = (0..N).flat_map(|r| (0..N).map(move |c| (r, c)));
        let fellows: Vec<(usize, usize)> =
            cells.filter(|&(r, c)| group(r) == group(row) && group(c) == group(column)).collect();
        let all: f64 = fellows.iter().map(|&(r, c)| weight(r, c)).sum();
        fellows.len() as f64 / 4.0 * weight(row, column) / all
    };
    (0..N)
        .flat_map(|row| (0..N).map(move |column| (row, column)))
        .map(|(row, column)| one(row, column))
        .collect()
}

#[test]
fn frames_have_the_map_of_hand() {
    for dtype in [DType::F32, DType::F64] {
        let pixel = |i: usize| if i < 256 { PATCHES[i / 64][i % 16 / 4] * UNIT } else { 0.7 * UNIT };
        let frame: Vec<f64> = (0..3 * 256).map(pixel).collect();
        // Twice the same frame: it stands for itself, with half the gradient for each.
        let frames = Tensor::from_vec([frame.clone(), frame].concat(), (2, 3, 16, 16), &Device::Cpu).unwrap();
        let found = model(dtype).explain_video(&frames.to_dtype(dtype).unwrap()).unwrap();

        // 1, 2, 3 and 4 times the upper left, lower left, upper right and lower right of four patches: 1 + 4 - 6 + 4, and so on.
        let merged = [[3.0, 14.0], [22.0, -22.0]];
        // The mean over the four places, twice: along the line, a value counts once for each of its two numbers.
        close(&[found.score], &[2.0 * (3.0 + 14.0 + 22.0 - 22.0) / 4.0 + BIAS], dtype);
        let factor = |row: usize, column: usize| [[1.0, 3.0], [2.0, 4.0]][row % 2][column % 2];
        // State times gradient of a patch: its factor times its value, half of it for the mean of four places and the two
        // numbers, and half of that for two frames.
        let own: Vec<f64> = (0..16).map(|i| factor(i / 4, i % 4) * PATCHES[i / 4][i % 4] / 4.0).collect();
        let late: Vec<f64> = merged.concat().into_iter().map(|value| value / 4.0).collect();
        // Windows of two by two; in the second block moved by one, so that cells at an edge are alone with theirs.
        let plain = received(&PATCHES, |place| place / 2);
        let moved = received(&PATCHES, |place| place.div_ceil(2));
        let last = received(&merged, |_| 0);
        let times = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a * b).collect() };
        let blocks = [times(&own, &plain), times(&own, &moved), times(&late, &last)];
        // By hand once more: the first window has 1, 2, 1 above 0 and -2 below, weights 3, 3, 3 and 1.
        assert_eq!((plain[0], plain[1], moved[0]), (0.3, 0.1, 0.25));

        assert_eq!(
            found.blocks.iter().map(|map| (map.stage, map.block)).collect::<Vec<_>>(),
            [(0, 0), (0, 1), (1, 0)]
        );
        for frame in 0..2 {
            for (map, expected) in found.blocks.iter().zip(&blocks) {
                // Maps are in single precision.
                close(&values(&map.map.get(frame).unwrap()), expected, DType::F32);
            }
            let upsampled = |i: usize| blocks[2][i / 8 * 2 + i % 4 / 2];
            let total: Vec<f64> = (0..16).map(|i| blocks[0][i] + blocks[1][i] + upsampled(i)).collect();
            close(&values(&found.total.get(frame).unwrap()), &total, DType::F32);
        }
    }
}
