//! The windowed attention of a grid in one pass, for single precision on the CPU.
//!
//! A piece of work is a head in a window: its queries, keys and values are picked out of the grid where they lie, so
//! nothing is rolled, cut or transposed in memory, and its scores exist for a few rows at a time, in the cache.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use pulp::Simd;

use super::backward::{Task, gradients};
use super::composed::Similarity;
use super::cut::Cut;
use super::head::{Grid, Head, Window};
use crate::deep::kernels::{Panels, product, slice, with};
use crate::{par, simd};

/// Rows of scores that exist at a time, a multiple of the rows of a tile of the matrix product.
const ROWS: usize = 28;

/// Attention of `[n, rows, columns, 3 c]` without its bias; `biases` are those of queries, keys and values together, `table`
/// is `[heads, offsets]`.
pub(super) fn attention(
    qkv: &Tensor,
    biases: &Tensor,
    similarity: &Similarity,
    table: &Tensor,
    cut: Cut,
) -> Result<Tensor> {
    let parameters = match similarity {
        Similarity::Product => biases.contiguous()?,
        Similarity::Cosine(scale) => Tensor::cat(&[&scale.flatten_all()?, biases], 0)?,
    };
    let is_cosine = matches!(similarity, Similarity::Cosine(_));
    let op = Attention { cut, heads: table.dim(0)?, is_cosine };
    qkv.contiguous()?.apply_op3(&parameters, &table.contiguous()?, op)
}

#[derive(Debug)]
struct Attention {
    cut: Cut,
    heads: usize,
    /// Whether the parameters begin with a scale for each head.
    is_cosine: bool,
}

impl Attention {
    fn scales(&self) -> usize {
        if self.is_cosine { self.heads } else { 0 }
    }
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "window-attention"
    }

    fn cpu_fwd(
        &self,
        qkv: &CpuStorage,
        layout: &Layout,
        parameters: &CpuStorage,
        p_layout: &Layout,
        table: &CpuStorage,
        t_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (count, rows, columns, triple) = layout.shape().dims4()?;
        let (cut, heads, width) = (self.cut, self.heads, triple / 3);
        let (parameters, table) = (slice(parameters, p_layout)?, slice(table, t_layout)?);
        let area = cut.area();
        let fits = [rows, columns] == cut.grid && width * 3 == triple && width.is_multiple_of(heads);
        if !fits || parameters.len() != self.scales() + triple || table.len() != heads * cut.offsets() {
            bail!("window-attention: {layout:?} does not fit {cut:?} with {heads} heads");
        }
        let (scales, biases) = parameters.split_at(self.scales());
        let grid = Grid { qkv: slice(qkv, layout)?, biases, width, depth: width / heads, cut };
        let pieces: Vec<Window> = (0..cut.windows()).map(|number| Window::new(cut, number)).collect();
        let size = area * grid.depth;
        let per_head = count * pieces.len();
        let mut mixed = vec![0.0; heads * per_head * size];
        par::for_each_chunk(&mut mixed, size, |task, out| {
            let (head, rest) = (task / per_head, task % per_head);
            let (image, number) = (rest / pieces.len(), rest % pieces.len());
            let Some(window) = pieces.get(number) else {
                // Never: there are as many tasks as heads times images times windows.
                debug_assert!(false, "task {task} has no window");
                return;
            };
            let scale = scales.get(head).copied();
            let table = table.chunks_exact(cut.offsets()).nth(head).unwrap_or_default();
            simd::dispatch(Forward { head: Head { grid, window, image, head, scale, table }, out });
        });
        let mut out = vec![0.0; count * rows * columns * width];
        par::for_each_chunk(&mut out, columns * width, |line, out| {
            let (image, row) = (line / rows, line % rows);
            for (column, out) in out.chunks_mut(width).enumerate() {
                let (number, token) = cut.place([row, column]);
                for (head, out) in out.chunks_mut(grid.depth).enumerate() {
                    let task = (head * count + image) * pieces.len() + number;
                    let from = task * size + token * grid.depth;
                    out.copy_from_slice(mixed.get(from..from + out.len()).unwrap_or(&[0.0; 0]));
                }
            }
        });
        Ok((CpuStorage::F32(out), Shape::from((count, rows, columns, width))))
    }

    fn bwd(
        &self,
        qkv: &Tensor,
        parameters: &Tensor,
        table: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (images, rows, columns, triple) = qkv.dims4()?;
        let (heads, width) = (self.heads, triple / 3);
        let found = with(parameters, |parameters| {
            let (scales, biases) = parameters.split_at(self.scales());
            with(qkv, |qkv| {
                with(table, |table| {
                    with(&grad.contiguous()?, |grad| {
                        let grid = Grid { qkv, biases, width, depth: width / heads, cut: self.cut };
                        Ok(gradients(Task { grid, images, heads, scales, table, grad }))
                    })
                })
            })
        })?;
        let tensor = |values: Vec<f32>, like: &Tensor| Tensor::from_vec(values, like.shape(), like.device());
        let by_parameters = [found.by_scales, found.by_biases].concat();
        debug_assert_eq!(found.by_qkv.len(), images * rows * columns * triple);
        Ok((
            Some(tensor(found.by_qkv, qkv)?),
            Some(tensor(by_parameters, parameters)?),
            Some(tensor(found.by_table, table)?),
        ))
    }
}

struct Forward<'a> {
    head: Head<'a>,
    out: &'a mut [f32],
}

impl simd::Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { head, out } = self;
        let (depth, area) = (head.grid.depth, head.window.tokens.len());
        let (queries, picked) = head.queries_and_keys();
        let keys = Panels::of_columns::<S>(&picked, depth, area);
        let values = Panels::of_rows::<S>(&head.pick(2), depth, area);
        let (stride, wide) = (keys.columns(), values.columns());
        let (mut scores, mut mixed) = (vec![0.0; ROWS * stride], vec![0.0; ROWS * wide]);
        let mut totals = [0.0; ROWS];
        // Back to front, so that the biases of a query with a row of keys lie in the order of the keys.
        let table: Vec<f32> = head.table.iter().rev().copied().collect();
        let blocks = queries.chunks(ROWS * depth).zip(out.chunks_mut(ROWS * depth));
        for (block, (queries, out)) in blocks.enumerate() {
            let count = queries.len() / depth;
            let scores = scores.get_mut(..count * stride).unwrap_or_default();
            let mixed = mixed.get_mut(..count * wide).unwrap_or_default();
            product(simd, queries, depth, &keys, scores);
            for ((row, scores), total) in scores.chunks_exact_mut(stride).enumerate().zip(&mut totals) {
                let scores = scores.get_mut(..area).unwrap_or_default();
                *total = head.window.weigh(scores, &table, head.grid.cut.window, block * ROWS + row);
            }
            product(simd, scores, stride, &values, mixed);
            let rows = out.chunks_exact_mut(depth).zip(mixed.chunks_exact(wide));
            for ((out, mixed), total) in rows.zip(totals) {
                out.iter_mut().zip(mixed).for_each(|(out, mixed)| *out = mixed / total);
            }
        }
    }
}
