//! Falling and tied pairs of a series, counted by digits.

use crate::sorting::{BUCKETS, DIGIT, HALF, LOW_HALF, digit, index, key, piece_of};

/// Half a digit; the two halves are counted separately.
const HALF_DIGIT: u32 = DIGIT / 2;
const WAYS: usize = 1 << HALF_DIGIT;
/// Up to this length it compares every pair.
const FEW: usize = 24;

/// `BELOW[d][k]` is 1 for `k < d`: what a digit `d` adds to the number of digits above `k`.
const BELOW: [[u32; WAYS]; WAYS] = {
    let mut below = [[0; WAYS]; WAYS];
    let mut d = 0;
    while d < WAYS {
        let mut k = 0;
        while k < d {
            below[d][k] = 1;
            k += 1;
        }
        d += 1;
    }
    below
};

/// Counts of pairs of places in a series.
#[derive(Default)]
pub(crate) struct Counts {
    /// Pairs in which the earlier value is larger.
    pub(crate) falling: u128,
    /// Pairs of equal values.
    pub(crate) tied: u128,
    /// Tied pairs within one group.
    pub(crate) tied_in_group: u128,
}

/// A series, and the groups of its places.
pub(crate) struct Series<'a, F> {
    /// Finite values, at most [`RADIX_UP_TO`](crate::sorting::RADIX_UP_TO).
    pub(crate) values: &'a [f64],
    /// Number of the group of a place; a group's places follow each other. `None` where every place is alone.
    pub(crate) group: Option<F>,
}

/// How values become 32-bit whole numbers in the same order. Values that tie in one piece go on to the next.
#[derive(Clone, Copy)]
enum Piece {
    Scale,
    UpperKey,
    LowerKey,
}

impl<F: Fn(usize) -> u64> Series<'_, F> {
    /// Counts the pairs.
    ///
    /// Splits places by the leading digit of a piece of their value, each part by the next digit, and so on, and counts
    /// a falling pair where its digits first differ. This is a radix sort that stops when a part is so small that it
    /// can compare all its pairs.
    pub(crate) fn count(&self, scratch: [Vec<u64>; 2]) -> Counts {
        let piece = piece_of(self.values);
        let [mut words, mut other] = scratch;
        words.clear();
        words.extend(self.values.iter().zip(0..).map(|(v, place)| piece(*v) << HALF | place));
        other.resize(words.len(), 0);
        let mut counts = Counts::default();
        self.part(&mut words, &mut other, u64::BITS, Piece::Scale, &mut counts);
        counts
    }

    /// Words that agree in the bits from `bits` on, in the order of their places.
    fn part(&self, words: &mut [u64], other: &mut [u64], bits: u32, piece: Piece, counts: &mut Counts) {
        if words.len() <= FEW {
            return self.few(words, counts);
        }
        let first = words.first().map_or(0, |word| word >> HALF);
        if words.iter().all(|word| word >> HALF == first) {
            return self.same_piece(words, other, piece, counts);
        }
        let shift = bits.saturating_sub(DIGIT).max(HALF);
        let mut sizes = [0_u32; BUCKETS];
        for word in words.iter() {
            if let Some(size) = sizes.get_mut(digit(*word, shift)) {
                *size += 1;
            }
        }
        if sizes.iter().any(|size| *size as usize == words.len()) {
            return self.part(words, other, shift, piece, counts);
        }
        counts.falling += u128::from(move_by_digit(words, other, sizes, shift));
        let (mut parts, mut room) = (other, words);
        for size in sizes {
            let (part, parts_left) = std::mem::take(&mut parts).split_at_mut(size as usize);
            let (own_room, room_left) = std::mem::take(&mut room).split_at_mut(size as usize);
            self.part(part, own_room, shift, piece, counts);
            (parts, room) = (parts_left, room_left);
        }
    }

    fn value(&self, word: u64) -> f64 {
        self.values.get(index(word & LOW_HALF)).copied().unwrap_or(0.0)
    }

    /// Pair by pair; the values decide between equal pieces.
    fn few(&self, words: &[u64], counts: &mut Counts) {
        let (mut falling, mut same) = (0_u32, 0_u32);
        let mut rest = words;
        while let Some((last, before)) = rest.split_last() {
            for word in before {
                falling += u32::from(word >> HALF > last >> HALF);
                same += u32::from(word >> HALF == last >> HALF);
            }
            rest = before;
        }
        counts.falling += u128::from(falling);
        if same == 0 {
            return;
        }
        let mut rest = words;
        while let Some((last, before)) = rest.split_last() {
            for word in before.iter().filter(|word| **word >> HALF == last >> HALF) {
                let (earlier, later) = (self.value(*word), self.value(*last));
                counts.falling += u128::from(earlier > later);
                if earlier == later {
                    counts.tied += 1;
                    let in_group = self
                        .group
                        .as_ref()
                        .is_some_and(|group| group(index(word & LOW_HALF)) == group(index(last & LOW_HALF)));
                    counts.tied_in_group += u128::from(in_group);
                }
            }
            rest = before;
        }
    }

    /// Words with one piece: ties, or values that the next piece separates.
    fn same_piece(&self, words: &mut [u64], other: &mut [u64], piece: Piece, counts: &mut Counts) {
        let first = words.first().map_or(0.0, |word| self.value(*word));
        if words.iter().all(|word| self.value(*word) == first) {
            counts.tied += choose_two(words.len());
            if let Some(group) = &self.group {
                let group = |word: &u64| group(index(word & LOW_HALF));
                let groups = words.chunk_by(|a, b| group(a) == group(b));
                counts.tied_in_group += groups.map(|places| choose_two(places.len())).sum::<u128>();
            }
            return;
        }
        let (next, shift) = match piece {
            Piece::Scale => (Piece::UpperKey, HALF),
            Piece::UpperKey | Piece::LowerKey => (Piece::LowerKey, 0),
        };
        for word in words.iter_mut() {
            let piece = (key(self.value(*word)) >> shift) & LOW_HALF;
            *word = piece << HALF | (*word & LOW_HALF);
        }
        self.part(words, other, u64::BITS, next, counts);
    }
}

