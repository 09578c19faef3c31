//! How well two groups of raters agree: the points of a curve over the size of the groups.

use crate::annotation::{Grade, GradeCounts, RatingTable};
use crate::error::{Error, Result};
use crate::random::SplitMix64;

/// The mean opinions of two groups without a common rater.
#[derive(Debug, Clone, PartialEq)]
pub struct MosPair {
    /// Which repeat, from 0.
    pub repeat: usize,
    /// Numbers of the clips, ascending. Clips that one of the groups has not scored are left out.
    pub clips: Vec<usize>,
    /// Mean opinions of the first group, one per clip.
    pub first: Vec<f64>,
    /// Mean opinions of the second group, one per clip.
    pub second: Vec<f64>,
}

/// Draws two groups of `group_size` raters each. The correlation of their means, averaged over the repeats, is one
/// point of the curve; the caller chooses the correlation.
///
/// # Reference
/// Figure 4 of the DREAM paper.
///
/// # Example
/// ```
/// use dream_data::annotation::{Consistency, RatingTable};
///
/// let mut table = RatingTable::default();
/// for clip in 0..8 {
///     for rater in 0..6 {
///         table.add(&rater.to_string(), format!("{clip}.mp4").parse()?, f64::from(clip + rater % 2))?;
///     }
/// }
/// let consistency = Consistency { group_size: 3, ..Default::default() };
/// // With the rank correlation of your choice in place of the mean difference:
/// let points = consistency.map(&table, |pair| {
///     let differences = pair.first.iter().zip(&pair.second).map(|(a, b)| (a - b).abs());
///     differences.sum::<f64>() / pair.clips.len() as f64
/// })?;
/// assert_eq!(points.len(), 10);
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// Raters in each group.
    pub group_size: usize,
    /// How many times two groups are drawn.
    pub repeats: usize,
    /// The seed of the draws.
    pub seed: u64,
}

impl Default for Consistency {
    fn default() -> Self {
        Self { group_size: 1, repeats: 10, seed: 0 }
    }
}

impl Consistency {
    /// The pairs of all repeats, one at a time.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for empty groups, or groups larger than half of the raters.
    pub fn pairs<'a>(&self, table: &'a RatingTable) -> Result<impl Iterator<Item = MosPair> + use<'a>> {
        let raters = table.raters().len();
        self.check(raters, "raters")?;
        let Self { group_size, seed, repeats } = *self;
        Ok((0..repeats).map(move |repeat| {
            let mut order: Vec<usize> = (0..raters).collect();
            SplitMix64::stream(seed, repeat as u64).shuffle(&mut order);
            let mut groups = vec![None; raters];
            for (place, rater) in order.into_iter().take(2 * group_size).enumerate() {
                if let Some(group) = groups.get_mut(rater) {
                    *group = Some(place < group_size);
                }
            }
            let mut pair = MosPair { repeat, clips: Vec::new(), first: Vec::new(), second: Vec::new() };
            for clip in 0..table.clips().len() {
                let of = |wanted: bool| {
                    let inside = |rater: usize| groups.get(rater).copied().flatten() == Some(wanted);
                    mean(table.scores_of(clip).filter(|(rater, _)| inside(*rater)).map(|(_, score)| score))
                };
                pair.extend(clip, of(true), of(false));
            }
            pair
        }))
    }

    /// Applies `measure` to every pair, for instance a rank correlation.
    ///
    /// # Errors
    /// As [`pairs`](Self::pairs).
    pub fn map<T>(&self, table: &RatingTable, measure: impl FnMut(MosPair) -> T) -> Result<Vec<T>> {
        Ok(self.pairs(table)?.map(measure).collect())
    }

    /// Pairs from grades without rater names, as in the published descriptions: every clip draws its own two groups
    /// of opinions, without replacement. This ignores that raters differ in strictness, so agreement is a little
    /// lower than with [`pairs`](Self::pairs).
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for empty groups, or groups larger than half of the opinions on some clip.
    pub fn pairs_of_counts<'a>(
        &self,
        clips: &'a [GradeCounts],
    ) -> Result<impl Iterator<Item = MosPair> + use<'a>> {
        let fewest = clips.iter().map(GradeCounts::total).min().unwrap_or(0);
        self.check(usize::try_from(fewest).unwrap_or(usize::MAX), "opinions on some clip")?;
        let Self { group_size, seed, repeats } = *self;
        Ok((0..repeats).map(move |repeat| {
            let mut random = SplitMix64::stream(seed, repeat as u64);
            let mut pair = MosPair { repeat, clips: Vec::new(), first: Vec::new(), second: Vec::new() };
            for (clip, counts) in clips.iter().enumerate() {
                let mut left: Vec<(Grade, u32)> = counts.iter().collect();
                let mut group = || mean((0..group_size).filter_map(|_| draw(&mut left, &mut random)));
                pair.extend(clip, group(), group());
            }
            pair
        }))
    }

    fn check(&self, available: usize, of: &str) -> Result<()> {
        let size = self.group_size;
        if size == 0 || size > available / 2 {
            let reason = format!("two groups of {size} from {available} {of}; choose 1 to {}", available / 2);
            return Err(Error::option("group_size", reason));
        }
        Ok(())
    }
}

