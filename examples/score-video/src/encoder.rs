//! Features of videos by a network, for regressions of one's own.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use dream_data::{FrameSource, OpenOptions, name_of, open};
use dream_features::Recipe;
use dream_models::deep::input::FramePlan;

use crate::error::Result;
use crate::methods::Method;
use crate::methods::network::towers;
use crate::options::Options;
use crate::passes;
use crate::score::{Face, Video};

/// Makes features of videos by a network. It can be shared by threads, and a clone is cheap.
///
/// ```no_run
/// use score_video::{Encoder, Looks, Options};
///
/// let encoder = Encoder::clip_vit("clip-vit-b16.safetensors", &Looks::default(), &Options::default())?;
/// let features = encoder.encode_file("clip.mp4")?.mean();
/// assert_eq!(features.len(), encoder.names().len());
/// # Ok::<(), score_video::Error>(())
/// ```
#[derive(Clone)]
pub struct Encoder {
    pub(crate) network: Arc<dyn Method>,
    pub(crate) names: Arc<[String]>,
    pub(crate) recipe: Recipe,
    pub(crate) open: OpenOptions,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("recipe", &self.recipe).field("open", &self.open).finish()
    }
}

/// What a tower looks at.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Looks {
    /// The block whose tokens are averaged, counted from 1. Default: 8, where traces of a pasted face are best to be seen.
    pub block: usize,
    /// Which frames. Default: the middle frames of eight equal parts.
    pub frames: FramePlan,
    /// The whole frame, instead of the face. Default: no.
    pub whole_frame: bool,
}

impl Default for Looks {
    fn default() -> Self {
        Self { block: 8, frames: FramePlan::Centres { n: 8 }, whole_frame: false }
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
        towers::clip_vit(path.as_ref(), looks, options)
    }

    /// The network of a checkpoint, which says what it looks at.
    ///
    /// # Errors
    /// As [`Encoder::clip_vit`].
    pub fn checkpoint(path: impl AsRef<Path>, options: &Options) -> Result<Self> {
        towers::checkpoint(path.as_ref(), options)
    }

    /// Names of the features, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How the mean over the frames of a video is made: what a model that learns from it should state.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
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
        passes::encode(&self.network, name, open)
    }
}

/// What a network made of the frames of a video.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Encoded {
    /// Features of each frame that it looked at, in order.
    pub features: Vec<Vec<f32>>,
    /// When those frames are shown, in seconds.
    pub times: Vec<f64>,
    /// The part that was taken for the face.
    pub face: Face,
    /// What makes the features less firm.
    pub warnings: Vec<String>,
    /// The video.
    pub video: Video,
    /// The damage that ended it early.
    pub damage: Option<String>,
}

impl Encoded {
    /// The mean over the frames, of which there is at least one.
    #[must_use]
    pub fn mean(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.features.first().map_or(0, Vec::len)];
        for frame in &self.features {
            sums.iter_mut().zip(frame).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let frames = self.features.len().max(1) as f64;
        sums.into_iter().map(|sum| sum / frames).collect()
    }
}
