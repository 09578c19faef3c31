//! Attention inside the windows of a grid.

use candle_core::{Device, Result, Tensor};

use super::composed::{Similarity, attend, mask, spread, weigh};
use super::cut::Cut;
use super::fused;
use super::stages::Geometry;
use crate::deep::kernels;

/// Attention inside the windows of a block. It has no parameters: those are passed in.
#[derive(Debug, Clone)]
pub(crate) struct Windows {
    cut: Cut,
    /// The offset of every pair of tokens, `[area, area]`.
    index: Tensor,
    chunk: usize,
}

impl Windows {
    /// The windows of an even or an odd block, of which `chunk` have scores at the same time.
    pub(crate) fn new(geometry: &Geometry, odd: bool, chunk: usize, device: &Device) -> Result<Self> {
        let cut = Cut::new(geometry, odd);
        Ok(Self { cut, index: cut.index(device)?, chunk })
    }

    /// Offsets between two tokens of a window.
    pub(crate) fn offsets(&self) -> usize {
        self.cut.offsets()
    }

    /// A table of position biases, `[heads, offsets]`, spread over all pairs of tokens, `[heads, area, area]`.
    pub(crate) fn position_bias(&self, table: &Tensor) -> Result<Tensor> {
        spread(table, &self.index)
    }

    /// Attention of queries, keys and values without their `biases`, `[n, rows, columns, 3 c]` to `[n, rows, columns, c]`.
    pub(crate) fn attend(
        &self,
        qkv: &Tensor,
        biases: &Tensor,
        similarity: &Similarity,
        table: &Tensor,
    ) -> Result<Tensor> {
        let (cut, chunk) = (self.cut, self.chunk);
        if kernels::applies(qkv) {
            return fused::attention(qkv, biases, similarity, table, cut);
        }
        let windows = self.split(qkv, biases)?;
        cut.join(&attend(&windows, similarity, &self.position_bias(table)?, &cut, 0, chunk)?)
    }

    /// How much attention every token gets within its window, the mean over heads and queries: of the same arguments to
    /// `[n, rows, columns]`.
    pub(crate) fn received(
        &self,
        qkv: &Tensor,
        biases: &Tensor,
        similarity: &Similarity,
        table: &Tensor,
    ) -> Result<Tensor> {
        let windows = self.split(qkv, biases)?;
        let (all, area, triple) = windows.dims3()?;
        let heads = table.dim(0)?;
        let mask = mask(&self.cut, &windows)?;
        let part = windows.reshape([all, area, 3, heads, triple / 3 / heads].as_slice())?;
        let bias = self.position_bias(table)?.unsqueeze(0)?;
        let (weights, _) = weigh(&part, similarity, &bias, mask.as_ref(), &self.cut, 0)?;
        self.cut.join(&weights.mean(1)?.mean(1)?.unsqueeze(2)?)?.squeeze(3)
    }

    /// Queries, keys and values with their biases, cut into windows. Tokens that fill up the grid have the biases too.
    fn split(&self, qkv: &Tensor, biases: &Tensor) -> Result<Tensor> {
        if self.cut.is_filled() {
            return self.cut.split(qkv)?.broadcast_add(biases);
        }
        // In this order the gradients of the biases are summed over the grid, row by row.
        self.cut.split(&qkv.broadcast_add(biases)?)
    }
}
