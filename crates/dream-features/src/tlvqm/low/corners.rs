//! Corner responses of the half-size luma, and the key points among them.

use pulp::Simd;

use crate::plane::Plane;
use crate::simd::{Kernel, dispatch, fits};
use crate::tlvqm::Ties;

/// Smallest response of a key point.
const THRESHOLD: f64 = 0.01;
/// Number of candidates sorted at a time.
const BATCH: usize = 4096;

/// Scratch memory for the search, reused between frames. Planes are transposed like those of `HalfFrame`.
#[derive(Debug)]
pub(super) struct Corners {
    /// 3x3 sums, reaching one place beyond the image on every side, and 5x5 sums; zeros outside.
    boxes: [Plane; 2],
    lines: [Vec<f64>; 2],
    /// Largest response of the four kernels, and its difference from the smallest.
    largest: Vec<f64>,
    corner: Plane,
    sorted: Vec<u64>,
    candidates: Vec<(u64, u32)>,
    taken: Vec<bool>,
    points: Vec<(usize, usize)>,
}

impl Default for Corners {
    fn default() -> Self {
        let plane = || Plane::zeros(1, 1);
        Self {
            boxes: [plane(), plane()],
            lines: Default::default(),
            largest: Vec::new(),
            corner: plane(),
            sorted: Vec::new(),
            candidates: Vec::new(),
            taken: Vec::new(),
            points: Vec::new(),
        }
    }
}

impl Corners {
    /// Computes the responses of transposed half-size luma.
    ///
    /// Each of the four kernels is a 5x5 box, minus three times the 3x3 box of one quadrant, plus twice the centre.
    pub(super) fn run(&mut self, luma: &Plane, ties: Ties) {
        let (n, rows) = (luma.width(), luma.height());
        let [small, large] = &mut self.boxes;
        small.resize(n + 2, rows + 2);
        large.resize(n, rows);
        for line in &mut self.lines {
            line.clear();
            line.resize(n + 4, 0.0);
        }
        let zeros: [f64; 0] = [];
        // Box sums around row `r - 1`.
        for r in 0..rows + 2 {
            let row =
                |k: usize| (r + k).checked_sub(3).filter(|&r| r < rows).map_or(&zeros[..], |r| luma.row(r));
            let sources = [row(0), row(1), row(2), row(3), row(4)];
            let large = r.checked_sub(1).filter(|&r| r < rows).map(|r| large.row_mut(r));
            dispatch(Boxes { n, rows: sources, lines: &mut self.lines, small: small.row_mut(r), large });
        }
        self.largest.resize(n * rows, 0.0);
        self.corner.resize(n, rows);
        for r in 0..rows {
            dispatch(Responses {
                quadrants: [small.row(r), small.row(r + 2)],
                large: large.row(r),
                luma: luma.row(r),
                ties,
                largest: self.largest.get_mut(r * n..(r + 1) * n).unwrap_or_default(),
                corner: self.corner.row_mut(r),
            });
        }
    }

    /// `0.5 (mean / deviation)²` of the largest responses, without the top hundredth; 0 when they are equal.
    pub(super) fn blockiness(&mut self) -> f64 {
        self.sorted.clear();
        // For non-negative numbers, the bits have the same order.
        self.sorted.extend(self.largest.iter().map(|v| v.to_bits()));
        let n = self.sorted.len();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most n")]
        let keep = (0.99 * n as f64).floor() as usize;
        if keep < 2 {
            return 0.0;
        }
        if keep < n {
            self.sorted.select_nth_unstable(keep);
        }
        let kept = || self.sorted.iter().take(keep).map(|&bits| f64::from_bits(bits));
        let mean = kept().sum::<f64>() / keep as f64;
        let squares: f64 = kept().map(|v| (v - mean) * (v - mean)).sum();
        let deviation = (squares / (keep - 1) as f64).sqrt();
        let ratio = mean / deviation;
        if deviation > 0.0 { 0.5 * ratio * ratio } else { 0.0 }
    }

