use super::rows::check_targets;
use super::{MlpEnsemble, MlpParams, Regressor, Rows, Scaler, Transform};
use crate::Result;

/// How a [`ScaledEnsemble`] is trained: the scaling of each column and the ensemble.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityParams {
    /// One transform per column.
    pub transforms: Vec<Transform>,
    /// Clamp of the scaled columns, in standard deviations.
    pub clip: f64,
    /// The ensemble.
    pub ensemble: MlpParams,
}

impl Default for QualityParams {
    /// The settings of the embedded model, without its transforms.
    fn default() -> Self {
        Self { transforms: Vec::new(), clip: 3.0, ensemble: MlpParams::default() }
    }
}

impl QualityParams {
    /// Fits the scaling and then the ensemble on the scaled rows.
    ///
    /// # Errors
    ///
    /// As [`Scaler::fit`] and [`MlpParams::fit`].
    pub fn fit(&self, rows: &Rows<'_>, targets: &[f64]) -> Result<ScaledEnsemble> {
        check_targets(rows, targets)?;
        let scaler = Scaler::fit(rows, &self.transforms, self.clip)?;
        let mut scaled = Vec::new();
        for row in rows.iter() {
            scaled.extend(scaler.apply(row)?);
        }
        let head = self.ensemble.fit(&Rows::new(&scaled, rows.width())?, targets)?;
        Ok(ScaledEnsemble { scaler, head })
    }
}

/// A [`Scaler`] followed by an [`MlpEnsemble`]: raw features in, raw score out.
///
/// ```
/// use dream_models::regression::{MlpParams, QualityParams, Regressor, Rows, Transform};
///
/// # fn main() -> dream_models::Result<()> {
/// let x: Vec<f64> = (1..=64).map(f64::from).collect();
/// let y: Vec<f64> = x.iter().map(|x| x.ln()).collect();
/// let params = QualityParams {
///     transforms: vec![Transform::Log],
///     ensemble: MlpParams { members: 2, batch: 16, epochs: 200, ..MlpParams::default() },
///     ..QualityParams::default()
/// };
/// let model = params.fit(&Rows::new(&x, 1)?, &y)?;
/// assert!((model.predict(&[20.0])? - 20.0_f64.ln()).abs() < 0.1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScaledEnsemble {
    pub(super) scaler: Scaler,
    pub(super) head: MlpEnsemble,
}

impl Regressor for ScaledEnsemble {
    fn inputs(&self) -> usize {
        self.scaler.inputs()
    }

    fn predict(&self, row: &[f64]) -> Result<f64> {
        self.head.predict(&self.scaler.apply(row)?)
    }
}
