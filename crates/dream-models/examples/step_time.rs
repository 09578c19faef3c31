//! Times steps of training on this machine: `step_time NETWORK BATCH REPEATS`, where the network is convnext-tiny (frames of
//! 384 pixels) or da-clip (the tiny one: videos of four frames of 64 pixels, and four sentences each).
//!
//! A step is the loss of a batch, its gradient, and AdamW. Prints the wall time of every step and the peak memory
//! (Linux).

#![allow(clippy::print_stdout, reason = "a program")]

use std::time::Instant;

use dream_models::deep::backbones::convnext::{self, ConvNext};
use dream_models::deep::backbones::swin_v2;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::methods::da_clip::{self, DaClip};
use dream_models::deep::train::Params;
use dream_models::deep::train::optim::{AdamW, AdamWConfig};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default: usize| arguments.get(i).map_or(Ok(default), |text| text.parse());
    let (batch, repeats) = (number(1, 8)?, number(2, 3)?);
    let (device, params) = (Device::Cpu, Params::seeded(1, DType::F32, &Device::Cpu));
    let random = |shape: &[usize]| Tensor::randn(0.0_f32, 1.0, shape, &device);
    let mos = random(&[batch])?;
    match arguments.first().map(String::as_str) {
        Some("convnext-tiny") => {
            let model = ConvNext::new(&convnext::Config::tiny(), &params.builder())?;
            let frames = random(&[batch, 3, 384, 384])?;
            time(repeats, &params, || {
                let features = model.forward_features(&frames)?;
                Ok((features.mean(1)? - &mos)?.sqr()?.mean_all()?)
            })?;
        }
        Some("da-clip") => {
            let visual = swin_v2::Config {
                embed_dim: 32,
                depths: vec![1, 1, 1],
                num_heads: vec![2, 4, 8],
                window_size: [4, 4],
                pretrained_window_sizes: vec![0; 3],
                images_per_pass: 64,
                windows_per_pass: 1024,
                ..swin_v2::Config::default()
            };
            let model =
                DaClip::new(&da_clip::Config { visual, ..da_clip::Config::default() }, &params.builder())?;
            let frames = random(&[batch, 4, 3, 64, 64])?;
            // Sixteen words, and the end.
            let text: Vec<u32> = (300..316).chain([49407]).collect();
            let ids = text.repeat(4 * batch);
            let ids = Tensor::from_vec(ids, (4 * batch, 17), &device)?;
            let counts = vec![4; batch];
            time(repeats, &params, || {
                let (videos, texts) = (model.embed_video(&frames)?, model.embed_text(&ids, &counts)?);
                let apart =
                    |x: &Tensor| -> Result<Tensor> { Ok((model.regress(x)? - &mos)?.sqr()?.mean_all()?) };
                let alignment = (1.0 - (videos.detach() * &texts)?.mean_all()?)?;
                Ok(((apart(&videos)? + apart(&texts)?)? + (alignment * 0.2)?)?)
            })?;
        }
        _ => {
            return Err(
                "give a network, the batch and the number of steps: see the first lines of the source".into(),
            );
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{peak}");
    }
    Ok(())
}

fn time(repeats: usize, params: &Params, loss: impl Fn() -> Result<Tensor>) -> Result<()> {
    let mut adam = AdamW::new(AdamWConfig::default(), params.named())?;
    for _ in 0..repeats {
        let start = Instant::now();
        let gradients = loss()?.backward()?;
        adam.step(&gradients)?;
        println!("wall {:.4} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}
