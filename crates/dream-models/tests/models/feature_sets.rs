//! The deep feature sets against the reference, from pixels to the features of a video; and files that they do not take.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use dream_models::deep::backbones::convnext::{self, ConvNext};
use dream_models::deep::backbones::vgg::Convention;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::{MAX_HEADER_BYTES, TensorFile, write_tensors};
use dream_models::deep::features::{FeatureSet, Pool, Preparation, SetConfig, SetTower, Warning, over_video};
use dream_models::deep::input::FramePlan;
use dream_models::deep::network::FrameEncoder;
use dream_models::deep::pretrained::{self, Note};
use dream_models::deep::train::Params;
use dream_models::preprocess::{ImageView, Preprocess, ResizeRule};
use dream_models::{Error, Result};

use crate::shared;

const CPU: &Device = &Device::Cpu;

/// Frames `[n, height, width, 3]` of bytes as a network takes them.
fn prepared(pixels: &Preprocess, frames: &Tensor) -> Tensor {
    let (count, height, width, _) = frames.dims4().unwrap();
    let (wide, high) = pixels.output_size(width, height);
    let one = |at: usize| {
        let bytes = frames.get(at).unwrap().flatten_all().unwrap().to_vec1::<u8>().unwrap();
        let mut planes = vec![f32::NAN; pixels.len_of(width, height)];
        pixels.apply(&ImageView::rgb(&bytes, width, height).unwrap(), &mut planes).unwrap();
        Tensor::from_vec(planes, (1, 3, high, wide), CPU).unwrap()
    };
    Tensor::cat(&(0..count).map(one).collect::<Vec<_>>(), 0).unwrap()
}

fn encoder(file: &TensorFile, SetConfig { tower, input }: &SetConfig) -> Result<Arc<dyn FrameEncoder>> {
    tower.encoder(tower.read(file)?.tensors, input.clone(), DType::F32, CPU)
}

#[test]
fn dfgc1st_is_that_of_the_reference() {
    let (Some(golden), Some(weights)) = (
        shared::tensors("dfgc1st/dfgc1st_tiny.io.safetensors"),
        shared::file("dfgc1st/dfgc1st_tiny.weights.safetensors"),
    ) else {
        return;
    };
    let file = TensorFile::open(weights).unwrap();
    for (preparation, kind) in [(Preparation::Own, "normalized"), (Preparation::Published, "raw")] {
        // The sizes are those of the file; the reference resizes to 64 pixels.
        let mut config = FeatureSet::Dfgc1st.of_file(&file, preparation).unwrap();
        assert_eq!((config.input.pixels.size, config.tower.width()), (384, 24));
        config.input.pixels.size = 64;
        let frames = prepared(&config.input.pixels, &golden["input.frames_u8"]);
        if preparation == Preparation::Published {
            let steps = |step: usize| Tensor::new((0..64).step_by(step).collect::<Vec<u32>>(), CPU).unwrap();
            let probe = frames.index_select(&steps(7), 2).unwrap().index_select(&steps(5), 3).unwrap();
            shared::same("resized_probe", &probe, &golden["out.resized_probe"], 1e-5);
        }
        for (pool, pooled, video) in [
            (Pool::BeforeNorm, "pooled_before_norm", "video_feature_before_norm"),
            (Pool::AfterNorm, "pooled_normed", "video_feature"),
        ] {
            let SetTower::ConvNext { config: sizes, pool: usual } = config.tower.clone() else { panic!() };
            assert_eq!(usual, Pool::BeforeNorm, "that of the published script");
            let tower = SetTower::ConvNext { config: sizes, pool };
            let encoder = encoder(&file, &SetConfig { tower, input: config.input.clone() }).unwrap();
            let features = encoder.encode(&frames).unwrap();
            shared::same(pooled, &features, &golden[&format!("out.{kind}.convnext_{pooled}")], 1e-4);
            let found = over_video(&features).unwrap();
            shared::same(video, &found.values, &golden[&format!("out.{kind}.convnext_{video}")], 1e-4);
        }
    }
}

