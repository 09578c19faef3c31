//! Asymmetric generalised Gaussian fit by moment matching.

use super::shape::ShapeGrid;
use crate::simd::Lanes;
use pulp::Simd;

/// A fitted asymmetric generalised Gaussian.
///
/// A half without samples has no deviation: the reference yields NaN there, and so do these fields. The extractors
/// replace it (see [`crate::FeatureVector::replaced`]).
///
/// # Example
/// ```
/// let fit = dream_features::nss::Aggd::fit(&[-1.0, -0.5, 0.2, 0.1, 0.4, -0.1]);
/// assert_eq!((fit.negative, fit.positive), (3, 3));
/// assert!(fit.left > fit.right);
/// ```
/// # Reference
/// Lasmar, Stitou, Berthoumieu, "Multiscale skewed heavy tailed model for texture analysis", ICIP 2009, as used by
/// BRISQUE: `left` and `right` enter the mean unscaled.
#[doc(alias("estimate_aggd_param", "asymmetric generalised gaussian"))]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggd {
    /// Shape; 0.2 when there is nothing to fit.
    pub shape: f64,
    /// `(right - left) Γ(2/shape) / sqrt(Γ(1/shape) Γ(3/shape))`, the mean as BRISQUE defines it.
    pub mean: f64,
    /// Root mean square of the negative samples.
    pub left: f64,
    /// Root mean square of the positive samples.
    pub right: f64,
    /// The normalised moment ratio that was matched.
    pub ratio: f64,
    /// Index of `shape` on the search grid.
    pub index: usize,
    /// Negative samples.
    pub negative: u64,
    /// Positive samples.
    pub positive: u64,
}

impl Aggd {
    /// Fits `values`. Zeros belong to neither half, but they do count in the moment ratio.
    #[must_use]
    pub fn fit(values: &[f64]) -> Self {
        let mut moments = AggdMoments::default();
        moments.add(values);
        moments.fit()
    }

    /// The left and right scale `deviation * sqrt(Γ(1/shape) / Γ(3/shape))`, which NIQE uses instead of the deviations.
    ///
    /// # Reference
    /// Mittal, Soundararajan, Bovik, "Making a completely blind image quality analyzer", SPL 2013.
    #[must_use]
    pub fn beta(&self) -> [f64; 2] {
        let gamma = |k: f64| libm::tgamma(k / self.shape);
        let scale = (gamma(1.0) / gamma(3.0)).sqrt();
        [self.left * scale, self.right * scale]
    }
}

/// Sums for fitting an [`Aggd`]. They can be accumulated piece by piece.
#[derive(Debug, Clone, Copy, Default)]
pub struct AggdMoments {
    count: u64,
    negatives: f64,
    positives: f64,
    negative_squares: f64,
    positive_squares: f64,
    absolutes: f64,
}

impl AggdMoments {
    /// Adds values, each of at most 1e150 (above that, squares are infinite). The order of calls only affects the last
    /// bits.
    pub fn add(&mut self, values: &[f64]) {
        for &v in values {
            if v < 0.0 {
                self.negative_squares += v * v;
                self.negatives += 1.0;
            } else if v > 0.0 {
                self.positive_squares += v * v;
                self.positives += 1.0;
            }
            self.absolutes += v.abs();
        }
        self.count += values.len() as u64;
    }

    /// Adds the products of two rows of whole lanes. `count` of the products are values; the rest are 0.
    #[inline(always)]
    pub(crate) fn add_products<S: Simd>(&mut self, simd: S, a: &[f64], b: &[f64], count: usize) {
        let (mut negative, mut positive) = (Lanes::zero(simd), Lanes::zero(simd));
        let mut absolute = Lanes::zero(simd);
        // Counted in `f64` like the rest, which is exact.
        let (mut negatives, mut positives) = (Lanes::zero(simd), Lanes::zero(simd));
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        for (a, b) in Lanes::<S>::groups(a).zip(Lanes::<S>::groups(b)) {
            for (r, (&a, &b)) in a.iter().zip(b).enumerate() {
                let v = simd.mul_f64s(a, b);
                let square = simd.mul_f64s(v, v);
                let (below, above) = (simd.less_than_f64s(v, zero), simd.less_than_f64s(zero, v));
                negative.add(simd, r, simd.select_f64s(below, square, zero));
                positive.add(simd, r, simd.select_f64s(above, square, zero));
                absolute.add(simd, r, simd.abs_f64s(v));
                negatives.add(simd, r, simd.select_f64s(below, one, zero));
                positives.add(simd, r, simd.select_f64s(above, one, zero));
            }
        }
        self.negative_squares += negative.sum();
        self.positive_squares += positive.sum();
        self.absolutes += absolute.sum();
        self.negatives += negatives.sum();
        self.positives += positives.sum();
        self.count += count as u64;
    }

    /// Computes the fit.
    #[must_use]
    pub fn fit(&self) -> Aggd {
        self.fit_on(ShapeGrid::get())
    }

    /// Computes the fit with a shape of `grid`.
    pub(crate) fn fit_on(&self, grid: &ShapeGrid) -> Aggd {
        let n = self.count as f64;
        let left = (self.negative_squares / self.negatives).sqrt();
        let right = (self.positive_squares / self.positives).sqrt();
        let mean_abs = self.absolutes / n;
        let rhat = mean_abs * mean_abs / ((self.negative_squares + self.positive_squares) / n);
        let g = left / right;
        let ratio = rhat * (g * g * g + 1.0) * (g + 1.0) / ((g * g + 1.0) * (g * g + 1.0));
        let index = grid.aggd_index(ratio);
        let shape = grid.shape(index);
        let gamma = |k: f64| libm::tgamma(k / shape);
        let mean = (right - left) * (gamma(2.0) / gamma(1.0)) * (gamma(1.0).sqrt() / gamma(3.0).sqrt());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and not negative")]
        let (negative, positive) = (self.negatives as u64, self.positives as u64);
        Aggd { shape, mean, left, right, ratio, index, negative, positive }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_the_fit_of_the_whole() {
        let values: Vec<f64> = (0..53).map(|i| libm::sin(f64::from(i) * 1.7) * f64::from(i % 5)).collect();
        let whole = Aggd::fit(&values);
        assert_eq!(whole.negative + whole.positive + 11, 53, "11 zeros");
        let mut pieces = AggdMoments::default();
        pieces.add(&values[..8]);
        pieces.add(&values[8..21]);
        pieces.add(&values[21..]);
        let pieces = pieces.fit();
        assert_eq!((pieces.index, pieces.negative), (whole.index, whole.negative));
        assert!((pieces.left - whole.left).abs() < 1e-14 && (pieces.mean - whole.mean).abs() < 1e-14);
        let naive = |keep: fn(f64) -> bool| {
            let half: Vec<f64> = values.iter().copied().filter(|&v| keep(v)).collect();
            (half.iter().map(|v| v * v).sum::<f64>() / half.len() as f64).sqrt()
        };
        assert!((whole.left - naive(|v| v < 0.0)).abs() < 1e-14);
        assert!((whole.right - naive(|v| v > 0.0)).abs() < 1e-14);
    }

    #[test]
    fn an_empty_half_is_the_start_of_the_grid() {
        let fit = Aggd::fit(&[0.0, 1.0, 2.0]);
        assert!(fit.left.is_nan() && fit.mean.is_nan() && fit.shape == 0.2 && fit.positive == 2);
    }
}
