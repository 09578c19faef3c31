//! The half-size luma of a frame and its derivatives, computed once and used several times.

use pulp::Simd;

use crate::plane::{Plane, Rows};
use crate::simd::{Kernel, dispatch, same_length};

/// A frame at half size, **transposed**: rows of these planes are columns of the image. The memory order is therefore
/// the column-major order in which the original code searches, and a displacement down the image is contiguous.
#[derive(Debug)]
pub(super) struct HalfFrame {
    /// Luma, 0 to 1, with overshoot.
    pub(super) luma: Plane,
    /// Sobel derivative down the image, with an eighth of the integer weights and zeros outside.
    pub(super) vertical: Plane,
    /// The same across the image.
    pub(super) horizontal: Plane,
    /// Rows of derivatives in progress.
    smooth: [Vec<f64>; 2],
}

impl Default for HalfFrame {
    fn default() -> Self {
        let plane = || Plane::zeros(1, 1);
        Self { luma: plane(), vertical: plane(), horizontal: plane(), smooth: Default::default() }
    }
}

impl HalfFrame {
    /// Takes the half-size luma in codes.
    pub(super) fn prepare(&mut self, half: &Plane) {
        let (width, height) = (half.width(), half.height());
        for plane in [&mut self.luma, &mut self.vertical, &mut self.horizontal] {
            plane.resize(height, width);
        }
        transpose(half, &mut self.luma);
        let zeros = [0.0; 0];
        for x in 0..width {
            let row = |x: Option<usize>| x.filter(|&x| x < width).map_or(&zeros[..], |x| self.luma.row(x));
            dispatch(Sobel {
                rows: [row(x.checked_sub(1)), row(Some(x)), row(Some(x + 1))],
                smooth: &mut self.smooth,
                along: self.vertical.row_mut(x),
                across: self.horizontal.row_mut(x),
            });
        }
    }

    /// Width of the image.
    pub(super) const fn width(&self) -> usize {
        self.luma.height()
    }

    /// Height of the image.
    pub(super) const fn height(&self) -> usize {
        self.luma.width()
    }
}

/// Side of the tiles that are transposed: they fit the cache.
const TILE: usize = 32;
/// Distance of the rows of a tile in memory, which is no power of two: its columns then lie in different lines of the cache.
const PITCH: usize = TILE + 8;

/// Turns codes into fractions and rows into columns.
fn transpose(half: &Plane, out: &mut Plane) {
    let (width, height) = (half.width(), half.height());
    let mut tile = [0.0; TILE * PITCH];
    for left in (0..width).step_by(TILE) {
        for top in (0..height).step_by(TILE) {
            let (columns, rows) = (left..width.min(left + TILE), top..height.min(top + TILE));
            for (y, line) in rows.clone().zip(tile.chunks_exact_mut(PITCH)) {
                let codes = half.row(y).get(columns.clone()).unwrap_or_default();
                for (value, code) in line.iter_mut().zip(codes) {
                    *value = code / 255.0;
                }
            }
            for (column, x) in columns.enumerate() {
                let out = out.row_mut(x).get_mut(rows.clone()).unwrap_or_default();
                for (value, line) in out.iter_mut().zip(tile.chunks_exact(PITCH)) {
                    *value = line[column];
                }
            }
        }
    }
}

/// One transposed row of both derivatives. A missing row is empty and counts as zeros.
struct Sobel<'a> {
    rows: [&'a [f64]; 3],
    smooth: &'a mut [Vec<f64>; 2],
    along: &'a mut [f64],
    across: &'a mut [f64],
}

impl Kernel for Sobel<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let n = self.along.len();
        let [sum, difference] = self.smooth;
        // A zero on either side.
        sum.resize(n + 2, 0.0);
        difference.resize(n + 2, 0.0);
        for line in [&mut *sum, &mut *difference] {
            line[0] = 0.0;
            line[n + 1] = 0.0;
        }
        {
            let (sum, difference) = (&mut sum[1..=n], &mut difference[1..=n]);
            let [left, middle, right] = self.rows;
            match (left.len() == n, right.len() == n) {
                (true, true) => {
                    let (left, middle, right) = (&left[..n], &middle[..n], &right[..n]);
                    for y in 0..n {
                        sum[y] = left[y] + 2.0 * middle[y] + right[y];
                        difference[y] = right[y] - left[y];
                    }
                }
                (before, after) => {
                    for y in 0..n {
                        let left = if before { left[y] } else { 0.0 };
                        let right = if after { right[y] } else { 0.0 };
                        sum[y] = left + 2.0 * middle[y] + right;
                        difference[y] = right - left;
                    }
                }
            }
        }
        let across = &mut self.across[..n];
        let [s0, s2] = [0, 2].map(|k| &sum[k..k + n]);
        let [d0, d1, d2] = [0, 1, 2].map(|k| &difference[k..k + n]);
        for y in 0..n {
            self.along[y] = (s2[y] - s0[y]) / 8.0;
            across[y] = (d0[y] + 2.0 * d1[y] + d2[y]) / 8.0;
        }
    }
}

