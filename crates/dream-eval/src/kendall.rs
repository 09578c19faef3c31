//! Kendall's rank correlation in O(n log n).

use crate::correlation::check_correlation;
use crate::sorting::{HALF, LOW_HALF, RADIX_UP_TO, sort_by_high_half, twice_ranks};
use crate::{Error, Result};

/// Kendall's rank correlation coefficient with correction for ties (KRCC, tau-b), in -1..=1.
///
/// ```text
/// τ_b = (C - D) / √( (n₀ - n₁) (n₀ - n₂) )
/// ```
///
/// `C` and `D` count concordant and discordant pairs, `n₀ = n(n-1)/2`, and `n₁`, `n₂` count the pairs that tie
/// in the first and in the second input. Counts are exact integers. O(n log n): pairs are sorted by one input
/// and the inversions of the other are counted by merging.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// // One of six pairs is in the wrong order.
/// let tau = dream_eval::krcc(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0])?;
/// assert!((tau - 4.0 / 6.0).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`plcc`](crate::plcc); [`Error::TooMany`] above 2³¹ - 1 pairs (34 GB of input).
///
/// # Reference
///
/// M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33(3), 1945; W. R. Knight, "A computer
/// method for calculating Kendall's tau with ungrouped data", Journal of the American Statistical Association
/// 61(314), 1966. Checked against SciPy's `kendalltau(variant="b")`.
pub fn krcc(pred: &[f64], truth: &[f64]) -> Result<f64> {
    check_correlation(pred, truth)?;
    if pred.len() > RADIX_UP_TO {
        return Err(Error::TooMany { argument: "pred", limit: RADIX_UP_TO, found: pred.len() });
    }
    let pairs = Pairs::count(pred, truth);
    // Neither input is constant, so both factors are positive.
    let untied = (pairs.all - pairs.tied_pred) as f64 * (pairs.all - pairs.tied_truth) as f64;
    // Pairs tied in both inputs were taken off twice.
    let untied_in_both = pairs.all + pairs.tied_both - pairs.tied_pred - pairs.tied_truth;
    let difference = untied_in_both as f64 - 2.0 * pairs.discordant as f64;
    Ok((difference / untied.sqrt()).clamp(-1.0, 1.0))
}

/// Numbers of pairs of observations. `u128`: with `u64` they would wrap above 6e9 observations.
struct Pairs {
    all: u128,
    tied_pred: u128,
    tied_truth: u128,
    tied_both: u128,
    discordant: u128,
}

impl Pairs {
    fn count(pred: &[f64], truth: &[f64]) -> Self {
        let mut scratch = Vec::new();
        let (mut joint, truth) = (twice_ranks(pred, &mut scratch), twice_ranks(truth, &mut scratch));
        // Both ranks in one word: sorted, the words are in the order of `pred`, and in that of `truth` within ties of
        // `pred`, which then count no inversion.
        joint.iter_mut().zip(&truth).for_each(|(word, rank)| *word = *word << HALF | rank);
        sort_by_high_half(&mut joint, &mut scratch);
        for ties in joint.chunk_by_mut(|a, b| *a >> HALF == *b >> HALF).filter(|ties| ties.len() > 1) {
            ties.sort_unstable();
        }
        let tied_pred = tied_pairs(&joint, |word| word >> HALF);
        let tied_both = tied_pairs(&joint, |word| word);
        joint.iter_mut().for_each(|word| *word &= LOW_HALF);
        let discordant = inversions(&mut joint, &mut scratch);
        // The inversions are counted by sorting.
        let tied_truth = tied_pairs(&joint, |word| word);
        Self { all: choose_two(joint.len()), tied_pred, tied_truth, tied_both, discordant }
    }
}

/// Number of pairs that tie in the given part of sorted words.
fn tied_pairs(words: &[u64], part: impl Fn(u64) -> u64) -> u128 {
    words.chunk_by(|a, b| part(*a) == part(*b)).map(|ties| choose_two(ties.len())).sum()
}

fn choose_two(n: usize) -> u128 {
    let n = n as u128;
    n * n.saturating_sub(1) / 2
}

/// Runs of this length are sorted by insertion before the merging starts.
const RUN: usize = 16;

/// Number of pairs in falling order. Sorts the values.
fn inversions(values: &mut Vec<u64>, merged: &mut Vec<u64>) -> u128 {
    let mut count: u128 = values.chunks_mut(RUN).map(insertion).sum();
    merged.resize(values.len(), 0);
    let mut width = RUN;
    while width < values.len() {
        for (from, to) in values.chunks(2 * width).zip(merged.chunks_mut(2 * width)) {
            let (left, right) = from.split_at(width.min(from.len()));
            count += merge(left, right, to);
        }
        std::mem::swap(values, merged);
        width *= 2;
    }
    count
}

fn insertion(run: &mut [u64]) -> u128 {
    let mut moves = 0_u64;
    for end in 1..run.len() {
        let Some((last, sorted)) = run.get_mut(..=end).and_then(<[u64]>::split_last_mut) else { continue };
        // Without a branch: how many of the sorted values lie above says where the new one goes.
        let value = *last;
        let above = sorted.iter().map(|v| usize::from(*v > value)).sum::<usize>();
        moves += above as u64;
        if let Some(tail) = run.get_mut(end - above..=end) {
            tail.rotate_right(1);
        }
    }
    u128::from(moves)
}

