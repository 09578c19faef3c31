//! Mean and standard deviation of repeated runs.

use std::fmt;

use crate::numeric::{Centred, check_count, check_finite, pad, sum_of_squares};
use crate::{Error, Result};

/// Mean ± standard deviation of a metric over several runs or splits.
///
/// `Display` prints `0.827±0.021`: three digits unless a precision is given, and padded to a given width.
///
/// ```
/// use dream_eval::Summary;
///
/// # fn main() -> dream_eval::Result<()> {
/// let srcc = Summary::of(&[0.80, 0.85, 0.83])?;
/// assert_eq!(srcc.to_string(), "0.827±0.025");
/// assert_eq!(format!("{srcc:.2}"), "0.83±0.03");
/// assert_eq!(Summary::with_ddof(&[0.80, 0.85, 0.83], 0)?.to_string(), "0.827±0.021");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Summary {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation with the divisor `count - ddof`.
    pub std: f64,
    /// Number of values.
    pub count: usize,
    /// Degrees of freedom taken off the divisor: 1 for a sample, 0 for a whole population.
    pub ddof: usize,
}

impl Summary {
    /// Mean and sample standard deviation (`ddof` 1) of at least two values.
    ///
    /// # Errors
    ///
    /// As [`Summary::with_ddof`].
    pub fn of(values: &[f64]) -> Result<Self> {
        Self::with_ddof(values, 1)
    }

    /// Mean and standard deviation with the divisor `count - ddof`.
    ///
    /// `ddof` 1 is the sample estimate, `ddof` 0 the deviation of the values themselves (NumPy's default).
    /// Tables differ in this choice, so the summary carries it.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] unless there are more than `ddof` values; [`Error::NonFinite`]; [`Error::Overflow`] if the
    /// deviation itself does not fit an `f64`.
    #[doc(alias = "std")]
    pub fn with_ddof(values: &[f64], ddof: usize) -> Result<Self> {
        check_count("values", values, ddof.saturating_add(1))?;
        check_finite("values", values)?;
        let count = values.len();
        let centred = Centred::new(values);
        let divisor = (count - ddof) as f64;
        let std = (sum_of_squares(&centred.deviations) / divisor).sqrt() / centred.scale;
        if std.is_finite() {
            Ok(Self { mean: centred.mean, std, count, ddof })
        } else {
            Err(Error::Overflow { quantity: "standard deviation" })
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(3);
        pad(f, &format!("{:.digits$}±{:.digits$}", self.mean, self.std))
    }
}

/// Median of at least one finite value: for an even number, the mean of the two in the middle.
///
/// # Errors
///
/// [`Error::TooFew`] without values; [`Error::NonFinite`].
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// assert_eq!(dream_eval::median(&[3.0, 1.0, 2.0, 10.0])?, 2.5);
/// # Ok(())
/// # }
/// ```
pub fn median(values: &[f64]) -> Result<f64> {
    check_count("values", values, 1)?;
    check_finite("values", values)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(0.0);
    let middle = sorted.len() / 2;
    // Halved first: the sum of two large values may not fit.
    Ok(if sorted.len() % 2 == 1 { at(middle) } else { at(middle - 1) / 2.0 + at(middle) / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ddof_changes_the_divisor() {
        let values = [1.0, 2.0, 3.0, 4.0];
        let sample = Summary::of(&values).unwrap();
        assert_eq!((sample.mean, sample.count, sample.ddof), (2.5, 4, 1));
        assert!((sample.std - (5.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        let population = Summary::with_ddof(&values, 0).unwrap();
        assert!((population.std - 1.25_f64.sqrt()).abs() < 1e-15);
        assert_eq!(population.ddof, 0);
    }

    #[test]
    fn medians_by_hand() {
        assert_eq!(median(&[5.0]), Ok(5.0));
        assert_eq!(median(&[5.0, -1.0]), Ok(2.0));
        assert_eq!(median(&[9.0, 1.0, 5.0]), Ok(5.0));
        assert_eq!(median(&[f64::MAX, f64::MAX]), Ok(f64::MAX));
        assert!(median(&[]).is_err() && median(&[f64::NAN]).is_err());
    }

    #[test]
    fn display_follows_precision_and_width() {
        let summary = Summary { mean: 0.8274, std: 0.0213, count: 5, ddof: 1 };
        assert_eq!(format!("{summary}"), "0.827±0.021");
        assert_eq!(format!("{summary:.1}"), "0.8±0.0");
        assert_eq!(format!("{summary:.4}"), "0.8274±0.0213");
        assert_eq!(format!("[{summary:>13}]"), "[  0.827±0.021]");
        assert_eq!(format!("[{summary:^13}]"), "[ 0.827±0.021 ]");
        assert_eq!(format!("[{summary:11.2}]"), "[0.83±0.02  ]");
    }

    #[test]
    fn equal_runs_have_no_spread() {
        let summary = Summary::of(&[0.1; 7]).unwrap();
        assert_eq!(summary.std, 0.0);
        assert_eq!(summary.mean, 0.1);
    }

    #[test]
    fn extreme_values_neither_overflow_nor_vanish() {
        let huge = Summary::with_ddof(&[1e300, 3e300], 0).unwrap();
        assert!((huge.mean / 2e300 - 1.0).abs() < 1e-15 && (huge.std / 1e300 - 1.0).abs() < 1e-15);
        let tiny = Summary::with_ddof(&[1e-300, 3e-300], 0).unwrap();
        assert!((tiny.mean / 2e-300 - 1.0).abs() < 1e-15 && (tiny.std / 1e-300 - 1.0).abs() < 1e-15);
        let offset = Summary::of(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]).unwrap();
        assert!((offset.std - 1.0).abs() < 1e-12);
        assert_eq!(
            Summary::of(&[f64::MAX, -f64::MAX]),
            Err(Error::Overflow { quantity: "standard deviation" })
        );
    }

    #[test]
    fn too_few_values_say_how_many_are_needed() {
        let error = Summary::of(&[1.0]).unwrap_err();
        assert_eq!(error, Error::TooFew { argument: "values", needed: 2, found: 1 });
        assert_eq!(error.to_string(), "`values` has 1 values, at least 2 are needed");
        assert!(Summary::with_ddof(&[1.0], 0).is_ok());
        assert!(Summary::with_ddof(&[], 0).is_err());
        assert!(Summary::with_ddof(&[1.0], usize::MAX).is_err());
        assert!(matches!(Summary::of(&[1.0, f64::NAN]), Err(Error::NonFinite { argument: "values", .. })));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn serde_keeps_every_field() {
        let summary = Summary::with_ddof(&[1.0, 2.0], 0).unwrap();
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(text, r#"{"mean":1.5,"std":0.5,"count":2,"ddof":0}"#);
        assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
    }
}
