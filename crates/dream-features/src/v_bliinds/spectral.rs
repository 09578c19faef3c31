//! Statistics of the 5x5 cosine transforms of frame differences.

use std::sync::OnceLock;

use pulp::Simd;

use super::ntss::Codes;
use crate::simd::{Kernel, dispatch, fits};

/// Side of a block.
const SIDE: usize = 5;
/// Coefficients of a block.
pub(super) const COEFFICIENTS: usize = SIDE * SIDE;
/// The shape used for a moment ratio outside the table.
const NO_SHAPE: f64 = 11.0;
/// Keeps the moment ratio of a constant coefficient finite.
const FLOOR: f64 = 1e-7;

/// Coefficients in zig-zag order: (vertical, horizontal) frequency.
const ZIGZAG: [(usize, usize); COEFFICIENTS] = [
    (0, 0),
    (0, 1),
    (1, 0),
    (2, 0),
    (1, 1),
    (0, 2),
    (0, 3),
    (1, 2),
    (2, 1),
    (3, 0),
    (4, 0),
    (3, 1),
    (2, 2),
    (1, 3),
    (0, 4),
    (1, 4),
    (2, 3),
    (3, 2),
    (4, 1),
    (4, 2),
    (3, 3),
    (2, 4),
    (3, 4),
    (4, 3),
    (4, 4),
];

/// Scratch memory for the transforms, reused between pairs.
#[derive(Debug, Default)]
pub(super) struct Spectral {
    /// All coefficients, grouped by frequency, block rows one after the other.
    pub(super) planes: Vec<f64>,
    blocks: usize,
    /// One row of blocks in progress.
    line: Vec<f64>,
    /// Shapes of the last pair in zig-zag order.
    pub(super) shapes: [f64; COEFFICIENTS],
    /// Mean of the DC coefficients of the last pair.
    pub(super) mean_dc: f64,
}

/// Ratios of the bands of one pair: high to low, high to middle and low, and so on.
pub(super) type Ratios = [f64; 5];

impl Spectral {
    /// Processes the difference `current - previous`; one 8-bit step is `unit` codes.
    pub(super) fn run(&mut self, previous: &Codes, current: &Codes, unit: f64) {
        let (columns, rows) = (current.width / SIDE, current.height / SIDE);
        self.blocks = columns * rows;
        self.planes.resize(COEFFICIENTS * self.blocks, 0.0);
        self.line.resize(COEFFICIENTS * columns, 0.0);
        for row in 0..rows {
            for y in 0..SIDE {
                let start = (row * SIDE + y) * current.width;
                let look = |codes: &'_ Codes| -> std::ops::Range<usize> { start..start + codes.width };
                let before = previous.data.get(look(previous)).unwrap_or_default();
                let after = current.data.get(look(current)).unwrap_or_default();
                let slots = self.line.get_mut(y * SIDE * columns..(y + 1) * SIDE * columns);
                let slots = slots.unwrap_or_default();
                for (b, (before, after)) in
                    before.chunks_exact(SIDE).zip(after.chunks_exact(SIDE)).enumerate()
                {
                    for (x, (p, c)) in before.iter().zip(after).enumerate() {
                        if let Some(slot) = slots.get_mut(x * columns + b) {
                            *slot = (f64::from(*c) - f64::from(*p)) / unit;
                        }
                    }
                }
            }
            dispatch(Transform {
                line: &mut self.line,
                columns,
                planes: &mut self.planes,
                blocks: self.blocks,
                start: row * columns,
            });
        }
        self.mean_dc = self.plane(0, 0).iter().sum::<f64>() / self.blocks as f64;
        for (k, (v, h)) in ZIGZAG.into_iter().enumerate() {
            let shape = shape(dispatch(Ratio(self.plane(v, h))));
            if let Some(slot) = self.shapes.get_mut(k) {
                *slot = shape;
            }
        }
    }

    /// The coefficients of one (vertical, horizontal) frequency, block after block.
    pub(super) fn plane(&self, vertical: usize, horizontal: usize) -> &[f64] {
        let start = (vertical * SIDE + horizontal) * self.blocks;
        self.planes.get(start..start + self.blocks).unwrap_or_default()
    }

    /// The ratios of low, middle and high bands of the last pair.
    pub(super) fn ratios(&self) -> Ratios {
        let band = |k: usize| {
            let shapes = self.shapes.iter().skip(1 + 8 * k).take(8);
            libm::exp(shapes.map(|&s| libm::log(s)).sum::<f64>() / 8.0)
        };
        let (low, middle, high) = (band(0), band(1), band(2));
        [
            high / (0.1 + low),
            high / (0.1 + middle),
            (high + middle) / 2.0 / (0.1 + low),
            high / (0.1 + (middle + low) / 2.0),
            middle / (0.1 + low),
        ]
    }
}

