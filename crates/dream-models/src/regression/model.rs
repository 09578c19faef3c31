use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Grade, Provenance, Regressor, ScaledEnsemble, format};
use crate::{Error, Result};

/// What a model is called, what it takes and what it gives.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// Name and number, such as `brisque-ugc-1`. Another number for every change of a score.
    pub version: String,
    /// Names of the features, in the order of the rows.
    pub inputs: Vec<String>,
    /// Range and wording of the score.
    pub output: OutputRange,
}

/// Range and wording of a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputRange {
    /// Smallest score.
    pub min: f64,
    /// Largest score.
    pub max: f64,
    /// The scale in words.
    pub scale: String,
    /// What the score measures, in words.
    pub meaning: String,
}

/// A trained regression with its feature names, scaling, output range and provenance.
///
/// ```
/// use dream_models::regression::QualityModel;
///
/// # fn main() -> dream_models::Result<()> {
/// let model = QualityModel::embedded()?;
/// assert_eq!(model.inputs()[0], "brisque.s1.ggd.shape.mean");
///
/// // Another layout is an error that names the first difference.
/// let mut names = model.inputs().to_vec();
/// names.swap(0, 1);
/// let error = model.check_inputs(&names).unwrap_err().to_string();
/// assert!(error.starts_with("feature 0 is `brisque.s1.ggd.variance.mean`"), "{error}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct QualityModel {
    info: ModelInfo,
    predictor: ScaledEnsemble,
    provenance: Provenance,
}

/// The committed weights. `train-quality-model` writes this file.
const EMBEDDED: &[u8] = include_bytes!("../../assets/brisque-ugc-1.json");

impl QualityModel {
    /// Largest model file that is read, in bytes.
    pub const MAX_BYTES: usize = format::MAX_BYTES;

    /// The model that ships in this crate: 36 BRISQUE features of a video to a mean opinion score on 1..=5.
    ///
    /// It costs well under a millisecond; keep the value where many videos are scored.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] if the crate was built from damaged files.
    pub fn embedded() -> Result<Self> {
        Self::from_bytes(EMBEDDED)
    }

    /// A model from its parts, which come from a training.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for names that are empty or repeated or do not match the predictor in number, and
    /// for an output range that is not a range.
    pub fn new(info: ModelInfo, predictor: ScaledEnsemble, provenance: Provenance) -> Result<Self> {
        format::check_info(&info)?;
        format::check_length("inputs", "inputs", info.inputs.len(), predictor.inputs())?;
        Ok(Self { info, predictor, provenance })
    }

    /// Reads a model file from memory.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedFormat`] for a file of another format or version; [`Error::InvalidModel`] for anything
    /// damaged, truncated, unknown or contradictory, and for more than [`QualityModel::MAX_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (info, predictor, provenance) = format::read(bytes)?;
        Ok(Self { info, predictor, provenance })
    }

    /// Reads a model file from a stream, at most [`QualityModel::MAX_BYTES`] of it.
    ///
    /// # Errors
    ///
    /// As [`QualityModel::from_bytes`], and [`Error::Io`].
    pub fn from_reader(reader: impl Read) -> Result<Self> {
        Self::from_bytes(&format::read_stream(reader, None, Self::MAX_BYTES)?)
    }

    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// As [`QualityModel::from_bytes`], and [`Error::Io`] with the path.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_bytes(&format::load(path.as_ref(), Self::MAX_BYTES)?)
    }

    /// The model file. The same model gives the same bytes, and reading them gives an equal model.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for a model larger than [`QualityModel::MAX_BYTES`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        format::write(&self.info, &self.predictor, &self.provenance)
    }

    /// Writes the model file.
    ///
    /// # Errors
    ///
    /// As [`QualityModel::to_bytes`], and [`Error::Io`] with the path.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        format::save(path.as_ref(), &self.to_bytes()?)
    }

    /// Names of the features that a row holds, in order.
    #[must_use]
    pub fn inputs(&self) -> &[String] {
        &self.info.inputs
    }

    /// Name and number of the model, such as `brisque-ugc-1`.
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

    /// The grade nearest to a score of this model; `None` for a model whose scores are not on 1..=5.
    #[must_use]
    pub fn grade(&self, score: f64) -> Option<Grade> {
        let OutputRange { min, max, .. } = self.info.output;
        if min == 1.0 && max == 5.0 { Grade::of(score) } else { None }
    }

    /// Checks that features of these names, in this order, are what the model takes.
    ///
    /// # Errors
    ///
    /// [`Error::LayoutMismatch`] with the first difference.
    pub fn check_inputs<S: AsRef<str>>(&self, names: &[S]) -> Result<()> {
        format::check_names(&self.info.inputs, names)
    }

    /// The score of one video from its features, in the order of [`QualityModel::inputs`].
    ///
    /// Finite and within [`QualityModel::output`] for every finite row. The bytes of the result are the same on
    /// every machine.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for a row of another length, [`Error::NonFinite`] with the name of the feature
    /// that is a NaN or an infinity.
    pub fn predict(&self, row: &[f64]) -> Result<f64> {
        if row.len() == self.info.inputs.len() {
            let mut named = row.iter().zip(&self.info.inputs);
            if let Some((&value, name)) = named.find(|(value, _)| !value.is_finite()) {
                return Err(Error::NonFinite { name: name.clone(), value });
            }
        }
        let OutputRange { min, max, .. } = self.info.output;
        Ok(self.predictor.predict(row)?.clamp(min, max))
    }

    /// [`QualityModel::check_inputs`] and [`QualityModel::predict`] in one call.
    ///
    /// # Errors
    ///
    /// As both.
    pub fn predict_named<S: AsRef<str>>(&self, names: &[S], row: &[f64]) -> Result<f64> {
        self.check_inputs(names)?;
        self.predict(row)
    }
}

impl Regressor for QualityModel {
    fn inputs(&self) -> usize {
        self.info.inputs.len()
    }

    fn predict(&self, row: &[f64]) -> Result<f64> {
        Self::predict(self, row)
    }
}
