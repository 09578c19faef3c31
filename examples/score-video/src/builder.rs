//! The builder of a scorer.

use std::path::PathBuf;

use dream_data::{OpenOptions, RelativeBox};

use crate::error::Result;
use crate::options::{NetworkOptions, Options};
use crate::scorer::Scorer;

impl Scorer {
    /// A scorer of other methods, models and options.
    pub fn builder() -> ScorerBuilder {
        ScorerBuilder::default()
    }
}

/// Collects [`Options`], and makes a [`Scorer`] of them.
///
/// ```
/// use score_video::Scorer;
///
/// let quick = Scorer::builder().method("brisque").level(0.5).build()?;
/// assert_eq!(quick.about().model, "brisque-ugc-1");
/// let unknown = Scorer::builder().method("guess").build().unwrap_err();
/// assert!(unknown.to_string().contains("there is no such method"));
/// # Ok::<(), score_video::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ScorerBuilder {
    options: Options,
}

impl ScorerBuilder {
    /// Name of the method: one of [`methods`](crate::methods).
    pub fn method(mut self, name: impl Into<String>) -> Self {
        self.options.method = Some(name.into());
        self
    }

    /// A checkpoint of a network: its JSON file; for `face-blend` the safetensors file of a CLIP ViT-B/16. Needs the feature
    /// `deep`.
    pub fn weights(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.weights = Some(path.into());
        self
    }

    /// A head of `face-blend` from `train-face-blend`, instead of the embedded one.
    pub fn head(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.network.head = Some(path.into());
        self
    }

    /// The original whose versions are scored, for `face-blend`: every score then has a difference to it. It is scored when
    /// the scorer is built.
    pub fn reference(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.network.reference = Some(path.into());
        self
    }

    /// A model file from `train-quality-model`, instead of the embedded one.
    pub fn model(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.model = Some(path.into());
        self
    }

    /// Probability that the interval holds the score that people would give, 0.5 to 0.99 (default: 0.9).
    pub fn level(mut self, level: f64) -> Self {
        self.options.level = Some(level);
        self
    }

    /// Look at every `n`-th frame, with a method that leaves the choice.
    pub fn every(mut self, n: u64) -> Self {
        self.options.every = Some(n);
        self
    }

    /// Look at so many frames a second, with a method that leaves the choice.
    pub fn per_second(mut self, frames: f64) -> Self {
        self.options.per_second = Some(frames);
        self
    }

    /// Look only inside this part of the frames.
    pub fn crop(mut self, area: RelativeBox) -> Self {
        self.options.crop = Some(area);
        self
    }

    /// Score luma alone with a method that looks at colour. Such a score carries a warning; without this it is
    /// [`Error::LumaOnly`](crate::Error::LumaOnly).
    pub fn luma_only(mut self, allowed: bool) -> Self {
        self.options.luma_only = allowed;
        self
    }

    /// Give [`Score::details`](crate::Score::details) too: what the score was made of, for whoever explains it. A network with
    /// descriptions is then loaded with its text tower, which scores do not need.
    pub fn details(mut self, wanted: bool) -> Self {
        self.options.details = wanted;
        self
    }

    /// How files are opened.
    pub fn open_options(mut self, options: OpenOptions) -> Self {
        self.options.open = options;
        self
    }

    /// Options of networks.
    pub fn network(mut self, options: NetworkOptions) -> Self {
        self.options.network = options;
        self
    }

    /// The scorer.
    ///
    /// # Errors
    /// [`Error::Options`](crate::Error::Options) for options that are unknown, out of range, or do not go together;
    /// [`Error::ModelFile`](crate::Error::ModelFile) and [`Error::Weights`](crate::Error::Weights) for files that cannot
    /// be used; [`Error::Reference`](crate::Error::Reference) for an original that has no score.
    pub fn build(self) -> Result<Scorer> {
        Scorer::new(&self.options)
    }
}

impl From<Options> for ScorerBuilder {
    fn from(options: Options) -> Self {
        Self { options }
    }
}
