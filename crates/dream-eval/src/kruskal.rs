//! Do several groups differ?

use crate::numeric::{check_count, check_finite, mean, pairwise};
use crate::significance::{Procedure, Test};
use crate::sorting::{average_ranks, check_number};
use crate::special::chi_square_tail;
use crate::{Error, Result};

/// Kruskal-Wallis test: do several groups come from one distribution?
///
/// The statistic is H on average ranks with the correction for ties; p is the chi-square tail with one degree of
/// freedom less than there are groups. Of two groups it is the Mann-Whitney U test, with the same p as SciPy's
/// `mannwhitneyu(method="asymptotic", use_continuity=False)`.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// let test = dream_eval::kruskal_wallis(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]])?;
/// assert!((test.statistic - 27.0 / 7.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::TooFew`] with fewer than two groups or an empty one; [`Error::NonFinite`]; [`Error::Undefined`] if all
/// values are equal.
///
/// # Reference
///
/// W. H. Kruskal and W. A. Wallis, "Use of ranks in one-criterion variance analysis", Journal of the American
/// Statistical Association 47(260), 1952. Checked against SciPy's `kruskal`.
#[doc(alias("kruskal", "mannwhitneyu"))]
pub fn kruskal_wallis(groups: &[&[f64]]) -> Result<Test> {
    if groups.len() < 2 {
        return Err(Error::TooFew { argument: "groups", needed: 2, found: groups.len() });
    }
    for group in groups {
        check_count("group", group, 1)?;
        check_finite("group", group)?;
    }
    let all: Vec<f64> = groups.iter().flat_map(|group| group.iter().copied()).collect();
    check_number("groups", &all)?;
    let ranks = average_ranks(&all);
    let n = all.len() as f64;
    let centre = (n + 1.0) / 2.0;
    let mut rest = ranks.as_slice();
    let mut between = 0.0;
    for group in groups {
        let (own, others) = rest.split_at(group.len().min(rest.len()));
        rest = others;
        let offset = mean(own) - centre;
        between += own.len() as f64 * offset * offset;
    }
    // The variance of the ranks with their ties: `(n² - 1) / 12` times the usual correction.
    let [total] = pairwise(&ranks, &ranks, &|a, _| [(a - centre) * (a - centre)]);
    if total == 0.0 {
        return Err(Error::Undefined {
            quantity: "Kruskal-Wallis statistic",
            reason: "all values are equal",
        });
    }
    let statistic = (n - 1.0) * between / total;
    let degrees = groups.len() as f64 - 1.0;
    let p = chi_square_tail(statistic, degrees);
    Ok(Test { procedure: Procedure::KruskalWallis, statistic, degrees: Some(degrees), p })
}
