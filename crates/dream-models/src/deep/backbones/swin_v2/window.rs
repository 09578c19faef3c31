//! Windows of a grid of tokens, and attention inside them, from candle's own operations.

use candle_core::{D, Device, Result, Tensor};

use super::config::Geometry;
use crate::deep::layers::{l2_normalize, softmax_last};

/// Added to the score between tokens that a shift has made neighbours.
pub(super) const FOREIGN: f32 = -100.0;

/// How a grid is cut into windows: padded size, window, shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) grid: [usize; 2],
    pub(super) window: [usize; 2],
    pub(super) shift: [usize; 2],
}

impl Cut {
    /// The cut of an even or an odd block.
    pub(super) fn new(geometry: &Geometry, odd: bool) -> Self {
        let shift = if odd { geometry.shift } else { [0, 0] };
        Self { grid: geometry.padded, window: geometry.window, shift }
    }

    /// Tokens of a window.
    pub(super) fn area(&self) -> usize {
        self.window[0] * self.window[1]
    }

    /// Offsets between two tokens of a window.
    pub(super) fn offsets(&self) -> usize {
        (2 * self.window[0] - 1) * (2 * self.window[1] - 1)
    }

    /// Windows along each axis.
    pub(super) fn counts(&self) -> [usize; 2] {
        [0, 1].map(|a| self.grid[a] / self.window[a])
    }

    /// Windows of a grid.
    pub(super) fn windows(&self) -> usize {
        self.counts().iter().product()
    }

    pub(super) fn is_shifted(&self) -> bool {
        self.shift != [0, 0]
    }

    /// `[n, rows, columns, c]` to `[n windows, area, c]`.
    pub(super) fn split(&self, x: &Tensor) -> Result<Tensor> {
        let (count, _, _, width) = x.dims4()?;
        let [rows, columns] = self.counts();
        let [high, wide] = self.window;
        self.rolled(x, false)?
            .reshape([count, rows, high, columns, wide, width].as_slice())?
            .permute([0, 1, 3, 2, 4, 5].as_slice())?
            .reshape((count * rows * columns, high * wide, width))
    }

    /// The inverse of [`Cut::split`].
    pub(super) fn join(&self, windows: &Tensor) -> Result<Tensor> {
        let (all, _, width) = windows.dims3()?;
        let [rows, columns] = self.counts();
        let [high, wide] = self.window;
        let count = all / (rows * columns).max(1);
        let x = windows
            .reshape([count, rows, columns, high, wide, width].as_slice())?
            .permute([0, 1, 3, 2, 4, 5].as_slice())?
            .reshape((count, rows * high, columns * wide, width))?;
        self.rolled(&x, true)
    }

    fn rolled(&self, x: &Tensor, back: bool) -> Result<Tensor> {
        let mut x = x.clone();
        for (axis, shift) in self.shift.into_iter().enumerate() {
            if shift > 0 {
                let by = i32::try_from(shift).map_err(candle_core::Error::wrap)?;
                x = x.roll(if back { by } else { -by }, axis + 1)?;
            }
        }
        Ok(x)
    }

    /// The region of every token of window `number`: tokens attend to their own region only.
    pub(super) fn regions(&self, number: usize) -> Vec<u8> {
        let columns = self.counts()[1].max(1);
        let place = [number / columns, number % columns];
        let region = |axis: usize, offset: usize| {
            let at = place[axis] * self.window[axis] + offset;
            let (window, shift, end) = (self.window[axis], self.shift[axis], self.grid[axis]);
            // Without a shift on this axis, the last slice is everything.
            if shift == 0 || at >= end - shift { 2 } else { u8::from(at >= end - window) }
        };
        let [high, wide] = self.window;
        let tokens = (0..high).flat_map(|row| (0..wide).map(move |column| (row, column)));
        tokens.map(|(row, column)| 3 * region(0, row) + region(1, column)).collect()
    }

    /// Where the tokens of window `number` lie in a grid, row by row.
    pub(super) fn tokens(&self, number: usize) -> Vec<usize> {
        let columns = self.counts()[1].max(1);
        let place = [number / columns, number % columns];
        let at = |axis: usize, offset: usize| {
            (place[axis] * self.window[axis] + offset + self.shift[axis]) % self.grid[axis]
        };
        let [high, wide] = self.window;
        let tokens = (0..high).flat_map(|row| (0..wide).map(move |column| (row, column)));
        tokens.map(|(row, column)| at(0, row) * self.grid[1] + at(1, column)).collect()
    }

