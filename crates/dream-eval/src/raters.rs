//! Do raters agree with each other?

use crate::random::Random;
use crate::{Error, Result, Summary, srcc};

/// Scores by rater and clip. A rater need not rate every clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratings {
    clips: usize,
    raters: usize,
    /// By rater, then clip.
    scores: Vec<Option<f64>>,
}

impl Ratings {
    /// A table of `clips` times `raters` from `(clip, rater, score)`, both counted from 0.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for a score; [`Error::OutOfRange`] for a clip or a rater that is not below its number, or a
    /// rater who scores a clip twice.
    ///
    /// ```
    /// use dream_eval::Ratings;
    ///
    /// # fn main() -> dream_eval::Result<()> {
    /// // Six raters of twelve clips who differ by less than a grade.
    /// let score = |clip: usize, rater: usize| (1 + clip / 3) as f64 + ((clip * 5 + rater * 3) % 4) as f64 / 4.0;
    /// let scores = (0..12).flat_map(|clip| (0..6).map(move |rater| (clip, rater, score(clip, rater))));
    /// let ratings = Ratings::new(12, 6, scores)?;
    /// assert!(ratings.split_half(20, 7)?.mean > 0.9);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(
        clips: usize,
        raters: usize,
        entries: impl IntoIterator<Item = (usize, usize, f64)>,
    ) -> Result<Self> {
        let mut scores = vec![None; clips.saturating_mul(raters)];
        for (index, (clip, rater, score)) in entries.into_iter().enumerate() {
            if !score.is_finite() {
                return Err(Error::NonFinite { argument: "entries", index, value: score });
            }
            let out =
                |argument, value: usize, range| Error::OutOfRange { argument, value: value as f64, range };
            if clip >= clips {
                return Err(out("clip", clip, "below the number of clips"));
            }
            match scores.get_mut(rater.saturating_mul(clips).saturating_add(clip)) {
                Some(slot @ None) => *slot = Some(score),
                Some(Some(_)) => {
                    return Err(out("rater", rater, "a rater who has not scored this clip already"));
                }
                None => return Err(out("rater", rater, "below the number of raters")),
            }
        }
        Ok(Self { clips, raters, scores })
    }

    /// Number of raters.
    #[must_use]
    pub fn raters(&self) -> usize {
        self.raters
    }

    /// Number of clips.
    #[must_use]
    pub fn clips(&self) -> usize {
        self.clips
    }

    /// Mean score of every clip over the given raters; `None` for a clip that none of them rated.
    #[must_use]
    pub fn mos_of(&self, raters: &[usize]) -> Vec<Option<f64>> {
        let mut sums = vec![(0.0, 0_usize); self.clips];
        for rater in raters {
            let start = rater.saturating_mul(self.clips);
            let row = self.scores.get(start..start.saturating_add(self.clips)).unwrap_or_default();
            for ((sum, count), score) in sums.iter_mut().zip(row) {
                if let Some(score) = score {
                    *sum += score;
                    *count += 1;
                }
            }
        }
        sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / count as f64)).collect()
    }

    /// [`srcc`] between the mean scores of two groups of raters, over the clips that both groups rated.
    ///
    /// # Errors
    ///
    /// As [`srcc`]: too few common clips, or a group whose means are all equal.
    pub fn agreement(&self, first: &[usize], second: &[usize]) -> Result<f64> {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for (x, y) in self.mos_of(first).into_iter().zip(self.mos_of(second)) {
            if let (Some(x), Some(y)) = (x, y) {
                a.push(x);
                b.push(y);
            }
        }
        srcc(&a, &b)
    }

    /// Agreement of two random disjoint groups of `size` raters, over `repeats` draws: mean ± deviation (`ddof` 0).
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] without a repeat, or with fewer raters than two groups need; those of [`Self::agreement`].
    pub fn consistency(&self, size: usize, repeats: usize, seed: u64) -> Result<Summary> {
        let needed = size.saturating_mul(2).max(2);
        if self.raters < needed {
            return Err(Error::TooFew { argument: "raters", needed, found: self.raters });
        }
        // A stream of its own for every size: a curve does not depend on which sizes are on it.
        let mut random = Random::new(seed ^ (size as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut raters: Vec<usize> = (0..self.raters).collect();
        let mut values = Vec::with_capacity(repeats);
        for _ in 0..repeats {
            random.shuffle(&mut raters);
            let (first, rest) = raters.split_at(size.max(1));
            values.push(self.agreement(first, rest.get(..size.max(1)).unwrap_or(rest))?);
        }
        Summary::with_ddof(&values, 0)
    }

    /// [`Self::consistency`] of the largest groups: half of the raters against the other half.
    ///
    /// It is the agreement of half the panel; that of the whole one is higher (see [`spearman_brown`]).
    ///
    /// # Errors
    ///
    /// As [`Self::consistency`].
    pub fn split_half(&self, repeats: usize, seed: u64) -> Result<Summary> {
        self.consistency(self.raters / 2, repeats, seed)
    }

    /// The consistency curve of the paper's Figure 4: [`Self::consistency`] for every size.
    ///
    /// # Errors
    ///
    /// As [`Self::consistency`].
    pub fn consistency_curve(
        &self,
        sizes: &[usize],
        repeats: usize,
        seed: u64,
    ) -> Result<Vec<ConsistencyPoint>> {
        let point = |size: &usize| {
            Ok(ConsistencyPoint { raters: *size, srcc: self.consistency(*size, repeats, seed)? })
        };
        sizes.iter().map(point).collect()
    }
}

/// A point of the consistency curve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ConsistencyPoint {
    /// Raters in each of the two groups.
    pub raters: usize,
    /// Rank correlation between the groups.
    pub srcc: Summary,
}

