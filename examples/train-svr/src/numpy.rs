//! The permutations of NumPy's `RandomState`, which the published splits come from.

const SIZE: usize = 624;
const MIDDLE: usize = 397;

/// The Mersenne Twister MT19937, as `numpy.random.RandomState(seed)` uses it.
///
/// # Reference
///
/// M. Matsumoto, T. Nishimura, "Mersenne Twister", ACM Transactions on Modeling and Computer Simulation 8, 1998, with the
/// initialisation of 2002.
#[derive(Debug)]
pub(crate) struct RandomState {
    words: [u32; SIZE],
    next: usize,
}

impl RandomState {
    pub(crate) fn new(seed: u32) -> Self {
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

    /// `permutation(count)`.
    pub(crate) fn permutation(&mut self, count: u32) -> Vec<usize> {
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
        assert_eq!(RandomState::new(9).permutation(10), [8, 4, 7, 2, 1, 9, 3, 0, 6, 5]);
        let mut state = RandomState::new(880);
        let long = state.permutation(1200);
        assert_eq!(long[..6], [969, 607, 57, 882, 1106, 899]);
        assert_eq!(state.permutation(100)[..4], [7, 54, 72, 23]);
    }
}
