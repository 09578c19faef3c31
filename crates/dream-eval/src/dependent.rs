//! Whether two correlations differ, and how certain one correlation is.

use std::fmt;

use crate::numeric::pad;
use crate::significance::{Procedure, Test};
use crate::special::{normal_quantile, normal_two_sided, t_two_sided};
use crate::{Error, Result, plcc, srcc};

/// An interval that holds the true value with the stated confidence.
///
/// `Display` prints `0.800 [0.753, 0.839] (95 %)`: three digits unless a precision is given, and padded to a given width.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// use dream_eval::{Coefficient, fisher_z_interval};
/// let interval = fisher_z_interval(0.8, 280, 0.95, Coefficient::Pearson)?;
/// assert_eq!(interval.to_string(), "0.800 [0.753, 0.839] (95 %)");
/// # Ok(())
/// # }
/// ```
#[doc(alias = "ConfidenceInterval")]
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Interval {
    /// The value of the sample itself.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Confidence, in 0..1.
    pub level: f64,
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(3);
        let Self { estimate, low, high, level } = self;
        // Without the noise of 0.29 * 100.
        let percent = (level * 1e8).round() / 1e6;
        pad(f, &format!("{estimate:.digits$} [{low:.digits$}, {high:.digits$}] ({percent} %)"))
    }
}

pub(crate) fn check_level(level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 {
        Ok(())
    } else {
        Err(Error::OutOfRange { argument: "level", value: level, range: "between 0 and 1, for example 0.95" })
    }
}

fn check_coefficient(argument: &'static str, r: f64) -> Result<()> {
    if (-1.0..=1.0).contains(&r) {
        Ok(())
    } else {
        Err(Error::OutOfRange { argument, value: r, range: "-1 to 1" })
    }
}

/// Which coefficient an interval is for: rank correlations vary a little more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Coefficient {
    /// Pearson's: the variance of `atanh r` is `1 / (n - 3)`.
    #[default]
    Pearson,
    /// Spearman's: `(1 + r²/2) / (n - 3)` (D. G. Bonett and T. A. Wright, Psychometrika 65(1), 2000).
    Spearman,
}

/// Confidence interval of a correlation of `n` pairs by Fisher's z transformation.
///
/// A coefficient of exactly ±1 gives the interval that contains only itself.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// use dream_eval::{Coefficient, fisher_z_interval};
/// let interval = fisher_z_interval(0.8, 280, 0.95, Coefficient::Pearson)?;
/// assert_eq!(format!("{:.3} {:.3}", interval.low, interval.high), "0.753 0.839");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::OutOfRange`] for `r` outside -1..=1 or a `level` outside 0..1; [`Error::TooFew`] below four pairs.
///
/// # Reference
///
/// R. A. Fisher, "On the probable error of a coefficient of correlation deduced from a small sample", Metron 1, 1921.
#[doc(alias("confidence_interval", "arctanh"))]
pub fn fisher_z_interval(r: f64, n: usize, level: f64, coefficient: Coefficient) -> Result<Interval> {
    check_coefficient("r", r)?;
    check_level(level)?;
    let freedom = degrees(n)?;
    if r.abs() == 1.0 {
        return Ok(Interval { estimate: r, low: r, high: r, level });
    }
    let variance = match coefficient {
        Coefficient::Pearson => 1.0,
        Coefficient::Spearman => 1.0 + r * r / 2.0,
    };
    let half = normal_quantile(0.5 + level / 2.0) * (variance / freedom).sqrt();
    let z = libm::atanh(r);
    Ok(Interval { estimate: r, low: libm::tanh(z - half), high: libm::tanh(z + half), level })
}

/// `n - 3`, which must be positive.
fn degrees(n: usize) -> Result<f64> {
    if n < 4 { Err(Error::TooFew { argument: "n", needed: 4, found: n }) } else { Ok(n as f64 - 3.0) }
}

