//! How well a summary tells what a document says.

use crate::numeric::{check_count, mean};
use crate::{Error, Result, plcc};

/// Semantic distribution correlation (SDC): how a summary changes the probabilities of a document's words.
///
/// A language model gives every word of the document a probability, once alone and once after the summary. A good summary
/// makes the words more probable and keeps their ups and downs.
///
/// ```
/// use dream_eval::text::Restoration;
///
/// # fn main() -> dream_eval::Result<()> {
/// let (alone, given) = ([0.1, 0.4, 0.2], [0.2, 0.8, 0.4]);
/// // A summary a tenth as long as the document.
/// let found = Restoration::of(&alone, &given, 0.1)?;
/// assert!((found.correlation - 1.0).abs() < 1e-12 && (found.gain - 2.0).abs() < 1e-12);
/// assert!((found.sdc - 2.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// Y. Liu, Q. Jia and K. Zhu, "Reference-free summarization evaluation via semantic correlation and compression ratio",
/// NAACL 2022, Equations 4 to 7. There the model is GPT-2 and `W` the ratio of the products of all probabilities; here
/// the caller brings the probabilities, and [`gain`](Self::gain) is the geometric mean of the ratios: a product of
/// hundreds of them has no useful size. How the correlation is normalised is not printed: half of one plus it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Restoration {
    /// Pearson's correlation of the two lists of probabilities (Equation 4).
    pub correlation: f64,
    /// By what factor a word becomes more probable, as the geometric mean (Equation 5).
    pub gain: f64,
    /// Gain times the correlation brought to 0..=1 (Equation 6).
    pub sdc: f64,
    /// The harmonic mean of that and one minus the compression, so that short summaries win (Equation 7).
    pub sdc_star: f64,
}

impl Restoration {
    /// From the probabilities of a document's words alone and given a summary, and the length of the summary over that of
    /// the document, which counts as 1 above 1.
    ///
    /// # Errors
    ///
    /// Those of [`plcc`]; [`Error::OutOfRange`] for a probability that is not above 0 and at most 1, and for a negative
    /// compression.
    pub fn of(alone: &[f64], given: &[f64], compression: f64) -> Result<Self> {
        check_count("alone", alone, 2)?;
        for (argument, values) in [("alone", alone), ("given", given)] {
            if let Some(value) = values.iter().find(|p| !(**p > 0.0 && **p <= 1.0)) {
                return Err(Error::OutOfRange { argument, value: *value, range: "above 0, at most 1" });
            }
        }
        if compression.is_nan() || compression < 0.0 {
            return Err(Error::OutOfRange {
                argument: "compression",
                value: compression,
                range: "at least 0",
            });
        }
        let correlation = plcc(given, alone)?;
        let steps: Vec<f64> = given.iter().zip(alone).map(|(g, a)| libm::log(*g) - libm::log(*a)).collect();
        let gain = libm::exp(mean(&steps));
        let sdc = gain * 0.5 * (1.0 + correlation);
        let brevity = 1.0 - compression.min(1.0);
        let both = sdc + brevity;
        let sdc_star = if both > 0.0 { 2.0 * sdc * brevity / both } else { 0.0 };
        Ok(Self { correlation, gain, sdc, sdc_star })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_that_changes_nothing() {
        let p = [0.5, 0.25, 0.1];
        let found = Restoration::of(&p, &p, 0.5).unwrap();
        assert_eq!((found.gain, found.sdc), (1.0, 1.0));
        assert!((found.sdc_star - 2.0 / 3.0).abs() < 1e-15);
        let long = Restoration::of(&p, &p, 7.0).unwrap();
        assert_eq!(long.sdc_star, 0.0);
    }

    #[test]
    fn turned_probabilities_score_nothing() {
        let found = Restoration::of(&[0.1, 0.2, 0.3], &[0.3, 0.2, 0.1], 0.0).unwrap();
        assert!(found.correlation < -0.999 && found.sdc.abs() < 1e-12 && found.sdc_star.abs() < 1e-12);
    }

    #[test]
    fn bad_input_is_a_typed_error() {
        assert!(matches!(Restoration::of(&[0.1], &[0.1], 0.0), Err(Error::TooFew { .. })));
        assert!(matches!(Restoration::of(&[0.1, 0.2], &[0.1], 0.0), Err(Error::LengthMismatch { .. })));
        for wrong in [0.0, -0.1, 1.1, f64::NAN] {
            let found = Restoration::of(&[0.1, wrong], &[0.1, 0.2], 0.0);
            assert!(matches!(found, Err(Error::OutOfRange { argument: "alone", .. })), "{wrong}");
        }
        assert!(matches!(Restoration::of(&[0.1, 0.2], &[0.1, 0.2], f64::NAN), Err(Error::OutOfRange { .. })));
        assert!(matches!(Restoration::of(&[0.1, 0.1], &[0.1, 0.2], 0.0), Err(Error::ConstantInput { .. })));
    }
}
