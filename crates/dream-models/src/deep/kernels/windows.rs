use std::ops::Range;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::blocked::Source;
use super::slice;
use crate::par;

/// Square windows that slide over the rows and columns of `[n, rows, columns, planes]`.
///
/// ```
/// use dream_models::deep::layers::Window;
///
/// let window = Window::new(3, 2, 1)?;
/// assert_eq!(window.grid([112, 7])?, [56, 4]);
/// assert!(Window::new(3, 2, 2).is_err());
/// # Ok::<(), dream_models::deep::candle_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    kernel: usize,
    stride: usize,
    padding: usize,
}

impl Window {
    /// Windows of side `kernel`, `stride` apart, over a picture that is widened by `padding` on every side.
    ///
    /// # Errors
    ///
    /// For a side or a stride of 0 or above 65536, and for a padding of more than half a window: some windows would see
    /// nothing of the picture.
    pub fn new(kernel: usize, stride: usize, padding: usize) -> Result<Self> {
        let sides = 1..=1 << 16;
        if !sides.contains(&kernel) || !sides.contains(&stride) || padding > kernel / 2 {
            bail!(
                "a window of side {kernel}, {stride} apart, with a padding of {padding}: side and stride are 1 to 65536, the \
                 padding is at most half the side"
            );
        }
        Ok(Self { kernel, stride, padding })
    }

    /// Windows along both axes of a picture of `[rows, columns]`.
    ///
    /// # Errors
    ///
    /// When not one fits.
    pub fn grid(self, sides: [usize; 2]) -> Result<[usize; 2]> {
        match sides.map(|side| self.count(side)) {
            [Some(rows), Some(columns)] => Ok([rows, columns]),
            _ => bail!("a window of side {} does not fit into {sides:?} pixels", self.kernel),
        }
    }

    fn count(self, side: usize) -> Option<usize> {
        let room = side.saturating_add(2 * self.padding).checked_sub(self.kernel)?;
        (side > 0).then_some(room / self.stride + 1)
    }

    /// What window number `at` sees of a side, and how much of the window comes before that.
    fn inside(self, at: usize, side: usize) -> (Range<usize>, usize) {
        let start = at * self.stride;
        let from = start.saturating_sub(self.padding);
        let end = (start + self.kernel).saturating_sub(self.padding).min(side);
        (from..end, self.padding.saturating_sub(start))
    }

    pub(in crate::deep) fn kernel(self) -> usize {
        self.kernel
    }

    pub(in crate::deep) fn stride(self) -> usize {
        self.stride
    }

    pub(in crate::deep) fn padding(self) -> usize {
        self.padding
    }

    /// Whether windows touch each other and begin with the picture.
    pub(in crate::deep) fn is_patches(self) -> bool {
        self.kernel == self.stride && self.padding == 0
    }

    /// Whether every window is one pixel and every pixel has one.
    pub(in crate::deep) fn is_point(self) -> bool {
        self.kernel == 1 && self.stride == 1
    }
}

/// What every window sees, as one row of `kernel kernel planes` values with zeros outside the picture: a convolution is a
/// product with these rows.
pub(super) fn window_rows(x: &Tensor, window: Window) -> Result<Tensor> {
    x.contiguous()?.apply_op1_no_bwd(&Rows { window })
}

/// The sum of what [`window_rows`] takes from every pixel, for the gradient by `x`.
pub(super) fn window_rows_back(x: &Tensor, rows: &Tensor, window: Window) -> Result<Tensor> {
    x.contiguous()?.apply_op2_no_bwd(&rows.contiguous()?, &RowsBack { window })
}

/// The largest value that every window sees, and NaN where it sees one. The gradient goes to the first of equal values, by
/// rows.
pub(in crate::deep) fn window_maxima(x: &Tensor, window: Window) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Maxima { window })
}

/// The sizes of pictures, and the windows over them.
#[derive(Debug, Clone, Copy)]
pub(in crate::deep) struct Grid {
    pub(super) count: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) planes: usize,
    window: Window,
    /// Windows along both axes.
    pub(super) high: usize,
    pub(super) wide: usize,
}

