//! Whether chance could explain a correlation or a difference.

use crate::numeric::check_finite;
use crate::special::{correlation_two_sided, t_two_sided};
use crate::{Error, Result, Summary, plcc, srcc};

/// A statistic with its two-sided p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Test {
    /// The test statistic: t, z, W or H, as the function says.
    pub statistic: f64,
    /// Degrees of freedom, if the distribution has them.
    pub degrees: Option<f64>,
    /// Probability of a statistic at least this extreme if there is no effect, in 0..=1.
    pub p: f64,
}

/// Two-sided p-value of [`plcc`]: the probability of a coefficient at least this far from 0 when the true one is 0
/// and both inputs are normal.
///
/// The coefficient of two pairs is always ±1, so its p-value is 1.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// let p = dream_eval::plcc_p_value(&[1.0, 2.0, 3.0, 4.0, 5.0], &[1.1, 1.9, 3.2, 3.9, 5.3])?;
/// assert!(p < 0.001);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`plcc`].
///
/// # Reference
///
/// The exact beta distribution of r, as in SciPy's `pearsonr`; relative accuracy about 1e-12 down to 1e-300.
pub fn plcc_p_value(pred: &[f64], truth: &[f64]) -> Result<f64> {
    let r = plcc(pred, truth)?;
    Ok(if pred.len() == 2 { 1.0 } else { correlation_two_sided(r, pred.len()) })
}

/// Two-sided p-value of [`srcc`] from Student's t with n - 2 degrees of freedom, the usual approximation.
///
/// # Errors
///
/// As [`srcc`]; [`Error::TooFew`] below three pairs.
///
/// # Reference
///
/// M. G. Kendall and A. Stuart, "The Advanced Theory of Statistics", volume 2, section 31.19. Checked against SciPy's
/// `spearmanr`.
pub fn srcc_p_value(pred: &[f64], truth: &[f64]) -> Result<f64> {
    let r = srcc(pred, truth)?;
    if pred.len() < 3 {
        return Err(Error::TooFew { argument: "pred", needed: 3, found: pred.len() });
    }
    // t = r √((n-2) / (1-r²)) has the same tail as r itself.
    Ok(correlation_two_sided(r, pred.len()))
}

/// Paired t-test between two methods over the same splits: is the mean difference 0?
///
/// Splits that share training clips are not independent, and this test then finds differences too easily: see
/// [`nadeau_bengio`].
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// let test = dream_eval::paired_t(&[0.82, 0.85, 0.84, 0.83], &[0.80, 0.84, 0.81, 0.82])?;
/// assert!(test.statistic > 3.0 && test.p < 0.05 && test.degrees == Some(3.0));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::UnequalLengths`], [`Error::NonFinite`]; [`Error::TooFew`] below two pairs; [`Error::Undefined`] if all
/// differences are equal and not 0, so their spread is unknown. Equal inputs give the statistic 0 and p 1.
///
/// # Reference
///
/// Student, "The probable error of a mean", Biometrika 6(1), 1908. Checked against SciPy's `ttest_rel`.
pub fn paired_t(first: &[f64], second: &[f64]) -> Result<Test> {
    differences_test(first, second, 0.0)
}

/// The paired t-test for overlapping random splits: the variance is enlarged by the ratio of test to training clips.
///
/// `t = d̄ / √( (1/k + n_test/n_train) s² )` with k - 1 degrees of freedom, where `s²` is the sample variance of the
/// k differences.
///
/// # Errors
///
/// As [`paired_t`]; [`Error::OutOfRange`] unless `test_to_train` is finite and at least 0.
///
/// # Reference
///
/// C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52, 2003.
pub fn nadeau_bengio(first: &[f64], second: &[f64], test_to_train: f64) -> Result<Test> {
    if !(test_to_train.is_finite() && test_to_train >= 0.0) {
        return Err(Error::OutOfRange {
            argument: "test_to_train",
            value: test_to_train,
            range: "0 or more",
        });
    }
    differences_test(first, second, test_to_train)
}

fn differences_test(first: &[f64], second: &[f64], overlap: f64) -> Result<Test> {
    let differences = differences(first, second)?;
    let spread = Summary::of(&differences)?;
    let degrees = differences.len() as f64 - 1.0;
    if spread.std == 0.0 {
        return match spread.mean == 0.0 {
            true => Ok(Test { statistic: 0.0, degrees: Some(degrees), p: 1.0 }),
            false => Err(Error::Undefined {
                quantity: "t statistic",
                reason: "all differences are equal, so their spread is unknown",
            }),
        };
    }
    let statistic = spread.mean / (spread.std * (1.0 / differences.len() as f64 + overlap).sqrt());
    if !statistic.is_finite() {
        return Err(Error::Overflow { quantity: "t statistic" });
    }
    Ok(Test { statistic, degrees: Some(degrees), p: t_two_sided(statistic, degrees) })
}

/// `first - second`, checked.
pub(crate) fn differences(first: &[f64], second: &[f64]) -> Result<Vec<f64>> {
    if first.len() != second.len() {
        return Err(Error::UnequalLengths {
            arguments: ["first", "second"],
            lengths: [first.len(), second.len()],
        });
    }
    check_finite("first", first)?;
    check_finite("second", second)?;
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    if differences.iter().all(|d| d.is_finite()) {
        Ok(differences)
    } else {
        Err(Error::Overflow { quantity: "difference" })
    }
}
