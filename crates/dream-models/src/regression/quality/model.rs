use super::{Grade, ScaledEnsemble};
use crate::regression::{
    Calibration, Model, ModelInfo, OutputRange, Prediction, Provenance, Regressor, format,
};
use crate::{Error, Result};

/// A trained [`ScaledEnsemble`] with its feature names and their recipe, output range, calibration and provenance.
///
/// ```
/// use dream_models::regression::QualityModel;
///
/// # fn main() -> dream_models::Result<()> {
/// let model = QualityModel::embedded()?;
/// assert_eq!(model.inputs()[0], "videval60.brisque.s1.aggd_v.left_variance.mean");
///
/// // A vector is its recipe, names and values. dream-features gives all three; these values are made up.
/// let recipe = "extractor=videval60 version=1 ties=plain flat_areas=literal undefined=kept frames=own pooling=own \
///               pixels=color source=whole";
/// let values = [0.3; 60];
/// assert!((1.0..=5.0).contains(&model.predict((recipe, model.inputs(), &values[..]))?.score));
///
/// // A vector that was made in another way is an error that says what differs.
/// let gray = recipe.replace("pixels=color", "pixels=luma");
/// let error = model.predict((&gray[..], model.inputs(), &values[..])).unwrap_err().to_string();
/// assert!(error.contains("made with pixels=luma, but the model was trained on pixels=color"), "{error}");
///
/// // So is another layout.
/// let mut names = model.inputs().to_vec();
/// names.swap(0, 1);
/// let error = model.predict((recipe, &names[..], &values[..])).unwrap_err().to_string();
/// assert!(error.starts_with("feature 0 is `videval60.brisque.s2.aggd_h.left_variance.mean`"), "{error}");
/// # Ok(())
/// # }
/// ```
pub type QualityModel = Model<ScaledEnsemble, Calibration>;

/// The committed weights. `train-quality-model` writes these files.
const VIDEVAL60: &[u8] = include_bytes!("../../../assets/videval60-ugc-1.json");
const BRISQUE: &[u8] = include_bytes!("../../../assets/brisque-ugc-1.json");

/// Models of ensembles, [`QualityModel`].
impl Model<ScaledEnsemble, Calibration> {
    /// Level of the intervals that [`QualityModel::predict`] gives.
    pub const LEVEL: f64 = 0.9;

    /// The model that ships in this crate: 60 VIDEVAL features of a video to a mean opinion score on 1..=5.
    ///
    /// It learned from tables of the original MATLAB code, so it wants the features in that form: luma and chroma, rounding
    /// noise of flat areas and ties as they come, undefined values as NaN (`Videval60::release()` in dream-features). A
    /// video of less than about a second has too few of them: see [`QualityModel::embedded_brisque`].
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
    /// [`Model::for_images`] makes it a model for single images. It wants the luma of video: for pictures stored as RGB,
    /// dream-features has `Frame::with_studio_luma`.
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
    /// calibration of another predictor, for a recipe that is not one, and for an output range that is not a range.
    pub fn new(
        info: ModelInfo,
        predictor: ScaledEnsemble,
        calibration: Calibration,
        provenance: Provenance,
    ) -> Result<Self> {
        format::check_info(&info)?;
        format::check_length("inputs", "inputs", info.inputs.len(), predictor.inputs())?;
        format::check_calibration(&calibration, &predictor)?;
        Ok(Self { info, predictor, calibration, provenance })
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

    /// The score of one video from its feature vector (recipe, names and values, such as a `&FeatureVector` of
    /// dream-features), with an interval of [`QualityModel::LEVEL`] and the distance from the training rows.
    ///
    /// The recipe is checked first, then the names and their order. Finite and within [`QualityModel::output`] for every
    /// finite row. The bytes of the result are the same on every machine. Where the model fills in missing values, NaN and
    /// infinities count as missing.
    ///
    /// # Errors
    ///
    /// [`Error::RecipeMismatch`] for a vector that was made in another way than those of the training,
    /// [`Error::NoRecipe`] for a model that does not state that way, [`Error::LayoutMismatch`] for other features;
    /// otherwise as [`QualityModel::predict_raw`].
    pub fn predict<'a>(&self, vector: impl Into<(&'a str, &'a [String], &'a [f64])>) -> Result<Prediction> {
        self.predict_at(vector, Self::LEVEL)
    }

    /// As [`QualityModel::predict`], with an interval of another level.
    ///
    /// # Errors
    ///
    /// As [`QualityModel::predict`]; [`Error::InvalidConfig`] for a level outside [`Calibration::levels`].
    pub fn predict_at<'a>(
        &self,
        vector: impl Into<(&'a str, &'a [String], &'a [f64])>,
        level: f64,
    ) -> Result<Prediction> {
        self.predict_raw_at(self.checked(vector.into())?, level)
    }

    /// The score of a bare row, in the order of [`QualityModel::inputs`].
    ///
    /// Nothing says how the row was made, so nothing is checked but its length: gray features of a colour model, another
    /// sampling or another option of the extractor give another score without a sign. Where there is a recipe, call
    /// [`QualityModel::predict`].
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for a row of another length; [`Error::NonFinite`] with the name of the feature that is a
    /// NaN or an infinity where the model does not fill in missing values, [`Error::TooManyMissing`] where it does, but
    /// more are missing than a training row missed: the video is too short for these features.
    pub fn predict_raw(&self, row: &[f64]) -> Result<Prediction> {
        self.predict_raw_at(row, Self::LEVEL)
    }

    /// As [`QualityModel::predict_raw`], with an interval of another level.
    ///
    /// ```
    /// use dream_models::regression::QualityModel;
    ///
    /// # fn main() -> dream_models::Result<()> {
    /// let model = QualityModel::embedded_brisque()?;
    /// let row = vec![0.5; 36];
    /// let (often, seldom) = (model.predict_raw_at(&row, 0.95)?, model.predict_raw_at(&row, 0.5)?);
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
    /// As [`QualityModel::predict_raw`]; [`Error::InvalidConfig`] for a level outside [`Calibration::levels`].
    pub fn predict_raw_at(&self, row: &[f64], level: f64) -> Result<Prediction> {
        let (found, most) = (self.gaps(row)?, self.calibration.most_missing());
        if found > most {
            return Err(Error::TooManyMissing { found, inputs: row.len(), most });
        }
        self.judge(&self.calibration, row, level)
    }

    /// [`QualityModel::check_inputs`] and [`QualityModel::predict_raw`] in one call, for features that come with their names
    /// but without a recipe, such as those of a table. The recipe is not checked.
    ///
    /// # Errors
    ///
    /// As both.
    pub fn predict_named<S: AsRef<str>>(&self, names: &[S], row: &[f64]) -> Result<Prediction> {
        self.check_inputs(names)?;
        self.predict_raw(row)
    }
}

impl Regressor for QualityModel {
    fn inputs(&self) -> usize {
        self.info.inputs.len()
    }

    /// As [`QualityModel::predict_raw`].
    fn predict(&self, row: &[f64]) -> Result<f64> {
        Ok(self.predict_raw(row)?.score)
    }
}
