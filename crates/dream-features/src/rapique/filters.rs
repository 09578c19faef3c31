//! The filters of RAPIQUE's maps, each as sums down the columns and then along the rows.

use pulp::Simd;

use crate::nss::Border;
use crate::plane::Plane;
use crate::simd::{Kernel, dispatch, fits};

/// Values that a row is extended by on either side; no filter reaches further.
const MARGIN: usize = 8;

/// A one-dimensional filter of `2 R + 1` taps, or of `2 R` taps around the gap before the next sample.
#[derive(Debug, Clone, Copy)]
struct Taps<const R: usize> {
    centre: f64,
    /// From the centre outwards.
    sides: [f64; R],
    /// Samples before the centre count with the opposite sign.
    odd: bool,
    /// The filter is centred half a sample further: it reads one sample less before, as MATLAB does with even sizes.
    even_size: bool,
}

impl<const R: usize> Taps<R> {
    /// Taps `f(distance)`.
    fn of(f: impl Fn(f64) -> f64) -> Self {
        let mut distance = 0.0;
        let sides = [(); R].map(|()| {
            distance += 1.0;
            f(distance)
        });
        Self { centre: f(0.0), sides, odd: false, even_size: false }
    }

    /// A line of a square Gaussian window of deviation `sigma`, whose weights add up to 1.
    fn gaussian(sigma: f64) -> Self {
        let taps = Self::of(|d| libm::exp(-d * d / (2.0 * sigma * sigma)));
        let total = taps.sides.iter().fold(taps.centre, |sum, tap| sum + 2.0 * tap);
        taps.times(1.0 / total)
    }

    fn times(self, factor: f64) -> Self {
        Self { centre: self.centre * factor, sides: self.sides.map(|tap| tap * factor), ..self }
    }

    /// The weight at `offset` samples from the centre.
    fn at(&self, offset: isize) -> f64 {
        let side = offset.unsigned_abs().checked_sub(1);
        let tap = side.map_or(self.centre, |k| self.sides.get(k).copied().unwrap_or_default());
        if self.odd && offset < 0 { -tap } else { tap }
    }
}

/// `out += taps` of the rows around `y`.
fn columns<const R: usize>(taps: &Taps<R>, image: &Plane, y: usize, border: Border, line: &mut Line) {
    let (height, zeros) = (image.height(), line.zeros.as_slice());
    let skew = usize::from(taps.even_size);
    let up = |k: usize| match border {
        Border::Replicate => image.row(y.saturating_sub(k)),
        Border::Zero => y.checked_sub(k).map_or(zeros, |y| image.row(y)),
    };
    let down = |k: usize| match border {
        Border::Zero if y + k >= height => zeros,
        _ => image.row(y + k),
    };
    let mut k = 0;
    let pairs = [(); R].map(|()| {
        k += 1;
        (up(k - skew), down(k))
    });
    let width = image.width();
    if let Some(out) = line.values.get_mut(MARGIN..MARGIN + width) {
        let (before, after) = (pairs.map(|pair| pair.0), pairs.map(|pair| pair.1));
        dispatch(Fold { taps, centre: image.row(y), before, after, out, add: false });
    }
    line.extend(width, border);
}

/// `out` is `taps` along the row; with `add`, `out` grows by it.
fn row<const R: usize>(taps: &Taps<R>, line: &Line, add: bool, out: &mut [f64]) {
    let skew = usize::from(taps.even_size);
    let at = |from: usize| line.values.get(from..from + out.len()).unwrap_or_default();
    let mut k = 0;
    let pairs = [(); R].map(|()| {
        k += 1;
        (at((MARGIN + skew).saturating_sub(k)), at(MARGIN + k))
    });
    let (before, after) = (pairs.map(|pair| pair.0), pairs.map(|pair| pair.1));
    let centre = at(MARGIN);
    dispatch(Fold { taps, centre, before, after, out, add });
}

/// A row after the sums down the columns, extended on both sides.
#[derive(Debug, Default)]
struct Line {
    values: Vec<f64>,
    zeros: Vec<f64>,
}

impl Line {
    fn start(&mut self, width: usize) {
        self.values.clear();
        self.values.resize(width + 2 * MARGIN, 0.0);
        self.zeros.clear();
        self.zeros.resize(width, 0.0);
    }

    fn extend(&mut self, width: usize, border: Border) {
        let value = |i: usize| match border {
            Border::Zero => 0.0,
            Border::Replicate => self.values.get(i).copied().unwrap_or_default(),
        };
        let (first, last) = (value(MARGIN), value((MARGIN + width).saturating_sub(1)));
        self.values.get_mut(..MARGIN).unwrap_or_default().fill(first);
        self.values.get_mut(MARGIN + width..).unwrap_or_default().fill(last);
    }
}

