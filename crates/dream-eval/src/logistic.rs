//! The mapping that video-quality studies fit before PLCC and RMSE.

use crate::numeric::{check_pair, is_constant, mean};
use crate::{Error, Result};

/// A monotone curve from predictions to scores.
///
/// ```text
/// q(x) = b₂ + (b₁ - b₂) / (1 + exp(-(x - b₃) / |b₄|))
/// ```
///
/// DREAM reports correlations of raw predictions, so this crate never fits the curve by itself. Rank correlations do
/// not need it: a rising curve does not change them.
///
/// ```
/// use dream_eval::{Logistic4, plcc};
///
/// # fn main() -> dream_eval::Result<()> {
/// let pred: Vec<f64> = (0..40).map(|i| f64::from(i) / 4.0).collect();
/// let truth: Vec<f64> = pred.iter().map(|x| 1.0 + 4.0 / (1.0 + (-(x - 5.0)).exp())).collect();
/// let fit = Logistic4::fit(&pred, &truth)?;
/// assert!(plcc(&fit.curve.map(&pred)?, &truth)? > 0.999_999);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// VQEG, "Final report from the Video Quality Experts Group on the validation of objective models of video quality
/// assessment", 2000; the form and the start of the BVQA benchmark (Z. Tu et al., IEEE Transactions on Image Processing
/// 30, 2021).
#[doc(alias("curve_fit", "logistic_4_fitting"))]
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Logistic4 {
    /// The four parameters b₁ (upper end), b₂ (lower end), b₃ (middle), b₄ (width).
    pub b: [f64; 4],
}

/// A fitted curve, and how well it fits.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LogisticFit {
    /// The curve.
    pub curve: Logistic4,
    /// Sum of squared errors at the curve.
    pub sse: f64,
    /// Number of steps.
    pub iterations: usize,
    /// Whether the steps became small before the limit of steps. A flat or perfectly steep relation has its best curve
    /// at infinite parameters: the fit then creeps, but its values are still good.
    pub converged: bool,
}

const MOST_STEPS: usize = 10_000;
/// Relative change of the error, or of the parameters, that counts as none.
const SMALL: f64 = 1e-12;

