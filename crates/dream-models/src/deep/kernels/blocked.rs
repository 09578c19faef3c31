//! Products of many rows with a matrix in [`Panels`], block by block.
//!
//! A piece of work is a block of rows. A part of each of its rows is copied to where it stays in the cache, and is multiplied
//! with a part of every panel in turn. The rows come from a [`Source`], so a convolution is the same product, and what its
//! windows see exists for one block at a time.

use std::cell::Cell;
use std::ops::Range;

use pulp::Simd;

use super::after::Finish;
use super::aligned::Aligned;
use super::tile::{Panels, VECTORS};
use crate::{par, simd};

/// Values of a row that are multiplied at a time: with the columns of a panel, half of a second-level cache.
pub(super) const DEPTH: usize = 512;
/// Places of a part of a row: its rows do not all begin in the same lines of the cache.
pub(super) const PLACES: usize = DEPTH + 16;
/// Rows of a block, at most.
const BLOCK: usize = 8 * MANY;
/// The same where the weight is large: the parts of the rows still stay in a second-level cache.
const LARGE: usize = 43 * MANY;
/// Values of a weight that stays in a second-level cache.
const CACHED: usize = 1 << 19;
/// Rows of a tile where there are 32 registers.
pub(super) const MANY: usize = 14;
/// Rows of a tile where there are 16.
const FEW: usize = 6;
/// From as many columns on they are shared out where there are few rows.
const WIDE: usize = 128;

/// A part of a row.
pub(super) type Line = [f32; PLACES];

thread_local! {
    /// Every thread keeps the lines of its last block: to get memory takes as long as a small product.
    static LINES: Cell<Aligned> = Cell::new(Aligned::default());
    static BETWEEN: Cell<Aligned> = Cell::new(Aligned::default());
}

/// Rows that are made when they are needed.
pub(super) trait Source: Sync {
    /// The values of a row from number `from` on, as many as `out` holds; `out` holds zeros.
    fn copy(&self, row: usize, from: usize, out: &mut [f32]);
}

/// `rows` rows of `source` times `panels`, of which the first `outputs` columns count.
///
/// Each value is summed in the order of the rows of the matrix, fused where the processor can, so it does not depend on what
/// other rows and columns there are.
pub(super) fn multiply(
    source: &dyn Source,
    rows: usize,
    panels: &Panels,
    outputs: usize,
    finish: &Finish<'_>,
) -> Vec<f32> {
    let mut out = vec![0.0; rows * outputs];
    let threads = par::threads();
    if threads > 1 && rows < 2 * MANY * threads && outputs >= 2 * WIDE {
        let columns = outputs.div_ceil(threads).next_multiple_of(WIDE);
        let parts = par::map(outputs.div_ceil(columns), |part| {
            let columns = part * columns..outputs.min((part + 1) * columns);
            let mut out = vec![0.0; rows * columns.len()];
            simd::dispatch(Block { source, first: 0, panels, columns, out: &mut out });
            out
        });
        for (part, values) in parts.iter().enumerate() {
            let wide = columns.min(outputs - part * columns);
            for (row, values) in out.chunks_exact_mut(outputs).zip(values.chunks_exact(wide)) {
                row.iter_mut().skip(part * columns).zip(values).for_each(|(slot, value)| *slot = *value);
            }
        }
        finish.rows(0, &mut out);
        return out;
    }
    let block = rows_of_block(rows, threads, panels.len());
    par::for_each_chunk(&mut out, block * outputs, |number, out| {
        let first = number * block;
        simd::dispatch(Block { source, first, panels, columns: 0..outputs, out: &mut *out });
        finish.rows(first, out);
    });
    out
}

