use serde::{Deserialize, Serialize};

use super::rows::check_row;
use super::{Rows, format};
use crate::{Error, Result};

/// Brings each column to a range: its smallest value in training to `low`, its largest to `high`.
///
/// Values outside the range of training go outside the range linearly; nothing is clamped. A column that is constant in
/// training tells nothing and becomes `low`, whatever the value is later (scikit-learn would let a later difference
/// through unscaled).
///
/// ```
/// use dream_models::regression::{MinMax, Rows};
///
/// # fn main() -> dream_models::Result<()> {
/// let scaler = MinMax::fit(&Rows::new(&[2.0, 7.0, 4.0, 7.0], 2)?, -1.0, 1.0)?;
/// assert_eq!(scaler.apply(&[3.0, 9.0])?, [0.0, -1.0]);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "MinMaxScaler")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinMax {
    low: f64,
    high: f64,
    min: Vec<f64>,
    max: Vec<f64>,
}

impl MinMax {
    /// Smallest and largest value of each column of `rows`, to be mapped to `low` and `high`; `0.0, 1.0` and `-1.0, 1.0` are
    /// usual.
    ///
    /// # Errors
    ///
    /// [`Error::TooFewRows`] without a row; [`Error::InvalidConfig`] unless `low < high` and both are finite;
    /// [`Error::NonFinite`] for a column whose range is not representable.
    pub fn fit(rows: &Rows<'_>, low: f64, high: f64) -> Result<Self> {
        if !(low < high && (high - low).is_finite()) {
            return Err(Error::InvalidConfig {
                field: "high",
                value: high,
                expected: "finite and above `low`",
            });
        }
        let mut lines = rows.iter();
        let first = lines.next().ok_or(Error::TooFewRows { min: 1, found: 0 })?;
        let (mut min, mut max) = (first.to_vec(), first.to_vec());
        for row in lines {
            for ((min, max), &value) in min.iter_mut().zip(&mut max).zip(row) {
                *min = min.min(value);
                *max = max.max(value);
            }
        }
        let scaler = Self { low, high, min, max };
        if let Some(column) = scaler.without_range() {
            return Err(Error::NonFinite { name: format!("range of column {column}"), value: f64::INFINITY });
        }
        Ok(scaler)
    }

    /// Number of columns.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.min.len()
    }

    /// The scaled row.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] or [`Error::NonFinite`] for a row that does not fit, or that is not representable once
    /// scaled.
    pub fn apply(&self, row: &[f64]) -> Result<Vec<f64>> {
        check_row(row, self.inputs())?;
        let scaled: Vec<f64> =
            row.iter().enumerate().map(|(column, &value)| self.scaled(column, value)).collect();
        match scaled.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            Some((index, &value)) => Err(Error::NonFinite { name: format!("scaled row[{index}]"), value }),
            None => Ok(scaled),
        }
    }

    /// All rows scaled, one after the other.
    ///
    /// # Errors
    ///
    /// As [`MinMax::apply`].
    pub fn apply_rows(&self, rows: &Rows<'_>) -> Result<Vec<f64>> {
        let mut scaled = Vec::with_capacity(rows.len() * rows.width());
        for row in rows.iter() {
            scaled.extend(self.apply(row)?);
        }
        Ok(scaled)
    }

    /// In the form of scikit-learn, whose predictions these are compared with: one factor and one offset per column.
    fn scaled(&self, column: usize, value: f64) -> f64 {
        let (Some(min), Some(max)) = (self.min.get(column), self.max.get(column)) else { return self.low };
        if max <= min {
            return self.low;
        }
        let factor = (self.high - self.low) / (max - min);
        value * factor + (self.low - min * factor)
    }

    fn without_range(&self) -> Option<usize> {
        let usable = |(min, max): (&f64, &f64)| {
            let factor = (self.high - self.low) / (max - min);
            min == max || (min < max && factor.is_normal() && (min * factor).is_finite())
        };
        self.min.iter().zip(&self.max).position(|pair| !usable(pair))
    }

    /// Checks a scaler that was read from a file.
    pub(super) fn check(&self, inputs: usize) -> Result<()> {
        const PART: &str = "scaler";
        format::check_length(PART, "min", self.min.len(), inputs)?;
        format::check_length(PART, "max", self.max.len(), inputs)?;
        if !(self.low < self.high && (self.high - self.low).is_finite()) {
            return Err(Error::invalid(PART, format!("{} to {} is no range", self.low, self.high)));
        }
        match self.without_range() {
            Some(column) => Err(Error::invalid(PART, format!("column {column} has no range"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_the_ends_of_training_to_the_ends() {
        let data = [0.0, 10.0, 4.0, 30.0, 1.0, 20.0];
        let rows = Rows::new(&data, 2).unwrap();
        assert_eq!(
            MinMax::fit(&rows, 0.0, 1.0).unwrap().apply_rows(&rows).unwrap(),
            [0.0, 0.0, 1.0, 1.0, 0.25, 0.5]
        );
        let both = MinMax::fit(&rows, -1.0, 1.0).unwrap();
        assert_eq!(both.apply_rows(&rows).unwrap(), [-1.0, -1.0, 1.0, 1.0, -0.5, 0.0]);
        assert_eq!(both.apply(&[8.0, 40.0]).unwrap(), [3.0, 2.0]);
    }

    #[test]
    fn a_constant_column_is_low_for_every_value() {
        let scaler = MinMax::fit(&Rows::new(&[5.0, 5.0, 5.0], 1).unwrap(), 0.0, 1.0).unwrap();
        for value in [5.0, -1e300, 6.0] {
            assert_eq!(scaler.apply(&[value]).unwrap(), [0.0]);
        }
    }

    #[test]
    fn refuses_what_cannot_be_scaled() {
        let rows = Rows::new(&[f64::MAX, f64::MIN], 1).unwrap();
        assert!(MinMax::fit(&rows, 0.0, 1.0).unwrap_err().to_string().contains("range of column 0"));
        assert!(MinMax::fit(&Rows::new(&[0.0, 5e-324], 1).unwrap(), 0.0, 1.0).is_err());
        let rows = Rows::new(&[0.0, 1.0], 1).unwrap();
        assert!(matches!(MinMax::fit(&rows, 1.0, 1.0), Err(Error::InvalidConfig { field: "high", .. })));
        assert!(matches!(MinMax::fit(&rows, f64::NAN, 1.0), Err(Error::InvalidConfig { .. })));
        assert!(matches!(MinMax::fit(&Rows::new(&[], 1).unwrap(), 0.0, 1.0), Err(Error::TooFewRows { .. })));
        let narrow = MinMax::fit(&Rows::new(&[0.0, 1e-300], 1).unwrap(), 0.0, 1.0).unwrap();
        assert!(matches!(narrow.apply(&[1e300]), Err(Error::NonFinite { .. })));
    }
}
