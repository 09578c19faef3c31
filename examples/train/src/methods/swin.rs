//! The visual tower that methods share: its sizes, its published weights, and first values for a narrow one.

use std::path::Path;

use anyhow::{Context, Result};
use dream_models::deep::backbones::swin_v2::Config;
use dream_models::deep::candle_core::Var;
use dream_models::deep::checkpoint::TensorFile;
use dream_models::deep::pretrained;
use dream_models::deep::train::Params;

use crate::options::Preset;

/// The deviation that the published code draws weights with, whatever their size.
const PUBLISHED: f64 = 0.02;
/// The middle of the grades: where a score is before anything is learnt.
const MIDDLE: f64 = 3.0;

/// The sizes of a preset.
pub(super) fn config(preset: Preset) -> Config {
    match preset {
        Preset::Large => Config::large_w12to16_192to256(),
        Preset::Tiny => Config {
            embed_dim: 32,
            depths: vec![1, 1, 1],
            num_heads: vec![2, 4, 8],
            window_size: [4, 4],
            pretrained_window_sizes: vec![0; 3],
            // Small enough for all frames of a batch at once.
            images_per_pass: 64,
            windows_per_pass: 1024,
            ..Config::default()
        },
    }
}

/// Puts the published weights of a file under `visual`; a head that the file has is left out.
pub(super) fn published(path: &Path, config: &Config, params: &Params) -> Result<()> {
    let named = || format!("first weights {}", path.display());
    let config = Config { num_classes: 0, ..config.clone() };
    let file = TensorFile::open(path).with_context(named)?;
    Ok(params.insert("visual", &pretrained::swin_v2(&file, &config).with_context(named)?)?)
}

/// Opens the residual branches of the tower and gives the weights of its layers and of the heads the deviation of Glorot
/// and Bengio, the square root of `2 / (inputs + outputs)`; scores, which have this bias, start at the middle grade.
///
/// The published values are for wide networks that are trained on millions of images: a deviation of 0.02 is a tenth of
/// what a layer of width 32 needs, and one step of Adam is as large as the weight.
pub(super) fn scale(params: &Params, heads: &[&str], bias: &str) -> Result<()> {
    for (name, var) in params.named() {
        let tower = name.starts_with("visual.layers.");
        let head = heads.iter().any(|part| name.starts_with(part));
        if tower && (name.ends_with(".norm1.weight") || name.ends_with(".norm2.weight")) {
            var.set(&var.ones_like()?)?;
        } else if name == bias {
            var.set(&(var.zeros_like()? + MIDDLE)?)?;
        } else if let (true, false, &[outputs, inputs]) =
            (tower || head, name.contains("cpb_mlp"), var.dims())
        {
            multiply(&var, (2.0 / (inputs + outputs) as f64).sqrt() / PUBLISHED)?;
        }
    }
    Ok(())
}

fn multiply(var: &Var, factor: f64) -> Result<()> {
    Ok(var.set(&(var.as_tensor() * factor)?)?)
}
