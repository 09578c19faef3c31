use candle_core::{Result, Tensor};

/// Exact GELU, `x Φ(x)` with the normal distribution function through `erf`, as PyTorch's default.
///
/// # Errors
///
/// Those of candle.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    x.gelu_erf()
}

/// OpenAI CLIP's activation, `x sigmoid(1.702 x)`.
///
/// # Errors
///
/// Those of candle.
pub fn quick_gelu(x: &Tensor) -> Result<Tensor> {
    x * candle_nn::ops::sigmoid(&(x * 1.702)?)?
}
