use candle_core::{Result, Tensor};

use crate::deep::kernels;

/// Exact GELU, `x Φ(x)` with the normal distribution function through `erf`, as PyTorch's default.
///
/// # Errors
///
/// Those of candle.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    if kernels::applies(x) {
        return kernels::bias_curve::<kernels::Erf>(x, &no_bias(x)?);
    }
    x.gelu_erf()
}

/// `gelu(x + bias)` with a bias of the last axis, in one pass.
pub(crate) fn bias_gelu(x: &Tensor, bias: &Tensor) -> Result<Tensor> {
    if kernels::applies(x) {
        kernels::bias_curve::<kernels::Erf>(x, bias)
    } else {
        x.broadcast_add(bias)?.gelu_erf()
    }
}

/// OpenAI CLIP's activation, `x sigmoid(1.702 x)`.
///
/// # Errors
///
/// Those of candle.
pub fn quick_gelu(x: &Tensor) -> Result<Tensor> {
    if kernels::applies(x) {
        return kernels::bias_curve::<kernels::Quick>(x, &no_bias(x)?);
    }
    x * candle_nn::ops::sigmoid(&(x * 1.702)?)?
}

/// `quick_gelu(x + bias)` with a bias of the last axis, in one pass.
pub(crate) fn bias_quick_gelu(x: &Tensor, bias: &Tensor) -> Result<Tensor> {
    if kernels::applies(x) {
        return kernels::bias_curve::<kernels::Quick>(x, bias);
    }
    quick_gelu(&x.broadcast_add(bias)?)
}

/// `max(x, 0)` with the gradient 0 at 0, as PyTorch's; candle's own has 1 there. NaN stays NaN.
///
/// # Errors
///
/// Those of candle.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    if kernels::applies(x) {
        return kernels::bias_curve::<kernels::Rectified>(x, &no_bias(x)?);
    }
    x.le(0.0)?.where_cond(&x.zeros_like()?, x)
}

/// `relu(x + bias)` with a bias of the last axis, in one pass.
pub(crate) fn bias_relu(x: &Tensor, bias: &Tensor) -> Result<Tensor> {
    if kernels::applies(x) {
        return kernels::bias_curve::<kernels::Rectified>(x, bias);
    }
    relu(&x.broadcast_add(bias)?)
}

fn no_bias(x: &Tensor) -> Result<Tensor> {
    Tensor::zeros(x.dims().last().copied().unwrap_or(1), x.dtype(), x.device())
}
