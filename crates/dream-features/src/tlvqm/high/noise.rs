//! Noise: pixels that differ from their neighbours in flat areas.

use pulp::Simd;

use super::lab_rows::LabRows;
use super::moments::Moments;
use super::tally::Tally;
use crate::simd::{Kernel, dispatch};
use crate::view::{LumaView, Yuv420View};

/// Pixels nearer to the border than this are left out.
const BORDER: usize = 4;
/// 72 times the variance of nine codes must not exceed this. That is a deviation of 0.05 for luma from 0 to 1. The
/// exact bound, 11704.5, is not an integer, so the integer comparison is exact.
const BUSY: u32 = 11_704;
/// Rows and columns of the neighbourhood whose colour is compared.
const PATCH: usize = 7;

/// Scratch memory for one row.
#[derive(Debug)]
pub(super) struct Noise {
    /// Largest and smallest code of four neighbours above and below.
    ends: [Vec<u8>; 2],
    /// 1 where the pixel is an extremum.
    flags: Vec<u8>,
    values: Vec<f64>,
    scratch: Vec<f64>,
}

impl Noise {
    pub(super) fn new(width: usize) -> Self {
        let line = || vec![0; width];
        Self { ends: [line(), line()], flags: line(), values: Vec::new(), scratch: Vec::new() }
    }

    /// Adds row `y` to the tally. `lab` holds the rows `y - 3 ..= y + 3`.
    pub(super) fn row(
        &mut self,
        frame: &Yuv420View<'_>,
        mask: &[u8],
        y: usize,
        lab: &LabRows,
        tally: &mut Tally,
    ) {
        let luma = frame.y();
        let (width, height) = (luma.width(), luma.height());
        if y < BORDER || y + BORDER >= height || width <= 2 * BORDER {
            return;
        }
        let inside = BORDER..width - BORDER;
        tally.inspected += mask[inside.clone()].iter().map(|&m| u64::from(m == 0)).sum::<u64>();
        let near = [y - 2, y - 1, y, y + 1, y + 2].map(|y| luma.row(y));
        dispatch(Extrema { near, mask, ends: &mut self.ends, flags: &mut self.flags });
        self.values.clear();
        for x in inside {
            if self.flags[x] != 0 && is_calm(&luma, x, y) {
                tally.noisy += 1;
                self.values.extend(columns(lab, x, y));
            }
        }
        if !self.values.is_empty() {
            self.scratch.resize(self.values.len(), 0.0);
            tally.noise.merge(dispatch(Gather { values: &self.values, scratch: &mut self.scratch }));
        }
    }
}

/// Whether every column of the 9x9 neighbourhood is nearly constant.
fn is_calm(luma: &LumaView<'_>, x: usize, y: usize) -> bool {
    let (mut sums, mut squares) = ([0u32; 9], [0u32; 9]);
    for row in y - 4..=y + 4 {
        let Some(codes) = luma.row(row).get(x - 4..=x + 4) else { return false };
        for ((sum, square), &code) in sums.iter_mut().zip(&mut squares).zip(codes) {
            let code = u32::from(code);
            *sum += code;
            *square += code * code;
        }
    }
    sums.iter().zip(squares).all(|(sum, square)| 9 * square - sum * sum <= BUSY)
}

/// Colour distance between the mean of each column of the 7x7 neighbourhood and the pixel itself.
fn columns(lab: &LabRows, x: usize, y: usize) -> [f64; PATCH] {
    let mut squares = [0.0; PATCH];
    for channel in 0..3 {
        let mut sums = [0.0; PATCH];
        for row in y - PATCH / 2..=y + PATCH / 2 {
            let values = &lab.row(channel, row)[x - PATCH / 2..=x + PATCH / 2];
            sums.iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
        }
        let centre = lab.row(channel, y)[x];
        for (square, sum) in squares.iter_mut().zip(sums) {
            let difference = sum / PATCH as f64 - centre;
            *square += difference * difference;
        }
    }
    squares.map(|square| square.sqrt() / 100.0)
}

/// Marks unmasked pixels above or below all others of their 5x5 neighbourhood.
struct Extrema<'a> {
    near: [&'a [u8]; 5],
    mask: &'a [u8],
    ends: &'a mut [Vec<u8>; 2],
    flags: &'a mut [u8],
}

impl Kernel for Extrema<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let n = self.flags.len();
        let [a, b, c, d, e] = self.near.map(|row| &row[..n]);
        let [most, least] = self.ends.each_mut().map(|line| &mut line[..n]);
        for i in 0..n {
            most[i] = a[i].max(b[i]).max(d[i]).max(e[i]);
            least[i] = a[i].min(b[i]).min(d[i]).min(e[i]);
        }
        let m = n.saturating_sub(4);
        let (most, least): (&[u8], &[u8]) = (most, least);
        let (flags, mask) = (&mut self.flags[2..2 + m], &self.mask[2..2 + m]);
        let [c0, c1, c2, c3, c4] = [0, 1, 2, 3, 4].map(|k| &c[k..k + m]);
        let [m0, m1, m2, m3, m4] = [0, 1, 2, 3, 4].map(|k| &most[k..k + m]);
        let [l0, l1, l2, l3, l4] = [0, 1, 2, 3, 4].map(|k| &least[k..k + m]);
        for i in 0..m {
            let others = c0[i].max(c1[i]).max(c3[i]).max(c4[i]);
            let above = m0[i].max(m1[i]).max(m2[i]).max(m3[i]).max(m4[i]).max(others);
            let others = c0[i].min(c1[i]).min(c3[i]).min(c4[i]);
            let below = l0[i].min(l1[i]).min(l2[i]).min(l3[i]).min(l4[i]).min(others);
            flags[i] = u8::from((c2[i] > above) | (c2[i] < below)) & u8::from(mask[i] == 0);
        }
    }
}

/// Moments of the values of a row.
struct Gather<'a> {
    values: &'a [f64],
    scratch: &'a mut [f64],
}

impl Kernel for Gather<'_> {
    type Output = Moments;
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Moments {
        Moments::of(simd, self.values, self.scratch)
    }
}