/// Moves words to the place of their digit; `sizes` holds the number of words with each digit. Returns the number of
/// pairs whose digits fall.
fn move_by_digit(words: &[u64], to: &mut [u64], sizes: [u32; BUCKETS], shift: u32) -> u64 {
    let mut next = sizes;
    let mut start = 0;
    for next in &mut next {
        start += std::mem::replace(next, start);
    }
    let (mut above, mut falling) = (Above::default(), 0);
    for word in words {
        let digit = digit(*word, shift);
        // At most 2^30 per word, and fewer than 2^31 words.
        falling += u64::from(above.push(digit));
        if let Some(next) = next.get_mut(digit) {
            if let Some(slot) = to.get_mut(*next as usize) {
                *slot = *word;
            }
            *next += 1;
        }
    }
    falling
}

/// Digits seen so far, as the number of those above each digit.
#[derive(Default)]
struct Above {
    /// By the upper half of the digit.
    coarse: [u32; WAYS],
    /// By the lower half, among the digits with the same upper half.
    fine: [[u32; WAYS]; WAYS],
}

impl Above {
    /// Counts the digit; returns how many of those before are above it.
    #[inline]
    fn push(&mut self, digit: usize) -> u32 {
        let (high, low) = ((digit >> HALF_DIGIT) % WAYS, digit % WAYS);
        self.fine.get_mut(high).map_or(0, |fine| add_row(&mut self.coarse, high) + add_row(fine, low))
    }
}

/// Counts half a digit; returns how many of those before are above it.
#[inline]
fn add_row(above: &mut [u32; WAYS], digit: usize) -> u32 {
    let found = above.get(digit).copied().unwrap_or(0);
    if let Some(row) = BELOW.get(digit) {
        above.iter_mut().zip(row).for_each(|(above, one)| *above += one);
    }
    found
}

/// Number of pairs in which the earlier value is larger.
pub(crate) fn falling_pairs(values: &[f64]) -> u128 {
    if values.len() > FEW {
        return Series { values, group: None::<fn(usize) -> u64> }.count(Default::default()).falling;
    }
    let below = |(end, last): (usize, &f64)| values.iter().take(end).filter(|value| *value > last).count();
    values.iter().enumerate().map(below).sum::<usize>() as u128
}

/// Number of pairs among `n`.
pub(crate) fn choose_two(n: usize) -> u128 {
    let n = n as u128;
    n * n.saturating_sub(1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definitions, pair by pair.
    fn by_definition(values: &[f64], group: impl Fn(usize) -> u64) -> [u128; 3] {
        let mut found = [0; 3];
        for (end, last) in values.iter().enumerate() {
            for (place, value) in values.iter().take(end).enumerate() {
                found[0] += u128::from(value > last);
                found[1] += u128::from(value == last);
                found[2] += u128::from(value == last && group(place) == group(end));
            }
        }
        found
    }

    fn draw(place: u64) -> u64 {
        (place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11
    }

    /// Series that reach every branch: even and clustered values, ties, equal pieces of different values.
    type Shape = (&'static str, fn(u64) -> f64);

    fn shapes() -> [Shape; 12] {
        [
            ("even", |k| draw(k) as f64),
            ("rising", |k| k as f64),
            ("falling", |k| -(k as f64)),
            ("few values", |k| (draw(k) % 7) as f64),
            ("two values", |k| f64::from((draw(k) % 2) as u32)),
            ("constant", |_| 2.5),
            ("one far off", |k| if k == 3 { 1e300 } else { (draw(k) % 1000) as f64 }),
            (
                "the whole range",
                |k| if k % 2 == 0 { -f64::MAX } else { f64::MAX / (1 + draw(k) % 900) as f64 },
            ),
            ("neighbours", |k| 1.0 + (draw(k) % 400) as f64 * f64::EPSILON + if k == 0 { 7.0 } else { 0.0 }),
            ("powers", |k| 2_f64.powi((draw(k) % 2000) as i32 - 1000)),
            ("subnormal", |k| (draw(k) % 300) as f64 * 5e-324),
            ("zeros of both signs", |k| if draw(k).is_multiple_of(2) { 0.0 } else { -0.0 }),
        ]
    }

    #[test]
    fn counts_equal_the_definition() {
        for (name, shape) in shapes() {
            for n in [0, 1, 2, FEW as u64, FEW as u64 + 1, 100, 1500] {
                let values: Vec<f64> = (0..n).map(shape).collect();
                for width in [1, 2, 40] {
                    let group = |place: usize| (place / width) as u64;
                    let counts = Series { values: &values, group: Some(group) }.count(Default::default());
                    let found = [counts.falling, counts.tied, counts.tied_in_group];
                    assert_eq!(found, by_definition(&values, group), "{name}, n = {n}, groups of {width}");
                }
                assert_eq!(falling_pairs(&values), by_definition(&values, |_| 0)[0], "{name}, n = {n}");
            }
        }
    }

    #[test]
    fn scratch_memory_may_hold_anything() {
        let values: Vec<f64> = (0..100).map(|k| draw(k) as f64).collect();
        let series = Series { values: &values, group: None::<fn(usize) -> u64> };
        let expected = series.count(Default::default()).falling;
        assert_eq!(series.count([vec![u64::MAX; 300], vec![u64::MAX; 7]]).falling, expected);
    }
}
