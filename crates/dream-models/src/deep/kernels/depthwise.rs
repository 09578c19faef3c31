use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};
use pulp::Simd;

use super::residual::column_sums;
use super::slice;
use crate::{par, simd};

/// Neighbours in a row whose sums are held in registers together: it divides the grids of frames of 384 pixels.
const TILE: usize = 12;
/// Rows of a piece of work.
const ROWS: usize = 8;
/// Taps of a row of the kernel whose sums are held in registers together, for the gradient of the weights.
const TAPS: usize = 8;
/// Channels of a piece of the weights' gradient: a multiple of the lanes of every register.
const CHANNELS: usize = 16;

/// Depthwise convolution that keeps the grid: `x` is `[n, rows, columns, channels]`, `weight` the taps row by row,
/// `[side * side, channels]` with an odd side, `bias` `[channels]`.
///
/// Each value is summed from the bias on in the order of the taps, fused where the processor can, so it does not depend on
/// what else there is. The gradient of the weights is summed row by row of the grid, and image by image.
pub(in crate::deep) fn depthwise(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let side = weight.dim(0)?.isqrt();
    x.contiguous()?.apply_op3(&weight.contiguous()?, &bias.contiguous()?, Depthwise { side })
}

#[derive(Debug, Clone, Copy)]
struct Depthwise {
    side: usize,
}

/// The sizes of one image, and of the kernel.
#[derive(Debug, Clone, Copy)]
struct Grid {
    rows: usize,
    columns: usize,
    channels: usize,
    side: usize,
}

impl Grid {
    fn of(layout: &Layout, weights: usize, side: usize) -> Result<Self> {
        let (_, rows, columns, channels) = layout.shape().dims4()?;
        if side.is_multiple_of(2) || side * side * channels != weights {
            bail!("depthwise: {weights} weights of side {side} do not fit {layout:?}");
        }
        Ok(Self { rows, columns, channels, side })
    }

    /// Values of a row.
    fn row(self) -> usize {
        (self.columns * self.channels).max(1)
    }

    /// Values of an image.
    fn image(self) -> usize {
        (self.rows * self.row()).max(1)
    }

    /// Vectors of a padded row: tiles and groups of taps may reach over its end.
    fn wide(self) -> usize {
        self.columns.next_multiple_of(TILE) + self.side.next_multiple_of(TAPS)
    }
}

impl CustomOp3 for Depthwise {
    fn name(&self) -> &'static str {
        "depthwise"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        weight: &CpuStorage,
        w_layout: &Layout,
        bias: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight, bias) = (slice(x, layout)?, slice(weight, w_layout)?, slice(bias, b_layout)?);
        let grid = Grid::of(layout, weight.len(), self.side)?;
        if bias.len() != grid.channels {
            bail!("depthwise: {b_layout:?} does not fit {layout:?}");
        }
        let mut out = vec![0.0; x.len()];
        let images = out.chunks_mut(grid.image()).zip(x.chunks(grid.image()));
        let pieces = |(out, image): (_, _)| pieces(grid, out).map(move |(first, out)| (image, first, out));
        let mut work: Vec<(&[f32], usize, &mut [f32])> = images.flat_map(pieces).collect();
        par::for_each_chunk(&mut work, 1, |_, work| {
            for (image, first, out) in work {
                simd::dispatch(Piece { grid, image, first: *first, weight, bias, out });
            }
        });
        drop(work);
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        // What a tap takes from a neighbour, the neighbour's gradient takes back through the opposite tap.
        let turned = weight.flip(&[0])?.contiguous()?;
        let by_x = grad.apply_op3_no_bwd(&turned, &bias.zeros_like()?, self)?;
        let by_weight = x.apply_op2_no_bwd(&grad, &ByWeight { side: self.side })?;
        Ok((Some(by_x), Some(by_weight), Some(column_sums(&grad, bias)?)))
    }
}

