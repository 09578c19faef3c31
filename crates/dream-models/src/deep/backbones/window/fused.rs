//! The windowed attention of a grid in one pass, for single precision on the CPU.
//!
//! A piece of work is a head in a window: its queries, keys and values are picked out of the grid where they lie, so
//! nothing is rolled, cut or transposed in memory, and its scores exist for a few rows at a time, in the cache.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, Var, bail};
use pulp::Simd;

use super::composed::{Similarity, attend, spread};
use super::cut::{Cut, FOREIGN};
use crate::deep::kernels::{Panels, add_bias, exponentials, product, slice};
use crate::{par, simd};

/// Rows of scores that exist at a time, a multiple of the rows of a tile of the matrix product.
const ROWS: usize = 24;
/// Norms of queries and keys count as at least this.
const SMALLEST: f32 = 1e-12;

/// Attention of `[n, rows, columns, 3 c]` without its bias; `biases` are those of queries, keys and values together, `table`
/// is `[heads, offsets]` and `index` the offset of every pair of tokens.
pub(super) fn attention(
    qkv: &Tensor,
    biases: &Tensor,
    similarity: &Similarity,
    table: &Tensor,
    cut: Cut,
    index: &Tensor,
    chunk: usize,
) -> Result<Tensor> {
    let parameters = match similarity {
        Similarity::Product => biases.contiguous()?,
        Similarity::Cosine(scale) => Tensor::cat(&[&scale.flatten_all()?, biases], 0)?,
    };
    let is_cosine = matches!(similarity, Similarity::Cosine(_));
    let op = Attention { cut, heads: table.dim(0)?, is_cosine, index: index.clone(), chunk };
    qkv.contiguous()?.apply_op3(&parameters, &table.contiguous()?, op)
}

#[derive(Debug)]
struct Attention {
    cut: Cut,
    heads: usize,
    /// Whether the parameters begin with a scale for each head.
    is_cosine: bool,
    index: Tensor,
    chunk: usize,
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
            simd::dispatch(Head { grid, window, image, head, scale, table, out });
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

    /// Runs the windows again, some at a time, as candle's own operations: no scores are kept from the forward pass.
    fn bwd(
        &self,
        qkv: &Tensor,
        parameters: &Tensor,
        table: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let cut = self.cut;
        let windows = cut.split(qkv)?;
        let grad = cut.split(grad)?;
        let parameters = Var::from_tensor(parameters)?;
        let table = Var::from_tensor(table)?;
        let (mut by_qkv, mut by_parameters, mut by_table) = (Vec::new(), None, None);
        let all = windows.dim(0)?;
        for start in (0..all).step_by(self.chunk) {
            let count = self.chunk.min(all - start);
            let part = Var::from_tensor(&windows.narrow(0, start, count)?.contiguous()?)?;
            let scales = self.scales();
            let similarity = match self.is_cosine {
                true => Similarity::Cosine(parameters.narrow(0, 0, scales)?.reshape((scales, 1, 1))?),
                false => Similarity::Product,
            };
            let biases = parameters.narrow(0, scales, parameters.dim(0)? - scales)?;
            let position = spread(&table, &self.index)?;
            let mixed = attend(&add_bias(&part, &biases)?, &similarity, &position, &cut, start, self.chunk)?;
            let store = (mixed * grad.narrow(0, start, count)?)?.sum_all()?.backward()?;
            let of = |var: &Var| store.get(var).cloned().map_or_else(|| var.zeros_like(), Ok);
            by_qkv.push(of(&part)?);
            add(&mut by_parameters, of(&parameters)?)?;
            add(&mut by_table, of(&table)?)?;
        }
        Ok((Some(cut.join(&Tensor::cat(&by_qkv, 0)?)?), by_parameters, by_table))
    }
}

fn add(sum: &mut Option<Tensor>, part: Tensor) -> Result<()> {
    *sum = Some(match sum.take() {
        Some(sum) => (sum + part)?,
        None => part,
    });
    Ok(())
}

#[derive(Debug, Clone, Copy)]
struct Grid<'a> {
    qkv: &'a [f32],
    biases: &'a [f32],
    width: usize,
    /// Width of a head.
    depth: usize,
    cut: Cut,
}

/// Where the tokens of a window lie in the grid, if not outside, and the region of each.
#[derive(Debug)]
struct Window {
    tokens: Vec<Option<usize>>,
    /// Only where a shift has brought more than one region together.
    regions: Option<Vec<u8>>,
}

impl Window {
    fn new(cut: Cut, number: usize) -> Self {
        let regions = cut.is_shifted().then(|| cut.regions(number));
        let regions = regions.filter(|regions| regions.iter().any(|region| Some(region) != regions.first()));
        Self { tokens: cut.tokens(number), regions }
    }
}

struct Head<'a> {
    grid: Grid<'a>,
    window: &'a Window,
    image: usize,
    head: usize,
    /// Of the cosine; without it queries and keys are multiplied as they are.
    scale: Option<f32>,
    /// Position bias of every offset.
    table: &'a [f32],
    out: &'a mut [f32],
}

