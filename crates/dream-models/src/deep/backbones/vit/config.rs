use serde::{Deserialize, Serialize};

use crate::deep::layers::Activation;
use crate::deep::layers::transformer::Shape;
use crate::{Error, Result};

/// Added to the variance in every norm of every published CLIP.
const EPS: f64 = 1e-5;

/// Shape of a [`ClipVit`](super::ClipVit). [`Config::default`] is ViT-B/16.
///
/// ```
/// use dream_models::deep::backbones::vit::Config;
///
/// let config = Config::b16();
/// assert_eq!(config.patches(), 196);
/// let half = config.up_to(8);
/// assert_eq!((half.layers, half.projection), (8, None));
/// let json = serde_json::to_string(&half)?;
/// assert_eq!(serde_json::from_str::<Config>(&json)?, half);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Side of the square pictures in pixels.
    pub image_size: usize,
    /// Side of a patch in pixels; divides `image_size`.
    pub patch_size: usize,
    /// Width of a token inside the tower.
    pub width: usize,
    /// Blocks.
    pub layers: usize,
    /// Attention heads; divides `width`.
    pub heads: usize,
    /// Width of the hidden layer of a block.
    pub mlp_width: usize,
    /// Width of the representation of a picture, or `None` for a tower that ends with its last block: neither the last norm
    /// nor the projection is built.
    pub projection: Option<usize>,
    /// Activation of the blocks. A file does not tell it: OpenAI's models have the quick form, most of OpenCLIP's the exact
    /// one.
    #[serde(default)]
    pub activation: Activation,
}

impl Default for Config {
    fn default() -> Self {
        Self::b16()
    }
}

impl Config {
    /// OpenAI's CLIP ViT-B/16 at 224 pixels: 200 tensors, 86,192,640 parameters.
    ///
    /// # Reference
    ///
    /// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021.
    #[must_use]
    pub fn b16() -> Self {
        Self {
            image_size: 224,
            patch_size: 16,
            width: 768,
            layers: 12,
            heads: 12,
            mlp_width: 3072,
            projection: Some(512),
            activation: Activation::QuickGelu,
        }
    }

    /// OpenAI's CLIP ViT-B/32 at 224 pixels, the image tower beside
    /// [`text::clip::Config::vit_b32`](crate::deep::text::clip::Config::vit_b32).
    #[must_use]
    pub fn b32() -> Self {
        Self { patch_size: 32, ..Self::b16() }
    }

    /// OpenAI's CLIP ViT-L/14 at 224 pixels. With 336 as `image_size` it is ViT-L/14@336px.
    #[must_use]
    pub fn l14() -> Self {
        Self {
            patch_size: 14,
            width: 1024,
            layers: 24,
            heads: 16,
            mlp_width: 4096,
            projection: Some(768),
            ..Self::b16()
        }
    }

    /// The first blocks of the tower only, for those who look at tokens: without the last norm and the projection.
    #[must_use]
    pub fn up_to(&self, blocks: usize) -> Self {
        Self { layers: blocks, projection: None, ..self.clone() }
    }

    /// Patches of a picture; a token stands for each of them, after that of the class.
    #[must_use]
    pub fn patches(&self) -> usize {
        let side = self.image_size / self.patch_size.max(1);
        side.saturating_mul(side)
    }

    /// Blocks between a parameter and the top of the tower, for learning rates that fall towards the pixels: 0 for the
    /// last norm and the projection, 1 for the last block, and the most for the embeddings and the norm behind them.
    ///
    /// ```
    /// let config = dream_models::deep::backbones::vit::Config::b16();
    /// assert_eq!(config.depth_of("vision_model.encoder.layers.11.mlp.fc1.weight"), 1);
    /// assert_eq!(config.depth_of("vision_model.pre_layrnorm.bias"), 13);
    /// ```
    #[must_use]
    pub fn depth_of(&self, parameter: &str) -> u32 {
        let below = |block: usize| u32::try_from(self.layers.saturating_sub(block)).unwrap_or(u32::MAX);
        if ["vision_model.embeddings.", "vision_model.pre_layrnorm."].iter().any(|p| parameter.starts_with(p))
        {
            return below(0).saturating_add(1);
        }
        layer(parameter).map_or(0, below)
    }

    /// Checks the fields.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] with the field that has no meaning or a size that no tower has.
    pub fn validate(&self) -> Result<()> {
        let size = |field: &'static str, value: usize| match value {
            1..=65536 => Ok(()),
            _ => Err(invalid(field, value, "between 1 and 65536")),
        };
        size("image_size", self.image_size)?;
        size("patch_size", self.patch_size)?;
        size("width", self.width)?;
        size("heads", self.heads)?;
        size("mlp_width", self.mlp_width)?;
        self.projection.map_or(Ok(()), |projection| size("projection", projection))?;
        if !(1..=1024).contains(&self.layers) {
            return Err(invalid("layers", self.layers, "between 1 and 1024"));
        }
        if !self.image_size.is_multiple_of(self.patch_size) {
            return Err(invalid("patch_size", self.patch_size, "a divisor of `image_size`"));
        }
        if self.patches() > 1 << 16 {
            return Err(invalid("image_size", self.image_size, "at most 256 patches wide"));
        }
        if !self.width.is_multiple_of(self.heads) {
            return Err(invalid("heads", self.heads, "a divisor of `width`"));
        }
        Ok(())
    }

    pub(super) const fn eps() -> f64 {
        EPS
    }

    pub(super) fn block(&self) -> Shape {
        Shape {
            width: self.width,
            hidden: self.mlp_width,
            heads: self.heads,
            layers: self.layers,
            eps: EPS,
            activation: self.activation,
            causal: false,
        }
    }
}

/// The number of the block of a parameter, by this crate's name.
pub(super) fn layer(parameter: &str) -> Option<usize> {
    parameter.strip_prefix("vision_model.encoder.layers.")?.split('.').next()?.parse().ok()
}

fn invalid(field: &'static str, value: usize, expected: &'static str) -> Error {
    Error::InvalidConfig { field, value: value as f64, expected }
}
