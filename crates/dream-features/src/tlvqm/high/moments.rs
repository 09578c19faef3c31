//! Mean and spread of many rows, without cancellation, in an order that does not depend on threads.

use pulp::Simd;

use crate::simd::{LANES, Lanes};

/// Count, mean, and sum of squared deviations from it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Moments of `row` in two passes. `scratch` is at least as long.
    #[inline(always)]
    pub(super) fn of<S: Simd>(simd: S, row: &[f64], scratch: &mut [f64]) -> Self {
        if row.is_empty() {
            return Self::default();
        }
        let count = row.len() as f64;
        let mean = sum(simd, row) / count;
        let scratch = &mut scratch[..row.len()];
        for (out, value) in scratch.iter_mut().zip(row) {
            let deviation = value - mean;
            *out = deviation * deviation;
        }
        Self { count, mean, squares: sum(simd, scratch) }
    }

    pub(super) const fn from_parts(count: f64, mean: f64, squares: f64) -> Self {
        Self { count, mean, squares }
    }

    /// Adds the values that `other` summarises.
    ///
    /// # Reference
    /// Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
    pub(super) fn merge(&mut self, other: Self) {
        if other.count == 0.0 {
            return;
        }
        let count = self.count + other.count;
        let step = other.mean - self.mean;
        self.mean += step * (other.count / count);
        self.squares += other.squares + step * step * (self.count * other.count / count);
        self.count = count;
    }

    pub(super) const fn count(&self) -> f64 {
        self.count
    }

    /// The mean; 0 when there are no values.
    pub(super) const fn mean(&self) -> f64 {
        self.mean
    }

    pub(super) const fn squares(&self) -> f64 {
        self.squares
    }

    /// Standard deviation with divisor n - 1; 0 for fewer than two values.
    pub(super) fn deviation(&self) -> f64 {
        (self.squares / (self.count - 1.0).max(1.0)).sqrt()
    }

    /// Mean of the squared values.
    pub(super) fn mean_square(&self) -> f64 {
        self.mean * self.mean + self.squares / self.count.max(1.0)
    }
}

/// The sum of `row`; element `i` goes to lane `i % 8`.
#[inline(always)]
pub(super) fn sum<S: Simd>(simd: S, row: &[f64]) -> f64 {
    let mut lanes = Lanes::zero(simd);
    let (whole, rest) = row.split_at(row.len() / LANES * LANES);
    let mut last = [0.0; LANES];
    last[..rest.len()].copy_from_slice(rest);
    for part in [whole, &last] {
        for group in Lanes::<S>::groups(part) {
            for (r, &values) in group.iter().enumerate() {
                lanes.add(simd, r, values);
            }
        }
    }
    lanes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_equal_the_whole() {
        let simd = pulp::Scalar::new();
        let values: Vec<f64> = (0..103).map(|i| 1e6 + libm::sin(f64::from(i))).collect();
        let mut scratch = vec![0.0; 103];
        let whole = Moments::of(simd, &values, &mut scratch);
        let mut merged = Moments::default();
        for part in values.chunks(17) {
            merged.merge(Moments::of(simd, part, &mut scratch));
            merged.merge(Moments::default());
        }
        let mean = values.iter().sum::<f64>() / 103.0;
        let deviation = (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 102.0).sqrt();
        for found in [whole, merged] {
            assert!((found.mean() - mean).abs() < 1e-9 && (found.deviation() - deviation).abs() < 1e-9);
            assert!((found.mean_square() / (mean * mean) - 1.0).abs() < 1e-9);
        }
        assert_eq!(Moments::default().deviation(), 0.0);
    }
}
