//! MATLAB's bicubic resize to half size.

use super::mirror;
use crate::plane::{Plane, Rows};
use crate::simd::{Kernel, dispatch, fits, same_length};
use pulp::Simd;

/// The eight antialiased bicubic weights of a factor of one half are symmetric; these are the first four,
/// times 256. Output `o` reads inputs `2o-3 ..= 2o+4`.
const WEIGHTS: [f64; 4] = [-3.0, -9.0, 29.0, 111.0];

/// `image` at half size, `ceil(width / 2)` x `ceil(height / 2)`, by antialiased bicubic interpolation.
///
/// The border is mirrored between samples (`-1` is `0`), nothing is clipped or rounded. The weights are
/// dyadic: for integer-valued input the result is exact.
///
/// # Example
/// ```
/// use dream_features::{Plane, resize::half_size};
///
/// let half = half_size(&Plane::new(vec![7.0; 5 * 4], 5, 4)?);
/// assert_eq!((half.width(), half.height()), (3, 2));
/// assert_eq!(half.data(), &[7.0; 6]);
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// MATLAB `imresize(image, 0.5)` (bicubic, antialiasing on).
#[doc(alias = "imresize")]
#[must_use]
pub fn half_size(image: &Plane) -> Plane {
    let mut scratch = HalfSize::default();
    let mut out = Plane::zeros(1, 1);
    scratch.run(image, &mut out);
    out
}

/// Scratch memory for the half-size resize, reused between images.
#[derive(Debug, Default)]
pub(crate) struct HalfSize {
    /// The last eight rows read, at `row % 8`.
    ring: Vec<f64>,
    /// One vertically filtered row with its mirrored border.
    line: Vec<f64>,
    width: usize,
    height: usize,
    /// Rows read, and rows written.
    read: usize,
    written: usize,
}

impl HalfSize {
    /// Writes the half-size image of `rows` to `out`. The order of the two passes does not affect the values; rows
    /// first needs the fewest operations.
    pub(crate) fn run<R: Rows>(&mut self, rows: &R, out: &mut Plane) {
        self.start(rows.width(), rows.height(), out);
        for y in 0..rows.height() {
            self.push(|slot| rows.load(y, slot), out);
        }
    }

    /// Starts an image whose rows arrive one by one, and gives `out` its size.
    pub(crate) fn start(&mut self, width: usize, height: usize, out: &mut Plane) {
        out.resize(width.div_ceil(2), height.div_ceil(2));
        (self.width, self.height, self.read, self.written) = (width, height, 0, 0);
        // Even length, so that even and odd samples pair up.
        let span = 2 * out.width() + 8;
        self.ring.clear();
        self.ring.resize(8 * width, 0.0);
        self.line.clear();
        self.line.resize(span, 0.0);
    }

    /// Takes the next row, which `load` writes. After the last one, `out` is complete.
    pub(crate) fn push(&mut self, load: impl FnOnce(&mut [f64]), out: &mut Plane) {
        let (width, height) = (self.width, self.height);
        if let Some(slot) = self.ring.chunks_exact_mut(width).nth(self.read % 8) {
            load(slot);
        }
        self.read += 1;
        while self.written < out.height() && self.read >= (2 * self.written + 5).min(height) {
            let o = self.written;
            let ring = &self.ring;
            let tap = |k: usize| {
                // Rows 2o-3+k; a mirrored row lies within the last eight, or the image has fewer.
                let slot = mirror(2 * o + k, 3, height) % 8;
                ring.get(slot * width..(slot + 1) * width).unwrap_or_default()
            };
            let taps = [tap(0), tap(1), tap(2), tap(3), tap(4), tap(5), tap(6), tap(7)];
            let line = self.line.as_mut_slice();
            if let Some(middle) = line.get_mut(3..3 + width) {
                dispatch(Vertical { taps, out: middle });
            }
            extend(line, width);
            dispatch(Horizontal { line, out: out.row_mut(o) });
            self.written += 1;
        }
    }
}

/// Fills three values before and the rest after the `width` values that start at index 3.
fn extend(line: &mut [f64], width: usize) {
    for i in (0..3).chain(3 + width..line.len()) {
        let value = line.get(3 + mirror(i, 3, width)).copied().unwrap_or_default();
        if let Some(slot) = line.get_mut(i) {
            *slot = value;
        }
    }
}

#[inline(always)]
fn weigh(pairs: [f64; 4]) -> f64 {
    WEIGHTS[0] * pairs[0] + WEIGHTS[1] * pairs[1] + WEIGHTS[2] * pairs[2] + WEIGHTS[3] * pairs[3]
}

/// `out[i]` from the eight taps at `i`, times 256.
struct Vertical<'a> {
    taps: [&'a [f64]; 8],
    out: &'a mut [f64],
}

impl Kernel for Vertical<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Some(([a, b, c, d, e, f, g, h], out)) = same_length(self.taps, self.out) else { return };
        let n = out.len();
        for i in 0..n {
            out[i] = weigh([a[i] + h[i], b[i] + g[i], c[i] + f[i], d[i] + e[i]]);
        }
    }
}

/// `out[o]` from `line[2o ..= 2o+7]`, with the scale of both passes.
struct Horizontal<'a> {
    line: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for Horizontal<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        const SCALE: f64 = 1.0 / 65536.0;
        let pairs = self.line.as_chunks::<2>().0;
        let (out, n) = (self.out, pairs.len().saturating_sub(3));
        if !fits(out.len() <= n) {
            return;
        }
        for ((out, [a, b]), ((&[c, d], &[e, f]), &[g, h])) in
            out.iter_mut().zip(&pairs[..n]).zip(pairs[1..].iter().zip(&pairs[2..]).zip(&pairs[3..]))
        {
            *out = weigh([a + h, b + g, c + f, d + e]) * SCALE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, one output sample at a time, columns first.
    fn naive(image: &Plane) -> Vec<f64> {
        let (w, h) = (image.width() as isize, image.height() as isize);
        let reflect = |i: isize, n: isize| {
            let i = i.rem_euclid(2 * n);
            (if i < n { i } else { 2 * n - 1 - i }) as usize
        };
        let taps = [-3.0, -9.0, 29.0, 111.0, 111.0, 29.0, -9.0, -3.0];
        let mut out = Vec::new();
        for oy in 0..(h + 1) / 2 {
            for ox in 0..(w + 1) / 2 {
                let mut sum = 0.0;
                for (kx, wx) in taps.iter().enumerate() {
                    for (ky, wy) in taps.iter().enumerate() {
                        let x = reflect(2 * ox - 3 + kx as isize, w);
                        let y = reflect(2 * oy - 3 + ky as isize, h);
                        sum += wx / 256.0 * (wy / 256.0) * image.row(y)[x];
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
        for height in 1..=19 {
            for width in 1..=19 {
                let data = (0..width * height)
                    .map(|_| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        f64::from(state >> 24)
                    })
                    .collect();
                let image = Plane::new(data, width, height).unwrap();
                let half = half_size(&image);
                assert_eq!((half.width(), half.height()), (width.div_ceil(2), height.div_ceil(2)));
                assert_eq!(half.data(), naive(&image), "{width}x{height}");
            }
        }
    }
}
