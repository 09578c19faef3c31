//! The file of a support vector regression: JSON, with the support vectors as base64.

use serde::{Deserialize, Serialize};

use super::file::SvrFile;
use super::scaled::bad_column;
use super::{ScaledSvr, Svr, SvrParams};
use crate::regression::calibration::CalibrationFile;
use crate::regression::{
    Calibration, Estimate, Imputer, MinMax, Model, ModelFile, ModelInfo, OutputRange, Provenance, Regressor,
    format,
};
use crate::{Error, Result};

const FORMAT: &str = "dream-models.svr";
const FORMAT_VERSION: u64 = 1;
const MAX_BYTES: usize = 64 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    format_version: u64,
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipe: Option<String>,
    output: OutputRange,
    inputs: Vec<String>,
    impute: Imputer,
    columns: Vec<usize>,
    scaler: MinMax,
    params: SvrParams,
    svr: SvrFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calibration: Option<CalibrationFile>,
    /// Absent where nothing is stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provenance: Option<Provenance>,
}

/// A trained [`ScaledSvr`] with its feature names and output range, saved and loaded as one file. The recipe of its
/// features, a calibration and its provenance are optional.
///
/// The file holds the support vectors of a Gaussian kernel, which are scaled rows of the training data: mind the
/// licence of the data before giving it away.
///
/// ```
/// use dream_models::regression::{ModelInfo, ScaledSvrParams, SvrModel};
///
/// # fn main() -> dream_models::Result<()> {
/// let predictor = ScaledSvrParams::default().fit(&[0.1, 5.0, 0.2, 9.0, 0.3, 7.0], 2, &[1.0, 3.0, 5.0])?;
/// let model = SvrModel::new(ModelInfo::new("example-1", ["sharpness", "noise"], 1.0..=5.0), predictor)?;
/// let back = SvrModel::from_bytes(&model.to_bytes()?)?;
/// assert_eq!(back.predict_raw(&[0.2, 6.0])?, model.predict_raw(&[0.2, 6.0])?);
///
/// let error = back.check_inputs(&["noise", "sharpness"]).unwrap_err().to_string();
/// assert!(error.starts_with("feature 0 is `noise` where the model takes `sharpness`"), "{error}");
/// # Ok(())
/// # }
/// ```
pub type SvrModel = Model<ScaledSvr, Option<Calibration>>;

/// Models of support vector regressions, [`SvrModel`].
impl Model<ScaledSvr, Option<Calibration>> {
    /// Level of the intervals that [`SvrModel::predict`] gives.
    pub const LEVEL: f64 = 0.9;

    /// A model from its name, inputs and output range, and the trained regression.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for names that are empty or repeated or do not match the predictor in number, for a recipe that
    /// is not one, and for an output range that is not a range.
    pub fn new(info: ModelInfo, predictor: ScaledSvr) -> Result<Self> {
        format::check_info(&info)?;
        format::check_length("inputs", "inputs", info.inputs.len(), predictor.inputs())?;
        Ok(Self { info, predictor, calibration: None, provenance: Provenance::default() })
    }

    /// With a statement of where it comes from.
    #[must_use]
    pub fn with_provenance(self, provenance: Provenance) -> Self {
        Self { provenance, ..self }
    }

    /// With intervals and familiarity, as [`CalibrationParams::fit_svr`](crate::regression::CalibrationParams::fit_svr)
    /// measures them.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for a calibration of another predictor.
    pub fn with_calibration(self, calibration: Calibration) -> Result<Self> {
        format::check_calibration(&calibration, &self.predictor)?;
        Ok(Self { calibration: Some(calibration), ..self })
    }

