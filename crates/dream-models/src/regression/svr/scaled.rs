use super::{Svr, SvrParams};
use crate::regression::scored::Scored;
use crate::regression::{Calibration, CalibrationParams, Impute, Imputer, MinMax, Regressor, Rows};
use crate::{Error, Result};

/// How a [`ScaledSvr`] is trained: what becomes of missing values, which columns count, the range they are brought to,
/// and the regression.
#[derive(Debug, Clone, PartialEq)]
pub struct ScaledSvrParams {
    /// What becomes of missing values.
    pub impute: Impute,
    /// Positions of the columns to use, ascending; all of them for `None`. [`super::Selection`] finds good ones.
    pub columns: Option<Vec<usize>>,
    /// Ends of the range that each column is brought to.
    pub range: (f64, f64),
    /// The regression.
    pub svr: SvrParams,
}

impl Default for ScaledSvrParams {
    /// All columns, brought to 0..=1; missing values are errors.
    fn default() -> Self {
        Self { impute: Impute::Error, columns: None, range: (0.0, 1.0), svr: SvrParams::default() }
    }
}

impl ScaledSvrParams {
    /// Fits everything on rows of `width` values, of which some may be missing, and one target per row.
    ///
    /// # Errors
    ///
    /// As [`Imputer::fit`], [`MinMax::fit`] and [`SvrParams::fit`]; [`Error::InvalidConfig`] for columns that are not
    /// there or not ascending.
    pub fn fit(&self, data: &[f64], width: usize, targets: &[f64]) -> Result<ScaledSvr> {
        let imputer = Imputer::fit(self.impute, data, width)?;
        let columns = self.columns.clone().unwrap_or_else(|| (0..width).collect());
        if let Some(&column) = bad_column(&columns, width) {
            let expected = "a column of the rows, each once and ascending";
            return Err(Error::InvalidConfig { field: "columns", value: column as f64, expected });
        }
        if columns.is_empty() {
            return Err(Error::InvalidConfig {
                field: "columns",
                value: 0.0,
                expected: "at least one column",
            });
        }
        let picked = pick(&imputer.apply_rows(data)?, width, &columns);
        let rows = Rows::new(&picked, columns.len())?;
        let scaler = MinMax::fit(&rows, self.range.0, self.range.1)?;
        let scaled = scaler.apply_rows(&rows)?;
        let svr = self.svr.fit(&Rows::new(&scaled, columns.len())?, targets)?;
        Ok(ScaledSvr { imputer, columns, scaler, svr, params: self.svr })
    }
}

/// Imputation, choice of columns, scaling and support vector regression: raw features in, raw score out.
///
/// ```
/// use dream_models::regression::{Impute, Regressor, ScaledSvrParams};
///
/// # fn main() -> dream_models::Result<()> {
/// let x = [100.0, 0.1, 200.0, f64::NAN, 300.0, 0.3, 400.0, 0.2];
/// let params = ScaledSvrParams { impute: Impute::Mean, ..ScaledSvrParams::default() };
/// let model = params.fit(&x, 2, &[1.0, 2.0, 3.0, 4.0])?;
/// assert!(model.predict(&[350.0, 0.2])? > model.predict(&[150.0, 0.2])?);
/// assert!(model.predict(&[350.0, f64::NAN])?.is_finite());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScaledSvr {
    pub(super) imputer: Imputer,
    pub(super) columns: Vec<usize>,
    pub(super) scaler: MinMax,
    pub(super) svr: Svr,
    pub(super) params: SvrParams,
}

impl ScaledSvr {
    /// The regression behind the scaling.
    #[must_use]
    pub fn svr(&self) -> &Svr {
        &self.svr
    }

    /// The settings that the regression was trained with.
    #[must_use]
    pub fn params(&self) -> &SvrParams {
        &self.params
    }

    /// Positions of the columns in use.
    #[must_use]
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The values for many rows of [`Regressor::inputs`] values; the same as one by one, only faster.
    ///
    /// # Errors
    ///
    /// As [`Regressor::predict`]; a missing value is an error only with [`Impute::Error`].
    pub fn predict_rows(&self, data: &[f64]) -> Result<Vec<f64>> {
        let filled = self.imputer.apply_rows(data)?;
        let picked = pick(&filled, self.imputer.inputs(), &self.columns);
        let scaled = self.scaler.apply_rows(&Rows::new(&picked, self.columns.len())?)?;
        self.svr.predict_rows(&Rows::new(&scaled, self.columns.len())?)
    }
}

