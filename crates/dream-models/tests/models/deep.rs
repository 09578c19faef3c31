//! Text tower, DA-CLIP and optimiser: gradients, limits, determinism.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use dream_models::Error;
use dream_models::deep::backbones::swin_v2;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::candle_nn::Init;
use dream_models::deep::methods::da_clip::{Config, DaClip, Order};
use dream_models::deep::methods::opdai::Opdai;
use dream_models::deep::text::clip::{self, Padding, TextTower, Tokenizer};
use dream_models::deep::train::Params;
use dream_models::deep::train::optim::{AdamW, AdamWConfig, accumulate, gradients};

const CPU: &Device = &Device::Cpu;

fn tiny() -> Config {
    let text = clip::Config { vocab_size: 40, eos_token_id: 39, ..clip::Config::default() };
    Config { text: Some(text), ..Config::default() }
}

fn frames(videos: usize, count: usize) -> Tensor {
    let size = videos * count * 3 * 64 * 64;
    let values: Vec<f32> =
        (0..size).map(|i| ((i * 7919 % 1009) as f32 / 504.5 - 1.0) * (1 + i % 5) as f32 / 3.0).collect();
    Tensor::from_vec(values, vec![videos, count, 3, 64, 64], CPU).unwrap()
}

fn ids() -> Tensor {
    Tensor::new(&[[1u32, 5, 9, 39, 39], [1, 7, 39, 0, 0], [1, 8, 3, 2, 39]], CPU).unwrap()
}

/// Residual branches of the visual tower start at zero, so nothing inside them learns before the first step.
fn wake(params: &Params) {
    for (name, var) in params.named() {
        if name.contains(".norm1.") || name.contains(".norm2.") {
            var.set(&var.ones_like().unwrap()).unwrap();
        }
    }
}

fn loss(model: &DaClip) -> Tensor {
    let (visual, text) =
        (model.embed_video(&frames(2, 2)).unwrap(), model.embed_text(&ids(), &[2, 1]).unwrap());
    let scores = (model.regress(&visual).unwrap() + model.regress(&text).unwrap()).unwrap();
    let target = Tensor::new(&[1f32, 3.0], CPU).unwrap();
    let apart = (visual - text).unwrap().sqr().unwrap().mean_all().unwrap();
    ((scores - target).unwrap().sqr().unwrap().mean_all().unwrap() + apart).unwrap()
}

#[test]
fn every_trainable_variable_has_a_finite_gradient() {
    for order in [Order::PoolThenProject, Order::ProjectThenPool] {
        let params = Params::seeded(2, DType::F32, CPU);
        let model = DaClip::new(&Config { order, ..tiny() }, &params.builder()).unwrap();
        wake(&params);
        let store = loss(&model).backward().unwrap();
        for (name, var) in params.named() {
            let gradient = store.get(&var).unwrap_or_else(|| panic!("no gradient for {name}"));
            let size = gradient.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(size.is_finite() && size > 0.0, "{name}: {size}");
        }
    }
}

#[test]
fn a_seed_is_the_same_network_in_any_order_and_another_seed_is_not() {
    let tensors = |seed, backwards: bool| {
        let params = Params::seeded(seed, DType::F32, CPU);
        let vb = params.builder();
        if backwards {
            TextTower::new(tiny().text.as_ref().unwrap(), &vb.pp("text")).unwrap();
        }
        DaClip::new(&tiny(), &vb).unwrap();
        let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        params.tensors().unwrap().iter().map(|(name, t)| (name.clone(), flat(t))).collect::<Vec<_>>()
    };
    assert_eq!(tensors(1, false), tensors(1, true));
    assert_ne!(tensors(1, false), tensors(2, false));
    let params = Params::seeded(1, DType::F32, CPU);
    let drawn = params.builder().get_with_hints(10_000, "n", Init::Randn { mean: 1.0, stdev: 2.0 });
    let drawn = drawn.unwrap().to_vec1::<f32>().unwrap();
    let mean = drawn.iter().sum::<f32>() / 1e4;
    let spread = (drawn.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 1e4).sqrt();
    assert!((mean - 1.0).abs() < 0.06 && (spread - 2.0).abs() < 0.06, "{mean} {spread}");
}

