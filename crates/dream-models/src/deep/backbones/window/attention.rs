//! Attention inside the windows of a grid, and what it is made of where no kernel applies: candle's own operations.

use candle_core::{Device, Result, Tensor};

use super::cut::Cut;
use super::fused;
use super::stages::Geometry;
use crate::deep::kernels;
use crate::deep::layers::{l2_normalize, softmax_last};

/// How alike a query and a key are.
#[derive(Debug, Clone)]
pub(crate) enum Similarity {
    /// Their product, divided by the root of the width of a head.
    Product,
    /// Their cosine, times a scale for each head, `[heads, 1, 1]`.
    Cosine(Tensor),
}

impl Similarity {
    /// `[windows, heads, area, area]` of queries and keys `[windows, heads, area, width]`.
    fn scores(&self, queries: &Tensor, keys: &Tensor) -> Result<Tensor> {
        match self {
            Self::Product => {
                let (_, _, _, width) = queries.dims4()?;
                (queries * (width as f64).powf(-0.5))?.matmul(&keys.t()?)
            }
            Self::Cosine(scale) => {
                let (queries, keys) = (l2_normalize(queries, 1e-12)?, l2_normalize(keys, 1e-12)?);
                queries.matmul(&keys.t()?)?.broadcast_mul(scale)
            }
        }
    }
}

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
            return fused::attention(qkv, biases, similarity, table, cut, &self.index, chunk);
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

/// The mask of a cut, like a tensor.
fn mask(cut: &Cut, like: &Tensor) -> Result<Option<Tensor>> {
    cut.mask(like.device())?.map(|mask| mask.to_dtype(like.dtype())).transpose()
}

/// Attention inside windows that are already cut out, `chunk` windows at a time.
///
/// `qkv` is `[windows, area, 3 c]` with its bias, `bias` `[heads, area, area]`; the result is `[windows, area, c]`. `first`
/// is the number of the first window, counted over all grids.
pub(super) fn attend(
    qkv: &Tensor,
    similarity: &Similarity,
    bias: &Tensor,
    cut: &Cut,
    first: usize,
    chunk: usize,
) -> Result<Tensor> {
    let (all, area, triple) = qkv.dims3()?;
    let heads = bias.dim(0)?;
    let width = triple / 3;
    let mask = mask(cut, qkv)?;
    let bias = bias.unsqueeze(0)?;
    let mut parts = Vec::with_capacity(all.div_ceil(chunk));
    for start in (0..all).step_by(chunk) {
        let count = chunk.min(all - start);
        let part = qkv.narrow(0, start, count)?.reshape([count, area, 3, heads, width / heads].as_slice())?;
        let window = first + start;
        let (weights, values) = weigh(&part, similarity, &bias, mask.as_ref(), cut, window)?;
        let mixed = weights.matmul(&values)?;
        parts.push(mixed.transpose(1, 2)?.reshape((count, area, width))?);
    }
    Tensor::cat(&parts, 0)
}

/// Attention after the softmax, and values: of `[windows, area, 3, heads, width]`, the first being number `first`.
fn weigh(
    part: &Tensor,
    similarity: &Similarity,
    bias: &Tensor,
    mask: Option<&Tensor>,
    cut: &Cut,
    first: usize,
) -> Result<(Tensor, Tensor)> {
    let count = part.dim(0)?;
    let part = part.permute([2, 0, 3, 1, 4].as_slice())?;
    let piece = |i: usize| part.narrow(0, i, 1)?.squeeze(0)?.contiguous();
    let (q, k, v) = (piece(0)?, piece(1)?, piece(2)?);
    let mut scores = similarity.scores(&q, &k)?.broadcast_add(bias)?;
    if let Some(mask) = mask {
        let numbers = (0..count).map(|i| u32::try_from((first + i) % cut.windows()));
        let numbers =
            numbers.collect::<std::result::Result<Vec<_>, _>>().map_err(candle_core::Error::wrap)?;
        let numbers = Tensor::from_vec(numbers, count, part.device())?;
        scores = scores.broadcast_add(&mask.index_select(&numbers, 0)?)?;
    }
    Ok((softmax_last(&scores)?, v))
}

/// The values of a table `[heads, offsets]` at `index`, `[heads, area, area]`.
pub(super) fn spread(table: &Tensor, index: &Tensor) -> Result<Tensor> {
    let (area, _) = index.dims2()?;
    table.index_select(&index.flatten_all()?, 1)?.reshape(((), area, area))
}
