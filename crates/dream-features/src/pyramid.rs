//! The finest band of a Laplacian pyramid.

use pulp::Simd;

use crate::plane::{Plane, Rows};
use crate::simd::{Kernel, dispatch, fits, same_length};

/// The first band of a Laplacian pyramid: `image` minus its smoothed half-size version, expanded to full size again.
/// Both steps use the five-tap binomial filter and mirror the border at its pixels (`-1` is `1`).
///
/// # Example
/// ```
/// use dream_features::{Plane, pyramid::laplacian_band};
///
/// let ramp = (0..12 * 9).map(|i| f64::from(i % 12)).collect();
/// let band = laplacian_band(&Plane::new(ramp, 12, 9)?);
/// assert!(band.row(4)[5].abs() < 1e-12, "smooth parts are in the coarser bands");
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// Burt, Adelson, "The Laplacian pyramid as a compact image code", IEEE Transactions on Communications 31(4), 1983; the
/// first band of `buildLpyr` with its default filter in matlabPyrTools.
#[must_use]
pub fn laplacian_band(image: &Plane) -> Plane {
    let mut out = Plane::zeros(image.width(), image.height());
    LaplacianScan::default().run(image, |y, row| out.row_mut(y).copy_from_slice(row));
    out
}

/// Scratch memory for the band, reused between images: the half-size image and a few rows.
#[derive(Debug)]
pub(crate) struct LaplacianScan {
    low: Plane,
    /// The last five rows read, at `row % 5`.
    ring: Vec<f64>,
    /// A row filtered down the columns, with two mirrored values on either side.
    line: Vec<f64>,
    /// A row of the half-size image at full height, with one value on either side.
    middle: Vec<f64>,
    row: Vec<f64>,
    width: usize,
    height: usize,
    /// Rows read, rows of the half-size image, and rows of the band that have left.
    read: usize,
    reduced: usize,
    told: usize,
}

impl Default for LaplacianScan {
    fn default() -> Self {
        let line = Vec::new;
        let (ring, row, middle, line) = (line(), line(), line(), line());
        let (low, [width, height, read, reduced, told]) = (Plane::zeros(1, 1), [0; 5]);
        Self { low, ring, line, middle, row, width, height, read, reduced, told }
    }
}

impl LaplacianScan {
    /// Calls `sink(y, row)` with every row of the band, from the top.
    pub(crate) fn run<R: Rows>(&mut self, image: &R, mut sink: impl FnMut(usize, &[f64])) {
        self.start(image.width(), image.height());
        for y in 0..image.height() {
            self.push(|slot| image.load(y, slot), &mut sink);
        }
    }

    /// Starts an image whose rows arrive one by one.
    pub(crate) fn start(&mut self, width: usize, height: usize) {
        (self.width, self.height, self.read, self.reduced, self.told) = (width, height, 0, 0, 0);
        let Self { low, ring, line, middle, row, .. } = self;
        low.resize(width.div_ceil(2), height.div_ceil(2));
        ring.resize(5 * width, 0.0);
        line.clear();
        // Even length, so that even and odd samples pair up.
        line.resize(2 * low.width() + 4, 0.0);
        middle.resize(low.width() + 2, 0.0);
        row.resize(width, 0.0);
    }

    /// Takes the next row, which `load` writes, and calls `sink(y, row)` with the rows of the band that are then known:
    /// up to four rows behind, all of them after the last one.
    pub(crate) fn push(&mut self, load: impl FnOnce(&mut [f64]), mut sink: impl FnMut(usize, &[f64])) {
        let (width, height) = (self.width, self.height);
        if let Some(slot) = self.ring.chunks_exact_mut(width).nth(self.read % 5) {
            load(slot);
        }
        self.read += 1;
        while self.reduced < self.low.height() && self.read >= (2 * self.reduced + 3).min(height) {
            self.reduce(self.reduced);
            self.reduced += 1;
        }
        // The image rows of these are among the last five.
        while self.told < height && self.reduced >= (self.told / 2 + 2).min(self.low.height()) {
            self.expand(self.told);
            sink(self.told, &self.row);
            self.told += 1;
        }
    }

