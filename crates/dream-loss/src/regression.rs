//! Losses that compare each prediction with its own target.

use candle_core::Tensor;

use crate::Result;
use crate::batch::Batch;
use crate::smooth::{abs, half_mean};

/// Mean absolute error (MAE, L1 loss).
///
/// ```text
/// 1/n Σ |Pᵢ - Qᵢ|        gradient: sign(Pᵢ - Qᵢ) / n, and 0 where Pᵢ = Qᵢ
/// ```
///
/// A batch of one works. The gradient flows to `pred`, and to `target` where that is tracked.
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor, Var};
///
/// # fn main() -> dream_loss::Result<()> {
/// let pred = Var::new(&[3.0_f32, 2.0, 5.0, 1.0], &Device::Cpu)?;
/// let target = Tensor::new(&[1.0_f32, 2.0, 6.0, 2.0], &Device::Cpu)?;
/// let loss = dream_loss::mae(&pred, &target)?;
/// assert_eq!(loss.to_scalar::<f32>()?, 1.0);
///
/// let gradient = loss.backward()?.remove(&pred).map(|g| g.to_vec1::<f32>()).transpose()?;
/// assert_eq!(gradient, Some(vec![0.25, 0.0, -0.25, -0.25]));
/// # Ok(())
/// # }
/// ```
///
/// # Shapes
///
/// `pred` `[n]`, `target` `[n]`, result `[]`: f64 if an input is f64, else f32.
///
/// # Errors
///
/// [`Error::NotAVector`](crate::Error::NotAVector), [`Error::LengthMismatch`](crate::Error::LengthMismatch), [`Error::EmptyBatch`](crate::Error::EmptyBatch), [`Error::UnsupportedDType`](crate::Error::UnsupportedDType),
/// [`Error::NonFinite`](crate::Error::NonFinite); [`Error::Overflow`](crate::Error::Overflow) where the mean itself does not fit the type; [`Error::Candle`](crate::Error::Candle).
///
/// # Reference
///
/// The usual definition, checked against PyTorch's `l1_loss`. DREAM (arXiv 2510.10053 v2) uses it in the HUST
/// baseline.
pub fn mae(pred: &Tensor, target: &Tensor) -> Result<Tensor> {
    let batch = Batch::new(pred, target)?;
    // Halves: the difference of two huge values still fits.
    let difference = ((&batch.pred * 0.5)? - (&batch.target * 0.5)?)?;
    let quarter = half_mean(&abs(&difference)?)?;
    let value = (quarter * 4.0)?.squeeze(0)?;
    batch.finite("MAE", value)
}