impl Logistic4 {
    /// The value of the curve at `x`; finite for finite parameters and `x`.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        let [top, bottom, middle, width] = self.b;
        bottom + (top - bottom) * sigmoid((x - middle) / nonzero(width))
    }

    /// The values of the curve.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`]; [`Error::Overflow`] if a value leaves the range of f64.
    pub fn map(&self, pred: &[f64]) -> Result<Vec<f64>> {
        crate::numeric::check_finite("pred", pred)?;
        let mapped: Vec<f64> = pred.iter().map(|x| self.at(*x)).collect();
        if mapped.iter().all(|v| v.is_finite()) {
            Ok(mapped)
        } else {
            Err(Error::Overflow { quantity: "curve" })
        }
    }

    /// Least squares by Levenberg and Marquardt's method, from the start of the BVQA benchmark: b₁ and b₂ the largest and
    /// smallest score, b₃ the mean prediction, b₄ 0.5.
    ///
    /// Four parameters do not justify a linear-algebra crate, so the solver is here.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`]; [`Error::TooFew`] below four pairs; [`Error::NonFinite`]; [`Error::ConstantInput`] if
    /// all predictions are equal; [`Error::Overflow`] if the squares of the scores are not finite.
    pub fn fit(pred: &[f64], truth: &[f64]) -> Result<LogisticFit> {
        check_pair(pred, truth, 4)?;
        if is_constant(pred) {
            return Err(Error::ConstantInput { argument: "pred" });
        }
        let top = truth.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let bottom = truth.iter().copied().fold(f64::INFINITY, f64::min);
        let start = Self { b: [top, bottom, mean(pred), 0.5] };
        let sse = start.sse(pred, truth);
        if !sse.is_finite() || start.b.iter().any(|b| !b.is_finite()) {
            return Err(Error::Overflow { quantity: "squared error of the logistic curve" });
        }
        let mut fit = LogisticFit { curve: start, sse, iterations: 0, converged: false };
        let mut damping = 1e-2;
        while fit.iterations < MOST_STEPS && !fit.converged {
            fit.iterations += 1;
            let (normal, gradient) = fit.curve.normal_equations(pred, truth);
            loop {
                let Some(step) = solve(normal, gradient, damping) else {
                    damping *= 10.0;
                    if damping > 1e16 {
                        fit.converged = true;
                        break;
                    }
                    continue;
                };
                let mut next = fit.curve;
                next.b.iter_mut().zip(step).for_each(|(b, step)| *b += step);
                let sse = next.sse(pred, truth);
                if sse.is_finite() && sse <= fit.sse {
                    let still = step.iter().zip(next.b).all(|(s, b)| s.abs() <= SMALL * (b.abs() + SMALL));
                    fit.converged = fit.sse - sse <= SMALL * SMALL * fit.sse || still;
                    fit = LogisticFit { curve: next, sse, ..fit };
                    damping = (damping / 10.0).max(1e-12);
                    break;
                }
                damping *= 10.0;
                // No downward step changes a digit.
                if damping > 1e16 {
                    fit.converged = true;
                    break;
                }
            }
        }
        Ok(fit)
    }

    fn sse(&self, pred: &[f64], truth: &[f64]) -> f64 {
        let [sse] = crate::numeric::pairwise(pred, truth, &|x, t| {
            let error = t - self.at(x);
            [error * error]
        });
        sse
    }

    /// JᵀJ and Jᵀ(t - q).
    fn normal_equations(&self, pred: &[f64], truth: &[f64]) -> ([[f64; 4]; 4], [f64; 4]) {
        let [top, bottom, middle, width] = self.b;
        let (mut normal, mut gradient) = ([[0.0; 4]; 4], [0.0; 4]);
        for (x, t) in pred.iter().zip(truth) {
            let z = (x - middle) / nonzero(width);
            let s = sigmoid(z);
            let slope = (top - bottom) * s * (1.0 - s) / nonzero(width);
            // d|b₄| = sign(b₄) db₄.
            let row = [s, 1.0 - s, -slope, -slope * z * width.signum()];
            let error = t - (bottom + (top - bottom) * s);
            for ((line, g), j) in normal.iter_mut().zip(&mut gradient).zip(row) {
                line.iter_mut().zip(row).for_each(|(cell, k)| *cell += j * k);
                *g += j * error;
            }
        }
        (normal, gradient)
    }
}

fn nonzero(width: f64) -> f64 {
    width.abs().max(1e-300)
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-z))
}

/// Solves `(A + damping diag A) x = y` by elimination with pivots. `None` without a finite solution.
fn solve(mut a: [[f64; 4]; 4], mut y: [f64; 4], damping: f64) -> Option<[f64; 4]> {
    let largest = a.iter().enumerate().filter_map(|(i, row)| row.get(i)).fold(0.0_f64, |m, d| m.max(*d));
    for (i, row) in a.iter_mut().enumerate() {
        // The floor moves a parameter that has no influence at this point.
        let diagonal = row.get_mut(i)?;
        *diagonal += damping * diagonal.max(1e-12 * largest);
    }
    for column in 0..4 {
        let pivot =
            (column..4).max_by(|i, j| at(&a, *i, column).abs().total_cmp(&at(&a, *j, column).abs()))?;
        a.swap(column, pivot);
        y.swap(column, pivot);
        let (row, value) = (*a.get(column)?, *y.get(column)?);
        let head = *row.get(column)?;
        if head == 0.0 {
            return None;
        }
        for (line, y) in a.iter_mut().zip(&mut y).skip(column + 1) {
            let factor = line.get(column)? / head;
            line.iter_mut().zip(row).for_each(|(cell, above)| *cell -= factor * above);
            *y -= factor * value;
        }
    }
    let mut x = [0.0; 4];
    for row in (0..4).rev() {
        let known: f64 = a.get(row)?.iter().zip(x).skip(row + 1).map(|(a, x)| a * x).sum();
        *x.get_mut(row)? = (*y.get(row)? - known) / at(&a, row, row);
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}

fn at(a: &[[f64; 4]; 4], row: usize, column: usize) -> f64 {
    a.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0.0)
}
