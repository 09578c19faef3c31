use serde::{Deserialize, Serialize};

use super::rows::{check_row, mean_and_std};
use super::{Rows, format};
use crate::{Error, Result};

/// What happens to a column before it is standardised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transform {
    /// Nothing; for signed columns.
    Identity,
    /// Natural logarithm of the value, or of [`Scaler::LOG_FLOOR`] where the value is smaller; for variances
    /// and other positive columns with a long tail.
    Log,
    /// The column is not looked at; the scaled row does not have it.
    Unused,
}

/// Logarithm, standardisation and clamp of each column.
///
/// ```text
/// z = clamp((t(x) − mean) / std, −clip, clip)
/// ```
///
/// The clamp keeps a row from outside the training range at its edge, where the head was trained.
///
/// ```
/// use dream_models::regression::{Rows, Scaler, Transform};
///
/// # fn main() -> dream_models::Result<()> {
/// let scaler = Scaler::fit(&Rows::new(&[1.0, 3.0, 5.0], 1)?, &[Transform::Identity], 3.0)?;
/// assert_eq!(scaler.apply(&[3.0])?, [0.0]);
/// assert_eq!(scaler.apply(&[1e9])?, [3.0]);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "StandardScaler")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaler {
    transforms: Vec<Transform>,
    mean: Vec<f64>,
    std: Vec<f64>,
    clip: f64,
}

impl Scaler {
    /// Smallest value that [`Transform::Log`] takes the logarithm of.
    pub const LOG_FLOOR: f64 = 1e-6;

    /// Largest clamp that makes sense, in standard deviations.
    const MAX_CLIP: f64 = 1e3;

    /// Mean and population standard deviation of each transformed column of `rows`; 0 and 1 for unused ones.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] unless there is one transform per column; [`Error::InvalidConfig`] unless `clip`
    /// is above 0 and at most 1000; [`Error::TooFewRows`] for fewer than two rows; [`Error::Constant`] for a
    /// column without spread, or where no column is used.
    pub fn fit(rows: &Rows<'_>, transforms: &[Transform], clip: f64) -> Result<Self> {
        if transforms.len() != rows.width() {
            let (expected, found) = (rows.width(), transforms.len());
            return Err(Error::LengthMismatch { argument: "transforms", expected, found });
        }
        if !(clip > 0.0 && clip <= Self::MAX_CLIP) {
            return Err(Error::InvalidConfig {
                field: "clip",
                value: clip,
                expected: "above 0 and at most 1000",
            });
        }
        if rows.len() < 2 {
            return Err(Error::TooFewRows { min: 2, found: rows.len() });
        }
        let (mut mean, mut std) = (Vec::new(), Vec::new());
        if transforms.iter().all(|transform| *transform == Transform::Unused) {
            return Err(Error::Constant { what: "every column that is used".to_owned() });
        }
        for (column, &transform) in transforms.iter().enumerate() {
            if transform == Transform::Unused {
                mean.push(0.0);
                std.push(1.0);
                continue;
            }
            let values =
                rows.iter().filter_map(|row| row.get(column)).map(|&value| transformed(transform, value));
            let (column_mean, column_std) =
                spread(values).ok_or_else(|| Error::Constant { what: format!("column {column}") })?;
            mean.push(column_mean);
            std.push(column_std);
        }
        Ok(Self { transforms: transforms.to_vec(), mean, std, clip })
    }

    /// Standardises every column that has a spread, and leaves out the others; the clamp only keeps numbers finite.
    pub(super) fn standard(rows: &Rows<'_>) -> Result<Self> {
        let transform = |column: usize| {
            let values = rows.iter().filter_map(|row| row.get(column)).copied();
            if spread(values).is_some() { Transform::Identity } else { Transform::Unused }
        };
        let transforms: Vec<Transform> = (0..rows.width()).map(transform).collect();
        Self::fit(rows, &transforms, Self::MAX_CLIP)
    }

