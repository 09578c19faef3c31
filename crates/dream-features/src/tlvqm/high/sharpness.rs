//! Sharpness: how fast the gradient field of a block decorrelates when the block is shifted.

use pulp::Simd;

use super::moments::Moments;
use crate::plane::{Plane, Rows};
use crate::resize::HalfSize;
use crate::simd::{Kernel, LANES, Lanes, dispatch, fits};

/// Wider frames are processed at half size.
const WIDEST: usize = 1280;
/// Blocks start 16 samples apart, are 17 wide and high, and are shifted by up to 6.
const STEP: usize = 16;
const BLOCK: usize = 17;
const FARTHEST: usize = 6;
/// 0-based start of the first block, and the distance that the last block keeps from the end of a side.
const FIRST: usize = 7;
const MARGIN: usize = 25;
/// Blocks with less gradient energy are ignored.
const FAINT: f64 = 1e-4;

/// Correlation of a block with itself, shifted by (rows, columns) of [`OFFSETS`].
type Pattern = [f64; OFFSETS.len()];

/// No shift, then (k, 0), (0, k), (k, k) for k = 1..=6.
const OFFSETS: [(usize, usize); 1 + 3 * FARTHEST] = {
    let mut offsets = [(0, 0); 1 + 3 * FARTHEST];
    let mut k = 1;
    while k <= FARTHEST {
        (offsets[3 * k - 2], offsets[3 * k - 1], offsets[3 * k]) = ((k, 0), (0, k), (k, k));
        k += 1;
    }
    offsets
};

/// The values of a block: its pattern, divided by its energy, and the deviation of its gradient magnitude.
#[derive(Debug, Clone, Copy)]
struct Block {
    pattern: Pattern,
    deviation: f64,
}

/// The nine numbers, with names for those that VIDEVAL uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SharpnessValues {
    /// Mean over shifts by 2 to 6, and by 2 to 4.
    pub(super) far: [f64; 2],
    /// Shift by 2.
    pub(super) two: f64,
    /// Distances of the highest and the lowest local extremum.
    pub(super) extrema: [f64; 2],
    /// Shares of sharp and blurred blocks.
    pub(super) shares: [f64; 2],
    /// Mean deviations of sharp and blurred blocks.
    pub(super) means: [f64; 2],
}

/// Scratch memory for the search.
#[derive(Debug)]
pub(super) struct Sharpness {
    resize: HalfSize,
    gradient: Plane,
    horizontal: Plane,
    vertical: Plane,
    blocks: Vec<Block>,
}

impl Sharpness {
    pub(super) fn new() -> Self {
        let empty = || Plane::zeros(1, 1);
        Self {
            resize: HalfSize::default(),
            gradient: empty(),
            horizontal: empty(),
            vertical: empty(),
            blocks: Vec::new(),
        }
    }

    /// The sharpness of a map of gradients.
    pub(super) fn run<R: Rows>(&mut self, gradient: &R) -> SharpnessValues {
        if gradient.width() > WIDEST {
            self.resize.run(gradient, &mut self.gradient);
        } else {
            self.gradient.resize(gradient.width(), gradient.height());
            for y in 0..gradient.height() {
                gradient.load(y, self.gradient.row_mut(y));
            }
        }
        let (width, height) = (self.gradient.width(), self.gradient.height());
        self.horizontal.resize(width, height);
        self.vertical.resize(width, height);
        for y in 1..height.saturating_sub(1) {
            let rows = [self.gradient.row(y - 1), self.gradient.row(y), self.gradient.row(y + 1)];
            dispatch(Sobel {
                rows,
                horizontal: self.horizontal.row_mut(y),
                vertical: self.vertical.row_mut(y),
            });
        }
        let starts = |side: usize| (FIRST..(side + 1).saturating_sub(MARGIN)).step_by(STEP);
        let count = starts(height).count() * starts(width).count();
        self.blocks.clear();
        for (y, x) in starts(height).flat_map(|y| starts(width).map(move |x| (y, x))) {
            let block = Correlate { horizontal: &self.horizontal, vertical: &self.vertical, y, x };
            self.blocks.extend(dispatch(block));
        }
        summary(&self.blocks, count)
    }
}

fn summary(blocks: &[Block], count: usize) -> SharpnessValues {
    let stored = (blocks.len() as f64).max(1.0);
    // Rings: the sum of the three shifts by k, relative to the sum of those by 1.
    let mut rings = [0.0; FARTHEST];
    for block in blocks {
        let ring = |k: usize| block.pattern[3 * k + 1] + block.pattern[3 * k + 2] + block.pattern[3 * k + 3];
        let scale = if ring(0) > 0.0 { ring(0) } else { 1.0 };
        for (k, sum) in rings.iter_mut().enumerate() {
            *sum += ring(k) / scale;
        }
    }
    let rings = rings.map(|sum| sum / stored);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;

    let level = blocks.iter().map(|b| b.deviation).sum::<f64>() / stored;
    let (mut sums, mut counts) = ([0.0; 2], [0.0; 2]);
    for block in blocks {
        let kind = usize::from(block.deviation <= level);
        sums[kind] += block.deviation;
        counts[kind] += 1.0;
    }
    SharpnessValues {
        far: [mean(&rings[1..6]), mean(&rings[1..4])],
        two: rings[1],
        extrema: extrema(blocks, counts[0]).map(|d| d / 5.0),
        shares: counts.map(|n| n / (count as f64).max(1.0)),
        means: [0, 1].map(|kind| if counts[kind] > 0.0 { sums[kind] / counts[kind] } else { 0.0 }),
    }
}