/// What the agreement of two halves says of the whole panel: `2r / (1 + r)`.
///
/// # Errors
///
/// [`Error::OutOfRange`] unless `r` is above -1 and at most 1.
///
/// # Reference
///
/// W. Brown, and C. Spearman, both British Journal of Psychology 3, 1910.
pub fn spearman_brown(r: f64) -> Result<f64> {
    if r > -1.0 && r <= 1.0 {
        Ok(2.0 * r / (1.0 + r))
    } else {
        Err(Error::OutOfRange { argument: "r", value: r, range: "above -1 and at most 1" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Raters who see the true score with noise of their own.
    fn panel(noise: f64) -> Ratings {
        let mut random = Random::new(11);
        let mut unit = || random.below(1 << 30) as f64 / f64::from(1 << 30);
        let truth: Vec<f64> = (0..60).map(|_| 1.0 + 4.0 * unit()).collect();
        let mut entries = Vec::new();
        for rater in 0..20 {
            for (clip, truth) in truth.iter().enumerate() {
                entries.push((clip, rater, truth + noise * (unit() - 0.5)));
            }
        }
        Ratings::new(60, 20, entries).unwrap()
    }

    #[test]
    fn more_raters_agree_better_and_perfect_ones_fully() {
        let curve = panel(4.0).consistency_curve(&[1, 3, 10], 10, 7).unwrap();
        assert!(curve.windows(2).all(|pair| pair[0].srcc.mean < pair[1].srcc.mean), "{curve:?}");
        assert!(curve[0].srcc.std > 0.0 && curve[0].srcc.count == 10 && curve[0].srcc.ddof == 0);
        assert_eq!(panel(0.0).split_half(5, 1).unwrap().mean, 1.0);
    }

    #[test]
    fn a_seed_is_a_curve_and_sizes_do_not_disturb_each_other() {
        let panel = panel(4.0);
        let both = panel.consistency_curve(&[2, 5], 10, 7).unwrap();
        assert_eq!(panel.consistency_curve(&[5], 10, 7).unwrap(), both[1..]);
        assert_ne!(panel.consistency_curve(&[5], 10, 8).unwrap(), both[1..]);
        assert_eq!(panel.split_half(10, 7).unwrap(), panel.consistency(10, 10, 7).unwrap());
    }

    #[test]
    fn absent_scores_are_left_out() {
        // Clip 2 has no score of rater 0; clip 3 none of rater 1.
        let entries = [(0, 0, 1.0), (1, 0, 2.0), (3, 0, 9.0), (0, 1, 3.0), (1, 1, 5.0), (2, 1, 4.0)];
        let ratings = Ratings::new(4, 2, entries).unwrap();
        assert_eq!(ratings.mos_of(&[0, 1]), [Some(2.0), Some(3.5), Some(4.0), Some(9.0)]);
        assert_eq!(ratings.mos_of(&[0]), [Some(1.0), Some(2.0), None, Some(9.0)]);
        assert_eq!((ratings.clips(), ratings.raters()), (4, 2));
        assert_eq!(ratings.mos_of(&[7]), [None; 4]);
        assert_eq!(ratings.agreement(&[0], &[1]), Ok(1.0));
    }

    #[test]
    fn bad_input_is_a_typed_error() {
        assert!(matches!(Ratings::new(2, 2, [(2, 0, 1.0)]), Err(Error::OutOfRange { argument: "clip", .. })));
        assert!(matches!(
            Ratings::new(2, 2, [(0, 2, 1.0)]),
            Err(Error::OutOfRange { argument: "rater", .. })
        ));
        assert!(matches!(Ratings::new(2, 2, [(0, 0, 1.0), (0, 0, 2.0)]), Err(Error::OutOfRange { .. })));
        assert!(matches!(Ratings::new(2, 2, [(0, 0, f64::NAN)]), Err(Error::NonFinite { index: 0, .. })));
        let panel = panel(1.0);
        assert!(matches!(panel.consistency(11, 10, 0), Err(Error::TooFew { needed: 22, found: 20, .. })));
        assert!(matches!(panel.consistency(5, 0, 0), Err(Error::TooFew { .. })));
        assert!(matches!(Ratings::new(3, 1, []).unwrap().split_half(3, 0), Err(Error::TooFew { .. })));
        assert_eq!(spearman_brown(0.5), Ok(2.0 / 3.0));
        assert!(spearman_brown(-1.0).is_err() && spearman_brown(f64::NAN).is_err());
    }
}