    /// How intervals and familiarity were measured; `None` for a model without them.
    #[must_use]
    pub fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    /// The score of one feature vector (recipe, names and values, such as a `&FeatureVector` of dream-features), clamped to
    /// [`SvrModel::output`]; with an interval of [`SvrModel::LEVEL`] and the distance from the training rows where the
    /// model has a calibration.
    ///
    /// The recipe is checked first, then the names and their order.
    ///
    /// # Errors
    ///
    /// [`Error::RecipeMismatch`] for a vector that was made in another way than those of the training,
    /// [`Error::NoRecipe`] for a model that does not state that way, [`Error::LayoutMismatch`] for other features;
    /// otherwise as [`SvrModel::predict_raw`].
    pub fn predict<'a>(&self, vector: impl Into<(&'a str, &'a [String], &'a [f64])>) -> Result<Estimate> {
        self.predict_at(vector, Self::LEVEL)
    }

    /// As [`SvrModel::predict`], with an interval of another level.
    ///
    /// # Errors
    ///
    /// As [`SvrModel::predict`]; [`Error::InvalidConfig`] for a level outside [`Calibration::levels`].
    pub fn predict_at<'a>(
        &self,
        vector: impl Into<(&'a str, &'a [String], &'a [f64])>,
        level: f64,
    ) -> Result<Estimate> {
        self.predict_raw_at(self.checked(vector.into())?, level)
    }

    /// The score of a bare row, in the order of [`SvrModel::inputs`]. Nothing is checked but its length: where there is a
    /// recipe, call [`SvrModel::predict`].
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for a row of another length; [`Error::NonFinite`] for a missing value where the model
    /// does not fill it in, and for a value out of all proportion to those of training.
    pub fn predict_raw(&self, row: &[f64]) -> Result<Estimate> {
        self.predict_raw_at(row, Self::LEVEL)
    }

    /// As [`SvrModel::predict_raw`], with an interval of another level.
    ///
    /// # Errors
    ///
    /// As [`SvrModel::predict_raw`]; [`Error::InvalidConfig`] for a level outside [`Calibration::levels`].
    pub fn predict_raw_at(&self, row: &[f64], level: f64) -> Result<Estimate> {
        self.gaps(row)?;
        let Some(calibration) = &self.calibration else {
            let score = self.clamped(self.predictor.predict(row)?);
            return Ok(Estimate { score, interval: None, familiarity: None });
        };
        let found = self.judge(calibration, row, level)?;
        let (interval, familiarity) = (Some(found.interval), Some(found.familiarity));
        Ok(Estimate { score: found.score, interval, familiarity })
    }
}

impl ModelFile for SvrModel {
    const MOST_BYTES: usize = MAX_BYTES;

    fn read(bytes: &[u8]) -> Result<Self> {
        format::check_header(bytes, MAX_BYTES, FORMAT, FORMAT_VERSION)?;
        let file: File =
            serde_json::from_slice(bytes).map_err(|error| Error::invalid("JSON", error.to_string()))?;
        let File { version, recipe, inputs, output, .. } = file;
        let info = ModelInfo { version, recipe, inputs, output };
        format::check_info(&info)?;
        let width = info.inputs.len();
        file.impute.check(width)?;
        if let Some(column) = bad_column(&file.columns, width) {
            return Err(Error::invalid(
                "columns",
                format!("{column} is not there or not above the one before"),
            ));
        }
        let used = file.columns.len();
        file.scaler.check(used)?;
        file.params.check().map_err(|error| Error::invalid("params", error.to_string()))?;
        let svr = Svr::from_file(&file.svr, file.params.kernel, used)?;
        let calibration =
            file.calibration.map(|calibration| Calibration::from_file(calibration, used)).transpose()?;
        let predictor = ScaledSvr {
            imputer: file.impute,
            columns: file.columns,
            scaler: file.scaler,
            svr,
            params: file.params,
        };
        if let Some(calibration) = &calibration {
            format::check_calibration(calibration, &predictor)?;
        }
        Ok(Self { info, predictor, calibration, provenance: file.provenance.unwrap_or_default() })
    }

    fn write(&self) -> Result<Vec<u8>> {
        let ScaledSvr { imputer, columns, scaler, svr, params } = &self.predictor;
        let file = File {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            version: self.info.version.clone(),
            recipe: self.info.recipe.clone(),
            output: self.info.output.clone(),
            inputs: self.info.inputs.clone(),
            impute: imputer.clone(),
            columns: columns.clone(),
            scaler: scaler.clone(),
            params: *params,
            svr: svr.to_file(),
            calibration: self.calibration.as_ref().map(Calibration::to_file),
            provenance: Some(self.provenance.clone()).filter(|stated| *stated != Provenance::default()),
        };
        format::to_json(&file, MAX_BYTES)
    }
}

impl Regressor for SvrModel {
    fn inputs(&self) -> usize {
        self.info.inputs.len()
    }

    /// As [`SvrModel::predict_raw`].
    fn predict(&self, row: &[f64]) -> Result<f64> {
        Ok(self.predict_raw(row)?.score)
    }
}
