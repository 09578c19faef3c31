//! The grids of shape parameters that both fits search: 0.2 to 10 (BRISQUE and its relatives) and 0.1 to 6 (RAPIQUE), in
//! steps of 0.001.

use std::sync::OnceLock;

/// Moment ratios at every grid point.
#[derive(Debug)]
pub(crate) struct ShapeGrid {
    /// The smallest shape.
    first: f64,
    /// `Γ(1/g) Γ(3/g) / Γ(2/g)²`, decreasing.
    ggd: Vec<f64>,
    /// `Γ(2/g)² / (Γ(1/g) Γ(3/g))`, increasing.
    aggd: Vec<f64>,
}

impl ShapeGrid {
    /// The tables of most methods, computed once.
    pub(crate) fn get() -> &'static Self {
        static TABLES: OnceLock<ShapeGrid> = OnceLock::new();
        TABLES.get_or_init(|| Self::new(0.2, 9801))
    }

    /// The tables of RAPIQUE, computed once.
    pub(crate) fn rapique() -> &'static Self {
        static TABLES: OnceLock<ShapeGrid> = OnceLock::new();
        TABLES.get_or_init(|| Self::new(0.1, 5901))
    }

    fn new(first: f64, points: usize) -> Self {
        let ratio = |i: usize| {
            let g = first + 0.001 * i as f64;
            let (one, two, three) = (libm::tgamma(1.0 / g), libm::tgamma(2.0 / g), libm::tgamma(3.0 / g));
            (one * three / (two * two), two * two / (one * three))
        };
        let (ggd, aggd) = (0..points).map(ratio).unzip();
        Self { first, ggd, aggd }
    }

    /// Shape at a grid index.
    pub(crate) fn shape(&self, index: usize) -> f64 {
        self.first + 0.001 * index as f64
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
        for grid in [ShapeGrid::get(), ShapeGrid::rapique()] {
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
        }
        let grid = ShapeGrid::get();
        assert_eq!((grid.ggd_index(f64::NAN), grid.ggd_index(f64::INFINITY)), (0, 0));
    }

    #[test]
    fn known_ratios() {
        let (grid, other) = (ShapeGrid::get(), ShapeGrid::rapique());
        assert_eq!([grid.shape(0), other.shape(0)], [0.2, 0.1]);
        assert!((grid.shape(9800) - 10.0).abs() < 1e-12 && (other.shape(5900) - 6.0).abs() < 1e-12);
        assert!((other.ggd[900] - 2.0).abs() < 1e-12);
        // Laplace (shape 1): 2. Normal (shape 2): pi / 2.
        assert!((grid.ggd[800] - 2.0).abs() < 1e-12);
        assert!((grid.ggd[1800] - std::f64::consts::FRAC_PI_2).abs() < 1e-12);
        assert!((grid.aggd[800] - 0.5).abs() < 1e-12);
    }
}