/// Half-size chroma: doubled and halved again, which is one filter of seven taps. Its weights are dyadic, so it is
/// exact.
///
/// Writes the plane in codes to `out`, not transposed.
pub(super) fn half_of_double<R: Rows>(chroma: &R, scratch: &mut [Vec<f64>; 2], out: &mut Plane) {
    use crate::resize::mirror;
    let (width, height) = (chroma.width(), chroma.height());
    out.resize(width, height);
    let [line, ring] = scratch;
    line.resize(width + 6, 0.0);
    ring.resize(7 * width, 0.0);
    let mut loaded = 0;
    for y in 0..height {
        for next in loaded..(y + 4).min(height) {
            if let Some(slot) = ring.chunks_exact_mut(width).nth(next % 7) {
                chroma.load(next, slot);
            }
        }
        loaded = loaded.max((y + 4).min(height));
        let row = |k: usize| {
            let slot = mirror(y + k, 3, height) % 7;
            ring.get(slot * width..(slot + 1) * width).unwrap_or_default()
        };
        let rows = [row(0), row(1), row(2), row(3), row(4), row(5), row(6)];
        dispatch(SevenTaps { rows, out: line.get_mut(3..3 + width).unwrap_or_default() });
        for i in (0..3).chain(3 + width..width + 6) {
            let value = line.get(3 + mirror(i, 3, width)).copied().unwrap_or_default();
            if let Some(slot) = line.get_mut(i) {
                *slot = value;
            }
        }
        let look = |k: usize| line.get(k..k + width).unwrap_or_default();
        let rows = [look(0), look(1), look(2), look(3), look(4), look(5), look(6)];
        dispatch(SevenTaps { rows, out: out.row_mut(y) });
    }
}

/// The weights of double size (`[-6 58 222 -18] / 256` and reversed) combined with those of half size
/// (`[-3 -9 29 111 111 29 -9 -3] / 256`), from the outermost to the centre.
const SEVEN: [f64; 4] = {
    let half = [-3.0, -9.0, 29.0, 111.0, 111.0, 29.0, -9.0, -3.0];
    let mut sums = [0.0; 7];
    let mut k = 0usize;
    while k < 8 {
        // Sample k - 3 of the double-size line around output 0: odd samples come first.
        let (odd, centre) = (k.is_multiple_of(2), k.div_ceil(2) + 1);
        let up = if odd { [-18.0, 222.0, 58.0, -6.0] } else { [-6.0, 58.0, 222.0, -18.0] };
        let first = if odd { centre - 1 } else { centre - 2 };
        let mut t = 0;
        while t < 4 {
            sums[first + t] += half[k] * up[t] / 65536.0;
            t += 1;
        }
        k += 1;
    }
    [sums[0], sums[1], sums[2], sums[3]]
};

/// `out[i]` from the seven taps at `i`.
struct SevenTaps<'a> {
    rows: [&'a [f64]; 7],
    out: &'a mut [f64],
}

impl Kernel for SevenTaps<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Some(([a, b, c, d, e, f, g], out)) = same_length(self.rows, self.out) else { return };
        let n = out.len();
        for i in 0..n {
            out[i] = (SEVEN[0] * (a[i] + g[i]) + SEVEN[1] * (b[i] + f[i]))
                + (SEVEN[2] * (c[i] + e[i]) + SEVEN[3] * d[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resize::{double_size, half_size};

    fn noise(width: usize, height: usize) -> Plane {
        let mut state = 5u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 24)
        };
        Plane::new((0..width * height).map(|_| next()).collect(), width, height).unwrap()
    }

    #[test]
    fn half_of_double_is_both_resizes() {
        for (width, height) in (1..=9).flat_map(|w| (1..=9).map(move |h| (w, h))) {
            let chroma = noise(width, height);
            let mut out = Plane::zeros(1, 1);
            half_of_double(&chroma, &mut Default::default(), &mut out);
            assert_eq!(out, half_size(&double_size(&chroma)), "{width}x{height}");
        }
    }

    #[test]
    fn derivatives_see_zeros_outside() {
        let half = noise(7, 5);
        let mut frame = HalfFrame::default();
        for _ in 0..2 {
            frame.prepare(&half);
        }
        assert_eq!((frame.width(), frame.height()), (7, 5));
        let at = |x: i32, y: i32| {
            let inside = (0..7).contains(&x) && (0..5).contains(&y);
            if inside { half.row(y as usize)[x as usize] / 255.0 } else { 0.0 }
        };
        for (x, y) in (0..7i32).flat_map(|x| (0..5i32).map(move |y| (x, y))) {
            let side = |dx: i32, dy: i32| at(x + dx, y + dy);
            let down = side(-1, 1) + 2.0 * side(0, 1) + side(1, 1);
            let up = side(-1, -1) + 2.0 * side(0, -1) + side(1, -1);
            let right = side(1, -1) + 2.0 * side(1, 0) + side(1, 1);
            let left = side(-1, -1) + 2.0 * side(-1, 0) + side(-1, 1);
            let (x, y) = (x as usize, y as usize);
            assert!((frame.vertical.row(x)[y] - (down - up) / 8.0).abs() < 1e-15);
            assert!((frame.horizontal.row(x)[y] - (right - left) / 8.0).abs() < 1e-15);
            assert_eq!(frame.luma.row(x)[y], half.row(y)[x] / 255.0);
        }
    }
}
