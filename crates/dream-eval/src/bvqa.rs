//! The protocol of the BVQA benchmark of user-generated video: three databases on one scale, and its random splits.
//!
//! # Reference
//!
//! Z. Tu, Y. Wang, N. Birkbeck, B. Adsumilli, A. C. Bovik, "UGC-VQA: Benchmarking Blind Video Quality Assessment for User
//! Generated Content", IEEE Transactions on Image Processing 30, 2021.

/// A database of the benchmark, and how its scores become mean opinion scores on the scale of YouTube-UGC.
///
/// The formulas are those of the benchmark, which fitted them with the iterative nested least squares algorithm.
///
/// ```
/// let [konvid, ..] = dream_eval::bvqa::Database::ALL;
/// assert!((konvid.align(5.0) - 5.3972).abs() < 1e-12);
/// ```
#[derive(Debug)]
pub struct Database {
    /// Name in the published tables.
    pub name: &'static str,
    /// Start of the names of its files.
    pub file: &'static str,
    /// The alignment as a formula of the score `y`.
    pub alignment: &'static str,
    /// The paper of the database.
    pub citation: &'static str,
    /// Videos without colour, numbered from 1, which the benchmark leaves out.
    pub grey: &'static [usize],
    align: fn(f64) -> f64,
}

impl Database {
    /// In the order of the benchmark.
    pub const ALL: [Self; 3] = [
        Self {
            name: "KoNViD-1k",
            file: "konvid_1k",
            alignment: "5 - 4 * ((5 - y) / 4 * 1.1241 - 0.0993)",
            citation: "Hosu et al., The Konstanz natural video database (KoNViD-1k), QoMEX 2017",
            grey: &[],
            align: |y| 5.0 - 4.0 * ((5.0 - y) / 4.0 * 1.1241 - 0.0993),
        },
        Self {
            name: "LIVE-VQC",
            file: "live_vqc",
            alignment: "5 - 4 * ((100 - y) / 100 * 0.7132 + 0.0253)",
            citation: "Sinno and Bovik, Large-scale study of perceptual video quality, IEEE TIP 2019",
            grey: &[],
            align: |y| 5.0 - 4.0 * ((100.0 - y) / 100.0 * 0.7132 + 0.0253),
        },
        Self {
            name: "YouTube-UGC",
            file: "youtube_ugc",
            alignment: "y",
            citation: "Wang, Inguva and Adsumilli, YouTube UGC dataset for video compression research, MMSP 2019",
            grey: &GREY,
            align: |y| y,
        },
    ];

    /// A score of this database on the common scale, 1 (bad) to 5 (excellent) and a little beyond; NaN for NaN.
    #[must_use]
    pub fn align(&self, score: f64) -> f64 {
        (self.align)(score)
    }
}

/// Of YouTube-UGC.
const GREY: [usize; 57] = [
    3, 6, 10, 22, 23, 46, 51, 52, 68, 74, 77, 99, 103, 122, 136, 141, 158, 173, 368, 426, 467, 477, 506, 563,
    594, 639, 654, 657, 666, 670, 671, 681, 690, 697, 702, 703, 710, 726, 736, 764, 768, 777, 786, 796, 977,
    990, 1012, 1015, 1023, 1091, 1118, 1205, 1282, 1312, 1336, 1344, 1380,
];

/// Training and test rows of split `number` of a table of `rows` rows: `train_test_split(test_size=0.2,
/// random_state=ceil(8.8 * number))` of scikit-learn, in its order.
///
/// ```
/// let (train, test) = dream_eval::bvqa::split(100, 25);
/// assert_eq!((train.len(), &test[..3]), (80, &[68, 77, 61][..]));
/// ```
#[doc(alias = "train_test_split")]
#[must_use]
pub fn split(rows: u32, number: u32) -> (Vec<usize>, Vec<usize>) {
    // As Python computes it: for some multiples of 5 the product is just above the whole number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and whatever does not fit becomes the largest seed"
    )]
    let seed = (8.8 * f64::from(number)).ceil() as u32;
    let mut order = RandomState::new(seed).permutation(rows);
    let train = order.split_off(rows.div_ceil(5) as usize);
    (train, order)
}