#[test]
fn vgg_face_is_that_of_the_reference_by_every_convention() {
    let (Some(golden), Some(weights)) = (
        shared::tensors("vgg_face/vgg_face_tiny.io.safetensors"),
        shared::file("vgg_face/vgg_face_tiny.weights.safetensors"),
    ) else {
        return;
    };
    let file = TensorFile::open(weights).unwrap();
    let cases = Convention::ALL.map(|convention| (Preparation::Own, Some(convention)));
    for (preparation, convention) in cases.into_iter().chain([(Preparation::Published, None)]) {
        let mut config = FeatureSet::VggFace.of_file(&file, preparation).unwrap();
        assert_eq!((config.input.pixels.size, config.tower.width()), (64, 24));
        config = convention.map_or(config.clone(), |convention| config.with_convention(convention));
        let name = convention.unwrap_or(Convention::RgbUnitRange).name().replace('-', "_");
        if name != "rgb_unit_range" {
            // The reference has a factor, for random weights.
            config.input.pixels.std = config.input.pixels.std.map(|std| std * 64.0);
        }
        let frames = prepared(&config.input.pixels, &golden["input.frames_u8"]);
        let features = encoder(&file, &config).unwrap().encode(&frames).unwrap();
        shared::same(&name, &features, &golden[&format!("out.{name}.fc7")], 1e-4);
        let video = over_video(&features).unwrap().values;
        shared::same(&name, &video, &golden[&format!("out.{name}.video_feature")], 1e-4);
    }
}

#[test]
fn resnet50_is_that_of_the_reference() {
    let (Some(golden), Some(weights)) = (
        shared::tensors("resnet/resnet50_tiny_eval.io.safetensors"),
        shared::file("resnet/resnet50_tiny_eval.weights.safetensors"),
    ) else {
        return;
    };
    let file = TensorFile::open(weights).unwrap();
    let config = FeatureSet::ResNet50.of_file(&file, Preparation::Published).unwrap();
    let encoder = encoder(&file, &config).unwrap();
    let features = encoder.encode(&golden["input"]).unwrap();
    shared::same("pooled", &features, &golden["out.pooled"], 1e-4);
    let video = over_video(&features).unwrap().values;
    shared::same("video", &video, &golden["out.video_feature_mean_std"], 1e-4);
}

/// The float resize to 384 pixels, enlarging and of another shape.
#[test]
fn the_published_resize_is_that_of_the_reference() {
    let Some(golden) = shared::tensors("preprocess/squash384.safetensors") else { return };
    let pixels = FeatureSet::Dfgc1st.published(Preparation::Published).input.pixels;
    for case in 0..2 {
        let frame = golden[&format!("{case}.in_u8")].unsqueeze(0).unwrap();
        let steps = |step: usize| Tensor::new((0..384).step_by(step).collect::<Vec<u32>>(), CPU).unwrap();
        let made = prepared(&pixels, &frame).squeeze(0).unwrap();
        let probe = made.index_select(&steps(37), 1).unwrap().index_select(&steps(41), 2).unwrap();
        let expected = &golden[&format!("{case}.float_bilinear_no_antialias_probe_f32")];
        shared::same(&format!("case {case}"), &probe, expected, 1e-5);
    }
}

#[test]
fn sets_have_the_numbers_of_features_of_the_paper_and_say_what_they_look_at() {
    for (set, features) in FeatureSet::ALL.into_iter().zip([4096, 8192, 4096]) {
        assert_eq!(FeatureSet::by_name(set.name()), Some(set));
        for preparation in [Preparation::Own, Preparation::Published] {
            let config = set.published(preparation);
            assert_eq!(2 * config.tower.width(), features, "{set:?}");
            config.input.validate().unwrap();
            assert_eq!(config.input.frames, FramePlan::Strides { n: 6 });
            let raw = config.input.pixels.mean == [0.0; 3] && config.input.pixels.std == [1.0; 3];
            assert_eq!(raw, preparation == Preparation::Published, "{set:?}");
            assert_eq!(config.input, set.small(preparation).input, "small networks look at the same");
        }
    }
    let rule = |set: FeatureSet| set.published(Preparation::Published).input.pixels.rule;
    assert_eq!(
        FeatureSet::ALL.map(rule),
        [ResizeRule::Native, ResizeRule::FloatSquare, ResizeRule::FloatSquare]
    );
    assert_eq!(FeatureSet::by_name("resnet"), None);
}

