//! The head of `face-blend`: its file, and what it says about features.
#![cfg(feature = "deep")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::float_cmp, reason = "tests")]

use std::collections::BTreeMap;

use dream_models::Error;
use dream_models::deep::backbones::vit;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::input::Input;
use dream_models::deep::methods::face_blend::{Agreement, Head, HeadParts, Reach, Tower, input};
use serde_json::{Value, json};

const WIDTH: usize = 64;

fn config() -> vit::Config {
    vit::Config {
        image_size: 32,
        patch_size: 16,
        width: WIDTH,
        layers: 2,
        heads: 1,
        mlp_width: 96,
        projection: None,
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
    assert!(serde_json::to_string(face).unwrap().contains(r#""expansion":1.3,"square":true"#));
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
    let named = "vision_model.embeddings.class_embedding";
    let of = |class: &[f32], other: f32| {
        let tensor = |values: &[f32]| Tensor::new(values, &Device::Cpu).unwrap();
        BTreeMap::from([(named.to_owned(), tensor(class)), ("x".to_owned(), tensor(&[other]))])
    };
    let class: Vec<f32> = (0..12).map(|i| (i as f32 - 5.0) / 30.0).collect();
    let tensors = of(&class, 1.0);
    let tower = Tower::of("tiny", &config(), &tensors).unwrap();
    assert_eq!(tower.probe.len(), 8);
    assert_eq!(tower.compare(&tensors).unwrap(), Agreement::Same);
    assert_eq!(tower.compare(&of(&class, 1.001)).unwrap(), Agreement::Rounded);
    let half: BTreeMap<_, _> =
        tensors.iter().map(|(name, tensor)| (name.clone(), tensor.to_dtype(DType::BF16).unwrap())).collect();
    assert_eq!(tower.compare(&half).unwrap(), Agreement::Rounded);
    let other: Vec<f32> = class.iter().map(|value| value + 0.01).collect();
    let error = tower.compare(&of(&other, 1.0)).unwrap_err().to_string();
    assert!(error.contains("another model of the same sizes") && error.contains("tiny"), "{error}");
    let error = tower.compare(&BTreeMap::new()).unwrap_err().to_string();
    assert!(error.contains(named), "{error}");
}

#[test]
fn there_is_no_head_before_there_is_one() {
    match (Head::embedded(), Head::embedded_bytes()) {
        (Ok(head), bytes) => assert_eq!(head.to_json().unwrap(), bytes),
        (Err(error), bytes) => assert!(bytes.is_empty() && error.to_string().contains("train-face-blend")),
    }
}
