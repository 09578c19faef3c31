use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::format;
use crate::Result;

/// What a model is called, what it takes and what it gives.
///
/// ```
/// use dream_models::regression::ModelInfo;
///
/// let info = ModelInfo::new("noise-1", ["sharpness", "noise"], 1.0..=5.0)
///     .with_recipe("extractor=own version=1 frames=all pooling=mean pixels=luma source=whole");
/// assert_eq!((info.output.max, info.output.scale.as_str()), (5.0, "1 to 5"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// Name and number, such as `videval60-ugc-1`. Another number for every change of a score.
    pub version: String,
    /// How the feature vectors of the training were made, as `key=value` words with spaces between; the recipe that
    /// dream-features gives with a vector. Vectors of another recipe are refused.
    pub recipe: Option<String>,
    /// Names of the features, in the order of the rows.
    pub inputs: Vec<String>,
    /// Range and wording of the score.
    pub output: OutputRange,
}

impl ModelInfo {
    /// What every model must state; no recipe.
    pub fn new(
        version: impl Into<String>,
        inputs: impl IntoIterator<Item = impl Into<String>>,
        output: impl Into<OutputRange>,
    ) -> Self {
        let inputs = inputs.into_iter().map(Into::into).collect();
        Self { version: version.into(), recipe: None, inputs, output: output.into() }
    }

    /// Checks what every model checks when it is made, for programs that want to know before a long training.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`](crate::Error::InvalidModel) for names that are empty or repeated, for a recipe that is not
    /// `key=value` words, and for an output range that is not a range.
    pub fn check(&self) -> Result<()> {
        format::check_info(self)
    }

    /// With the recipe of the vectors that the model learned from.
    #[must_use]
    pub fn with_recipe(mut self, recipe: impl Into<String>) -> Self {
        self.recipe = Some(recipe.into());
        self
    }
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

impl From<RangeInclusive<f64>> for OutputRange {
    /// A range in plain words: `1 to 5`, a score.
    fn from(range: RangeInclusive<f64>) -> Self {
        let (min, max) = range.into_inner();
        Self { min, max, scale: format!("{min} to {max}"), meaning: "a score".to_owned() }
    }
}