#[test]
fn frames_of_their_own_size_are_taken_by_resnet_alone() {
    let picture = Tensor::arange(0_u32, 50 * 41 * 3, CPU).unwrap().to_dtype(DType::U8).unwrap();
    let picture = picture.reshape((1, 50, 41, 3)).unwrap();
    let SetConfig { tower, input } = FeatureSet::ResNet50.small(Preparation::Published);
    let resnet = tower.encoder(tower.seeded(4).unwrap(), input.clone(), DType::F32, CPU).unwrap();
    let frames = prepared(&input.pixels, &picture);
    assert_eq!(frames.dims(), [1, 3, 50, 41]);
    let features = resnet.encode(&frames).unwrap();
    let values = shared::values(&features);
    assert!(values.len() == 64 && values.iter().all(|v| v.is_finite()) && values.iter().any(|v| *v > 0.0));
    let one = over_video(&features).unwrap();
    assert_eq!(one.warning, Some(Warning::OneFrame));
    assert!(shared::values(&one.values)[64..].iter().all(|v| *v == 0.0));

    let SetConfig { tower, .. } = FeatureSet::VggFace.small(Preparation::Published);
    let error = tower.encoder(tower.seeded(4).unwrap(), input, DType::F32, CPU).unwrap_err().to_string();
    assert!(error.contains("as large as they are"), "{error}");
}

#[test]
fn weights_of_any_size_and_behind_any_prefix_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for (number, set) in FeatureSet::ALL.into_iter().enumerate() {
        let small = set.small(Preparation::Published);
        let tensors = small.tower.seeded(2).unwrap();
        assert_eq!(
            pretrained::tensors_sha256(&tensors).unwrap(),
            pretrained::tensors_sha256(&small.tower.seeded(2).unwrap()).unwrap()
        );
        for prefix in ["", "visual.", "module.backbone."] {
            let path = folder.path().join(format!("{number}{prefix}.safetensors"));
            let mut named: BTreeMap<String, Tensor> =
                tensors.iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor.clone())).collect();
            if !prefix.is_empty() {
                named.insert(
                    "classifier_of_fakes.weight".to_owned(),
                    Tensor::zeros(2, DType::F32, CPU).unwrap(),
                );
            }
            write_tensors(&path, &named).unwrap();
            let file = TensorFile::open(&path).unwrap();
            let found = set.of_file(&file, Preparation::Published).unwrap();
            assert_eq!(found, small, "{prefix}");
            let read = found.tower.read(&file).unwrap();
            let left_out = |note: &Note| matches!(note, Note::LeftOut { count: 1, .. });
            assert_eq!(read.notes.iter().any(left_out), !prefix.is_empty());
            assert_eq!(
                pretrained::tensors_sha256(&read.tensors).unwrap(),
                pretrained::tensors_sha256(&tensors).unwrap()
            );
        }
    }
    // Those of the authors of ConvNeXt, with other sizes than any preset.
    let config = convnext::Config { dims: vec![4, 6], depths: vec![2, 1], ..Default::default() };
    let params = Params::seeded(3, DType::F32, CPU);
    ConvNext::new(&config, &params.builder()).unwrap();
    let facebook = |name: &str| match name.split_once('.').unwrap() {
        ("stem", rest) => format!("downsample_layers.0.{rest}"),
        _ if name.contains(".downsample.") => {
            name.replacen("stages.", "downsample_layers.", 1).replace(".downsample.", ".")
        }
        ("head", rest) => rest.to_owned(),
        _ => name.replace(".blocks.", ".").replace("conv_dw", "dwconv").replace("mlp.fc", "pwconv"),
    };
    let theirs: BTreeMap<String, Tensor> =
        params.tensors().unwrap().into_iter().map(|(name, tensor)| (facebook(&name), tensor)).collect();
    let path = folder.path().join("facebook.safetensors");
    write_tensors(&path, &theirs).unwrap();
    let file = TensorFile::open(&path).unwrap();
    let found = FeatureSet::Dfgc1st.of_file(&file, Preparation::Own).unwrap();
    let SetTower::ConvNext { config: sizes, .. } = &found.tower else { panic!() };
    assert_eq!((&sizes.dims, &sizes.depths), (&config.dims, &config.depths));
    found.tower.read(&file).unwrap();
}

