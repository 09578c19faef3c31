//! Features of videos by a network, for regressions of one's own.

use std::fmt;
use std::path::Path;

use dream_data::{FrameSource, OpenOptions, name_of, open};
use dream_features::Recipe;
use dream_models::deep::candle_core::{Device, Error as TensorError, Tensor};
use dream_models::deep::features::{FeatureSet, Warning, over_video};

use crate::encoded::Encoded;
use crate::error::{Error, Result};
use crate::methods::network::towers::{self, Statistic, Tower};
use crate::options::{Looks, Options, SetLooks};
use crate::passes;

/// Makes features of videos by a network. It can be shared by threads, and a clone is cheap.
///
/// ```no_run
/// use score_video::{Encoder, Looks, Options};
///
/// let encoder = Encoder::clip_vit("clip-vit-b16.safetensors", &Looks::default(), &Options::default())?;
/// let features = encoder.pooled(&encoder.encode_file("clip.mp4")?)?;
/// assert_eq!(features.len(), encoder.names().len());
/// # Ok::<(), score_video::Error>(())
/// ```
#[derive(Clone)]
pub struct Encoder {
    tower: Tower,
    open: OpenOptions,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("recipe", &self.tower.recipe).field("open", &self.open).finish()
    }
}

impl Encoder {
    /// An image tower of CLIP from a safetensors file of any publisher: ViT-B/16, B/32 or L/14. Of the options, those for
    /// reading files and faces count.
    ///
    /// # Errors
    /// [`Error::Weights`](crate::Error::Weights) for a file that is no such tower and a block that it does not have,
    /// [`Error::Options`](crate::Error::Options) for options that do not go together.
    pub fn clip_vit(path: impl AsRef<Path>, looks: &Looks, options: &Options) -> Result<Self> {
        let tower = towers::clip_vit(path.as_ref(), looks, options)?;
        Ok(Self { tower, open: options.open.clone() })
    }

    /// The network of a checkpoint, which says what it looks at.
    ///
    /// # Errors
    /// As [`Encoder::clip_vit`].
    pub fn checkpoint(path: impl AsRef<Path>, options: &Options) -> Result<Self> {
        let tower = towers::checkpoint(path.as_ref(), options)?;
        Ok(Self { tower, open: options.open.clone() })
    }

    /// The network of a deep feature set of the benchmark, from a safetensors file of any publisher or of a training: its features
    /// of a video are means over the frames, and then standard deviations.
    ///
    /// # Errors
    /// As [`Encoder::clip_vit`].
    pub fn feature_set(
        path: impl AsRef<Path>,
        set: FeatureSet,
        looks: &SetLooks,
        options: &Options,
    ) -> Result<Self> {
        let tower = towers::feature_set(path.as_ref(), set, looks, options)?;
        Ok(Self { tower, open: options.open.clone() })
    }

    /// What to know about the file of the weights, a line each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.tower.notes
    }

    /// Names of the features, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.tower.names
    }

    /// The features of a video by their [`names`](Self::names), from what was made of its frames: the mean over them, for a feature
    /// set also the deviation, which is 0 for one frame (see [`Encoded::warnings`]).
    ///
    /// # Errors
    /// [`Error::Network`] for frames with different numbers of features, which no network gives.
    pub fn pooled(&self, found: &Encoded) -> Result<Vec<f64>> {
        if self.tower.statistic == Statistic::Mean {
            return Ok(found.mean());
        }
        let width = found.features.first().map_or(0, Vec::len);
        let tensor = |cause: TensorError| Error::from(dream_models::Error::from(cause));
        let all = Tensor::from_vec(found.features.concat(), (found.features.len(), width), &Device::Cpu);
        let values = over_video(&all.map_err(tensor)?)?.values.to_vec1::<f32>().map_err(tensor)?;
        Ok(values.into_iter().map(f64::from).collect())
    }

    /// How the features of a video are made: what a model that learns from it should state.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.tower.recipe
    }

    /// What the network makes of the frames of a video: a file, a folder of images, or `-` for the standard input.
    ///
    /// # Errors
    /// As [`Scorer::score_file`](crate::Scorer::score_file).
    pub fn encode_file(&self, path: impl AsRef<Path>) -> Result<Encoded> {
        let path = path.as_ref();
        self.encode_reopened(&name_of(path), &mut || open(path, &self.open))
    }

    /// The same of the video `name`, which `open` opens once for every pass over it.
    ///
    /// # Errors
    /// As [`Scorer::score_reopened`](crate::Scorer::score_reopened).
    pub fn encode_reopened(
        &self,
        name: &str,
        open: &mut dyn FnMut() -> dream_data::Result<Box<dyn FrameSource>>,
    ) -> Result<Encoded> {
        let mut found = passes::encode(&self.tower.network, name, open)?;
        if self.tower.statistic == Statistic::MeanStd && found.features.len() == 1 {
            found.warnings.push(Warning::OneFrame.to_string());
        }
        Ok(found)
    }
}
