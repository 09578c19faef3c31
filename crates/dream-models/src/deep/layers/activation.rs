use candle_core::{Result, Tensor};

use crate::deep::kernels;

/// Exact GELU, `x Φ(x)` with the normal distribution function through `erf`, as PyTorch's default.
///
/// # Errors
///
/// Those of candle.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    if kernels::applies(x) {
        return kernels::bias_gelu::<kernels::Erf>(x, &no_bias(x)?);
    }
    x.gelu_erf()
}

/// `gelu(x + bias)` with a bias of the last axis, in one pass.
pub(crate) fn bias_gelu(x: &Tensor, bias: &Tensor) -> Result<Tensor> {
    if kernels::applies(x) {
        kernels::bias_gelu::<kernels::Erf>(x, bias)
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
        return kernels::bias_gelu::<kernels::Quick>(x, &no_bias(x)?);
    }
    x * candle_nn::ops::sigmoid(&(x * 1.702)?)?
}

/// `quick_gelu(x + bias)` with a bias of the last axis, in one pass.
pub(crate) fn bias_quick_gelu(x: &Tensor, bias: &Tensor) -> Result<Tensor> {
    if kernels::applies(x) {
        return kernels::bias_gelu::<kernels::Quick>(x, bias);
    }
    quick_gelu(&x.broadcast_add(bias)?)
}

/// `max(x, 0)` with the gradient 0 at 0, as PyTorch's; candle's own is 1 there.
///
/// # Errors
///
/// Those of candle.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    x.gt(0.0)?.where_cond(x, &x.zeros_like()?)
}

fn no_bias(x: &Tensor) -> Result<Tensor> {
    Tensor::zeros(x.dims().last().copied().unwrap_or(1), x.dtype(), x.device())
}
