//! The norm-in-norm loss.

use candle_core::Tensor;

use crate::batch::Batch;
use crate::smooth::{abs_pow, half_mean};
use crate::{Error, Result};

/// Below this norm of the deviations an input counts as constant and gets no gradient. A gradient through a
/// division by a norm this small is rounding noise times 1e6 and more, and must not reach an optimiser.
const FLAT: f64 = 1e-6;

/// Peaks below this are not used as a scale, so that no reciprocal overflows in f32.
const SMALLEST_SCALE: f64 = 1e-30;

/// The norm-in-norm loss in the form DREAM prints: it compares the shape of the two batches, not their scale.
///
/// ```text
/// n(v) = (v - mean v) / (‖v - mean v‖_q + eps)
/// loss = Σ |n(P)ᵢ - n(Q)ᵢ|^p
/// ```
///
/// It is a sum: with the default `p` 1, `q` 2 it lies in 0..=2√n and grows with the batch size. It is blind to
/// an affine change of the predictions with a positive slope, so combine it with a loss that sets the scale.
///
/// ```
/// use dream_loss::NormInNorm;
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// let target = Tensor::new(&[1.0_f64, 2.0, 4.0, 3.0], &Device::Cpu)?;
/// let same_shape = ((&target * 20.0)? + 7.0)?;
/// let reversed = target.neg()?;
/// let loss = NormInNorm::paper();
/// assert!(loss.forward(&same_shape, &target)?.to_scalar::<f64>()? < 1e-7);
/// assert!(loss.forward(&reversed, &target)?.to_scalar::<f64>()? > 3.0);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// DREAM, arXiv 2510.10053 v2, Eqs. 1 and 2 (`p` 1, `q` 2). The loss is from D. Li, T. Jiang and M. Jiang,
/// "Norm-in-Norm Loss with Faster Convergence and Better Performance for Image Quality Assessment", ACM
/// Multimedia 2020.
///
/// # Deviations
///
/// The code published with the 2020 paper divides by `2√n` (for `p` 1, `q` 2) and has a second term; the printed
/// form here has neither.
///
/// Where PyTorch gives NaN or gradients near 1e8, the gradient here is 0: for an input whose deviations have a
/// norm below 1e-6 (all predictions equal, or a batch of one). The value is not changed. Equal
/// entries of n(P) and n(Q) have `sign(0) = 0` and so no gradient for `p` 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormInNorm {
    /// Exponent of the differences, 1..=64.
    pub p: f64,
    /// Order of the norm that each input is divided by, 1..=64.
    pub q: f64,
    /// Added to the norm, in units of the scores; finite and not negative.
    pub eps: f64,
}

impl Default for NormInNorm {
    fn default() -> Self {
        Self::paper()
    }
}

impl NormInNorm {
    /// The form of DREAM's Eqs. 1 and 2: `p` 1, `q` 2, `eps` 1e-8.
    #[must_use]
    pub const fn paper() -> Self {
        Self { p: 1.0, q: 2.0, eps: 1e-8 }
    }

    /// The loss of a batch.
    ///
    /// The gradient flows to `pred`, and to `target` where that is tracked. A batch of one gives 0 with a zero
    /// gradient. Inputs of any finite magnitude work.
    ///
    /// # Shapes
    ///
    /// `pred` `[n]`, `target` `[n]`, result `[]`: f64 if an input is f64, else f32.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`], [`Error::NotAVector`], [`Error::LengthMismatch`], [`Error::EmptyBatch`],
    /// [`Error::UnsupportedDType`], [`Error::NonFinite`], [`Error::Candle`].
    pub fn forward(&self, pred: &Tensor, target: &Tensor) -> Result<Tensor> {
        self.check()?;
        let batch = Batch::new(pred, target)?;
        let difference = (self.normalised(&batch.pred)? - self.normalised(&batch.target)?)?;
        let value = abs_pow(&difference, self.p)?.sum_all()?;
        batch.finite("norm-in-norm loss", value)
    }

    fn check(&self) -> Result<()> {
        for (field, value) in [("p", self.p), ("q", self.q)] {
            // Below 1 it is no norm; far above, 2^p leaves the range of f32.
            if !(1.0..=64.0).contains(&value) {
                return Err(Error::InvalidConfig { field, value, expected: "from 1 to 64" });
            }
        }
        if !(self.eps >= 0.0 && self.eps.is_finite()) {
            let expected = "finite and not negative";
            return Err(Error::InvalidConfig { field: "eps", value: self.eps, expected });
        }
        Ok(())
    }

    /// `n(v)`, computed on `v / 2` and relative to the largest deviation. Both factors cancel in the quotient,
    /// and with them no finite input overflows.
    fn normalised(&self, v: &Tensor) -> candle_core::Result<Tensor> {
        let centred = half_deviations(v)?;
        let peak = centred.detach().abs()?.max_keepdim(0)?;
        let scale = peak.lt(SMALLEST_SCALE)?.where_cond(&peak.ones_like()?, &peak)?;
        let unit = centred.broadcast_div(&scale)?;

        // At least 1, from the largest deviation itself; 0 only for a constant, where a root has no gradient.
        let power = abs_pow(&unit, self.q)?.sum_keepdim(0)?;
        let power = power.eq(0.0)?.where_cond(&power.ones_like()?, &power)?;
        let norm = if self.q == 1.0 {
            power
        } else if self.q == 2.0 {
            power.sqrt()?
        } else {
            power.powf(1.0 / self.q)?
        };

        let eps = (scale.recip()? * (self.eps / 2.0))?;
        let normalised = unit.broadcast_div(&(&norm + eps)?)?;
        let flat = (peak * norm.detach())?.lt(FLAT / 2.0)?.broadcast_as(normalised.shape())?;
        flat.where_cond(&normalised.detach(), &normalised)
    }
}

/// `(v - mean v) / 2`, exactly 0 where all values are equal.
fn half_deviations(v: &Tensor) -> candle_core::Result<Tensor> {
    let half = (v * 0.5)?;
    let mean = half_mean(v)?;
    // The mean of equal values may round, and a norm would blow the rest up to order 1.
    let (low, high) = (half.detach().min_keepdim(0)?, half.detach().max_keepdim(0)?);
    let centre = low.eq(&high)?.where_cond(&low, &mean)?;
    half.broadcast_sub(&centre)
}
