//! Times the full-size Swin-V2 on this machine: `swin_v2_time BATCH REPEATS [WEIGHTS [IO]]`.
//!
//! Weights are a safetensors file with timm's names, or zeros. IO is one with `input` and the `pooled` features of its
//! first frame, which are then compared. Prints wall and processor time of every run and the peak memory (Linux).

#![allow(clippy::print_stdout, reason = "a program")]

use std::collections::HashMap;
use std::time::Instant;

use dream_models::deep::candle_core::{DType, Device, Tensor, safetensors};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::swin_v2::{Config, SwinV2};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default: usize| arguments.get(i).map_or(Ok(default), |text| text.parse());
    let (batch, repeats) = (number(0, 1)?, number(1, 3)?);
    let device = Device::Cpu;
    let vb = match arguments.get(2) {
        Some(path) => VarBuilder::from_tensors(safetensors::load(path, &device)?, DType::F32, &device),
        None => VarBuilder::zeros(DType::F32, &device),
    };
    let model = SwinV2::new(&Config::large_w12to16_192to256(), &vb)?;
    drop(vb);
    let io = arguments.get(3).map_or_else(|| Ok(HashMap::new()), |path| safetensors::load(path, &device))?;
    let frames = match io.get("input") {
        Some(input) => input.narrow(0, 0, batch)?.contiguous()?,
        None => Tensor::randn(0.0_f32, 1.0, (batch, 3, 256, 256), &device)?,
    };
    let first = model.forward_features(&frames.narrow(0, 0, 1)?)?;
    if let Some(expected) = io.get("pooled") {
        let apart = (&first - expected)?.abs()?.max_all()?.to_scalar::<f32>()?;
        println!("difference {apart:e} of {:e}", expected.abs()?.max_all()?.to_scalar::<f32>()?);
    }
    for _ in 0..repeats {
        let (start, used) = (Instant::now(), processor_seconds());
        let features = model.forward_features(&frames)?;
        let same = features.get(0)?.to_vec1::<f32>()? == first.get(0)?.to_vec1::<f32>()?;
        let (wall, used) = (start.elapsed().as_secs_f64(), processor_seconds() - used);
        println!("batch {batch} wall {wall:.3} s processor {used:.2} s, as in a batch of one: {same}");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("{peak}");
    }
    Ok(())
}

/// User and system time of this process, or 0 where the system does not tell.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
