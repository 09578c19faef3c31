//! Contrast of pairs within a batch.

use candle_core::Tensor;

use crate::alignment::{Direction, pair};
use crate::batch::finish;
use crate::{Error, Result};

/// Tells the videos of a batch apart by their descriptions: each vector is to be closer to its own partner than to those of
/// the others.
///
/// ```text
/// sᵢⱼ = cos(xᵢ, tⱼ) / temperature
/// L   = -1/(2n) Σᵢ (log softmaxⱼ(sᵢⱼ)[i] + log softmaxⱼ(sⱼᵢ)[i])        in 0..=∞
/// ```
///
/// A direction that all vectors share, which satisfies an [`Alignment`](crate::Alignment) of pairs, is worth nothing here: the
/// loss of such a batch is `ln n`. A single pair has nothing to be told from: 0, with a gradient of 0.
///
/// ```
/// use dream_loss::Contrast;
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// let visual = Tensor::new(&[[1.0_f64, 0.0], [0.0, 2.0]], &Device::Cpu)?;
/// let apart = Contrast::default().forward(&visual, &visual)?.to_scalar::<f64>()?;
/// assert!(apart < 1e-4);
/// let alike = Tensor::ones_like(&visual)?;
/// let lost = Contrast::default().forward(&alike, &alike)?.to_scalar::<f64>()?;
/// assert!((lost - 2.0_f64.ln()).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021. Not a part of DREAM.
#[doc(alias("InfoNCE", "NT-Xent"))]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// Divisor of the cosines, 1e-3 or more. Smaller ones look at the closest only.
    pub temperature: f64,
}

impl Default for Contrast {
    fn default() -> Self {
        Self { temperature: 0.1 }
    }
}

impl Contrast {
    /// The loss of a batch. The gradient flows to both inputs.
    ///
    /// # Shapes
    ///
    /// `visual` `[n, d]`, `text` `[n, d]`, result `[]`: f64 if an input is f64, else f32.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a temperature below 1e-3 or that is no number, and those of
    /// [`Alignment::forward`](crate::Alignment::forward).
    pub fn forward(self, visual: &Tensor, text: &Tensor) -> Result<Tensor> {
        let Self { temperature } = self;
        if !(temperature >= 1e-3 && temperature.is_finite()) {
            let expected = "finite and at least 1e-3";
            return Err(Error::InvalidConfig { field: "temperature", value: temperature, expected });
        }
        let [visual, text] = pair(visual, text)?;
        let (x, t) = (Direction::new(&visual)?, Direction::new(&text)?);
        let (x_rows, t_rows) = (x.unit.broadcast_mul(&x.kept)?, t.unit.broadcast_mul(&t.kept)?);
        let cosines = x_rows.matmul(&t_rows.t()?.contiguous()?)?;
        let n = cosines.dim(0)?;
        let own = Tensor::eye(n, cosines.dtype(), cosines.device())?;
        let logits = (&cosines / temperature)?;
        let (by_row, chance_row) = log_softmax(&logits, 1)?;
        let (by_column, chance_column) = log_softmax(&logits, 0)?;
        let value = ((by_row + by_column)? * &own)?.sum_all()?.affine(-0.5 / n as f64, 0.0)?;
        // By each cosine.
        let slope = ((chance_row + chance_column)? - (own * 2.0)?)?;
        let weight = 0.5 / (n as f64 * temperature);
        let by_visual =
            visual.gradient(|| x.pulled(&slope.matmul(&t_rows)?, &x.kept.ones_like()?, weight))?;
        let by_text = text.gradient(|| {
            t.pulled(&slope.t()?.contiguous()?.matmul(&x_rows)?, &t.kept.ones_like()?, weight)
        })?;
        finish("contrast", value, [by_visual, by_text], [&visual, &text])
    }
}

/// Logarithm of the softmax along a dimension, and the softmax.
fn log_softmax(logits: &Tensor, dim: usize) -> candle_core::Result<(Tensor, Tensor)> {
    let shifted = logits.broadcast_sub(&logits.max_keepdim(dim)?)?;
    let powers = shifted.exp()?;
    let sum = powers.sum_keepdim(dim)?;
    Ok((shifted.broadcast_sub(&sum.log()?)?, powers.broadcast_div(&sum)?))
}