    /// Row `y` of the band.
    fn expand(&mut self, y: usize) {
        let (width, height) = (self.width, self.height);
        let Self { low, ring, middle: line, row, .. } = self;
        let columns = low.width();
        if let Some(slot) = ring.chunks_exact(width).nth(y % 5) {
            row.copy_from_slice(slot);
        }
        let k = y / 2;
        let (above, below) = (low_neighbour(2 * k, 1, height), low_neighbour(2 * k + 4, 1, height));
        let near = if y.is_multiple_of(2) {
            [low.row(above), low.row(k), low.row(below)]
        } else {
            [low.row(k), low.row(k), low.row(below)]
        };
        if let Some(middle) = line.get_mut(1..=columns) {
            dispatch(ExpandDown { rows: near, odd: y % 2 == 1, out: middle });
        }
        let left = line.get(1 + low_neighbour(0, 1, width)).copied().unwrap_or_default();
        let right = line.get(1 + low_neighbour(2 * columns + 2, 1, width)).copied().unwrap_or_default();
        if let [first, .., last] = line.as_mut_slice() {
            (*first, *last) = (left, right);
        }
        dispatch(ExpandAcross { line, row });
    }

    /// Row `o` of the half-size image, whose size is rounded up.
    fn reduce(&mut self, o: usize) {
        let (width, height) = (self.width, self.height);
        let Self { low, ring, line, .. } = self;
        let tap = |k: usize| {
            let slot = mirror_at_pixel(2 * o + k, 2, height) % 5;
            ring.get(slot * width..(slot + 1) * width).unwrap_or_default()
        };
        let taps = [tap(0), tap(1), tap(2), tap(3), tap(4)];
        if let Some(middle) = line.get_mut(2..2 + width) {
            dispatch(ReduceDown { taps, out: middle });
        }
        for i in (0..2).chain(2 + width..line.len()) {
            let value = line.get(2 + mirror_at_pixel(i, 2, width)).copied().unwrap_or_default();
            if let Some(slot) = line.get_mut(i) {
                *slot = value;
            }
        }
        dispatch(ReduceAcross { line, out: low.row_mut(o) });
    }
}

/// Index `at - origin` of a line of length `n`, mirrored at its first and last pixel as often as needed.
fn mirror_at_pixel(at: usize, origin: usize, n: usize) -> usize {
    let period = 2 * n.saturating_sub(1);
    if period == 0 {
        return 0;
    }
    // Adding whole periods keeps the subtraction positive.
    let i = (at + period * origin.div_ceil(period) - origin) % period;
    if i < n { i } else { period - i }
}

/// Index in the half-size line of the sample at `at - 2 * origin` of the full-size line of length `n`, mirrored there.
/// The index of the sample is even. Mirrored at an even place, it stays even; mirrored at an odd place, it is the last.
fn low_neighbour(at: usize, origin: usize, n: usize) -> usize {
    mirror_at_pixel(at, 2 * origin, n) / 2
}

/// Weights 1, 4, 6, 4, 1, divided by 16. For equal values, every partial sum is a power of two times the value, so a
/// constant stays exactly constant.
#[inline(always)]
fn binomial(a: f64, b: f64, c: f64, d: f64, e: f64) -> f64 {
    ((((a + e) + 2.0 * c) + 4.0 * c) + 4.0 * (b + d)) * 0.0625
}

/// `out[i]` from the five taps at `i`.
struct ReduceDown<'a> {
    taps: [&'a [f64]; 5],
    out: &'a mut [f64],
}

impl Kernel for ReduceDown<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Some(([a, b, c, d, e], out)) = same_length(self.taps, self.out) else { return };
        let n = out.len();
        for i in 0..n {
            out[i] = binomial(a[i], b[i], c[i], d[i], e[i]);
        }
    }
}

/// `out[o]` from `line[2o ..= 2o + 4]`.
struct ReduceAcross<'a> {
    line: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for ReduceAcross<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (pairs, out) = (self.line.as_chunks::<2>().0, self.out);
        let n = out.len();
        if !fits(pairs.len() >= n + 2) {
            return;
        }
        let (first, second, third) = (&pairs[..n], &pairs[1..1 + n], &pairs[2..2 + n]);
        for i in 0..n {
            let ([a, b], [c, d], [e, _]) = (first[i], second[i], third[i]);
            out[i] = binomial(a, b, c, d, e);
        }
    }
}

/// A full-size row at half-size columns: even rows from the rows above, here and below, odd rows from the last two.
struct ExpandDown<'a> {
    rows: [&'a [f64]; 3],
    odd: bool,
    out: &'a mut [f64],
}

