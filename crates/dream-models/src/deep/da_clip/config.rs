use serde::{Deserialize, Serialize};

use crate::deep::layers::Ddof;
use crate::deep::{clip_text, swin_v2};
use crate::{Error, Result};

/// Whether frames are pooled before or after the projection to the shared width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Project the pooled features: what the paper describes.
    #[default]
    PoolThenProject,
    /// Pool projected features. The mean is the same, the standard deviation is not.
    ProjectThenPool,
}

/// Shape of a [`DaClip`](super::DaClip), and what its paper leaves open.
///
/// [`Config::default`] is a tiny one for tests and examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The encoder of frames.
    pub visual: swin_v2::Config,
    /// The encoder of sentences; `None` for a model that can only score.
    pub text: Option<clip_text::Config>,
    /// Width of the representations that frames and sentences share.
    pub dim: usize,
    /// Order of pooling and projection.
    pub order: Order,
    /// Divisor of the standard deviation over frames.
    pub ddof: Ddof,
}

impl Default for Config {
    fn default() -> Self {
        let text = clip_text::Config::default();
        Self {
            visual: swin_v2::Config::default(),
            dim: text.projection_dim,
            text: Some(text),
            order: Order::default(),
            ddof: Ddof::default(),
        }
    }
}

impl Config {
    /// The model of the paper: large Swin-V2 at 256x256, CLIP ViT-B/32's text tower, 512 shared dimensions.
    ///
    /// # Reference
    ///
    /// DREAM, arXiv 2510.10053.
    #[must_use]
    pub fn paper() -> Self {
        Self {
            visual: swin_v2::Config::large_w12to16_192to256(),
            text: Some(clip_text::Config::vit_b32()),
            dim: 512,
            ..Self::default()
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        if !(1..=65536).contains(&self.dim) {
            let expected = "between 1 and 65536";
            return Err(Error::InvalidConfig { field: "dim", value: self.dim as f64, expected });
        }
        if self.text.as_ref().is_some_and(|text| text.projection_dim != self.dim) {
            let expected = "the `projection_dim` of the text tower";
            return Err(Error::InvalidConfig { field: "dim", value: self.dim as f64, expected });
        }
        if self.visual.num_classes != 0 {
            let expected = "0: the regressor is the head";
            let value = self.visual.num_classes as f64;
            return Err(Error::InvalidConfig { field: "num_classes", value, expected });
        }
        Ok(())
    }
}
