use candle_core::{Module, Result, Tensor};
use candle_nn::{Init, VarBuilder};

use super::config::Config;
use crate::deep::kernels::rows_product;
use crate::deep::layers::{LayerNorm, patches};
use crate::deep::tap::{Point, Tap, see};

/// Pictures to tokens: patches through a convolution without bias, a token of the class before them, positions, a norm.
#[derive(Debug, Clone)]
pub(super) struct Embed {
    class: Tensor,
    weight: Tensor,
    positions: Tensor,
    norm: LayerNorm,
    patch: usize,
}

impl Embed {
    pub(super) fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        let normal = |stdev| Init::Randn { mean: 0.0, stdev };
        let (width, patch) = (config.width, config.patch_size);
        let embeddings = vb.pp("embeddings");
        let kernel = (width, 3, patch, patch);
        let table = (1 + config.patches(), width);
        Ok(Self {
            class: embeddings.get_with_hints(width, "class_embedding", normal((width as f64).powf(-0.5)))?,
            weight: embeddings.pp("patch_embedding").get_with_hints(kernel, "weight", normal(0.02))?,
            positions: embeddings.pp("position_embedding").get_with_hints(table, "weight", normal(0.02))?,
            // Spelt so in the checkpoints.
            norm: LayerNorm::new(width, Config::eps(), &vb.pp("pre_layrnorm"))?,
            patch,
        })
    }

    /// `[n, 3, side, side]` to `[n, 1 + patches, width]`.
    pub(super) fn forward(&self, pixels: &Tensor, tap: &mut Option<&mut dyn Tap>) -> Result<Tensor> {
        let (count, _, height, wide) = pixels.dims4()?;
        let (rows, columns) = (height / self.patch, wide / self.patch);
        let width = self.class.dim(0)?;
        let patches = rows_product(&patches(pixels, self.patch)?, &self.weight.flatten_from(1)?)?;
        see(tap, Point::PatchEmbed, &patches.reshape((count, rows, columns, width))?)?;
        let class = self.class.reshape((1, 1, width))?.broadcast_as((count, 1, width))?;
        let tokens = Tensor::cat(&[class, patches.reshape((count, rows * columns, width))?], 1)?;
        self.norm.forward(&tokens.broadcast_add(&self.positions)?)
    }
}