    /// Corners that are the strongest within `radius` and at least `border` from the edge, as (row, place in the row)
    /// of the transposed planes. The strongest come first; equal ones are in memory order.
    pub(super) fn key_points(&mut self, radius: usize, border: usize) -> &[(usize, usize)] {
        let (n, rows) = (self.corner.width(), self.corner.height());
        self.points.clear();
        self.candidates.clear();
        self.taken.clear();
        self.taken.resize(n * rows, false);
        for r in border..rows.saturating_sub(border) {
            let row = self.corner.row(r).iter().enumerate().take(n.saturating_sub(border)).skip(border);
            for (i, &value) in row.filter(|&(_, &value)| value > THRESHOLD) {
                let place = u32::try_from(r * n + i).unwrap_or(u32::MAX);
                // Sorted ascending: large values first.
                self.candidates.push((!value.to_bits(), place));
            }
        }
        // The strongest few cover most candidates: sort those, drop what they cover, and go on with the rest.
        while !self.candidates.is_empty() {
            let batch = self.candidates.len().min(BATCH);
            if batch < self.candidates.len() {
                self.candidates.select_nth_unstable(batch);
            }
            let rest = self.candidates.split_off(batch);
            self.candidates.sort_unstable();
            for &(_, place) in &self.candidates {
                let (r, i) = (place as usize / n, place as usize % n);
                if self.taken.get(r * n + i).copied().unwrap_or(true) {
                    continue;
                }
                self.points.push((r, i));
                for r in r.saturating_sub(radius)..rows.min(r + radius + 1) {
                    let span = r * n + i.saturating_sub(radius)..r * n + n.min(i + radius + 1);
                    self.taken.get_mut(span).unwrap_or_default().fill(true);
                }
            }
            self.candidates = rest;
            let taken = &self.taken;
            self.candidates.retain(|&(_, place)| !taken.get(place as usize).copied().unwrap_or(true));
        }
        &self.points
    }
}

/// One row of both box sums; the 3x3 sums begin one place before the image. A missing row is empty and counts as zeros.
struct Boxes<'a> {
    n: usize,
    rows: [&'a [f64]; 5],
    lines: &'a mut [Vec<f64>; 2],
    small: &'a mut [f64],
    large: Option<&'a mut [f64]>,
}

impl Kernel for Boxes<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (n, small) = (self.n, self.small);
        let [three, five] = self.lines;
        if !fits(three.len() == n + 4 && five.len() == n + 4 && small.len() == n + 2) {
            return;
        }
        {
            let (three, five) = (&mut three[2..2 + n], &mut five[2..2 + n]);
            three.fill(0.0);
            for row in self.rows[1..4].iter().filter(|row| row.len() == n) {
                for (sum, v) in three.iter_mut().zip(*row) {
                    *sum += v;
                }
            }
            five.copy_from_slice(three);
            for row in [self.rows[0], self.rows[4]].iter().filter(|row| row.len() == n) {
                for (sum, v) in five.iter_mut().zip(*row) {
                    *sum += v;
                }
            }
        }
        let m = n + 2;
        let [a, b, c] = [0, 1, 2].map(|k| &three[k..k + m]);
        for i in 0..m {
            small[i] = a[i] + b[i] + c[i];
        }
        let Some(large) = self.large else { return };
        let large = &mut large[..n];
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|k| &five[k..k + n]);
        for i in 0..n {
            large[i] = (a[i] + e[i]) + (b[i] + d[i]) + c[i];
        }
    }
}

/// One row of responses. `quadrants` are the 3x3 sums of the rows before and after, from one place before the row.
struct Responses<'a> {
    quadrants: [&'a [f64]; 2],
    large: &'a [f64],
    luma: &'a [f64],
    ties: Ties,
    largest: &'a mut [f64],
    corner: &'a mut [f64],
}

impl Kernel for Responses<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.ties {
            Ties::Canonical => self.fill(Ties::Canonical),
            Ties::Plain => self.fill(Ties::Plain),
        }
    }
}

