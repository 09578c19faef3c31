//! Whether chance could explain a correlation or a difference.

use std::fmt;

use crate::numeric::{check_finite, pad};
use crate::special::{correlation_two_sided, t_two_sided};
use crate::{Error, Result, Summary, plcc, srcc};

/// Which test a [`Test`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Procedure {
    /// [`paired_t`].
    PairedT,
    /// [`nadeau_bengio`].
    NadeauBengio,
    /// [`wilcoxon`](crate::wilcoxon).
    Wilcoxon,
    /// [`kruskal_wallis`](crate::kruskal_wallis).
    KruskalWallis,
    /// [`DependentCorrelations::williams`](crate::DependentCorrelations::williams).
    Williams,
    /// [`DependentCorrelations::steiger`](crate::DependentCorrelations::steiger).
    Steiger,
    /// [`compare_independent`](crate::compare_independent).
    IndependentCorrelations,
}

impl Procedure {
    /// The letter of its statistic: t, z, W or H.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::PairedT | Self::NadeauBengio | Self::Williams => 't',
            Self::Steiger | Self::IndependentCorrelations => 'z',
            Self::Wilcoxon => 'W',
            Self::KruskalWallis => 'H',
        }
    }
}

impl fmt::Display for Procedure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PairedT => "paired t-test",
            Self::NadeauBengio => "t-test for overlapping splits (Nadeau and Bengio)",
            Self::Wilcoxon => "Wilcoxon's signed-rank test",
            Self::KruskalWallis => "Kruskal-Wallis test",
            Self::Williams => "Williams' test of two dependent correlations",
            Self::Steiger => "Steiger's test of two dependent correlations",
            Self::IndependentCorrelations => "Fisher's test of two independent correlations",
        })
    }
}

/// A statistic with its two-sided p-value.
///
/// `Display` says what was tested, the statistic with its degrees of freedom, and p: `paired t-test: t(3) = 3.656, p =
/// 0.035`. The statistic has three digits (W one) unless a precision is given, p two that count.
#[doc(alias("pvalue", "statistic", "SignificanceResult"))]
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Test {
    /// What was tested.
    pub procedure: Procedure,
    /// The test statistic: t, z, W or H, as [`Procedure::letter`] says.
    pub statistic: f64,
    /// Degrees of freedom, if the distribution has them.
    pub degrees: Option<f64>,
    /// Probability of a statistic at least this extreme if there is no effect, in 0..=1.
    pub p: f64,
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { procedure, statistic, degrees, p } = self;
        // W is a multiple of a half.
        let usual = if *procedure == Procedure::Wilcoxon { 1 } else { 3 };
        let (digits, letter) = (f.precision().unwrap_or(usual), procedure.letter());
        let degrees = degrees.map_or_else(String::new, |degrees| format!("({degrees})"));
        let p = match *p {
            p if p >= 0.1 => format!("{p:.2}"),
            p if p >= 0.01 => format!("{p:.3}"),
            p if p >= 0.001 => format!("{p:.4}"),
            p => format!("{p:.1e}"),
        };
        pad(f, &format!("{procedure}: {letter}{degrees} = {statistic:.digits$}, p = {p}"))
    }
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
#[doc(alias("pearsonr", "pvalue"))]
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
#[doc(alias("spearmanr", "pvalue"))]
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
#[doc(alias = "ttest_rel")]
pub fn paired_t(first: &[f64], second: &[f64]) -> Result<Test> {
    differences_test(Procedure::PairedT, first, second, 0.0)
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
#[doc(alias = "corrected_ttest")]
pub fn nadeau_bengio(first: &[f64], second: &[f64], test_to_train: f64) -> Result<Test> {
    if !(test_to_train.is_finite() && test_to_train >= 0.0) {
        return Err(Error::OutOfRange {
            argument: "test_to_train",
            value: test_to_train,
            range: "0 or more",
        });
    }
    differences_test(Procedure::NadeauBengio, first, second, test_to_train)
}

fn differences_test(procedure: Procedure, first: &[f64], second: &[f64], overlap: f64) -> Result<Test> {
    let differences = differences(first, second)?;
    let spread = Summary::of(&differences)?;
    let degrees = differences.len() as f64 - 1.0;
    if spread.std == 0.0 {
        return match spread.mean == 0.0 {
            true => Ok(Test { procedure, statistic: 0.0, degrees: Some(degrees), p: 1.0 }),
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
    Ok(Test { procedure, statistic, degrees: Some(degrees), p: t_two_sided(statistic, degrees) })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare_independent, kruskal_wallis, wilcoxon};

    #[test]
    fn a_test_says_what_was_tested() {
        let (x, y) = ([0.82, 0.85, 0.86, 0.83, 0.87], [0.80, 0.84, 0.81, 0.79, 0.84]);
        let said = |test: Result<Test>| test.unwrap().to_string();
        assert_eq!(said(paired_t(&x, &y)), "paired t-test: t(4) = 4.243, p = 0.013");
        assert_eq!(said(wilcoxon(&x, &y)), "Wilcoxon's signed-rank test: W = 0.0, p = 0.062");
        assert!(
            said(nadeau_bengio(&x, &y, 0.25))
                .starts_with("t-test for overlapping splits (Nadeau and Bengio): t(4)")
        );
        let groups = kruskal_wallis(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]]).unwrap();
        assert_eq!(format!("{groups:.1}"), "Kruskal-Wallis test: H(1) = 3.9, p = 0.050");
        let two = compare_independent((0.9, 300), (0.1, 280)).unwrap();
        assert!(two.to_string().starts_with("Fisher's test of two independent correlations: z = 16."));
    }

    #[test]
    fn p_keeps_two_digits_that_count() {
        let said = |p| Test { procedure: Procedure::Steiger, statistic: -1.0, degrees: None, p }.to_string();
        for (p, text) in
            [(1.0, "1.00"), (0.5, "0.50"), (0.049, "0.049"), (0.0049, "0.0049"), (1.26e-7, "1.3e-7")]
        {
            assert_eq!(
                said(p),
                format!("Steiger's test of two dependent correlations: z = -1.000, p = {text}")
            );
        }
        let wide = Test { procedure: Procedure::PairedT, statistic: 1.0, degrees: Some(3.0), p: 0.5 };
        assert_eq!(format!("[{wide:>36.0}]"), "[   paired t-test: t(3) = 1, p = 0.50]");
    }
}
