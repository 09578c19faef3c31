//! Attention inside windows, made of candle's own operations: what the kernel must equal, and what runs where it does not
//! apply.

use candle_core::{Result, Tensor};

use super::cut::Cut;
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

/// The mask of a cut, like a tensor.
pub(super) fn mask(cut: &Cut, like: &Tensor) -> Result<Option<Tensor>> {
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
pub(super) fn weigh(
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
