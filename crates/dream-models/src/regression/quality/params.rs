use super::{MlpEnsemble, MlpParams};
use crate::Result;
use crate::regression::rows::check_targets;
use crate::regression::scored::Scored;
use crate::regression::{
    Calibration, CalibrationParams, Impute, Imputer, Regressor, Rows, Scaler, Transform,
};

/// How a [`ScaledEnsemble`] is trained: what becomes of missing values, the scaling of each column and the ensemble.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityParams {
    /// What becomes of missing values.
    pub impute: Impute,
    /// One transform per column.
    pub transforms: Vec<Transform>,
    /// Clamp of the scaled columns, in standard deviations.
    pub clip: f64,
    /// The ensemble.
    pub ensemble: MlpParams,
}

impl Default for QualityParams {
    /// The settings of the embedded BRISQUE model, without its transforms. Missing values are errors.
    fn default() -> Self {
        Self { impute: Impute::Error, transforms: Vec::new(), clip: 3.0, ensemble: MlpParams::default() }
    }
}

impl QualityParams {
    /// Fits the stand-ins of missing values, the scaling and then the ensemble on the scaled rows.
    ///
    /// `data` holds rows of one value per transform, of which some may be missing, and there is one target per row.
    ///
    /// # Errors
    ///
    /// As [`Imputer::fit`], [`Scaler::fit`] and [`MlpParams::fit`].
    pub fn fit(&self, data: &[f64], targets: &[f64]) -> Result<ScaledEnsemble> {
        let width = self.transforms.len();
        let imputer = Imputer::fit(self.impute, data, width)?;
        let filled = imputer.apply_rows(data)?;
        let rows = Rows::new(&filled, width)?;
        check_targets(&rows, targets)?;
        let scaler = Scaler::fit(&rows, &self.transforms, self.clip)?;
        let scaled = scaler.apply_rows(&rows)?;
        let head = self.ensemble.fit(&Rows::new(&scaled, scaler.outputs())?, targets)?;
        Ok(ScaledEnsemble { imputer, scaler, head })
    }
}

/// An [`Imputer`] and a [`Scaler`] followed by an [`MlpEnsemble`]: raw features in, raw score out.
///
/// ```
/// use dream_models::regression::{MlpParams, QualityParams, Regressor, Transform};
///
/// # fn main() -> dream_models::Result<()> {
/// let x: Vec<f64> = (1..=64).map(f64::from).collect();
/// let y: Vec<f64> = x.iter().map(|x| x.ln()).collect();
/// let params = QualityParams {
///     transforms: vec![Transform::Log],
///     ensemble: MlpParams { members: 2, batch: 16, epochs: 200, ..MlpParams::default() },
///     ..QualityParams::default()
/// };
/// let model = params.fit(&x, &y)?;
/// assert!((model.predict(&[20.0])? - 20.0_f64.ln()).abs() < 0.1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScaledEnsemble {
    pub(super) imputer: Imputer,
    pub(super) scaler: Scaler,
    pub(super) head: MlpEnsemble,
}

impl Scored for ScaledEnsemble {
    const STANDARD: bool = true;

    fn imputer(&self) -> &Imputer {
        &self.imputer
    }

    fn width(&self) -> usize {
        self.scaler.outputs()
    }

    fn scaled(&self, row: &[f64]) -> Result<Vec<f64>> {
        self.scaler.apply(&self.imputer.apply(row)?)
    }

    fn evaluate(&self, scaled: &[f64]) -> Result<(f64, f64)> {
        Ok(self.head.evaluate(scaled))
    }
}

impl CalibrationParams {
    /// Measures `model` on the rows it was fitted on, by fitting `params` on all but one fold after the other.
    ///
    /// # Errors
    ///
    /// [`crate::Error::InvalidConfig`] unless `0 < familiar < 1`; as [`Folds::splits`](crate::regression::Folds::splits) and
    /// [`QualityParams::fit`].
    pub fn fit(
        &self,
        params: &QualityParams,
        model: &ScaledEnsemble,
        data: &[f64],
        targets: &[f64],
    ) -> Result<Calibration> {
        let fit = |rows: &[f64], scores: &[f64]| params.fit(rows, scores);
        self.measure(model, fit, (data, params.transforms.len()), targets)
    }
}

impl Regressor for ScaledEnsemble {
    fn inputs(&self) -> usize {
        self.scaler.inputs()
    }

    fn predict(&self, row: &[f64]) -> Result<f64> {
        self.head.predict(&self.scaled(row)?)
    }
}
