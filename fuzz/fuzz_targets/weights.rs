//! Files of published towers with bytes changed anywhere, or cut: an error, or finite tensors for a network of the size that the
//! file is found to have.
//!
//! The first byte chooses the file, the rest are changes: two bytes say where, one what stands there then. A last lone byte cuts
//! the file.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use dream_models::Result;
use dream_models::deep::backbones::{convnext, resnet, swin, swin_v2, vgg, vit};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::{TensorFile, write_tensors};
use dream_models::deep::pretrained::{self, Pretrained};
use dream_models::deep::text::clip;
use dream_models::deep::train::Params;
use libfuzzer_sys::fuzz_target;

type Build = fn(&VarBuilder<'_>) -> Result<()>;
type Read = fn(&TensorFile) -> Result<Pretrained>;

fn small_vgg() -> vgg::Config {
    vgg::Config { image_size: 32, widths: [4; 5], features: 4, ..vgg::Config::default() }
}

fn small_resnet() -> resnet::Config {
    resnet::Config { stem: 4, widths: vec![2; 4], depths: vec![1; 4], ..resnet::Config::default() }
}

fn small_convnext() -> convnext::Config {
    convnext::Config {
        dims: vec![4, 6, 8, 10],
        depths: vec![1; 4],
        num_classes: 0,
        ..convnext::Config::default()
    }
}

fn small_vit() -> vit::Config {
    vit::Config { image_size: 32, width: 24, layers: 2, heads: 2, mlp_width: 32, ..vit::Config::b16() }
}

fn built<T>(network: Result<T>) -> Result<()> {
    network.map(|_| ())
}

/// A network, its first values, and how its file is read.
const NETWORKS: [(Build, Read); 10] = [
    (
        |vb| built(resnet::ResNet::new(&small_resnet(), vb)),
        |file| pretrained::resnet50(file, &small_resnet()),
    ),
    (
        |vb| built(resnet::ResNet::new(&small_resnet(), vb)),
        |file| pretrained::resnet50(file, &pretrained::resnet_config(file)?),
    ),
    (|vb| built(vgg::Vgg16::new(&small_vgg(), vb)), |file| pretrained::vgg16(file, &small_vgg())),
    (
        |vb| built(vgg::Vgg16::new(&small_vgg(), vb)),
        |file| pretrained::vgg16(file, &pretrained::vgg_config(file)?),
    ),
    (
        |vb| built(convnext::ConvNext::new(&small_convnext(), vb)),
        |file| pretrained::convnext(file, &small_convnext()),
    ),
    (
        |vb| built(convnext::ConvNext::new(&small_convnext(), vb)),
        |file| pretrained::convnext(file, &pretrained::convnext_config(file)?),
    ),
    (
        |vb| built(swin::Swin::new(&swin::Config::default(), vb)),
        |file| pretrained::swin(file, &swin::Config::default()),
    ),
    (
        |vb| built(swin_v2::SwinV2::new(&swin_v2::Config::default(), vb)),
        |file| pretrained::swin_v2(file, &swin_v2::Config::default()),
    ),
    (|vb| built(vit::ClipVit::new(&small_vit(), vb)), |file| pretrained::clip_vit(file, &small_vit())),
    (
        |vb| built(clip::TextTower::new(&clip::Config { vocab_size: 64, ..clip::Config::default() }, vb)),
        |file| pretrained::clip_text(file, &clip::Config { vocab_size: 64, ..clip::Config::default() }),
    ),
];

static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("dream-fuzz-weights-{}", std::process::id()));
    let file = |(build, _): &(Build, Read)| {
        let params = Params::seeded(1, DType::F32, &Device::Cpu);
        build(&params.builder()).expect("a small network");
        let tensors: BTreeMap<String, Tensor> = params.tensors().expect("its tensors");
        write_tensors(&path, &tensors).expect("a file");
        std::fs::read(&path).expect("the file")
    };
    let files = NETWORKS.iter().map(file).collect();
    drop(std::fs::remove_file(&path));
    files
});

// The first input is not to pay for the making of what is read.
fuzz_target!(
    init: {
        LazyLock::force(&FILES);
    },
    |data: &[u8]| {
        let Some((&first, changes)) = data.split_first() else { return };
        let which = usize::from(first) % NETWORKS.len();
        let (Some((_, read)), Some(file)) = (NETWORKS.get(which), FILES.get(which)) else { return };
        let mut bytes = file.clone();
        let chunks = changes.chunks_exact(3);
        if let &[cut] = chunks.remainder() {
            bytes.truncate(bytes.len() * usize::from(cut) / 256);
        }
        for change in chunks {
            let at = usize::from(change[0]) << 8 | usize::from(change[1]);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = change[2];
            }
        }
        let Ok(file) = TensorFile::from_bytes(bytes) else { return };
        let Ok(found) = read(&file) else { return };
        for (name, tensor) in &found.tensors {
            let values: Vec<f32> = tensor.flatten_all().and_then(|tensor| tensor.to_vec1()).expect("f32 values");
            assert!(values.iter().all(|value| value.is_finite()), "{name}");
        }
    }
);
