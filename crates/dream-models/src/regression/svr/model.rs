use super::Kernel;
use super::kernel::{Points, TILE, values, weighted_sum};
use super::solver::Solution;
use crate::regression::Regressor;
use crate::regression::Rows;
use crate::regression::rows::check_row;
use crate::{Result, par};

/// A trained support vector regression.
///
/// ```
/// use dream_models::regression::{Kernel, Rows, SvrParams};
///
/// # fn main() -> dream_models::Result<()> {
/// let x = [0.0, 1.0, 2.0, 3.0];
/// let params = SvrParams { c: 100.0, epsilon: 0.0, kernel: Kernel::Linear, ..SvrParams::default() };
/// let line = params.fit(&Rows::new(&x, 1)?, &[1.0, 3.0, 5.0, 7.0])?;
/// let slope = line.weights().map_or(0.0, |weights| weights[0]);
/// assert!((slope - 2.0).abs() < 1e-3 && (line.intercept() - 1.0).abs() < 1e-3);
/// # Ok(())
/// # }
/// ```
#[doc(alias("SVR", "libsvm", "support vector"))]
#[derive(Debug, Clone, PartialEq)]
pub struct Svr {
    pub(super) body: Body,
    pub(super) width: usize,
    pub(super) intercept: f64,
    pub(super) iterations: u64,
    pub(super) violation: f64,
    pub(super) converged: bool,
    pub(super) support: usize,
}

/// What a prediction needs beside the intercept.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    /// One weight per column: with the linear kernel the support vectors add up.
    Linear(Vec<f64>),
    /// The rows with a coefficient, in the order of training.
    Rbf { gamma: f64, vectors: Vec<f64>, points: Points, coefficients: Vec<f64> },
}

impl Svr {
    pub(super) fn new(kernel: Kernel, rows: &Rows<'_>, solution: &Solution) -> Result<Self> {
        let used = || rows.iter().zip(&solution.coefficients).filter(|(_, coefficient)| **coefficient != 0.0);
        let body = match kernel {
            Kernel::Linear => {
                let mut weights = vec![0.0; rows.width()];
                for (row, coefficient) in used() {
                    weights.iter_mut().zip(row).for_each(|(weight, value)| *weight += coefficient * value);
                }
                Body::Linear(weights)
            }
            Kernel::Rbf { gamma } => {
                let vectors = used().flat_map(|(row, _)| row.iter().copied()).collect();
                let coefficients = used().map(|(_, coefficient)| *coefficient).collect();
                Body::rbf(gamma, vectors, coefficients, rows.width())?
            }
        };
        Ok(Self {
            body,
            width: rows.width(),
            intercept: solution.intercept,
            iterations: solution.iterations,
            violation: solution.violation,
            converged: solution.converged,
            support: used().count(),
        })
    }

    /// Whether the optimality conditions hold within the tolerance; false where the bound on the steps came first.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// Steps of the solver.
    #[must_use]
    pub fn iterations(&self) -> u64 {
        self.iterations
    }

    /// Largest violation of the optimality conditions that is left, in the unit of the targets.
    #[must_use]
    pub fn violation(&self) -> f64 {
        self.violation
    }

    /// Number of rows with a coefficient.
    #[must_use]
    pub fn support_vectors(&self) -> usize {
        self.support
    }

    /// The value where all kernel values are 0.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// Weight of each column, for the linear kernel.
    #[must_use]
    pub fn weights(&self) -> Option<&[f64]> {
        match &self.body {
            Body::Linear(weights) => Some(weights),
            Body::Rbf { .. } => None,
        }
    }

    /// The kernel it was trained with.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        match self.body {
            Body::Linear(_) => Kernel::Linear,
            Body::Rbf { gamma, .. } => Kernel::Rbf { gamma },
        }
    }

    /// Length of the rows that [`Svr::predict`] takes.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.width
    }

    /// The value for one row.
    ///
    /// # Errors
    ///
    /// [`crate::Error::LengthMismatch`] for a row of another length; [`crate::Error::NonFinite`] for a row with a NaN or
    /// an infinity, or so large that its products are not representable.
    pub fn predict(&self, row: &[f64]) -> Result<f64> {
        check_row(row, self.width)?;
        let values = self.predict_rows(&Rows::new(row, self.width)?)?;
        Ok(values.first().copied().unwrap_or(self.intercept))
    }

    /// The values for many rows; the same as one by one, only faster.
    ///
    /// # Errors
    ///
    /// As [`Svr::predict`].
    pub fn predict_rows(&self, rows: &Rows<'_>) -> Result<Vec<f64>> {
        if rows.width() != self.width {
            let (expected, found) = (self.width, rows.width());
            return Err(crate::Error::LengthMismatch { argument: "row", expected, found });
        }
        let asked = Points::new(rows)?;
        Ok(match &self.body {
            Body::Linear(weights) => {
                rows.iter().map(|row| weighted_sum(weights, row) + self.intercept).collect()
            }
            Body::Rbf { gamma, points, coefficients, .. } => {
                let kernel = Kernel::Rbf { gamma: *gamma };
                let tiles = asked.len().div_ceil(TILE);
                let predicted = par::map(tiles, |tile| {
                    let first = tile * TILE;
                    let lines = TILE.min(asked.len() - first);
                    let mut all = vec![0.0; lines * points.len()];
                    asked.dots(first, points, 0, &mut all);
                    let norms = asked.norms().get(first..).unwrap_or_default();
                    let values_of = |(line, norm): (&mut [f64], &f64)| {
                        values(kernel, *norm, points.norms(), line);
                        weighted_sum(coefficients, line) + self.intercept
                    };
                    all.chunks_exact_mut(points.len().max(1)).zip(norms).map(values_of).collect::<Vec<f64>>()
                });
                let mut predicted = predicted.concat();
                // Without support vectors there are no lines.
                predicted.resize(rows.len(), self.intercept);
                predicted
            }
        })
    }
}

impl Body {
    pub(super) fn rbf(gamma: f64, vectors: Vec<f64>, coefficients: Vec<f64>, width: usize) -> Result<Self> {
        let points = Points::new(&Rows::new(&vectors, width)?)?;
        Ok(Self::Rbf { gamma, vectors, points, coefficients })
    }
}

impl Regressor for Svr {
    fn inputs(&self) -> usize {
        self.width
    }

    fn predict(&self, row: &[f64]) -> Result<f64> {
        Self::predict(self, row)
    }
}
