//! Block search: finds a key point in the previous and in the next frame.

use pulp::Simd;

use super::prepare::HalfFrame;
use crate::par;
use crate::plane::Plane;
use crate::simd::{Kernel, dispatch, fits};
use crate::tlvqm::Ties;

/// Derivatives of this frame count as zero this close to the edge.
pub(super) const BORDER: usize = 4;
/// Smallest cost of zero motion for which a point is searched.
const STILL: f64 = 0.005;
/// Key points are distributed over at most this many threads; each needs a window of costs.
const TASKS: usize = 16;

/// A key point and what the search found: one row of the motion table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// Row of the key point in the half-size image, from 0.
    pub y: usize,
    /// Column of the key point, from 0.
    pub x: usize,
    /// Movement from the frame before to this one, (down, right) in half-size pixels.
    pub backward: (i32, i32),
    /// Movement from this frame to the next one.
    pub forward: (i32, i32),
    /// Costs of zero motion and of the match, in the previous frame.
    pub backward_costs: [f64; 2],
    /// The same, in the next frame.
    pub forward_costs: [f64; 2],
}

impl Motion {
    /// Whether either match is clearly better than zero motion.
    pub(super) fn moved(&self) -> bool {
        [self.backward_costs, self.forward_costs].iter().any(|[still, found]| *still > 1.01 * found)
    }
}

/// The three frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frames<'a> {
    pub(super) before: &'a HalfFrame,
    pub(super) this: &'a HalfFrame,
    pub(super) after: &'a HalfFrame,
}

/// Some of the key points, and the memory to search for them.
#[derive(Debug, Default)]
struct Task {
    points: Vec<(usize, usize)>,
    costs: Vec<f64>,
    found: Vec<(Motion, u32)>,
}

/// Scratch memory for the search, reused between frames.
#[derive(Debug, Default)]
pub(super) struct Search {
    tasks: Vec<Task>,
    /// The motion table of the last frame.
    pub(super) table: Vec<Motion>,
    /// Searches of the last frame whose best match was not clearly the best.
    pub(super) uncertain: u32,
}

impl Search {
    /// Searches within `reach` for every key point. Points are (column, row) in the image.
    pub(super) fn run(&mut self, frames: Frames<'_>, points: &[(usize, usize)], reach: usize, ties: Ties) {
        let share = points.len().div_ceil(TASKS).max(1);
        self.tasks.resize_with(TASKS, Task::default);
        let mut shares = points.chunks(share);
        for task in &mut self.tasks {
            task.points.clear();
            task.points.extend_from_slice(shares.next().unwrap_or_default());
        }
        par::for_each_mut(&mut self.tasks, |_, task| {
            let Task { points, costs, found } = task;
            found.clear();
            found.extend(points.iter().map(|&(x, y)| Window { frames, x, y, reach, ties }.search(costs)));
        });
        self.table.clear();
        self.uncertain = 0;
        for (motion, uncertain) in self.tasks.iter().flat_map(|task| &task.found) {
            self.table.push(*motion);
            self.uncertain += uncertain;
        }
    }
}

/// The displacements of one key point.
#[derive(Clone, Copy)]
struct Window<'a> {
    frames: Frames<'a>,
    x: usize,
    y: usize,
    reach: usize,
    ties: Ties,
}