impl Grid {
    pub(in crate::deep) fn new(layout: &Layout, window: Window) -> Result<Self> {
        Self::of(layout.shape().dims4()?, window)
    }

    pub(in crate::deep) fn of(
        (count, rows, columns, planes): (usize, usize, usize, usize),
        window: Window,
    ) -> Result<Self> {
        let [high, wide] = window.grid([rows, columns])?;
        if planes == 0 {
            bail!("a picture of {rows} by {columns} pixels without planes");
        }
        Ok(Self { count, rows, columns, planes, window, high, wide })
    }

    pub(in crate::deep) fn window(self) -> Window {
        self.window
    }

    /// Windows over all pictures.
    pub(super) fn windows(self) -> usize {
        self.count * self.high * self.wide
    }

    /// Of what a convolution with so many outputs gives.
    pub(in crate::deep) fn shape(self, outputs: usize) -> [usize; 4] {
        [self.count, self.high, self.wide, outputs]
    }

    /// Values of a picture.
    pub(super) fn picture(self) -> usize {
        self.rows * self.columns * self.planes
    }

    /// Values that a window sees.
    pub(in crate::deep) fn row(self) -> usize {
        self.window.kernel * self.window.kernel * self.planes
    }

    /// For a window, the places in a row of what it sees and in a picture of every run of pixels that it sees.
    pub(super) fn runs(self, high: usize, wide: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let (ys, above) = self.window.inside(high, self.rows);
        let (xs, before) = self.window.inside(wide, self.columns);
        let length = xs.len() * self.planes;
        ys.enumerate().map(move |(line, y)| {
            let here = ((above + line) * self.window.kernel + before) * self.planes;
            let there = (y * self.columns + xs.start) * self.planes;
            (here..here + length, there..there + length)
        })
    }

    /// The pixels that a window sees, by rows, as their numbers in a picture.
    fn pixels(self, high: usize, wide: usize) -> impl Iterator<Item = usize> {
        let (ys, _) = self.window.inside(high, self.rows);
        let (xs, _) = self.window.inside(wide, self.columns);
        ys.flat_map(move |y| xs.clone().map(move |x| y * self.columns + x))
    }

    /// The planes of a pixel of a picture.
    fn pixel(self, picture: &[f32], number: usize) -> &[f32] {
        let from = number * self.planes;
        picture.get(from..from + self.planes).unwrap_or_default()
    }
}

/// What every window sees, as one row of `kernel kernel planes` values with zeros outside the picture.
pub(super) struct Views<'a> {
    pub(super) x: &'a [f32],
    pub(super) grid: Grid,
}

impl Source for Views<'_> {
    #[inline(always)]
    fn copy(&self, row: usize, from: usize, out: &mut [f32]) {
        let (line, wide) = (row / self.grid.wide, row % self.grid.wide);
        let picture = self.x.get(line / self.grid.high * self.grid.picture()..).unwrap_or_default();
        for (here, there) in self.grid.runs(line % self.grid.high, wide) {
            let cut = from.saturating_sub(here.start).min(here.len());
            let seen = picture.get(there.start + cut..there.end).unwrap_or_default();
            let out = out.get_mut((here.start + cut).saturating_sub(from)..).unwrap_or_default();
            out.iter_mut().zip(seen).for_each(|(slot, value)| *slot = *value);
        }
    }
}

#[derive(Debug)]
struct Rows {
    window: Window,
}

impl CustomOp1 for Rows {
    fn name(&self) -> &'static str {
        "window-rows"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let grid = Grid::new(layout, self.window)?;
        let (views, row) = (Views { x: slice(x, layout)?, grid }, grid.row());
        let mut out = vec![0.0; grid.windows() * row];
        par::for_each_chunk(&mut out, grid.wide * row, |line, out| {
            for (wide, out) in out.chunks_exact_mut(row).enumerate() {
                views.copy(line * grid.wide + wide, 0, out);
            }
        });
        Ok((CpuStorage::F32(out), Shape::from((grid.windows(), row))))
    }
}