impl MosPair {
    fn extend(&mut self, clip: usize, first: Option<f64>, second: Option<f64>) {
        if let (Some(first), Some(second)) = (first, second) {
            self.clips.push(clip);
            self.first.push(first);
            self.second.push(second);
        }
    }
}

/// Takes one of the counted grades; each opinion is equally likely.
fn draw(left: &mut [(Grade, u32)], random: &mut SplitMix64) -> Option<f64> {
    let total: u64 = left.iter().map(|(_, count)| u64::from(*count)).sum();
    let mut place = random.below(usize::try_from(total).ok()?) as u64;
    let (grade, count) = left.iter_mut().find(|(_, count)| match place.checked_sub(u64::from(*count)) {
        Some(rest) => {
            place = rest;
            false
        }
        None => true,
    })?;
    *count -= 1;
    Some(f64::from(*grade))
}

fn mean(scores: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut mean, mut count) = (0.0, 0.0);
    for score in scores {
        count += 1.0;
        // A running mean, so that no sum of finite scores overflows.
        mean += score / count - mean / count;
    }
    (count > 0.0).then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rater `r` gives `2^r` to every clip, so a mean identifies its raters.
    fn powers(raters: u32, clips: u32) -> RatingTable {
        let mut table = RatingTable::default();
        for clip in 0..clips {
            for rater in 0..raters {
                let score = f64::from(2_u32.pow(rater));
                table.add(&rater.to_string(), format!("{clip}").parse().unwrap(), score).unwrap();
            }
        }
        table
    }

    #[test]
    fn groups_are_disjoint_and_of_the_right_size() {
        let table = powers(9, 4);
        let consistency = Consistency { group_size: 4, ..Default::default() };
        let pairs: Vec<MosPair> = consistency.pairs(&table).unwrap().collect();
        assert_eq!(pairs.len(), 10);
        for pair in &pairs {
            assert_eq!((pair.clips.as_slice(), pair.first.len()), (&[0, 1, 2, 3][..], 4));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "sums of small powers of 2"
            )]
            let raters = |mos: f64| (mos * 4.0).round() as u32;
            let (first, second) = (raters(pair.first[0]), raters(pair.second[0]));
            assert_eq!((first.count_ones(), second.count_ones(), first & second), (4, 4, 0));
        }
        assert!(pairs.windows(2).all(|two| two[0].first != two[1].first));
        let again: Vec<MosPair> = consistency.pairs(&table).unwrap().collect();
        assert_eq!(pairs, again);
        let other = Consistency { seed: 1, ..consistency };
        assert_ne!(other.pairs(&table).unwrap().next(), pairs.first().cloned());
    }

    #[test]
    fn clips_without_a_score_in_both_groups_are_left_out() {
        let mut table = powers(4, 2);
        table.add("0", "lonely".parse().unwrap(), 5.0).unwrap();
        for pair in (Consistency { group_size: 2, ..Default::default() }).pairs(&table).unwrap() {
            assert_eq!(pair.clips, [0, 1]);
        }
        for group_size in [0, 3, usize::MAX] {
            let odd = Consistency { group_size, ..Default::default() };
            assert!(odd.pairs(&table).is_err() && odd.pairs_of_counts(&[]).is_err());
        }
    }

    #[test]
    fn counts_are_drawn_without_replacement() {
        let grades =
            |values: &[u8]| values.iter().map(|&value| Grade::new(value).unwrap()).collect::<GradeCounts>();
        let clips = [grades(&[1, 2, 3, 5]), grades(&[4, 4, 4, 4])];
        let consistency = Consistency { group_size: 2, ..Default::default() };
        for pair in consistency.pairs_of_counts(&clips).unwrap() {
            // The groups use all four opinions, so the two means add up to twice the mean of all.
            assert!((pair.first[0] + pair.second[0] - 5.5).abs() < 1e-12);
            assert_eq!((pair.first[1], pair.second[1]), (4.0, 4.0));
        }
        // 200 draws of one of four equally likely opinions: 50 each, standard deviation 6.
        let single = Consistency { group_size: 1, repeats: 200, seed: 5 };
        let ones = single.pairs_of_counts(&clips).unwrap().filter(|pair| pair.first[0] == 1.0).count();
        assert!((26..=74).contains(&ones), "{ones}");
        assert!(Consistency { group_size: 3, ..consistency }.pairs_of_counts(&clips).is_err());
    }

    #[test]
    fn means_do_not_overflow() {
        assert_eq!(mean([f64::MAX, f64::MAX].into_iter()), Some(f64::MAX));
        assert_eq!(mean(std::iter::empty()), None);
    }
}