/// z-test of two correlations measured on different clips: `(r, n)` of each.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// let test = dream_eval::compare_independent((0.85, 300), (0.80, 280))?;
/// assert!(test.p > 0.05);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::OutOfRange`]; [`Error::TooFew`] below four pairs; [`Error::Undefined`] if a coefficient is exactly ±1 and
/// the other differs.
///
/// # Reference
///
/// R. A. Fisher, 1921, as in [`fisher_z_interval`].
#[doc(alias = "cocor")]
pub fn compare_independent(first: (f64, usize), second: (f64, usize)) -> Result<Test> {
    check_coefficient("first", first.0)?;
    check_coefficient("second", second.0)?;
    let variance = 1.0 / degrees(first.1)? + 1.0 / degrees(second.1)?;
    let difference = z_difference(first.0, second.0)?;
    let statistic = difference / variance.sqrt();
    let procedure = Procedure::IndependentCorrelations;
    Ok(Test { procedure, statistic, degrees: None, p: normal_two_sided(statistic) })
}

/// `atanh a - atanh b`.
fn z_difference(a: f64, b: f64) -> Result<f64> {
    if a == b {
        return Ok(0.0);
    }
    if a.abs() == 1.0 || b.abs() == 1.0 {
        return Err(Error::Undefined {
            quantity: "difference of correlations",
            reason: "one of them is exactly 1 or -1, whose z is infinite",
        });
    }
    Ok(libm::atanh(a) - libm::atanh(b))
}

/// Two methods on the same clips: their correlations with the truth, and with each other.
///
/// ```
/// use dream_eval::DependentCorrelations;
///
/// # fn main() -> dream_eval::Result<()> {
/// let pair = DependentCorrelations { first: 0.85, second: 0.80, between: 0.9, n: 280 };
/// assert!(pair.williams()?.p < 0.001 && pair.steiger()?.p < 0.001);
/// # Ok(())
/// # }
/// ```
#[doc(alias("cocor", "steiger", "williams"))]
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DependentCorrelations {
    /// Correlation of the first method with the truth.
    pub first: f64,
    /// Correlation of the second method with the truth.
    pub second: f64,
    /// Correlation of the two methods with each other.
    pub between: f64,
    /// Number of clips.
    pub n: usize,
}

impl DependentCorrelations {
    /// [`plcc`] of two predictions with one truth and with each other: what both tests were made for.
    ///
    /// ```
    /// use dream_eval::DependentCorrelations;
    ///
    /// # fn main() -> dream_eval::Result<()> {
    /// let truth = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    /// let (first, second) = ([1.1, 1.9, 3.2, 3.9, 5.3, 5.8], [2.0, 1.0, 4.0, 3.0, 6.0, 5.0]);
    /// let test = DependentCorrelations::pearson(&first, &second, &truth)?.williams()?;
    /// assert_eq!(test.to_string(), "Williams' test of two dependent correlations: t(3) = 9.355, p = 0.0026");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`plcc`].
    #[doc(alias("pearsonr", "plcc"))]
    pub fn pearson(first: &[f64], second: &[f64], truth: &[f64]) -> Result<Self> {
        Self::by(plcc, first, second, truth)
    }

    /// The same with [`srcc`]: the correlations of the ranks.
    ///
    /// **The assumption.** Both tests suppose normal data, which ranks are not: they are used as if a coefficient of ranks
    /// varied as Pearson's does (Myers and Sirois). It varies a little more, so where methods correlate strongly with the
    /// truth the tests find differences too easily: of two equally good methods with an SRCC of 0.8, at the level of 5 %,
    /// in 7 to 8 % of samples of any size, with 0.9 in 8 to 9 %. [`Bca::difference`](crate::Bca::difference) with
    /// [`srcc`] has no such assumption.
    ///
    /// # Errors
    ///
    /// As [`srcc`].
    ///
    /// # Reference
    ///
    /// L. Myers and M. J. Sirois, "Spearman correlation coefficients, differences between", Encyclopedia of Statistical
    /// Sciences, Wiley, 2006. The shares are of 10,000 samples of 30, 60 and 300 normal triples.
    #[doc(alias("spearmanr", "srcc"))]
    pub fn spearman(first: &[f64], second: &[f64], truth: &[f64]) -> Result<Self> {
        Self::by(srcc, first, second, truth)
    }

