use serde::{Deserialize, Deserializer};

use crate::deep::backbones::blocks_above;
use crate::{Error, Result};

/// What the configurations of all versions have in common, with their names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    pub(crate) img_size: [usize; 2],
    pub(crate) patch_size: usize,
    pub(crate) in_chans: usize,
    pub(crate) embed_dim: usize,
    pub(crate) depths: &'a [usize],
    pub(crate) num_heads: &'a [usize],
    pub(crate) window_size: [usize; 2],
    pub(crate) mlp_ratio: f64,
    pub(crate) norm_eps: f64,
    pub(crate) num_classes: usize,
    pub(crate) images_per_pass: usize,
    pub(crate) windows_per_pass: usize,
}

impl Shape<'_> {
    /// Width of the last stage.
    pub(crate) fn features(&self) -> usize {
        self.width(self.depths.len().saturating_sub(1))
    }

    /// Blocks between a parameter and the top of the tower, 0 for the last norm and the head.
    pub(crate) fn depth_of(&self, parameter: &str) -> u32 {
        blocks_above(parameter, self.depths, ["patch_embed.", "layers"])
    }

    /// Width of a stage.
    pub(crate) fn width(&self, stage: usize) -> usize {
        let stage = u32::try_from(stage).unwrap_or(u32::MAX);
        self.embed_dim.saturating_mul(2_usize.saturating_pow(stage))
    }

    /// Width of the hidden layer of a block, rounded down as in timm.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be small and positive"
    )]
    pub(crate) fn hidden(&self, stage: usize) -> usize {
        (self.width(stage) as f64 * self.mlp_ratio) as usize
    }

    /// Resolves every stage, or says which field has no meaning.
    pub(crate) fn resolve(&self) -> Result<Vec<Geometry>> {
        self.check_numbers()?;
        if self.num_heads.len() != self.depths.len() {
            return Err(invalid("num_heads", self.num_heads.len() as f64, "as long as `depths`"));
        }
        let mut grid = self.img_size.map(|side| side / self.patch_size);
        let mut geometry = Vec::with_capacity(self.depths.len());
        for (stage, &heads) in self.num_heads.iter().enumerate() {
            if stage > 0 {
                grid = grid.map(|side| side.div_ceil(2));
            }
            geometry.push(self.stage(stage, grid, heads)?);
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

    fn stage(&self, stage: usize, grid: [usize; 2], heads: usize) -> Result<Geometry> {
        if !self.width(stage).is_multiple_of(heads) {
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
        let padded = [0, 1].map(|a| grid[a].div_ceil(window[a]) * window[a]);
        Ok(Geometry { grid, padded, window, shift, heads })
    }
}

/// One stage, resolved. Pairs are `[height, width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Tokens.
    pub(crate) grid: [usize; 2],
    /// The same, filled up to whole windows.
    pub(crate) padded: [usize; 2],
    pub(crate) window: [usize; 2],
    /// Shift of odd blocks.
    pub(crate) shift: [usize; 2],
    pub(crate) heads: usize,
}

pub(crate) fn invalid(field: &'static str, value: f64, expected: &'static str) -> Error {
    Error::InvalidConfig { field, value, expected }
}

/// One number for a square, or two.
pub(crate) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<[usize; 2], D::Error> {
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