    /// The window of a token of the grid, and its number there.
    pub(super) fn place(&self, token: [usize; 2]) -> (usize, usize) {
        let [row, column] = [0, 1].map(|a| (token[a] + self.grid[a] - self.shift[a]) % self.grid[a]);
        let [high, wide] = self.window;
        let number = row / high * self.counts()[1] + column / wide;
        (number, row % high * wide + column % wide)
    }

    /// What is added to the scores of each window, `[windows, 1, area, area]`; `None` without a shift.
    fn mask(&self, device: &Device) -> Result<Option<Tensor>> {
        if !self.is_shifted() {
            return Ok(None);
        }
        let area = self.area();
        let mut mask = Vec::with_capacity(self.windows() * area * area);
        for number in 0..self.windows() {
            let regions = self.regions(number);
            for a in &regions {
                mask.extend(regions.iter().map(|b| if a == b { 0.0 } else { FOREIGN }));
            }
        }
        Ok(Some(Tensor::from_vec(mask, (self.windows(), 1, area, area), device)?))
    }
}

/// Cosine attention inside windows that are already cut out, `chunk` windows at a time.
///
/// `qkv` is `[windows, area, 3 c]` with its bias, `scale` `[heads, 1, 1]`, `bias` `[heads, area, area]`; the result is
/// `[windows, area, c]`. `first` is the number of the first window, counted over all grids.
pub(super) fn attend(
    qkv: &Tensor,
    scale: &Tensor,
    bias: &Tensor,
    cut: &Cut,
    first: usize,
    chunk: usize,
) -> Result<Tensor> {
    let (all, area, triple) = qkv.dims3()?;
    let heads = scale.dim(0)?;
    let width = triple / 3;
    let mask = cut.mask(qkv.device())?.map(|mask| mask.to_dtype(qkv.dtype())).transpose()?;
    let bias = bias.unsqueeze(0)?;
    let mut parts = Vec::with_capacity(all.div_ceil(chunk));
    for start in (0..all).step_by(chunk) {
        let count = chunk.min(all - start);
        let part = qkv.narrow(0, start, count)?.reshape([count, area, 3, heads, width / heads].as_slice())?;
        let window = first + start;
        let (weights, values) = weigh(&part, scale, &bias, mask.as_ref(), cut, window)?;
        let mixed = weights.matmul(&values)?;
        parts.push(mixed.transpose(1, 2)?.reshape((count, area, width))?);
    }
    Tensor::cat(&parts, 0)
}

/// Attention after the softmax of windows that are already cut out, `[windows, heads, area, area]`; arguments as those of
/// [`attend`].
pub(super) fn attention(qkv: &Tensor, scale: &Tensor, bias: &Tensor, cut: &Cut) -> Result<Tensor> {
    let (all, area, triple) = qkv.dims3()?;
    let heads = scale.dim(0)?;
    let mask = cut.mask(qkv.device())?.map(|mask| mask.to_dtype(qkv.dtype())).transpose()?;
    let part = qkv.reshape([all, area, 3, heads, triple / 3 / heads].as_slice())?;
    Ok(weigh(&part, scale, &bias.unsqueeze(0)?, mask.as_ref(), cut, 0)?.0)
}

/// Attention after the softmax, and values: of `[windows, area, 3, heads, width]`, the first being number `first`.
fn weigh(
    part: &Tensor,
    scale: &Tensor,
    bias: &Tensor,
    mask: Option<&Tensor>,
    cut: &Cut,
    first: usize,
) -> Result<(Tensor, Tensor)> {
    let count = part.dim(0)?;
    let part = part.permute([2, 0, 3, 1, 4].as_slice())?;
    let piece = |i: usize| part.narrow(0, i, 1)?.squeeze(0)?.contiguous();
    let (q, k, v) = (l2_normalize(&piece(0)?, 1e-12)?, l2_normalize(&piece(1)?, 1e-12)?, piece(2)?);
    let mut scores = q.matmul(&k.transpose(D::Minus1, D::Minus2)?)?.broadcast_mul(scale)?;
    scores = scores.broadcast_add(bias)?;
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