/// Merges two sorted runs and counts for each value of the right one the values of the left one above it.
///
/// Without a branch on the comparison, which would be mispredicted every other time; and from both ends at once, which
/// gives the processor two chains of work instead of one.
fn merge(left: &[u64], right: &[u64], to: &mut [u64]) -> u128 {
    let (mut l, mut r, mut count) = (0, 0, 0_u64);
    let (mut l_end, mut r_end) = (left.len(), right.len());
    let half = if left.len() == right.len() { left.len() } else { 0 };
    let (low, high) = to.split_at_mut(half);
    // Equal lengths: as many steps as one run is long cannot run out of it, from either end.
    for (front, back) in low.iter_mut().zip(high.iter_mut().rev()) {
        let (Some(&a), Some(&b)) = (left.get(l), right.get(r)) else { break };
        let take_right = b < a;
        *front = if take_right { b } else { a };
        count += if take_right { (left.len() - l) as u64 } else { 0 };
        r += usize::from(take_right);
        l += usize::from(!take_right);

        let (Some(&a), Some(&b)) = (left.get(l_end.wrapping_sub(1)), right.get(r_end.wrapping_sub(1))) else {
            break;
        };
        let take_left = a > b;
        *back = if take_left { a } else { b };
        count += if take_left { 0 } else { (left.len() - l_end) as u64 };
        l_end -= usize::from(take_left);
        r_end -= usize::from(!take_left);
    }
    if half == 0 {
        for slot in to.iter_mut() {
            let (Some(&a), Some(&b)) = (left.get(l), right.get(r)) else { break };
            let take_right = b < a;
            *slot = if take_right { b } else { a };
            count += if take_right { (left.len() - l) as u64 } else { 0 };
            r += usize::from(take_right);
            l += usize::from(!take_right);
        }
        let rest = left.iter().skip(l).chain(right.iter().skip(r));
        to.iter_mut().skip(l + r).zip(rest).for_each(|(slot, value)| *slot = *value);
    }
    u128::from(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, pair by pair.
    fn naive(x: &[f64], y: &[f64]) -> f64 {
        let (mut order, mut untied_x, mut untied_y) = (0.0, 0.0, 0.0);
        let sign = |v: f64| if v == 0.0 { 0.0 } else { v.signum() };
        for i in 0..x.len() {
            for j in 0..i {
                let (dx, dy) = (sign(x[i] - x[j]), sign(y[i] - y[j]));
                order += dx * dy;
                untied_x += dx * dx;
                untied_y += dy * dy;
            }
        }
        order / (untied_x * untied_y).sqrt()
    }

    #[test]
    fn equals_the_definition_for_every_length_and_any_ties() {
        for n in 2..150_u64 {
            for (a, b) in [(1000, 1000), (3, 1000), (1000, 4), (3, 4), (2, 2)] {
                let draw = |i: u64, salt: u64, modulus: u64| {
                    ((i + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % modulus
                };
                let mut x: Vec<f64> = (0..n).map(|i| draw(i, 7, a) as f64).collect();
                let mut y: Vec<f64> = (0..n).map(|i| draw(i, 99, b) as f64).collect();
                // Never constant.
                (x[0], y[0]) = (-1.0, 2000.0);
                let (found, expected) = (krcc(&x, &y).unwrap(), naive(&x, &y));
                assert!((found - expected).abs() < 1e-14, "n = {n}, {a}, {b}: {found} is not {expected}");
            }
        }
    }

    #[test]
    fn many_values_and_the_radix_sort() {
        let n = 100_000_u32;
        let up: Vec<f64> = (0..n).map(f64::from).collect();
        let down: Vec<f64> = up.iter().map(|v| -v).collect();
        let swapped: Vec<f64> = (0..n).map(|i| f64::from(i ^ 1)).collect();
        assert_eq!(krcc(&up, &up), Ok(1.0));
        assert_eq!(krcc(&up, &down), Ok(-1.0));
        // n/2 discordant pairs of n(n-1)/2.
        let expected = 1.0 - 2.0 / (f64::from(n) - 1.0);
        assert!((krcc(&up, &swapped).unwrap() - expected).abs() < 1e-15);
    }

    #[test]
    fn zeros_of_either_sign_tie() {
        let tau = krcc(&[0.0, -0.0, 1.0], &[1.0, 2.0, 3.0]).unwrap();
        assert!((tau - 2.0 / 6.0_f64.sqrt()).abs() < 1e-15, "{tau}");
    }

    #[test]
    fn bad_input_is_a_typed_error() {
        assert_eq!(krcc(&[1.0, 2.0], &[1.0]), Err(Error::LengthMismatch { pred: 2, truth: 1 }));
        assert_eq!(krcc(&[1.0], &[1.0]), Err(Error::TooFew { argument: "pred", needed: 2, found: 1 }));
        assert_eq!(krcc(&[1.0, 1.0], &[1.0, 2.0]), Err(Error::ConstantInput { argument: "pred" }));
        assert!(matches!(krcc(&[1.0, f64::NAN], &[1.0, 2.0]), Err(Error::NonFinite { .. })));
    }
}