/// [`multiply`] twice: the rows of `source` times the first panels, finished, times the second panels. What lies between
/// exists for a block at a time.
pub(super) fn multiply_twice(
    source: &dyn Source,
    rows: usize,
    [first, second]: [&Panels; 2],
    [then, last]: [&Finish<'_>; 2],
) -> Vec<f32> {
    let (width, outputs) = (then.width, last.width);
    let threads = par::threads();
    if threads > 1 && rows < 2 * MANY * threads {
        let values = multiply(source, rows, first, width, then);
        return multiply(&Matrix { values: &values, inputs: width }, rows, second, outputs, last);
    }
    let mut out = vec![0.0; rows * outputs];
    let block = rows_of_block(rows, threads, first.len() + second.len());
    par::for_each_chunk(&mut out, block * outputs, |number, out| {
        let (number, mut between) = (number * block, BETWEEN.take());
        let size = out.len() / outputs.max(1) * width;
        between.grow(size);
        let values = between.get_mut(..size).unwrap_or_default();
        simd::dispatch(Block { source, first: number, panels: first, columns: 0..width, out: values });
        then.rows(number, values);
        let source = &Matrix { values, inputs: width };
        simd::dispatch(Block { source, first: 0, panels: second, columns: 0..outputs, out: &mut *out });
        last.rows(number, out);
        BETWEEN.set(between);
    });
    out
}

/// Blocks are of about the same size. A weight that does not stay in the cache is read for every block, so there are few of
/// them then.
fn rows_of_block(rows: usize, threads: usize, weights: usize) -> usize {
    let most = if weights > CACHED { LARGE } else { BLOCK };
    let blocks = rows.div_ceil(most).max(threads);
    rows.div_ceil(blocks).next_multiple_of(MANY).max(MANY)
}

/// As many rows as `out` has.
struct Block<'a> {
    source: &'a dyn Source,
    /// Number of the first row.
    first: usize,
    panels: &'a Panels,
    /// Columns of the matrix that `out` has, from the start of a panel on.
    columns: Range<usize>,
    out: &'a mut [f32],
}

impl simd::Kernel for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { source, first, panels, columns, out } = self;
        let (inputs, wide) = (panels.rows(), columns.len());
        let rows = out.len() / wide.max(1);
        let mut kept = LINES.take();
        kept.grow((rows + MANY) * PLACES);
        let (lines, _) = kept.as_chunks_mut::<PLACES>();
        for from in (0..inputs).step_by(DEPTH) {
            let depth = DEPTH.min(inputs - from);
            for (row, line) in lines.iter_mut().take(rows).enumerate() {
                let part = line.get_mut(..depth).unwrap_or_default();
                part.fill(0.0);
                source.copy(first + row, from, part);
            }
            multiply_lines(simd, lines, panels, from..from + depth, columns.clone(), wide, out);
        }
        LINES.set(kept);
    }
}

/// Product of some rows with a matrix in panels: `out` has `b.columns()` values for every `stride` values of `a`, of which
/// the first `b.rows()` count. Summed as by [`multiply`].
#[inline(always)]
pub(in crate::deep) fn product<S: Simd>(simd: S, a: &[f32], stride: usize, b: &Panels, out: &mut [f32]) {
    product_within(simd, a, stride, b, [b.rows(), b.columns()], out);
}

/// The same with the first `rows` of `b` only, and of its columns no more than the panels with the first `columns`. What `out`
/// has for the others stays.
#[inline(always)]
pub(in crate::deep) fn product_within<S: Simd>(
    simd: S,
    a: &[f32],
    stride: usize,
    b: &Panels,
    [depth, within]: [usize; 2],
    out: &mut [f32],
) {
    let (columns, rows) = (b.columns(), a.len().div_ceil(stride.max(1)));
    debug_assert!(depth <= stride && depth <= b.rows() && within <= columns && rows * columns == out.len());
    let mut kept = LINES.take();
    kept.grow((rows + MANY) * PLACES);
    let (lines, _) = kept.as_chunks_mut::<PLACES>();
    for from in (0..depth).step_by(DEPTH) {
        let part = from..depth.min(from + DEPTH);
        for (line, row) in lines.iter_mut().zip(a.chunks(stride)) {
            let values = row.get(part.clone()).unwrap_or_default();
            line.iter_mut().zip(values).for_each(|(slot, value)| *slot = *value);
        }
        multiply_lines(simd, lines, b, part, 0..within, columns, out);
    }
    LINES.set(kept);
}

