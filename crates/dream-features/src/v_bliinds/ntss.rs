//! New three-step search: how the blocks of a frame moved since the previous frame.

use pulp::Simd;

use crate::simd::{Kernel, dispatch};

/// A plane of codes, row after row.
#[derive(Debug, Clone, Default)]
pub(super) struct Codes {
    pub(super) data: Vec<u16>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// A search on blocks of `block` x `block` pixels with first step `2^(floor(log2(reach + 1)) - 1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockSearch {
    pub(super) block: usize,
    pub(super) reach: u32,
}

/// Displacement (down, right) from a block to where its content was.
pub(super) type Vector = (i32, i32);

/// The costs around a point are in raster order. `NONE` marks a missing cost; `CENTRE` is the place of the point.
const NONE: u32 = u32::MAX;
const CENTRE: usize = 4;

impl BlockSearch {
    /// Blocks per row and per column. Remaining pixels at the right and bottom have no block.
    pub(super) const fn blocks(&self, codes: &Codes) -> (usize, usize) {
        (codes.width / self.block, codes.height / self.block)
    }

    /// The vectors of all blocks of `current`, row after row.
    pub(super) fn run(&self, reference: &Codes, current: &Codes, out: &mut Vec<Vector>) {
        let (columns, rows) = self.blocks(current);
        out.clear();
        for row in 0..rows {
            for column in 0..columns {
                out.push(self.search(reference, current, (row * self.block, column * self.block)));
            }
        }
    }

    fn search(&self, reference: &Codes, current: &Codes, (top, left): (usize, usize)) -> Vector {
        let cost = |vector: Vector| self.cost(reference, current, (top, left), vector);
        let first_step = 1i32 << ((self.reach + 1).ilog2().saturating_sub(1));
        let still = cost((0, 0)).unwrap_or(NONE);
        let mut costs = [NONE; 9];
        costs[CENTRE] = still;
        look_around(&mut costs, (0, 0), first_step, cost, |_| true);
        let far = smallest(&costs);
        look_around(&mut costs, (0, 0), 1, cost, |_| true);
        let near = smallest(&costs);
        let (far_cost, near_cost) = (far.1, near.1);
        if far.0 == CENTRE && near.0 == CENTRE {
            return (0, 0);
        }
        if near_cost <= far_cost {
            // Only points outside the first window.
            let point = neighbour((0, 0), near.0, 1);
            let mut costs = [NONE; 9];
            costs[CENTRE] = near_cost;
            look_around(&mut costs, point, 1, cost, |(dy, dx)| dy.abs() > 1 || dx.abs() > 1);
            return neighbour(point, smallest(&costs).0, 1);
        }
        let mut point = neighbour((0, 0), far.0, first_step);
        let mut costs = [NONE; 9];
        costs[CENTRE] = far_cost;
        let mut step = first_step / 2;
        while step >= 1 {
            // Costs outside the image keep their values from the previous step, as in the original code.
            look_around(&mut costs, point, step, cost, |_| true);
            let (place, cost) = smallest(&costs);
            point = neighbour(point, place, step);
            costs[CENTRE] = cost;
            step /= 2;
        }
        point
    }

    /// Sum of absolute differences; `None` if the block would extend beyond the image.
    fn cost(
        &self,
        reference: &Codes,
        current: &Codes,
        (top, left): (usize, usize),
        (dy, dx): Vector,
    ) -> Option<u32> {
        let inside = |at: usize, by: i32, size: usize| {
            at.checked_add_signed(by as isize).filter(|&v| v + self.block <= size)
        };
        let y = inside(top, dy, reference.height)?;
        let x = inside(left, dx, reference.width)?;
        let from = |codes: &Codes, y: usize, x: usize| y * codes.width + x;
        Some(dispatch(Sad {
            a: current.data.get(from(current, top, left)..).unwrap_or_default(),
            b: reference.data.get(from(reference, y, x)..).unwrap_or_default(),
            stride: current.width,
            block: self.block,
        }))
    }
}

/// Neighbour number `place` of a point, in raster order and `step` away.
fn neighbour((dy, dx): Vector, place: usize, step: i32) -> Vector {
    const OFFSETS: [(i32, i32); 9] =
        [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 0), (0, 1), (1, -1), (1, 0), (1, 1)];
    let (oy, ox) = OFFSETS.get(place).copied().unwrap_or_default();
    (dy + oy * step, dx + ox * step)
}