    /// Number of columns.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.mean.len()
    }

    /// Number of columns that are used: the length of a scaled row.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.transforms.iter().filter(|transform| **transform != Transform::Unused).count()
    }

    /// The scaled row, without the unused columns: finite, between `-clip` and `clip`.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] or [`Error::NonFinite`] for a row that does not fit.
    pub fn apply(&self, row: &[f64]) -> Result<Vec<f64>> {
        check_row(row, self.inputs())?;
        let columns = self.transforms.iter().zip(self.mean.iter().zip(&self.std));
        Ok(row
            .iter()
            .zip(columns)
            .filter(|(_, (transform, _))| **transform != Transform::Unused)
            .map(|(&value, (&transform, (mean, std)))| {
                ((transformed(transform, value) - mean) / std).clamp(-self.clip, self.clip)
            })
            .collect())
    }

    /// All rows scaled, one after the other.
    ///
    /// # Errors
    ///
    /// As [`Scaler::apply`].
    pub fn apply_rows(&self, rows: &Rows<'_>) -> Result<Vec<f64>> {
        let mut scaled = Vec::with_capacity(rows.len() * self.outputs());
        for row in rows.iter() {
            scaled.extend(self.apply(row)?);
        }
        Ok(scaled)
    }

    /// The columns that are used, in the order of a scaled row.
    pub(super) fn used(&self) -> impl Iterator<Item = usize> {
        let all = self.transforms.iter().enumerate();
        all.filter(|(_, transform)| **transform != Transform::Unused).map(|(column, _)| column)
    }

    /// The row whose used columns are scaled to 0.
    pub(super) fn typical(&self) -> Vec<f64> {
        let columns = self.transforms.iter().zip(&self.mean);
        let back = |(transform, mean): (&Transform, &f64)| match transform {
            Transform::Identity | Transform::Unused => *mean,
            Transform::Log => libm::exp(*mean),
        };
        columns.map(back).collect()
    }

    /// Checks a scaler that was read from a file.
    pub(super) fn check(&self, inputs: usize) -> Result<()> {
        const PART: &str = "scaler";
        format::check_length(PART, "transforms", self.transforms.len(), inputs)?;
        format::check_length(PART, "mean", self.mean.len(), inputs)?;
        format::check_length(PART, "std", self.std.len(), inputs)?;
        if self.outputs() == 0 {
            return Err(Error::invalid(PART, "it uses no column"));
        }
        if !self.mean.iter().all(|mean| mean.is_finite()) {
            return Err(Error::invalid(PART, "a mean is not finite"));
        }
        // A subnormal deviation would turn the mean itself into 0/0.
        if !self.std.iter().all(|std| std.is_normal() && *std > 0.0) {
            return Err(Error::invalid(PART, "a standard deviation is not a positive number"));
        }
        if !(self.clip > 0.0 && self.clip <= Self::MAX_CLIP) {
            return Err(Error::invalid(PART, format!("clip is {}, not in 0..=1000", self.clip)));
        }
        Ok(())
    }
}

/// Mean and standard deviation, of a column that is not the same in every row.
fn spread(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let (mean, std) = mean_and_std(values);
    (std.is_finite() && std > mean.abs() * f64::EPSILON * 8.0).then_some((mean, std))
}

fn transformed(transform: Transform, value: f64) -> f64 {
    match transform {
        Transform::Identity | Transform::Unused => value,
        Transform::Log => libm::log(value.max(Scaler::LOG_FLOOR)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standardises_in_the_log_domain() {
        let e = std::f64::consts::E;
        let data = [1.0, 2.0, e * e, 4.0];
        let scaler =
            Scaler::fit(&Rows::new(&data, 2).unwrap(), &[Transform::Log, Transform::Identity], 3.0).unwrap();
        // Column 0: logarithms 0 and 2, mean 1, population deviation 1. Column 1: 2 and 4, mean 3, deviation 1.
        let scaled = scaler.apply(&[e, 4.5]).unwrap();
        assert!(scaled[0].abs() < 1e-15 && (scaled[1] - 1.5).abs() < 1e-15, "{scaled:?}");
    }

    #[test]
    fn stays_finite_for_any_finite_value() {
        let scaler = Scaler::fit(
            &Rows::new(&[1.0, -1.0, 2.0, 1.0], 2).unwrap(),
            &[Transform::Log, Transform::Identity],
            3.0,
        )
        .unwrap();
        for value in [f64::MAX, f64::MIN, 0.0, -0.0, 5e-324, -1.0] {
            let scaled = scaler.apply(&[value, value]).unwrap();
            assert!(scaled.iter().all(|z| (-3.0..=3.0).contains(z)), "{value}: {scaled:?}");
        }
    }

    #[test]
    fn logarithms_stop_at_the_floor() {
        let e = std::f64::consts::E;
        let data = [1.0, e * e];
        let rows = Rows::new(&data, 1).unwrap();
        // Logarithms 0 and 2: z = ln x - 1, with a clamp too wide to matter.
        let scaler = Scaler::fit(&rows, &[Transform::Log], 1000.0).unwrap();
        for value in [1e-6, 1e-9, 0.0, -3.0] {
            let z = scaler.apply(&[value]).unwrap()[0];
            assert!((z - (-6.0 * std::f64::consts::LN_10 - 1.0)).abs() < 1e-12, "{value}: {z}");
        }
    }

    #[test]
    fn refuses_what_cannot_be_scaled() {
        let rows = Rows::new(&[1.0, 2.0, 1.0, 3.0], 2).unwrap();
        let two = [Transform::Identity; 2];
        assert!(Scaler::fit(&rows, &two, 3.0).unwrap_err().to_string().contains("column 0"));
        assert!(matches!(Scaler::fit(&rows, &two[..1], 3.0), Err(Error::LengthMismatch { .. })));
        assert!(matches!(Scaler::fit(&rows, &two, 0.0), Err(Error::InvalidConfig { field: "clip", .. })));
        assert!(matches!(
            Scaler::fit(&Rows::new(&[1.0, 2.0], 2).unwrap(), &two, 3.0),
            Err(Error::TooFewRows { .. })
        ));
        // 0.1 three times has a computed deviation of a rounding error, not of data.
        let rows = Rows::new(&[0.1, 0.1, 0.1], 1).unwrap();
        assert!(matches!(Scaler::fit(&rows, &two[..1], 3.0), Err(Error::Constant { .. })));
    }
}
