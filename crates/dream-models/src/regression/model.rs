use std::io::Read;
use std::path::Path;

use super::scored::Scored;
use super::{Calibration, Impute, ModelInfo, OutputRange, Prediction, Provenance, format, recipe};
use crate::{Error, Result, bounded};

/// A predictor with everything that a user of it must know, saved and loaded as one file: feature names, the recipe of the
/// features, output range, calibration and provenance.
///
/// Used by its names: [`QualityModel`](super::QualityModel) and [`SvrModel`](super::SvrModel).
#[derive(Debug, Clone, PartialEq)]
pub struct Model<P, C> {
    pub(super) info: ModelInfo,
    pub(super) predictor: P,
    pub(super) calibration: C,
    pub(super) provenance: Provenance,
}

/// The file format of a model; there is nothing to call here, see [`Model`].
pub trait ModelFile: Sized {
    /// Most bytes of a file.
    #[doc(hidden)]
    const MOST_BYTES: usize;

    #[doc(hidden)]
    fn read(bytes: &[u8]) -> Result<Self>;

    #[doc(hidden)]
    fn write(&self) -> Result<Vec<u8>>;
}

/// Files.
impl<P, C> Model<P, C>
where
    Self: ModelFile,
{
    /// Largest model file that is read or written, in bytes.
    pub const MAX_BYTES: usize = Self::MOST_BYTES;

    /// Reads a model file from memory.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedFormat`] for a file of another format or version; [`Error::InvalidModel`] for anything
    /// damaged, truncated, unknown or contradictory, and for more than `MAX_BYTES`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::read(bytes)
    }

    /// Reads a model file from a stream, at most `MAX_BYTES` of it.
    ///
    /// # Errors
    ///
    /// As [`Model::from_bytes`], and [`Error::Io`].
    pub fn from_reader(reader: impl Read) -> Result<Self> {
        Self::read(&bounded::read_stream(reader, Self::MAX_BYTES)?)
    }

    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// As [`Model::from_bytes`], and [`Error::Io`] with the path.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::read(&bounded::read(path.as_ref(), Self::MAX_BYTES)?)
    }

    /// The model file. The same model gives the same bytes, and reading them gives an equal model.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for a model larger than `MAX_BYTES`.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.write()
    }

    /// Writes the model file.
    ///
    /// # Errors
    ///
    /// As [`Model::to_bytes`], and [`Error::Io`] with the path.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        format::save(path.as_ref(), &self.to_bytes()?)
    }
}

/// What the model states.
impl<P, C> Model<P, C> {
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

    /// How the feature vectors of its training were made; `None` where the model does not say.
    #[must_use]
    pub fn recipe(&self) -> Option<&str> {
        self.info.recipe.as_deref()
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
    pub fn predictor(&self) -> &P {
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

    /// Checks that vectors made by this recipe are what the model learned from. The order of the words does not matter.
    ///
    /// # Errors
    ///
    /// [`Error::NoRecipe`] for a model that does not state its recipe; [`Error::RecipeMismatch`] with every key that
    /// differs, both values, and what to do about it.
    pub fn check_recipe(&self, recipe: &str) -> Result<()> {
        recipe::compare(&self.info.version, self.recipe(), recipe)
    }

    /// The same weights as a model for single images, if the features of a video were the means over its frames: the mean
    /// over one frame is the frame. Its inputs lack the ending `.mean`, and its recipe is that of an image.
    ///
    /// Intervals and familiarity stay those of the videos that the model learned from.
    ///
    /// ```
    /// use dream_models::regression::QualityModel;
    ///
    /// # fn main() -> dream_models::Result<()> {
    /// let model = QualityModel::embedded_brisque()?.for_images()?;
    /// assert_eq!(model.inputs()[0], "brisque.s1.ggd.shape");
    /// assert!(model.recipe().is_some_and(|recipe| recipe.contains("frames=one pooling=none")));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NoRecipe`] for a model that does not state its recipe; [`Error::InvalidInput`] for one whose features are
    /// no means over frames.
    pub fn for_images(self) -> Result<Self> {
        let video = self.recipe().ok_or_else(|| Error::NoRecipe { model: self.info.version.clone() })?;
        let inputs = self.info.inputs.iter().map(|name| name.strip_suffix(".mean").map(str::to_owned));
        let (Some(image), Some(inputs)) = (recipe::for_images(video), inputs.collect()) else {
            let reason = format!(
                "the features of {} are no means over frames, so one frame has none: take a model whose recipe has \
                 pooling=mean",
                self.info.version
            );
            return Err(Error::InvalidInput { argument: "model", reason });
        };
        let info = ModelInfo { recipe: Some(image), inputs, ..self.info };
        format::check_info(&info)?;
        Ok(Self { info, ..self })
    }

    /// Recipe first, then names and their order; what is left to predict is the row.
    pub(super) fn checked<'a>(
        &self,
        (recipe, names, row): (&'a str, &'a [String], &'a [f64]),
    ) -> Result<&'a [f64]> {
        self.check_recipe(recipe)?;
        self.check_inputs(names)?;
        Ok(row)
    }

    pub(super) fn clamped(&self, score: f64) -> f64 {
        score.clamp(self.info.output.min, self.info.output.max)
    }

    /// Number of missing values of a row of the right length.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] with the name of the first, where the model does not fill them in.
    pub(super) fn gaps(&self, row: &[f64]) -> Result<usize>
    where
        P: Scored,
    {
        if row.len() != self.info.inputs.len() {
            let (expected, found) = (self.info.inputs.len(), row.len());
            return Err(Error::LengthMismatch { argument: "row", expected, found });
        }
        let mut gaps = row.iter().zip(&self.info.inputs).filter(|(value, _)| !value.is_finite());
        if self.predictor.imputer().rule() == Impute::Error {
            return match gaps.next() {
                Some((&value, name)) => Err(Error::NonFinite { name: name.clone(), value }),
                None => Ok(0),
            };
        }
        Ok(gaps.count())
    }

    /// The score of a row with what `calibration` says about it.
    pub(super) fn judge(&self, calibration: &Calibration, row: &[f64], level: f64) -> Result<Prediction>
    where
        P: Scored,
    {
        let OutputRange { min, max, .. } = self.info.output;
        let scaled = self.predictor.scaled(row)?;
        let (score, spread) = self.predictor.evaluate(&scaled)?;
        Ok(Prediction {
            score: self.clamped(score),
            interval: calibration.interval(level, score, spread, (min, max))?,
            familiarity: calibration.familiarity(row, &scaled)?,
        })
    }
}
