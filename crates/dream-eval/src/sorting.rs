//! Order and ties of values, in linear time where there are many.

/// From this length on the radix sort is faster than the comparison sort.
const RADIX_FROM: usize = 2048;
/// A label and a position must fit one word together.
pub(crate) const RADIX_UP_TO: usize = (1 << 31) - 1;
/// Bits per pass of the radix sort. More would save passes and lose more to the address translation.
const DIGIT: u32 = 8;
const BUCKETS: usize = 1 << DIGIT;
/// Half a word: a piece of a key or a label above, a position below.
pub(crate) const HALF: u32 = 32;
pub(crate) const LOW_HALF: u64 = (1 << HALF) - 1;

/// A key whose unsigned order is the order of the finite values. `-0.0` and `0.0` have the same key.
fn key(value: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    // Adding 0 turns -0 into 0 and changes nothing else.
    let bits = (value + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// Twice the average rank of every value, in input order: whole numbers in 2..=2n, equal for equal values only.
///
/// `scratch` saves the second of two calls the cost of fresh memory.
pub(crate) fn twice_ranks(values: &[f64], scratch: &mut Vec<u64>) -> Vec<u64> {
    if let Some(piece) = piece_of(values).filter(|_| values.len() <= RADIX_UP_TO) {
        return by_piece(values, piece, scratch);
    }
    let mut pairs: Vec<(u64, usize)> = values.iter().map(|v| key(*v)).zip(0..).collect();
    pairs.sort_unstable();
    let mut labels = vec![0; values.len()];
    let mut before = 0;
    for ties in pairs.chunk_by(|a, b| a.0 == b.0) {
        let label = twice_rank(&mut before, ties.len());
        for (_, position) in ties {
            if let Some(slot) = labels.get_mut(*position) {
                *slot = label;
            }
        }
    }
    labels
}

/// Twice the mean of the positions `before + 1 ..= before + ties`; moves on to the next tie.
fn twice_rank(before: &mut u64, ties: usize) -> u64 {
    let ties = ties as u64;
    let label = 2 * *before + ties + 1;
    *before += ties;
    label
}

/// The value on a scale of 0..2³² between the smallest and the largest: the order of pieces is that of the values, up
/// to ties of pieces. `None` where the range of the values is none that a scale can be made for.
fn piece_of(values: &[f64]) -> Option<impl Fn(f64) -> u64> {
    // Added to a number below 2³², it leaves the rounded number in the low bits.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    let low = values.iter().fold(f64::INFINITY, |low, v| low.min(*v));
    let high = values.iter().fold(f64::NEG_INFINITY, |high, v| high.max(*v));
    let factor = (LOW_HALF - 1) as f64 / (high - low);
    (factor > 0.0 && factor.is_finite())
        .then_some(move |v: f64| ((v - low) * factor + WHOLE).to_bits() & LOW_HALF)
}

/// Sorts by [piece](piece_of), then the few runs that agree in it.
///
/// Piece and position fill one word, which halves the memory to move.
fn by_piece(values: &[f64], piece: impl Fn(f64) -> u64, scratch: &mut Vec<u64>) -> Vec<u64> {
    let mut words = std::mem::take(scratch);
    words.clear();
    words.extend(values.iter().zip(0..).map(|(v, i)| piece(*v) << HALF | i));
    let mut other = Vec::new();
    let many = words.len() >= RADIX_FROM;
    if many {
        sort_words(&mut words, &mut other, HALF..u64::BITS);
    } else {
        words.sort_unstable();
    }

    let full = |word: u64| values.get(index(word & LOW_HALF)).map_or(0, |v| key(*v));
    let (mut before, mut pairs) = (0, Vec::new());
    for run in words.chunk_by_mut(|a, b| *a >> HALF == *b >> HALF) {
        if let [word] = run {
            *word = twice_rank(&mut before, 1) << HALF | (*word & LOW_HALF);
            continue;
        }
        // The values decide within a run.
        pairs.clear();
        pairs.extend(run.iter().map(|word| (full(*word), *word & LOW_HALF)));
        pairs.sort_unstable();
        let mut slots = run.iter_mut();
        for ties in pairs.chunk_by(|a, b| a.0 == b.0) {
            let label = twice_rank(&mut before, ties.len());
            ties.iter().zip(&mut slots).for_each(|((_, position), slot)| *slot = label << HALF | position);
        }
    }

    // Back to input order in two steps, so that neither writes all over the memory.
    let bits = usize::BITS - values.len().leading_zeros();
    let top = bits.saturating_sub(DIGIT);
    if many {
        sort_words(&mut words, &mut other, top..top + DIGIT);
    }
    // The scratch memory becomes the result, so that no fresh memory is touched.
    other.resize(words.len(), 0);
    for word in &words {
        if let Some(slot) = other.get_mut(index(word & LOW_HALF)) {
            *slot = word >> HALF;
        }
    }
    *scratch = words;
    other
}

/// Sorts words by their upper halves, which hold [`twice_ranks`].
pub(crate) fn sort_by_high_half(words: &mut Vec<u64>, other: &mut Vec<u64>) {
    if words.len() < RADIX_FROM {
        return words.sort_unstable();
    }
    // Twice a rank is at most twice the number of words.
    let bits = usize::BITS - words.len().leading_zeros() + 1;
    sort_words(words, other, HALF..HALF + bits);
}

/// Sorts by the given bits; words that agree in them keep their order. `other` is scratch memory.
fn sort_words(words: &mut Vec<u64>, other: &mut Vec<u64>, bits: std::ops::Range<u32>) {
    let shifts = bits.step_by(DIGIT as usize);
    let digit = |word: u64, shift: u32| index((word >> shift) & (BUCKETS as u64 - 1));
    // All digits are counted in one pass.
    let mut counts: Vec<(u32, [usize; BUCKETS])> = shifts.map(|shift| (shift, [0; BUCKETS])).collect();
    for word in words.iter() {
        for (shift, counts) in &mut counts {
            if let Some(count) = counts.get_mut(digit(*word, *shift)) {
                *count += 1;
            }
        }
    }
    other.resize(words.len(), 0);
    for (shift, next) in &mut counts {
        // All words agree in this digit: rounded scores end in zeros.
        if next.contains(&words.len()) {
            continue;
        }
        let mut start = 0;
        for count in next.iter_mut() {
            start += std::mem::replace(count, start);
        }
        for word in words.iter() {
            if let Some(next) = next.get_mut(digit(*word, *shift)) {
                if let Some(slot) = other.get_mut(*next) {
                    *slot = *word;
                }
                *next += 1;
            }
        }
        std::mem::swap(words, other);
    }
}

/// The position in a word; it came from a `usize`, so it is one.
fn index(position: u64) -> usize {
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

    /// By the definition: once the number of smaller values, once the number of values that are not larger.
    fn expected(values: &[f64]) -> Vec<u64> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let label = |v: &f64| {
            sorted.partition_point(|w| w < v) as u64 + sorted.partition_point(|w| w <= v) as u64 + 1
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
                // The shift keeps NaN and the infinities out.
                let mut scratch = Vec::new();
                let value = |k: u64| f64::from_bits(shape(k) >> 2) * if k & 64 == 0 { 1.0 } else { -1.0 };
                let values: Vec<f64> = scrambled(n).into_iter().map(value).collect();
                assert!(twice_ranks(&values, &mut scratch) == expected(&values), "n = {n}, shape {which}");
                // As numbers: an ordinary range, with ties and close neighbours.
                let values: Vec<f64> =
                    scrambled(n).into_iter().map(|k| shape(k) as f64 / 3.0 - 7.0).collect();
                assert!(
                    twice_ranks(&values, &mut scratch) == expected(&values),
                    "n = {n}, shape {which} as numbers"
                );
            }
        }
    }

    #[test]
    fn words_are_sorted_by_the_given_bits_only() {
        let words = scrambled(5000);
        for bits in [0..8_u32, 32..64, 5..29, 0..64, 40..48] {
            let of = |word: &u64| {
                (word >> bits.start) & (u64::MAX >> (64 - (bits.end - bits.start).div_ceil(8) * 8))
            };
            let mut expected = words.clone();
            expected.sort_by_key(of);
            let mut found = words.clone();
            sort_words(&mut found, &mut Vec::new(), bits.clone());
            assert!(found == expected, "{bits:?}");
        }
    }
}
