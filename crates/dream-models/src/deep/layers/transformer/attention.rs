use candle_core::{Result, Tensor};

use crate::deep::layers::softmax_last;

/// Added to the scores of later tokens. Far enough for a weight of exactly 0, and still a number in half precision.
const LATER: f32 = -1e4;

/// Attention of candle's own operations: its weights `[n, heads, tokens, tokens]` and what they make of the values.
/// Queries, keys and values are `[n, tokens, width]`, with their biases.
pub(super) fn attend(
    [query, key, value]: [&Tensor; 3],
    heads: usize,
    is_causal: bool,
) -> Result<(Tensor, Tensor)> {
    let (count, tokens, width) = query.dims3()?;
    let depth = width / heads;
    let split = |x: &Tensor| x.reshape((count, tokens, heads, depth))?.transpose(1, 2)?.contiguous();
    let (query, key, value) = (split(&(query * (depth as f64).powf(-0.5))?)?, split(key)?, split(value)?);
    let mut scores = query.matmul(&key.t()?)?;
    if is_causal {
        scores = scores.broadcast_add(&causal(tokens, &scores)?)?;
    }
    let weights = softmax_last(&scores)?;
    let mixed = weights.matmul(&value)?.transpose(1, 2)?.reshape((count, tokens, width))?;
    Ok((weights, mixed))
}

/// No token sees a later one.
fn causal(tokens: usize, like: &Tensor) -> Result<Tensor> {
    let later = (0..tokens).flat_map(|i| (0..tokens).map(move |j| if j > i { LATER } else { 0.0 }));
    Tensor::from_vec(later.collect(), (tokens, tokens), like.device())?.to_dtype(like.dtype())
}