impl Kernel for ExpandDown<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Some(([a, b, c], out)) = same_length(self.rows, self.out) else { return };
        let n = out.len();
        if self.odd {
            for i in 0..n {
                out[i] = between(b[i], c[i]);
            }
        } else {
            for i in 0..n {
                out[i] = at_sample(a[i], b[i], c[i]);
            }
        }
    }
}

/// Subtracts the expanded `line`, which has one more value on either side, from `row`.
struct ExpandAcross<'a> {
    line: &'a [f64],
    row: &'a mut [f64],
}

impl Kernel for ExpandAcross<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (pairs, rest) = self.row.as_chunks_mut::<2>();
        let n = pairs.len();
        if !fits(self.line.len() >= n + 2 + rest.len()) {
            return;
        }
        let [a, b, c] = [0, 1, 2].map(|k| &self.line[k..k + n]);
        for (i, [even, odd]) in pairs.iter_mut().enumerate() {
            *even -= at_sample(a[i], b[i], c[i]);
            *odd -= between(b[i], c[i]);
        }
        if let [last] = rest {
            *last -= at_sample(self.line[n], self.line[n + 1], self.line[n + 2]);
        }
    }
}

/// The binomial filter over a line with zeros between its samples, doubled, at a sample.
#[inline(always)]
fn at_sample(before: f64, here: f64, after: f64) -> f64 {
    (((before + after) + 2.0 * here) + 4.0 * here) * 0.125
}

/// The same between two samples.
#[inline(always)]
fn between(before: f64, after: f64) -> f64 {
    (before + after) * 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition: filter, drop every other sample, put zeros back, filter, subtract.
    fn naive(image: &Plane) -> Vec<f64> {
        let (w, h) = (image.width(), image.height());
        let weights = [1.0, 4.0, 6.0, 4.0, 1.0];
        let filtered = |at: &dyn Fn(usize, usize) -> f64, x: usize, y: usize, total: f64| -> f64 {
            let mut sum = 0.0;
            for (j, wy) in weights.iter().enumerate() {
                for (i, wx) in weights.iter().enumerate() {
                    let (x, y) = (mirror_at_pixel(x + i, 2, w), mirror_at_pixel(y + j, 2, h));
                    sum += wx * wy / total * at(x, y);
                }
            }
            sum
        };
        let low = |x: usize, y: usize| {
            let pixel = |x: usize, y: usize| image.row(y)[x];
            if x % 2 + y % 2 == 0 { filtered(&pixel, x, y, 256.0) } else { 0.0 }
        };
        let coarse: Vec<f64> = (0..w * h).map(|i| low(i % w, i / w)).collect();
        let at = |x: usize, y: usize| coarse[y * w + x];
        (0..w * h).map(|i| image.data()[i] - filtered(&at, i % w, i / w, 64.0)).collect()
    }

    #[test]
    fn exact_for_integers_at_every_small_size() {
        let mut scan = LaplacianScan::default();
        // A line of one pixel has no samples between its samples.
        for (width, height) in (2..=14).flat_map(|w| (2..=13).map(move |h| (w, h))) {
            let data = (0..width * height).map(|i| f64::from((i * 2_654_435_761 % 251) as u8)).collect();
            let image = Plane::new(data, width, height).unwrap();
            let mut found = Vec::new();
            scan.run(&image, |_, row| found.extend_from_slice(row));
            assert_eq!(found, naive(&image), "{width}x{height}");
        }
    }

    #[test]
    fn a_constant_has_no_detail_at_any_size() {
        for (width, height) in (1..=5).flat_map(|w| (1..=5).map(move |h| (w, h))) {
            for value in [77.0, 0.1, 1.0 / 3.0, 181.019_336_98] {
                let flat = Plane::new(vec![value; width * height], width, height).unwrap();
                assert!(laplacian_band(&flat).data().iter().all(|&v| v == 0.0), "{width}x{height}");
            }
        }
    }

    #[test]
    fn equals_the_reference() {
        let all: serde_json::Value =
            serde_json::from_str(include_str!("../testdata/video/primitives.json")).unwrap();
        let plane = |name: &str| {
            let size = |key: &str| all[name][key].as_u64().unwrap() as usize;
            let data = all[name]["data_row_major"].as_array().unwrap();
            Plane::new(data.iter().map(|v| v.as_f64().unwrap()).collect(), size("cols"), size("rows"))
                .unwrap()
        };
        let expected = plane("lpyr_band1_B");
        for (found, expected) in laplacian_band(&plane("B")).data().iter().zip(expected.data()) {
            assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0), "{found} {expected}");
        }
    }
}
