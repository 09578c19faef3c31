//! The signed-rank test.

use crate::significance::{Procedure, Test, differences};
use crate::sorting::{average_ranks, check_number};
use crate::special::normal_two_sided;
use crate::{Error, Result};

/// Up to this many differences without ties, the distribution is exact.
const EXACT: usize = 50;

/// Wilcoxon's signed-rank test between two methods over the same splits or clips.
///
/// The statistic is the smaller of the two rank sums. Pairs without a difference are dropped. The p-value is exact for
/// up to 50 differences without ties, and otherwise a normal approximation with correction for ties and without
/// correction for continuity.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// let test = dream_eval::wilcoxon(&[0.82, 0.85, 0.86, 0.83, 0.87], &[0.80, 0.84, 0.81, 0.79, 0.84])?;
/// assert_eq!((test.statistic, test.p), (0.0, 0.0625)); // 2 of 2⁵ signs
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::UnequalLengths`], [`Error::NonFinite`]; [`Error::TooFew`] without any pair; [`Error::Undefined`] if no pair
/// differs.
///
/// # Reference
///
/// F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1(6), 1945. Checked against SciPy's
/// `wilcoxon(zero_method="wilcox", correction=False)`.
pub fn wilcoxon(first: &[f64], second: &[f64]) -> Result<Test> {
    let mut differences = differences(first, second)?;
    if differences.is_empty() {
        return Err(Error::TooFew { argument: "first", needed: 1, found: 0 });
    }
    let zeros = differences.contains(&0.0);
    differences.retain(|d| *d != 0.0);
    if differences.is_empty() {
        return Err(Error::Undefined { quantity: "signed-rank statistic", reason: "no pair differs" });
    }
    let magnitudes: Vec<f64> = differences.iter().map(|d| d.abs()).collect();
    check_number("first", &magnitudes)?;
    let ranks = average_ranks(&magnitudes);
    let signed = |wanted: bool| -> f64 {
        let ranks = ranks.iter().zip(&differences).filter(|(_, d)| (**d > 0.0) == wanted);
        // The sum of nothing would be -0.
        ranks.fold(0.0, |sum, (rank, _)| sum + rank)
    };
    let statistic = signed(true).min(signed(false));
    let n = differences.len() as f64;
    let squares: f64 = ranks.iter().map(|rank| rank * rank).sum();
    let tied = squares != n * (n + 1.0) * (2.0 * n + 1.0) / 6.0;
    let p = if !tied && !zeros && differences.len() <= EXACT {
        exact(differences.len(), statistic)
    } else {
        // The variance of a sum of ranks with random signs, ties included.
        normal_two_sided((statistic - n * (n + 1.0) / 4.0) / (squares / 4.0).sqrt())
    };
    Ok(Test { procedure: Procedure::Wilcoxon, statistic, degrees: None, p })
}

/// Twice the share of the 2ⁿ sign choices whose rank sum is at most `statistic`.
fn exact(n: usize, statistic: f64) -> f64 {
    let largest = n * (n + 1) / 2;
    // ways[s]: in how many ways distinct ranks up to n sum to s. Whole numbers below 2⁵⁰ are exact.
    let mut ways = vec![0.0_f64; largest + 1];
    if let Some(first) = ways.first_mut() {
        *first = 1.0;
    }
    for rank in 1..=n {
        for sum in (rank..=largest).rev() {
            let without = ways.get(sum - rank).copied().unwrap_or(0.0);
            if let Some(ways) = ways.get_mut(sum) {
                *ways += without;
            }
        }
    }
    let at_most: f64 =
        ways.iter().zip(0_u32..).take_while(|(_, sum)| f64::from(*sum) <= statistic).map(|(w, _)| w).sum();
    (2.0 * at_most / ways.iter().sum::<f64>()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degenerate_input() {
        assert!(matches!(wilcoxon(&[1.0, 2.0], &[1.0, 2.0]), Err(Error::Undefined { .. })));
        assert!(matches!(wilcoxon(&[], &[]), Err(Error::TooFew { .. })));
        assert!(matches!(wilcoxon(&[1.0], &[]), Err(Error::UnequalLengths { .. })));
        assert!(matches!(wilcoxon(&[f64::MAX], &[-f64::MAX]), Err(Error::Overflow { .. })));
        let one = wilcoxon(&[1.0], &[0.0]).unwrap();
        assert!(one.p == 1.0 && one.statistic.is_sign_positive());
    }

    #[test]
    fn exact_counts_of_three_ranks() {
        // Sums 0 1 2 3 3 4 5 6.
        for (statistic, p) in [(0.0, 0.25), (1.0, 0.5), (2.0, 0.75), (3.0, 1.0)] {
            assert_eq!(exact(3, statistic), p);
        }
    }
}
