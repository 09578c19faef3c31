//! Ordered, named features.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::recipe::Recipe;

/// The names of a feature vector, in order, and what each means in one line. Cheap to clone.
///
/// # Example
/// ```
/// use dream_features::{Brisque, FeatureLayout, ImageFeatures};
///
/// let brisque = Brisque::default();
/// let layout = brisque.layout();
/// assert_eq!(layout.len(), 36);
/// assert_eq!(layout.index("brisque.s2.ggd.shape"), Some(18));
/// assert_eq!(layout.meanings()[18], "shape of the generalised Gaussian fitted to the MSCN coefficients, half size");
/// assert!(FeatureLayout::new(["a", "a"]).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureLayout {
    names: Arc<[String]>,
    /// One per name; empty where no meaning is known.
    meanings: Arc<[String]>,
}

impl FeatureLayout {
    /// A layout of these names, without meanings.
    ///
    /// # Errors
    /// [`Error::Name`] when a name is empty or occurs twice.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<Self> {
        Self::described(names.into_iter().map(|name| (name, "")))
    }

    /// A layout of names, each with its meaning in one line.
    ///
    /// # Errors
    /// [`Error::Name`] when a name is empty or occurs twice.
    pub fn described<S: Into<String>, M: Into<String>>(
        features: impl IntoIterator<Item = (S, M)>,
    ) -> Result<Self> {
        let layout = Self::from_distinct(features);
        let mut seen = HashSet::new();
        for name in layout.names() {
            let reason = match (name.is_empty(), seen.insert(name.as_str())) {
                (true, _) => "is empty",
                (_, false) => "occurs twice",
                _ => continue,
            };
            return Err(Error::Name { name: name.clone(), reason });
        }
        Ok(layout)
    }

    /// A layout of names that are distinct by construction, with their meanings.
    pub(crate) fn from_distinct<S: Into<String>, M: Into<String>>(
        features: impl IntoIterator<Item = (S, M)>,
    ) -> Self {
        let features = features.into_iter().map(|(name, meaning)| (name.into(), meaning.into()));
        let (names, meanings): (Vec<String>, Vec<String>) = features.unzip();
        Self { names: names.into(), meanings: meanings.into() }
    }

    /// Names and meanings, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(String::as_str).zip(self.meanings.iter().map(String::as_str))
    }

    /// Number of features.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are no features.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What each feature means, in order: one line each, empty where no meaning is known.
    #[must_use]
    pub fn meanings(&self) -> &[String] {
        &self.meanings
    }

    /// Position of a name.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }
}

/// Feature values with their names, and how they were made.
///
/// A model takes it as it is: it becomes recipe, names and values, of which the model checks the first two.
///
/// # Example
/// ```
/// use dream_features::{Brisque, Frame, ImageFeatures};
///
/// let pixels: Vec<u8> = (0..64u32 * 48).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
/// let features = Brisque::default().extract(&Frame::luma((&pixels, 64, 48, 64))?)?;
/// let (recipe, names, values): (&str, &[String], &[f64]) = (&features).into();
/// assert!(recipe.starts_with("extractor=brisque version=1 flat_areas=snapped frames=one"));
/// assert_eq!((names[0].as_str(), values.len()), ("brisque.s1.ggd.shape", 36));
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureVector {
    recipe: Recipe,
    layout: FeatureLayout,
    values: Vec<f64>,
    replaced: usize,
    frames: u64,
    short: bool,
}

impl FeatureVector {
    /// Values in the order of `layout`, made by `recipe` from `frames` frames; `replaced` of them were undefined and
    /// are 0.
    ///
    /// # Errors
    /// [`Error::Length`] when the numbers of names and values differ.
    pub fn new(
        recipe: Recipe,
        layout: FeatureLayout,
        values: Vec<f64>,
        replaced: usize,
        frames: u64,
    ) -> Result<Self> {
        if layout.len() != values.len() {
            return Err(Error::Length { argument: "values", expected: layout.len(), found: values.len() });
        }
        Ok(Self { recipe, layout, values, replaced, frames, short: false })
    }

    /// Sets whether the video was too short for the reference.
    pub(crate) fn with_short(mut self, short: bool) -> Self {
        self.short = short;
        self
    }

    /// How the values were made.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The names.
    #[must_use]
    pub fn layout(&self) -> &FeatureLayout {
        &self.layout
    }

    /// The values, in the order of the names.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The value of one feature.
    ///
    /// # Errors
    /// [`Error::Name`] when the layout has no such feature.
    pub fn get(&self, name: &str) -> Result<f64> {
        let value = self.layout.index(name).and_then(|i| self.values.get(i));
        value.copied().ok_or_else(|| Error::Name { name: name.to_owned(), reason: "is not in the layout" })
    }

    /// The number of values, over all frames, that were undefined in the reference (NaN or infinite) and became 0.
    ///
    /// It is above 0 for constant frames, for example. A score from such features is less reliable than it looks.
    #[must_use]
    pub fn replaced(&self) -> usize {
        self.replaced
    }

    /// Number of frames that the values were computed from.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Whether the video was too short for the windows of the reference, so that one window over all frames was used.
    #[must_use]
    pub fn short(&self) -> bool {
        self.short
    }
}

/// Recipe, names and values: what models take.
impl<'a> From<&'a FeatureVector> for (&'a str, &'a [String], &'a [f64]) {
    fn from(vector: &'a FeatureVector) -> Self {
        (vector.recipe.as_str(), vector.layout.names(), &vector.values)
    }
}

/// As a recipe says whether undefined values stay.
pub(crate) const fn undefined(kept: bool) -> &'static str {
    if kept { "kept" } else { "zero" }
}

/// Replaces values that are not finite with 0 and returns their number.
pub(crate) fn sanitise(values: &mut [f64]) -> usize {
    let mut replaced = 0;
    for v in values.iter_mut().filter(|v| !v.is_finite()) {
        *v = 0.0;
        replaced += 1;
    }
    replaced
}