const SIZE: usize = 624;
const MIDDLE: usize = 397;

/// The Mersenne Twister MT19937, as `numpy.random.RandomState(seed)` uses it for permutations.
///
/// ```
/// let order = dream_eval::bvqa::RandomState::new(9).permutation(10);
/// assert_eq!(order, [8, 4, 7, 2, 1, 9, 3, 0, 6, 5]);
/// ```
///
/// # Reference
///
/// M. Matsumoto, T. Nishimura, "Mersenne Twister", ACM Transactions on Modeling and Computer Simulation 8, 1998, with the
/// initialisation of 2002.
#[derive(Debug)]
pub struct RandomState {
    words: [u32; SIZE],
    next: usize,
}

impl RandomState {
    /// The state after seeding.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        let mut words = [seed; SIZE];
        let mut last = seed;
        for (index, word) in (1_u32..).zip(words.iter_mut().skip(1)) {
            last = 1_812_433_253_u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(index);
            *word = last;
        }
        Self { words, next: SIZE }
    }

    fn next_word(&mut self) -> u32 {
        if self.next == SIZE {
            for k in 0..SIZE {
                let joined = (self.words[k] & 0x8000_0000) | (self.words[(k + 1) % SIZE] & 0x7fff_ffff);
                let twist = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
                self.words[k] = self.words[(k + MIDDLE) % SIZE] ^ (joined >> 1) ^ twist;
            }
            self.next = 0;
        }
        let mut y = self.words[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// Uniform in `0..=most`: words are masked to the bits of `most`, and those above it thrown away.
    fn up_to(&mut self, most: u32) -> u32 {
        let mask = u32::MAX.checked_shr(most.leading_zeros()).unwrap_or(0);
        loop {
            let word = self.next_word() & mask;
            if word <= most {
                return word;
            }
        }
    }

    /// `permutation(count)`: the numbers 0 to `count - 1` in a random order.
    pub fn permutation(&mut self, count: u32) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count as usize).collect();
        for last in (1..count).rev() {
            let other = self.up_to(last);
            order.swap(last as usize, other as usize);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From NumPy 2.4.6.
    #[test]
    fn permutations_are_those_of_numpy() {
        let mut state = RandomState::new(880);
        let long = state.permutation(1200);
        assert_eq!(long[..6], [969, 607, 57, 882, 1106, 899]);
        assert_eq!(state.permutation(100)[..4], [7, 54, 72, 23]);
        assert!(RandomState::new(9).permutation(0).is_empty());
        assert_eq!(RandomState::new(9).permutation(10), [8, 4, 7, 2, 1, 9, 3, 0, 6, 5]);
    }

    /// `train_test_split(range(1200), test_size=0.2, random_state=ceil(8.8 * 3))` of scikit-learn 1.9.1.
    #[test]
    fn splits_are_those_of_the_benchmark() {
        let (train, test) = split(1200, 3);
        assert_eq!((train.len(), test.len()), (960, 240));
        assert_eq!(train[..4], [10, 1147, 532, 306]);
        assert_eq!(test[..4], [185, 305, 749, 432]);
        // 8.8 * 25 is 220.00000000000003.
        assert_eq!(split(100, 25).1[..3], [68, 77, 61]);
        let (train, test) = split(1323, 5);
        assert_eq!((train.len(), test.len()), (1058, 265));
    }

    /// Scores at the ends of the three scales, worked out by hand.
    #[test]
    fn scales_are_aligned() {
        for (database, score, expected) in
            [(0, 5.0, 5.3972), (0, 1.0, 0.9008), (1, 100.0, 4.8988), (1, 0.0, 2.046), (2, 3.25, 3.25)]
        {
            let found = Database::ALL[database].align(score);
            assert!((found - expected).abs() < 1e-12, "{database} {score}: {found}");
        }
    }
}
