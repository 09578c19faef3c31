//! Linear filters with zeros outside the image, and the Sobel gradient, which repeats the border.

use std::ops::{Add, Sub};

use pulp::Simd;

use crate::plane::{Plane, Rows};
use crate::simd::{Kernel, dispatch, fits};
use crate::view::LumaView;

/// The square Gaussian window `gauss(n, s)` as `n * n` weights that sum to 1, row by row.
///
/// `exp(-(dx² + dy²) / (2 s²))` at integer offsets from the centre; weights below 2⁻⁵² of the largest are 0.
/// An even or zero `n` is rounded up to the next odd size.
///
/// # Example
/// ```
/// let w = dream_features::filter::gaussian(3, 0.5);
/// assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-15);
/// assert!((w[4] - 0.619_347_030_557_177_4).abs() < 1e-12);
/// ```
/// # Reference
/// MATLAB `fspecial('gaussian', n, s)`.
#[doc(alias("fspecial", "gaussian_filter", "fspecial_gauss"))]
#[must_use]
pub fn gaussian(n: usize, s: f64) -> Vec<f64> {
    let n = n | 1;
    let offsets = || (0..n).map(|i| i as f64 - (n / 2) as f64);
    let mut window: Vec<f64> = offsets()
        .flat_map(|dy| offsets().map(move |dx| libm::exp(-(dx * dx + dy * dy) / (2.0 * s * s))))
        .collect();
    let largest = window.iter().copied().fold(0.0, f64::max);
    for w in &mut window {
        if *w < f64::EPSILON * largest {
            *w = 0.0;
        }
    }
    let total: f64 = window.iter().sum();
    for w in &mut window {
        *w /= total;
    }
    window
}

/// The square Laplacian of Gaussian `log(n, s)` as `n * n` weights that sum to 0, row by row.
///
/// The weights are `g (dx² + dy² - 2 s²) / s⁴` minus their mean, where `g` is the window of [`gaussian`]. An even or
/// zero `n` is rounded up to the next odd size.
///
/// # Example
/// ```
/// let w = dream_features::filter::log(5, 0.5);
/// assert!(w.iter().sum::<f64>().abs() < 1e-14);
/// assert!((w[0] - 0.044_792_400_274).abs() < 1e-12);
/// ```
/// # Reference
/// MATLAB `fspecial('log', n, s)`. GNU Octave does not subtract the mean.
#[doc(alias("fspecial", "gaussian_laplace"))]
#[must_use]
pub fn log(n: usize, s: f64) -> Vec<f64> {
    let n = n | 1;
    let offsets = || (0..n).map(|i| i as f64 - (n / 2) as f64);
    let squares = offsets().flat_map(|dy| offsets().map(move |dx| dx * dx + dy * dy));
    let mut kernel: Vec<f64> =
        gaussian(n, s).iter().zip(squares).map(|(g, r2)| g * (r2 - 2.0 * s * s) / (s * s * s * s)).collect();
    let mean = kernel.iter().sum::<f64>() / kernel.len() as f64;
    for w in &mut kernel {
        *w -= mean;
    }
    kernel
}

/// Taps of the 7x7 window of local statistics, `gauss(7, 7/6)`, from the centre outwards. The window is
/// their outer product.
///
/// # Reference
/// Mittal, Moorthy, Bovik, "No-reference image quality assessment in the spatial domain", TIP 2012.
#[must_use]
pub fn mscn_taps() -> [f64; 4] {
    seven_taps(7.0 / 6.0)
}

/// Taps of the 7x7 Gaussian window of deviation `sigma`, from the centre outwards.
pub(crate) fn seven_taps(sigma: f64) -> [f64; 4] {
    let tap = |d: f64| libm::exp(-d * d / (2.0 * sigma * sigma));
    let taps = [tap(0.0), tap(1.0), tap(2.0), tap(3.0)];
    let total = taps[0] + 2.0 * (taps[1] + taps[2] + taps[3]);
    taps.map(|t| t / total)
}