impl Window<'_> {
    fn search(self, costs: &mut Vec<f64>) -> (Motion, u32) {
        let patch = self.patch();
        let (mut uncertain, mut moves, mut pairs) = (0, [(0, 0); 2], [[0.0; 2]; 2]);
        for (direction, (step, pair)) in moves.iter_mut().zip(&mut pairs).enumerate() {
            let frame = if direction == 0 { self.frames.before } else { self.frames.after };
            let still = self.cost(frame, &patch, (0, 0));
            *pair = [still; 2];
            if still <= STILL {
                continue;
            }
            self.fill(frame, &patch, costs);
            let best = TwoBest::of(costs);
            let near = |k: usize| self.distance(k);
            let clear = match direction {
                0 => best.first <= 0.8 * best.second,
                _ => best.first < 0.8 * best.second,
            };
            let mut least = still;
            if clear || near(best.at) < near(best.second_at) {
                least = best.first;
            } else {
                uncertain += 1;
                let likely = costs.iter().enumerate().filter(|(_, cost)| 0.8 * **cost <= best.first);
                let closest = likely.min_by(|(a, _), (b, _)| near(*a).total_cmp(&near(*b)));
                if let Some((k, &cost)) = closest {
                    // The next frame decides for both directions, as in the original code.
                    if self.cost(self.frames.after, &patch, self.displacement(k)) < 1.1 * best.first {
                        least = cost;
                    } else if best.first < 0.9 * still {
                        least = best.first;
                    }
                }
            }
            if 1.01 * least < still
                && let Some(k) = costs.iter().position(|&cost| cost == least)
            {
                *step = self.displacement(k);
                pair[1] = least;
            }
        }
        let [(dy, dx), forward] = moves;
        let motion = Motion {
            y: self.y,
            x: self.x,
            backward: (-dy, -dx),
            forward,
            backward_costs: pairs[0],
            forward_costs: pairs[1],
        };
        (motion, uncertain)
    }

    /// Displacement (down, right) of an index of the window.
    fn displacement(&self, k: usize) -> (i32, i32) {
        let side = 2 * self.reach + 1;
        let signed = |v: usize| i32::try_from(v).unwrap_or(i32::MAX) - i32::try_from(self.reach).unwrap_or(0);
        (signed(k % side), signed(k / side))
    }

    /// Squared distance of an index of the window from zero motion. Only the order matters.
    fn distance(&self, k: usize) -> f64 {
        let (dy, dx) = self.displacement(k);
        f64::from(dy) * f64::from(dy) + f64::from(dx) * f64::from(dx)
    }

    /// Derivatives of this frame around the key point, column by column, the centre first.
    fn patch(&self) -> [[f64; 2]; 9] {
        let this = self.frames.this;
        let (width, height) = (this.width(), this.height());
        let inside = |v: usize, size: usize| (BORDER..size.saturating_sub(BORDER)).contains(&v);
        TAPS.map(|(row, place)| {
            let (x, y) = (self.x + row - 1, self.y + place - 1);
            if !inside(x, width) || !inside(y, height) {
                return [0.0; 2];
            }
            [&this.vertical, &this.horizontal].map(|plane| plane.row(x).get(y).copied().unwrap_or_default())
        })
    }

    /// The cost of one displacement (down, right).
    fn cost(&self, frame: &HalfFrame, patch: &[[f64; 2]; 9], (dy, dx): (i32, i32)) -> f64 {
        let mut sum = 0.0;
        for (&(row, place), tap) in TAPS.iter().zip(patch) {
            let shifted = |at: usize, k: usize, by: i32| (at + k).saturating_add_signed(by as isize) - 1;
            let (x, y) = (shifted(self.x, row, dx), shifted(self.y, place, dy));
            let [v, h] = [&frame.vertical, &frame.horizontal]
                .map(|plane| plane.row(x).get(y).copied().unwrap_or_default());
            sum += (tap[0] - v) * (tap[0] - v) + (tap[1] - h) * (tap[1] - h);
        }
        self.ties.response(sum)
    }

    /// The costs of all displacements, those down the image next to each other.
    fn fill(&self, frame: &HalfFrame, patch: &[[f64; 2]; 9], costs: &mut Vec<f64>) {
        let side = 2 * self.reach + 1;
        costs.resize(side * side, 0.0);
        let canonical = self.ties == Ties::Canonical;
        let top = self.y - self.reach;
        for (column, out) in costs.chunks_exact_mut(side).enumerate() {
            let x = self.x - self.reach + column;
            let look = |plane: &'_ Plane, (row, place): (usize, usize)| -> std::ops::Range<usize> {
                let start = (x + row - 1) * plane.width() + top + place - 1;
                start..start + side
            };
            let vertical = TAPS.map(|tap| {
                let plane = &frame.vertical;
                plane.data().get(look(plane, tap)).unwrap_or_default()
            });
            let horizontal = TAPS.map(|tap| {
                let plane = &frame.horizontal;
                plane.data().get(look(plane, tap)).unwrap_or_default()
            });
            dispatch(Column { vertical, horizontal, patch, canonical, out });
        }
    }
}

/// Row and place of the nine taps in transposed planes, one more than their offset. The centre comes first, then the
/// others row by row of the image.
const TAPS: [(usize, usize); 9] = [(1, 1), (0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (1, 2), (2, 2)];

/// Costs of the displacements in one column.
struct Column<'a> {
    vertical: [&'a [f64]; 9],
    horizontal: [&'a [f64]; 9],
    patch: &'a [[f64; 2]; 9],
    canonical: bool,
    out: &'a mut [f64],
}

impl Kernel for Column<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (out, n) = (self.out, self.vertical[0].len());
        if !fits(out.len() == n && self.vertical.iter().chain(&self.horizontal).all(|look| look.len() == n)) {
            out.fill(0.0);
            return;
        }
        let [v0, v1, v2, v3, v4, v5, v6, v7, v8] = self.vertical.map(|look| &look[..n]);
        let [h0, h1, h2, h3, h4, h5, h6, h7, h8] = self.horizontal.map(|look| &look[..n]);
        let out = &mut out[..n];
        let p = self.patch;
        let term = |tap: [f64; 2], v: f64, h: f64| (tap[0] - v) * (tap[0] - v) + (tap[1] - h) * (tap[1] - h);
        for i in 0..n {
            let mut sum = term(p[0], v0[i], h0[i]);
            sum += term(p[1], v1[i], h1[i]);
            sum += term(p[2], v2[i], h2[i]);
            sum += term(p[3], v3[i], h3[i]);
            sum += term(p[4], v4[i], h4[i]);
            sum += term(p[5], v5[i], h5[i]);
            sum += term(p[6], v6[i], h6[i]);
            sum += term(p[7], v7[i], h7[i]);
            sum += term(p[8], v8[i], h8[i]);
            out[i] = sum;
        }
        if self.canonical {
            for value in out {
                *value = Ties::Canonical.response(*value);
            }
        }
    }
}