/// Overwrites the costs of the eight neighbours that lie in the image and are wanted.
fn look_around(
    costs: &mut [u32; 9],
    point: Vector,
    step: i32,
    cost: impl Fn(Vector) -> Option<u32>,
    wanted: impl Fn(Vector) -> bool,
) {
    for (place, slot) in costs.iter_mut().enumerate() {
        let at = neighbour(point, place, step);
        if place == CENTRE || !wanted(at) {
            continue;
        }
        if let Some(found) = cost(at) {
            *slot = found;
        }
    }
}

/// Place and value of the smallest cost; the first of equal costs.
fn smallest(costs: &[u32; 9]) -> (usize, u32) {
    let mut best = (0, costs[0]);
    for (place, &cost) in costs.iter().enumerate() {
        if cost < best.1 {
            best = (place, cost);
        }
    }
    best
}

/// Sum of absolute differences of two blocks.
struct Sad<'a> {
    a: &'a [u16],
    b: &'a [u16],
    stride: usize,
    block: usize,
}

impl Kernel for Sad<'_> {
    type Output = u32;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> u32 {
        match self.block {
            10 => self.sum::<10>(),
            16 => self.sum::<16>(),
            block => rows(self.a, self.b, self.stride, block)
                .map(|(a, b)| a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>())
                .sum(),
        }
    }
}

impl Sad<'_> {
    #[inline(always)]
    fn sum<const N: usize>(self) -> u32 {
        let mut sums = [0u32; N];
        for (a, b) in rows(self.a, self.b, self.stride, N) {
            if let (Some(a), Some(b)) = (a.first_chunk::<N>(), b.first_chunk::<N>()) {
                for i in 0..N {
                    sums[i] += u32::from(a[i].abs_diff(b[i]));
                }
            }
        }
        sums.iter().sum()
    }
}

#[inline(always)]
fn rows<'a>(
    a: &'a [u16],
    b: &'a [u16],
    stride: usize,
    block: usize,
) -> impl Iterator<Item = (&'a [u16], &'a [u16])> {
    a.chunks(stride)
        .zip(b.chunks(stride))
        .take(block)
        .map(move |(a, b)| (a.get(..block).unwrap_or_default(), b.get(..block).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(width: usize, height: usize, dx: usize, dy: usize) -> Codes {
        // Smooth, so that the search converges.
        let value = |x: usize, y: usize| {
            let wave = |v: usize, period: f64| libm::sin(v as f64 * std::f64::consts::TAU / period);
            (128.0 + 60.0 * wave(x, 47.0) + 50.0 * wave(y, 53.0)) as u16
        };
        let data = (0..width * height).map(|i| value(i % width + 20 - dx, i / width + 20 - dy)).collect();
        Codes { data, width, height }
    }

    #[test]
    fn a_small_pan_is_found_inside_the_frame() {
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (4, 4)] {
            let (before, after) = (codes(96, 96, 0, 0), codes(96, 96, dx, dy));
            let mut vectors = Vec::new();
            BlockSearch { block: 16, reach: 7 }.run(&before, &after, &mut vectors);
            assert_eq!(vectors.len(), 36);
            let expected = (-(dy as i32), -(dx as i32));
            let found = vectors.iter().filter(|&&v| v == expected).count();
            assert!(found >= 20, "{dx} {dy}: {found} {vectors:?}");
        }
    }

    #[test]
    fn sums_of_differences_at_any_block_size() {
        let (a, b) = (codes(40, 40, 0, 0), codes(40, 40, 7, 3));
        for block in [5, 10, 16] {
            let search = BlockSearch { block, reach: 7 };
            let found = search.cost(&a, &b, (8, 8), (-3, 2)).unwrap();
            let mut expected = 0;
            for (y, x) in (0..block).flat_map(|y| (0..block).map(move |x| (y, x))) {
                let (p, q) = (b.data[(8 + y) * 40 + 8 + x], a.data[(5 + y) * 40 + 10 + x]);
                expected += u32::from(p.abs_diff(q));
            }
            assert_eq!(found, expected);
            assert_eq!(search.cost(&a, &b, (0, 0), (-1, 0)), None);
        }
    }
}
