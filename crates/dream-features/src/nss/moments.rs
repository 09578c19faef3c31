//! Mean, variance, skewness and kurtosis.

use pulp::Simd;

use crate::simd::{Kernel, LANES, Lanes, dispatch};

/// The first four moments of a set of values, all with divisor N. Undefined moments are NaN: all of them without
/// values, skewness and kurtosis when all values are equal.
///
/// # Example
/// ```
/// let moments = dream_features::nss::Moments::of(&[1.0, 2.0, 6.0]);
/// assert_eq!((moments.mean, moments.mean_square), (3.0, 41.0 / 3.0));
/// assert!(moments.skewness > 0.0);
/// assert!(dream_features::nss::Moments::of(&[2.0, 2.0]).kurtosis.is_nan());
/// ```
/// # Reference
/// MATLAB `skewness` and `kurtosis` (biased: a normal distribution has kurtosis 3).
#[doc(alias("skew", "kurtosis", "describe"))]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Mean of the squares.
    pub mean_square: f64,
    /// Mean square of the deviations from the mean.
    pub variance: f64,
    /// Third central moment divided by the 1.5th power of the variance.
    pub skewness: f64,
    /// Fourth central moment divided by the square of the variance.
    pub kurtosis: f64,
}

impl Moments {
    /// The moments of `values`, each of at most [`Plane::LIMIT`](crate::Plane::LIMIT).
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut sums = PowerSums::default();
        sums.add(values);
        sums.moments()
    }
}

/// Sums of the first four powers, from which [`Moments`] are computed. They can be accumulated row by row.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PowerSums {
    /// The first value. It is subtracted from each value, so that equal values give exactly 0.
    pivot: Option<f64>,
    sums: [f64; 4],
    count: f64,
}

impl PowerSums {
    /// Sums around zero, for products of neighbours.
    pub(crate) const fn around_zero() -> Self {
        Self { pivot: Some(0.0), sums: [0.0; 4], count: 0.0 }
    }

    /// Adds values.
    pub(crate) fn add(&mut self, values: &[f64]) {
        dispatch(Add { sums: self, values });
    }

    /// Adds the products of two rows of whole lanes to sums around zero. `count` of the products are values; the rest
    /// are 0.
    #[inline(always)]
    pub(crate) fn add_products<S: Simd>(&mut self, simd: S, a: &[f64], b: &[f64], count: usize) {
        let mut lanes = Powers::zero(simd);
        for (a, b) in Lanes::<S>::groups(a).zip(Lanes::<S>::groups(b)) {
            for (r, (&a, &b)) in a.iter().zip(b).enumerate() {
                lanes.add(simd, r, simd.mul_f64s(a, b));
            }
        }
        self.take(&lanes, count);
    }

    #[inline(always)]
    fn take<S: Simd>(&mut self, lanes: &Powers<S>, count: usize) {
        for (sum, lanes) in self.sums.iter_mut().zip(&lanes.0) {
            *sum += lanes.sum();
        }
        self.count += count as f64;
    }

    /// The moments.
    pub(crate) fn moments(&self) -> Moments {
        let pivot = self.pivot.unwrap_or(f64::NAN);
        let [m, s2, s3, s4] = self.sums.map(|sum| sum / self.count);
        let variance = s2 - m * m;
        let variance = if variance < 0.0 { 0.0 } else { variance };
        let third = s3 - m * (3.0 * s2 - 2.0 * m * m);
        let fourth = s4 - m * (4.0 * s3 - m * (6.0 * s2 - 3.0 * m * m));
        Moments {
            mean: pivot + m,
            mean_square: s2 + pivot * (2.0 * m + pivot),
            variance,
            skewness: third / (variance * variance.sqrt()),
            kurtosis: fourth / (variance * variance),
        }
    }
}

/// Running sums of four powers.
struct Powers<S: Simd>([Lanes<S>; 4]);

impl<S: Simd> Powers<S> {
    #[inline(always)]
    fn zero(simd: S) -> Self {
        Self([Lanes::zero(simd), Lanes::zero(simd), Lanes::zero(simd), Lanes::zero(simd)])
    }

    #[inline(always)]
    fn add(&mut self, simd: S, r: usize, v: S::f64s) {
        let square = simd.mul_f64s(v, v);
        let [first, second, third, fourth] = &mut self.0;
        first.add(simd, r, v);
        second.add(simd, r, square);
        third.add(simd, r, simd.mul_f64s(square, v));
        fourth.add(simd, r, simd.mul_f64s(square, square));
    }
}

struct Add<'a> {
    sums: &'a mut PowerSums,
    values: &'a [f64],
}

impl Kernel for Add<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { sums, values } = self;
        let Some(&first) = values.first() else { return };
        let pivot = *sums.pivot.get_or_insert(first);
        let pivots = simd.splat_f64s(pivot);
        let (whole, rest) = values.split_at(values.len() / LANES * LANES);
        // The unused places of the last group hold the pivot, which adds nothing.
        let mut last = [pivot; LANES];
        last[..rest.len()].copy_from_slice(rest);
        let mut lanes = Powers::zero(simd);
        for part in [whole, &last] {
            for group in Lanes::<S>::groups(part) {
                for (r, &v) in group.iter().enumerate() {
                    lanes.add(simd, r, simd.sub_f64s(v, pivots));
                }
            }
        }
        sums.take(&lanes, values.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in two passes.
    fn naive(values: &[f64]) -> [f64; 5] {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let central = |k: i32| values.iter().map(|v| (v - mean).powi(k)).sum::<f64>() / n;
        let variance = central(2);
        let square = values.iter().map(|v| v * v).sum::<f64>() / n;
        [mean, square, variance, central(3) / variance.powf(1.5), central(4) / variance.powi(2)]
    }

    fn all(moments: Moments) -> [f64; 5] {
        let Moments { mean, mean_square, variance, skewness, kurtosis } = moments;
        [mean, mean_square, variance, skewness, kurtosis]
    }

    #[test]
    fn equals_the_definition_at_every_length_and_in_pieces() {
        for n in 2..50 {
            let values: Vec<f64> =
                (0..n).map(|i| 3.0 + libm::sin(f64::from(i) * 1.7) * f64::from(i % 5)).collect();
            let mut pieces = PowerSums::default();
            values.chunks(11).for_each(|piece| pieces.add(piece));
            for found in [Moments::of(&values), pieces.moments()] {
                for (found, expected) in all(found).into_iter().zip(naive(&values)) {
                    assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0), "{n}");
                }
            }
        }
    }

    #[test]
    fn products_are_values_around_zero() {
        struct Products<'a>(&'a [f64], &'a [f64]);
        impl Kernel for Products<'_> {
            type Output = Moments;
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> Moments {
                let mut sums = PowerSums::around_zero();
                sums.add_products(simd, self.0, self.1, self.0.len());
                sums.moments()
            }
        }
        let row = |k: f64| (0..40).map(|i| libm::sin(k * f64::from(i)) * 1.3).collect::<Vec<f64>>();
        let (a, b) = (row(0.7), row(1.9));
        let products: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a * b).collect();
        for (found, expected) in all(dispatch(Products(&a, &b))).into_iter().zip(naive(&products)) {
            assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0));
        }
    }

    #[test]
    fn equal_values_have_no_shape_and_none_have_nothing() {
        let equal = Moments::of(&[0.1; 37]);
        assert_eq!((equal.mean, equal.variance), (0.1, 0.0));
        assert!(equal.skewness.is_nan() && equal.kurtosis.is_nan());
        assert!(all(Moments::of(&[])).iter().all(|v| v.is_nan()));
    }
}