impl Regressor for ScaledSvr {
    fn inputs(&self) -> usize {
        self.imputer.inputs()
    }

    fn predict(&self, row: &[f64]) -> Result<f64> {
        self.svr.predict(&self.scaled(row)?)
    }
}

impl Scored for ScaledSvr {
    const STANDARD: bool = false;

    fn imputer(&self) -> &Imputer {
        &self.imputer
    }

    fn width(&self) -> usize {
        self.columns.len()
    }

    fn scaled(&self, row: &[f64]) -> Result<Vec<f64>> {
        let filled = self.imputer.apply(row)?;
        self.scaler.apply(&pick(&filled, filled.len(), &self.columns))
    }

    fn evaluate(&self, scaled: &[f64]) -> Result<(f64, f64)> {
        Ok((self.svr.predict(scaled)?, 0.0))
    }
}

impl CalibrationParams {
    /// Measures a support vector regression on the rows it was fitted on, by fitting `params` on all but one fold after
    /// the other. The intervals have one width; distances are those of the columns in use.
    ///
    /// ```
    /// use dream_models::regression::{CalibrationParams, ScaledSvrParams};
    ///
    /// # fn main() -> dream_models::Result<()> {
    /// let x: Vec<f64> = (0..40).map(|i| f64::from(i * i % 17)).collect();
    /// let y: Vec<f64> = x.iter().map(|x| 1.0 + x / 8.0).collect();
    /// let params = ScaledSvrParams::default();
    /// let model = params.fit(&x, 1, &y)?;
    /// let calibration = CalibrationParams::default().fit_svr(&params, &model, &x, &y)?;
    /// assert_eq!(calibration.levels(), (0.5, 0.99));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] unless `0 < familiar < 1`; [`Error::Constant`] where no column in use varies over the rows of
    /// a fold; as [`Folds::splits`](crate::regression::Folds::splits) and [`ScaledSvrParams::fit`].
    pub fn fit_svr(
        &self,
        params: &ScaledSvrParams,
        model: &ScaledSvr,
        data: &[f64],
        targets: &[f64],
    ) -> Result<Calibration> {
        let width = model.inputs();
        let fit = |rows: &[f64], scores: &[f64]| params.fit(rows, width, scores);
        self.measure(model, fit, (data, width), targets)
    }
}

/// The first column that is not there or not above the one before.
pub(super) fn bad_column(columns: &[usize], width: usize) -> Option<&usize> {
    let mut least = 0;
    columns.iter().find(|&&column| {
        let bad = column < least || column >= width;
        least = column + 1;
        bad
    })
}

/// The values of `columns`, row after row.
pub(super) fn pick(data: &[f64], width: usize, columns: &[usize]) -> Vec<f64> {
    let rows = data.chunks_exact(width.max(1));
    rows.flat_map(|row| columns.iter().filter_map(|&column| row.get(column).copied())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_the_chosen_columns_only() {
        let data: Vec<f64> = (0..60).map(|k| f64::from(k * k % 17)).collect();
        let targets: Vec<f64> = data.chunks_exact(3).map(|row| row[0] - row[2]).collect();
        let params = ScaledSvrParams { columns: Some(vec![0, 2]), ..ScaledSvrParams::default() };
        let model = params.fit(&data, 3, &targets).unwrap();
        assert_eq!(model.predict(&[3.0, 0.0, 1.0]).unwrap(), model.predict(&[3.0, 99.0, 1.0]).unwrap());
        let together = model.predict_rows(&data).unwrap();
        let alone: Vec<f64> = data.chunks_exact(3).map(|row| model.predict(row).unwrap()).collect();
        assert_eq!(together, alone);
        for columns in [vec![], vec![3], vec![1, 1], vec![2, 0], vec![usize::MAX - 1]] {
            let params = ScaledSvrParams { columns: Some(columns), ..ScaledSvrParams::default() };
            assert!(matches!(
                params.fit(&data, 3, &targets),
                Err(Error::InvalidConfig { field: "columns", .. })
            ));
        }
    }
}