/// Some rows of an image each, with the number of their first.
fn pieces(grid: Grid, image: &mut [f32]) -> impl Iterator<Item = (usize, &mut [f32])> {
    image.chunks_mut(ROWS * grid.row()).enumerate().map(|(i, rows)| (i * ROWS, rows))
}

/// As many rows as `out` has, from row `first` of the image on.
struct Piece<'a> {
    grid: Grid,
    image: &'a [f32],
    first: usize,
    weight: &'a [f32],
    bias: &'a [f32],
    out: &'a mut [f32],
}

impl simd::Kernel for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Grid { channels, side, .. } = self.grid;
        let (wide, zero) = (self.grid.wide(), simd.splat_f32s(0.0));
        debug_assert!(self.out.len().is_multiple_of(self.grid.row()));
        let mut padded = vec![zero; (self.out.len() / self.grid.row() + side - 1) * wide];
        let mut taps = vec![zero; side * side];
        for from in (0..channels).step_by(S::F32_LANES) {
            pack(simd, self.grid, self.image, self.first, from, &mut padded);
            for (slot, weights) in taps.iter_mut().zip(self.weight.chunks_exact(channels)) {
                *slot = load(simd, weights, from);
            }
            let bias = load(simd, self.bias, from);
            for (row, out) in self.out.chunks_exact_mut(self.grid.row()).enumerate() {
                let rows = padded.get(row * wide..).unwrap_or_default();
                for (tile, out) in out.chunks_mut(TILE * channels).enumerate() {
                    let sums = convolve(simd, rows, wide, tile * TILE, &taps, side, bias);
                    for (pixel, sum) in out.chunks_exact_mut(channels).zip(sums) {
                        store(simd, pixel, from, sum);
                    }
                }
            }
        }
    }
}

/// The results of a tile that begins at column `at`; `rows` begins with the first row that it sees.
#[inline(always)]
fn convolve<S: Simd>(
    simd: S,
    rows: &[S::f32s],
    wide: usize,
    at: usize,
    taps: &[S::f32s],
    side: usize,
    bias: S::f32s,
) -> [S::f32s; TILE] {
    let mut sums = [bias; TILE];
    for (row, taps) in rows.chunks_exact(wide).zip(taps.chunks_exact(side)) {
        let row = row.get(at..).unwrap_or_default();
        for (window, &tap) in row.windows(TILE).zip(taps) {
            let Some(window) = window.first_chunk::<TILE>() else { continue };
            for (sum, &value) in sums.iter_mut().zip(window) {
                *sum = simd.mul_add_e_f32s(value, tap, *sum);
            }
        }
    }
    sums
}

/// Writes the channels from `from` on of the rows that the rows from `first` on see. What lies outside of the image stays
/// as it is.
#[inline(always)]
fn pack<S: Simd>(simd: S, grid: Grid, image: &[f32], first: usize, from: usize, padded: &mut [S::f32s]) {
    let margin = grid.side / 2;
    for (number, slots) in padded.chunks_exact_mut(grid.wide()).enumerate() {
        let row =
            (first + number).checked_sub(margin).and_then(|row| image.chunks_exact(grid.row()).nth(row));
        let pixels = row.unwrap_or_default().chunks_exact(grid.channels.max(1));
        for (slot, pixel) in slots.iter_mut().skip(margin).zip(pixels) {
            *slot = load(simd, pixel, from);
        }
    }
}

/// A vector of channels, with zeros behind the last channel.
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, pixel: &[f32], from: usize) -> S::f32s {
    let values = pixel.get(from..).unwrap_or_default();
    match S::as_simd_f32s(values).0.first() {
        Some(vector) => *vector,
        None => simd.partial_load_f32s(values),
    }
}

#[inline(always)]
pub(super) fn store<S: Simd>(simd: S, pixel: &mut [f32], from: usize, vector: S::f32s) {
    let values = pixel.get_mut(from..).unwrap_or_default();
    match S::as_mut_simd_f32s(values).0.first_mut() {
        Some(slot) => *slot = vector,
        None => simd.partial_store_f32s(values, vector),
    }
}

