//! Mean opinion score and standard deviation of opinion scores.

use ndarray::ArrayView1;

use crate::error::{Error, Result};

/// The divisor of the sum of squares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Ddof {
    /// `n`: the deviation of these opinions (`ddof=0`, NumPy's default).
    Population,
    /// `n - 1`: the estimate for all raters there could be (`ddof=1`; ITU-R BT.500, MATLAB's default).
    #[default]
    Sample,
}

impl Ddof {
    /// 0 or 1.
    #[must_use]
    pub const fn get(self) -> usize {
        self as usize
    }
}

/// The raters' opinion of a clip.
#[doc(alias("MOS", "mean opinion score"))]
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Opinion {
    /// Mean opinion score.
    pub mos: f64,
    /// Standard deviation of the opinion scores; `None` unless there are more opinions than [`Ddof`] subtracts.
    pub sos: Option<f64>,
    /// How many opinions there are.
    pub count: usize,
}

impl Opinion {
    /// Mean and deviation of scores in any range.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] without any score, or when a score, the mean or the deviation is not finite.
    ///
    /// # Example
    /// ```
    /// use dream_data::annotation::{Ddof, Opinion};
    ///
    /// let opinion = Opinion::of(&[1.0, 3.0, 5.0], Ddof::Sample)?;
    /// assert_eq!((opinion.mos, opinion.sos, opinion.count), (3.0, Some(2.0), 3));
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    pub fn of(scores: &[f64], ddof: Ddof) -> Result<Self> {
        let view = ArrayView1::from(scores);
        let mos = view.mean().ok_or_else(|| Error::option("scores", "there is none; give at least one"))?;
        let sos = (scores.len() > ddof.get()).then(|| view.std(ddof.get() as f64));
        if mos.is_finite() && sos.is_none_or(f64::is_finite) {
            return Ok(Self { mos, sos, count: scores.len() });
        }
        Err(Error::option("scores", "a score is not finite, or too large to be squared"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges() {
        let one = Opinion::of(&[4.0], Ddof::Sample).unwrap();
        assert_eq!((one.mos, one.sos), (4.0, None));
        assert_eq!(Opinion::of(&[4.0], Ddof::Population).unwrap().sos, Some(0.0));
        for odd in [&[][..], &[f64::NAN], &[1.0, f64::INFINITY], &[f64::MAX, f64::MAX], &[1e200, -1e200]] {
            assert!(Opinion::of(odd, Ddof::Sample).is_err(), "{odd:?}");
        }
    }

    /// A large common offset does not cancel the deviation: the sum of squares is centred.
    #[test]
    fn deviations_of_shifted_scores() {
        let shifted = [1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0];
        assert_eq!(Opinion::of(&shifted, Ddof::Sample).unwrap().sos, Some(1.0));
    }
}