/// Two-dimensional correlation of `image` with a square `kernel` (`n * n` weights, `n` odd). The output has the size of
/// the image; samples outside the image are 0.
///
/// # Errors
/// [`Error::Length`](crate::Error::Length) when `kernel` is not an odd number squared.
///
/// # Reference
/// MATLAB `filter2(kernel, image, 'same')`.
#[doc(alias("imfilter", "correlate2d", "convolve2d"))]
pub fn correlate(kernel: &[f64], image: &Plane) -> crate::Result<Plane> {
    let n = kernel.len().isqrt();
    if n.is_multiple_of(2) || n * n != kernel.len() {
        let expected = (n | 1) * (n | 1);
        return Err(crate::Error::Length { argument: "kernel", expected, found: kernel.len() });
    }
    let (width, height, radius) = (image.width(), image.height(), n / 2);
    let mut out = Plane::zeros(width, height);
    for y in 0..height {
        let row = out.row_mut(y);
        for (ky, taps) in kernel.chunks_exact(n).enumerate() {
            let Some(source) = (y + ky).checked_sub(radius).filter(|&s| s < height) else { continue };
            for (kx, &tap) in taps.iter().enumerate() {
                // Output x reads input x + kx - radius.
                let source = image.row(source).iter().skip(kx.saturating_sub(radius));
                for (out, value) in row.iter_mut().skip(radius.saturating_sub(kx)).zip(source) {
                    *out += tap * value;
                }
            }
        }
    }
    Ok(out)
}

/// Gradient magnitude from the two Sobel kernels (weights 1, 2, 1, not divided by 8). The border is replicated outside
/// the image.
///
/// # Example
/// ```
/// use dream_features::{Plane, filter::sobel_magnitude};
///
/// let edge = Plane::new(vec![0.0, 0.0, 10.0, 10.0].repeat(3), 4, 3)?;
/// assert_eq!(sobel_magnitude(&edge).row(1), &[0.0, 40.0, 40.0, 0.0]);
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// MATLAB `imgradient(image)`.
#[doc(alias("sobel", "imgradient"))]
#[must_use]
pub fn sobel_magnitude(image: &Plane) -> Plane {
    let mut out = Plane::zeros(1, 1);
    sobel_into(image, &mut out);
    out
}

/// Writes [`sobel_magnitude`] of `image` to `out`.
pub(crate) fn sobel_into(image: &Plane, out: &mut Plane) {
    out.resize(image.width(), image.height());
    for y in 0..image.height() {
        let lines = [image.row(y.saturating_sub(1)), image.row(y), image.row(y + 1)];
        dispatch(SobelRow { lines, out: out.row_mut(y) });
    }
}

/// One row of [`sobel_magnitude`] from the row above, its own and the one below.
pub(crate) struct SobelRow<'a, T> {
    pub(crate) lines: [&'a [T]; 3],
    pub(crate) out: &'a mut [f64],
}

/// Gradient magnitude of a plane of bytes, computed as it is read.
#[derive(Debug)]
pub(crate) struct GradientRows<'a>(pub(crate) &'a LumaView<'a>);

impl Rows for GradientRows<'_> {
    fn width(&self) -> usize {
        self.0.width()
    }
    fn height(&self) -> usize {
        self.0.height()
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        // A row past the end is the last row.
        let lines = [self.0.row(y.saturating_sub(1)), self.0.row(y), self.0.row(y + 1)];
        dispatch(SobelRow { lines, out });
    }
}

/// A sample, and the type that holds its gradient exactly.
pub(crate) trait Sample: Copy + Into<Self::Gradient> {
    type Gradient: Copy + Add<Output = Self::Gradient> + Sub<Output = Self::Gradient> + Into<f64>;
}

impl Sample for u8 {
    type Gradient = i16;
}

impl Sample for f64 {
    type Gradient = Self;
}

impl<T: Sample> Kernel for SobelRow<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (lines, out) = (self.lines, self.out);
        let n = out.len();
        if n == 0 || !fits(lines.iter().all(|line| line.len() == n)) {
            return;
        }
        let last = n - 1;
        out[0] = magnitude(lines.map(|line| [line[0], line[0], line[1.min(last)]]));
        out[last] = magnitude(lines.map(|line| [line[last.saturating_sub(1)], line[last], line[last]]));
        if n < 3 {
            return;
        }
        let inner = n - 2;
        let out = &mut out[1..1 + inner];
        let [[a, b, c], [d, e, f], [g, h, i]] =
            lines.map(|line| [&line[..inner], &line[1..1 + inner], &line[2..2 + inner]]);
        for k in 0..inner {
            out[k] = magnitude([[a[k], b[k], c[k]], [d[k], e[k], f[k]], [g[k], h[k], i[k]]]);
        }
    }
}

/// Gradient magnitude from a neighbourhood of 3x3.
#[inline(always)]
fn magnitude<T: Sample>(samples: [[T; 3]; 3]) -> f64 {
    let [[a, b, c], [d, _, f], [g, h, i]] = samples;
    let (x, y) = (weigh(c, f, i) - weigh(a, d, g), weigh(g, h, i) - weigh(a, b, c));
    let (x, y): (f64, f64) = (x.into(), y.into());
    (x * x + y * y).sqrt()
}