impl Head<'_> {
    /// The queries (0), keys (1) or values (2) of every token, with their bias, which is all that a token outside has.
    #[inline(always)]
    fn pick(&self, kind: usize) -> Vec<f32> {
        let Grid { qkv, biases, width, depth, cut } = self.grid;
        let offset = kind * width + self.head * depth;
        let bias = biases.get(offset..offset + depth).unwrap_or_default();
        let first = self.image * cut.grid[0] * cut.grid[1];
        let mut picked = vec![0.0; self.window.tokens.len() * depth];
        for (row, token) in picked.chunks_exact_mut(depth).zip(&self.window.tokens) {
            row.iter_mut().zip(bias).for_each(|(slot, bias)| *slot = *bias);
            let Some(token) = token else { continue };
            let from = (first + token) * 3 * width + offset;
            let values = qkv.get(from..from + depth).unwrap_or_default();
            row.iter_mut().zip(values).for_each(|(slot, value)| *slot += value);
        }
        picked
    }

    /// The same, every vector of length `scale`.
    #[inline(always)]
    fn directions(&self, kind: usize, scale: f32) -> Vec<f32> {
        let mut picked = self.pick(kind);
        for row in picked.chunks_exact_mut(self.grid.depth) {
            let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            let factor = scale / if length > SMALLEST { length } else { SMALLEST };
            row.iter_mut().for_each(|v| *v *= factor);
        }
        picked
    }

    /// Queries and keys whose products are the scores.
    #[inline(always)]
    fn queries_and_keys(&self) -> (Vec<f32>, Vec<f32>) {
        if let Some(scale) = self.scale {
            return (self.directions(0, scale), self.directions(1, 1.0));
        }
        let (mut queries, factor) = (self.pick(0), 1.0 / (self.grid.depth as f32).sqrt());
        queries.iter_mut().for_each(|v| *v *= factor);
        (queries, self.pick(1))
    }
}

/// Adds to the scores of token `query` what its offset to every key gives in a `table` that runs back to front.
#[inline(always)]
fn add_position(scores: &mut [f32], table: &[f32], [high, wide]: [usize; 2], query: usize) {
    let (row, column) = (query / wide, query % wide);
    // The table has a line for every offset of rows; the one for the first row of keys, and its first column.
    let lines = table.chunks_exact(2 * wide - 1).skip(high - 1 - row);
    for (scores, line) in scores.chunks_exact_mut(wide).zip(lines) {
        let biases = line.get(wide - 1 - column..).unwrap_or_default();
        // Pieces of a fixed size: a row of keys is too short for a loop of unknown length.
        let (pieces, rest) = scores.as_chunks_mut::<8>();
        let (bias_pieces, bias_rest) = biases.split_at_checked(8 * pieces.len()).unwrap_or_default();
        for (scores, biases) in pieces.iter_mut().zip(bias_pieces.as_chunks::<8>().0) {
            scores.iter_mut().zip(biases).for_each(|(score, bias)| *score += bias);
        }
        rest.iter_mut().zip(bias_rest).for_each(|(score, bias)| *score += bias);
    }
}

impl simd::Kernel for Head<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (depth, area) = (self.grid.depth, self.window.tokens.len());
        let (queries, picked) = self.queries_and_keys();
        let mut keys = Panels::new::<S>(depth, area);
        for (token, key) in picked.chunks_exact(depth).enumerate() {
            keys.set_column(token, key.iter().copied());
        }
        let mut values = Panels::new::<S>(area, depth);
        for (token, value) in self.pick(2).chunks_exact(depth).enumerate() {
            values.set_row(token, value.iter().copied());
        }
        let (stride, wide) = (keys.columns(), values.columns());
        let (mut scores, mut mixed) = (vec![0.0; ROWS * stride], vec![0.0; ROWS * wide]);
        let mut totals = [0.0; ROWS];
        // Back to front, so that the biases of a query with a row of keys lie in the order of the keys.
        let table: Vec<f32> = self.table.iter().rev().copied().collect();
        let blocks = queries.chunks(ROWS * depth).zip(self.out.chunks_mut(ROWS * depth));
        for (block, (queries, out)) in blocks.enumerate() {
            let count = queries.len() / depth;
            let scores = scores.get_mut(..count * stride).unwrap_or_default();
            let mixed = mixed.get_mut(..count * wide).unwrap_or_default();
            product(simd, queries, depth, &keys, scores);
            for ((row, scores), total) in scores.chunks_exact_mut(stride).enumerate().zip(&mut totals) {
                let scores = scores.get_mut(..area).unwrap_or_default();
                let query = block * ROWS + row;
                add_position(scores, &table, self.grid.cut.window, query);
                if let Some(regions) = &self.window.regions {
                    let own = regions.get(query).copied().unwrap_or_default();
                    for (score, region) in scores.iter_mut().zip(regions) {
                        *score += if *region == own { 0.0 } else { FOREIGN };
                    }
                }
                *total = exponentials(scores);
            }
            product(simd, scores, stride, &values, mixed);
            let rows = out.chunks_exact_mut(depth).zip(mixed.chunks_exact(wide));
            for ((out, mixed), total) in rows.zip(totals) {
                out.iter_mut().zip(mixed).for_each(|(out, mixed)| *out = mixed / total);
            }
        }
    }
}
