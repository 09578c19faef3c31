//! Ranks with ties.

use crate::Result;
use crate::numeric::check_finite;
use crate::sorting::{average_ranks, check_number};

/// Average ranks: the smallest value has rank 1, equal values share the mean of their positions.
///
/// `0.0` and `-0.0` are equal. The output is in input order; no values give no ranks. O(n log n).
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// assert_eq!(dream_eval::ranks(&[10.0, 30.0, 20.0, 20.0])?, [1.0, 4.0, 2.5, 2.5]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::NonFinite`](crate::Error::NonFinite): a NaN has no rank, and an infinity is a broken score.
/// [`Error::TooMany`](crate::Error::TooMany) above 2³¹ - 1 values (17 GB).
///
/// # Reference
///
/// M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33(3), 1945. Checked against
/// SciPy's `rankdata(method="average")`.
#[doc(alias = "rankdata")]
pub fn ranks(values: &[f64]) -> Result<Vec<f64>> {
    check_finite("values", values)?;
    check_number("values", values)?;
    Ok(average_ranks(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_by_hand() {
        assert_eq!(ranks(&[]).unwrap(), Vec::<f64>::new());
        assert_eq!(ranks(&[7.0]).unwrap(), [1.0]);
        assert_eq!(ranks(&[2.0; 4]).unwrap(), [2.5; 4]);
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 3.0, 5.0]).unwrap(), [4.0, 1.0, 4.0, 2.0, 4.0]);
        assert_eq!(ranks(&[0.0, -0.0, -1.0, f64::MAX, -f64::MAX]).unwrap(), [3.5, 3.5, 2.0, 5.0, 1.0]);
    }

    #[test]
    fn ranks_sum_to_the_triangle_number_whatever_the_ties() {
        for modulus in 1..40_u32 {
            let values: Vec<f64> = (0..211_u32).map(|i| f64::from((i * 7919) % modulus)).collect();
            assert_eq!(ranks(&values).unwrap().iter().sum::<f64>(), 211.0 * 212.0 / 2.0, "{modulus}");
        }
    }

    #[test]
    fn non_finite_values_have_no_rank() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(matches!(
                ranks(&[1.0, bad]),
                Err(crate::Error::NonFinite { argument: "values", index: 1, .. })
            ));
        }
    }
}
