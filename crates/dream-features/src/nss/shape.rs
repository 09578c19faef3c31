//! The grid of shape parameters that both fits search: 0.2 to 10 in steps of 0.001.

use std::sync::OnceLock;

/// Grid points.
pub(crate) const GRID: usize = 9801;

/// Moment ratios at every grid point.
#[derive(Debug)]
pub(crate) struct ShapeGrid {
    /// `Γ(1/g) Γ(3/g) / Γ(2/g)²`, decreasing.
    ggd: Vec<f64>,
    /// `Γ(2/g)² / (Γ(1/g) Γ(3/g))`, increasing.
    aggd: Vec<f64>,
}

/// Shape at a grid index.
pub(crate) fn shape(index: usize) -> f64 {
    0.2 + 0.001 * index as f64
}

impl ShapeGrid {
    /// The tables, computed once.
    pub(crate) fn get() -> &'static Self {
        static TABLES: OnceLock<ShapeGrid> = OnceLock::new();
        TABLES.get_or_init(|| {
            let ratio = |i: usize| {
                let g = shape(i);
                let (one, two, three) = (libm::tgamma(1.0 / g), libm::tgamma(2.0 / g), libm::tgamma(3.0 / g));
                (one * three / (two * two), two * two / (one * three))
            };
            let (ggd, aggd) = (0..GRID).map(ratio).unzip();
            Self { ggd, aggd }
        })
    }

    /// First index with the smallest `|rho - ratio|`; 0 when `rho` is not finite, as with MATLAB's `min`.
    pub(crate) fn ggd_index(&self, rho: f64) -> usize {
        nearest(&self.ggd, rho, |ratio| ratio > rho, |ratio| (rho - ratio).abs())
    }

    /// First index with the smallest `(ratio - r)²`; 0 when `r` is not finite.
    pub(crate) fn aggd_index(&self, r: f64) -> usize {
        nearest(&self.aggd, r, |ratio| ratio < r, |ratio| (ratio - r) * (ratio - r))
    }
}

/// Both tables are monotone, so the best entry is one of the two on either side of the point where `before` turns
/// false.
fn nearest(table: &[f64], target: f64, before: impl Fn(f64) -> bool, cost: impl Fn(f64) -> f64) -> usize {
    if !target.is_finite() {
        return 0;
    }
    let after = table.partition_point(|&ratio| before(ratio));
    let cost_at = |i: usize| table.get(i).map_or(f64::INFINITY, |&ratio| cost(ratio));
    match after.checked_sub(1) {
        Some(previous) if cost_at(previous) <= cost_at(after) => previous,
        _ => after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_search_equals_the_full_search() {
        let grid = ShapeGrid::get();
        let full = |table: &[f64], cost: &dyn Fn(f64) -> f64| {
            let mut best = 0;
            for (i, &ratio) in table.iter().enumerate() {
                if cost(ratio) < cost(table[best]) {
                    best = i;
                }
            }
            best
        };
        for i in 0..2000 {
            let rho = 0.9 + i as f64 * 0.008; // from below the table (about 1.33) to above it (about 15.9)
            assert_eq!(grid.ggd_index(rho), full(&grid.ggd, &|ratio| (rho - ratio).abs()), "{rho}");
            let r = i as f64 * 0.0005;
            assert_eq!(grid.aggd_index(r), full(&grid.aggd, &|ratio| (ratio - r) * (ratio - r)), "{r}");
        }
        assert_eq!((grid.ggd_index(f64::NAN), grid.ggd_index(f64::INFINITY)), (0, 0));
    }

    #[test]
    fn known_ratios() {
        let grid = ShapeGrid::get();
        // Laplace (shape 1): 2. Normal (shape 2): pi / 2.
        assert!((grid.ggd[800] - 2.0).abs() < 1e-12);
        assert!((grid.ggd[1800] - std::f64::consts::FRAC_PI_2).abs() < 1e-12);
        assert!((grid.aggd[800] - 0.5).abs() < 1e-12);
    }
}
