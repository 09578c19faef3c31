use std::io::Read;
use std::path::Path;

use super::{Calibration, Grade, Prediction, ScaledEnsemble, file};
use crate::regression::{Impute, ModelInfo, OutputRange, Provenance, Regressor, format};
use crate::{Error, Result, bounded};

/// A trained regression with its feature names, scaling, output range, calibration and provenance.
///
/// ```
/// use dream_models::regression::QualityModel;
///
/// # fn main() -> dream_models::Result<()> {
/// let model = QualityModel::embedded()?;
/// assert_eq!(model.inputs()[0], "videval60.brisque.s1.aggd_v.left_variance.mean");
///
/// // Another layout is an error that names the first difference.
/// let mut names = model.inputs().to_vec();
/// names.swap(0, 1);
/// let error = model.check_inputs(&names).unwrap_err().to_string();
/// assert!(error.starts_with("feature 0 is `videval60.brisque.s2.aggd_h.left_variance.mean`"), "{error}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct QualityModel {
    info: ModelInfo,
    predictor: ScaledEnsemble,
    calibration: Calibration,
    provenance: Provenance,
}

/// The committed weights. `train-quality-model` writes these files.
const VIDEVAL60: &[u8] = include_bytes!("../../../assets/videval60-ugc-1.json");
const BRISQUE: &[u8] = include_bytes!("../../../assets/brisque-ugc-1.json");

impl QualityModel {
    /// Largest model file that is read, in bytes.
    pub const MAX_BYTES: usize = file::MAX_BYTES;

    /// Level of the intervals that [`QualityModel::predict`] gives.
    pub const LEVEL: f64 = 0.9;

    /// The model that ships in this crate: 60 VIDEVAL features of a video to a mean opinion score on 1..=5.
    ///
    /// It learned from tables of the original MATLAB code, so it wants the features in that form: rounding noise of flat
    /// areas and ties as they come, undefined values as NaN (`Videval60 { ties: Ties::Plain, flat_areas:
    /// FlatAreas::Literal, keep_undefined: true }` in dream-features). A video of less than about a second has too few of
    /// them: see [`QualityModel::embedded_brisque`].
    ///
    /// It costs a few milliseconds; keep the value where many videos are scored.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] if the crate was built from damaged files.
    pub fn embedded() -> Result<Self> {
        Self::from_bytes(VIDEVAL60)
    }

    /// The small model that ships beside it: 36 BRISQUE features, the mean over one frame a second, to the same scale.
    ///
    /// Its features cost a tenth of the others, and one frame is enough; it agrees with people clearly less.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] if the crate was built from damaged files.
    pub fn embedded_brisque() -> Result<Self> {
        Self::from_bytes(BRISQUE)
    }

    /// A model from its parts, which come from a training.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for names that are empty or repeated or do not match the predictor in number, for a
    /// calibration of another predictor, and for an output range that is not a range.
    pub fn new(
        info: ModelInfo,
        predictor: ScaledEnsemble,
        calibration: Calibration,
        provenance: Provenance,
    ) -> Result<Self> {
        format::check_info(&info)?;
        format::check_length("inputs", "inputs", info.inputs.len(), predictor.inputs())?;
        let width = predictor.scaler.outputs();
        format::check_length("calibration", "whitening", calibration.width(), width)?;
        Ok(Self { info, predictor, calibration, provenance })
    }