    fn by(
        correlation: fn(&[f64], &[f64]) -> Result<f64>,
        first: &[f64],
        second: &[f64],
        truth: &[f64],
    ) -> Result<Self> {
        Ok(Self {
            first: correlation(first, truth)?,
            second: correlation(second, truth)?,
            between: correlation(first, second)?,
            n: truth.len(),
        })
    }

    fn check(&self) -> Result<f64> {
        check_coefficient("first", self.first)?;
        check_coefficient("second", self.second)?;
        check_coefficient("between", self.between)?;
        degrees(self.n)
    }

    /// Williams' test: t with n - 3 degrees of freedom.
    ///
    /// Equal coefficients give the statistic 0 and p 1.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`]; [`Error::TooFew`] below four clips; [`Error::Undefined`] if no three variables can have
    /// these correlations, or if the two methods are proportional.
    ///
    /// # Reference
    ///
    /// E. J. Williams, "The comparison of regression variables", Journal of the Royal Statistical Society B 21(2), 1959;
    /// in the form of J. H. Steiger, Psychological Bulletin 87(2), 1980, equation 7.
    pub fn williams(&self) -> Result<Test> {
        let degrees = self.check()?;
        let (a, b, c, n) = (self.first, self.second, self.between, self.n as f64);
        let test =
            |statistic, p| Test { procedure: Procedure::Williams, statistic, degrees: Some(degrees), p };
        if a == b {
            return Ok(test(0.0, 1.0));
        }
        let determinant = 1.0 - a * a - b * b - c * c + 2.0 * a * b * c;
        let mean = (a + b) / 2.0;
        let spread = 2.0 * (n - 1.0) / degrees * determinant + mean * mean * (1.0 - c).powi(3);
        // A determinant that only rounding makes negative belongs to perfectly predictable methods.
        if determinant < -1e-9 || spread <= 0.0 || c == -1.0 {
            return Err(IMPOSSIBLE);
        }
        let statistic = (a - b) * ((n - 1.0) * (1.0 + c) / spread).sqrt();
        Ok(test(statistic, t_two_sided(statistic, degrees)))
    }

    /// Steiger's test on Fisher's z with the pooled estimate of the covariance.
    ///
    /// # Errors
    ///
    /// As [`Self::williams`]; also [`Error::Undefined`] if a coefficient is exactly ±1.
    ///
    /// # Reference
    ///
    /// J. H. Steiger, "Tests for comparing elements of a correlation matrix", Psychological Bulletin 87(2), 1980,
    /// equation 14.
    pub fn steiger(&self) -> Result<Test> {
        let freedom = self.check()?;
        let difference = z_difference(self.first, self.second)?;
        let test = |statistic, p| Test { procedure: Procedure::Steiger, statistic, degrees: None, p };
        if difference == 0.0 {
            return Ok(test(0.0, 1.0));
        }
        let (mean, c) = ((self.first + self.second) / 2.0, self.between);
        let square = mean * mean;
        let psi = c * (1.0 - 2.0 * square) - 0.5 * square * (1.0 - 2.0 * square - c * c);
        let covariance = psi / ((1.0 - square) * (1.0 - square));
        let variance = 2.0 * (1.0 - covariance);
        if variance <= 0.0 || !variance.is_finite() {
            return Err(IMPOSSIBLE);
        }
        let statistic = difference * (freedom / variance).sqrt();
        Ok(test(statistic, normal_two_sided(statistic)))
    }
}

