//! Windows of a grid of tokens.

use candle_core::{Device, Result, Tensor};

use super::stages::Geometry;

/// Added to the score between tokens that a shift has made neighbours.
pub(super) const FOREIGN: f32 = -100.0;

/// How a grid is cut into windows: it is rolled by the shift, and then filled up below and on the right with zeros to whole
/// windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) grid: [usize; 2],
    /// The same, filled up.
    padded: [usize; 2],
    pub(super) window: [usize; 2],
    pub(super) shift: [usize; 2],
}

impl Cut {
    /// The cut of an even or an odd block.
    pub(super) fn new(geometry: &Geometry, odd: bool) -> Self {
        let shift = if odd { geometry.shift } else { [0, 0] };
        Self { grid: geometry.grid, padded: geometry.padded, window: geometry.window, shift }
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
        [0, 1].map(|a| self.padded[a] / self.window[a])
    }

    /// Windows of a grid.
    pub(super) fn windows(&self) -> usize {
        self.counts().iter().product()
    }

    /// Whether whole windows take more tokens than there are.
    pub(super) fn is_filled(&self) -> bool {
        self.grid != self.padded
    }

    pub(super) fn is_shifted(&self) -> bool {
        self.shift != [0, 0]
    }

    /// `[n, rows, columns, c]` to `[n windows, area, c]`.
    pub(super) fn split(&self, x: &Tensor) -> Result<Tensor> {
        let (count, _, _, width) = x.dims4()?;
        let [rows, columns] = self.counts();
        let [high, wide] = self.window;
        let [below, right] = [0, 1].map(|a| self.padded[a] - self.grid[a]);
        self.rolled(x, false)?
            .pad_with_zeros(1, 0, below)?
            .pad_with_zeros(2, 0, right)?
            .reshape([count, rows, high, columns, wide, width].as_slice())?
            .permute([0, 1, 3, 2, 4, 5].as_slice())?
            .reshape((count * rows * columns, high * wide, width))
    }

    /// The inverse of [`Cut::split`]; what the windows have of the filling is dropped.
    pub(super) fn join(&self, windows: &Tensor) -> Result<Tensor> {
        let (all, _, width) = windows.dims3()?;
        let [rows, columns] = self.counts();
        let [high, wide] = self.window;
        let count = all / (rows * columns).max(1);
        let x = windows
            .reshape([count, rows, columns, high, wide, width].as_slice())?
            .permute([0, 1, 3, 2, 4, 5].as_slice())?
            .reshape((count, rows * high, columns * wide, width))?;
        let x = x.narrow(1, 0, self.grid[0])?.narrow(2, 0, self.grid[1])?.contiguous()?;
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
            let (window, shift, end) = (self.window[axis], self.shift[axis], self.padded[axis]);
            // Without a shift on this axis, the last slice is everything.
            if shift == 0 || at >= end - shift { 2 } else { u8::from(at >= end - window) }
        };
        let [high, wide] = self.window;
        let tokens = (0..high).flat_map(|row| (0..wide).map(move |column| (row, column)));
        tokens.map(|(row, column)| 3 * region(0, row) + region(1, column)).collect()
    }

    /// Where the tokens of window `number` lie in a grid, row by row; `None` for those that only fill it up.
    pub(super) fn tokens(&self, number: usize) -> Vec<Option<usize>> {
        let columns = self.counts()[1].max(1);
        let place = [number / columns, number % columns];
        let at = |axis: usize, offset: usize| {
            let (at, grid) = (place[axis] * self.window[axis] + offset, self.grid[axis]);
            (at < grid).then(|| (at + self.shift[axis]) % grid)
        };
        let [high, wide] = self.window;
        let tokens = (0..high).flat_map(|row| (0..wide).map(move |column| (row, column)));
        tokens.map(|(row, column)| Some(at(0, row)? * self.grid[1] + at(1, column)?)).collect()
    }

    /// The window of a token of the grid, and its number there.
    pub(super) fn place(&self, token: [usize; 2]) -> (usize, usize) {
        let [row, column] = [0, 1].map(|a| (token[a] + self.grid[a] - self.shift[a]) % self.grid[a]);
        let [high, wide] = self.window;
        let number = row / high * self.counts()[1] + column / wide;
        (number, row % high * wide + column % wide)
    }

    /// The offset of every pair of tokens of a window, `[area, area]`.
    pub(super) fn index(&self, device: &Device) -> Result<Tensor> {
        let ([high, wide], area) = (self.window, self.area());
        let tokens: Vec<(usize, usize)> = (0..area).map(|i| (i / wide, i % wide)).collect();
        let of = |a: &(usize, usize), b: &(usize, usize)| {
            u32::try_from((a.0 + high - 1 - b.0) * (2 * wide - 1) + a.1 + wide - 1 - b.1)
        };
        let index = tokens.iter().flat_map(|a| tokens.iter().map(move |b| of(a, b)));
        let index = index.collect::<std::result::Result<Vec<u32>, _>>().map_err(candle_core::Error::wrap)?;
        Tensor::from_vec(index, (area, area), device)
    }

    /// What is added to the scores of each window, `[windows, 1, area, area]`; `None` without a shift.
    pub(super) fn mask(&self, device: &Device) -> Result<Option<Tensor>> {
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
