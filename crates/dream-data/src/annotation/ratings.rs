//! Scores by rater and clip.

use std::collections::{BTreeMap, BTreeSet};

use crate::annotation::{Ddof, Opinion};
use crate::dataset::ClipId;
use crate::error::{Error, Result};

/// Which rater gave which score to which clip. Not everybody has to rate everything.
///
/// Raters and clips are numbered in the order in which they first appear. Memory depends on the number of scores, not
/// on raters times clips.
///
/// # Example
/// ```
/// use dream_data::annotation::{Ddof, RatingTable};
///
/// let mut table = RatingTable::default();
/// table.add("anna", "a.mp4".parse()?, 2.0)?;
/// table.add("ben", "a.mp4".parse()?, 5.0)?;
/// assert_eq!(table.opinions(Ddof::Sample)?[0].mos, 3.5);
/// assert!(table.add("ben", "a.mp4".parse()?, 4.0).is_err());
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RatingTable {
    raters: Vec<String>,
    clips: Vec<ClipId>,
    rater_places: BTreeMap<String, usize>,
    clip_places: BTreeMap<ClipId, usize>,
    /// For every clip: rater and score, by rater.
    scores: Vec<BTreeMap<usize, f64>>,
    len: usize,
}

impl RatingTable {
    /// Adds a score.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a score that is not finite, or a second score of a rater for a clip.
    pub fn add(&mut self, rater: &str, clip: ClipId, score: f64) -> Result<()> {
        if !score.is_finite() {
            return Err(Error::option("score", format!("{score} is not finite")));
        }
        let clip_place = self.clip_places.get(&clip).copied();
        let rater_place = self.rater_places.get(rater).copied();
        if let (Some(c), Some(r)) = (clip_place, rater_place)
            && self.scores.get(c).is_some_and(|scores| scores.contains_key(&r))
        {
            return Err(Error::option("score", format!("rater `{rater}` has scored `{clip}` already")));
        }
        let rater_place = rater_place.unwrap_or_else(|| {
            self.raters.push(rater.to_owned());
            self.rater_places.insert(rater.to_owned(), self.raters.len() - 1);
            self.raters.len() - 1
        });
        let clip_place = clip_place.unwrap_or_else(|| {
            self.clips.push(clip.clone());
            self.scores.push(BTreeMap::new());
            self.clip_places.insert(clip, self.clips.len() - 1);
            self.clips.len() - 1
        });
        if let Some(scores) = self.scores.get_mut(clip_place) {
            scores.insert(rater_place, score);
            self.len += 1;
        }
        Ok(())
    }

    /// All raters.
    #[must_use]
    pub fn raters(&self) -> &[String] {
        &self.raters
    }

    /// All clips.
    #[must_use]
    pub fn clips(&self) -> &[ClipId] {
        &self.clips
    }

    /// How many scores there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the table is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The score that rater number `rater` gave to clip number `clip`.
    #[must_use]
    pub fn score(&self, rater: usize, clip: usize) -> Option<f64> {
        self.scores.get(clip)?.get(&rater).copied()
    }

    /// Raters (by number, ascending) and scores of clip number `clip`; empty if there is no such clip.
    pub fn scores_of(&self, clip: usize) -> impl Iterator<Item = (usize, f64)> {
        self.scores.get(clip).into_iter().flatten().map(|(&rater, &score)| (rater, score))
    }

    /// Mean and deviation of every clip, in the order of [`clips`](Self::clips).
    ///
    /// # Errors
    /// As [`Opinion::of`], for scores too large to be squared.
    pub fn opinions(&self, ddof: Ddof) -> Result<Vec<Opinion>> {
        let values = |clip: &BTreeMap<usize, f64>| clip.values().copied().collect::<Vec<_>>();
        self.scores.iter().map(|clip| Opinion::of(&values(clip), ddof)).collect()
    }

    /// The table without some raters, and without the clips that only they scored.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a rater that is not in the table.
    pub fn without<S: AsRef<str>>(&self, raters: &[S]) -> Result<Self> {
        let out: BTreeSet<&str> = raters.iter().map(AsRef::as_ref).collect();
        if let Some(unknown) = out.iter().find(|rater| !self.rater_places.contains_key(**rater)) {
            return Err(Error::option("raters", format!("the table has no rater `{unknown}`")));
        }
        let mut table = Self::default();
        for (clip, scores) in self.clips.iter().zip(&self.scores) {
            for (rater, &score) in
                scores.iter().filter_map(|(rater, score)| Some((self.raters.get(*rater)?, score)))
            {
                if !out.contains(rater.as_str()) {
                    table.add(rater, clip.clone(), score)?;
                }
            }
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_kept_by_rater_and_clip() {
        let mut table = RatingTable::default();
        for (rater, clip, score) in [("a", "x", 1.0), ("b", "x", 2.0), ("b", "y", 4.0)] {
            table.add(rater, clip.parse().unwrap(), score).unwrap();
        }
        let before = table.clone();
        assert!(table.add("b", "y".parse().unwrap(), 1.0).unwrap_err().to_string().contains("rater `b`"));
        assert!(table.add("c", "z".parse().unwrap(), f64::NAN).is_err());
        assert_eq!(table, before);
        assert_eq!((table.len(), table.score(0, 1), table.score(1, 1)), (3, None, Some(4.0)));
        assert_eq!(table.scores_of(0).collect::<Vec<_>>(), [(0, 1.0), (1, 2.0)]);
        assert_eq!(table.scores_of(9).count(), 0);

        let rest = table.without(&["b"]).unwrap();
        assert_eq!((rest.raters(), rest.clips().len(), rest.len()), (&["a".to_owned()][..], 1, 1));
        assert!(table.without(&["d"]).is_err());
    }
}
