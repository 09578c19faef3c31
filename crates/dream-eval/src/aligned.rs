//! One series in the order of another.

use std::ops::Range;

use crate::sorting::{HALF, LOW_HALF, ascending, index};

/// Values of a series in the rising order of a partner.
pub(crate) struct Aligned {
    /// The places of that order.
    pub(crate) places: Places,
    /// The values.
    pub(crate) values: Vec<f64>,
    /// Scratch memory to reuse.
    pub(crate) scratch: [Vec<u64>; 2],
}

/// Places in an order, and the ties among them.
#[derive(Default)]
pub(crate) struct Places {
    /// Runs of two or more tied places.
    pub(crate) ties: Vec<Range<usize>>,
    /// Twice the average rank of each place; empty where nothing ties.
    labels: Vec<u32>,
}

impl Aligned {
    /// `values` in the order of `by`. Both have the same length, at most [`RADIX_UP_TO`](crate::sorting::RADIX_UP_TO).
    /// Ties of `by` keep their input order.
    pub(crate) fn new(by: &[f64], values: &[f64]) -> Self {
        let (mut words, mut other) = (Vec::new(), Vec::new());
        ascending(by, &mut words, &mut other);
        let at = |word: &u64| values.get(index(word & LOW_HALF)).copied().unwrap_or(0.0);
        let values = words.iter().map(at).collect();
        Self { places: Places::new(&words), values, scratch: [words, other] }
    }
}

impl Places {
    /// From words as [`ascending`] leaves them.
    pub(crate) fn new(words: &[u64]) -> Self {
        let mut ties = Vec::new();
        let mut start = 0;
        for run in words.chunk_by(|a, b| a >> HALF == b >> HALF) {
            if run.len() > 1 {
                ties.push(start..start + run.len());
            }
            start += run.len();
        }
        let labels = if ties.is_empty() {
            Vec::new()
        } else {
            words.iter().map(|word| (word >> HALF) as u32).collect()
        };
        Self { ties, labels }
    }

    /// Twice the average rank of a place; only tied places share it.
    pub(crate) fn twice_rank(&self, place: usize) -> u64 {
        if self.labels.is_empty() {
            2 * place as u64 + 2
        } else {
            self.labels.get(place).copied().map_or(0, u64::from)
        }
    }
}
