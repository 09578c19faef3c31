use serde::{Deserialize, Serialize};

use crate::deep::backbones::window::{Shape, size};

/// Shape of a [`Swin`](super::Swin), with the field names of timm.
///
/// Describes every Swin Transformer of timm; [`Config::default`] is a tiny one for tests and examples, presets are functions.
/// Sizes are `[height, width]`; when read, a single number stands for both.
///
/// ```
/// use dream_models::deep::backbones::swin::Config;
///
/// let config = Config::large_w12_384();
/// assert_eq!(config.features(), 1536);
/// // The middle size at 384 pixels.
/// let base = Config { img_size: [384; 2], window_size: [12; 2], ..Config::base_w7_224() };
/// assert_eq!(base.features(), 1024);
/// let square: Config = serde_json::from_str(r#"{ "img_size": 64, "window_size": 4 }"#)?;
/// assert_eq!(square.img_size, [64, 64]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Size of the frames in pixels.
    #[serde(deserialize_with = "size")]
    pub img_size: [usize; 2],
    /// Side of a patch in pixels; divides both sides of the frame.
    pub patch_size: usize,
    /// Colour planes of a frame.
    pub in_chans: usize,
    /// Width of the first stage; every further stage doubles it.
    pub embed_dim: usize,
    /// Blocks of each stage.
    pub depths: Vec<usize>,
    /// Attention heads of each stage; divides the width of the stage.
    pub num_heads: Vec<usize>,
    /// Size of an attention window in tokens. Clamped to the grid in late stages, whose tables of position biases are smaller
    /// then: weights fit windows of their own size only.
    #[serde(deserialize_with = "size")]
    pub window_size: [usize; 2],
    /// Width of the hidden layer of a block, in widths of the stage.
    pub mlp_ratio: f64,
    /// Whether queries, keys and values have a bias.
    pub qkv_bias: bool,
    /// Added to the variance in every layer norm.
    pub norm_eps: f64,
    /// Outputs of the linear head `head.fc`, or 0 for no head.
    pub num_classes: usize,
    /// Frames that go through the network together: bounds the memory, changes no bit of the result.
    pub images_per_pass: usize,
    /// Attention windows whose scores exist at the same time where the tiled CPU kernel does not apply: bounds the
    /// memory, changes no bit of the result.
    pub windows_per_pass: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            img_size: [64; 2],
            patch_size: 4,
            in_chans: 3,
            embed_dim: 16,
            depths: vec![1; 4],
            num_heads: vec![1, 2, 4, 8],
            window_size: [8; 2],
            mlp_ratio: 4.0,
            qkv_bias: true,
            norm_eps: 1e-5,
            num_classes: 0,
            images_per_pass: 8,
            windows_per_pass: 64,
        }
    }
}

impl Config {
    /// timm's `swin_tiny_patch4_window7_224`, without its head.
    ///
    /// # Reference
    ///
    /// Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", ICCV 2021.
    #[must_use]
    pub fn tiny_w7_224() -> Self {
        Self {
            img_size: [224; 2],
            embed_dim: 96,
            depths: vec![2, 2, 6, 2],
            num_heads: vec![3, 6, 12, 24],
            window_size: [7; 2],
            ..Self::default()
        }
    }

    /// timm's `swin_base_patch4_window7_224`, without its head.
    ///
    /// # Reference
    ///
    /// As [`tiny_w7_224`](Self::tiny_w7_224).
    #[must_use]
    pub fn base_w7_224() -> Self {
        Self {
            embed_dim: 128,
            depths: vec![2, 2, 18, 2],
            num_heads: vec![4, 8, 16, 32],
            ..Self::tiny_w7_224()
        }
    }

    /// The Swin of DFGC-1st: timm's `swin_large_patch4_window12_384.ms_in22k`, formerly
    /// `swin_large_patch4_window12_384_in22k`, without its head of 21841 classes.
    ///
    /// # Reference
    ///
    /// As [`tiny_w7_224`](Self::tiny_w7_224).
    #[must_use]
    pub fn large_w12_384() -> Self {
        Self {
            img_size: [384; 2],
            embed_dim: 192,
            depths: vec![2, 2, 18, 2],
            num_heads: vec![6, 12, 24, 48],
            window_size: [12; 2],
            ..Self::default()
        }
    }

    /// Width of the last stage, the number of features of a frame.
    #[must_use]
    pub fn features(&self) -> usize {
        self.shape().features()
    }

    /// Blocks between a parameter and the top of the tower, for learning rates that fall towards the pixels: 0 for the
    /// last norm and the head, 1 for the last block, and the most for the patch embedding.
    ///
    /// ```
    /// let config = dream_models::deep::backbones::swin::Config::large_w12_384();
    /// assert_eq!(config.depth_of("layers.3.blocks.1.mlp.fc1.weight"), 1);
    /// assert_eq!(config.depth_of("patch_embed.proj.weight"), 25);
    /// ```
    #[must_use]
    pub fn depth_of(&self, parameter: &str) -> u32 {
        self.shape().depth_of(parameter)
    }

    /// What all versions have.
    pub(super) fn shape(&self) -> Shape<'_> {
        Shape {
            img_size: self.img_size,
            patch_size: self.patch_size,
            in_chans: self.in_chans,
            embed_dim: self.embed_dim,
            depths: &self.depths,
            num_heads: &self.num_heads,
            window_size: self.window_size,
            mlp_ratio: self.mlp_ratio,
            norm_eps: self.norm_eps,
            num_classes: self.num_classes,
            images_per_pass: self.images_per_pass,
            windows_per_pass: self.windows_per_pass,
        }
    }
}
