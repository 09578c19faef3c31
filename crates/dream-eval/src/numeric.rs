//! Checks and sums that all metrics share.

use std::fmt::{self, Alignment, Formatter};

use crate::{Error, Result};

/// Blocks of this length are added with eight running sums; longer slices are split in two.
const BLOCK: usize = 128;

/// A sum of squares within this range is exact enough: no term overflowed, and terms that vanished are too small to
/// count. Outside it (NaN is in no range) the sum is repeated with scaled values.
pub(crate) const COMFORTABLE: std::ops::Range<f64> = 1e-200..1e200;

/// Fails on the first NaN or infinity.
pub(crate) fn check_finite(argument: &'static str, values: &[f64]) -> Result<()> {
    // Blocks without a branch inside: a search for the first bad value does not vectorise.
    let broken = |block: &[f64]| block.iter().fold(false, |found, v| found | !v.is_finite());
    if !values.chunks(BLOCK).any(broken) {
        return Ok(());
    }
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(index) => {
            let value = values.get(index).copied().unwrap_or(f64::NAN);
            Err(Error::NonFinite { argument, index, value })
        }
    }
}

/// Writes a text padded to the width asked for. `Formatter::pad` would read the precision as a length to cut at.
pub(crate) fn pad(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    match (f.width(), f.align()) {
        (None, _) => f.write_str(text),
        (Some(width), Some(Alignment::Right)) => write!(f, "{text:>width$}"),
        (Some(width), Some(Alignment::Center)) => write!(f, "{text:^width$}"),
        (Some(width), _) => write!(f, "{text:<width$}"),
    }
}

/// Fails when there are fewer than `needed` values.
pub(crate) fn check_count(argument: &'static str, values: &[f64], needed: usize) -> Result<()> {
    let found = values.len();
    if found < needed { Err(Error::TooFew { argument, needed, found }) } else { Ok(()) }
}

/// Checks a pair of inputs: same length, at least `needed` values, all finite.
pub(crate) fn check_pair(pred: &[f64], truth: &[f64], needed: usize) -> Result<()> {
    if pred.len() != truth.len() {
        return Err(Error::LengthMismatch { pred: pred.len(), truth: truth.len() });
    }
    check_count("pred", pred, needed)?;
    check_finite("pred", pred)?;
    check_finite("truth", truth)
}

/// Whether all values are equal.
///
/// Compares the values, not their variance: rounding can make the computed variance of equal values positive.
pub(crate) fn is_constant(values: &[f64]) -> bool {
    values.iter().zip(values.iter().skip(1)).all(|(a, b)| a == b)
}

/// Pairwise sum.
///
/// The rounding error grows with log(n), and the eight running sums vectorise. The additions have NumPy's order: then
/// the mean of nearly equal values rounds as in the references, and their correlation depends on that last bit.
pub(crate) fn sum(values: &[f64]) -> f64 {
    let [total] = pairwise(values, values, &|v, _| [v]);
    total
}

/// Sums of `K` terms of each pair of values, in the order of [`sum`] and in one pass.
pub(crate) fn pairwise<const K: usize>(
    left: &[f64],
    right: &[f64],
    terms: &impl Fn(f64, f64) -> [f64; K],
) -> [f64; K] {
    let len = left.len().min(right.len());
    if len > BLOCK {
        let half = len / 2;
        let at = half - half % 8;
        if let (Some((a, b)), Some((c, d))) = (left.split_at_checked(at), right.split_at_checked(at)) {
            return add(pairwise(a, c, terms), pairwise(b, d, terms));
        }
    }
    let mut lanes = [[0.0; 8]; K];
    let (mut lefts, mut rights) = (left.chunks_exact(8), right.chunks_exact(8));
    for (a, b) in (&mut lefts).zip(&mut rights) {
        for (at, (a, b)) in a.iter().zip(b).enumerate() {
            for (lanes, term) in lanes.iter_mut().zip(terms(*a, *b)) {
                if let Some(lane) = lanes.get_mut(at) {
                    *lane += term;
                }
            }
        }
    }
    let totals = lanes.map(|[a, b, c, d, e, f, g, h]| ((a + b) + (c + d)) + ((e + f) + (g + h)));
    let rest = lefts.remainder().iter().zip(rights.remainder());
    rest.fold(totals, |totals, (a, b)| add(totals, terms(*a, *b)))
}