/// Weights 1, 2, 1.
#[inline(always)]
fn weigh<T: Sample>(a: T, b: T, c: T) -> T::Gradient {
    let (a, b, c): (T::Gradient, T::Gradient, T::Gradient) = (a.into(), b.into(), c.into());
    (a + b) + (b + c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_are_the_separable_form_of_the_window() {
        let window = gaussian(7, 7.0 / 6.0);
        let taps = mscn_taps();
        for (i, w) in window.iter().enumerate() {
            let (dy, dx) = ((i / 7).abs_diff(3), (i % 7).abs_diff(3));
            assert!((w - taps[dy] * taps[dx]).abs() < 1e-16, "{dy} {dx}");
        }
    }

    #[test]
    fn weights_below_the_precision_of_the_largest_are_zero() {
        // exp(-36) = 2.3e-16 is just above 2^-52 = 2.2e-16, exp(-64) is below.
        assert!(gaussian(7, 0.5)[0] > 0.0);
        assert_eq!(gaussian(9, 0.5)[0], 0.0);
    }

    /// The matrix called `name` in the reference vectors.
    fn reference(name: &str) -> Plane {
        let all: serde_json::Value =
            serde_json::from_str(include_str!("../testdata/video/primitives.json")).unwrap();
        let size = |key: &str| all[name][key].as_u64().unwrap() as usize;
        let data = all[name]["data_row_major"].as_array().unwrap();
        Plane::new(data.iter().map(|v| v.as_f64().unwrap()).collect(), size("cols"), size("rows")).unwrap()
    }

    fn assert_close(found: &[f64], expected: &Plane) {
        assert_eq!(found.len(), expected.data().len());
        for (f, e) in found.iter().zip(expected.data()) {
            assert!((f - e).abs() <= 1e-13 * e.abs().max(1.0), "{f} {e}");
        }
    }

    #[test]
    fn kernels_equal_the_reference() {
        assert_close(&log(5, 0.5), &reference("log5_0.5"));
        assert_close(&gaussian(5, 0.5), &reference("gauss5_0.5"));
        assert_close(&gaussian(7, 7.0 / 6.0), &reference("gauss7_7_6"));
    }

    #[test]
    fn gradient_equals_the_reference() {
        assert_close(sobel_magnitude(&reference("A")).data(), &reference("imgradient_A"));
    }

    #[test]
    fn gradient_of_codes_and_of_numbers_agree_at_every_small_size() {
        for (width, height) in (1..=19).flat_map(|w| (1..=4).map(move |h| (w, h))) {
            let codes: Vec<u8> = (0..width * height).map(|i| (i * i * 37 + 11 * i) as u8).collect();
            let image = Plane::new(codes.iter().copied().map(f64::from).collect(), width, height).unwrap();
            let expected = sobel_magnitude(&image);
            let row = |y: usize| &codes[y * width..(y + 1) * width];
            let mut out = vec![0.0; width];
            for y in 0..height {
                let lines = [row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1))];
                dispatch(SobelRow { lines, out: &mut out });
                assert_eq!(out, expected.row(y), "{width}x{height}");
                for (x, &value) in out.iter().enumerate() {
                    let at = |dy: usize, dx: usize| {
                        let y = (y + dy).saturating_sub(1).min(height - 1);
                        f64::from(codes[y * width + (x + dx).saturating_sub(1).min(width - 1)])
                    };
                    let side = |p: [(usize, usize); 3]| {
                        at(p[0].0, p[0].1) + 2.0 * at(p[1].0, p[1].1) + at(p[2].0, p[2].1)
                    };
                    let gx = side([(0, 2), (1, 2), (2, 2)]) - side([(0, 0), (1, 0), (2, 0)]);
                    let gy = side([(2, 0), (2, 1), (2, 2)]) - side([(0, 0), (0, 1), (0, 2)]);
                    assert_eq!(value, (gx * gx + gy * gy).sqrt(), "{width}x{height} {x} {y}");
                }
            }
        }
    }

    #[test]
    fn correlation_shifts_and_pads_with_zeros() {
        let image = Plane::new((1..=6).map(f64::from).collect(), 3, 2).unwrap();
        let mut right = [0.0; 9];
        right[5] = 1.0; // reads the pixel to the right
        assert_eq!(correlate(&right, &image).unwrap().data(), &[2.0, 3.0, 0.0, 5.0, 6.0, 0.0]);
        let mut up = [0.0; 9];
        up[1] = 1.0;
        assert_eq!(correlate(&up, &image).unwrap().data(), &[0.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
        // A kernel larger than the image.
        assert_eq!(correlate(&[1.0; 49], &image).unwrap().data(), &[21.0; 6]);
        assert!(correlate(&[1.0; 4], &image).is_err() && correlate(&[1.0; 3], &image).is_err());
    }
}
