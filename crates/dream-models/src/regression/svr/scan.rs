//! The three passes over all rows that a step of the solver makes.
//!
//! Lanes are compared apart and brought together at the end, and the caller decides between equal values: the result
//! depends neither on the width of the registers nor on the number of lanes.

use super::matrix::BLOCK;
use super::solver::FLAT;
use crate::simd::{Kernel, dispatch};

/// The row with the largest value, and whether another one has the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pick {
    pub(super) value: f64,
    pub(super) index: usize,
    pub(super) tied: bool,
}

impl Pick {
    pub(super) const NONE: Self = Self { value: f64::NEG_INFINITY, index: usize::MAX, tied: false };
}

/// Marks in `up` and `down`: which score of the row counts. 0 stands for none.
pub(super) const USE_PLUS: f64 = 1.0;
pub(super) const USE_MINUS: f64 = -1.0;

/// What the passes read, all of the same length.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) plus: &'a [f64],
    pub(super) minus: &'a [f64],
    pub(super) up: &'a [f64],
    pub(super) down: &'a [f64],
    pub(super) diagonal: &'a [f64],
}

#[inline(always)]
fn chosen(choice: f64, plus: f64, minus: f64, none: f64) -> f64 {
    let some = if choice > 0.0 { plus } else { minus };
    if choice == 0.0 { none } else { some }
}

#[inline(always)]
fn gain(score: f64, kernel: f32, diagonal: f64, best: f64, own: f64) -> f64 {
    let gap = best - score;
    let curvature = own + diagonal - 2.0 * f64::from(kernel);
    let curvature = if curvature > 0.0 { curvature } else { FLAT };
    if gap > 0.0 { gap * gap / curvature } else { -1.0 }
}

impl View<'_> {
    /// Score to raise `β` of a row with, −∞ where there is none.
    pub(super) fn score_up(&self, row: usize) -> f64 {
        chosen(self.up[row], self.plus[row], self.minus[row], f64::NEG_INFINITY)
    }

    /// Gain of a row as a partner.
    pub(super) fn gain(&self, row: usize, kernel: &[f32], best: f64, own: f64) -> f64 {
        let score = chosen(self.down[row], self.plus[row], self.minus[row], f64::INFINITY);
        gain(score, kernel[row], self.diagonal[row], best, own)
    }
}

/// The largest of values that are written block by block, none of which is a NaN.
struct Largest<'a> {
    values: &'a mut [[f64; BLOCK]],
    lanes: [f64; BLOCK],
}

impl<'a> Largest<'a> {
    #[inline(always)]
    fn new(values: &'a mut [f64]) -> Self {
        Self { values: values.as_chunks_mut::<BLOCK>().0, lanes: [f64::NEG_INFINITY; BLOCK] }
    }

    /// The place for a block, and the largest values so far.
    #[inline(always)]
    fn offer(lanes: &mut [f64; BLOCK], place: &mut [f64; BLOCK], values: [f64; BLOCK]) {
        for l in 0..BLOCK {
            lanes[l] = if values[l] > lanes[l] { values[l] } else { lanes[l] };
        }
        *place = values;
    }

    /// The largest value; the blocks are gone through once more, which is cheaper than to carry positions. Counts and
    /// positions are f64 because lanes of one width are what the compiler vectorises.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of blocks")]
    fn pick(self) -> Pick {
        let value = self.lanes.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let (mut hits, mut last, mut block) = ([0.0; BLOCK], [0.0; BLOCK], 0.0);
        for values in self.values.iter() {
            let values = *values;
            for l in 0..BLOCK {
                hits[l] += if values[l] == value { 1.0 } else { 0.0 };
            }
            for l in 0..BLOCK {
                last[l] = if values[l] == value { block } else { last[l] };
            }
            block += 1.0;
        }
        let (mut count, mut index) = (0.0, usize::MAX);
        for l in 0..BLOCK {
            if hits[l] > 0.0 {
                count += hits[l];
                index = last[l] as usize * BLOCK + l;
            }
        }
        Pick { value, index, tied: count > 1.0 }
    }
}

/// The row with the largest score to raise. `scratch` has the length of the others.
pub(super) fn best_up(view: &View<'_>, scratch: &mut [f64]) -> Pick {
    let Largest { values, mut lanes } = Largest::new(scratch);
    let scores = view.plus.as_chunks::<BLOCK>().0.iter().zip(view.minus.as_chunks::<BLOCK>().0);
    let blocks = scores.zip(view.up.as_chunks::<BLOCK>().0).zip(values.iter_mut());
    for (((plus, minus), up), place) in blocks {
        let mut score = [0.0; BLOCK];
        for l in 0..BLOCK {
            score[l] = chosen(up[l], plus[l], minus[l], f64::NEG_INFINITY);
        }
        Largest::offer(&mut lanes, place, score);
    }
    Largest { values, lanes }.pick()
}

/// The smallest score to lower with.
pub(super) fn smallest_down(view: &View<'_>) -> f64 {
    let scores = view.down.iter().zip(view.plus.iter().zip(view.minus));
    let scores = scores.map(|(down, (plus, minus))| chosen(*down, *plus, *minus, f64::INFINITY));
    scores.fold(f64::INFINITY, f64::min)
}