#[derive(Debug)]
struct RowsBack {
    window: Window,
}

impl CustomOp2 for RowsBack {
    fn name(&self) -> &'static str {
        "window-rows-backward"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        grad: &CpuStorage,
        other: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (count, grad, grid) =
            (slice(x, layout)?.len(), slice(grad, other)?, Grid::new(layout, self.window)?);
        let row = grid.row();
        let mut out = vec![0.0; count];
        par::for_each_chunk(&mut out, grid.picture(), |picture, out| {
            for line in 0..grid.high {
                for wide in 0..grid.wide {
                    let from = ((picture * grid.high + line) * grid.wide + wide) * row;
                    let grad = grad.get(from..from + row).unwrap_or_default();
                    for (here, there) in grid.runs(line, wide) {
                        let out = out.get_mut(there).unwrap_or_default();
                        let grad = grad.get(here).unwrap_or_default();
                        out.iter_mut().zip(grad).for_each(|(sum, grad)| *sum += grad);
                    }
                }
            }
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}

/// Whether a value takes the place of the largest so far.
#[inline(always)]
fn is_above(value: f32, best: f32) -> bool {
    value > best || value.is_nan() && !best.is_nan()
}

#[derive(Debug, Clone, Copy)]
struct Maxima {
    window: Window,
}

impl CustomOp1 for Maxima {
    fn name(&self) -> &'static str {
        "window-maxima"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, grid) = (slice(x, layout)?, Grid::new(layout, self.window)?);
        let Grid { count, planes, high, wide, .. } = grid;
        let mut out = vec![f32::NEG_INFINITY; count * high * wide * planes];
        par::for_each_chunk(&mut out, wide * planes, |line, out| {
            let picture = x.get(line / high * grid.picture()..).unwrap_or_default();
            for (wide, out) in out.chunks_exact_mut(planes).enumerate() {
                for pixel in grid.pixels(line % high, wide) {
                    for (best, &value) in out.iter_mut().zip(grid.pixel(picture, pixel)) {
                        *best = if is_above(value, *best) { value } else { *best };
                    }
                }
            }
        });
        Ok((CpuStorage::F32(out), Shape::from((count, high, wide, planes))))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        x.apply_op2_no_bwd(&grad.contiguous()?, &MaximaBack(*self)).map(Some)
    }
}

#[derive(Debug)]
struct MaximaBack(Maxima);

impl CustomOp2 for MaximaBack {
    fn name(&self) -> &'static str {
        "window-maxima-backward"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        grad: &CpuStorage,
        other: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, grad, grid) = (slice(x, layout)?, slice(grad, other)?, Grid::new(layout, self.0.window)?);
        let Grid { planes, high, wide, .. } = grid;
        let mut out = vec![0.0; x.len()];
        par::for_each_chunk(&mut out, grid.picture(), |picture, out| {
            let x = x.get(picture * grid.picture()..).unwrap_or_default();
            let grad = grad.get(picture * high * wide * planes..).unwrap_or_default();
            // For each plane the largest value so far, and its pixel.
            let mut best = vec![(f32::NEG_INFINITY, 0); planes];
            for (number, grad) in grad.chunks_exact(planes).take(high * wide).enumerate() {
                let (row, column) = (number / wide, number % wide);
                for (order, pixel) in grid.pixels(row, column).enumerate() {
                    for (best, &value) in best.iter_mut().zip(grid.pixel(x, pixel)) {
                        if order == 0 || is_above(value, best.0) {
                            *best = (value, pixel);
                        }
                    }
                }
                for (plane, ((_, pixel), grad)) in best.iter().zip(grad).enumerate() {
                    if let Some(sum) = out.get_mut(pixel * planes + plane) {
                        *sum += grad;
                    }
                }
            }
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}
