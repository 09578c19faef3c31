//! Draws that depend on what they are for and on nothing that happened before: a resumed training draws the same.

use std::collections::BTreeMap;

use crate::random::SplitMix64;

/// A stream of draws.
///
/// ```
/// use dream_models::deep::train::draws::Draws;
///
/// // Which of ten frames of clip 12 are seen in epoch 3: the same whenever it is asked.
/// let frames = || Draws::of(7, &[3, 12]).some(10, 4);
/// assert_eq!((frames().len(), frames()), (4, frames()));
/// assert_ne!(frames(), Draws::of(7, &[4, 12]).some(10, 4));
/// ```
#[derive(Debug, Clone)]
pub struct Draws(SplitMix64);

impl Draws {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    /// The stream of a purpose: a number each for what is drawn, the epoch, the clip.
    #[must_use]
    pub fn of(seed: u64, purpose: &[u64]) -> Self {
        let mut draws = Self::new(seed);
        for part in purpose {
            draws = Self::new(draws.bits() ^ part);
        }
        draws.bits();
        draws
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `[-1, 1)`.
    pub fn signed_unit(&mut self) -> f64 {
        self.0.signed_unit()
    }

    /// A number below `n`; 0 for 0.
    pub fn below(&mut self, n: usize) -> usize {
        self.0.below(n)
    }

    /// Another order, every one of them as likely as any other.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        self.0.shuffle(list);
    }

    /// `k` of the numbers `0..n`, in order, or all where there are not so many.
    pub fn some(&mut self, n: usize, k: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..n).collect();
        if k < n {
            self.shuffle(&mut all);
            all.truncate(k);
            all.sort_unstable();
        }
        all
    }
}

/// Purpose of the draws of [`batches`].
const ORDER: u64 = 0;

/// The batches of an epoch, as places in `0..count`. Their number is the same in every epoch.
///
/// Without groups every batch has `size` places, and what does not fill one waits for another epoch's order. With
/// groups, a name for every place, only places of one group meet: they are divided evenly into about as many batches as
/// `size` fits in, so none is left out; a group of one is, for there is nothing to compare it with.
///
/// ```
/// use dream_models::deep::train::draws::batches;
///
/// assert_eq!(batches(10, None, 4, 0, 0).len(), 2);
/// let groups = ["ann", "bob", "ann", "bob", "ann"];
/// for batch in batches(5, Some(&groups), 8, 0, 0) {
///     assert!(batch.iter().all(|&place| groups[place] == groups[batch[0]]));
/// }
/// ```
#[must_use]
pub fn batches(count: usize, groups: Option<&[&str]>, size: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    let mut draws = Draws::of(seed, &[ORDER, epoch]);
    let mut order: Vec<usize> = (0..count).collect();
    draws.shuffle(&mut order);
    let size = size.min(count).max(1);
    let Some(names) = groups else {
        return order.chunks_exact(size).map(<[usize]>::to_vec).collect();
    };
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for at in order {
        if let Some(name) = names.get(at) {
            groups.entry(name).or_default().push(at);
        }
    }
    let mut batches = Vec::new();
    for places in groups.into_values().filter(|places| places.len() > 1) {
        // Rounded to the nearest, but never so many that one of them has a single place.
        let count = ((places.len() + size / 2) / size).clamp(1, places.len() / 2);
        let mut rest = places.as_slice();
        for left in (1..=count).rev() {
            let (batch, others) = rest.split_at(rest.len() / left);
            batches.push(batch.to_vec());
            rest = others;
        }
    }
    draws.shuffle(&mut batches);
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clip_of_a_person_meets_only_that_person() {
        let people: Vec<String> =
            (0..45).map(|i| format!("{}", (i * i) % 4)).chain(["alone".into()]).collect();
        let people: Vec<&str> = people.iter().map(String::as_str).collect();
        let epoch = |epoch| batches(people.len(), Some(&people), 8, 1, epoch);
        let first = epoch(0);
        for batch in &first {
            assert!((4..=12).contains(&batch.len()), "{batch:?}");
            assert!(batch.iter().all(|&at| people[at] == people[batch[0]]));
        }
        let mut all: Vec<usize> = first.concat();
        all.sort_unstable();
        assert_eq!(all, (0..45).collect::<Vec<_>>());
        let second = epoch(1);
        assert_eq!(first.len(), second.len());
        assert_ne!(first, second);
        assert_eq!(first, epoch(0));
    }

    #[test]
    fn small_groups_stay_whole() {
        let groups = ["a", "b", "a", "b", "a"];
        let found = batches(5, Some(&groups), 8, 0, 0);
        let mut sizes: Vec<usize> = found.iter().map(Vec::len).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [2, 3]);
        assert_eq!(batches(5, None, 2, 0, 0).len(), 2);
        assert!(batches(2, Some(&["a", "b"]), 2, 0, 0).is_empty());
    }
}
