//! Clips that raters mistake for the other kind: forged for real, or real for forged.

use std::collections::BTreeMap;

use crate::annotation::{Grade, RatingTable};
use crate::dataset::ClipId;

/// What counts as a positive, and so as a false negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Positive {
    /// A forged clip, as in detection: missed by a grade **at or above** the threshold.
    #[default]
    Forged,
    /// A real clip: missed by a grade **at or below** the threshold.
    Real,
}

/// How often a rater missed a positive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FalseNegatives {
    /// The rater.
    pub rater: String,
    /// How many positives the rater scored.
    pub positives: usize,
    /// How many of them the rater mistook for the other kind.
    pub missed: usize,
}

impl FalseNegatives {
    /// `missed / positives`; `None` for a rater who scored no positive.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        (self.positives > 0).then(|| self.missed as f64 / self.positives as f64)
    }
}

/// The false negative rate of every rater, in the order of [`RatingTable::raters`].
///
/// Grades rate realism, not truth, so reading a grade as a verdict is a convention; the paper does not state its own.
/// Usual thresholds are grade 5 for forged clips (no trace of forgery seen) and grade 3 for real ones.
///
/// # Example
/// ```
/// use dream_data::annotation::{Grade, Positive, RatingTable, false_negative_rates};
///
/// let mut table = RatingTable::default();
/// for (clip, score) in [("C1/1-1-1-target.mp4", 3.0), ("C1/1-1-1-submit-7.mp4", 5.0), ("C1/1-1-2-submit-7.mp4", 1.0)] {
///     table.add("anna", clip.parse()?, score)?;
/// }
/// let real = |clip: &dream_data::dataset::ClipId| clip.parts().is_ok_and(|parts| parts.is_real());
/// let forged = false_negative_rates(&table, Positive::Forged, real, Grade::new(5)?);
/// assert_eq!(forged[0].rate(), Some(0.5));
/// let real = false_negative_rates(&table, Positive::Real, real, Grade::new(3)?);
/// assert_eq!(real[0].rate(), Some(1.0));
/// # Ok::<(), dream_data::Error>(())
/// ```
#[must_use]
pub fn false_negative_rates(
    table: &RatingTable,
    positive: Positive,
    is_real: impl Fn(&ClipId) -> bool,
    threshold: Grade,
) -> Vec<FalseNegatives> {
    let fresh = |rater: &String| FalseNegatives { rater: rater.clone(), positives: 0, missed: 0 };
    let mut found: Vec<FalseNegatives> = table.raters().iter().map(fresh).collect();
    let threshold = f64::from(threshold);
    for (place, clip) in table.clips().iter().enumerate() {
        if is_real(clip) != (positive == Positive::Real) {
            continue;
        }
        for (rater, score) in table.scores_of(place) {
            if let Some(of_rater) = found.get_mut(rater) {
                of_rater.positives += 1;
                of_rater.missed += usize::from(match positive {
                    Positive::Forged => score >= threshold,
                    Positive::Real => score <= threshold,
                });
            }
        }
    }
    found
}

/// The rates of a group of raters, in the form that a rank test over groups takes.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RateGroup {
    /// The group.
    pub name: String,
    /// One rate per rater, in the order of the raters.
    pub rates: Vec<f64>,
    /// Mean of the rates: every rater counts the same.
    pub mean: f64,
}

/// Sorts raters into groups (age, education, ...) by `group_of`, for a Kruskal-Wallis test of whether the groups
/// differ. Groups are sorted by name. Raters without a group, and raters who scored no positive, are left out.
#[must_use]
pub fn group_rates(raters: &[FalseNegatives], group_of: impl Fn(&str) -> Option<String>) -> Vec<RateGroup> {
    let mut groups: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for rater in raters {
        if let (Some(group), Some(rate)) = (group_of(&rater.rater), rater.rate()) {
            groups.entry(group).or_default().push(rate);
        }
    }
    let group = |(name, rates): (String, Vec<f64>)| {
        let mean = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
        RateGroup { name, rates, mean }
    };
    groups.into_iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_by_rater_and_group() {
        let mut table = RatingTable::default();
        for (rater, scores) in
            [("a", [1.0, 3.0, 4.0, 5.0]), ("b", [4.0, 4.0, 5.0, 3.0]), ("c", [1.0, 1.0, 1.0, 1.0])]
        {
            for (clip, score) in scores.into_iter().enumerate() {
                table.add(rater, format!("C1/1-1-{clip}-target.mp4").parse().unwrap(), score).unwrap();
            }
            table.add(rater, "C1/1-1-1-submit-1.mp4".parse().unwrap(), 1.0).unwrap();
        }
        table.add("d", "C1/1-1-1-submit-1.mp4".parse().unwrap(), 1.0).unwrap();
        let real = |clip: &ClipId| clip.parts().is_ok_and(|parts| parts.is_real());
        let rates = |threshold| {
            let raters = false_negative_rates(&table, Positive::Real, real, Grade::new(threshold).unwrap());
            raters.iter().map(FalseNegatives::rate).collect::<Vec<_>>()
        };
        assert_eq!(rates(3), [Some(0.5), Some(0.25), Some(1.0), None]);
        assert_eq!(rates(2), [Some(0.25), Some(0.0), Some(1.0), None]);
        assert_eq!(rates(5), [Some(1.0), Some(1.0), Some(1.0), None]);

        // Forged clips taken for real: only those with a high grade.
        table.add("d", "C1/1-1-2-submit-1.mp4".parse().unwrap(), 5.0).unwrap();
        let raters = false_negative_rates(&table, Positive::Forged, real, Grade::new(5).unwrap());
        let found: Vec<_> = raters.iter().map(|r| (r.positives, r.missed)).collect();
        assert_eq!(found, [(1, 0), (1, 0), (1, 0), (2, 1)]);
        assert_eq!(false_negative_rates(&table, Positive::Forged, real, Grade::new(1).unwrap())[0].missed, 1);

        let raters = false_negative_rates(&table, Positive::Real, real, Grade::new(3).unwrap());
        let groups = group_rates(&raters, |rater| {
            (rater != "c").then(|| if rater == "b" { "x" } else { "y" }.to_owned())
        });
        let found: Vec<_> =
            groups.iter().map(|group| (group.name.as_str(), group.rates.as_slice())).collect();
        assert_eq!(found, [("x", &[0.25][..]), ("y", &[0.5][..])]);
        assert_eq!(groups[1].mean, 0.5);
    }
}
