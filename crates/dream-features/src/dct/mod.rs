//! Orthonormal two-dimensional DCT-II of any size.

mod fft;

use pulp::Simd;

use crate::par;
use crate::plane::Plane;
use crate::simd::{Kernel, LANES, dispatch};
use crate::view::LumaView;
use fft::Fft;

/// The orthonormal DCT-II of `image`, of the same size; the first value is the sum divided by the square root of the
/// number of samples.
///
/// Any size works. A side with a prime factor above 5 is slower, by about the size of the factor.
///
/// # Example
/// ```
/// use dream_features::{Plane, dct::dct2};
///
/// let flat = dct2(&Plane::new(vec![3.0; 4 * 6], 6, 4)?);
/// assert!((flat.data()[0] - 3.0 * 24f64.sqrt()).abs() < 1e-12);
/// assert!(flat.data()[1..].iter().all(|c| c.abs() < 1e-12));
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// MATLAB `dct2`; Makhoul, "A fast cosine transform in one and two dimensions", IEEE Transactions on Acoustics, Speech
/// and Signal Processing 28(1), 1980.
#[doc(alias = "dctn")]
#[must_use]
pub fn dct2(image: &Plane) -> Plane {
    let mut out = Plane::zeros(1, 1);
    Dct2::new(image.width(), image.height()).run(image, &mut out);
    out
}

/// The transform for images of one size, with its scratch memory.
#[derive(Debug)]
pub(crate) struct Dct2 {
    vertical: Line,
    horizontal: Line,
    /// The image transformed along its columns, which are stored as rows.
    turned: Plane,
    scratch: Vec<Scratch>,
}

impl Dct2 {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let (vertical, horizontal) = (Line::new(height), Line::new(width));
        let workers = if cfg!(feature = "rayon") { 8 } else { 1 };
        let scratch = (0..workers).map(|_| Scratch::new(&[&vertical, &horizontal])).collect();
        Self { vertical, horizontal, turned: Plane::zeros(height, width), scratch }
    }

    /// Writes the transform of `image`, of the size given to `new`, to `out`.
    pub(crate) fn run<C: Columns>(&mut self, image: &C, out: &mut Plane) {
        let Self { vertical, horizontal, turned, scratch } = self;
        out.resize(horizontal.n, vertical.n);
        vertical.run(image, 0, turned.data_mut(), scratch);
        horizontal.run(&*turned, 0, out.data_mut(), scratch);
    }
}

/// The source of the samples of a few neighbouring columns.
pub(crate) trait Columns: Sync {
    /// Writes the samples of row `y`, starting at column `first`, to `out`, as many as there are.
    fn load(&self, y: usize, first: usize, out: &mut [f64]);
}

impl Columns for Plane {
    #[inline(always)]
    fn load(&self, y: usize, first: usize, out: &mut [f64]) {
        let row = self.row(y).get(first..).unwrap_or_default();
        match (row.get(..out.len()), row.len()) {
            (Some(row), _) => out.copy_from_slice(row),
            (None, rest) => out[..rest].copy_from_slice(row),
        }
    }
}

/// Codes divided by 255.
impl Columns for LumaView<'_> {
    #[inline(always)]
    fn load(&self, y: usize, first: usize, out: &mut [f64]) {
        for (out, &code) in out.iter_mut().zip(self.row(y).get(first..).unwrap_or_default()) {
            *out = f64::from(code) * (1.0 / 255.0);
        }
    }
}

/// The transform for lines of one length.
#[derive(Debug)]
struct Line {
    n: usize,
    fft: Fft,
    /// Cosine and sine of `π k / 2n`, times half of the norm of coefficient `k`.
    turns: Vec<[f64; 2]>,
}

impl Line {
    fn new(n: usize) -> Self {
        let norm = |k: usize| (if k == 0 { 1.0 } else { 2.0 } / n as f64).sqrt() / 2.0;
        let turns = (0..n).map(|k| fft::root(k, 4 * n).map(|v| v * norm(k))).collect();
        Self { n, fft: Fft::new(n), turns }
    }

    /// Transforms columns of `source`, starting at `first`. Each becomes a row of `out`.
    fn run<C: Columns>(&self, source: &C, first: usize, out: &mut [f64], scratch: &mut [Scratch]) {
        match scratch {
            [] => {}
            [scratch] => dispatch(Batches { line: self, source, first, out, scratch }),
            several => {
                // Whole batches on either side.
                let columns = out.len() / self.n / 2 / BATCH * BATCH;
                let (left, right) = out.split_at_mut(columns * self.n);
                let (a, b) = several.split_at_mut(several.len() / 2);
                par::join(
                    || self.run(source, first, left, a),
                    || self.run(source, first + columns, right, b),
                );
            }
        }
    }
}

/// Two buffers of complex lanes, and room for one large radix.
#[derive(Debug)]
struct Scratch {
    a: Vec<f64>,
    b: Vec<f64>,
    radix: Vec<f64>,
}

impl Scratch {
    fn new(lines: &[&Line]) -> Self {
        let longest = lines.iter().map(|line| line.n).max().unwrap_or(1);
        let radix = lines.iter().map(|line| line.fft.scratch_len()).max().unwrap_or(1);
        let room = |n: usize| vec![0.0; 2 * LANES * n];
        Self { a: room(longest), b: room(longest), radix: room(radix) }
    }
}

