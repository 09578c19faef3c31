//! Spread of opinions against their mean.

use std::ops::RangeInclusive;

use crate::numeric::{check_finite, pairwise};
use crate::{Error, Result};

/// The SOS parameter: how much raters disagree, relative to the distance of their mean from the ends of the scale.
///
/// ```text
/// v ≈ a (MOS - low) (high - MOS)
/// ```
///
/// 0 is perfect agreement; 1 means that raters use only the two ends.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SosFit {
    /// The parameter.
    pub a: f64,
    /// Its standard error; `None` with one usable clip.
    pub standard_error: Option<f64>,
    /// Sum of squared residuals of the variances.
    pub sse: f64,
    /// Clips that inform `a`: those whose MOS is not an end of the scale.
    pub count: usize,
}

impl SosFit {
    /// The variance that the fit predicts for a MOS on the scale 1 to 5.
    #[must_use]
    pub fn variance_at(&self, mos: f64) -> f64 {
        self.a * (mos - 1.0) * (5.0 - mos)
    }
}

/// The SOS parameter of clips rated on the scale 1 to 5: least squares through the origin.
///
/// `variance` is that of each clip's ratings. The usual definition divides by their number (`ddof` 0); DREAM does not
/// say. With few raters per clip the choice matters: `ddof` 1 gives values larger by r / (r - 1).
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// let fit = dream_eval::sos_parameter(&[2.0, 3.0, 4.0], &[0.6, 0.8, 0.6])?;
/// assert!((fit.a - 0.2).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::UnequalLengths`]; [`Error::TooFew`] without clips; [`Error::NonFinite`]; [`Error::OutOfRange`] for a MOS
/// off the scale or a negative variance; [`Error::Undefined`] if every MOS is an end of the scale.
///
/// # Reference
///
/// T. Hoßfeld, R. Schatz and S. Egger, "SOS: The MOS is not enough!", QoMEX 2011.
#[doc(alias("SOS", "alpha"))]
pub fn sos_parameter(mos: &[f64], variance: &[f64]) -> Result<SosFit> {
    sos_parameter_on(1.0..=5.0, mos, variance)
}

/// [`sos_parameter`] on another scale.
///
/// # Errors
///
/// As [`sos_parameter`]; [`Error::OutOfRange`] for a scale that is not finite or has zero width.
pub fn sos_parameter_on(scale: RangeInclusive<f64>, mos: &[f64], variance: &[f64]) -> Result<SosFit> {
    let (low, high) = (*scale.start(), *scale.end());
    if !(high - low > 0.0 && (high - low).is_finite()) {
        return Err(Error::OutOfRange {
            argument: "scale",
            value: high - low,
            range: "a positive, finite width",
        });
    }
    if mos.len() != variance.len() {
        return Err(Error::UnequalLengths {
            arguments: ["mos", "variance"],
            lengths: [mos.len(), variance.len()],
        });
    }
    crate::numeric::check_count("mos", mos, 1)?;
    check_finite("mos", mos)?;
    check_finite("variance", variance)?;
    if let Some(value) = mos.iter().find(|m| !scale.contains(m)) {
        return Err(Error::OutOfRange { argument: "mos", value: *value, range: "on the scale" });
    }
    if let Some(value) = variance.iter().find(|v| **v < 0.0) {
        return Err(Error::OutOfRange { argument: "variance", value: *value, range: "0 or more" });
    }
    let x = |m: f64| (m - low) * (high - m);
    let [cross, squares] = pairwise(mos, variance, &|m, v| [x(m) * v, x(m) * x(m)]);
    if squares == 0.0 {
        return Err(Error::Undefined {
            quantity: "SOS parameter",
            reason: "every MOS is an end of the scale, where no spread is possible",
        });
    }
    let a = cross / squares;
    let [sse] = pairwise(mos, variance, &|m, v| [(v - a * x(m)) * (v - a * x(m))]);
    if !(a.is_finite() && sse.is_finite()) {
        return Err(Error::Overflow { quantity: "SOS parameter" });
    }
    let count = mos.iter().filter(|m| x(**m) > 0.0).count();
    let standard_error = (mos.len() > 1).then(|| (sse / (mos.len() as f64 - 1.0) / squares).sqrt());
    Ok(SosFit { a, standard_error, sse, count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_spread_has_no_error() {
        let mos = [1.0, 1.5, 2.25, 3.0, 4.75, 5.0];
        let variance: Vec<f64> = mos.iter().map(|m| 0.18 * (m - 1.0) * (5.0 - m)).collect();
        let fit = sos_parameter(&mos, &variance).unwrap();
        assert!((fit.a - 0.18).abs() < 1e-15 && fit.standard_error.unwrap() < 1e-15 && fit.count == 4);
        assert!((fit.variance_at(3.0) - 0.72).abs() < 1e-14);
        // The same opinions on a scale of 0 to 100.
        let mos: Vec<f64> = mos.iter().map(|m| (m - 1.0) * 25.0).collect();
        let variance: Vec<f64> = variance.iter().map(|v| v * 625.0).collect();
        assert!((sos_parameter_on(0.0..=100.0, &mos, &variance).unwrap().a - 0.18).abs() < 1e-15);
    }

    /// By hand: x = 3, 4; a = (3·1 + 4·0) / 25; residuals 16/25 and -12/25; s² = 400/625; SE = √(0.64 / 25).
    #[test]
    fn standard_error_by_hand() {
        let fit = sos_parameter(&[2.0, 3.0], &[1.0, 0.0]).unwrap();
        assert!((fit.a - 0.12).abs() < 1e-15);
        assert!((fit.sse - 0.64).abs() < 1e-15);
        assert!((fit.standard_error.unwrap() - 0.16).abs() < 1e-15);
        assert_eq!(sos_parameter(&[2.0], &[0.6]).unwrap().standard_error, None);
    }

    #[test]
    fn bad_input_is_a_typed_error() {
        assert!(matches!(sos_parameter(&[1.0, 5.0], &[0.0, 0.0]), Err(Error::Undefined { .. })));
        assert!(matches!(sos_parameter(&[5.5], &[0.0]), Err(Error::OutOfRange { argument: "mos", .. })));
        assert!(matches!(
            sos_parameter(&[3.0], &[-0.1]),
            Err(Error::OutOfRange { argument: "variance", .. })
        ));
        assert!(matches!(sos_parameter(&[], &[]), Err(Error::TooFew { .. })));
        assert!(matches!(sos_parameter(&[3.0], &[]), Err(Error::UnequalLengths { .. })));
        assert!(matches!(
            sos_parameter(&[3.0], &[f64::NAN]),
            Err(Error::NonFinite { argument: "variance", .. })
        ));
        assert!(matches!(sos_parameter_on(5.0..=5.0, &[5.0], &[0.0]), Err(Error::OutOfRange { .. })));
        assert!(matches!(sos_parameter(&[3.0, 3.0], &[1e308, 1e308]), Err(Error::Overflow { .. })));
    }
}
