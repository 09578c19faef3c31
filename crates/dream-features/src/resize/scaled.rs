//! MATLAB's bicubic resize by any factor.

use crate::error::{Error, Result};
use crate::plane::Plane;
use crate::simd::{Kernel, dispatch};
use pulp::Simd;

/// `image` scaled by `scale` in both directions by bicubic interpolation, with antialiasing when it becomes smaller.
///
/// A side of `n` becomes `ceil(scale * n)`. The border is mirrored between samples (`-1` is `0`), nothing is clipped or
/// rounded. [`half_size`](super::half_size) and [`double_size`](super::double_size) are faster for their factors and
/// give the same values up to rounding.
///
/// # Errors
/// [`Error::Config`] when `scale` is not a positive number, or a side would become longer than a million.
///
/// # Example
/// ```
/// use dream_features::{Plane, resize::scaled};
///
/// let small = scaled(&Plane::new(vec![7.0; 9 * 7], 9, 7)?, 0.25)?;
/// assert_eq!((small.width(), small.height()), (3, 2));
/// assert!(small.data().iter().all(|v| (v - 7.0).abs() < 1e-14));
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// MATLAB `imresize(image, scale)` (bicubic, antialiasing on); Keys, "Cubic convolution interpolation for digital image
/// processing", IEEE Transactions on Acoustics, Speech and Signal Processing 29(6), 1981 (a = -1/2).
#[doc(alias("imresize", "bicubic"))]
pub fn scaled(image: &Plane, scale: f64) -> Result<Plane> {
    let mut out = Plane::zeros(1, 1);
    Scaled::new(image.width(), image.height(), scale)?.run(image, &mut out);
    Ok(out)
}

/// The resize for images of one size and one factor.
#[derive(Debug)]
pub(crate) struct Scaled {
    rows: Taps,
    columns: Taps,
    /// One vertically filtered row.
    line: Vec<f64>,
}

impl Scaled {
    pub(crate) fn new(width: usize, height: usize, scale: f64) -> Result<Self> {
        let (rows, columns) = (Taps::new(height, scale)?, Taps::new(width, scale)?);
        Ok(Self { rows, columns, line: vec![0.0; width] })
    }

    /// Width and height of what it makes.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.columns.len(), self.rows.len())
    }

    /// Writes the scaled `image`, of the size given to `new`, to `out`: first along columns, then along rows.
    pub(crate) fn run(&mut self, image: &Plane, out: &mut Plane) {
        let Self { rows, columns, line } = self;
        out.resize(columns.len(), rows.len());
        for o in 0..rows.len() {
            line.fill(0.0);
            for (weight, source) in rows.of(o) {
                dispatch(AddScaled { weight, row: image.row(source), out: line });
            }
            for (x, out) in out.row_mut(o).iter_mut().enumerate() {
                let samples = columns.of(x).map(|(w, i)| w * line.get(i).copied().unwrap_or_default());
                *out = samples.fold(0.0, |sum, v| sum + v);
            }
        }
    }
}

/// Which samples of a line make up each output, and their weights: `count` of each per output.
#[derive(Debug)]
struct Taps {
    indices: Vec<usize>,
    weights: Vec<f64>,
    count: usize,
}

impl Taps {
    /// Taps of a line of `n` samples.
    fn new(n: usize, scale: f64) -> Result<Self> {
        const LONGEST: f64 = 1e6;
        let size = (scale * n as f64).ceil();
        if !scale.is_finite() || scale < 1.0 / LONGEST || size > LONGEST {
            return Err(Error::Config {
                field: "scale",
                reason: "must be positive and give sides of 1 to a million",
            });
        }
        let whole = |v: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole, from 0 to a million"
            )]
            let whole = v as usize;
            whole
        };
        let squeeze = scale.min(1.0); // antialiasing stretches the kernel over more samples
        let width = 4.0 / squeeze;
        let count = whole(width.ceil()) + 2;
        let (mut indices, mut weights) = (Vec::new(), Vec::new());
        for x in 1..=whole(size) {
            // In MATLAB's coordinates, where the first sample is 1.
            let centre = x as f64 / scale + 0.5 * (1.0 - 1.0 / scale);
            let left = (centre - width / 2.0).floor();
            let first = weights.len();
            for k in 0..count {
                let tap = left + k as f64;
                weights.push(squeeze * cubic(squeeze * (centre - tap)));
                let period = (2 * n) as f64;
                let i = whole((tap - 1.0).rem_euclid(period));
                indices.push(if i < n { i } else { 2 * n - 1 - i });
            }
            let total: f64 = weights.iter().skip(first).sum();
            weights.iter_mut().skip(first).for_each(|w| *w /= total);
        }
        Ok(Self { indices, weights, count })
    }

    fn len(&self) -> usize {
        self.weights.len() / self.count
    }

    /// Weights and indices of output `o`, without zero weights.
    fn of(&self, o: usize) -> impl Iterator<Item = (f64, usize)> {
        let taps = o * self.count..(o + 1) * self.count;
        let weights = self.weights.get(taps.clone()).unwrap_or_default();
        let indices = self.indices.get(taps).unwrap_or_default();
        weights.iter().copied().zip(indices.iter().copied()).filter(|(w, _)| *w != 0.0)
    }
}

/// Keys' cubic with a = -1/2.
fn cubic(x: f64) -> f64 {
    let x = x.abs();
    match x {
        x if x <= 1.0 => 1.5 * (x * x * x) - 2.5 * (x * x) + 1.0,
        x if x <= 2.0 => -0.5 * (x * x * x) + 2.5 * (x * x) - 4.0 * x + 2.0,
        _ => 0.0,
    }
}

/// `out += weight * row`.
struct AddScaled<'a> {
    weight: f64,
    row: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for AddScaled<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, value) in self.out.iter_mut().zip(self.row) {
            *out += self.weight * value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resize::{double_size, half_size};

    #[test]
    fn agrees_with_the_special_cases() {
        for (height, width) in (1..=9).flat_map(|h| (1..=9).map(move |w| (h, w))) {
            let data = (0..width * height).map(|i| f64::from((i * 2_654_435_761 % 251) as u8)).collect();
            let image = Plane::new(data, width, height).unwrap();
            for (scale, expected) in
                [(0.5, half_size(&image)), (2.0, double_size(&image)), (1.0, image.clone())]
            {
                let found = scaled(&image, scale).unwrap();
                assert_eq!((found.width(), found.height()), (expected.width(), expected.height()));
                for (f, e) in found.data().iter().zip(expected.data()) {
                    assert!((f - e).abs() < 1e-11, "{width}x{height} {scale}: {f} {e}");
                }
            }
        }
    }

    #[test]
    fn senseless_scales_are_refused() {
        let image = Plane::new(vec![1.0; 6], 3, 2).unwrap();
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-9, 1e9] {
            assert!(matches!(scaled(&image, scale), Err(Error::Config { field: "scale", .. })), "{scale}");
        }
        assert_eq!(scaled(&image, 0.01).unwrap().data().len(), 1);
    }
}
