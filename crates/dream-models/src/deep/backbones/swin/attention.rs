use candle_core::{Result, Tensor};
use candle_nn::{Init, VarBuilder};

use super::config::Config;
use crate::deep::backbones::window::{Geometry, Similarity, Windows};
use crate::deep::layers::Linear;

/// Attention of a block: scaled products in windows, with a learned position bias.
#[derive(Debug, Clone)]
pub(super) struct WindowAttention {
    /// `[offsets, heads]`
    table: Tensor,
    qkv: Linear,
    /// Of queries, keys and values.
    biases: Tensor,
    pub(super) proj: Linear,
    windows: Windows,
}

impl WindowAttention {
    pub(super) fn new(
        config: &Config,
        stage: usize,
        geometry: &Geometry,
        odd: bool,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let width = config.shape().width(stage);
        let windows = Windows::new(geometry, odd, config.windows_per_pass, vb.device())?;
        let init = Init::Randn { mean: 0.0, stdev: 0.02 };
        let table = (windows.offsets(), geometry.heads);
        let qkv = vb.pp("qkv");
        Ok(Self {
            table: vb.get_with_hints(table, "relative_position_bias_table", init)?,
            qkv: Linear::without_bias(width, 3 * width, &qkv)?,
            biases: match config.qkv_bias {
                true => qkv.get_with_hints(3 * width, "bias", Init::Const(0.0))?,
                false => Tensor::zeros(3 * width, vb.dtype(), vb.device())?,
            },
            proj: Linear::new(width, width, &vb.pp("proj"))?,
            windows,
        })
    }

    /// The table by heads, `[heads, offsets]`.
    pub(super) fn position_table(&self) -> Result<Tensor> {
        self.table.t()?.contiguous()
    }

    /// The table spread over all pairs of tokens, `[heads, area, area]`.
    pub(super) fn position_bias(&self, table: &Tensor) -> Result<Tensor> {
        self.windows.position_bias(table)
    }

    /// Everything but the output projection: `[n, rows, columns, width]` to the same shape.
    pub(super) fn forward(&self, x: &Tensor, table: &Tensor) -> Result<Tensor> {
        self.windows.attend(&self.qkv.product(x)?, &self.biases, &Similarity::Product, table)
    }
}