/// Lines times some rows and columns of a matrix, added to what is there unless the rows are the first. `out` has `stride`
/// values for each line that counts; of the last panel it takes those that it has place for.
#[inline(always)]
pub(super) fn multiply_lines<S: Simd>(
    simd: S,
    lines: &[Line],
    panels: &Panels,
    rows: Range<usize>,
    columns: Range<usize>,
    stride: usize,
    out: &mut [f32],
) {
    if S::F32_LANES == 16 || cfg!(target_arch = "aarch64") {
        by_tiles::<S, MANY>(simd, lines, panels, rows, columns, stride, out);
    } else {
        by_tiles::<S, FEW>(simd, lines, panels, rows, columns, stride, out);
    }
}

#[inline(always)]
fn by_tiles<S: Simd, const ROWS: usize>(
    simd: S,
    lines: &[Line],
    panels: &Panels,
    rows: Range<usize>,
    columns: Range<usize>,
    stride: usize,
    out: &mut [f32],
) {
    let (wide, add) = (panels.wide(), rows.start > 0);
    for (number, panel) in panels.panels(columns.start / wide..columns.end.div_ceil(wide)).enumerate() {
        let panel = panel.get(rows.start * wide..rows.end * wide).unwrap_or_default();
        let at = number * wide;
        let (tiles, rest) = lines.as_chunks::<ROWS>();
        let mut results = out.chunks_mut(ROWS * stride);
        for (tile, out) in tiles.iter().zip(results.by_ref()) {
            // The last rows may need a smaller tile only.
            match (out.len() / stride.max(1), tile.first_chunk::<4>(), tile.first_chunk::<8>()) {
                (..=4, Some(tile), _) => multiply_tile::<S, 4>(simd, tile, panel, add, [stride, at], out),
                (5..=8, _, Some(tile)) => multiply_tile::<S, 8>(simd, tile, panel, add, [stride, at], out),
                _ => multiply_tile::<S, ROWS>(simd, tile, panel, add, [stride, at], out),
            }
        }
        debug_assert!(rest.len() < ROWS && results.next().is_none());
    }
}

/// A tile of rows times a panel; the results begin in column `at` of `out`.
#[inline(always)]
fn multiply_tile<S: Simd, const ROWS: usize>(
    simd: S,
    lines: &[Line; ROWS],
    panel: &[f32],
    add: bool,
    [stride, at]: [usize; 2],
    out: &mut [f32],
) {
    let (vectors, _) = S::as_simd_f32s(panel);
    let (steps, _) = vectors.as_chunks::<VECTORS>();
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    if add {
        for (sums, row) in sums.iter_mut().zip(out.chunks(stride)) {
            let row = row.get(at..).unwrap_or_default();
            let (head, _) = S::as_simd_f32s(row);
            let mut edge = [0.0; EDGE];
            let head = match head.first_chunk::<VECTORS>() {
                Some(head) => head,
                None => {
                    edge.iter_mut().zip(row).for_each(|(slot, value)| *slot = *value);
                    match S::as_simd_f32s(&edge).0.first_chunk::<VECTORS>() {
                        Some(head) => head,
                        None => continue,
                    }
                }
            };
            *sums = *head;
        }
    }
    let sums = add_products(simd, lines, steps, sums);
    for (sums, row) in sums.iter().zip(out.chunks_mut(stride)) {
        let row = row.get_mut(at..).unwrap_or_default();
        if let Some(head) = S::as_mut_simd_f32s(row).0.first_chunk_mut::<VECTORS>() {
            *head = *sums;
            continue;
        }
        let mut edge = [0.0; EDGE];
        if let Some(head) = S::as_mut_simd_f32s(&mut edge).0.first_chunk_mut::<VECTORS>() {
            *head = *sums;
        }
        row.iter_mut().zip(edge).for_each(|(slot, value)| *slot = value);
    }
}

