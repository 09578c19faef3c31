use serde::{Deserialize, Serialize};

use crate::deep::backbones::blocks_above;
use crate::deep::input::Input;
use crate::preprocess::ResizeRule;
use crate::{Error, Result};

/// Shape of a [`ConvNext`](super::ConvNext), with the field names of timm.
///
/// Describes the ConvNeXt of the first version in timm; [`Config::default`] is a tiny one for tests and examples, presets
/// are functions.
///
/// ```
/// use dream_models::deep::backbones::convnext::Config;
///
/// assert_eq!((Config::tiny().features(), Config::xlarge().features()), (768, 2048));
/// let narrow: Config = serde_json::from_str(r#"{ "depths": [1, 1], "dims": [8, 12] }"#)?;
/// assert_eq!((narrow.features(), narrow.stride()), (12, 8));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Colour planes of a frame.
    pub in_chans: usize,
    /// Side of a patch in pixels.
    pub patch_size: usize,
    /// Blocks of each stage.
    pub depths: Vec<usize>,
    /// Width of each stage.
    pub dims: Vec<usize>,
    /// Side of the depthwise convolutions, an odd number.
    pub kernel_size: usize,
    /// Width of the hidden layer of a block, in widths of the stage.
    pub mlp_ratio: usize,
    /// First value of the scale of each block's result.
    pub ls_init_value: f64,
    /// Added to the variance in every layer norm.
    pub norm_eps: f64,
    /// Outputs of the linear head `head.fc`, or 0 for no head.
    pub num_classes: usize,
    /// Frames that go through the network together: bounds the memory, changes no bit of the result.
    pub images_per_pass: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            in_chans: 3,
            patch_size: 4,
            depths: vec![1; 4],
            dims: vec![8, 12, 16, 24],
            kernel_size: 7,
            mlp_ratio: 4,
            ls_init_value: 1e-6,
            norm_eps: 1e-6,
            num_classes: 0,
            // What one picture of 384 pixels needs stays in the cache.
            images_per_pass: 1,
        }
    }
}

impl Config {
    /// ConvNeXt-T, the network of HUST: timm's `convnext_tiny.fb_in22k_ft_in1k_384`, formerly
    /// `convnext_tiny_384_in22ft1k`, without its head of 1000 classes.
    #[must_use]
    pub fn tiny() -> Self {
        Self { depths: vec![3, 3, 9, 3], ..Self::of_width(96) }
    }

    /// ConvNeXt-B: timm's `convnext_base`.
    #[must_use]
    pub fn base() -> Self {
        Self::of_width(128)
    }

    /// ConvNeXt-L: timm's `convnext_large`.
    #[must_use]
    pub fn large() -> Self {
        Self::of_width(192)
    }

    /// ConvNeXt-XL, the network of UNILJ and of the winner of DFGC-2022: timm's `convnext_xlarge.fb_in22k_ft_in1k_384`,
    /// formerly `convnext_xlarge_384_in22ft1k`, without its head of 1000 classes.
    #[must_use]
    pub fn xlarge() -> Self {
        Self::of_width(256)
    }

    fn of_width(width: usize) -> Self {
        Self {
            depths: vec![3, 3, 27, 3],
            dims: [1, 2, 4, 8].map(|by| by * width).to_vec(),
            ..Self::default()
        }
    }

    /// Width of the last stage, the number of features of a frame.
    #[must_use]
    pub fn features(&self) -> usize {
        self.dims.last().copied().unwrap_or(0)
    }

    /// Pixels of a frame for one token of the last stage, on each axis. Smaller frames have no token there, and what is left
    /// over at the right and at the bottom is not seen.
    #[must_use]
    pub fn stride(&self) -> usize {
        let stages = u32::try_from(self.dims.len().saturating_sub(1)).unwrap_or(u32::MAX);
        self.patch_size.saturating_mul(2_usize.saturating_pow(stages))
    }

    /// Blocks between a parameter and the top of the tower, for learning rates that fall towards the pixels: 0 for the
    /// last norm and the head, 1 for the last block, and the most for the stem. A downsampling belongs to the first block
    /// behind it.
    ///
    /// ```
    /// let config = dream_models::deep::backbones::convnext::Config::tiny();
    /// assert_eq!(config.depth_of("stages.3.blocks.2.mlp.fc1.weight"), 1);
    /// assert_eq!(config.depth_of("stages.3.downsample.1.weight"), 3);
    /// assert_eq!(config.depth_of("stem.0.weight"), 19);
    /// ```
    #[must_use]
    pub fn depth_of(&self, parameter: &str) -> u32 {
        blocks_above(parameter, &self.depths, ["stem.", "stages"])
    }

    /// Checks that the preprocessing makes frames that are large enough.
    pub(in crate::deep) fn expect_size(&self, input: &Input) -> Result<()> {
        let (size, stride) = (input.pixels.size, self.stride());
        let reason = if input.pixels.rule == ResizeRule::Native {
            "the preprocessing leaves pictures as large as they are, the network takes frames of one size"
                .to_owned()
        } else if size >= stride {
            return Ok(());
        } else {
            format!(
                "frames of {size}x{size} pixels are too small, the network takes {stride}x{stride} at least"
            )
        };
        Err(Error::InvalidInput { argument: "pixels", reason })
    }

    /// Says which field has no meaning.
    pub(crate) fn validate(&self) -> Result<()> {
        const LARGE: usize = 1 << 16;
        let within = |field: &'static str, value: usize| match value {
            1..=LARGE => Ok(()),
            _ => Err(invalid(field, value as f64, "between 1 and 65536")),
        };
        within("in_chans", self.in_chans)?;
        within("patch_size", self.patch_size)?;
        within("images_per_pass", self.images_per_pass)?;
        self.depths.iter().try_for_each(|&depth| within("depths", depth))?;
        self.dims.iter().try_for_each(|&width| within("dims", width))?;
        if !(1..=8).contains(&self.depths.len()) {
            return Err(invalid("depths", self.depths.len() as f64, "1 to 8 stages"));
        }
        if self.dims.len() != self.depths.len() {
            return Err(invalid("dims", self.dims.len() as f64, "as long as `depths`"));
        }
        if self.kernel_size.is_multiple_of(2) || self.kernel_size > 63 {
            return Err(invalid("kernel_size", self.kernel_size as f64, "an odd number, at most 63"));
        }
        if !(1..=64).contains(&self.mlp_ratio) {
            return Err(invalid("mlp_ratio", self.mlp_ratio as f64, "1 to 64"));
        }
        if !self.ls_init_value.is_finite() {
            return Err(invalid("ls_init_value", self.ls_init_value, "a finite number"));
        }
        if !(self.norm_eps > 0.0 && self.norm_eps < 1.0) {
            return Err(invalid("norm_eps", self.norm_eps, "between 0 and 1"));
        }
        if self.num_classes > 1 << 24 {
            return Err(invalid("num_classes", self.num_classes as f64, "at most 16777216"));
        }
        Ok(())
    }
}

fn invalid(field: &'static str, value: f64, expected: &'static str) -> Error {
    Error::InvalidConfig { field, value, expected }
}