/// The gradient of the weights from the input and the gradient of the result.
#[derive(Debug)]
struct ByWeight {
    side: usize,
}

impl CustomOp2 for ByWeight {
    fn name(&self) -> &'static str {
        "depthwise-by-weight"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        grad: &CpuStorage,
        g_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, grad, channels) = (slice(x, layout)?, slice(grad, g_layout)?, super::width(layout));
        let taps = self.side * self.side;
        let grid = Grid::of(layout, taps * channels, self.side)?;
        if x.len() != grad.len() {
            bail!("depthwise-by-weight: {g_layout:?} does not fit {layout:?}");
        }
        let parts = par::map(channels.div_ceil(CHANNELS), |part| {
            simd::dispatch(Products { grid, x, grad, first: part * CHANNELS })
        });
        let mut out = vec![0.0; taps * channels];
        for (tap, row) in out.chunks_exact_mut(channels).enumerate() {
            for (slots, part) in row.chunks_mut(CHANNELS).zip(&parts) {
                let sums = part.chunks_exact(CHANNELS).nth(tap).unwrap_or_default();
                slots.iter_mut().zip(sums).for_each(|(slot, sum)| *slot = *sum);
            }
        }
        Ok((CpuStorage::F32(out), Shape::from((taps, channels))))
    }
}

/// Sums over all places of all images, `CHANNELS` values for every tap: those of the channels from `first` on.
struct Products<'a> {
    grid: Grid,
    x: &'a [f32],
    grad: &'a [f32],
    first: usize,
}

impl simd::Kernel for Products<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let Grid { rows, columns, channels, side } = self.grid;
        let (wide, filled, zero) = (self.grid.wide(), side.next_multiple_of(TAPS), simd.splat_f32s(0.0));
        let mut padded = vec![zero; (rows + side - 1) * wide];
        let mut line = vec![zero; columns];
        let mut totals = vec![zero; side * filled];
        let mut out = vec![0.0; side * side * CHANNELS];
        for lane in (0..CHANNELS.min(channels - self.first)).step_by(S::F32_LANES) {
            totals.fill(zero);
            let images = self.x.chunks_exact(self.grid.image());
            for (image, grad) in images.zip(self.grad.chunks_exact(self.grid.image())) {
                pack(simd, self.grid, image, 0, self.first + lane, &mut padded);
                for (row, grad) in grad.chunks_exact(self.grid.row()).enumerate() {
                    for (slot, pixel) in line.iter_mut().zip(grad.chunks_exact(channels)) {
                        *slot = load(simd, pixel, self.first + lane);
                    }
                    let seen = padded.get(row * wide..).unwrap_or_default();
                    add_products(simd, seen, wide, &line, &mut totals, filled);
                }
            }
            for (totals, out) in totals.chunks_exact(filled).zip(out.chunks_exact_mut(side * CHANNELS)) {
                for (total, out) in totals.iter().zip(out.chunks_exact_mut(CHANNELS)) {
                    store(simd, out, lane, *total);
                }
            }
        }
        out
    }
}

/// Adds what one row of the gradient, `line`, gives for every tap; `seen` begins with the first row that it sees.
#[inline(always)]
fn add_products<S: Simd>(
    simd: S,
    seen: &[S::f32s],
    wide: usize,
    line: &[S::f32s],
    totals: &mut [S::f32s],
    filled: usize,
) {
    for (row, totals) in seen.chunks_exact(wide).zip(totals.chunks_exact_mut(filled)) {
        for (group, totals) in totals.chunks_exact_mut(TAPS).enumerate() {
            let mut sums = [simd.splat_f32s(0.0); TAPS];
            let row = row.get(group * TAPS..).unwrap_or_default();
            for (window, &grad) in row.windows(TAPS).zip(line) {
                let Some(window) = window.first_chunk::<TAPS>() else { continue };
                for (sum, &value) in sums.iter_mut().zip(window) {
                    *sum = simd.mul_add_e_f32s(value, grad, *sum);
                }
            }
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total = simd.add_f32s(*total, sum);
            }
        }
    }
}
