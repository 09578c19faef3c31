//! Draws with stated seeds.

/// `SplitMix64`, the generator of Steele, Lea and Flood (OOPSLA 2014).
///
/// Implemented here rather than taken from a crate: a split is identified by its seed, so a library update must never
/// change the stream.
#[derive(Debug, Clone)]
pub(crate) struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// The random stream of draw number `index` under `seed`.
    pub(crate) fn stream(seed: u64, index: u64) -> Self {
        let base = Self { state: seed }.next();
        Self { state: Self { state: base ^ index.wrapping_mul(0xd1b5_4a32_d192_ed03) }.next() }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `0..bound`; 0 for a bound of 0. The bias of the multiplication is below `bound / 2^64`.
    #[expect(clippy::cast_possible_truncation, reason = "the product is below `bound`, which is a usize")]
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Uniform in `0..1`, in steps of 2^-53.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform between two numbers.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Fisher-Yates.
    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            let other = self.below(last + 1);
            values.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First outputs for the seed 1234567, as published with the Java and C versions of the generator (Rosetta Code,
    /// "Pseudo-random numbers/Splitmix64").
    #[test]
    fn matches_the_published_stream() {
        let mut random = SplitMix64 { state: 1_234_567 };
        let stream: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(stream, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn shuffles_are_permutations_and_uniform_enough() {
        let mut random = SplitMix64::stream(3, 0);
        let mut counts = [[0_u32; 5]; 5];
        for _ in 0..10_000 {
            let mut order = [0, 1, 2, 3, 4];
            random.shuffle(&mut order);
            for (place, &value) in order.iter().enumerate() {
                counts[place][value] += 1;
            }
        }
        // 2000 expected, standard deviation 40.
        assert!(counts.iter().flatten().all(|&count| (1800..2200).contains(&count)), "{counts:?}");
    }
}