const IMPOSSIBLE: Error = Error::Undefined {
    quantity: "test of dependent correlations",
    reason: "no three different variables have these correlations with each other",
};

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: DependentCorrelations =
        DependentCorrelations { first: 0.8, second: 0.6, between: 0.7, n: 50 };

    #[test]
    fn the_sign_follows_the_better_method() {
        let swapped = DependentCorrelations { first: PAIR.second, second: PAIR.first, ..PAIR };
        for test in [DependentCorrelations::williams, DependentCorrelations::steiger] {
            let (there, back) = (test(&PAIR).unwrap(), test(&swapped).unwrap());
            assert!(there.statistic > 0.0 && there.p < 0.05);
            assert_eq!((there.statistic, there.p), (-back.statistic, back.p));
            let same = DependentCorrelations { second: PAIR.first, between: 1.0, ..PAIR };
            assert_eq!((test(&same).unwrap().statistic, test(&same).unwrap().p), (0.0, 1.0));
        }
    }

    #[test]
    fn impossible_and_broken_input() {
        for test in [DependentCorrelations::williams, DependentCorrelations::steiger] {
            assert!(matches!(
                test(&DependentCorrelations { n: 3, ..PAIR }),
                Err(Error::TooFew { needed: 4, .. })
            ));
            let nan = DependentCorrelations { between: f64::NAN, ..PAIR };
            assert!(matches!(test(&nan), Err(Error::OutOfRange { argument: "between", .. })));
        }
        let impossible = DependentCorrelations { first: 0.9, second: -0.9, between: 0.9, n: 20 };
        assert_eq!(impossible.williams(), Err(IMPOSSIBLE));
        let perfect = DependentCorrelations { first: 1.0, second: 0.5, between: 0.5, n: 20 };
        assert!(matches!(perfect.steiger(), Err(Error::Undefined { .. })));
        assert!(perfect.williams().unwrap().p < 1e-3);
        assert!(matches!(compare_independent((1.0, 20), (0.5, 20)), Err(Error::Undefined { .. })));
        assert_eq!(compare_independent((1.0, 20), (1.0, 20)).unwrap().p, 1.0);
        assert!(matches!(
            fisher_z_interval(1.1, 20, 0.95, Coefficient::Pearson),
            Err(Error::OutOfRange { .. })
        ));
        assert!(matches!(
            fisher_z_interval(0.5, 20, 1.0, Coefficient::Pearson),
            Err(Error::OutOfRange { .. })
        ));
        let one = fisher_z_interval(-1.0, 20, 0.95, Coefficient::Pearson).unwrap();
        assert_eq!((one.low, one.high), (-1.0, -1.0));
    }

    /// Spearman's coefficient is Pearson's of the ranks.
    #[test]
    fn the_names_say_which_coefficient_it_is() {
        let (x, y, t) = ([1.0, 2.0, 30.0, 4.0, 9.0], [2.0, 9.0, 1.0, 4.0, 8.0], [1.0, 3.0, 2.0, 50.0, 5.0]);
        let ranks = crate::ranks;
        let of_ranks =
            DependentCorrelations::pearson(&ranks(&x).unwrap(), &ranks(&y).unwrap(), &ranks(&t).unwrap());
        let (spearman, of_ranks) = (DependentCorrelations::spearman(&x, &y, &t).unwrap(), of_ranks.unwrap());
        for (a, b) in [
            (spearman.first, of_ranks.first),
            (spearman.second, of_ranks.second),
            (spearman.between, of_ranks.between),
        ] {
            assert!((a - b).abs() < 1e-12, "{spearman:?} {of_ranks:?}");
        }
        let pearson = DependentCorrelations::pearson(&x, &y, &t).unwrap();
        assert!((pearson.first - spearman.first).abs() > 0.1 && pearson.n == 5, "{pearson:?} {spearman:?}");
        assert!(DependentCorrelations::spearman(&x, &y[..4], &t).is_err());
    }

    #[test]
    fn an_interval_prints_its_value_its_ends_and_its_level() {
        let interval = Interval { estimate: 0.8, low: -0.05, high: 0.84, level: 0.29 };
        assert_eq!(interval.to_string(), "0.800 [-0.050, 0.840] (29 %)");
        assert_eq!(format!("{:.1}", Interval { level: 0.999, ..interval }), "0.8 [-0.1, 0.8] (99.9 %)");
        assert_eq!(format!("[{interval:>30.1}]"), "[        0.8 [-0.1, 0.8] (29 %)]");
    }

    #[test]
    fn rank_correlations_have_the_wider_interval() {
        let pearson = fisher_z_interval(0.8, 100, 0.95, Coefficient::Pearson).unwrap();
        let spearman = fisher_z_interval(0.8, 100, 0.95, Coefficient::Spearman).unwrap();
        assert!(spearman.low < pearson.low && pearson.high < spearman.high);
    }
}
