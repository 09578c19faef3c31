//! Kernel values of many pairs of rows at once.

use super::Kernel;
use super::exp::exp_negative;
use crate::regression::Rows;
use crate::simd::{self, dispatch};
use crate::{Error, Result, par};

/// Lanes of every blocked loop and sum. Fixed, whatever the machine's vector width, so that a sum has the same order,
/// and the same bytes, on all machines.
pub(super) const LANES: usize = 8;

/// Rows that share one pass over another row.
pub(super) const TILE: usize = 4;

/// Rows filled up with zeros to whole lanes, and their squared lengths.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Points {
    lanes: Vec<[f64; LANES]>,
    /// Lanes of a row.
    stride: usize,
    norms: Vec<f64>,
}

/// Squared length up to which kernel values are representable in single precision.
const MAX_NORM: f64 = 1e37;

impl Points {
    /// Copies the rows; an error for rows so large that their products are no numbers any more.
    pub(super) fn new(rows: &Rows<'_>) -> Result<Self> {
        let stride = rows.width().div_ceil(LANES);
        let mut lanes = Vec::with_capacity(rows.len() * stride);
        for row in rows.iter() {
            let (whole, rest) = row.as_chunks::<LANES>();
            lanes.extend_from_slice(whole);
            if !rest.is_empty() {
                let mut last = [0.0; LANES];
                last.iter_mut().zip(rest).for_each(|(slot, value)| *slot = *value);
                lanes.push(last);
            }
        }
        let mut points = Self { lanes, stride, norms: Vec::new() };
        points.norms = (0..rows.len()).map(|row| dot(points.row(row), points.row(row))).collect();
        if let Some((row, &norm)) = points.norms.iter().enumerate().find(|(_, norm)| **norm > MAX_NORM) {
            return Err(Error::NonFinite {
                name: format!("squared length of row {row}, {norm:e},"),
                value: f64::INFINITY,
            });
        }
        Ok(points)
    }

    pub(super) fn len(&self) -> usize {
        self.norms.len()
    }

    pub(super) fn norms(&self) -> &[f64] {
        &self.norms
    }

    fn row(&self, row: usize) -> &[[f64; LANES]] {
        self.lanes.get(row * self.stride..(row + 1) * self.stride).unwrap_or_default()
    }

    /// Dot products of up to [`TILE`] rows from `first` with all rows of `others` from `from`: one line of `out` each,
    /// `others.len() - from` long.
    pub(super) fn dots(&self, first: usize, others: &Self, from: usize, out: &mut [f64]) {
        dispatch(Dots { points: self, first, others, from, out });
    }
}

struct Dots<'a> {
    points: &'a Points,
    first: usize,
    others: &'a Points,
    from: usize,
    out: &'a mut [f64],
}

impl simd::Kernel for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { points, first, others, from, out } = self;
        let count = others.len().saturating_sub(from);
        debug_assert!(points.stride == others.stride && from <= others.len());
        if count == 0 {
            // No row, nothing to fill: it would be a chunk of length 0 below.
            debug_assert!(out.is_empty());
            return;
        }
        debug_assert!(out.len().is_multiple_of(count) && out.len() <= TILE * count);
        let rest = others.lanes.get(from * others.stride..).unwrap_or_default();
        if out.len() == TILE * count {
            let (a, b) = out.split_at_mut(2 * count);
            let ((a, b), (c, d)) = (a.split_at_mut(count), b.split_at_mut(count));
            let tile = [0, 1, 2, 3].map(|k| points.row(first + k));
            let outs = a.iter_mut().zip(b).zip(c.iter_mut().zip(d));
            for (other, ((a, b), (c, d))) in rest.chunks_exact(others.stride).zip(outs) {
                [*a, *b, *c, *d] = dot4(tile, other);
            }
        } else {
            for (line, out) in out.chunks_exact_mut(count).enumerate() {
                let row = points.row(first + line);
                for (other, out) in rest.chunks_exact(others.stride).zip(out) {
                    *out = dot(row, other);
                }
            }
        }
    }
}

#[inline(always)]
fn dot(a: &[[f64; LANES]], b: &[[f64; LANES]]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for l in 0..LANES {
            sums[l] += a[l] * b[l];
        }
    }
    total(&sums)
}

/// The same four sums as [`dot`], with one pass over `other`.
#[inline(always)]
fn dot4(rows: [&[[f64; LANES]]; TILE], other: &[[f64; LANES]]) -> [f64; TILE] {
    let mut sums = [[0.0; LANES]; TILE];
    let [a, b, c, d] = rows;
    for ((((a, b), c), d), other) in a.iter().zip(b).zip(c).zip(d).zip(other) {
        for l in 0..LANES {
            sums[0][l] += a[l] * other[l];
            sums[1][l] += b[l] * other[l];
            sums[2][l] += c[l] * other[l];
            sums[3][l] += d[l] * other[l];
        }
    }
    [total(&sums[0]), total(&sums[1]), total(&sums[2]), total(&sums[3])]
}

