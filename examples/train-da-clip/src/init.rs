//! First values for a narrow network that starts from nothing.

use anyhow::Result;
use dream_models::deep::candle_core::Var;
use dream_models::deep::train::Params;

/// The deviation that the published code draws weights with, whatever their size.
const PUBLISHED: f64 = 0.02;
/// The middle of the grades: where a score is before anything is learnt.
const MIDDLE: f64 = 3.0;

/// Opens the residual branches of the visual tower and gives the weights of its layers and of the heads the deviation
/// of Glorot and Bengio, the square root of `2 / (inputs + outputs)`; scores start at the middle grade.
///
/// The published values are for wide networks that are trained on millions of images: a deviation of 0.02 is a tenth of
/// what a layer of width 32 needs, and one step of Adam is as large as the weight.
pub(crate) fn scale(params: &Params) -> Result<()> {
    for (name, var) in params.named() {
        let tower = name.starts_with("visual.layers.");
        let head = ["visual_proj.", "regressor.", "visual.head."].iter().any(|part| name.starts_with(part));
        if tower && (name.ends_with(".norm1.weight") || name.ends_with(".norm2.weight")) {
            var.set(&var.ones_like()?)?;
        } else if name == "regressor.bias" || name == "visual.head.fc.bias" {
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
