//! The checks that every loss makes, and the number type it computes in.

use candle_core::{DType, Tensor};

use crate::{Error, Result};

/// A checked pair of vectors in the type the loss is computed in.
pub(crate) struct Batch {
    pub(crate) pred: Tensor,
    pub(crate) target: Tensor,
}

impl Batch {
    /// Checks shapes and types, and converts half precision to f32.
    ///
    /// The result is f64 where one input is, else f32. The conversion is part of the graph.
    pub(crate) fn new(pred: &Tensor, target: &Tensor) -> Result<Self> {
        let len = vector_len("pred", pred)?;
        let target_len = vector_len("target", target)?;
        if len != target_len {
            return Err(Error::LengthMismatch { pred: len, target: target_len });
        }
        if len == 0 {
            return Err(Error::EmptyBatch);
        }
        let wide = is_wide("pred", pred)? | is_wide("target", target)?;
        let dtype = if wide { DType::F64 } else { DType::F32 };
        Ok(Self { pred: pred.to_dtype(dtype)?, target: target.to_dtype(dtype)? })
    }

    /// Returns `value` when it and both inputs are finite.
    ///
    /// The whole check is one number read back from the device: `x * 0` is 0 for a finite x and NaN for any
    /// other, and NaN survives a sum. (candle's `max_all` and `relu` hide a NaN.) Only a batch that fails is
    /// copied to the host, to name the culprit.
    pub(crate) fn finite(&self, loss: &'static str, value: Tensor) -> Result<Tensor> {
        let inputs = ((self.pred.detach() * 0.0)? + (self.target.detach() * 0.0)?)?.sum_all()?;
        let probe = ((value.detach() * 0.0)? + inputs)?.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        if probe == 0.0 {
            return Ok(value);
        }
        first_non_finite("pred", &self.pred)?;
        first_non_finite("target", &self.target)?;
        Err(Error::Overflow { loss, dtype: value.dtype() })
    }
}

fn vector_len(argument: &'static str, tensor: &Tensor) -> Result<usize> {
    match tensor.dims() {
        [len] => Ok(*len),
        shape => Err(Error::NotAVector { argument, shape: shape.to_vec() }),
    }
}

/// Whether the tensor is f64. Fails on types that are not plain floating point.
fn is_wide(argument: &'static str, tensor: &Tensor) -> Result<bool> {
    match tensor.dtype() {
        DType::F64 => Ok(true),
        DType::F32 | DType::F16 | DType::BF16 => Ok(false),
        dtype => Err(Error::UnsupportedDType { argument, dtype }),
    }
}

fn first_non_finite(argument: &'static str, tensor: &Tensor) -> Result<()> {
    let values = tensor.to_dtype(DType::F64)?.to_vec1::<f64>()?;
    match values.into_iter().enumerate().find(|(_, v)| !v.is_finite()) {
        Some((index, value)) => Err(Error::NonFinite { argument, index, value }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn a_finite_value_does_not_hide_bad_input() {
        let value = Tensor::new(1.0_f32, &Device::Cpu).unwrap();
        let good = Tensor::new(&[1.0_f32, 2.0], &Device::Cpu).unwrap();
        let bad = Tensor::new(&[1.0_f32, f32::NEG_INFINITY], &Device::Cpu).unwrap();
        let check = |pred, target| Batch::new(pred, target).unwrap().finite("test", value.clone());
        assert!(check(&good, &good).is_ok());
        assert!(matches!(check(&bad, &good), Err(Error::NonFinite { argument: "pred", index: 1, .. })));
        assert!(matches!(check(&good, &bad), Err(Error::NonFinite { argument: "target", index: 1, .. })));
    }
}