#[inline(always)]
pub(super) fn total(l: &[f64; LANES]) -> f64 {
    ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]))
}

/// Turns dot products of one row with others into kernel values.
pub(super) fn values(kernel: Kernel, norm: f64, norms: &[f64], dots: &mut [f64]) {
    if let Kernel::Rbf { gamma } = kernel {
        dispatch(Rbf { gamma, norm, norms, dots });
    }
}

struct Rbf<'a> {
    gamma: f64,
    norm: f64,
    norms: &'a [f64],
    dots: &'a mut [f64],
}

impl simd::Kernel for Rbf<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        debug_assert_eq!(self.dots.len(), self.norms.len());
        for (dot, other) in self.dots.iter_mut().zip(self.norms) {
            *dot = exp_negative(-self.gamma * (self.norm + other - 2.0 * *dot));
        }
    }
}

/// `∑ aᵢ bᵢ` in lanes.
pub(super) fn weighted_sum(a: &[f64], b: &[f64]) -> f64 {
    struct Sum<'a>(&'a [f64], &'a [f64]);
    impl simd::Kernel for Sum<'_> {
        type Output = f64;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
            debug_assert_eq!(self.0.len(), self.1.len());
            let ((a, a_rest), (b, b_rest)) = (self.0.as_chunks::<LANES>(), self.1.as_chunks::<LANES>());
            a_rest.iter().zip(b_rest).fold(dot(a, b), |sum, (a, b)| sum + a * b)
        }
    }
    dispatch(Sum(a, b))
}

/// Dot products of all pairs of rows, computed once for many kernels and many subsets.
#[derive(Debug)]
pub(super) struct Gram {
    dots: Vec<f64>,
    norms: Vec<f64>,
}

impl Gram {
    pub(super) fn new(points: &Points) -> Self {
        let count = points.len();
        let mut dots = vec![0.0; count * count];
        par::for_each_chunk(&mut dots, TILE * count, |tile, out| points.dots(tile * TILE, points, 0, out));
        Self { dots, norms: points.norms.clone() }
    }

    pub(super) fn norm(&self, row: usize) -> f64 {
        self.norms.get(row).copied().unwrap_or_default()
    }

    /// Kernel values of `row` with the rows of `subset`.
    pub(super) fn row_of(
        &self,
        kernel: Kernel,
        row: usize,
        subset: &[usize],
        scratch: &mut Vec<f64>,
        norms: &[f64],
    ) {
        let count = self.norms.len();
        let line = self.dots.get(row * count..(row + 1) * count).unwrap_or_default();
        scratch.clear();
        scratch.extend(subset.iter().map(|&other| line.get(other).copied().unwrap_or_default()));
        values(kernel, self.norm(row), norms, scratch);
    }

    pub(super) fn norms_of(&self, subset: &[usize]) -> Vec<f64> {
        subset.iter().map(|&row| self.norm(row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    #[test]
    fn tiles_and_single_rows_have_the_same_bytes() {
        let mut random = SplitMix64::new(4);
        for width in [1, 7, 8, 9, 36, 61] {
            let data: Vec<f64> = (0..11 * width).map(|_| random.signed_unit()).collect();
            let rows = Rows::new(&data, width).unwrap();
            let points = Points::new(&rows).unwrap();
            let gram = Gram::new(&points);
            for (i, a) in rows.iter().enumerate() {
                for (j, b) in rows.iter().enumerate() {
                    let plain: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                    let found = gram.dots[i * 11 + j];
                    assert!((found - plain).abs() < 1e-13, "{found} {plain}");
                    assert_eq!(found.to_bits(), dot(points.row(i), points.row(j)).to_bits());
                    assert_eq!(found.to_bits(), gram.dots[j * 11 + i].to_bits());
                }
            }
        }
    }

    #[test]
    fn the_instruction_set_changes_no_bit() {
        struct Both<'a>(&'a [f64], &'a [f64], &'a mut [f64]);
        impl simd::Kernel for Both<'_> {
            type Output = ();
            #[inline(always)]
            fn with_simd<S: pulp::Simd>(self, simd: S) {
                Rbf { gamma: 0.7, norm: 1.5, norms: self.1, dots: self.2 }.with_simd(simd);
                let sum = dot(self.0.as_chunks::<LANES>().0, self.1.as_chunks::<LANES>().0);
                self.2[0] += sum;
            }
        }
        let mut random = SplitMix64::new(8);
        let a: Vec<f64> = (0..64).map(|_| random.signed_unit()).collect();
        let b: Vec<f64> = (0..64).map(|_| random.signed_unit().abs()).collect();
        let (mut plain, mut wide) = (a.clone(), a.clone());
        simd::Kernel::with_simd(Both(&a, &b, &mut plain), pulp::Scalar::new());
        dispatch(Both(&a, &b, &mut wide));
        assert_eq!(
            plain.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
            wide.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        );
    }
}
