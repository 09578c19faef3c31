//! First values for networks that start from nothing.

use candle_core::Var;

use super::Params;
use crate::Result;

/// The deviation that the published code of Swin V2 draws weights with, whatever their size.
const PUBLISHED: f64 = 0.02;

/// Makes a narrow network with a Swin V2 tower ready to learn from nothing.
///
/// Opens the residual branches of the tower below `tower`, and gives the weights of its layers, and of the layers whose
/// names begin with one of `heads`, the deviation of Glorot and Bengio, the square root of `2 / (inputs + outputs)`. The
/// parameter `bias.0` is set to `bias.1`, so that scores start at a middle grade. Call it once, on first values that
/// [`Params::seeded`] drew.
///
/// The published values are for wide networks that are trained on millions of images: a deviation of 0.02 is a tenth of
/// what a layer of width 32 needs, and one step of Adam is as large as the weight.
///
/// ```
/// use dream_models::deep::candle_core::{DType, Device};
/// use dream_models::deep::train::{Params, first_values};
///
/// let params = Params::seeded(7, DType::F32, &Device::Cpu);
/// dream_models::deep::candle_nn::linear(3, 1, params.builder().pp("regressor"))?;
/// first_values::scale_narrow(&params, "visual", &["regressor."], ("regressor.bias", 3.0))?;
/// assert_eq!(params.tensors()?["regressor.bias"].to_vec1::<f32>()?, [3.0]);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Tensor`](crate::Error::Tensor) when there is no memory left.
///
/// # Reference
///
/// Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
pub fn scale_narrow(params: &Params, tower: &str, heads: &[&str], bias: (&str, f64)) -> Result<()> {
    let layers = format!("{tower}.layers.");
    for (name, var) in params.named() {
        let tower = name.starts_with(&layers);
        let head = heads.iter().any(|part| name.starts_with(part));
        if tower && (name.ends_with(".norm1.weight") || name.ends_with(".norm2.weight")) {
            var.set(&var.ones_like()?)?;
        } else if name == bias.0 {
            var.set(&(var.zeros_like()? + bias.1)?)?;
        } else if let (true, false, &[outputs, inputs]) =
            (tower || head, name.contains("cpb_mlp"), var.dims())
        {
            multiply(&var, (2.0 / (inputs + outputs) as f64).sqrt() / PUBLISHED)?;
        }
    }
    Ok(())
}

/// Makes a narrow network with a ConvNeXt tower ready to learn from nothing.
///
/// Opens the residual branches of the tower below `tower` (which is empty or ends with a point): `gamma` becomes 1. The weights
/// of its linear layers get the deviation of Glorot and Bengio, those of its convolutions the root of `1 / inputs`. The
/// parameter `bias.0` is set to `bias.1`. Call it once, on first values that [`Params::seeded`] drew; see [`scale_narrow`].
///
/// ```
/// use dream_models::deep::backbones::convnext::Config;
/// use dream_models::deep::candle_core::{DType, Device};
/// use dream_models::deep::methods::hust::Hust;
/// use dream_models::deep::train::{Params, first_values};
///
/// let params = Params::seeded(7, DType::F32, &Device::Cpu);
/// Hust::new(&Config::default(), &params.builder())?;
/// first_values::scale_narrow_convnext(&params, "", ("head.fc.bias", 3.0))?;
/// assert_eq!(params.tensors()?["stages.0.blocks.0.gamma"].to_vec1::<f32>()?, [1.0; 8]);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Tensor`](crate::Error::Tensor) when there is no memory left.
pub fn scale_narrow_convnext(params: &Params, tower: &str, bias: (&str, f64)) -> Result<()> {
    for (name, var) in params.named() {
        if name == bias.0 {
            var.set(&(var.zeros_like()? + bias.1)?)?;
        }
        let Some(part) = name.strip_prefix(tower) else { continue };
        let of_tower = ["stem.", "stages.", "head."].iter().any(|start| part.starts_with(start));
        match *var.dims() {
            [_] if part.ends_with(".gamma") => var.set(&var.ones_like()?)?,
            [outputs, inputs] if of_tower => {
                multiply(&var, (2.0 / (inputs + outputs) as f64).sqrt() / PUBLISHED)?;
            }
            [_, planes, rows, columns] if of_tower => {
                multiply(&var, (1.0 / (planes * rows * columns) as f64).sqrt() / PUBLISHED)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn multiply(var: &Var, factor: f64) -> Result<()> {
    Ok(var.set(&(var.as_tensor() * factor)?)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use candle_core::{DType, Device, Tensor};

    use super::*;

    #[test]
    fn what_is_named_changes_and_nothing_else() {
        let names = [
            "visual.layers.0.blocks.0.norm1.weight",
            "visual.layers.0.blocks.0.attn.qkv.weight",
            "visual.layers.0.blocks.0.attn.cpb_mlp.0.weight",
            "visual.patch_embed.proj.weight",
            "head.weight",
            "head.bias",
        ];
        let halves = (Tensor::ones((6, 2), DType::F64, &Device::Cpu).unwrap() * 0.5).unwrap();
        let tensors: BTreeMap<String, Tensor> =
            names.iter().map(|name| ((*name).to_owned(), halves.clone())).collect();
        let params = Params::from_tensors(&tensors, DType::F64, &Device::Cpu).unwrap();
        scale_narrow(&params, "visual", &["head."], ("head.bias", 3.0)).unwrap();
        let after = params.tensors().unwrap();
        let value = |name: &str| after[name].flatten_all().unwrap().to_vec1::<f64>().unwrap()[0];
        // The root of 2/8 is 0.5, 25 times as much as 0.02.
        let expected = [1.0, 12.5, 0.5, 0.5, 12.5, 3.0];
        for (name, expected) in names.iter().zip(expected) {
            assert!((value(name) - expected).abs() < 1e-12, "{name}: {}", value(name));
        }
    }

    #[test]
    fn the_layers_of_a_convnext_change_and_nothing_else() {
        let names = [
            ("a.stem.0.weight", &[8, 3, 4, 4][..], 0.5 * 50.0 / 48_f64.sqrt()),
            ("a.stages.0.blocks.0.conv_dw.weight", &[8, 1, 7, 7], 0.5 * 50.0 / 7.0),
            ("a.stages.0.blocks.0.mlp.fc1.weight", &[6, 2], 12.5),
            ("a.stages.0.blocks.0.gamma", &[8], 1.0),
            ("a.stages.0.blocks.0.norm.weight", &[8], 0.5),
            ("fc4.weight", &[6, 2], 0.5),
            ("fc4.bias", &[1], 3.0),
        ];
        let tensor =
            |shape: &[usize]| (Tensor::ones(shape, DType::F64, &Device::Cpu).unwrap() * 0.5).unwrap();
        let tensors: BTreeMap<String, Tensor> =
            names.iter().map(|(name, shape, _)| ((*name).to_owned(), tensor(shape))).collect();
        let params = Params::from_tensors(&tensors, DType::F64, &Device::Cpu).unwrap();
        scale_narrow_convnext(&params, "a.", ("fc4.bias", 3.0)).unwrap();
        let after = params.tensors().unwrap();
        for (name, _, expected) in names {
            let value = after[name].flatten_all().unwrap().to_vec1::<f64>().unwrap()[0];
            assert!((value - expected).abs() < 1e-12, "{name}: {value}");
        }
    }
}