/// The two smallest costs and where they are; the first of equal costs.
#[derive(Debug, Clone, Copy, PartialEq)]
struct TwoBest {
    first: f64,
    at: usize,
    second: f64,
    second_at: usize,
}

impl TwoBest {
    fn of(costs: &[f64]) -> Self {
        let mut best = Self { first: f64::INFINITY, at: 0, second: f64::INFINITY, second_at: 0 };
        for (chunk, block) in costs.chunks(64).enumerate() {
            // Most blocks hold nothing new, and that is quick to check.
            if !dispatch(AnyBelow { block, bound: best.second }) {
                continue;
            }
            for (i, &cost) in block.iter().enumerate() {
                let k = 64 * chunk + i;
                if cost < best.first {
                    (best.second, best.second_at) = (best.first, best.at);
                    (best.first, best.at) = (cost, k);
                } else if cost < best.second {
                    (best.second, best.second_at) = (cost, k);
                }
            }
        }
        best
    }
}

/// Whether any value of a block lies below a bound.
struct AnyBelow<'a> {
    block: &'a [f64],
    bound: f64,
}

impl Kernel for AnyBelow<'_> {
    type Output = bool;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let mut any = 0u64;
        for &value in self.block {
            any |= u64::from(value < self.bound);
        }
        any != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_smallest_in_stable_order() {
        let mut state = 9u32;
        for n in [1usize, 2, 3, 63, 64, 65, 500] {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f64::from(state >> 27)
            };
            let costs: Vec<f64> = (0..n).map(|_| next()).collect();
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&a, &b| costs[a].total_cmp(&costs[b]));
            let best = TwoBest::of(&costs);
            assert_eq!((best.first, best.at), (costs[order[0]], order[0]));
            if n > 1 {
                assert_eq!((best.second, best.second_at), (costs[order[1]], order[1]), "{n}");
            }
        }
    }

    fn frame(width: usize, height: usize, dx: usize, dy: usize) -> HalfFrame {
        let value = |x: usize, y: usize| {
            let h = (x as u32).wrapping_mul(374_761_393).wrapping_add((y as u32).wrapping_mul(668_265_263));
            f64::from((h ^ (h >> 13)).wrapping_mul(1_274_126_177) >> 24)
        };
        let pixels = (0..width * height).map(|i| value(i % width + 9 - dx, i / width + 9 - dy)).collect();
        let mut frame = HalfFrame::default();
        frame.prepare(&Plane::new(pixels, width, height).unwrap());
        frame
    }

    #[test]
    fn a_pan_is_found_in_both_directions() {
        // The picture moves by 2 right and 1 down per frame.
        let frames = [frame(60, 50, 0, 0), frame(60, 50, 2, 1), frame(60, 50, 4, 2)];
        let mut search = Search::default();
        let frames = Frames { before: &frames[0], this: &frames[1], after: &frames[2] };
        let points = [(20, 25), (30, 17), (41, 30)];
        for ties in [Ties::Canonical, Ties::Plain] {
            search.run(frames, &points, 5, ties);
            assert_eq!((search.table.len(), search.uncertain), (3, 0));
            for (motion, (x, y)) in search.table.iter().zip(points) {
                assert_eq!((motion.x, motion.y), (x, y));
                assert_eq!((motion.backward, motion.forward), ((1, 2), (1, 2)));
                assert!(motion.moved() && motion.backward_costs[1] < 1e-9);
            }
        }
    }

    #[test]
    fn one_cost_is_the_cost_of_the_window() {
        let frames = [frame(40, 40, 0, 0), frame(40, 40, 3, 1)];
        let frames = Frames { before: &frames[0], this: &frames[1], after: &frames[0] };
        let window = Window { frames, x: 20, y: 16, reach: 6, ties: Ties::Plain };
        let (patch, mut costs) = (window.patch(), Vec::new());
        window.fill(frames.before, &patch, &mut costs);
        for (k, &cost) in costs.iter().enumerate() {
            let single = window.cost(frames.before, &patch, window.displacement(k));
            assert_eq!(cost.to_bits(), single.to_bits(), "{k}");
        }
    }
}