/// By value: sums that are also read and written elsewhere would not stay in registers.
#[inline(always)]
fn add_products<S: Simd, const ROWS: usize>(
    simd: S,
    lines: &[Line; ROWS],
    steps: &[[S::f32s; VECTORS]],
    mut sums: [[S::f32s; VECTORS]; ROWS],
) -> [[S::f32s; VECTORS]; ROWS] {
    for k in 0..steps.len().min(PLACES) {
        let Some(step) = steps.get(k) else { break };
        for (sums, line) in sums.iter_mut().zip(lines) {
            let value = simd.splat_f32s(line.get(k).copied().unwrap_or(0.0));
            for (sum, &vector) in sums.iter_mut().zip(step) {
                *sum = simd.mul_add_e_f32s(value, vector, *sum);
            }
        }
    }
    sums
}

/// The most columns of a panel.
const EDGE: usize = VECTORS * 16;

/// Rows of a matrix that is there.
pub(super) struct Matrix<'a> {
    pub(super) values: &'a [f32],
    pub(super) inputs: usize,
}

impl Source for Matrix<'_> {
    #[inline(always)]
    fn copy(&self, row: usize, from: usize, out: &mut [f32]) {
        let values = self.values.get(row * self.inputs + from..).unwrap_or_default();
        out.iter_mut().zip(values).for_each(|(slot, value)| *slot = *value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(count: usize, step: f32) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * step).sin() + (i * i % 97) as f32 / 97.0 - 0.5).collect()
    }

    struct Whole<'a> {
        x: &'a [f32],
        weight: &'a [f32],
        inputs: usize,
        outputs: usize,
    }

    impl simd::Kernel for Whole<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
            let Self { x, weight, inputs, outputs } = self;
            let panels = Panels::of_columns::<S>(weight, inputs, outputs);
            let mut out = vec![f32::NAN; x.len() / inputs * outputs];
            let source = &Matrix { values: x, inputs };
            Block { source, first: 0, panels: &panels, columns: 0..outputs, out: &mut out }.with_simd(simd);
            out
        }
    }

    /// Registers of every width that this machine has, with rows that fill no tile, more inputs than are multiplied at a
    /// time, and columns that fill no panel.
    #[test]
    fn every_instruction_set_gives_the_product() {
        for (rows, inputs, outputs) in [(1, 3, 1), (5, 40, 33), (9, 513, 31), (23, 1100, 65), (30, 64, 7)] {
            let (x, weight) = (wave(rows * inputs, 0.37), wave(outputs * inputs, 0.11));
            let run = || Whole { x: &x, weight: &weight, inputs, outputs };
            let mut found = vec![("none", Simd::vectorize(pulp::Scalar::new(), run()))];
            #[cfg(target_arch = "x86_64")]
            {
                found.extend(pulp::x86::V3::try_new().map(|simd| ("AVX2", Simd::vectorize(simd, run()))));
                found.extend(pulp::x86::V4::try_new().map(|simd| ("AVX-512", Simd::vectorize(simd, run()))));
            }
            found.push(("the best", simd::dispatch(run())));
            for (name, found) in &found {
                for (i, found) in found.iter().enumerate() {
                    let (row, column) = (i / outputs * inputs, i % outputs * inputs);
                    let products = x[row..row + inputs].iter().zip(&weight[column..column + inputs]);
                    let expected: f64 = products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                    let apart = (f64::from(*found) - expected).abs();
                    assert!(
                        apart < 1e-6 * inputs as f64,
                        "{name} {rows} {inputs} {outputs}: {found} {expected}"
                    );
                }
            }
            // Both fuse, in the same order.
            let fused: Vec<_> = found.iter().filter(|(name, _)| name.starts_with("AVX")).collect();
            assert!(fused.windows(2).all(|pair| pair[0].1 == pair[1].1), "{rows} {inputs} {outputs}");
        }
    }
}
