//! Order and ties of values, in linear time for long inputs.

use crate::{Error, Result};

/// From this length on the radix sort is faster than the comparison sort.
const RADIX_FROM: usize = 512;
/// One word must hold both a label and a position.
pub(crate) const RADIX_UP_TO: usize = (1 << 31) - 1;
/// Bits per pass of the radix sort. More would save passes but lose more to address translation.
pub(crate) const DIGIT: u32 = 8;
pub(crate) const BUCKETS: usize = 1 << DIGIT;
/// Half a word: a piece of a key or a label above, a position below.
pub(crate) const HALF: u32 = 32;
pub(crate) const LOW_HALF: u64 = (1 << HALF) - 1;

/// A key whose unsigned order is the order of the finite values. `-0.0` and `0.0` have the same key.
pub(crate) fn key(value: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    // Adding 0 turns -0 into 0 and changes nothing else.
    let bits = (value + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// Fails above [`RADIX_UP_TO`] values.
pub(crate) fn check_number(argument: &'static str, values: &[f64]) -> Result<()> {
    let found = values.len();
    if found > RADIX_UP_TO { Err(Error::TooMany { argument, limit: RADIX_UP_TO, found }) } else { Ok(()) }
}

/// The average rank of every value, in input order. At most [`RADIX_UP_TO`] values.
pub(crate) fn average_ranks(values: &[f64]) -> Vec<f64> {
    let (mut words, mut other) = (Vec::new(), Vec::new());
    ascending(values, &mut words, &mut other);

    // Back to input order in two steps, so that neither scatters its writes.
    if words.len() >= RADIX_FROM {
        let bits = usize::BITS - values.len().leading_zeros();
        let top = bits.saturating_sub(DIGIT);
        let mut counts = [0; BUCKETS];
        words.iter().for_each(|word| count(&mut counts, digit(*word, top)));
        other.resize(words.len(), 0);
        scatter(words.iter().copied(), &mut other, &mut counts, top);
        std::mem::swap(&mut words, &mut other);
    }
    let mut ranks = vec![0.0; words.len()];
    for word in &words {
        if let Some(rank) = ranks.get_mut(index(word & LOW_HALF)) {
            *rank = (word >> HALF) as f64 / 2.0;
        }
    }
    ranks
}

/// Twice the mean of the positions `before + 1 ..= before + ties`; moves on to the next tie.
fn twice_rank(before: &mut u64, ties: usize) -> u64 {
    let ties = ties as u64;
    let label = 2 * *before + ties + 1;
    *before += ties;
    label
}

/// The positions of the values in rising order, ties by position. A word of `words` holds twice the average rank above
/// and the position below; `other` is scratch memory. At most [`RADIX_UP_TO`] values.
///
/// Sorts values by the leading digits of a [piece](piece_of), then the few runs that agree in them. Piece and position
/// fill one word, which halves the memory to move.
pub(crate) fn ascending(values: &[f64], words: &mut Vec<u64>, other: &mut Vec<u64>) {
    let piece = piece_of(values);
    let all = values.iter().zip(0..).map(|(v, i)| piece(*v) << HALF | i);
    // This many leading digits of the piece separate most values.
    let low = match usize::BITS - values.len().leading_zeros() {
        _ if values.len() < RADIX_FROM => {
            words.clear();
            words.extend(all);
            words.sort_unstable();
            HALF
        }
        ..13 => radix::<2>(values.len(), &all, words, other),
        13..21 => radix::<3>(values.len(), &all, words, other),
        _ => radix::<4>(values.len(), &all, words, other),
    };

    let full = |word: u64| values.get(index(word & LOW_HALF)).map_or(0, |v| key(*v));
    let (mut before, mut pairs) = (0, Vec::new());
    for near in words.chunk_by_mut(|a, b| *a >> low == *b >> low) {
        if let [word] = near {
            *word = twice_rank(&mut before, 1) << HALF | (*word & LOW_HALF);
            continue;
        }
        // The rest of the piece.
        if !near.is_sorted() {
            near.sort_unstable();
        }
        for run in near.chunk_by_mut(|a, b| *a >> HALF == *b >> HALF) {
            // A single value, or only ties: the positions are in order.
            if run.len() == 1 || all_equal(run.iter().map(|word| full(*word))) {
                let label = twice_rank(&mut before, run.len()) << HALF;
                run.iter_mut().for_each(|word| *word = label | (*word & LOW_HALF));
                continue;
            }
            // Within a run the values decide.
            pairs.clear();
            pairs.extend(run.iter().map(|word| (full(*word), *word & LOW_HALF)));
            pairs.sort_unstable();
            let mut slots = run.iter_mut();
            for ties in pairs.chunk_by(|a, b| a.0 == b.0) {
                let label = twice_rank(&mut before, ties.len()) << HALF;
                ties.iter().zip(&mut slots).for_each(|((_, position), slot)| *slot = label | position);
            }
        }
    }
}

/// The value on a scale of 0..2³² between the smallest and the largest: pieces have the order of the values, up to ties
/// of pieces. All pieces are equal if the range of the values allows no scale.
pub(crate) fn piece_of(values: &[f64]) -> impl Fn(f64) -> u64 {
    // Added to a number below 2³², it leaves the rounded number in the low bits.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    let (low, high) = range(values);
    let factor = (LOW_HALF - 1) as f64 / (high - low);
    let mask = if factor > 0.0 && factor.is_finite() { LOW_HALF } else { 0 };
    move |v: f64| ((v - low) * factor + WHOLE).to_bits() & mask
}

fn all_equal(mut values: impl Iterator<Item = u64>) -> bool {
    let first = values.next();
    values.all(|value| Some(value) == first)
}

/// The smallest and the largest value.
fn range(values: &[f64]) -> (f64, f64) {
    // Eight of each fill registers and do not wait for each other.
    let (mut low, mut high) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
    for values in values.chunks(8) {
        for ((low, high), v) in low.iter_mut().zip(&mut high).zip(values) {
            *low = if v < low { *v } else { *low };
            *high = if v > high { *v } else { *high };
        }
    }
    (low.into_iter().fold(f64::INFINITY, f64::min), high.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

/// Fills `words` with the `len` words of `all`, sorted by their first `DIGITS` digits; words that agree in them keep
/// their order. Returns the lowest bit it used.
fn radix<const DIGITS: usize>(
    len: usize,
    all: &(impl Iterator<Item = u64> + Clone),
    words: &mut Vec<u64>,
    other: &mut Vec<u64>,
) -> u32 {
    let mut steps = [(u64::BITS, [0; BUCKETS]); DIGITS];
    for (k, (shift, _)) in (1..).zip(steps.iter_mut().rev()) {
        *shift -= k * DIGIT;
    }
    // All digits are counted in one pass.
    for word in all.clone() {
        steps.iter_mut().for_each(|(shift, counts)| count(counts, digit(word, *shift)));
    }
    words.resize(len, 0);
    let low = steps.first().map_or(u64::BITS, |(shift, _)| *shift);
    for (shift, counts) in &mut steps {
        if *shift == low {
            // The first digit, while writing to memory.
            scatter(all.clone(), words, counts, low);
            continue;
        }
        // All words agree in this digit.
        if counts.iter().any(|count| *count as usize == len) {
            continue;
        }
        other.resize(len, 0);
        scatter(words.iter().copied(), other, counts, *shift);
        std::mem::swap(words, other);
    }
    low
}

/// Moves words to the place of their digit. `counts` holds the number of words with each digit.
fn scatter(words: impl Iterator<Item = u64>, to: &mut [u64], counts: &mut [u32; BUCKETS], shift: u32) {
    let mut start = 0;
    for count in counts.iter_mut() {
        start += std::mem::replace(count, start);
    }
    for word in words {
        if let Some(next) = counts.get_mut(digit(word, shift)) {
            if let Some(slot) = to.get_mut(*next as usize) {
                *slot = word;
            }
            *next += 1;
        }
    }
}

fn count(counts: &mut [u32; BUCKETS], digit: usize) {
    if let Some(count) = counts.get_mut(digit) {
        *count += 1;
    }
}

pub(crate) fn digit(word: u64, shift: u32) -> usize {
    index((word >> shift) & (BUCKETS as u64 - 1))
}

/// The position in a word; it came from a `usize`, so it fits one.
pub(crate) fn index(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrambled(n: u64) -> Vec<u64> {
        (0..n).map(|i| (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect()
    }

    #[test]
    fn keys_are_in_the_order_of_the_values() {
        let rising = [-f64::MAX, -1.5, -1.0, -1e-310, -5e-324, 0.0, 5e-324, 1e-310, 1.0, 1.5, f64::MAX];
        assert!(rising.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert_eq!(key(-0.0), key(0.0));
    }

    #[test]
    fn pieces_are_a_scale_from_the_smallest_to_the_largest() {
        let values = [3.0, -1.0, 7.0, 1.0, 0.0, 6.0, 5.0, 2.0, 4.0];
        let piece = piece_of(&values);
        assert_eq!([-1.0, 7.0].map(&piece), [0, LOW_HALF - 1]);
        assert_eq!([1.0, 3.0, 5.0].map(&piece), [1 << 30, (1 << 31) - 1, 3_221_225_470]);
        // One value has no scale, nor has a range that f64 cannot hold.
        assert_eq!(piece_of(&[2.5; 9])(2.5), 0);
        assert_eq!([-f64::MAX, 0.0, f64::MAX].map(piece_of(&[-f64::MAX, f64::MAX])), [0; 3]);
    }

    /// By the definition: counts the smaller values, then the values that are not larger.
    fn expected(values: &[f64]) -> Vec<f64> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let label = |v: &f64| {
            (sorted.partition_point(|w| w < v) + sorted.partition_point(|w| w <= v) + 1) as f64 / 2.0
        };
        values.iter().map(label).collect()
    }

    #[test]
    fn both_ways_of_sorting_equal_the_definition() {
        // All magnitudes; few values with many ties; few and far; denormal ones; long runs that agree in 32 bits.
        let shapes: [fn(u64) -> u64; 7] = [
            |k| k,
            |k| k % 7,
            |k| (k % 900) << 50,
            |k| k % 100_000,
            |k| (k % 3) << 60 | (k >> 40),
            |k| (k >> 63) << 33 | (k % 5),
            |_| 42,
        ];
        for n in [0, 1, 2, 100, RADIX_FROM as u64 - 1, RADIX_FROM as u64, 20_000] {
            for (which, shape) in shapes.iter().enumerate() {
                // The shift excludes NaN and the infinities.
                let value = |k: u64| f64::from_bits(shape(k) >> 2) * if k & 64 == 0 { 1.0 } else { -1.0 };
                let values: Vec<f64> = scrambled(n).into_iter().map(value).collect();
                assert!(average_ranks(&values) == expected(&values), "n = {n}, shape {which}");
                // As numbers: an ordinary range, with ties and close neighbours.
                let values: Vec<f64> =
                    scrambled(n).into_iter().map(|k| shape(k) as f64 / 3.0 - 7.0).collect();
                assert!(average_ranks(&values) == expected(&values), "n = {n}, shape {which} as numbers");
            }
        }
    }

    #[test]
    fn words_are_sorted_by_their_leading_digits_only() {
        fn check<const DIGITS: usize>(words: &[u64]) {
            let (mut found, mut other) = (Vec::new(), Vec::new());
            let low = radix::<DIGITS>(words.len(), &words.iter().copied(), &mut found, &mut other);
            assert_eq!(low as usize, 64 - 8 * DIGITS);
            let mut expected = words.to_vec();
            expected.sort_by_key(|word| word >> low);
            assert!(found == expected, "{DIGITS} digits");
        }
        let words = scrambled(5000);
        check::<1>(&words);
        check::<2>(&words);
        check::<3>(&words);
        check::<4>(&words);
        // Skips a digit that all words share.
        check::<3>(&words.iter().map(|word| word & !(0xff << 48)).collect::<Vec<u64>>());
    }
}
