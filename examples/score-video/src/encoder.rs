//! Features of videos by a network, for regressions of one's own.

use std::fmt;
use std::path::Path;

use dream_data::{FrameSource, OpenOptions, name_of, open};
use dream_features::Recipe;

use crate::encoded::Encoded;
use crate::error::Result;
use crate::methods::network::towers::{self, Tower};
use crate::options::{Looks, Options};
use crate::passes;

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

    /// Names of the features, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.tower.names
    }

    /// How the mean over the frames of a video is made: what a model that learns from it should state.
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
        passes::encode(&self.tower.network, name, open)
    }
}
