//! A line between two scales.

use crate::Result;
use crate::numeric::check_pair;

/// A rising line that brings predictions to the scale of the opinions.
///
/// ```
/// use dream_eval::Line;
///
/// # fn main() -> dream_eval::Result<()> {
/// let line = Line::fit(&[0.0, 1.0, 2.0], &[1.0, 3.0, 5.0])?;
/// assert_eq!((line.slope, line.offset, line.at(3.0)), (2.0, 1.0, 7.0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Opinions for one unit of the predictions; above 0.
    pub slope: f64,
    /// The opinion where the prediction is 0.
    pub offset: f64,
}

impl Line {
    /// The line that changes nothing.
    pub const IDENTITY: Self = Self { slope: 1.0, offset: 0.0 };

    /// The line of least squares. Where that does not rise, or predictions are all equal, it would turn the order of the
    /// predictions round or lose it: then it is [`IDENTITY`](Self::IDENTITY).
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`](crate::Error::LengthMismatch); [`Error::TooFew`](crate::Error::TooFew) without any pair;
    /// [`Error::NonFinite`](crate::Error::NonFinite).
    pub fn fit(pred: &[f64], truth: &[f64]) -> Result<Self> {
        check_pair(pred, truth, 1)?;
        let n = pred.len() as f64;
        let (mx, my) = (pred.iter().sum::<f64>() / n, truth.iter().sum::<f64>() / n);
        let both: f64 = pred.iter().zip(truth).map(|(x, y)| (x - mx) * (y - my)).sum();
        let spread: f64 = pred.iter().map(|x| (x - mx) * (x - mx)).sum();
        let (slope, offset) = (both / spread, my - both / spread * mx);
        let rises = slope > 0.0 && slope.is_finite() && offset.is_finite();
        Ok(if rises { Self { slope, offset } } else { Self::IDENTITY })
    }

    /// A prediction on the scale of the opinions.
    #[must_use]
    pub fn at(&self, prediction: f64) -> f64 {
        self.slope * prediction + self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_that_of_least_squares_and_never_falls() {
        let line = Line::fit(&[0.0, 1.0, 2.0], &[1.0, 3.5, 5.0]).unwrap();
        assert!((line.slope - 2.0).abs() < 1e-12 && (line.offset - 7.0 / 6.0).abs() < 1e-12, "{line:?}");
        assert_eq!(Line::fit(&[0.0, 1.0], &[3.0, 2.0]), Ok(Line::IDENTITY));
        assert_eq!(Line::fit(&[1.0, 1.0], &[3.0, 2.0]), Ok(Line::IDENTITY));
        assert!(Line::fit(&[], &[]).is_err() && Line::fit(&[f64::NAN], &[1.0]).is_err());
    }
}
