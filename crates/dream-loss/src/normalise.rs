//! Brings a batch to mean 0 and norm 1, and takes a gradient back through that.

use candle_core::{Result, Tensor};

use crate::batch::Input;
use crate::parts::{abs_pow, abs_pow_slope, by_peak, dot, half_mean, mean, or_one, zero_where};

/// Below this norm of the deviations an input counts as constant and gets no gradient. A gradient through a
/// division by a norm this small is rounding noise times 1e6 and more, and must not reach an optimiser.
const FLAT: f64 = 1e-6;

/// `n(v) = (v - mean v) / (‖v - mean v‖_q + eps)`.
///
/// Works on `v / 2`, relative to the largest deviation. Both factors cancel in the quotient, and so no finite input
/// overflows.
pub(crate) struct Normalised {
    /// `n(v)`, `[n]`; 0 for a constant.
    pub(crate) n: Tensor,
    /// The derivative of the norm by each deviation, `[n]`.
    norm_slope: Tensor,
    /// `1 / (norm + eps)`, `[1]`.
    pub(crate) inverse: Tensor,
    /// Whether the input counts as constant, `[1]`.
    flat: Tensor,
    limit: f64,
}

impl Normalised {
    pub(crate) fn new(input: &Input, q: f64, eps: f64) -> Result<Self> {
        let (unit, peak) = by_peak(&half_deviations(&input.value)?, 0)?;

        // At least 1, which the largest deviation contributes; 0 only for a constant.
        let power = or_one(&abs_pow(&unit, q)?.sum_keepdim(0)?)?;
        let norm = if q == 1.0 {
            power
        } else if q == 2.0 {
            power.sqrt()?
        } else {
            power.powf(1.0 / q)?
        };

        let divisor = (&norm + (peak.recip()? * (eps / 2.0))?)?;
        let n = unit.broadcast_div(&divisor)?;
        // |unit| / norm is at most 1, so no power of it overflows.
        let norm_slope = (abs_pow_slope(&unit.broadcast_div(&norm)?, q)? / q)?;
        let inverse = ((peak.recip()? * 0.5)? / divisor)?;
        // A constant gets norm 1 here only because a quotient needs one.
        let constant = unit.abs()?.max_keepdim(0)?.eq(0.0)?;
        let small = (peak * norm)?.lt(FLAT / 2.0)?;
        let flat = constant.maximum(&small)?;
        Ok(Self { n, norm_slope, inverse, flat, limit: input.limit })
    }

    /// The gradient by `v` of a function whose gradient by `n(v)` is `by_n`. 0 for an input that counts as constant.
    ///
    /// With `detached`, mean and norm count as constants.
    pub(crate) fn pull_back(&self, by_n: &Tensor, detached: bool) -> Result<Tensor> {
        if detached {
            return self.without_noise(&by_n.broadcast_mul(&self.inverse)?);
        }
        let along = dot(by_n, &self.n)?;
        let tangent = (by_n - self.norm_slope.broadcast_mul(&along)?)?;
        self.centred(&tangent)
    }

    /// The gradient by `v`, given `by_deviation · (norm + eps)`.
    pub(crate) fn centred(&self, by_deviation: &Tensor) -> Result<Tensor> {
        let centred = by_deviation.broadcast_sub(&mean(by_deviation)?)?;
        self.without_noise(&centred.broadcast_mul(&self.inverse)?)
    }

    /// 0 for an input that counts as constant, or whose gradient is not fit for an optimiser.
    fn without_noise(&self, gradient: &Tensor) -> Result<Tensor> {
        let steep = gradient.abs()?.max_keepdim(0)?.gt(self.limit)?;
        zero_where(&self.flat.maximum(&steep)?, gradient)
    }
}

/// `(v - mean v) / 2`, exactly 0 where all values are equal.
fn half_deviations(v: &Tensor) -> Result<Tensor> {
    let half = (v * 0.5)?;
    let mean = half_mean(v)?;
    // The mean of equal values may round, and the norm would blow the rest up to order 1.
    let (low, high) = (half.min_keepdim(0)?, half.max_keepdim(0)?);
    let centre = low.eq(&high)?.where_cond(&low, &mean)?;
    half.broadcast_sub(&centre)
}
