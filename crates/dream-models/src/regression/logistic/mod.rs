//! Logistic regression: which of two classes a row belongs to. See [`LogisticParams`].

mod cholesky;
mod curvature;

use serde::{Deserialize, Serialize};

use self::curvature::weighted_gram;
use super::rows::check_row;
use super::{Regressor, Rows};
use crate::{Error, Result};

/// How a logistic regression is trained.
///
/// Minimises `|w|²/2 + C Σ ln(1 + exp(−y (w·x + b)))` with `y` = 1 for rows of the class and −1 for the others: scikit-learn's
/// `LogisticRegression`, with its C and an intercept that costs nothing. The minimum is found by Newton's method in `f64`, and is
/// the same to the last bit for any number of threads. Scale the columns first (see [`Scaler`](super::Scaler)): all weights cost
/// the same.
///
/// There is a finite minimum whenever both classes are there. Classes that a plane separates have large weights, as far as C
/// allows; a constant column has weight 0, but for rounding, because the intercept does its work for nothing.
///
/// ```
/// use dream_models::regression::{LogisticParams, Regressor, Rows};
///
/// # fn main() -> dream_models::Result<()> {
/// let x = [-2.0, -1.0, 0.5, -0.5, 1.0, 2.0];
/// let labels = [false, false, false, true, true, true];
/// let model = LogisticParams::default().fit(&Rows::new(&x, 1)?, &labels)?;
/// assert!(model.converged());
/// assert!(model.predict(&[3.0])? > 0.0 && model.probability(&[-3.0])? < 0.5);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// C.-J. Lin, R. C. Weng, S. S. Keerthi, "Trust region Newton method for large-scale logistic regression", Journal of Machine
/// Learning Research 9, 2008, section 1 (the problem); S. Boyd, L. Vandenberghe, "Convex Optimization", 2004, section 9.5 (the
/// damped step and when to stop).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogisticParams {
    /// Price of an error; small values keep the weights small. Above 0.
    pub c: f64,
    /// Ends when a step promises to lower the objective by less than this share of it. The step is still taken, so the
    /// weights are much closer than that. Above 0.
    pub tolerance: f64,
    /// Most steps. A fit that reaches it is returned with [`LogisticRegression::converged`] false.
    pub max_iterations: u32,
}

impl Default for LogisticParams {
    /// C of 1, as in scikit-learn, and a tolerance at the end of what `f64` can tell apart.
    fn default() -> Self {
        Self { c: 1.0, tolerance: 1e-12, max_iterations: 200 }
    }
}

impl LogisticParams {
    /// Trains on `rows` and one label per row: `true` for the class whose logit grows.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a setting outside its range; [`Error::LengthMismatch`] for another number of labels;
    /// [`Error::Constant`] for labels of one class only; [`Error::InvalidInput`] for columns so large that their squares
    /// leave the range of `f64`.
    pub fn fit(&self, rows: &Rows<'_>, labels: &[bool]) -> Result<LogisticRegression> {
        self.check()?;
        if labels.len() != rows.len() {
            let (expected, found) = (rows.len(), labels.len());
            return Err(Error::LengthMismatch { argument: "labels", expected, found });
        }
        if labels.windows(2).all(|pair| pair.first() == pair.last()) {
            return Err(Error::Constant { what: "`labels`".to_owned() });
        }
        Problem::new(rows, labels, self.c).minimise(self)
    }

    fn check(&self) -> Result<()> {
        let wrong = |field, value, expected| Err(Error::InvalidConfig { field, value, expected });
        if !(self.c > 0.0 && self.c.is_finite()) {
            return wrong("c", self.c, "above 0");
        }
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            return wrong("tolerance", self.tolerance, "above 0 and below 1");
        }
        if self.max_iterations == 0 {
            return wrong("max_iterations", 0.0, "at least 1");
        }
        Ok(())
    }
}

/// A trained logistic regression. Its prediction is the logit, `w·x + b`.
#[doc(alias = "classifier")]
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression {
    weights: Vec<f64>,
    intercept: f64,
    iterations: u32,
    converged: bool,
}

impl LogisticRegression {
    /// Weight of each column.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The logit where all columns are 0.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// Whether the minimum was reached within the tolerance; false where the bound on the steps came first.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// Steps of the solver.
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Probability of the class, `1 / (1 + exp(−logit))`. It holds for rows drawn as those of training were, with as many of
    /// each class.
    ///
    /// # Errors
    ///
    /// As [`Regressor::predict`].
    pub fn probability(&self, row: &[f64]) -> Result<f64> {
        Ok(sigmoid(self.predict(row)?))
    }
}

impl Regressor for LogisticRegression {
    fn inputs(&self) -> usize {
        self.weights.len()
    }

    fn predict(&self, row: &[f64]) -> Result<f64> {
        check_row(row, self.weights.len())?;
        Ok(dot(row, &self.weights) + self.intercept)
    }
}

