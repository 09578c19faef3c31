use serde::{Deserialize, Serialize};

use crate::Result;
use crate::deep::backbones::window::{Geometry, Shape, invalid, size};

/// Shape of a [`SwinV2`](super::SwinV2), with the field names of timm.
///
/// Describes every Swin Transformer V2 of timm; [`Config::default`] is a tiny one for tests and examples, presets are
/// functions. Sizes are `[height, width]`; when read, a single number stands for both.
///
/// ```
/// use dream_models::deep::backbones::swin_v2::Config;
///
/// let config = Config::large_w12to16_192to256();
/// assert_eq!(config.features(), 1536);
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
    /// Size of an attention window in tokens. Clamped to the grid in late stages.
    #[serde(deserialize_with = "size")]
    pub window_size: [usize; 2],
    /// Side of the windows that the position bias of each stage was trained with, or 0 for the window itself.
    pub pretrained_window_sizes: Vec<usize>,
    /// Width of the hidden layer of a block, in widths of the stage.
    pub mlp_ratio: f64,
    /// Whether queries and values have a bias (keys never do).
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
            pretrained_window_sizes: vec![0; 4],
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
    /// The visual encoder of OPDAI and DA-CLIP: timm's `swinv2_large_window12to16_192to256.ms_in22k_ft_in1k`, formerly
    /// `swinv2_large_window12to16_192to256_22kft1k`, without its head of 1000 classes.
    ///
    /// # Reference
    ///
    /// Liu et al., "Swin Transformer V2: Scaling Up Capacity and Resolution", CVPR 2022.
    #[must_use]
    pub fn large_w12to16_192to256() -> Self {
        Self {
            img_size: [256; 2],
            embed_dim: 192,
            depths: vec![2, 2, 18, 2],
            num_heads: vec![6, 12, 24, 48],
            window_size: [16; 2],
            pretrained_window_sizes: vec![12, 12, 12, 6],
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
    /// let config = dream_models::deep::backbones::swin_v2::Config::large_w12to16_192to256();
    /// assert_eq!(config.depth_of("layers.3.blocks.1.mlp.fc1.weight"), 1);
    /// assert_eq!(config.depth_of("patch_embed.proj.weight"), 25);
    /// ```
    #[must_use]
    pub fn depth_of(&self, parameter: &str) -> u32 {
        self.shape().depth_of(parameter)
    }

    /// The windows of every stage in tokens, `[height, width]`.
    pub(crate) fn windows(&self) -> Result<Vec<[usize; 2]>> {
        Ok(self.resolve()?.into_iter().map(|stage| stage.window).collect())
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

    /// Resolves every stage, or says which field has no meaning.
    pub(super) fn resolve(&self) -> Result<Vec<Geometry>> {
        let stages = self.shape().resolve()?;
        let pretrained = &self.pretrained_window_sizes;
        if pretrained.len() != stages.len() {
            return Err(invalid("pretrained_window_sizes", pretrained.len() as f64, "as long as `depths`"));
        }
        for ((geometry, pretrained), depth) in stages.iter().zip(pretrained).zip(&self.depths) {
            check(geometry, *pretrained, *depth)?;
        }
        Ok(stages)
    }
}

/// Refuses a stage that the reference does not define.
fn check(geometry: &Geometry, pretrained: usize, depth: usize) -> Result<()> {
    let Geometry { grid, padded, window, shift, .. } = *geometry;
    if pretrained == 0 && window.contains(&1) {
        let expected =
            "given for a stage whose window is one token wide (its coordinates are 0 / 0 otherwise)";
        return Err(invalid("pretrained_window_sizes", 0.0, expected));
    }
    if pretrained == 1 {
        let expected = "0 or at least 2 (coordinates are divided by it minus one)";
        return Err(invalid("pretrained_window_sizes", 1.0, expected));
    }
    if shift != [0, 0] && depth > 1 && padded != grid {
        let worst = if padded[0] == grid[0] { grid[1] } else { grid[0] };
        let expected = "chosen so that shifted windows divide the grid of every stage \
                        (the reference has no mask for padded ones); this is the side of a grid";
        return Err(invalid("img_size", worst as f64, expected));
    }
    Ok(())
}
