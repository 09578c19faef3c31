//! The file of a support vector regression: JSON, with the support vectors as base64.

use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::file::SvrFile;
use super::scaled::bad_column;
use super::{ScaledSvr, Svr, SvrParams};
use crate::regression::{Imputer, MinMax, ModelInfo, OutputRange, Provenance, Regressor, format};
use crate::{Error, Result, bounded};

const FORMAT: &str = "dream-models.svr";
const FORMAT_VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    format_version: u64,
    version: String,
    output: OutputRange,
    inputs: Vec<String>,
    impute: Imputer,
    columns: Vec<usize>,
    scaler: MinMax,
    params: SvrParams,
    svr: SvrFile,
    provenance: Provenance,
}

/// A trained [`ScaledSvr`] with its feature names, output range and provenance, saved and loaded as one file.
///
/// The file holds the support vectors of a Gaussian kernel, which are scaled rows of the training data: mind the
/// licence of the data before giving it away.
///
/// ```
/// use dream_models::regression::{ModelInfo, OutputRange, Provenance, ScaledSvrParams, SvrModel};
///
/// # fn main() -> dream_models::Result<()> {
/// let x = [0.1, 5.0, 0.2, 9.0, 0.3, 7.0];
/// let info = ModelInfo {
///     version: "example-1".into(),
///     inputs: vec!["sharpness".into(), "noise".into()],
///     output: OutputRange { min: 1.0, max: 5.0, scale: "1 to 5".into(), meaning: "an example".into() },
/// };
/// let provenance = Provenance {
///     datasets: vec![],
///     features: "made up".into(),
///     command: "none".into(),
///     seed: 0,
///     crate_version: dream_models::VERSION.into(),
///     evaluation: None,
///     licence: "none".into(),
/// };
/// let model = SvrModel::new(info, ScaledSvrParams::default().fit(&x, 2, &[1.0, 3.0, 5.0])?, provenance)?;
/// let back = SvrModel::from_bytes(&model.to_bytes()?)?;
/// assert_eq!(back.predict(&[0.2, 6.0])?, model.predict(&[0.2, 6.0])?);
///
/// let error = back.check_inputs(&["noise", "sharpness"]).unwrap_err().to_string();
/// assert!(error.starts_with("feature 0 is `noise` where the model takes `sharpness`"), "{error}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SvrModel {
    info: ModelInfo,
    predictor: ScaledSvr,
    provenance: Provenance,
}

impl SvrModel {
    /// Largest model file that is read or written, in bytes.
    pub const MAX_BYTES: usize = 64 << 20;

    /// A model from its parts.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for names that are empty or repeated or do not match the predictor in number, and for an
    /// output range that is not a range.
    pub fn new(info: ModelInfo, predictor: ScaledSvr, provenance: Provenance) -> Result<Self> {
        format::check_info(&info)?;
        format::check_length("inputs", "inputs", info.inputs.len(), predictor.inputs())?;
        Ok(Self { info, predictor, provenance })
    }

    /// Reads a model file from memory.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedFormat`] for a file of another format or version; [`Error::InvalidModel`] for anything
    /// damaged, truncated, unknown or contradictory, and for more than [`SvrModel::MAX_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        format::check_header(bytes, Self::MAX_BYTES, FORMAT, FORMAT_VERSION)?;
        let file: File =
            serde_json::from_slice(bytes).map_err(|error| Error::invalid("JSON", error.to_string()))?;
        let info = ModelInfo { version: file.version, inputs: file.inputs, output: file.output };
        format::check_info(&info)?;
        let width = info.inputs.len();
        file.impute.check(width)?;
        if let Some(column) = bad_column(&file.columns, width) {
            return Err(Error::invalid(
                "columns",
                format!("{column} is not there or not above the one before"),
            ));
        }
        file.scaler.check(file.columns.len())?;
        file.params.check().map_err(|error| Error::invalid("params", error.to_string()))?;
        let svr = Svr::from_file(&file.svr, file.params.kernel, file.columns.len())?;
        let predictor = ScaledSvr {
            imputer: file.impute,
            columns: file.columns,
            scaler: file.scaler,
            svr,
            params: file.params,
        };
        Ok(Self { info, predictor, provenance: file.provenance })
    }

    /// Reads a model file from a stream, at most [`SvrModel::MAX_BYTES`] of it.
    ///
    /// # Errors
    ///
    /// As [`SvrModel::from_bytes`], and [`Error::Io`].
    pub fn from_reader(reader: impl Read) -> Result<Self> {
        Self::from_bytes(&bounded::read_stream(reader, Self::MAX_BYTES)?)
    }

    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// As [`SvrModel::from_bytes`], and [`Error::Io`] with the path.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_bytes(&bounded::read(path.as_ref(), Self::MAX_BYTES)?)
    }

    /// The model file. The same model gives the same bytes, and reading them gives an equal model.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for a model larger than [`SvrModel::MAX_BYTES`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let ScaledSvr { imputer, columns, scaler, svr, params } = &self.predictor;
        let file = File {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            version: self.info.version.clone(),
            output: self.info.output.clone(),
            inputs: self.info.inputs.clone(),
            impute: imputer.clone(),
            columns: columns.clone(),
            scaler: scaler.clone(),
            params: *params,
            svr: svr.to_file(),
            provenance: self.provenance.clone(),
        };
        format::to_json(&file, Self::MAX_BYTES)
    }

    /// Writes the model file.
    ///
    /// # Errors
    ///
    /// As [`SvrModel::to_bytes`], and [`Error::Io`] with the path.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        format::save(path.as_ref(), &self.to_bytes()?)
    }

    /// Names of the features that a row holds, in order.
    #[must_use]
    pub fn inputs(&self) -> &[String] {
        &self.info.inputs
    }

    /// Name and number of the model.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.info.version
    }

    /// Range and wording of the score.
    #[must_use]
    pub fn output(&self) -> &OutputRange {
        &self.info.output
    }

    /// Where the model comes from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Scaling and regression, whose scores are not clamped.
    #[must_use]
    pub fn predictor(&self) -> &ScaledSvr {
        &self.predictor
    }

    /// Checks that features of these names, in this order, are what the model takes.
    ///
    /// # Errors
    ///
    /// [`Error::LayoutMismatch`] with the first difference.
    pub fn check_inputs<S: AsRef<str>>(&self, names: &[S]) -> Result<()> {
        format::check_names(&self.info.inputs, names)
    }

    /// The score of one video, clamped to [`SvrModel::output`].
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for a row of another length; [`Error::NonFinite`] for a missing value where the model
    /// does not fill it in, and for a value out of all proportion to those of training.
    pub fn predict(&self, row: &[f64]) -> Result<f64> {
        Ok(self.predictor.predict(row)?.clamp(self.info.output.min, self.info.output.max))
    }
}

impl Regressor for SvrModel {
    fn inputs(&self) -> usize {
        self.info.inputs.len()
    }

    fn predict(&self, row: &[f64]) -> Result<f64> {
        Self::predict(self, row)
    }
}