/// What can be wrong with a file, and the words that say so.
#[test]
fn files_that_cannot_be_used_are_named_for_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let write = |tensors: &BTreeMap<String, Tensor>, name: &str| {
        let path = folder.path().join(name);
        write_tensors(&path, tensors).unwrap();
        path
    };
    let open = |set: FeatureSet, path: &Path| -> Result<Arc<dyn FrameEncoder>> {
        let file = TensorFile::open(path)?;
        encoder(&file, &set.of_file(&file, Preparation::Own)?)
    };
    let words = |set: FeatureSet, path: &Path| open(set, path).unwrap_err().to_string();
    for (at, set) in FeatureSet::ALL.into_iter().enumerate() {
        let good = set.small(Preparation::Own).tower.seeded(1).unwrap();
        let path = write(&good, "good.safetensors");
        open(set, &path).unwrap();

        // Weights of the next set.
        let other = FeatureSet::ALL[(at + 1) % 3].small(Preparation::Own).tower.seeded(1).unwrap();
        let found = words(set, &write(&other, "other.safetensors"));
        assert!(found.contains("the file is a") && found.contains("wanted is"), "{set:?}: {found}");

        let (name, first) = good.iter().find(|(name, _)| name.ends_with(".weight")).unwrap();
        let with = |tensor: Tensor| {
            let mut bad = good.clone();
            bad.insert(name.clone(), tensor);
            write(&bad, "bad.safetensors")
        };
        let path = with((first * f64::NAN).unwrap());
        assert!(matches!(open(set, &path), Err(Error::NonFiniteTensor { tensor, .. }) if tensor == *name));
        let found = words(set, &with(first.zeros_like().unwrap().to_dtype(DType::I64).unwrap()));
        assert!(found.contains("not quantised") && found.contains(name), "{found}");
        let found = words(set, &with(Tensor::zeros((3, 5), DType::F32, CPU).unwrap()));
        assert!(found.contains(name), "{found}");
        let mut lacking = good.clone();
        lacking.remove(name);
        let found = words(set, &write(&lacking, "lacking.safetensors"));
        assert!(found.contains(name), "{set:?}: {found}");
        let mut twice: BTreeMap<String, Tensor> = good.clone();
        twice.extend(good.iter().map(|(name, tensor)| (format!("ema.{name}"), tensor.clone())));
        let found = words(set, &write(&twice, "twice.safetensors"));
        assert!(found.contains("several towers"), "{found}");

        let bytes = std::fs::read(folder.path().join("good.safetensors")).unwrap();
        let broken = folder.path().join("broken.safetensors");
        std::fs::write(&broken, &bytes[..bytes.len() - 7]).unwrap();
        assert!(matches!(open(set, &broken), Err(Error::InvalidModel { .. })), "cut off");
        let mut huge = bytes.clone();
        huge[..8].copy_from_slice(&(MAX_HEADER_BYTES + 1).to_le_bytes());
        std::fs::write(&broken, huge).unwrap();
        assert!(matches!(open(set, &broken), Err(Error::InvalidModel { .. })), "a huge header");
        std::fs::write(&broken, b"\x80\x02}q\x00.").unwrap();
        assert!(open(set, &broken).is_err(), "a pickle");
    }
}