/// The orthonormal matrix of the transform, frequency by frequency.
fn basis() -> &'static [[f64; SIDE]; SIDE] {
    static BASIS: OnceLock<[[f64; SIDE]; SIDE]> = OnceLock::new();
    BASIS.get_or_init(|| {
        let mut basis = [[0.0; SIDE]; SIDE];
        for (k, row) in basis.iter_mut().enumerate() {
            let scale = (if k == 0 { 1.0 } else { 2.0 } / SIDE as f64).sqrt();
            for (i, value) in row.iter_mut().enumerate() {
                let angle = std::f64::consts::PI * (2 * i + 1) as f64 * k as f64 / (2 * SIDE) as f64;
                *value = scale * libm::cos(angle);
            }
        }
        basis
    })
}

/// Transforms one row of blocks: `line` holds 25 samples of each block, grouped by place.
struct Transform<'a> {
    line: &'a mut [f64],
    columns: usize,
    planes: &'a mut [f64],
    blocks: usize,
    start: usize,
}

impl Kernel for Transform<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (n, basis) = (self.columns, basis());
        if n == 0 || !fits(self.line.len() == COEFFICIENTS * n) {
            return;
        }
        // Down the columns, in place.
        for x in 0..SIDE {
            for b in 0..n {
                let at = |y: usize| (y * SIDE + x) * n + b;
                let samples = [0, 1, 2, 3, 4].map(|y| self.line[at(y)]);
                for (k, weights) in basis.iter().enumerate() {
                    self.line[at(k)] = weigh(weights, samples);
                }
            }
        }
        // Along the rows, into the planes.
        for v in 0..SIDE {
            let samples = &self.line[v * SIDE * n..(v + 1) * SIDE * n];
            let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|x| &samples[x * n..(x + 1) * n]);
            for (h, weights) in basis.iter().enumerate() {
                let from = (v * SIDE + h) * self.blocks + self.start;
                let out = &mut self.planes[from..from + n];
                for i in 0..n {
                    out[i] = weigh(weights, [a[i], b[i], c[i], d[i], e[i]]);
                }
            }
        }
    }
}

#[inline(always)]
fn weigh(weights: &[f64; SIDE], samples: [f64; SIDE]) -> f64 {
    (weights[0] * samples[0] + weights[4] * samples[4])
        + (weights[1] * samples[1] + weights[3] * samples[3])
        + weights[2] * samples[2]
}

/// Variance over the squared mean distance from the mean.
struct Ratio<'a>(&'a [f64]);

impl Kernel for Ratio<'_> {
    type Output = f64;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let n = self.0.len() as f64;
        let mean = eight(self.0, |v| v) / n;
        let distance = eight(self.0, |v| (v - mean).abs()) / n;
        let squares = eight(self.0, |v| (v - mean) * (v - mean));
        squares / (n - 1.0) / (distance * distance + FLOOR)
    }
}

/// A sum in eight lanes on any machine.
#[inline(always)]
fn eight(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; 8];
    let (blocks, rest) = values.as_chunks::<8>();
    for block in blocks {
        for i in 0..8 {
            sums[i] += term(block[i]);
        }
    }
    for (sum, &v) in sums.iter_mut().zip(rest) {
        *sum += term(v);
    }
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
}

/// The shape of a moment ratio on the grid 0.03, 0.031, ... 10.
fn shape(ratio: f64) -> f64 {
    static TABLE: OnceLock<Vec<f64>> = OnceLock::new();
    let grid = |i: usize| 0.03 + 0.001 * i as f64;
    let table = TABLE.get_or_init(|| {
        let ratio = |i: usize| {
            let gamma = |k: f64| libm::tgamma(k / grid(i));
            gamma(1.0) * gamma(3.0) / (gamma(2.0) * gamma(2.0))
        };
        (0..9971).map(ratio).collect()
    });
    // The table decreases: entry `x` is the last that is not below the ratio.
    let not_below = table.partition_point(|&entry| entry >= ratio);
    match not_below.checked_sub(1) {
        Some(x) if not_below < table.len() => grid(x),
        _ => NO_SHAPE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_known_ratios() {
        // Laplace and normal.
        assert!((shape(2.0) - 1.0).abs() < 1.5e-3);
        assert!((shape(std::f64::consts::FRAC_PI_2) - 2.0).abs() < 1.5e-3);
        assert_eq!([0.0, 1.3, f64::NAN, f64::INFINITY].map(shape), [NO_SHAPE; 4]);
    }
}