/// The function to be minimised. The last column of the points is 1, for the intercept.
struct Problem {
    points: Vec<f64>,
    signs: Vec<f64>,
    size: usize,
    c: f64,
}

impl Problem {
    fn new(rows: &Rows<'_>, labels: &[bool], c: f64) -> Self {
        let points = rows.iter().flat_map(|row| row.iter().copied().chain([1.0])).collect();
        let signs = labels.iter().map(|&label| if label { 1.0 } else { -1.0 }).collect();
        Self { points, signs, size: rows.width() + 1, c }
    }

    fn minimise(&self, params: &LogisticParams) -> Result<LogisticRegression> {
        let mut at = vec![0.0; self.size];
        let mut margins = self.margins(&at);
        let mut value = self.value(&at, &margins);
        let (mut iterations, mut converged) = (0, false);
        while iterations < params.max_iterations && !converged {
            iterations += 1;
            let gradient = self.gradient(&at, &margins);
            let step = self.step(&gradient, &margins)?;
            // Half of it is what the step promises.
            let slope = dot(&gradient, &step);
            converged = slope / 2.0 <= params.tolerance * value;
            let mut length = 1.0;
            loop {
                let next: Vec<f64> = at.iter().zip(&step).map(|(a, b)| a - length * b).collect();
                let next_margins = self.margins(&next);
                let next_value = self.value(&next, &next_margins);
                // The last step is below what differences of the objective can show.
                if converged || next_value <= value - 1e-4 * length * slope {
                    (at, margins, value) = (next, next_margins, next_value);
                    break;
                }
                length /= 2.0;
                if length < 1e-12 {
                    return Ok(self.model(&at, iterations, false));
                }
            }
        }
        Ok(self.model(&at, iterations, converged))
    }

    fn model(&self, at: &[f64], iterations: u32, converged: bool) -> LogisticRegression {
        let (intercept, weights) = at.split_last().map_or((0.0, Vec::new()), |(b, w)| (*b, w.to_vec()));
        LogisticRegression { weights, intercept, iterations, converged }
    }

    /// `y (w·x + b)` of every point.
    fn margins(&self, at: &[f64]) -> Vec<f64> {
        self.points.chunks_exact(self.size).zip(&self.signs).map(|(x, y)| y * dot(x, at)).collect()
    }

    fn value(&self, at: &[f64], margins: &[f64]) -> f64 {
        let weights = at.get(..self.size - 1).unwrap_or_default();
        dot(weights, weights) / 2.0 + self.c * margins.iter().map(|&margin| loss(margin)).sum::<f64>()
    }

    fn gradient(&self, at: &[f64], margins: &[f64]) -> Vec<f64> {
        let mut gradient = at.to_vec();
        if let Some(last) = gradient.last_mut() {
            *last = 0.0;
        }
        for (point, (y, &margin)) in self.points.chunks_exact(self.size).zip(self.signs.iter().zip(margins)) {
            let factor = self.c * y * sigmoid(-margin);
            gradient.iter_mut().zip(point).for_each(|(cell, value)| *cell -= factor * value);
        }
        gradient
    }

    /// Newton's step, to be subtracted.
    fn step(&self, gradient: &[f64], margins: &[f64]) -> Result<Vec<f64>> {
        let curvature: Vec<f64> =
            margins.iter().map(|&margin| self.c * sigmoid(margin) * sigmoid(-margin)).collect();
        let mut gram = weighted_gram(&self.points, self.size, &curvature);
        // The weights have a penalty, the intercept has none.
        gram.iter_mut().step_by(self.size + 1).take(self.size - 1).for_each(|cell| *cell += 1.0);
        let diagonal: Vec<f64> = gram.iter().step_by(self.size + 1).copied().collect();
        let largest = diagonal.iter().fold(0.0_f64, |most, &cell| most.max(cell));
        let finite = largest.is_finite() && gradient.iter().all(|cell| cell.is_finite());
        // Rounding may leave a matrix without a factor. A little more on its diagonal is a shorter step.
        let mut more = 0.0;
        while finite && more <= largest {
            let mut matrix = gram.clone();
            matrix.iter_mut().step_by(self.size + 1).for_each(|cell| *cell += more);
            if cholesky::factor(&mut matrix, self.size) {
                let mut step = gradient.to_vec();
                cholesky::solve(&matrix, self.size, &mut step);
                return Ok(step);
            }
            more = if more == 0.0 { largest * 1e-14 } else { more * 10.0 };
        }
        let reason = "products of its columns leave the range of numbers: scale the columns first";
        Err(Error::InvalidInput { argument: "rows", reason: reason.to_owned() })
    }
}

/// `ln(1 + exp(−margin))` without an overflow.
fn loss(margin: f64) -> f64 {
    libm::log1p(libm::exp(-margin.abs())) + (-margin).max(0.0)
}

fn sigmoid(value: f64) -> f64 {
    let small = libm::exp(-value.abs());
    if value < 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
