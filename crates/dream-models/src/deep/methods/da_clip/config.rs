use serde::{Deserialize, Serialize};

use crate::deep::backbones::swin_v2;
use crate::deep::input::Input;
use crate::deep::layers::Ddof;
use crate::deep::text::clip;
use crate::preprocess::Preprocess;
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
    pub text: Option<clip::Config>,
    /// Width of the representations that frames and sentences share.
    pub dim: usize,
    /// Order of pooling and projection.
    pub order: Order,
    /// Divisor of the standard deviation over frames.
    pub ddof: Ddof,
}

impl Default for Config {
    fn default() -> Self {
        let text = clip::Config::default();
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
            text: Some(clip::Config::vit_b32()),
            dim: 512,
            ..Self::default()
        }
    }

    /// What the network looks at where nothing else is said: every sixth frame, the face, at the size of the visual
    /// encoder.
    #[must_use]
    pub fn input(&self) -> Input {
        let [size, _] = self.visual.img_size;
        Input { pixels: Preprocess { size, ..Preprocess::default() }, ..Input::default() }
    }

    /// Blocks between a parameter and the top of its tower: see [`swin_v2::Config::depth_of`]. The heads are the top.
    #[must_use]
    pub fn depth_of(&self, parameter: &str) -> u32 {
        let text = parameter.strip_prefix("text.").zip(self.text.as_ref());
        let visual = || parameter.strip_prefix("visual.").map_or(0, |name| self.visual.depth_of(name));
        text.map_or_else(visual, |(name, text)| text.depth_of(name))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_count_from_the_top() {
        let config = Config::paper();
        for (name, expected) in [
            ("regressor.weight", 0),
            ("visual.norm.weight", 0),
            ("visual.layers.3.blocks.1.mlp.fc1.weight", 1),
            ("visual.layers.3.downsample.norm.weight", 2),
            ("visual.layers.0.blocks.0.attn.qkv.weight", 24),
            ("visual.patch_embed.proj.weight", 25),
            ("text.text_model.encoder.layers.11.mlp.fc1.weight", 1),
            ("text.text_model.embeddings.token_embedding.weight", 13),
            ("text.text_projection.weight", 0),
        ] {
            assert_eq!(config.depth_of(name), expected, "{name}");
        }
    }
}
