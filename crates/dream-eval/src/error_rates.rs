//! Errors in the units of the score.

use crate::numeric::{COMFORTABLE, check_pair, pairwise, scaled, sum_of_squares, unit_scale};
use crate::{Error, Result};

/// Root mean square error (RMSE), in the units of the scores.
///
/// ```text
/// √( 1/n Σ (pᵢ - tᵢ)² )
/// ```
///
/// One pair is enough. Equal inputs give 0.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// assert_eq!(dream_eval::rmse(&[3.0, 1.0], &[0.0, 5.0])?, 12.5_f64.sqrt());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::LengthMismatch`]; [`Error::TooFew`] without any pair; [`Error::NonFinite`];
/// [`Error::Overflow`] if the result itself does not fit an `f64`.
///
/// # Reference
///
/// The usual definition, with the divisor n.
#[doc(alias("root_mean_squared_error", "mean_squared_error"))]
pub fn rmse(pred: &[f64], truth: &[f64]) -> Result<f64> {
    check_pair(pred, truth, 1)?;
    let [total] = pairwise(pred, truth, &|p, t| [(p - t) * (p - t)]);
    if COMFORTABLE.contains(&total) {
        return Ok((total / pred.len() as f64).sqrt());
    }
    // Scaled by powers of two, so that neither a difference nor a square leaves the range of f64.
    let outer = unit_scale(pred).min(unit_scale(truth));
    let errors: Vec<f64> = pred.iter().zip(truth).map(|(p, t)| p * outer - t * outer).collect();
    let inner = unit_scale(&errors);
    let value = (sum_of_squares(&scaled(&errors, inner)) / pred.len() as f64).sqrt() / inner / outer;
    if value.is_finite() { Ok(value) } else { Err(Error::Overflow { quantity: "RMSE" }) }
}

/// Mean absolute error (MAE), in the units of the scores.
///
/// ```text
/// 1/n Σ |pᵢ - tᵢ|
/// ```
///
/// One pair is enough. Equal inputs give 0.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// assert_eq!(dream_eval::mae(&[3.0, 1.0], &[0.0, 5.0])?, 3.5);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`rmse`].
///
/// # Reference
///
/// The usual definition.
#[doc(alias("mean_absolute_error", "l1"))]
pub fn mae(pred: &[f64], truth: &[f64]) -> Result<f64> {
    check_pair(pred, truth, 1)?;
    let [total] = pairwise(pred, truth, &|p, t| [(p - t).abs()]);
    let value = total / pred.len() as f64;
    if value.is_finite() {
        return Ok(value);
    }
    // A difference or the sum left the range of f64; their mean may still be in it.
    let scale = unit_scale(pred).min(unit_scale(truth));
    let [total] = pairwise(pred, truth, &|p, t| [(p * scale - t * scale).abs()]);
    let value = total / pred.len() as f64 / scale;
    if value.is_finite() { Ok(value) } else { Err(Error::Overflow { quantity: "MAE" }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rmse_by_hand() {
        assert_eq!(rmse(&[1.0], &[3.0]), Ok(2.0));
        assert_eq!(rmse(&[1.0, 2.0], &[1.0, 2.0]), Ok(0.0));
        assert_eq!(rmse(&[1.0, 1.0, 1.0, 1.0], &[3.0, 1.0, 1.0, 1.0]), Ok(1.0));
    }

    #[test]
    fn mae_by_hand() {
        assert_eq!(mae(&[1.0], &[3.0]), Ok(2.0));
        assert_eq!(mae(&[1.0, 2.0, 6.0], &[2.0, 2.0, 4.0]), Ok(1.0));
        assert_eq!(mae(&[1e308; 4], &[0.0, 0.0, -1e307, 0.0]), Ok(1.025e308));
        assert_eq!(mae(&[f64::MAX, 0.0], &[-f64::MAX, 0.0]), Ok(f64::MAX));
        assert_eq!(mae(&[f64::MAX], &[-f64::MAX]), Err(Error::Overflow { quantity: "MAE" }));
        assert_eq!(mae(&[], &[]), Err(Error::TooFew { argument: "pred", needed: 1, found: 0 }));
    }

    #[test]
    fn extreme_values_neither_overflow_nor_vanish() {
        assert_eq!(rmse(&[1e300, 0.0], &[0.0, 1e300]), Ok(1e300));
        assert_eq!(rmse(&[1e-300, 0.0], &[0.0, 1e-300]), Ok(1e-300));
        assert_eq!(rmse(&[1.0, 1e-300], &[1.0, 0.0]), Ok(1e-300 / 2.0_f64.sqrt()));
        assert_eq!(rmse(&[1e308, 0.0, 0.0, 0.0], &[-1e308, 0.0, 0.0, 0.0]), Ok(1e308));
        assert_eq!(rmse(&[5e-324], &[0.0]), Ok(5e-324));
        assert_eq!(rmse(&[f64::MAX], &[0.0]), Ok(f64::MAX));
        assert_eq!(rmse(&[f64::MAX], &[-f64::MAX]), Err(Error::Overflow { quantity: "RMSE" }));
    }

    #[test]
    fn bad_input_is_a_typed_error() {
        assert_eq!(rmse(&[], &[]), Err(Error::TooFew { argument: "pred", needed: 1, found: 0 }));
        assert_eq!(rmse(&[1.0], &[]), Err(Error::LengthMismatch { pred: 1, truth: 0 }));
        assert!(matches!(rmse(&[1.0], &[f64::NAN]), Err(Error::NonFinite { argument: "truth", .. })));
    }
}
