use serde::{Deserialize, Deserializer, Serialize};

use crate::{Error, Result};

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
        self.width(self.depths.len().saturating_sub(1))
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
        let all: usize = self.depths.iter().sum();
        let below = |block: usize| u32::try_from(all.saturating_sub(block)).unwrap_or(u32::MAX);
        let mut parts = parameter.split('.');
        let mut number = |name| (parts.next() == Some(name)).then(|| parts.next()?.parse::<usize>().ok())?;
        if parameter.starts_with("patch_embed.") {
            return below(0).saturating_add(1);
        }
        let Some(stage) = number("layers") else { return 0 };
        let before: usize = self.depths.iter().take(stage).sum();
        // The merging of patches belongs to the first block of its stage.
        below(before + number("blocks").unwrap_or(0))
    }

    /// Width of a stage.
    pub(super) fn width(&self, stage: usize) -> usize {
        let stage = u32::try_from(stage).unwrap_or(u32::MAX);
        self.embed_dim.saturating_mul(2_usize.saturating_pow(stage))
    }

    /// Width of the hidden layer of a block, rounded down as in timm.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be small and positive"
    )]
    pub(super) fn hidden(&self, stage: usize) -> usize {
        (self.width(stage) as f64 * self.mlp_ratio) as usize
    }

    /// The windows of every stage in tokens, `[height, width]`.
    pub(crate) fn windows(&self) -> Result<Vec<[usize; 2]>> {
        Ok(self.resolve()?.into_iter().map(|stage| stage.window).collect())
    }

    /// Resolves every stage, or says which field has no meaning.
    pub(super) fn resolve(&self) -> Result<Vec<Geometry>> {
        self.check_numbers()?;
        let stages = self.depths.len();
        let list = |field, list: &[usize]| {
            let expected = "as long as `depths`";
            if list.len() == stages { Ok(()) } else { Err(invalid(field, list.len() as f64, expected)) }
        };
        list("num_heads", &self.num_heads)?;
        list("pretrained_window_sizes", &self.pretrained_window_sizes)?;
        let mut grid = self.img_size.map(|side| side / self.patch_size);
        let mut geometry = Vec::with_capacity(stages);
        for (stage, (&heads, &pretrained)) in
            self.num_heads.iter().zip(&self.pretrained_window_sizes).enumerate()
        {
            if stage > 0 {
                grid = grid.map(|side| side.div_ceil(2));
            }
            geometry.push(self.stage(stage, grid, heads, pretrained)?);
        }
        Ok(geometry)
    }

    fn check_numbers(&self) -> Result<()> {
        const LARGE: usize = 1 << 16;
        let smallest = |field: &'static str, value: usize| match value {
            1..=LARGE => Ok(()),
            _ => Err(invalid(field, value as f64, "between 1 and 65536")),
        };
        smallest("patch_size", self.patch_size)?;
        smallest("in_chans", self.in_chans)?;
        smallest("embed_dim", self.embed_dim)?;
        smallest("images_per_pass", self.images_per_pass)?;
        smallest("windows_per_pass", self.windows_per_pass)?;
        for side in self.img_size {
            smallest("img_size", side)?;
            if !side.is_multiple_of(self.patch_size) {
                return Err(invalid("img_size", side as f64, "a multiple of `patch_size` on both axes"));
            }
        }
        self.window_size.into_iter().try_for_each(|side| smallest("window_size", side))?;
        self.depths.iter().try_for_each(|&depth| smallest("depths", depth))?;
        self.num_heads.iter().try_for_each(|&heads| smallest("num_heads", heads))?;
        if !(1..=8).contains(&self.depths.len()) {
            return Err(invalid("depths", self.depths.len() as f64, "1 to 8 stages"));
        }
        if !(self.norm_eps > 0.0 && self.norm_eps < 1.0) {
            return Err(invalid("norm_eps", self.norm_eps, "between 0 and 1"));
        }
        if !(self.mlp_ratio * self.embed_dim as f64 >= 1.0 && self.mlp_ratio <= 64.0) {
            return Err(invalid(
                "mlp_ratio",
                self.mlp_ratio,
                "at least one hidden unit and at most 64 widths",
            ));
        }
        if self.num_classes > 1 << 24 {
            return Err(invalid("num_classes", self.num_classes as f64, "at most 16777216"));
        }
        Ok(())
    }

    fn stage(&self, stage: usize, grid: [usize; 2], heads: usize, pretrained: usize) -> Result<Geometry> {
        let width = self.width(stage);
        if !width.is_multiple_of(heads) {
            return Err(invalid("num_heads", heads as f64, "a divisor of the width of its stage"));
        }
        let axis = |a: usize| {
            let (window, grid) = (self.window_size[a], grid[a]);
            if grid <= window { (grid, 0) } else { (window, window / 2) }
        };
        let ((window_h, shift_h), (window_w, shift_w)) = (axis(0), axis(1));
        let (window, shift) = ([window_h, window_w], [shift_h, shift_w]);
        if window_h.saturating_mul(window_w) > 4096 {
            return Err(invalid("window_size", window_h as f64, "at most 4096 tokens, as 64 x 64"));
        }
        if pretrained == 0 && window.contains(&1) {
            let expected =
                "given for a stage whose window is one token wide (its coordinates are 0 / 0 otherwise)";
            return Err(invalid("pretrained_window_sizes", 0.0, expected));
        }
        if pretrained == 1 {
            let expected = "0 or at least 2 (coordinates are divided by it minus one)";
            return Err(invalid("pretrained_window_sizes", 1.0, expected));
        }
        let padded = [0, 1].map(|a| grid[a].div_ceil(window[a]) * window[a]);
        let shifts = shift != [0, 0] && self.depths.get(stage).is_some_and(|&depth| depth > 1);
        if shifts && padded != grid {
            let worst = if padded[0] == grid[0] { grid[1] } else { grid[0] };
            let expected = "chosen so that shifted windows divide the grid of every stage \
                            (the reference has no mask for padded ones); this is the side of a grid";
            return Err(invalid("img_size", worst as f64, expected));
        }
        Ok(Geometry { grid, padded, window, shift, heads, pretrained })
    }
}

/// One stage, resolved. Pairs are `[height, width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Tokens.
    pub(super) grid: [usize; 2],
    /// The same, filled up to whole windows.
    pub(super) padded: [usize; 2],
    pub(super) window: [usize; 2],
    /// Shift of odd blocks.
    pub(super) shift: [usize; 2],
    pub(super) heads: usize,
    pub(super) pretrained: usize,
}

fn invalid(field: &'static str, value: f64, expected: &'static str) -> Error {
    Error::InvalidConfig { field, value, expected }
}

/// One number for a square, or two.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<[usize; 2], D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Size {
        Side(usize),
        Sides([usize; 2]),
    }
    Ok(match Size::deserialize(deserializer)? {
        Size::Side(side) => [side; 2],
        Size::Sides(sides) => sides,
    })
}