    /// Reads a model file from memory.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedFormat`] for a file of another format or version; [`Error::InvalidModel`] for anything
    /// damaged, truncated, unknown or contradictory, and for more than [`QualityModel::MAX_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (info, predictor, calibration, provenance) = file::read(bytes)?;
        Ok(Self { info, predictor, calibration, provenance })
    }

    /// Reads a model file from a stream, at most [`QualityModel::MAX_BYTES`] of it.
    ///
    /// # Errors
    ///
    /// As [`QualityModel::from_bytes`], and [`Error::Io`].
    pub fn from_reader(reader: impl Read) -> Result<Self> {
        Self::from_bytes(&bounded::read_stream(reader, Self::MAX_BYTES)?)
    }

    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// As [`QualityModel::from_bytes`], and [`Error::Io`] with the path.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_bytes(&bounded::read(path.as_ref(), Self::MAX_BYTES)?)
    }

    /// The model file. The same model gives the same bytes, and reading them gives an equal model.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for a model larger than [`QualityModel::MAX_BYTES`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        file::write(&self.info, &self.predictor, &self.calibration, &self.provenance)
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

    /// Name and number of the model, such as `videval60-ugc-1`.
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

    /// How intervals and familiarity were measured.
    #[must_use]
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
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

    /// The score of one video from its features, in the order of [`QualityModel::inputs`], with an interval of
    /// [`QualityModel::LEVEL`] and the distance from the training rows.
    ///
    /// Finite and within [`QualityModel::output`] for every finite row. The bytes of the result are the same on
    /// every machine. Where the model fills in missing values, NaN and infinities count as missing.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for a row of another length; [`Error::NonFinite`] with the name of the feature that is a
    /// NaN or an infinity where the model does not fill in missing values, [`Error::TooManyMissing`] where it does, but
    /// more are missing than a training row missed: the video is too short for these features.
    pub fn predict(&self, row: &[f64]) -> Result<Prediction> {
        self.predict_at(row, Self::LEVEL)
    }

    /// As [`QualityModel::predict`], with an interval of another level.
    ///
    /// ```
    /// use dream_models::regression::QualityModel;
    ///
    /// # fn main() -> dream_models::Result<()> {
    /// let model = QualityModel::embedded_brisque()?;
    /// let row = vec![0.5; 36];
    /// let (often, seldom) = (model.predict_at(&row, 0.95)?, model.predict_at(&row, 0.5)?);
    /// assert_eq!(often.score, seldom.score);
    /// assert!(often.interval.low < seldom.interval.low && often.interval.high > seldom.interval.high);
    /// // Made-up numbers are no video.
    /// assert!(!often.familiarity.is_familiar());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`QualityModel::predict`]; [`Error::InvalidConfig`] for a level outside [`Calibration::levels`].
    pub fn predict_at(&self, row: &[f64], level: f64) -> Result<Prediction> {
        let most = self.calibration.most_missing();
        if row.len() == self.info.inputs.len() {
            let mut named = row.iter().zip(&self.info.inputs).filter(|(value, _)| !value.is_finite());
            if self.predictor.imputer.rule() == Impute::Error {
                if let Some((&value, name)) = named.next() {
                    return Err(Error::NonFinite { name: name.clone(), value });
                }
            } else {
                let found = named.count();
                if found > most {
                    return Err(Error::TooManyMissing { found, inputs: row.len(), most });
                }
            }
        }
        let OutputRange { min, max, .. } = self.info.output;
        let scaled = self.predictor.scaled(row)?;
        let (score, spread) = self.predictor.head.evaluate(&scaled);
        Ok(Prediction {
            score: score.clamp(min, max),
            interval: self.calibration.interval(level, score, spread, (min, max))?,
            familiarity: self.calibration.familiarity(row, &scaled),
        })
    }

    /// [`QualityModel::check_inputs`] and [`QualityModel::predict`] in one call.
    ///
    /// # Errors
    ///
    /// As both.
    pub fn predict_named<S: AsRef<str>>(&self, names: &[S], row: &[f64]) -> Result<Prediction> {
        self.check_inputs(names)?;
        self.predict(row)
    }
}

impl Regressor for QualityModel {
    fn inputs(&self) -> usize {
        self.info.inputs.len()
    }

    fn predict(&self, row: &[f64]) -> Result<f64> {
        Ok(Self::predict(self, row)?.score)
    }
}
