use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What becomes of a missing value, which is a NaN or an infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Impute {
    /// It is an error.
    #[default]
    Error,
    /// The mean of the column over its finite values in training; 0 where there are none.
    Mean,
    /// 0.
    Zero,
}

/// An [`Impute`] rule with what it learned from the rows of training.
///
/// ```
/// use dream_models::regression::{Impute, Imputer};
///
/// # fn main() -> dream_models::Result<()> {
/// let imputer = Imputer::fit(Impute::Mean, &[1.0, 5.0, f64::NAN, 7.0], 2)?;
/// assert_eq!(imputer.apply(&[f64::NAN, f64::INFINITY])?, [1.0, 6.0]);
/// # Ok(())
/// # }
/// ```
#[doc(alias("SimpleImputer", "nan_to_num"))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imputer {
    rule: Impute,
    /// What a missing value becomes, for each column.
    values: Vec<f64>,
}

impl Imputer {
    /// Learns from rows of `width` values, of which some may be missing.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a width of 0; [`Error::LengthMismatch`] where the data does not fill its last row;
    /// [`Error::NonFinite`] for a missing value with [`Impute::Error`], or a mean that is not representable.
    pub fn fit(rule: Impute, data: &[f64], width: usize) -> Result<Self> {
        if width == 0 {
            return Err(Error::InvalidConfig { field: "width", value: 0.0, expected: "at least 1" });
        }
        if !data.len().is_multiple_of(width) {
            let expected = data.len().next_multiple_of(width);
            return Err(Error::LengthMismatch { argument: "data", expected, found: data.len() });
        }
        let mut imputer = Self { rule, values: vec![0.0; width] };
        match rule {
            Impute::Zero => {}
            Impute::Error => {
                imputer.apply_rows(data)?;
            }
            Impute::Mean => {
                for (column, mean) in imputer.values.iter_mut().enumerate() {
                    let finite = || data.iter().skip(column).step_by(width).filter(|value| value.is_finite());
                    let count = finite().count().max(1) as f64;
                    *mean = finite().sum::<f64>() / count;
                    if !mean.is_finite() {
                        return Err(Error::NonFinite {
                            name: format!("mean of column {column}"),
                            value: *mean,
                        });
                    }
                }
            }
        }
        Ok(imputer)
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> Impute {
        self.rule
    }

    /// Number of columns.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.values.len()
    }

    /// The row without missing values.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for a row of another length; [`Error::NonFinite`] for a missing value with
    /// [`Impute::Error`].
    pub fn apply(&self, row: &[f64]) -> Result<Vec<f64>> {
        if row.len() != self.values.len() {
            let (expected, found) = (self.values.len(), row.len());
            return Err(Error::LengthMismatch { argument: "row", expected, found });
        }
        self.apply_rows(row)
    }

    /// All rows without missing values, one after the other.
    ///
    /// # Errors
    ///
    /// As [`Imputer::apply`], the length being that of whole rows.
    pub fn apply_rows(&self, data: &[f64]) -> Result<Vec<f64>> {
        let width = self.values.len();
        if !data.len().is_multiple_of(width) {
            let expected = data.len().next_multiple_of(width);
            return Err(Error::LengthMismatch { argument: "data", expected, found: data.len() });
        }
        let cells = data.iter().zip(self.values.iter().cycle()).enumerate();
        let filled = cells.map(|(index, (&value, &stand_in))| {
            if value.is_finite() {
                Ok(value)
            } else if self.rule == Impute::Error {
                let name = format!("data, row {}, column {}", index / width, index % width);
                Err(Error::NonFinite { name, value })
            } else {
                Ok(stand_in)
            }
        });
        filled.collect()
    }

    /// Checks an imputer that was read from a file.
    pub(super) fn check(&self, inputs: usize) -> Result<()> {
        super::format::check_length("impute", "values", self.values.len(), inputs)?;
        if self.values.iter().all(|value| value.is_finite()) {
            Ok(())
        } else {
            Err(Error::invalid("impute", "a value is not finite"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    #[test]
    fn every_rule_does_what_it_says() {
        let data = [1.0, NAN, 3.0, f64::INFINITY, 5.0, NAN];
        assert_eq!(Imputer::fit(Impute::Mean, &data, 2).unwrap().apply(&[NAN, NAN]).unwrap(), [3.0, 0.0]);
        assert_eq!(Imputer::fit(Impute::Zero, &data, 2).unwrap().apply(&[2.0, NAN]).unwrap(), [2.0, 0.0]);
        let message = Imputer::fit(Impute::Error, &data, 2).unwrap_err().to_string();
        assert!(message.contains("row 0, column 1"), "{message}");
        let strict = Imputer::fit(Impute::Error, &[1.0, 2.0], 2).unwrap();
        assert_eq!(strict.apply(&[3.0, 4.0]).unwrap(), [3.0, 4.0]);
        assert!(matches!(strict.apply(&[NAN, 4.0]), Err(Error::NonFinite { .. })));
    }

    #[test]
    fn refuses_ragged_data() {
        assert!(matches!(Imputer::fit(Impute::Mean, &[1.0; 5], 2), Err(Error::LengthMismatch { .. })));
        assert!(matches!(Imputer::fit(Impute::Mean, &[1.0; 5], 0), Err(Error::InvalidConfig { .. })));
        assert!(matches!(Imputer::fit(Impute::Mean, &[f64::MAX; 4], 1), Err(Error::NonFinite { .. })));
        let imputer = Imputer::fit(Impute::Zero, &[], 3).unwrap();
        assert!(matches!(imputer.apply(&[1.0]), Err(Error::LengthMismatch { expected: 3, .. })));
    }
}
