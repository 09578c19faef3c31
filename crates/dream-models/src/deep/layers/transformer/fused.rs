//! Attention in one pass, for single precision on the CPU.
//!
//! A piece of work is a head of an input. Its scores exist for a few rows at a time, in the cache, and only for the tokens that
//! these rows may see. Where attention is causal, what a token gets is summed in an order that its own position decides, so
//! padding changes no bit.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, Var, bail};
use pulp::Simd;

use super::attention::attend;
use crate::deep::kernels::{Panels, exponentials, product_within, slice};
use crate::{par, simd};

/// Rows of scores that exist at a time, a multiple of the rows of a tile of the matrix product.
const ROWS: usize = 28;
/// Scores are filled up to a multiple of it: a loop over them has no rest, and all panels end there.
const STEP: usize = 32;

/// Attention of queries, keys and values without their biases, `[3, n, tokens, width]`, to `[n, tokens, width]`; `biases`
/// has the three one after the other.
pub(super) fn attention(qkv: &Tensor, biases: &Tensor, heads: usize, is_causal: bool) -> Result<Tensor> {
    qkv.contiguous()?.apply_op2(&biases.contiguous()?, Attention { heads, is_causal })
}

#[derive(Debug)]
struct Attention {
    heads: usize,
    is_causal: bool,
}

impl CustomOp2 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        qkv: &CpuStorage,
        layout: &Layout,
        biases: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (three, count, tokens, width) = layout.shape().dims4()?;
        let (heads, biases) = (self.heads, slice(biases, b_layout)?);
        if three != 3 || heads == 0 || !width.is_multiple_of(heads) || biases.len() != 3 * width {
            bail!("attention: {layout:?} does not fit {heads} heads and {b_layout:?}");
        }
        let depth = width / heads;
        let is_causal = self.is_causal;
        let all = Inputs { qkv: slice(qkv, layout)?, biases, count, tokens, width, depth, is_causal };
        let mut mixed = vec![0.0; count * tokens * width];
        par::for_each_chunk(&mut mixed, tokens * depth, |task, out| {
            simd::dispatch(Head { all, input: task / heads, head: task % heads, out });
        });
        let mut out = vec![0.0; mixed.len()];
        par::for_each_chunk(&mut out, tokens * width, |input, out| {
            for (token, out) in out.chunks_mut(width).enumerate() {
                for (head, out) in out.chunks_mut(depth).enumerate() {
                    let from = ((input * heads + head) * tokens + token) * depth;
                    out.copy_from_slice(mixed.get(from..from + out.len()).unwrap_or(&[0.0; 0]));
                }
            }
        });
        Ok((CpuStorage::F32(out), Shape::from((count, tokens, width))))
    }

    /// Runs the attention again as candle's own operations: no scores are kept from the forward pass.
    fn bwd(
        &self,
        qkv: &Tensor,
        biases: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (qkv, biases) = (Var::from_tensor(qkv)?, Var::from_tensor(biases)?);
        let width = qkv.dim(3)?;
        let part = |i: usize| qkv.get(i)?.contiguous()?.broadcast_add(&biases.narrow(0, i * width, width)?);
        let (query, key, value) = (part(0)?, part(1)?, part(2)?);
        let (_, mixed) = attend([&query, &key, &value], self.heads, self.is_causal)?;
        let store = (mixed * grad)?.sum_all()?.backward()?;
        let of = |var: &Var| store.get(var).cloned().map_or_else(|| var.zeros_like(), Ok);
        Ok((Some(of(&qkv)?), Some(of(&biases)?)))
    }
}

#[derive(Debug, Clone, Copy)]
struct Inputs<'a> {
    qkv: &'a [f32],
    biases: &'a [f32],
    count: usize,
    tokens: usize,
    width: usize,
    /// Width of a head.
    depth: usize,
    is_causal: bool,
}

struct Head<'a> {
    all: Inputs<'a>,
    input: usize,
    head: usize,
    out: &'a mut [f32],
}

impl Head<'_> {
    /// Calls `with` with every token and its query (0), key (1) or value (2), which has its bias and is times `factor`.
    #[inline(always)]
    fn pick(&self, kind: usize, factor: f32, mut with: impl FnMut(usize, &[f32])) {
        let Inputs { qkv, biases, count, tokens, width, depth, .. } = self.all;
        let offset = self.head * depth;
        let bias = biases.get(kind * width + offset..).unwrap_or_default();
        let first = (kind * count + self.input) * tokens * width;
        let mut row = vec![0.0; depth];
        for token in 0..tokens {
            let values = qkv.get(first + token * width + offset..).unwrap_or_default();
            for ((slot, value), bias) in row.iter_mut().zip(values).zip(bias) {
                *slot = (value + bias) * factor;
            }
            with(token, &row);
        }
    }
}

impl simd::Kernel for Head<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Inputs { depth, tokens, is_causal, .. } = self.all;
        let mut queries = Vec::with_capacity(tokens * depth);
        self.pick(0, 1.0 / (depth as f32).sqrt(), |_, query| queries.extend_from_slice(query));
        let mut keys = Panels::new::<S>(depth, tokens.next_multiple_of(STEP));
        self.pick(1, 1.0, |token, key| keys.set_column(token, key.iter().copied()));
        let mut values = Panels::new::<S>(tokens, depth);
        self.pick(2, 1.0, |token, value| values.set_row(token, value.iter().copied()));
        let (stride, wide) = (keys.columns(), values.columns());
        let (mut scores, mut mixed) = (vec![0.0; ROWS * stride], vec![0.0; ROWS * wide]);
        let mut totals = [0.0; ROWS];
        let blocks = queries.chunks(ROWS * depth).zip(self.out.chunks_mut(ROWS * depth));
        for (block, (queries, out)) in blocks.enumerate() {
            let (first, count) = (block * ROWS, queries.len() / depth);
            let scores = scores.get_mut(..count * stride).unwrap_or_default();
            let mixed = mixed.get_mut(..count * wide).unwrap_or_default();
            let seen = if is_causal { first + count } else { tokens };
            product_within(simd, queries, depth, &keys, [depth, seen], scores);
            for ((row, scores), total) in scores.chunks_exact_mut(stride).enumerate().zip(&mut totals) {
                let own = if is_causal { first + row + 1 } else { tokens };
                // As far as the tokens of this row's multiple go, not those of the whole input.
                let (filled, later) =
                    scores.split_at_mut_checked(own.next_multiple_of(STEP)).unwrap_or_default();
                filled.iter_mut().skip(own).for_each(|score| *score = f32::NEG_INFINITY);
                *total = exponentials(filled);
                later.fill(0.0);
            }
            product_within(simd, scores, stride, &values, [seen, wide], mixed);
            let rows = out.chunks_exact_mut(depth).zip(mixed.chunks_exact(wide));
            for ((out, mixed), total) in rows.zip(totals) {
                out.iter_mut().zip(mixed).for_each(|(out, mixed)| *out = mixed / total);
            }
        }
    }
}
