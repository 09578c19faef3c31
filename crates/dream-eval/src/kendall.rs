//! Kendall's rank correlation in O(n log n).

use crate::Result;
use crate::aligned::Aligned;
use crate::correlation::check_correlation;
use crate::inversions::{Series, choose_two, falling_pairs};
use crate::sorting::check_number;

/// Kendall's rank correlation coefficient with correction for ties (KRCC, tau-b), in -1..=1.
///
/// ```text
/// τ_b = (C - D) / √( (n₀ - n₁) (n₀ - n₂) )
/// ```
///
/// `C` and `D` count concordant and discordant pairs, `n₀ = n(n-1)/2`, and `n₁`, `n₂` count the pairs that tie in the
/// first and in the second input. Counts are exact integers. O(n log n): one input is sorted, and the falling pairs of
/// the other are counted while a radix sort separates them.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// // One of six pairs is in the wrong order.
/// let tau = dream_eval::krcc(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0])?;
/// assert!((tau - 4.0 / 6.0).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`plcc`](crate::plcc); [`Error::TooMany`](crate::Error::TooMany) above 2³¹ - 1 pairs (34 GB of input).
///
/// # Reference
///
/// M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33(3), 1945; W. R. Knight, "A computer
/// method for calculating Kendall's tau with ungrouped data", Journal of the American Statistical Association
/// 61(314), 1966. Checked against SciPy's `kendalltau(variant="b")`.
#[doc(alias("kendalltau", "kendall", "krocc", "tau"))]
pub fn krcc(pred: &[f64], truth: &[f64]) -> Result<f64> {
    check_correlation(pred, truth)?;
    check_number("pred", pred)?;
    let pairs = Pairs::count(pred, truth);
    // Neither input is constant, so both factors are positive.
    let untied = (pairs.all - pairs.tied_pred) as f64 * (pairs.all - pairs.tied_truth) as f64;
    // Pairs tied in both inputs were subtracted twice.
    let untied_in_both = pairs.all + pairs.tied_both - pairs.tied_pred - pairs.tied_truth;
    let difference = untied_in_both as f64 - 2.0 * pairs.discordant as f64;
    Ok((difference / untied.sqrt()).clamp(-1.0, 1.0))
}

/// Numbers of pairs of observations. `u128`: with `u64` they would wrap above 6e9 observations.
struct Pairs {
    all: u128,
    tied_pred: u128,
    tied_truth: u128,
    tied_both: u128,
    discordant: u128,
}

impl Pairs {
    /// Concordance concerns `truth` in the order of `pred`: which of its pairs fall?
    fn count(pred: &[f64], truth: &[f64]) -> Self {
        let Aligned { places, values, scratch } = Aligned::new(pred, truth);
        let tied_pred = places.ties.iter().map(|ties| choose_two(ties.len())).sum();
        let group = |place: usize| places.twice_rank(place);
        let all = Series { values: &values, group: (tied_pred > 0).then_some(group) }.count(scratch);
        // Pairs that tie in `pred` have no order, although their values come in one.
        let tied = places.ties.iter().filter_map(|ties| values.get(ties.clone()));
        let without_order = tied.map(falling_pairs).sum::<u128>();
        Self {
            all: choose_two(pred.len()),
            tied_pred,
            tied_truth: all.tied,
            tied_both: all.tied_in_group,
            discordant: all.falling.saturating_sub(without_order),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    /// The definition, pair by pair.
    fn naive(x: &[f64], y: &[f64]) -> f64 {
        let (mut order, mut untied_x, mut untied_y) = (0.0, 0.0, 0.0);
        let sign = |v: f64| if v == 0.0 { 0.0 } else { v.signum() };
        for i in 0..x.len() {
            for j in 0..i {
                let (dx, dy) = (sign(x[i] - x[j]), sign(y[i] - y[j]));
                order += dx * dy;
                untied_x += dx * dx;
                untied_y += dy * dy;
            }
        }
        order / (untied_x * untied_y).sqrt()
    }

    #[test]
    fn equals_the_definition_for_every_length_and_any_ties() {
        for n in 2..150_u64 {
            for (a, b) in [(1000, 1000), (3, 1000), (1000, 4), (3, 4), (2, 2)] {
                let draw = |i: u64, salt: u64, modulus: u64| {
                    ((i + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % modulus
                };
                let mut x: Vec<f64> = (0..n).map(|i| draw(i, 7, a) as f64).collect();
                let mut y: Vec<f64> = (0..n).map(|i| draw(i, 99, b) as f64).collect();
                // Never constant.
                (x[0], y[0]) = (-1.0, 2000.0);
                let (found, expected) = (krcc(&x, &y).unwrap(), naive(&x, &y));
                assert!((found - expected).abs() < 1e-14, "n = {n}, {a}, {b}: {found} is not {expected}");
            }
        }
    }

    #[test]
    fn many_values_and_the_radix_sort() {
        let n = 100_000_u32;
        let up: Vec<f64> = (0..n).map(f64::from).collect();
        let down: Vec<f64> = up.iter().map(|v| -v).collect();
        let swapped: Vec<f64> = (0..n).map(|i| f64::from(i ^ 1)).collect();
        assert_eq!(krcc(&up, &up), Ok(1.0));
        assert_eq!(krcc(&up, &down), Ok(-1.0));
        // n/2 discordant pairs of n(n-1)/2.
        let expected = 1.0 - 2.0 / (f64::from(n) - 1.0);
        assert!((krcc(&up, &swapped).unwrap() - expected).abs() < 1e-15);
    }

    #[test]
    fn zeros_of_either_sign_tie() {
        let tau = krcc(&[0.0, -0.0, 1.0], &[1.0, 2.0, 3.0]).unwrap();
        assert!((tau - 2.0 / 6.0_f64.sqrt()).abs() < 1e-15, "{tau}");
    }

    #[test]
    fn bad_input_is_a_typed_error() {
        assert_eq!(krcc(&[1.0, 2.0], &[1.0]), Err(Error::LengthMismatch { pred: 2, truth: 1 }));
        assert_eq!(krcc(&[1.0], &[1.0]), Err(Error::TooFew { argument: "pred", needed: 2, found: 1 }));
        assert_eq!(krcc(&[1.0, 1.0], &[1.0, 2.0]), Err(Error::ConstantInput { argument: "pred" }));
        assert!(matches!(krcc(&[1.0, f64::NAN], &[1.0, 2.0]), Err(Error::NonFinite { .. })));
    }
}
