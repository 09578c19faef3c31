use super::Imputer;
use crate::Result;

/// What calibration and prediction need of a predictor: its two halves.
pub(super) trait Scored {
    /// Whether the scaled columns have mean 0 and deviation 1 over the rows of training.
    const STANDARD: bool;

    /// What becomes of missing values.
    fn imputer(&self) -> &Imputer;

    /// Length of a scaled row.
    fn width(&self) -> usize;

    /// What the head sees of a row.
    fn scaled(&self, row: &[f64]) -> Result<Vec<f64>>;

    /// The value for a scaled row, and the deviation of the members of the head around it; 0 for a head of one member.
    fn evaluate(&self, scaled: &[f64]) -> Result<(f64, f64)>;
}
