//! Losses on Pearson's correlation, in the three forms in use.

use candle_core::Tensor;

#[cfg(doc)]
use crate::Error;
use crate::Result;
use crate::batch::Batch;
use crate::norm_in_norm::{NormInNorm, Rescaling};
use crate::normalise::Normalised;
use crate::parts::dot;

/// Added to the product of the norms, and in [`Plcc::FastVqa`] to each standard deviation.
const EPS: f64 = 1e-8;

/// A loss on Pearson's linear correlation ρ of predictions and targets.
///
/// ```text
/// FastVqa     ((1 - ρ)/2 + (1 - ρ²)/4) / 2
/// Half        (1 - ρ) / 2
/// OneMinus     1 - ρ              ρ = Σ ab / (‖a‖ ‖b‖ + 1e-8), a and b the deviations from the means
/// ```
///
/// All ignore an affine change of the predictions with a positive slope, so combine them with a loss that sets the
/// scale, such as [`rmse`](crate::rmse) or [`mae`](crate::mae). `FastVqa` is the mean of two squared differences of
/// z-scores, with the predictions as they are and rescaled by ρ; its value is the closed form above.
///
/// ```
/// use dream_loss::Plcc;
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// let target = Tensor::new(&[1.0_f64, 2.0, 4.0, 3.0], &Device::Cpu)?;
/// let reversed = target.neg()?;
/// let value = |loss: Plcc| loss.forward(&reversed, &target)?.to_scalar::<f64>();
/// assert!((value(Plcc::OneMinus)? - 2.0).abs() < 1e-7);
/// assert!((value(Plcc::Half)? - 1.0).abs() < 1e-7);
/// assert!((value(Plcc::FastVqa)? - 0.5).abs() < 1e-7);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// `FastVqa`: the code of H. Wu et al., "FAST-VQA: Efficient End-to-end Video Quality Assessment with Fragment
/// Sampling", ECCV 2022. `Half` and `OneMinus`: the usual forms of quality assessment code. DREAM
/// (arXiv 2510.10053 v2) names a PLCC loss in Tables IV and V without a formula.
///
/// # Deviations
///
/// A batch of one has no correlation, so every form is 0. If all predictions are equal (deviations with a norm below
/// 1e-6) the gradient is 0, where PyTorch gives entries near 1e8; the value is that of ρ = 0.
#[doc(alias("plcc_loss", "pearsonr"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plcc {
    /// `((1 - ρ)/2 + (1 - ρ²)/4) / 2`, in 0..=0.5.
    #[default]
    FastVqa,
    /// `(1 - ρ) / 2`, in 0..=1.
    Half,
    /// `1 - ρ`, in 0..=2.
    OneMinus,
}

impl Plcc {
    /// The loss of a batch.
    ///
    /// # Shapes
    ///
    /// `pred` `[n]`, `target` `[n]`, result `[]`: f64 if an input is f64, else f32.
    ///
    /// # Errors
    ///
    /// [`Error::NotAVector`], [`Error::LengthMismatch`], [`Error::EmptyBatch`], [`Error::UnsupportedDType`],
    /// [`Error::NonFinite`], [`Error::Candle`].
    pub fn forward(self, pred: &Tensor, target: &Tensor) -> Result<Tensor> {
        let batch = Batch::new(pred, target)?;
        if batch.len == 1 {
            return batch.zero("PLCC loss");
        }
        let weight = match self {
            Self::FastVqa => return z_scores(batch.len).of(&batch, Rescaling::product, "PLCC loss"),
            Self::Half => 0.5,
            Self::OneMinus => 1.0,
        };
        let (a, b) = (Normalised::new(&batch.pred, 2.0, 0.0)?, Normalised::new(&batch.target, 2.0, 0.0)?);
        // ρ = kept · Σ n(a) n(b) with kept = ‖a‖‖b‖ / (‖a‖‖b‖ + eps), and ∂ρ/∂a = kept (n(b) - ρ n(a)) / ‖a‖.
        let kept = (((&a.inverse * EPS)? * &b.inverse)? + 1.0)?.recip()?;
        let rho = (dot(&a.n, &b.n)? * &kept)?;
        let value = ((1.0 - &rho)? * weight)?.squeeze(0)?;
        let gradient = |this: &Normalised, other: &Normalised| {
            let by_rho = (&other.n - this.n.broadcast_mul(&rho)?)?.broadcast_mul(&kept)?;
            this.centred(&(by_rho * -weight)?)
        };
        batch.finish("PLCC loss", value, || gradient(&a, &b), || gradient(&b, &a))
    }
}

/// Mean squared differences of z-scores over 4. A z-score is √n times an entry of `n(v)`, and its `eps` is added to a
/// standard deviation, which is the norm over √n: this is the published norm-in-norm with `p` 2 (`q` is always 2).
fn z_scores(len: usize) -> NormInNorm {
    let eps = EPS * (len as f64).sqrt();
    NormInNorm { p: 2.0, eps, alpha: [1.0, 1.0], ..NormInNorm::normalized() }
}