/// The row to lower with the largest gain to second order, `(best − score)² / curvature`, negative where none has a score
/// below `best`; and the smallest score of all. `kernel` and `own` belong to the row that is raised.
pub(super) fn partner(
    view: &View<'_>,
    kernel: &[f32],
    best: f64,
    own: f64,
    scratch: &mut [f64],
) -> (Pick, f64) {
    dispatch(Partner { view: *view, kernel, best, own, scratch })
}

struct Partner<'a> {
    view: View<'a>,
    kernel: &'a [f32],
    best: f64,
    own: f64,
    scratch: &'a mut [f64],
}

impl Kernel for Partner<'_> {
    type Output = (Pick, f64);

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> (Pick, f64) {
        let Self { view: View { plus, minus, down, diagonal, .. }, kernel, best, own, scratch } = self;
        let lengths = [plus, minus, down, diagonal, &*scratch].map(<[f64]>::len);
        debug_assert!(
            lengths.iter().all(|length| *length == kernel.len()) && kernel.len().is_multiple_of(BLOCK)
        );
        let Largest { values, mut lanes } = Largest::new(scratch);
        let mut smallest = [f64::INFINITY; BLOCK];
        let scores = plus.as_chunks::<BLOCK>().0.iter().zip(minus.as_chunks::<BLOCK>().0);
        let blocks = scores.zip(down.as_chunks::<BLOCK>().0).zip(diagonal.as_chunks::<BLOCK>().0);
        let blocks = blocks.zip(kernel.as_chunks::<BLOCK>().0).zip(values.iter_mut());
        for (((((plus, minus), down), diagonal), k), place) in blocks {
            // Copies, since what is known not to overlap can be computed side by side.
            let (plus, minus, down, diagonal, k) = (*plus, *minus, *down, *diagonal, *k);
            let mut score = [0.0; BLOCK];
            for l in 0..BLOCK {
                score[l] = chosen(down[l], plus[l], minus[l], f64::INFINITY);
            }
            for l in 0..BLOCK {
                smallest[l] = if score[l] < smallest[l] { score[l] } else { smallest[l] };
            }
            let mut gains = [0.0; BLOCK];
            for l in 0..BLOCK {
                gains[l] = gain(score[l], k[l], diagonal[l], best, own);
            }
            Largest::offer(&mut lanes, place, gains);
        }
        let smallest = smallest.into_iter().fold(f64::INFINITY, f64::min);
        (Largest { values, lanes }.pick(), smallest)
    }
}

/// A step as the scores see it: each kernel row comes with the change of its coefficient.
pub(super) struct Update<'a> {
    pub(super) plus: &'a mut [f64],
    pub(super) minus: &'a mut [f64],
    pub(super) up: &'a [f64],
    pub(super) first: (&'a [f32], f64),
    pub(super) second: (&'a [f32], f64),
    pub(super) scratch: &'a mut [f64],
}

/// Applies a step to the scores; the row with the largest score to raise after it.
pub(super) fn update(update: Update<'_>) -> Pick {
    dispatch(update)
}

impl Kernel for Update<'_> {
    type Output = Pick;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Pick {
        let Self { plus, minus, up, first: (first, a), second: (second, b), scratch } = self;
        let lengths = [minus.len(), up.len(), first.len(), second.len(), scratch.len()];
        debug_assert!(lengths.iter().all(|length| *length == plus.len()) && plus.len().is_multiple_of(BLOCK));
        let Largest { values, mut lanes } = Largest::new(scratch);
        let scores = plus.as_chunks_mut::<BLOCK>().0.iter_mut().zip(minus.as_chunks_mut::<BLOCK>().0);
        let blocks = scores.zip(up.as_chunks::<BLOCK>().0).zip(first.as_chunks::<BLOCK>().0);
        let blocks = blocks.zip(second.as_chunks::<BLOCK>().0).zip(values.iter_mut());
        for (((((plus, minus), up), first), second), place) in blocks {
            let (mut p, mut m, up, first, second) = (*plus, *minus, *up, *first, *second);
            let mut score = [0.0; BLOCK];
            for l in 0..BLOCK {
                let change = f64::from(first[l]) * a + f64::from(second[l]) * b;
                p[l] -= change;
                m[l] -= change;
            }
            for l in 0..BLOCK {
                score[l] = chosen(up[l], p[l], m[l], f64::NEG_INFINITY);
            }
            (*plus, *minus) = (p, m);
            Largest::offer(&mut lanes, place, score);
        }
        Largest { values, lanes }.pick()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_noticed_within_and_across_lanes() {
        let minus = vec![0.0; 64];
        let up = vec![USE_PLUS; 64];
        let pick = |plus: &[f64], up: &[f64]| {
            best_up(&View { plus, minus: &minus, up, down: up, diagonal: &minus }, &mut [0.0; 64])
        };
        for (rows, tied) in [(vec![35], false), (vec![3, 35], true), (vec![3, 20], true), (vec![0, 1], true)]
        {
            let mut plus: Vec<f64> = (0..64).map(|k| -1.0 - f64::from(k)).collect();
            rows.iter().for_each(|row| plus[*row] = 2.0);
            let found = pick(&plus, &up);
            assert_eq!((found.value, found.tied), (2.0, tied), "{rows:?}");
            assert!(rows.contains(&found.index));
            let mut fewer = up.clone();
            rows.iter().skip(1).for_each(|row| fewer[*row] = 0.0);
            assert_eq!(pick(&plus, &fewer), Pick { value: 2.0, index: rows[0], tied: false });
        }
        assert_eq!(pick(&minus, &vec![0.0; 64]).value, f64::NEG_INFINITY);
    }
}
