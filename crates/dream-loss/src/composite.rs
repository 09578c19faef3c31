//! The sums of losses that train the paper's baselines, with unit weights.
//!
//! Other weights and forms are one line at the call site: `(mae(p, q)? + (Rank::FastVqa.forward(p, q)? * 0.3)?)?`.

use candle_core::Tensor;

#[cfg(doc)]
use crate::Error;
use crate::batch::sum;
use crate::{Kl, NormInNorm, Plcc, Rank, Result, mae, rmse};

/// Norm-in-norm plus KL divergence, both in the printed form: the regression loss of OPDAI and DA-CLIP.
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor};
/// use dream_loss::{Kl, NormInNorm, nin_kl};
///
/// # fn main() -> dream_loss::Result<()> {
/// let pred = Tensor::new(&[2.0_f64, 1.0, 3.5], &Device::Cpu)?;
/// let target = Tensor::new(&[1.0_f64, 2.0, 4.0], &Device::Cpu)?;
/// let sum = (NormInNorm::paper().forward(&pred, &target)? + Kl::Printed.forward(&pred, &target)?)?;
/// assert_eq!(nin_kl(&pred, &target)?.to_scalar::<f64>()?, sum.to_scalar::<f64>()?);
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
/// Those of [`NormInNorm::forward`] and [`Kl::forward`]; [`Error::Overflow`] for the sum.
///
/// # Reference
///
/// DREAM, arXiv 2510.10053 v2, Eq. 5.
pub fn nin_kl(pred: &Tensor, target: &Tensor) -> Result<Tensor> {
    let shape = NormInNorm::paper().forward(pred, target)?;
    sum("norm-in-norm plus KL", &shape, &Kl::Printed.forward(pred, target)?)
}

/// RMSE plus PLCC loss.
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor};
/// use dream_loss::{Plcc, rmse, rmse_plcc};
///
/// # fn main() -> dream_loss::Result<()> {
/// let pred = Tensor::new(&[2.0_f64, 1.0, 3.5], &Device::Cpu)?;
/// let target = Tensor::new(&[1.0_f64, 2.0, 4.0], &Device::Cpu)?;
/// let sum = (rmse(&pred, &target)? + Plcc::FastVqa.forward(&pred, &target)?)?;
/// assert_eq!(rmse_plcc(&pred, &target)?.to_scalar::<f64>()?, sum.to_scalar::<f64>()?);
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
/// Those of [`rmse`] and [`Plcc::forward`]; [`Error::Overflow`] for the sum.
///
/// # Reference
///
/// DREAM, arXiv 2510.10053 v2, Table V ("RMSE+PLCC"), which states neither weights nor the form of PLCC: here 1, 1
/// and [`Plcc::FastVqa`].
pub fn rmse_plcc(pred: &Tensor, target: &Tensor) -> Result<Tensor> {
    sum("RMSE plus PLCC", &rmse(pred, target)?, &Plcc::FastVqa.forward(pred, target)?)
}

/// RMSE plus rank loss.
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor};
/// use dream_loss::{Rank, rmse, rmse_rank};
///
/// # fn main() -> dream_loss::Result<()> {
/// let pred = Tensor::new(&[2.0_f64, 1.0, 3.5], &Device::Cpu)?;
/// let target = Tensor::new(&[1.0_f64, 2.0, 4.0], &Device::Cpu)?;
/// let sum = (rmse(&pred, &target)? + Rank::Margin.forward(&pred, &target)?)?;
/// assert_eq!(rmse_rank(&pred, &target)?.to_scalar::<f64>()?, sum.to_scalar::<f64>()?);
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
/// Those of [`rmse`] and [`Rank::forward`]; [`Error::Overflow`] for the sum.
///
/// # Reference
///
/// DREAM, arXiv 2510.10053 v2, Table V ("RMSE+Rank"), which states neither weights nor the form: here 1, 1 and
/// [`Rank::Margin`].
pub fn rmse_rank(pred: &Tensor, target: &Tensor) -> Result<Tensor> {
    sum("RMSE plus rank", &rmse(pred, target)?, &Rank::Margin.forward(pred, target)?)
}

/// MAE plus PLCC loss plus rank loss: the loss of the HUST baseline.
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor};
/// use dream_loss::{mae_plcc_rank, mae};
///
/// # fn main() -> dream_loss::Result<()> {
/// // In order, at the right distances, but 0.5 too high: only the MAE is left.
/// let target = Tensor::new(&[1.0_f64, 2.0, 4.0], &Device::Cpu)?;
/// let pred = (&target + 0.5)?;
/// assert!((mae_plcc_rank(&pred, &target)?.to_scalar::<f64>()? - 0.5).abs() < 1e-9);
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
/// Those of [`mae`], [`Plcc::forward`] and [`Rank::forward`]; [`Error::Overflow`] for the sum.
///
/// # Reference
///
/// DREAM, arXiv 2510.10053 v2, which names the three terms of HUST (the third a modified pair-wise ranking) without weights or
/// forms: here 1, 1, 1, [`Plcc::FastVqa`] and [`Rank::Margin`].
pub fn mae_plcc_rank(pred: &Tensor, target: &Tensor) -> Result<Tensor> {
    let name = "MAE plus PLCC plus rank";
    let absolute = sum(name, &mae(pred, target)?, &Plcc::FastVqa.forward(pred, target)?)?;
    sum(name, &absolute, &Rank::Margin.forward(pred, target)?)
}
