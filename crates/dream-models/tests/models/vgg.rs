//! VGG-16 against the reference: features under every input convention, gradients, names; and what must not change a bit.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::collections::BTreeMap;

use dream_models::Error;
use dream_models::deep::backbones::vgg::{ChannelOrder, Config, Vgg16};
use dream_models::deep::candle_core::{DType, Device, Module, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::{TensorFile, write_tensors};
use dream_models::deep::layers::{Ddof, Linear, mean_and_std};
use dream_models::deep::parameters;
use dream_models::deep::pretrained::{self, Note};
use dream_models::deep::tap::{Point, Record};
use dream_models::deep::train::Params;
use dream_models::preprocess::Preprocess;

use crate::shared;

const CPU: &Device = &Device::Cpu;

fn tiny() -> Config {
    Config { image_size: 64, widths: [6, 8, 12, 16, 16], features: 24, ..Config::vgg_face() }
}

/// Name, order of the kernels, mean and deviation of red, green and blue.
fn conventions() -> [(&'static str, ChannelOrder, [f32; 3], f32); 4] {
    let mean = Preprocess::VGG_FACE_MEAN;
    let [red, green, blue] = mean;
    // The reference has a factor of 1/64, for random weights.
    let levels = 64.0 / 255.0;
    [
        ("rgb_mean_subtracted", ChannelOrder::Rgb, mean, levels),
        ("bgr_mean_subtracted", ChannelOrder::Bgr, mean, levels),
        ("bgr_mean_in_rgb_order", ChannelOrder::Bgr, [blue, green, red], levels),
        ("rgb_unit_range", ChannelOrder::Rgb, [0.0; 3], 1.0),
    ]
}

#[test]
fn shared_case() {
    let (Some(golden), Some(mut weights), Some(description)) = (
        shared::tensors("vgg_face/vgg_face_tiny.io.safetensors"),
        shared::tensors("vgg_face/vgg_face_tiny.weights.safetensors"),
        shared::json("vgg_face/vgg_face_tiny.json"),
    ) else {
        return;
    };
    let last: BTreeMap<String, Tensor> = ["weight", "bias"]
        .map(|kind| (kind.to_owned(), weights.remove(&format!("fc8.{kind}")).unwrap()))
        .into();
    let params = Params::from_tensors(&weights, DType::F32, CPU).unwrap();
    let mut seen: BTreeMap<String, Tensor> = BTreeMap::new();
    for (name, order, mean, std) in conventions() {
        let pixels = Preprocess { size: 64, mean, std: [std; 3], ..Preprocess::vgg_face_224() };
        let frames: Vec<f32> = (0..3)
            .flat_map(|at| {
                let frame = golden["input.frames_u8"].get(at).unwrap().flatten_all().unwrap();
                let mut planes = vec![0.0; pixels.len()];
                pixels.normalise(&frame.to_vec1::<u8>().unwrap(), &mut planes).unwrap();
                planes
            })
            .collect();
        let frames = Tensor::from_vec(frames, (3, 3, 64, 64), CPU).unwrap();
        let tower = Vgg16::new(&Config { order, ..tiny() }, &params.builder()).unwrap();
        let mut record = Record::default();
        let fc7 = tower.forward_tapped(&frames, &mut record).unwrap();
        let video = mean_and_std(&fc7.unsqueeze(0).unwrap(), Ddof::One).unwrap().squeeze(0).unwrap();
        if name == "rgb_mean_subtracted" {
            for (stage, pool) in [(2, "pool3"), (3, "pool4"), (4, "pool5")] {
                let map = record.at(Point::Stage { stage }).unwrap().permute((0, 3, 1, 2)).unwrap();
                seen.insert(format!("rgb.{pool}"), map);
            }
            let vb = VarBuilder::from_tensors(last.clone().into_iter().collect(), DType::F32, CPU);
            let fc8 = Linear::new(24, 10, &vb).unwrap().forward(&fc7).unwrap();
            seen.insert("rgb.fc8".to_owned(), fc8);
            let loss = video.sqr().unwrap().mean_all().unwrap();
            let store = loss.backward().unwrap();
            shared::same_gradients(&store, &params.named(), &golden, &description, Some(1e-3));
            seen.insert("loss".to_owned(), loss);
        }
        seen.insert(format!("{name}.fc6"), record.at(Point::Dense { layer: 6 }).unwrap().clone());
        seen.insert(format!("{name}.fc7"), fc7);
        seen.insert(format!("{name}.video_feature"), video);
    }
    for (name, expected) in golden.iter().filter_map(|(name, t)| Some((name.strip_prefix("out.")?, t))) {
        shared::same(name, &seen[name], expected, 1e-4);
    }
    assert_eq!(seen.len(), golden.keys().filter(|name| name.starts_with("out.")).count());
}

#[test]
fn chunks_batches_and_threads_change_no_bit() {
    let config = Config { widths: [6, 8, 12, 70, 80], features: 90, ..tiny() };
    let params = Params::seeded(3, DType::F32, CPU);
    Vgg16::new(&config, &params.builder()).unwrap();
    let tensors = params.tensors().unwrap();
    let wave = |i: usize| ((i as f32) * 0.37).sin() + ((i * i % 977) as f32 / 977.0 - 0.5);
    let data: Vec<f32> = (0..5 * 3 * 64 * 64).map(wave).collect();
    let frames = Tensor::from_vec(data, (5, 3, 64, 64), CPU).unwrap();
    let run = |config: &Config, frames: &Tensor| {
        let vb = VarBuilder::from_tensors(tensors.clone().into_iter().collect(), DType::F32, CPU);
        let tower = Vgg16::new(config, &vb).unwrap();
        let first = tower.forward_features(frames).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(tower.forward_features(frames).unwrap().to_vec2::<f32>().unwrap(), first);
        first
    };
    let whole = run(&config, &frames);
    assert!(whole.iter().all(|row| row.iter().any(|v| *v > 0.0)) && whole[0] != whole[1]);
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
    let trained = Vgg16::new(&config, &params.builder()).unwrap();
    assert_eq!(trained.forward_features(&frames).unwrap().to_vec2::<f32>().unwrap(), whole);
    // Double precision, which candle's own operations compute.
    let wide = Params::from_tensors(&tensors, DType::F64, CPU).unwrap();
    let wide = Vgg16::new(&config, &wide.builder()).unwrap();
    let expected = wide.forward_features(&frames.to_dtype(DType::F64).unwrap()).unwrap();
    shared::same("features", &Tensor::new(whole, CPU).unwrap(), &expected, 1e-5);
}

fn index(name: &str) -> usize {
    let mut parts = name.split('_').skip(1).map(|part| part.parse::<usize>().unwrap());
    let (block, conv) = (parts.next().unwrap(), parts.next().unwrap());
    [0, 5, 10, 17, 24][block - 1] + 2 * (conv - 1)
}

/// A name of ours as Caffe and as torchvision have it.
fn renamed(name: &str) -> [String; 2] {
    let (layer, kind) = name.rsplit_once('.').unwrap();
    match layer {
        "fc6" | "fc7" | "fc8" => {
            let number = ["fc6", "fc7", "fc8"].iter().position(|fc| *fc == layer).unwrap() * 3;
            [name.to_owned(), format!("classifier.{number}.{kind}")]
        }
        _ => [layer.replacen("conv_", "conv", 1) + "." + kind, format!("features.{}.{kind}", index(layer))],
    }
}

#[test]
fn the_full_size_names_are_accepted() {
    let (Some(ours), Some(torchvision)) =
        (shared::json("keys/vgg_face.conv_b_k.json"), shared::json("keys/vgg16.torchvision.json"))
    else {
        return;
    };
    let config = Config::vgg_face();
    let asked: BTreeMap<_, _> = parameters(|vb| Vgg16::new(&config, vb)).unwrap().into_iter().collect();
    assert_eq!(asked.values().map(|shape| shape.iter().product::<usize>()).sum::<usize>(), 134_260_544);
    let mut list = shared::listed(&ours);
    list.retain(|name, _| !name.starts_with("fc8."));
    assert_eq!(asked, list);
    let mut theirs = shared::listed(&torchvision);
    theirs.retain(|name, _| !name.starts_with("classifier.6."));
    let renamed: BTreeMap<_, _> =
        list.into_iter().map(|(name, shape)| (renamed(&name)[1].clone(), shape)).collect();
    assert_eq!(theirs, renamed);
}

#[test]
fn every_naming_is_one_tower() {
    let folder = tempfile::tempdir().unwrap();
    let file = |tensors: &BTreeMap<String, Tensor>| {
        let path = folder.path().join("vgg.safetensors");
        write_tensors(&path, tensors).unwrap();
        TensorFile::open(path).unwrap()
    };
    let params = Params::seeded(5, DType::F32, CPU);
    Vgg16::new(&tiny(), &params.builder()).unwrap();
    let expected = params.tensors().unwrap();
    let mut theirs = expected.clone();
    theirs.insert("fc8.weight".to_owned(), Tensor::ones((10, 24), DType::F32, CPU).unwrap());
    theirs.insert("fc8.bias".to_owned(), Tensor::ones(10, DType::F32, CPU).unwrap());
    let namings: [fn(&str) -> String; 3] =
        [|name| name.to_owned(), |name| renamed(name)[0].clone(), |name| renamed(name)[1].clone()];
    for naming in namings {
        for prefix in ["", "module.", "model.vgg."] {
            let named: BTreeMap<String, Tensor> = theirs
                .iter()
                .map(|(name, tensor)| (format!("{prefix}{}", naming(name)), tensor.clone()))
                .collect();
            let found = pretrained::vgg16(&file(&named), &tiny()).unwrap();
            assert_eq!(found.tensors.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            for (name, tensor) in &expected {
                assert_eq!(shared::values(&found.tensors[name]), shared::values(tensor), "{name}");
            }
            let notes = (!prefix.is_empty()).then(|| Note::Prefix { prefix: prefix.to_owned() });
            assert_eq!(found.notes, notes.into_iter().collect::<Vec<_>>());
        }
    }
    let mut renamed = theirs.clone();
    let tensor = renamed.remove("conv_3_2.weight").unwrap();
    renamed.insert("conv_3_4.weight".to_owned(), tensor);
    let error = pretrained::vgg16(&file(&renamed), &tiny()).unwrap_err().to_string();
    assert!(error.contains("conv_3_2.weight") && error.contains("conv_3_4.weight"), "{error}");
    let mut twice = theirs.clone();
    twice.insert("conv3_2.weight".to_owned(), twice["conv_3_2.weight"].clone());
    let error = pretrained::vgg16(&file(&twice), &tiny()).unwrap_err().to_string();
    assert!(error.contains("`conv3_2.weight` and `conv_3_2.weight`"), "{error}");
    let error = pretrained::vgg16(&file(&theirs), &Config::vgg_face()).unwrap_err().to_string();
    let sizes = "a VGG-16 of width 6 with 24 features, wanted is a VGG-16 of width 64 with 4096 features";
    assert!(error.contains(sizes), "{error}");
}

#[test]
fn configurations_without_a_meaning_are_refused() {
    let vb = VarBuilder::zeros(DType::F32, CPU);
    let cases = [
        ("image_size", Config { image_size: 0, ..tiny() }),
        ("image_size", Config { image_size: 100, ..tiny() }),
        ("image_size", Config { image_size: 1 << 20, ..tiny() }),
        ("widths", Config { widths: [6, 8, 0, 16, 16], ..tiny() }),
        ("features", Config { features: usize::MAX, ..tiny() }),
        ("images_per_pass", Config { images_per_pass: 0, ..tiny() }),
    ];
    for (expected, config) in cases {
        match Vgg16::new(&config, &vb) {
            Err(Error::InvalidConfig { field, .. }) => assert_eq!(field, expected, "{config:?}"),
            other => panic!("{config:?}: {other:?}"),
        }
    }
    let tower = Vgg16::new(&tiny(), &vb).unwrap();
    for shape in [vec![1, 3, 64, 32], vec![1, 1, 64, 64], vec![3, 64, 64], vec![0, 3, 64, 64]] {
        let frames = Tensor::zeros(shape, DType::F32, CPU).unwrap();
        let error = tower.forward_features(&frames).unwrap_err().to_string();
        assert!(error.contains("`frames`"), "{error}");
    }
}