/// Columns processed together: column `i` of the first half becomes the real part of a Fourier transform, column `i` of
/// the second half its imaginary part. The number is fixed, because the two columns affect each other's rounding.
const BATCH: usize = 2 * LANES;

/// All columns of `out`, batch by batch.
struct Batches<'a, C> {
    line: &'a Line,
    source: &'a C,
    first: usize,
    out: &'a mut [f64],
    scratch: &'a mut Scratch,
}

impl<C: Columns> Kernel for Batches<'_, C> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { line, source, first, out, scratch } = self;
        let Line { n, ref fft, ref turns } = *line;
        let complex = |room| S::as_mut_simd_f64s(room).0.as_chunks_mut::<2>().0;
        let (a, b) = (&mut complex(&mut scratch.a)[..n], &mut complex(&mut scratch.b)[..n]);
        let radix = complex(&mut scratch.radix);
        for (i, out) in out.chunks_mut(BATCH * n).enumerate() {
            for group in (0..LANES).step_by(S::F64_LANES) {
                // Even samples forwards, then odd samples backwards.
                let column = first + i * BATCH + group;
                let mut samples = [[0.0; LANES]; 2];
                for y in 0..n {
                    for (half, samples) in samples.iter_mut().enumerate() {
                        source.load(y, column + half * LANES, &mut samples[..S::F64_LANES]);
                    }
                    let at = if y.is_multiple_of(2) { y / 2 } else { n - 1 - y / 2 };
                    a[at] = samples.each_ref().map(|samples| S::as_simd_f64s(samples).0[0]);
                }
                let spectrum = if fft.run(simd, a, b, radix) { &*a } else { &*b };
                for (k, &[cos, sin]) in turns.iter().enumerate() {
                    let (z, mirrored) = (spectrum[k], spectrum[if k == 0 { 0 } else { n - k }]);
                    let (cos, sin) = (simd.splat_f64s(cos), simd.splat_f64s(sin));
                    // Spectra of the two columns, their real parts after the turn.
                    let halves = [
                        simd.add_f64s(
                            simd.mul_f64s(cos, simd.add_f64s(z[0], mirrored[0])),
                            simd.mul_f64s(sin, simd.sub_f64s(z[1], mirrored[1])),
                        ),
                        simd.add_f64s(
                            simd.mul_f64s(cos, simd.add_f64s(z[1], mirrored[1])),
                            simd.mul_f64s(sin, simd.sub_f64s(mirrored[0], z[0])),
                        ),
                    ];
                    for (half, (samples, value)) in samples.iter_mut().zip(halves).enumerate() {
                        S::as_mut_simd_f64s(samples).0[0] = value;
                        for (lane, sample) in samples[..S::F64_LANES].iter().enumerate() {
                            if let Some(out) = out.get_mut((half * LANES + group + lane) * n + k) {
                                *out = *sample;
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(width: usize, height: usize) -> Plane {
        let data = (0..width * height).map(|i| libm::sin(i as f64 * 12.9898) * 100.0).collect();
        Plane::new(data, width, height).unwrap()
    }

    #[test]
    fn equals_the_definition_at_many_sizes() {
        let matrix = |n: usize| -> Vec<Vec<f64>> {
            let entry = |k: usize, i: usize| {
                let norm = (if k == 0 { 1.0 } else { 2.0 } / n as f64).sqrt();
                norm * libm::cos(std::f64::consts::PI * ((2 * i + 1) * k) as f64 / (2 * n) as f64)
            };
            (0..n).map(|k| (0..n).map(|i| entry(k, i)).collect()).collect()
        };
        for (width, height) in
            [(1, 1), (1, 9), (2, 3), (7, 5), (16, 12), (17, 33), (40, 22), (31, 64), (23, 1)]
        {
            let image = noise(width, height);
            let found = dct2(&image);
            let (rows, columns) = (matrix(height), matrix(width));
            for (ky, row) in rows.iter().enumerate() {
                for (kx, column) in columns.iter().enumerate() {
                    let mut sum = 0.0;
                    for (y, wy) in row.iter().enumerate() {
                        let line: f64 = image.row(y).iter().zip(column).map(|(v, w)| v * w).sum();
                        sum += wy * line;
                    }
                    assert!((found.row(ky)[kx] - sum).abs() < 1e-10, "{width}x{height} {ky} {kx}");
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_and_any_split_give_the_same_bytes() {
        let (width, height) = (45, 30);
        let image = noise(width, height);
        let line = Line::new(height);
        let mut scalar = vec![0.0; width * height];
        let mut scratch: Vec<Scratch> = (0..3).map(|_| Scratch::new(&[&line])).collect();
        let batches =
            Batches { line: &line, source: &image, first: 0, out: &mut scalar, scratch: &mut scratch[0] };
        batches.with_simd(pulp::Scalar::new());
        for workers in 1..=3 {
            let mut out = vec![0.0; width * height];
            line.run(&image, 0, &mut out, &mut scratch[..workers]);
            assert!(out.iter().zip(&scalar).all(|(a, b)| a.to_bits() == b.to_bits()), "{workers}");
        }
    }
}
