//! Primitives whose gradients stay finite and exact at ties.

use candle_core::{Result, Tensor};

/// `|x|` with the sub-gradient `sign(0) = 0`. candle's own `abs` has gradient 1 at 0.
pub(crate) fn abs(x: &Tensor) -> Result<Tensor> {
    x * x.detach().sign()?
}

/// `|x|^exponent` for an exponent of at least 1, with gradient 0 at 0.
pub(crate) fn abs_pow(x: &Tensor, exponent: f64) -> Result<Tensor> {
    if exponent == 1.0 {
        abs(x)
    } else if exponent == 2.0 {
        x.sqr()
    } else {
        abs(x)?.powf(exponent)
    }
}

/// Half the mean over the only dimension, kept as `[1]`, without overflow for any finite input.
///
/// The terms are divided by a power of two above their number before they are added, which is exact. The
/// rounding is that of `sum / n`.
pub(crate) fn half_mean(x: &Tensor) -> Result<Tensor> {
    let len = x.dim(0)?;
    let share = len.next_power_of_two() as f64;
    let rest = Tensor::full(len as f64 / share, 1, x.device())?.to_dtype(x.dtype())?;
    (x * (0.5 / share))?.sum_keepdim(0)?.broadcast_div(&rest)
}
