//! The two places where a number leaves the device.

use candle_core::{DType, Device, Tensor};

use crate::{Error, Result};

/// The value of a loss as a number, for a log or a stopping rule.
///
/// Losses read nothing back from a device. If a batch holds NaN, infinity or scores too large, its loss on a device is
/// NaN with a zero gradient, and this function, which must wait for the device anyway, reports it. On the CPU the loss
/// itself fails with an error that names the input.
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// let pred = Tensor::new(&[3.0_f32, 2.0], &Device::Cpu)?;
/// let target = Tensor::new(&[1.0_f32, 2.0], &Device::Cpu)?;
/// assert_eq!(dream_loss::read(&dream_loss::mae(&pred, &target)?)?, 1.0);
/// # Ok(())
/// # }
/// ```
///
/// # Shapes
///
/// `loss` `[]`.
///
/// # Errors
///
/// [`Error::Withdrawn`] if the value is not finite, [`Error::Candle`] if `loss` is not a scalar.
pub fn read(loss: &Tensor) -> Result<f64> {
    // To the host first: Metal does not support f64.
    let value = loss.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    if value.is_finite() { Ok(value) } else { Err(Error::Withdrawn { value }) }
}

/// Fails on the first NaN or infinity of a tensor. `argument` is the name in the message.
///
/// On the CPU every loss calls it. On a device it waits for the queued work and copies the tensor, so call it only for
/// debugging, or after [`read`] has failed.
///
/// ```
/// use dream_loss::Error;
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// let scores = Tensor::new(&[3.0_f32, f32::NAN], &Device::Cpu)?;
/// let error = dream_loss::check_finite("scores", &scores);
/// assert!(matches!(error, Err(Error::NonFinite { argument: "scores", index: 1, .. })));
/// # Ok(())
/// # }
/// ```
///
/// # Shapes
///
/// Any. The index in the error counts in row-major order.
///
/// # Errors
///
/// [`Error::NonFinite`], [`Error::Candle`].
pub fn check_finite(argument: &'static str, tensor: &Tensor) -> Result<()> {
    let values = tensor.flatten_all()?.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
    match values.into_iter().enumerate().find(|(_, v)| !v.is_finite()) {
        Some((index, value)) => Err(Error::NonFinite { argument, index, value }),
        None => Ok(()),
    }
}