/// Sums of pairs of samples that share a tap.
struct Fold<'a, const R: usize> {
    taps: &'a Taps<R>,
    centre: &'a [f64],
    /// From the centre outwards.
    before: [&'a [f64]; R],
    after: [&'a [f64]; R],
    out: &'a mut [f64],
    add: bool,
}

impl<const R: usize> Kernel for Fold<'_, R> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { taps, centre, before, after, out, add } = self;
        let n = out.len();
        if !fits(centre.len() == n && before.iter().chain(&after).all(|line| line.len() == n)) {
            return;
        }
        let (centre, out) = (&centre[..n], &mut out[..n]);
        let (mut left, mut right) = (before, after);
        for k in 0..R {
            left[k] = &before[k][..n];
            right[k] = &after[k][..n];
        }
        let sign = if taps.odd { -1.0 } else { 1.0 };
        let keep = if add { 1.0 } else { 0.0 };
        for i in 0..n {
            let mut sum = taps.centre * centre[i];
            for k in 0..R {
                sum += taps.sides[k] * (right[k][i] + sign * left[k][i]);
            }
            out[i] = keep * out[i] + sum;
        }
    }
}

/// Scratch memory for all filters: two rows.
#[derive(Debug, Default)]
pub(super) struct Filters {
    lines: [Line; 3],
    second: Vec<f64>,
}

impl Filters {
    fn start(&mut self, image: &Plane, out: &mut Plane) {
        out.resize(image.width(), image.height());
        for line in &mut self.lines {
            line.start(image.width());
        }
        self.second.resize(image.width(), 0.0);
    }

    /// Magnitude of the Laplacian of a Gaussian of deviation 1.5 in a window of 9x9, divided by the sum of its magnitudes.
    ///
    /// The kernel is `c(x) g(y) + g(x) c(y)` minus its mean, with `c(x) = g(x) (x² - s²) / s⁴`.
    pub(super) fn laplacian(&mut self, image: &Plane, out: &mut Plane) {
        const SIGMA: f64 = 1.5;
        let gauss = Taps::<4>::gaussian(SIGMA);
        let squared = SIGMA * SIGMA;
        let mut curve = gauss;
        curve.centre *= -1.0 / squared;
        for (k, tap) in curve.sides.iter_mut().enumerate() {
            let d = (k + 1) as f64;
            *tap *= (d * d - squared) / (squared * squared);
        }
        let window = || (-4..=4isize).flat_map(|y| (-4..=4isize).map(move |x| (y, x)));
        let kernel = |(y, x)| curve.at(x) * gauss.at(y) + gauss.at(x) * curve.at(y);
        let mean = window().map(kernel).sum::<f64>() / 81.0;
        let total: f64 = window().map(|at| (kernel(at) - mean).abs()).sum();
        let (gauss_along, curve_along) = (gauss.times(1.0 / total), curve.times(1.0 / total));
        let (flat, level) = (Taps::<4>::of(|_| 1.0), Taps::<4>::of(|_| -mean / total));
        self.start(image, out);
        let [first, second, third] = &mut self.lines;
        for y in 0..image.height() {
            columns(&gauss, image, y, Border::Replicate, first);
            columns(&curve, image, y, Border::Replicate, second);
            columns(&flat, image, y, Border::Replicate, third);
            let out = out.row_mut(y);
            row(&curve_along, first, false, out);
            row(&gauss_along, second, true, out);
            row(&level, third, true, out);
            dispatch(Magnitude { out });
        }
    }

    /// The image minus its blur with a Gaussian of deviation 1 in a window of 8x8, which reads from three samples before
    /// to four after.
    pub(super) fn detail(&mut self, image: &Plane, out: &mut Plane) {
        let half = |d: f64| libm::exp(-(d - 0.5) * (d - 0.5) / 2.0);
        let taps = Taps::<4> { centre: 0.0, even_size: true, ..Taps::of(half) };
        let taps = taps.times(1.0 / (2.0 * taps.sides.iter().sum::<f64>()));
        self.start(image, out);
        let [line, ..] = &mut self.lines;
        for y in 0..image.height() {
            columns(&taps, image, y, Border::Replicate, line);
            let out = out.row_mut(y);
            row(&taps, line, false, out);
            dispatch(Minus { from: image.row(y), out });
        }
    }

    /// Gradient magnitude by the derivatives of a Gaussian of deviation 1.66 in a window of 11x11, not normalised; zeros
    /// outside the image.
    pub(super) fn gradient(&mut self, image: &Plane, out: &mut Plane) {
        const SIGMA: f64 = 1.66;
        let gauss = Taps::<5>::of(|d| libm::exp(-d * d / (2.0 * SIGMA * SIGMA)));
        let slope = Taps::<5> { odd: true, ..Taps::of(|d| d * libm::exp(-d * d / (2.0 * SIGMA * SIGMA))) };
        self.start(image, out);
        let Self { lines: [first, second, _], second: across } = self;
        for y in 0..image.height() {
            columns(&gauss, image, y, Border::Zero, first);
            columns(&slope, image, y, Border::Zero, second);
            let out = out.row_mut(y);
            row(&slope, first, false, out);
            row(&gauss, second, false, across);
            dispatch(Length { other: across, out });
        }
    }

