//! Losses that compare each prediction with its own target.

use candle_core::Tensor;

use crate::batch::Batch;
use crate::parts::{half_mean, mean, or_one};
use crate::{Error, Result};

/// Mean absolute error (MAE, L1 loss).
///
/// ```text
/// 1/n Σ |Pᵢ - Qᵢ|        gradient: sign(Pᵢ - Qᵢ) / n, and 0 where Pᵢ = Qᵢ
/// ```
///
/// A batch of one works. The gradient flows to `pred`, and to `target` if it is tracked.
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
/// [`Error::NotAVector`], [`Error::LengthMismatch`], [`Error::EmptyBatch`], [`Error::UnsupportedDType`],
/// [`Error::NonFinite`]; [`Error::Overflow`] if the mean itself does not fit the type; [`Error::Candle`].
///
/// # Reference
///
/// The usual definition, checked against PyTorch's `l1_loss`. DREAM (arXiv 2510.10053 v2) uses it in the HUST
/// baseline.
#[doc(alias("l1_loss", "L1Loss", "mean_absolute_error"))]
pub fn mae(pred: &Tensor, target: &Tensor) -> Result<Tensor> {
    let batch = Batch::new(pred, target)?;
    // Halves: the difference of two huge values still fits.
    let difference = half_difference(&batch)?;
    let value = (half_mean(&difference.abs()?)? * 4.0)?.squeeze(0)?;
    let by_pred = (difference.sign()? / batch.len as f64)?;
    batch.finish("MAE", value, || Ok(by_pred.clone()), || by_pred.neg())
}

/// Mean squared error (MSE, L2 loss).
///
/// ```text
/// 1/n Σ (Pᵢ - Qᵢ)²       gradient: 2 (Pᵢ - Qᵢ) / n
/// ```
///
/// It is the one regression loss whose gradient grows with the error; [`rmse`] has a bounded one.
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// let pred = Tensor::new(&[3.0_f32, 2.0, 5.0, 1.0], &Device::Cpu)?;
/// let target = Tensor::new(&[1.0_f32, 2.0, 6.0, 2.0], &Device::Cpu)?;
/// assert_eq!(dream_loss::mse(&pred, &target)?.to_scalar::<f32>()?, 1.5);
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
/// Those of [`mae`], and [`Error::Steep`] if an entry of the gradient would exceed 1e7 (6e4 for f16 input).
///
/// # Reference
///
/// The usual definition, checked against PyTorch's `mse_loss`.
#[doc(alias("mse_loss", "MSELoss", "l2_loss"))]
pub fn mse(pred: &Tensor, target: &Tensor) -> Result<Tensor> {
    let batch = Batch::new(pred, target)?;
    let difference = (&batch.pred.value - &batch.target.value)?;
    let value = mean(&difference.sqr()?)?.squeeze(0)?;
    let by_pred = (difference * (2.0 / batch.len as f64))?;
    batch.finish("MSE", value, || Ok(by_pred.clone()), || by_pred.neg())
}

/// Root mean squared error.
///
/// ```text
/// √(1/n Σ (Pᵢ - Qᵢ)²)    gradient: (Pᵢ - Qᵢ) / (n RMSE), and 0 where all Pᵢ = Qᵢ
/// ```
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor, Var};
///
/// # fn main() -> dream_loss::Result<()> {
/// let pred = Var::new(&[3.0_f32, 4.0], &Device::Cpu)?;
/// let target = Tensor::new(&[2.0_f32, 4.0], &Device::Cpu)?;
/// let loss = dream_loss::rmse(&pred, &target)?;
/// assert!((loss.to_scalar::<f32>()? - 0.5_f32.sqrt()).abs() < 1e-7);
///
/// // A perfect batch has a zero gradient; autograd through a root would give 0 / 0.
/// let gradients = dream_loss::rmse(&pred, &pred.as_detached_tensor())?.backward()?;
/// let gradient = gradients.get(&pred).map(Tensor::to_vec1::<f32>).transpose()?;
/// assert_eq!(gradient, Some(vec![0.0, 0.0]));
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
/// Those of [`mae`].
///
/// # Reference
///
/// The usual definition, checked against PyTorch's `mse_loss(...).sqrt()`. DREAM (arXiv 2510.10053 v2) uses it in
/// the UNILJ baseline and in Table V.
///
/// # Deviations
///
/// The gradient of a perfect batch is 0; PyTorch gives NaN.
#[doc(alias = "root_mean_squared_error")]
pub fn rmse(pred: &Tensor, target: &Tensor) -> Result<Tensor> {
    root_mean_square("RMSE", pred, target, 0.0)
}

/// Root mean squared error, smooth at zero: `√(MSE + eps)`.
///
/// The common guard against the kink of [`rmse`]; `eps` 1e-12 is the usual choice. A perfect batch has the value
/// `√eps`.
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// let scores = Tensor::new(&[3.0_f64, 4.0], &Device::Cpu)?;
/// let floor = dream_loss::rmse_eps(&scores, &scores, 1e-12)?.to_scalar::<f64>()?;
/// assert!((floor - 1e-6).abs() < 1e-18);
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
/// Those of [`mae`], and [`Error::InvalidConfig`] for an `eps` that is not finite or negative.
///
/// # Reference
///
/// Checked against PyTorch's `(mse_loss(...) + eps).sqrt()`.
pub fn rmse_eps(pred: &Tensor, target: &Tensor, eps: f64) -> Result<Tensor> {
    if !(eps >= 0.0 && eps.is_finite()) {
        return Err(Error::InvalidConfig { field: "eps", value: eps, expected: "finite and not negative" });
    }
    root_mean_square("RMSE with eps", pred, target, eps)
}

/// Scales by the largest difference, so that no square overflows or vanishes.
fn root_mean_square(loss: &'static str, pred: &Tensor, target: &Tensor, eps: f64) -> Result<Tensor> {
    let batch = Batch::new(pred, target)?;
    let difference = half_difference(&batch)?;
    let floor = eps.sqrt() / 2.0;
    let peak = or_one(&difference.abs()?.max_keepdim(0)?.maximum(floor)?)?;
    let unit = difference.broadcast_div(&peak)?;
    let share = (peak.ones_like()? * floor)?.div(&peak)?.sqr()?;
    let root = (mean(&unit.sqr()?)? + share)?.sqrt()?;
    let value = ((&root * &peak)? * 2.0)?.squeeze(0)?;
    let by_pred = (unit.broadcast_div(&or_one(&root)?)? / batch.len as f64)?;
    batch.finish(loss, value, || Ok(by_pred.clone()), || by_pred.neg())
}

/// `(P - Q) / 2`, which fits for any finite values P and Q.
fn half_difference(batch: &Batch) -> candle_core::Result<Tensor> {
    (&batch.pred.value * 0.5)? - (&batch.target.value * 0.5)?
}
