//! Generalised Gaussian fit by moment matching.

use super::shape::ShapeGrid;
use crate::simd::Lanes;
use pulp::Simd;

/// A fitted zero-mean generalised Gaussian.
///
/// # Example
/// ```
/// let fit = dream_features::nss::Ggd::fit_zero_mean(&[-1.0, 1.0, 0.5, -0.5, 0.1, -0.1]);
/// assert!(fit.shape > 0.2 && fit.variance > 0.0);
/// ```
/// # Reference
/// Sharifi, Leon-Garcia, "Estimation of shape parameter for generalized Gaussian distributions in subband
/// decompositions of video", 1995. Search grid: 0.2 to 10 in steps of 0.001.
#[doc(alias("estimate_ggd_param", "gennorm"))]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ggd {
    /// Shape: 2 for a normal distribution, 1 for a Laplace distribution, 0.2 when there is nothing to fit.
    pub shape: f64,
    /// Mean of the squares (of the deviations, for the centred fit).
    pub variance: f64,
    /// The moment ratio `E[v²] / E[|v|]²` that was matched; NaN when all values are 0.
    pub rho: f64,
    /// Index of `shape` on the search grid.
    pub index: usize,
}

impl Ggd {
    /// Fits `values` around zero. Without values the shape is 0.2 and the other numbers are NaN.
    #[must_use]
    pub fn fit_zero_mean(values: &[f64]) -> Self {
        let mut moments = GgdMoments::default();
        moments.add(values);
        moments.fit()
    }

    /// Fits `values` around their mean. The variance has divisor N.
    #[must_use]
    pub fn fit_centred(values: &[f64]) -> Self {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let centred: Vec<f64> = values.iter().map(|v| v - mean).collect();
        Self::fit_zero_mean(&centred)
    }
}

/// Sums for fitting a zero-mean [`Ggd`]. They can be accumulated piece by piece.
#[derive(Debug, Clone, Copy, Default)]
pub struct GgdMoments {
    count: u64,
    squares: f64,
    absolutes: f64,
}

impl GgdMoments {
    /// Adds values, each of at most 1e150 (above that, squares are infinite). The order of calls only affects the last
    /// bits.
    pub fn add(&mut self, values: &[f64]) {
        for v in values {
            self.squares += v * v;
            self.absolutes += v.abs();
        }
        self.count += values.len() as u64;
    }

    /// Adds a row of whole lanes. `count` of its entries are values; the rest are 0.
    #[inline(always)]
    pub(crate) fn add_row<S: Simd>(&mut self, simd: S, row: &[f64], count: usize) {
        let (mut squares, mut absolutes) = (Lanes::zero(simd), Lanes::zero(simd));
        for group in Lanes::<S>::groups(row) {
            for (r, &v) in group.iter().enumerate() {
                squares.add(simd, r, simd.mul_f64s(v, v));
                absolutes.add(simd, r, simd.abs_f64s(v));
            }
        }
        self.squares += squares.sum();
        self.absolutes += absolutes.sum();
        self.count += count as u64;
    }

    /// Adds the sums of the squares and of the magnitudes of `count` values.
    #[inline(always)]
    pub(crate) fn add_sums(&mut self, squares: f64, absolutes: f64, count: usize) {
        self.squares += squares;
        self.absolutes += absolutes;
        self.count += count as u64;
    }

    /// Computes the fit. The shape is 0.2, the start of the grid, when all values are 0.
    #[must_use]
    pub fn fit(&self) -> Ggd {
        self.fit_on(ShapeGrid::get())
    }

    /// Computes the fit with a shape of `grid`.
    pub(crate) fn fit_on(&self, grid: &ShapeGrid) -> Ggd {
        let n = self.count as f64;
        let (variance, mean_abs) = (self.squares / n, self.absolutes / n);
        let rho = variance / (mean_abs * mean_abs);
        let index = grid.ggd_index(rho);
        Ggd { shape: grid.shape(index), variance, rho, index }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centred_fit_is_the_zero_mean_fit_of_the_deviations() {
        let values = [3.0, 5.0, 4.0, 8.0];
        let centred = Ggd::fit_centred(&values);
        assert_eq!(centred, Ggd::fit_zero_mean(&[-2.0, 0.0, -1.0, 3.0]));
        assert_eq!(centred.variance, 14.0 / 4.0);
        assert_eq!(centred.rho, 3.5 / (1.5 * 1.5));
    }

    #[test]
    fn sums_and_values_go_together() {
        let (mut by_value, mut by_sum) = (GgdMoments::default(), GgdMoments::default());
        by_value.add(&[1.0, -2.0, 4.0]);
        by_sum.add(&[1.0]);
        by_sum.add_sums(20.0, 6.0, 2);
        assert_eq!(by_sum.fit(), by_value.fit());
    }

    #[test]
    fn nothing_to_fit_is_the_start_of_the_grid() {
        for values in [&[][..], &[0.0, 0.0]] {
            let fit = Ggd::fit_zero_mean(values);
            assert!(fit.shape == 0.2 && fit.rho.is_nan());
        }
    }
}
