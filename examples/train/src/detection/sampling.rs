//! Batches of as many real clips as fake ones.

use dream_models::deep::train::draws::Draws;

/// Purpose of the draws.
const ORDER: u64 = 6;

/// The batches of an epoch, as places in `fake`: half of each, rounded down, are real clips. The clips of the larger class are all
/// seen, but for what fills no batch; those of the smaller one come again, in another order each time. Their number is the same
/// in every epoch. None where a class is missing.
pub(crate) fn balanced(fake: &[bool], size: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    let places = |class: bool| -> Vec<usize> {
        fake.iter().enumerate().filter(|(_, is)| **is == class).map(|(at, _)| at).collect()
    };
    let classes = [places(false), places(true)];
    if classes.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    let size = size.max(2);
    let shares = [size / 2, size - size / 2];
    let needed = classes.iter().zip(shares).map(|(places, share)| places.len() / share).max();
    let count = needed.unwrap_or(0).max(1);
    let mut batches = vec![Vec::with_capacity(size); count];
    for (class, (places, share)) in (0..).zip(classes.iter().zip(shares)) {
        let pass = |pass: usize| {
            let mut order = places.clone();
            Draws::of(seed, &[ORDER, epoch, class, pass as u64]).shuffle(&mut order);
            order
        };
        let passes = (count * share).div_ceil(places.len());
        let stream: Vec<usize> = (0..passes).flat_map(pass).collect();
        for (batch, part) in batches.iter_mut().zip(stream.chunks(share)) {
            batch.extend(part);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_every_batch_is_real() {
        let fake: Vec<bool> = (0..43).map(|at| at % 11 != 0).collect();
        for size in [2, 5, 8] {
            let first = balanced(&fake, size, 3, 0);
            for batch in &first {
                assert_eq!(batch.len(), size);
                assert_eq!(batch.iter().filter(|&&at| !fake[at]).count(), size / 2);
            }
            let mut seen: Vec<usize> = first.concat();
            seen.sort_unstable();
            seen.dedup();
            assert!(seen.len() + size > 43, "{size}: {} of 43", seen.len());
            let again = balanced(&fake, size, 3, 1);
            assert_eq!((first.len(), &first), (again.len(), &balanced(&fake, size, 3, 0)));
            assert_ne!(first, again);
        }
    }

    #[test]
    fn small_and_missing_classes() {
        assert_eq!(balanced(&[true, false], 8, 0, 0).concat().len(), 8);
        assert!(balanced(&[true; 4], 2, 0, 0).is_empty() && balanced(&[], 2, 0, 0).is_empty());
    }
}