impl Responses<'_> {
    #[inline(always)]
    fn fill(self, ties: Ties) {
        let n = self.corner.len();
        let [before, after] = self.quadrants;
        if !fits(before.len() == n + 2 && after.len() == n + 2) {
            return;
        }
        let (large, luma) = (&self.large[..n], &self.luma[..n]);
        let (largest, corner) = (&mut self.largest[..n], &mut self.corner[..n]);
        let [b0, b2] = [0, 2].map(|k| &before[k..k + n]);
        let [a0, a2] = [0, 2].map(|k| &after[k..k + n]);
        for i in 0..n {
            let base = large[i] + 2.0 * luma[i];
            let [a, b, c, d] =
                [b0[i], b2[i], a0[i], a2[i]].map(|quadrant| (base - 3.0 * quadrant).abs() * (1.0 / 32.0));
            let most = max(max(a, b), max(c, d));
            largest[i] = most;
            corner[i] = ties.response(most - min(min(a, b), min(c, d)));
        }
    }
}

#[inline(always)]
fn max(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[inline(always)]
fn min(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(width: usize, height: usize, levels: u32) -> Plane {
        let mut state = 5u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from((state >> 20) % levels) / f64::from(levels)
        };
        Plane::new((0..width * height).map(|_| next()).collect(), width, height).unwrap()
    }

    #[test]
    fn responses_are_those_of_the_four_kernels() {
        let (width, height) = (23, 17);
        let luma = noise(width, height, 200);
        let k1 =
            [[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [-2, -2, 0, 1, 1], [-2, -2, -2, 1, 1], [-2, -2, -2, 1, 1]];
        let mut corners = Corners::default();
        corners.run(&luma, Ties::Plain);
        for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
            let response = |flip_v: bool, flip_h: bool| {
                let mut sum = 0.0;
                for (ky, kx) in (0..5usize).flat_map(|ky| (0..5usize).map(move |kx| (ky, kx))) {
                    let weight = k1[if flip_v { 4 - ky } else { ky }][if flip_h { 4 - kx } else { kx }];
                    let (sy, sx) = ((y + ky).checked_sub(2), (x + kx).checked_sub(2));
                    if let (Some(sy), Some(sx)) = (sy.filter(|&v| v < height), sx.filter(|&v| v < width)) {
                        sum += f64::from(weight) * luma.row(sy)[sx];
                    }
                }
                (sum / 32.0f64).abs()
            };
            let all =
                [(false, false), (true, false), (true, true), (false, true)].map(|(v, h)| response(v, h));
            let most = all.iter().copied().fold(0.0, f64::max);
            let least = all.iter().copied().fold(f64::INFINITY, f64::min);
            assert!((corners.largest[y * width + x] - most).abs() < 1e-14);
            assert!((corners.corner.row(y)[x] - (most - least)).abs() < 1e-14);
        }
    }

    #[test]
    fn key_points_are_the_greedy_maxima() {
        for levels in [3, 4000] {
            let luma = noise(131, 97, levels);
            let mut corners = Corners::default();
            corners.run(&luma, Ties::Canonical);
            for (radius, border) in [(1, 4), (6, 9)] {
                let mut map = corners.corner.clone();
                let mut expected = Vec::new();
                for r in 0..97 {
                    for i in 0..131 {
                        if r < border || i < border || r >= 97 - border || i >= 131 - border {
                            map.row_mut(r)[i] = 0.0;
                        }
                    }
                }
                loop {
                    let (mut best, mut at) = (THRESHOLD, None);
                    for r in 0..97 {
                        for (i, &v) in map.row(r).iter().enumerate() {
                            if v > best {
                                (best, at) = (v, Some((r, i)));
                            }
                        }
                    }
                    let Some((r, i)) = at else { break };
                    expected.push((r, i));
                    for y in r.saturating_sub(radius)..97.min(r + radius + 1) {
                        map.row_mut(y)[i.saturating_sub(radius)..131.min(i + radius + 1)].fill(0.0);
                    }
                }
                assert!(expected.len() > 20);
                assert_eq!(corners.key_points(radius, border), expected, "{levels} {radius}");
            }
        }
    }

    #[test]
    fn blockiness_leaves_out_the_top_hundredth() {
        let largest = (0..1000).map(f64::from).collect();
        let mut corners = Corners { largest, ..Corners::default() };
        let kept: Vec<f64> = (0..990).map(f64::from).collect();
        let mean = kept.iter().sum::<f64>() / 990.0;
        let variance = kept.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 989.0;
        assert!((corners.blockiness() - 0.5 * mean * mean / variance).abs() < 1e-12);
        corners.largest = vec![0.5; 100];
        assert_eq!(corners.blockiness(), 0.0);
    }
}
