//! Small formulas that several losses share. They get detached tensors only.

use candle_core::{Result, Tensor};

/// Smaller peaks do not scale anything, so that no reciprocal overflows in f32.
const SMALLEST_SCALE: f64 = 1e-30;

/// Half the mean over the only dimension, kept as `[1]`, without overflow for any finite input.
///
/// Divides the terms, exactly, by a power of two above their number before it adds them. It rounds like `sum / n`.
pub(crate) fn half_mean(x: &Tensor) -> Result<Tensor> {
    let len = x.dim(0)?;
    let share = len.next_power_of_two() as f64;
    let sum = (x * (0.5 / share))?.sum_keepdim(0)?;
    // A separate tensor: division by a number would multiply by its rounded reciprocal.
    let rest = (sum.ones_like()? * (len as f64 / share))?;
    sum.div(&rest)
}

/// The mean over the only dimension as `[1]`.
pub(crate) fn mean(x: &Tensor) -> Result<Tensor> {
    half_mean(x)? * 2.0
}

/// The sum of products as `[1]`.
pub(crate) fn dot(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    (a * b)?.sum_keepdim(0)
}

/// `|x|^exponent`.
pub(crate) fn abs_pow(x: &Tensor, exponent: f64) -> Result<Tensor> {
    if exponent == 0.0 {
        x.ones_like()
    } else if exponent == 1.0 {
        x.abs()
    } else if exponent == 2.0 {
        x.sqr()
    } else {
        x.abs()?.powf(exponent)
    }
}

/// The derivative of `|x|^exponent` for an exponent of at least 1, with 0 at 0.
pub(crate) fn abs_pow_slope(x: &Tensor, exponent: f64) -> Result<Tensor> {
    (abs_pow(x, exponent - 1.0)? * x.sign()?)? * exponent
}

/// `x` divided by its largest magnitude along `dim`, and that magnitude; 1 replaces one too small to divide by.
pub(crate) fn by_peak(x: &Tensor, dim: usize) -> Result<(Tensor, Tensor)> {
    let peak = x.abs()?.max_keepdim(dim)?;
    let scale = peak.lt(SMALLEST_SCALE)?.where_cond(&peak.ones_like()?, &peak)?;
    Ok((x.broadcast_div(&scale)?, scale))
}

/// `x` with 1 in place of 0, as a divisor.
pub(crate) fn or_one(x: &Tensor) -> Result<Tensor> {
    x.eq(0.0)?.where_cond(&x.ones_like()?, x)
}

/// The gradient, or zeros if the `[1]` condition holds.
pub(crate) fn zero_where(condition: &Tensor, gradient: &Tensor) -> Result<Tensor> {
    condition.broadcast_as(gradient.shape())?.where_cond(&gradient.zeros_like()?, gradient)
}
