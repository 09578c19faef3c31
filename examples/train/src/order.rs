//! Which clips meet in a batch.

use std::collections::BTreeMap;

use crate::options::GroupBy;
use crate::random::Random;

/// Purpose of the draws.
const ORDER: u64 = 0;

/// The batches of an epoch; their number is the same in every epoch.
///
/// Without groups every batch has `size` clips, and what does not fill one waits for another epoch's order. With them,
/// the clips of a person are divided evenly into about as many batches as `size` fits in, so none is left out; a
/// person with one clip is, for there is nothing to compare it with.
pub(crate) fn batches(people: &[&str], by: GroupBy, size: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    let mut random = Random::of(seed, &[ORDER, epoch]);
    let mut order: Vec<usize> = (0..people.len()).collect();
    random.shuffle(&mut order);
    let size = size.min(people.len()).max(1);
    if by == GroupBy::None {
        return order.chunks_exact(size).map(<[usize]>::to_vec).collect();
    }
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for at in order {
        if let Some(person) = people.get(at) {
            groups.entry(person).or_default().push(at);
        }
    }
    let mut batches = Vec::new();
    for clips in groups.into_values().filter(|clips| clips.len() > 1) {
        // Rounded to the nearest, but never so many that one of them has a single clip.
        let count = ((clips.len() + size / 2) / size).clamp(1, clips.len() / 2);
        let mut rest = clips.as_slice();
        for left in (1..=count).rev() {
            let (batch, others) = rest.split_at(rest.len() / left);
            batches.push(batch.to_vec());
            rest = others;
        }
    }
    random.shuffle(&mut batches);
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
        let first = batches(&people, GroupBy::Identity, 8, 1, 0);
        for batch in &first {
            assert!((4..=12).contains(&batch.len()), "{batch:?}");
            assert!(batch.iter().all(|&at| people[at] == people[batch[0]]));
        }
        let mut all: Vec<usize> = first.concat();
        all.sort_unstable();
        assert_eq!(all, (0..45).collect::<Vec<_>>());
        let second = batches(&people, GroupBy::Identity, 8, 1, 1);
        assert_eq!(first.len(), second.len());
        assert_ne!(first, second);
        assert_eq!(first, batches(&people, GroupBy::Identity, 8, 1, 0));
    }

    #[test]
    fn small_groups_stay_whole() {
        let found = batches(&["a", "b", "a", "b", "a"], GroupBy::Identity, 8, 0, 0);
        let mut sizes: Vec<usize> = found.iter().map(Vec::len).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [2, 3]);
        assert_eq!(batches(&["a", "b", "a", "b", "a"], GroupBy::None, 2, 0, 0).len(), 2);
        assert!(batches(&["a", "b"], GroupBy::Identity, 2, 0, 0).is_empty());
    }
}