fn add<const K: usize>(mut left: [f64; K], right: [f64; K]) -> [f64; K] {
    left.iter_mut().zip(right).for_each(|(l, r)| *l += r);
    left
}

/// Mean of at least one value. The sum must fit: scale the values first.
pub(crate) fn mean(values: &[f64]) -> f64 {
    sum(values) / values.len() as f64
}

/// Sum of squares.
pub(crate) fn sum_of_squares(values: &[f64]) -> f64 {
    dot(values, values)
}

/// Sum of products.
pub(crate) fn dot(left: &[f64], right: &[f64]) -> f64 {
    let [total] = pairwise(left, right, &|l, r| [l * r]);
    total
}

/// A power of two that brings the largest magnitude among `values` near 1.
///
/// Multiplying by it is exact, so scaled and plain arithmetic agree to the last bit wherever plain
/// arithmetic does not overflow or underflow. Its reciprocal is exact too.
pub(crate) fn unit_scale(values: &[f64]) -> f64 {
    const EXPONENT_BITS: u64 = 0x7ff;
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let exponent = (largest.to_bits() >> 52) & EXPONENT_BITS;
    // Exponent fields are biased by 1023, so `2046 - e` is the field of the reciprocal. The clamp keeps both
    // the scale and its reciprocal normal numbers; 23 powers of two more or less do no harm.
    f64::from_bits(2046_u64.saturating_sub(exponent).clamp(23, 2023) << 52)
}

/// The values times `factor`.
pub(crate) fn scaled(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|v| v * factor).collect()
}

/// Deviations from the mean, scaled so that their squares neither overflow nor vanish.
pub(crate) struct Centred {
    /// The mean, in input units.
    pub(crate) mean: f64,
    /// Deviations times `scale`.
    pub(crate) deviations: Vec<f64>,
    /// Power of two that brought the largest input near 1. Two distinct values are then at least about 1e-16 apart, or
    /// the larger one is itself a deviation: the squares need no further scaling.
    pub(crate) scale: f64,
}

impl Centred {
    /// Two passes: the mean first, then the differences. A one-pass formula loses all digits on `1e8 + small`.
    pub(crate) fn new(values: &[f64]) -> Self {
        let scale = unit_scale(values);
        let mut deviations = scaled(values, scale);
        // The mean of equal values may round; their deviations are still 0.
        let centre = match deviations.first() {
            Some(first) if is_constant(&deviations) => *first,
            _ => mean(&deviations),
        };
        deviations.iter_mut().for_each(|v| *v -= centre);
        Self { mean: centre / scale, deviations, scale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_an_exact_power_of_two() {
        for value in [5e-324, 1e-310, 1e-3, 1.0, 1.5, 3.0, 1e300, f64::MAX] {
            let scale = unit_scale(&[0.0, -value]);
            assert_eq!(scale.to_bits() & ((1 << 52) - 1), 0, "{value}");
            assert!(scale.is_normal() && (1.0 / scale).is_normal(), "{value}");
            let near_one = value * scale;
            assert!((1e-30..1e30).contains(&near_one), "{value} -> {near_one}");
        }
        assert_eq!(unit_scale(&[1.5]), 1.0);
        assert_eq!(unit_scale(&[6.0]), 0.25);
    }

    #[test]
    fn sums_lose_no_digits_over_a_million_terms() {
        let tenths = vec![0.1; 1_000_003];
        let exact = 100_000.3;
        assert!((sum(&tenths) - exact).abs() < 1e-9, "{}", sum(&tenths) - exact);
        // The plain loop does lose them: this test guards against that.
        let plain: f64 = tenths.iter().sum();
        assert!((plain - exact).abs() > 1e-7);
    }

    #[test]
    fn every_value_is_added_once_at_any_length() {
        for n in 0..600_u32 {
            let values: Vec<f64> = (0..n).map(f64::from).collect();
            let expected = f64::from(n) * (f64::from(n) - 1.0) / 2.0;
            assert_eq!(sum(&values), if n == 0 { 0.0 } else { expected }, "n = {n}");
        }
    }
}
