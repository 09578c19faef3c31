//! Support vector regression, the choice of its settings and columns, and its file. See [`SvrParams`].

mod exp;
mod file;
mod kernel;
mod live;
mod matrix;
mod model;
mod saved;
mod scaled;
mod scan;
mod search;
mod select;
mod shrink;
mod solver;
mod validate;

pub use model::Svr;
pub use saved::SvrModel;
pub use scaled::{ScaledSvr, ScaledSvrParams};
pub use search::{RandomizedSearch, Scoring, SearchReport, Trial, powers_of_two, search_svr, svr_grid};
pub use select::{Ranking, Selection, SelectionParams, SizeReport, SizeSearch};

use serde::{Deserialize, Serialize};

use self::kernel::Points;
use self::matrix::KernelMatrix;
use self::solver::{Settings, Solution, solve};
use crate::regression::Rows;
use crate::regression::rows::check_targets;
use crate::{Error, Result};

/// Similarity of two rows.
#[doc(alias = "rbf")]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Kernel {
    /// `x·z`.
    Linear,
    /// `exp(−γ |x − z|²)`, the Gaussian or radial basis function kernel.
    Rbf {
        /// Inverse of the squared width, above 0.
        gamma: f64,
    },
}

/// How a support vector regression (ε-SVR) is trained.
///
/// Finds the flattest function that is within ε of most targets: it minimises `|w|²/2 + C ∑ max(0, |y − f(x)| − ε)`.
/// Scale the columns first (see [`MinMax`](crate::regression::MinMax)): the kernels add them up as they are.
///
/// The solver is sequential minimal optimisation with second-order choice of the pairs. It goes through the same steps as
/// libsvm (and scikit-learn's `SVR`), so that it stops at the same place: predictions agree to 1e-6 also where
/// the tolerance is 1e-3. Predictions have the same bytes on every machine and for any number of threads.
///
/// ```
/// use dream_models::regression::{Kernel, Rows, SvrParams};
///
/// # fn main() -> dream_models::Result<()> {
/// let x: Vec<f64> = (0..64).map(|i| f64::from(i) / 32.0 - 1.0).collect();
/// let y: Vec<f64> = x.iter().map(|x| 3.0 + x * x).collect();
/// let params = SvrParams { c: 16.0, epsilon: 0.01, kernel: Kernel::Rbf { gamma: 1.0 }, ..SvrParams::default() };
/// let model = params.fit(&Rows::new(&x, 1)?, &y)?;
/// assert!(model.converged());
/// assert!((model.predict(&[0.5])? - 3.25).abs() < 0.02);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// R.-E. Fan, P.-H. Chen, C.-J. Lin, "Working set selection using second order information for training support vector
/// machines", Journal of Machine Learning Research 6, 2005; C.-C. Chang, C.-J. Lin, "LIBSVM: a library for support vector
/// machines", ACM Transactions on Intelligent Systems and Technology 2, 2011.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SvrParams {
    /// Price of an error outside the tube; large values follow the targets closely. Above 0.
    pub c: f64,
    /// Half width of the tube within which errors are free, in the unit of the targets. At least 0.
    pub epsilon: f64,
    /// Largest remaining violation of the optimality conditions, in the unit of the targets. Above 0.
    pub tolerance: f64,
    /// Similarity of two rows.
    pub kernel: Kernel,
    /// Memory for kernel values, in bytes. The whole matrix (4 bytes per pair of rows) is kept where it fits, else the
    /// rows last used; two rows are always kept.
    pub cache_bytes: usize,
    /// Most steps. A fit that reaches it is returned with [`Svr::converged`] false.
    pub max_iterations: u64,
    /// Leaves multipliers alone that seem settled, in the way of libsvm. The optimum does not depend on it.
    pub shrinking: bool,
}

impl Default for SvrParams {
    /// The defaults of scikit-learn, with γ = 1 (scikit-learn derives it from the data) and a bound on the steps.
    fn default() -> Self {
        Self {
            c: 1.0,
            epsilon: 0.1,
            tolerance: 1e-3,
            kernel: Kernel::Rbf { gamma: 1.0 },
            cache_bytes: 200 << 20,
            max_iterations: 10_000_000,
            shrinking: true,
        }
    }
}

impl SvrParams {
    /// Trains on `rows` and one target per row.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a setting outside its range; [`Error::LengthMismatch`], [`Error::NonFinite`] or
    /// [`Error::Constant`] for targets that do not fit; [`Error::NonFinite`] for rows so large (squared length above 1e37)
    /// that their products are not representable.
    pub fn fit(&self, rows: &Rows<'_>, targets: &[f64]) -> Result<Svr> {
        self.check()?;
        check_targets(rows, targets)?;
        self.fit_unchecked(rows, targets)
    }

    /// [`SvrParams::fit`] for settings and targets that were checked; equal targets, as a fold may have them, are fine.
    fn fit_unchecked(&self, rows: &Rows<'_>, targets: &[f64]) -> Result<Svr> {
        let points = Points::new(rows)?;
        let mut matrix = KernelMatrix::new(&points, self.kernel, self.cache_bytes);
        let solution = self.solve(&mut matrix, targets)?;
        Svr::new(self.kernel, rows, &solution)
    }

    fn solve(&self, matrix: &mut KernelMatrix<'_>, targets: &[f64]) -> Result<Solution> {
        let settings = Settings {
            c: self.c,
            epsilon: self.epsilon,
            tolerance: self.tolerance,
            max_iterations: self.max_iterations,
            shrinking: self.shrinking,
        };
        let solution = solve(matrix, targets, settings);
        let finite =
            solution.coefficients.iter().all(|value| value.is_finite()) && solution.intercept.is_finite();
        if finite {
            Ok(solution)
        } else {
            let expected = "smaller, the coefficients leave the range of f64";
            Err(Error::InvalidConfig { field: "c", value: self.c, expected })
        }
    }

    fn check(&self) -> Result<()> {
        let positive = [("c", self.c), ("tolerance", self.tolerance)];
        let gamma = match self.kernel {
            Kernel::Linear => None,
            Kernel::Rbf { gamma } => Some(("kernel.gamma", gamma)),
        };
        for (field, value) in positive.into_iter().chain(gamma) {
            if !(value > 0.0 && value <= MAX_SETTING) {
                return Err(Error::InvalidConfig { field, value, expected: "above 0 and at most 1e30" });
            }
        }
        if !(self.epsilon >= 0.0 && self.epsilon <= MAX_SETTING) {
            let expected = "0 to 1e30";
            return Err(Error::InvalidConfig { field: "epsilon", value: self.epsilon, expected });
        }
        if self.max_iterations == 0 {
            return Err(Error::InvalidConfig { field: "max_iterations", value: 0.0, expected: "at least 1" });
        }
        Ok(())
    }
}

/// Larger settings are taken for mistakes.
const MAX_SETTING: f64 = 1e30;
