//! MATLAB's bicubic resize to double size, which brings 4:2:0 chroma to the size of luma.

use super::mirror;
use crate::plane::{Plane, Rows};
use crate::simd::{Kernel, dispatch, fits, same_length};
use pulp::Simd;

/// Weights of the even outputs, times 256: output `2k` reads inputs `k-2 ..= k+1`. Odd output `2k+1` reads
/// `k-1 ..= k+2` with the weights reversed.
const WEIGHTS: [f64; 4] = [-6.0, 58.0, 222.0, -18.0];

/// `image` at double size by bicubic interpolation.
///
/// The border is mirrored between samples (`-1` is `0`), nothing is clipped or rounded, and values may overshoot. The
/// weights are dyadic: for integer-valued input the result is exact.
///
/// # Example
/// ```
/// use dream_features::{Plane, resize::double_size};
///
/// let double = double_size(&Plane::new(vec![7.0; 5 * 4], 5, 4)?);
/// assert_eq!((double.width(), double.height()), (10, 8));
/// assert_eq!(double.data(), &[7.0; 80]);
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// MATLAB `imresize(image, 2)` (bicubic).
#[doc(alias = "imresize")]
#[must_use]
pub fn double_size(image: &Plane) -> Plane {
    let (width, height) = (2 * image.width(), 2 * image.height());
    let mut out = Plane::zeros(width, height);
    let mut scratch = DoubleSize::default();
    scratch.start(image);
    for y in 0..height {
        scratch.row(image, y, out.row_mut(y));
    }
    out
}

/// Scratch memory for the double-size resize, which returns one row at a time.
#[derive(Debug, Default)]
pub(crate) struct DoubleSize {
    /// The last four rows read, at `row % 4`, and their numbers.
    ring: [Vec<f64>; 4],
    held: [Option<usize>; 4],
    /// One vertically filtered row with two mirrored values on either side.
    line: Vec<f64>,
}

impl DoubleSize {
    /// Discards the previous image and starts one with the size of `rows`.
    pub(crate) fn start<R: Rows>(&mut self, rows: &R) {
        for slot in &mut self.ring {
            slot.resize(rows.width(), 0.0);
        }
        self.held = [None; 4];
        self.line.resize(rows.width() + 4, 0.0);
    }

    /// Writes row `y` of the double-size image of `rows` to `out`. `out` has at most twice the width: an image of odd
    /// size ends within the last sample. Call `start` with the same image first. Rows are cheapest in ascending order.
    pub(crate) fn row<R: Rows>(&mut self, rows: &R, y: usize, out: &mut [f64]) {
        let (width, height) = (rows.width(), rows.height());
        // Row `2k` begins at `k - 2`, row `2k + 1` at `k - 1`.
        let first = y / 2 + y % 2;
        for k in 0..4 {
            let source = mirror(first + k, 2, height);
            let slot = source % 4;
            if let (Some(held), Some(row)) = (self.held.get_mut(slot), self.ring.get_mut(slot))
                && *held != Some(source)
            {
                rows.load(source, row);
                *held = Some(source);
            }
        }
        let [a, b, c, d] = [0, 1, 2, 3].map(|k| {
            let slot = mirror(first + k, 2, height) % 4;
            self.ring.get(slot).map(Vec::as_slice).unwrap_or_default()
        });
        let taps = if y.is_multiple_of(2) { [a, b, c, d] } else { [d, c, b, a] };
        if let Some(middle) = self.line.get_mut(2..2 + width) {
            dispatch(Vertical { taps, out: middle });
        }
        for i in [0, 1, 2 + width, 3 + width] {
            let value = self.line.get(2 + mirror(i, 2, width)).copied().unwrap_or_default();
            if let Some(slot) = self.line.get_mut(i) {
                *slot = value;
            }
        }
        dispatch(Horizontal { line: &self.line, out });
    }
}

#[inline(always)]
fn weigh(taps: [f64; 4]) -> f64 {
    (WEIGHTS[0] * taps[0] + WEIGHTS[1] * taps[1]) + (WEIGHTS[2] * taps[2] + WEIGHTS[3] * taps[3])
}

/// `out[i]` from the four taps at `i`, times 256.
struct Vertical<'a> {
    taps: [&'a [f64]; 4],
    out: &'a mut [f64],
}

impl Kernel for Vertical<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Some(([a, b, c, d], out)) = same_length(self.taps, self.out) else { return };
        let n = out.len();
        for i in 0..n {
            out[i] = weigh([a[i], b[i], c[i], d[i]]);
        }
    }
}

/// `out[2k]` and `out[2k+1]` from `line[k ..= k+4]`, with the scale of both passes.
struct Horizontal<'a> {
    line: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for Horizontal<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        const SCALE: f64 = 1.0 / 65536.0;
        let (pairs, rest) = self.out.as_chunks_mut::<2>();
        let n = pairs.len() + rest.len();
        if !fits(self.line.len() >= n + 4) {
            return;
        }
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|k| &self.line[k..k + n]);
        for (k, pair) in pairs.iter_mut().enumerate() {
            *pair = [weigh([a[k], b[k], c[k], d[k]]) * SCALE, weigh([e[k], d[k], c[k], b[k]]) * SCALE];
        }
        if let ([last], Some(k)) = (rest, n.checked_sub(1)) {
            *last = weigh([a[k], b[k], c[k], d[k]]) * SCALE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, one output sample at a time, columns first, from the cubic kernel itself.
    fn naive(image: &Plane) -> Vec<f64> {
        let (w, h) = (image.width() as isize, image.height() as isize);
        let cubic = |x: f64| {
            let x = x.abs();
            match x {
                x if x <= 1.0 => 1.5 * x * x * x - 2.5 * x * x + 1.0,
                x if x <= 2.0 => -0.5 * x * x * x + 2.5 * x * x - 4.0 * x + 2.0,
                _ => 0.0,
            }
        };
        let reflect = |i: isize, n: isize| {
            let i = i.rem_euclid(2 * n);
            (if i < n { i } else { 2 * n - 1 - i }) as usize
        };
        let mut out = Vec::new();
        for oy in 0..2 * h {
            for ox in 0..2 * w {
                let (v, u) = ((oy as f64 + 0.5) / 2.0 - 0.5, (ox as f64 + 0.5) / 2.0 - 0.5);
                let mut sum = 0.0;
                for x in u.floor() as isize - 1..=u.floor() as isize + 2 {
                    for y in v.floor() as isize - 1..=v.floor() as isize + 2 {
                        let weight = cubic(u - x as f64) * cubic(v - y as f64);
                        sum += weight * image.row(reflect(y, h))[reflect(x, w)];
                    }
                }
                out.push(sum);
            }
        }
        out
    }

    #[test]
    fn exact_for_integers_at_every_small_size() {
        let mut state = 1u32;
        for (height, width) in (1..=11).flat_map(|h| (1..=11).map(move |w| (h, w))) {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f64::from(state >> 24)
            };
            let image = Plane::new((0..width * height).map(|_| next()).collect(), width, height).unwrap();
            let double = double_size(&image);
            assert_eq!(double.data(), naive(&image), "{width}x{height}");
            // Any order of the rows, and an odd size.
            let mut scratch = DoubleSize::default();
            scratch.start(&image);
            for y in (0..2 * height).rev() {
                let mut row = vec![0.0; 2 * width - 1];
                scratch.row(&image, y, &mut row);
                assert_eq!(row, double.row(y)[..2 * width - 1], "{width}x{height} row {y}");
            }
        }
    }
}
