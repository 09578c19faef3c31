//! Times a full-size tower on this machine: `deep_time NETWORK BATCH REPEATS [WEIGHTS [IO]]`, where the network is
//! swin-v2, swin-large, convnext-tiny, convnext-xlarge, resnet50, vgg16, clip-text or clip-vit.
//!
//! WEIGHTS is a safetensors file with the names of timm or of the Hugging Face library; without it, weights are random.
//! IO is one with `input` and the output of its first row, `first`, which are then compared. Prints wall and processor
//! time of every run and the peak memory (Linux). `clip-vit` is ViT-B/16 up to the tokens after its eighth block.

#![allow(clippy::print_stdout, reason = "a program")]

use std::collections::HashMap;
use std::time::Instant;

use dream_models::deep::backbones::convnext::{self, ConvNext};
use dream_models::deep::backbones::resnet::{self, ResNet};
use dream_models::deep::backbones::swin::{self, Swin};
use dream_models::deep::backbones::swin_v2::{self, SwinV2};
use dream_models::deep::backbones::vgg::{self, Vgg16};
use dream_models::deep::backbones::vit::{self, ClipVit};
use dream_models::deep::candle_core::{self, DType, Device, Shape, Tensor, safetensors};
use dream_models::deep::candle_nn::var_builder::SimpleBackend;
use dream_models::deep::candle_nn::{Init, VarBuilder};
use dream_models::deep::text::clip::{self, TextTower};
use dream_models::deep::train::Params;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default: usize| arguments.get(i).map_or(Ok(default), |text| text.parse());
    let (batch, repeats) = (number(1, 1)?, number(2, 3)?);
    let device = Device::Cpu;
    let vb = match arguments.get(3) {
        Some(path) => VarBuilder::from_tensors(safetensors::load(path, &device)?, DType::F32, &device),
        None => VarBuilder::from_backend(Box::new(Random), DType::F32, device.clone()),
    };
    let io = arguments.get(4).map_or_else(|| Ok(HashMap::new()), |path| safetensors::load(path, &device))?;
    match arguments.first().map(String::as_str) {
        Some("swin-v2") => {
            let model = SwinV2::new(&swin_v2::Config::large_w12to16_192to256(), &vb)?;
            drop(vb);
            let random = || Tensor::randn(0.0_f32, 1.0, (batch, 3, 256, 256), &device);
            time(batch, repeats, &io, random, |input| Ok(model.forward_features(input)?))?;
        }
        Some(name @ ("convnext-tiny" | "convnext-xlarge")) => {
            let tiny = name == "convnext-tiny";
            let config = if tiny { convnext::Config::tiny() } else { convnext::Config::xlarge() };
            let model = ConvNext::new(&config, &vb)?;
            drop(vb);
            let random = || Tensor::randn(0.0_f32, 1.0, (batch, 3, 384, 384), &device);
            time(batch, repeats, &io, random, |input| Ok(model.forward_features(input)?))?;
        }
        Some("swin-large") => {
            let model = Swin::new(&swin::Config::large_w12_384(), &vb)?;
            drop(vb);
            let random = || Tensor::randn(0.0_f32, 1.0, (batch, 3, 384, 384), &device);
            time(batch, repeats, &io, random, |input| Ok(model.forward_features(input)?))?;
        }
        Some("resnet50") => {
            let model = ResNet::new(&resnet::Config::resnet50(), &vb)?;
            drop(vb);
            let random = || Tensor::randn(0.0_f32, 1.0, (batch, 3, 224, 224), &device);
            time(batch, repeats, &io, random, |input| Ok(model.forward_features(input)?))?;
        }
        Some("vgg16") => {
            let model = Vgg16::new(&vgg::Config::vgg_face(), &vb)?;
            drop(vb);
            let random = || Tensor::randn(0.0_f32, 1.0, (batch, 3, 224, 224), &device);
            time(batch, repeats, &io, random, |input| Ok(model.forward_features(input)?))?;
        }
        Some("clip-text") => {
            let config = clip::Config::vit_b32();
            let model = TextTower::new(&config, &vb)?;
            drop(vb);
            let whole = (batch, config.max_position_embeddings);
            let ends = || Tensor::full(config.eos_token_id, whole, &device);
            time(batch, repeats, &io, ends, |input| Ok(model.forward(input)?))?;
        }
        Some("clip-vit") => {
            let model = ClipVit::new(&vit::Config::b16().up_to(8), &vb)?;
            drop(vb);
            let random = || Tensor::randn(0.0_f32, 1.0, (batch, 3, 224, 224), &device);
            time(batch, repeats, &io, random, |input| Ok(model.tokens(input)?.flatten_from(1)?))?;
        }
        _ => {
            return Err(
                "give a network, the batch and the number of runs: see the first lines of the source".into(),
            );
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{peak}");
    }
    Ok(())
}

/// Fresh values that nothing is going to change, as those of a file.
struct Random;

impl SimpleBackend for Random {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        init: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        Ok(Params::seeded(1, dtype, device).builder().get_with_hints(shape, name, init)?.detach())
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> candle_core::Result<Tensor> {
        candle_core::bail!("the shape of {name} is not known")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}

fn time(
    batch: usize,
    repeats: usize,
    io: &HashMap<String, Tensor>,
    random: impl Fn() -> candle_core::Result<Tensor>,
    forward: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<()> {
    let input = match io.get("input") {
        Some(input) => input.narrow(0, 0, batch)?.contiguous()?,
        None => random()?,
    };
    let first = forward(&input.narrow(0, 0, 1)?)?;
    if let Some(expected) = io.get("first") {
        let apart = (&first - expected)?.abs()?.max_all()?.to_scalar::<f32>()?;
        println!("difference {apart:e} of {:e}", expected.abs()?.max_all()?.to_scalar::<f32>()?);
    }
    for _ in 0..repeats {
        let (start, used) = (Instant::now(), processor_seconds());
        let output = forward(&input)?;
        let (wall, used) = (start.elapsed().as_secs_f64(), processor_seconds() - used);
        let same = output.get(0)?.to_vec1::<f32>()? == first.get(0)?.to_vec1::<f32>()?;
        println!("batch {batch} wall {wall:.3} s processor {used:.2} s, as in a batch of one: {same}");
    }
    Ok(())
}

/// User and system time of this process, or 0 where the system does not tell.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