/// Distances of the highest local maximum and the lowest local minimum of the summed pattern.
///
/// The last block counts once more for every sharp block. Samples on an axis are compared across the axis, and values
/// outside the pattern are 0. Both are quirks of the reference.
fn extrema(blocks: &[Block], sharp: f64) -> [f64; 2] {
    let Some(last) = blocks.last() else { return [0.0; 2] };
    let mut total: Pattern = [0.0; OFFSETS.len()];
    for (n, total) in total.iter_mut().enumerate() {
        *total = blocks.iter().fold(0.0, |sum, block| sum + block.pattern[n]) + sharp * last.pattern[n];
    }
    let norm = total[0];
    let at = |i: usize, j: usize| match (i, j) {
        (0, 0) => total[0] / norm,
        (i, 0) => total[3 * i - 2] / norm,
        (0, j) => total[3 * j - 1] / norm,
        (i, j) if i == j => total[3 * i] / norm,
        _ => 0.0,
    };
    let (mut highest, mut lowest, mut distances) = (0.0, 0.0, [0.0; 2]);
    for i in 0..FARTHEST {
        for j in 0..FARTHEST {
            let neighbours = match (i, j) {
                (0, 0) => continue,
                (0, j) => [0.0, at(1, j)],
                (i, 0) => [0.0, at(i, 1)],
                (i, j) if i == j => [at(i - 1, j - 1), at(i + 1, j + 1)],
                _ => continue,
            };
            let (value, distance) = (at(i, j), ((i * i + j * j) as f64).sqrt());
            if neighbours.iter().all(|&n| value > n) && value > highest {
                (highest, distances[0]) = (value, distance);
            }
            if neighbours.iter().all(|&n| value < n) && value < lowest {
                (lowest, distances[1]) = (value, distance);
            }
        }
    }
    distances
}

/// Sobel responses of one row, weights 1, 2, 1 divided by 8. The two ends are left unchanged.
struct Sobel<'a> {
    rows: [&'a [f64]; 3],
    horizontal: &'a mut [f64],
    vertical: &'a mut [f64],
}

impl Kernel for Sobel<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let n = self.rows[1].len().saturating_sub(2);
        if n == 0 || !fits(self.rows.iter().all(|row| row.len() == n + 2)) {
            return;
        }
        let [[a, b, c], [d, _, f], [g, h, i]] = self.rows.map(|row| [&row[..n], &row[1..=n], &row[2..]]);
        let (horizontal, vertical) = (&mut self.horizontal[1..=n], &mut self.vertical[1..=n]);
        for x in 0..n {
            horizontal[x] = ((c[x] + 2.0 * f[x] + i[x]) - (a[x] + 2.0 * d[x] + g[x])) * 0.125;
            vertical[x] = ((g[x] + 2.0 * h[x] + i[x]) - (a[x] + 2.0 * b[x] + c[x])) * 0.125;
        }
    }
}

/// The block at (y, x), or `None` when it is faint.
struct Correlate<'a> {
    horizontal: &'a Plane,
    vertical: &'a Plane,
    y: usize,
    x: usize,
}

impl Kernel for Correlate<'_> {
    type Output = Option<Block>;
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Option<Block> {
        const AREA: f64 = (BLOCK * BLOCK) as f64;
        let Self { horizontal, vertical, y, x } = self;
        let mut pattern = [0.0; OFFSETS.len()];
        for (value, (i, j)) in pattern.iter_mut().zip(OFFSETS) {
            // Without a shift, both weights are 1.
            let total = (i + j) as f64;
            let (wh, wv) = if i + j == 0 { (1.0, 1.0) } else { (i as f64 / total, j as f64 / total) };
            *value = 0.0;
            for (plane, weight) in [(horizontal, wh), (vertical, wv)] {
                if weight > 0.0 {
                    *value += weight * (product(simd, plane, [y, x], [y + i, x + j]) / AREA);
                }
            }
        }
        let energy = pattern[0];
        if energy <= FAINT {
            return None;
        }
        let mut magnitudes = [0.0; BLOCK * BLOCK];
        let mut scratch = [0.0; BLOCK * BLOCK];
        for (dy, row) in magnitudes.chunks_exact_mut(BLOCK).enumerate() {
            let [h, v] = [horizontal, vertical].map(|plane| &plane.row(y + dy)[x..x + BLOCK]);
            for (out, (h, v)) in row.iter_mut().zip(h.iter().zip(v)) {
                *out = (h * h + v * v).sqrt();
            }
        }
        let deviation = Moments::of(simd, &magnitudes, &mut scratch).deviation();
        Some(Block { pattern: pattern.map(|value| value / energy), deviation })
    }
}

/// Sum of the products of two blocks of `plane`, each given by its first row and column.
#[inline(always)]
fn product<S: Simd>(simd: S, plane: &Plane, a: [usize; 2], b: [usize; 2]) -> f64 {
    let mut lanes = Lanes::<S>::zero(simd);
    let mut last = 0.0;
    for dy in 0..BLOCK {
        let row_a = &plane.row(a[0] + dy)[a[1]..a[1] + BLOCK];
        let row_b = &plane.row(b[0] + dy)[b[1]..b[1] + BLOCK];
        let groups = Lanes::<S>::groups(&row_a[..2 * LANES]).zip(Lanes::<S>::groups(&row_b[..2 * LANES]));
        for (a, b) in groups {
            for r in 0..Lanes::<S>::REGISTERS {
                lanes.add(simd, r, simd.mul_f64s(a[r], b[r]));
            }
        }
        last += row_a[BLOCK - 1] * row_b[BLOCK - 1];
    }
    lanes.sum() + last
}