    /// The mean of 3x3 samples under a Gaussian of deviation 3, row by row; the border is repeated.
    pub(super) fn blur(&mut self, image: &Plane, out: &mut Plane) {
        let taps = Taps::<1>::gaussian(3.0);
        self.start(image, out);
        let [line, ..] = &mut self.lines;
        for y in 0..image.height() {
            columns(&taps, image, y, Border::Replicate, line);
            row(&taps, line, false, out.row_mut(y));
        }
    }
}

struct Magnitude<'a> {
    out: &'a mut [f64],
}

impl Kernel for Magnitude<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for out in self.out {
            *out = out.abs();
        }
    }
}

/// `out = from - out`.
struct Minus<'a> {
    from: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for Minus<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, from) in self.out.iter_mut().zip(self.from) {
            *out = from - *out;
        }
    }
}

/// The length of the vector of both, plus 2^-52.
struct Length<'a> {
    other: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for Length<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, other) in self.out.iter_mut().zip(self.other) {
            *out = (*out * *out + other * other).sqrt() + f64::EPSILON;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter;

    /// Correlation with an explicit kernel whose first tap reads `offset` samples before.
    fn naive(kernel: &[f64], size: usize, offset: isize, image: &Plane, border: Border) -> Vec<f64> {
        let (w, h) = (image.width() as isize, image.height() as isize);
        let at = |y: isize, x: isize| match border {
            Border::Zero if y < 0 || x < 0 || y >= h || x >= w => 0.0,
            _ => image.row(y.clamp(0, h - 1) as usize)[x.clamp(0, w - 1) as usize],
        };
        let places = || (0..size as isize).flat_map(|y| (0..size as isize).map(move |x| (y, x)));
        let value = |y: isize, x: isize| {
            places().zip(kernel).map(|((dy, dx), tap)| tap * at(y + dy - offset, x + dx - offset)).sum()
        };
        (0..h).flat_map(|y| (0..w).map(move |x| (y, x))).map(|(y, x)| value(y, x)).collect()
    }

    fn window(size: usize, centre: f64, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let along = || (0..size).map(|i| i as f64 - centre);
        along().flat_map(|y| along().map(move |x| (y, x))).map(|(y, x)| f(y, x)).collect()
    }

    #[test]
    fn all_filters_equal_their_kernels_at_small_sizes() {
        let mut filters = Filters::default();
        let mut out = Plane::zeros(1, 1);
        for (width, height) in [(1, 1), (1, 7), (9, 1), (2, 3), (5, 4), (13, 12), (27, 9)] {
            let data = (0..width * height).map(|i| f64::from((i * 2_654_435_761 % 251) as u8)).collect();
            let image = Plane::new(data, width, height).unwrap();
            let check = |found: &Plane, expected: &[f64], what: &str| {
                for (f, e) in found.data().iter().zip(expected) {
                    assert!((f - e).abs() < 1e-10, "{what} {width}x{height}: {f} {e}");
                }
            };
            let kernel = filter::log(9, 1.5);
            let total: f64 = kernel.iter().map(|w| w.abs()).sum();
            let kernel: Vec<f64> = kernel.iter().map(|w| w / total).collect();
            let expected = naive(&kernel, 9, 4, &image, Border::Replicate);
            filters.laplacian(&image, &mut out);
            check(&out, &expected.iter().map(|v| v.abs()).collect::<Vec<_>>(), "laplacian");

            let kernel = window(8, 3.5, |y, x| libm::exp(-(y * y + x * x) / 2.0));
            let total: f64 = kernel.iter().sum();
            let kernel: Vec<f64> = kernel.iter().map(|w| w / total).collect();
            let blurred = naive(&kernel, 8, 3, &image, Border::Replicate);
            filters.detail(&image, &mut out);
            let expected: Vec<f64> = image.data().iter().zip(blurred).map(|(v, b)| v - b).collect();
            check(&out, &expected, "detail");

            let bell = |y: f64, x: f64| libm::exp(-(y * y + x * x) / (2.0 * 1.66 * 1.66));
            let along = naive(&window(11, 5.0, |y, x| x * bell(y, x)), 11, 5, &image, Border::Zero);
            let down = naive(&window(11, 5.0, |y, x| y * bell(y, x)), 11, 5, &image, Border::Zero);
            let expected: Vec<f64> = along.iter().zip(down).map(|(x, y)| (x * x + y * y).sqrt()).collect();
            filters.gradient(&image, &mut out);
            check(&out, &expected, "gradient");

            filters.blur(&image, &mut out);
            check(&out, &naive(&filter::gaussian(3, 3.0), 3, 1, &image, Border::Replicate), "blur");
        }
    }
}
