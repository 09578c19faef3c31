//! Whether a device computes what the CPU computes, and how fast: Swin-V2 in a number type, three steps of training.
//!
//! ```sh
//! cargo run --release -p dream-models --features cuda --example device -- cuda large bf16
//! ```

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Instant;

use dream_models::deep::backbones::swin_v2;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::methods::da_clip::{self, DaClip};
use dream_models::deep::train::Params;
use dream_models::deep::train::optim::{AdamW, AdamWConfig};

const HELP: &str = "\
Compares Swin-V2 and the training of DA-CLIP on a device with the CPU, with random weights, and times them.

Usage: device [cpu|cuda|metal] [tiny|large] [f32|bf16|f16] [BATCH]

Default: cpu tiny f32 2. `cuda` and `metal` need the feature of that name.
";

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "-h" || word == "--help") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match Settings::parse(&words).and_then(|settings| run(&settings)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("FAIL: the device does not agree with the CPU");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

struct Settings {
    device: Device,
    config: swin_v2::Config,
    dtype: DType,
    batch: usize,
}

impl Settings {
    fn parse(words: &[String]) -> Result<Self> {
        let config = swin_v2::Config::default();
        let mut settings = Self { device: Device::Cpu, config, dtype: DType::F32, batch: 2 };
        for word in words {
            match word.as_str() {
                "cpu" | "tiny" | "f32" => {}
                "cuda" => settings.device = Device::new_cuda(0)?,
                "metal" => settings.device = Device::new_metal(0)?,
                "large" => settings.config = swin_v2::Config::large_w12to16_192to256(),
                "bf16" => settings.dtype = DType::BF16,
                "f16" => settings.dtype = DType::F16,
                other => match other.parse() {
                    Ok(batch) if batch > 0 => settings.batch = batch,
                    _ => return Err(format!("`{other}` is not understood: see --help").into()),
                },
            }
        }
        Ok(settings)
    }
}

fn run(settings: &Settings) -> Result<bool> {
    println!("device {:?}, weights {:?}", settings.device.location(), settings.dtype);
    let forward = forward(settings)?;
    Ok(train(&settings.device)? && forward)
}

/// Numbers between -1 and 1 that look random.
fn frames(shape: &[usize]) -> Result<Tensor> {
    let count = shape.iter().product();
    let value = |i: usize| (i.wrapping_mul(7919) % 1009) as f32 / 504.5 - 1.0;
    Ok(Tensor::from_vec((0..count).map(value).collect::<Vec<f32>>(), shape, &Device::Cpu)?)
}

/// Features of a batch: on the CPU in single precision, and on the device.
fn forward(settings: &Settings) -> Result<bool> {
    let Settings { device, config, dtype, batch } = settings;
    let params = Params::seeded(1, DType::F32, &Device::Cpu);
    let here = swin_v2::SwinV2::new(config, &params.builder())?;
    let weights: HashMap<_, _> = params.tensors()?.into_iter().collect();
    let there = swin_v2::SwinV2::new(config, &VarBuilder::from_tensors(weights, *dtype, device))?;

    let [height, width] = config.img_size;
    let input = frames(&[*batch, config.in_chans, height, width])?;
    let expected = here.forward_features(&input.narrow(0, 0, 1)?)?;
    let input = input.to_device(device)?.to_dtype(*dtype)?;
    let mut best = f64::INFINITY;
    let mut found = Vec::new();
    for _ in 0..3 {
        let start = Instant::now();
        // Reading waits for the device.
        found = there
            .forward_features(&input)?
            .narrow(0, 0, 1)?
            .flatten_all()?
            .to_dtype(DType::F32)?
            .to_vec1()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    let expected = expected.flatten_all()?.to_vec1::<f32>()?;
    let scale = expected.iter().fold(0f32, |most, x| most.max(x.abs()));
    let error = expected.iter().zip(&found).map(|(a, b): (_, &f32)| (a - b).abs());
    // A NaN must not get lost.
    let error = error.fold(0f32, |most, x| if x <= most { most } else { x }) / scale;
    let tolerance = match dtype {
        DType::F32 => 1e-3,
        _ => 1e-1,
    };
    println!("Swin-V2 {height}x{width}, batch {batch}: {:.4} s per frame (best of 3)", best / *batch as f64);
    println!("largest difference from the CPU in f32, relative: {error:.2e} (at most {tolerance:.0e})");
    Ok(error <= tolerance)
}

/// Losses of three steps on both.
fn train(device: &Device) -> Result<bool> {
    let config = da_clip::Config { text: None, ..da_clip::Config::default() };
    let losses = |device: &Device| -> Result<Vec<f32>> {
        let params = Params::seeded(1, DType::F32, device);
        let model = DaClip::new(&config, &params.builder())?;
        let mut adam = AdamW::new(AdamWConfig { lr: 1e-3, ..AdamWConfig::default() }, params.named())?;
        let [height, width] = config.visual.img_size;
        let input = frames(&[2, 2, 3, height, width])?;
        let target = Tensor::new(&[1f32, 4.0], device)?;
        let mut losses = Vec::new();
        for _ in 0..3 {
            let loss = (model.score_video(&input)? - &target)?.sqr()?.mean_all()?;
            adam.step(&loss.backward()?)?;
            losses.push(loss.to_scalar::<f32>()?);
        }
        Ok(losses)
    };
    let (here, there) = (losses(&Device::Cpu)?, losses(device)?);
    println!("losses of three steps: {there:?}, on the CPU {here:?}");
    Ok(here.iter().zip(&there).all(|(a, b)| (a - b).abs() <= 1e-3 * a.abs()))
}
