/// `SplitMix64`, the generator of Steele, Lea and Flood (OOPSLA 2014).
///
/// Eight lines whose stream can never change under a library update: the committed weights depend on it.
#[derive(Debug, Clone)]
pub(crate) struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A stream of its own for item `index` of something seeded with `seed`.
    pub(crate) fn stream(seed: u64, index: u64) -> Self {
        let mut mixer = Self::new(seed);
        let base = mixer.next_u64();
        Self::new(Self::new(base ^ index.wrapping_mul(0xd1b5_4a32_d192_ed03)).next_u64())
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `[-1, 1)`, on a grid of 2^-52.
    pub(crate) fn signed_unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// Uniform in `0..bound` for the small bounds used here (the bias of the multiplication is below
    /// `bound / 2^64`); 0 for a bound of 0.
    #[expect(clippy::cast_possible_truncation, reason = "the product is below `bound`, which is a usize")]
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
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

    /// First outputs for the seed 1234567, as published with the Java and C versions of the generator
    /// (Rosetta Code, "Pseudo-random numbers/Splitmix64").
    #[test]
    fn matches_the_published_stream() {
        let mut random = SplitMix64::new(1_234_567);
        let stream: Vec<u64> = (0..5).map(|_| random.next_u64()).collect();
        assert_eq!(
            stream,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
    }

    #[test]
    fn shuffles_are_permutations_and_uniform_enough() {
        let mut random = SplitMix64::new(3);
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

    #[test]
    fn signed_units_fill_their_interval() {
        let mut random = SplitMix64::new(9);
        let values: Vec<f64> = (0..10_000).map(|_| random.signed_unit()).collect();
        assert!(values.iter().all(|v| (-1.0..1.0).contains(v)));
        let mean = values.iter().sum::<f64>() / 10_000.0;
        let square = values.iter().map(|v| v * v).sum::<f64>() / 10_000.0;
        assert!(mean.abs() < 0.02 && (square - 1.0 / 3.0).abs() < 0.02, "{mean} {square}");
    }

    #[test]
    fn streams_differ_by_seed_and_index() {
        let first = |seed, index| SplitMix64::stream(seed, index).next_u64();
        let all = [first(0, 0), first(0, 1), first(1, 0), first(1, 1), first(2, 0)];
        let unique: std::collections::BTreeSet<u64> = all.into_iter().collect();
        assert_eq!(unique.len(), all.len());
    }
}
