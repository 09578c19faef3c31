use candle_core::{D, Result, Tensor};

use crate::deep::kernels;

/// Softmax over the last axis, trainable (`candle_nn::ops::softmax_last_dim` drops the gradient).
///
/// # Errors
///
/// Those of candle.
#[doc(alias = "softmax")]
pub fn softmax_last(x: &Tensor) -> Result<Tensor> {
    if kernels::applies(x) && x.rank() > 0 {
        return kernels::softmax(x);
    }
    candle_nn::ops::softmax(x, D::Minus1)
}