#[test]
fn a_resumed_optimiser_takes_the_same_steps_to_the_last_bit() {
    let run = |interrupted: bool| {
        let mut params = Params::seeded(4, DType::F32, CPU);
        let mut model = DaClip::new(&tiny(), &params.builder()).unwrap();
        let config = AdamWConfig {
            no_decay: vec!["logit_scale".to_owned()],
            clip_norm: Some(1.0),
            ..AdamWConfig::default()
        };
        let mut adam = AdamW::new(config.clone(), params.named()).unwrap();
        for step in 0..3 {
            if interrupted && step == 2 {
                let (values, state) = (params.tensors().unwrap(), adam.state().unwrap());
                params = Params::from_tensors(&values, DType::F32, CPU).unwrap();
                model = DaClip::new(&tiny(), &params.builder()).unwrap();
                adam = AdamW::new(config.clone(), params.named()).unwrap();
                adam.load_state(&state).unwrap();
            }
            adam.step(&loss(&model).backward().unwrap()).unwrap();
        }
        let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        (adam.steps(), params.tensors().unwrap().values().map(flat).collect::<Vec<_>>())
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn frozen_parameters_stay_and_forgotten_ones_are_named() {
    let params = Params::seeded(4, DType::F32, CPU);
    let model = DaClip::new(&tiny(), &params.builder()).unwrap();
    wake(&params);
    let before = params.tensors().unwrap();
    let mut adam = AdamW::new(AdamWConfig::default(), params.named()).unwrap();
    let visual =
        || model.score_video(&frames(2, 2)).unwrap().sqr().unwrap().mean_all().unwrap().backward().unwrap();
    let error = adam.step(&visual()).unwrap_err().to_string();
    assert!(error.contains("text.text_projection.weight") && error.contains("freeze"), "{error}");
    assert_eq!(adam.steps(), 0);
    adam.set_rates(|name| if name.starts_with("text.") { 0.0 } else { 1.0 }).unwrap();
    adam.step(&visual()).unwrap();
    for (name, tensor) in params.tensors().unwrap() {
        let same =
            (tensor - &before[&name]).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap()
                == 0.0;
        assert_eq!(same, name.starts_with("text."), "{name}");
    }
    // A gradient that is not finite changes nothing.
    let mut all = gradients(&visual(), &params.named());
    let twice = gradients(&visual(), &params.named());
    accumulate(&mut all, twice).unwrap();
    let broken = (all["regressor.bias"].clone() * f64::NAN).unwrap();
    all.insert("regressor.bias".to_owned(), broken);
    assert!(matches!(adam.step_with(&all), Err(Error::NonFinite { .. })));
    assert_eq!(adam.steps(), 1);
}

#[test]
fn one_frame_equals_the_same_frame_twice() {
    let params = Params::seeded(1, DType::F32, CPU);
    let model = DaClip::new(&tiny(), &params.builder()).unwrap();
    let one = frames(1, 1);
    let two = one.repeat((1, 2, 1, 1, 1)).unwrap();
    let score = |frames: &Tensor| model.score_video(frames).unwrap().to_vec1::<f32>().unwrap()[0];
    assert!((score(&one) - score(&two)).abs() < 1e-5);
    let store = model.score_video(&two).unwrap().sum_all().unwrap().backward().unwrap();
    for (name, var) in params.named().iter().filter(|(name, _)| !name.starts_with("text.")) {
        let gradient = store.get(var).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(gradient.iter().all(|g| g.is_finite()), "{name}");
    }
}

#[test]
fn inputs_without_an_answer_are_errors() {
    let params = Params::seeded(1, DType::F32, CPU);
    let model = DaClip::new(&tiny(), &params.builder()).unwrap();
    let text = |rows: &[[u32; 3]], counts: &[usize]| {
        model
            .embed_text(&Tensor::from_vec(rows.concat(), (rows.len(), 3), CPU).unwrap(), counts)
            .map(|_| ())
            .unwrap_err()
    };
    for (rows, counts) in [
        (&[[1, 2, 3]][..], &[1][..]),
        (&[[1, 40, 39]], &[1]),
        (&[[1, 2, 39]], &[1, 0]),
        (&[[1, 2, 39]], &[2]),
    ] {
        let error = text(rows, counts);
        assert!(matches!(error, Error::InvalidInput { .. } | Error::LengthMismatch { .. }), "{error}");
    }
    let long = Tensor::ones((1, 78), DType::U32, CPU).unwrap();
    assert!(matches!(model.embed_text(&long, &[1]), Err(Error::InvalidInput { .. })));
    assert!(model.score_video(&Tensor::zeros((1, 2, 3, 32, 64), DType::F32, CPU).unwrap()).is_err());
    assert!(model.score_video(&Tensor::zeros((1, 0, 3, 64, 64), DType::F32, CPU).unwrap()).is_err());
    let visual = DaClip::visual_only(&tiny(), &params.builder()).unwrap();
    assert!(matches!(visual.embed_text(&ids(), &[3]), Err(Error::InvalidInput { argument: "text", .. })));
    for config in [
        Config { dim: 7, ..tiny() },
        Config { dim: 0, text: None, ..tiny() },
        Config { text: Some(clip::Config { num_attention_heads: 5, ..clip::Config::default() }), ..tiny() },
    ] {
        assert!(
            matches!(DaClip::new(&config, &params.builder()), Err(Error::InvalidConfig { .. })),
            "{config:?}"
        );
    }
}

/// Towers, pooling, heads and the means of sentences: a video scores the same in any company.
#[test]
fn other_videos_change_no_bit_of_a_score() {
    for order in [Order::PoolThenProject, Order::ProjectThenPool] {
        let params = Params::seeded(2, DType::F32, CPU);
        let model = DaClip::new(&Config { order, ..tiny() }, &params.builder()).unwrap();
        wake(&params);
        let opdai = Opdai::new(&swin_v2::Config::default(), &params_of_opdai().builder()).unwrap();
        let numbers = |tensor: Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let frames = frames(5, 3);
        let (scores, others) =
            (numbers(model.score_video(&frames).unwrap()), numbers(opdai.score_video(&frames).unwrap()));
        let counts = [2, 1, 3, 1, 3];
        let sentence = |i: u32| [1, i % 38, 3 + i, 39, 0];
        let ids: Vec<u32> = (0..10).flat_map(sentence).collect();
        let ids = Tensor::from_vec(ids, (10, 5), CPU).unwrap();
        let text = |ids: &Tensor, counts: &[usize]| {
            let embedded = model.embed_text(ids, counts).unwrap();
            (numbers(embedded.clone()), numbers(model.regress(&embedded).unwrap()))
        };
        let (embedded, regressed) = text(&ids, &counts);
        let dim = embedded.len() / counts.len();
        let mut first = 0;
        for (video, &count) in counts.iter().enumerate() {
            let alone = frames.narrow(0, video, 1).unwrap();
            assert_eq!(numbers(model.score_video(&alone).unwrap()), scores[video..=video], "video {video}");
            assert_eq!(numbers(opdai.score_video(&alone).unwrap()), others[video..=video], "video {video}");
            let (one, score) = text(&ids.narrow(0, first, count).unwrap(), &[count]);
            assert_eq!(one, embedded[video * dim..(video + 1) * dim], "texts {video}");
            assert_eq!(score, regressed[video..=video], "texts {video}");
            first += count;
        }
    }
}

fn params_of_opdai() -> Params {
    let params = Params::seeded(5, DType::F32, CPU);
    Opdai::new(&swin_v2::Config::default(), &params.builder()).unwrap();
    wake(&params);
    params
}

#[test]
fn opdai_is_the_mean_of_its_frames() {
    let params = Params::seeded(1, DType::F32, CPU);
    let model = Opdai::new(&swin_v2::Config::default(), &params.builder()).unwrap();
    let frames = frames(1, 3);
    let single = model.frame_scores(&frames.get(0).unwrap()).unwrap().to_vec1::<f32>().unwrap();
    let score = model.score_video(&frames).unwrap().to_vec1::<f32>().unwrap()[0];
    assert!((score - single.iter().sum::<f32>() / 3.0).abs() < 1e-6);
}

#[test]
fn long_texts_are_cut_and_counted() {
    let clip = Tokenizer::clip().unwrap();
    let long = "blurry ".repeat(100);
    let tokens = clip.encode_batch(&[long.as_str(), "", "\u{0}\u{10ffff}🙂"]).unwrap();
    assert_eq!((tokens.truncated(), tokens.lengths()[0], tokens.lengths()[1]), (1, 77, 2));
    assert!(tokens.rows().iter().all(|row| row.len() == 77 && row[76] == 49407));
    let short = clip.encode_batch(&["fine"]).unwrap();
    let whole = clip.clone().with_padding(Padding::Context).encode_batch(&["fine"]).unwrap();
    assert_eq!((short.rows()[0].len(), whole.rows()[0].len(), whole.lengths()[0]), (3, 77, 3));
    assert!(clip.clone().with_context(1).is_err());
    assert_eq!(clip.encode_batch::<&str>(&[]).unwrap().rows().len(), 0);
    assert_eq!(clip.token(49407).as_deref(), Some("<|endoftext|>"));
}

#[test]
fn damaged_tokenizer_files_are_errors() {
    let good = r#"{"model":{"type":"BPE","end_of_word_suffix":"</w>","merges":["a b</w>"],
        "vocab":{"a":0,"b</w>":1,"ab</w>":2,"<|startoftext|>":3,"<|endoftext|>":4}}}"#;
    let tokenizer = Tokenizer::from_json(good.as_bytes()).unwrap();
    assert_eq!(tokenizer.encode_batch(&["AB"]).unwrap().rows(), [[3, 2, 4]]);
    for length in 0..good.len() {
        assert!(Tokenizer::from_json(&good.as_bytes()[..length]).is_err(), "{length}");
    }
    for (from, to) in [
        ("BPE", "Unigram"),
        ("\"</w>\"", "\"\""),
        ("a b</w>", "a c"),
        ("a b</w>", "a b c"),
        ("\"a\":0", "\"a\":1"),
        ("\"a\":0", "\"a\":4294967295"),
        ("\"a\":0", "\"a\":-1"),
        ("startof", "start"),
        ("endof", "end"),
    ] {
        let error = Tokenizer::from_json(good.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(matches!(error, Error::InvalidModel { part: "tokenizer", .. }), "{from} {to}: {error}");
    }
    for bit in 0..good.len() * 8 {
        let mut damaged = good.as_bytes().to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(tokenizer) = Tokenizer::from_json(&damaged) {
            tokenizer.encode_batch(&["ab"]).unwrap();
        }
    }
    assert!(Tokenizer::from_json(&vec![b' '; Tokenizer::MAX_BYTES + 1]).is_err());
}
