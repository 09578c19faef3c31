//! Finds raters whose scores disagree with everybody else's: the screening of ITU-R BT.500.

use ndarray::ArrayView1;
use ndarray_stats::SummaryStatisticsExt;

use crate::annotation::{Ddof, Opinion, RatingTable};
use crate::error::{Error, Result};

/// What the screening found about a rater.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RaterScreening {
    /// The rater.
    pub rater: String,
    /// How many clips the rater scored.
    pub scored: usize,
    /// How many scores lie far above the mean (`P`).
    pub above: usize,
    /// How many scores lie far below the mean (`Q`).
    pub below: usize,
    /// Whether to leave the rater out.
    pub rejected: bool,
}

/// The screening of raters, with the constants of the Recommendation as defaults.
///
/// For every clip, scores at least `2 S` from the mean are outliers if the kurtosis `m₄/m₂²` lies from 2 to 4 (the
/// scores look normal), and scores at least `√20 S` from it otherwise; `S` is the deviation with `n - 1`. A rater with
/// `P` outliers above, `Q` below and `N` scores is rejected when
///
/// ```text
/// (P + Q) / N > 0.05   and   |P − Q| / (P + Q) < 0.3
/// ```
///
/// so a rater who is merely strict or lenient stays. Clips on which all raters agree, and clips with a single score,
/// have no outliers.
///
/// # Deviations
/// Some programs (sureal 0.9.0) divide by `n`: [`Ddof::Population`] gives their counts. If all raters of a clip
/// agree, they also count every rater as an outlier twice; this crate counts none.
///
/// # Reference
/// Recommendation ITU-R BT.500, Annex 1, 2.3.1 ("Screening for DSIS, DSCQS and alternative methods except SSCQE
/// method").
///
/// # Example
/// ```
/// use dream_data::annotation::{Bt500, RatingTable};
///
/// let mut table = RatingTable::default();
/// for clip in 0..20 {
///     for rater in 0..20 {
///         // The others are at most 1 apart from 3; number 7 jumps.
///         let others = f64::from(2 + (rater + clip) % 3);
///         let score = if rater == 7 { [0.5, 5.5][clip as usize % 2] } else { others };
///         table.add(&rater.to_string(), format!("{clip}.mp4").parse()?, score)?;
///     }
/// }
/// let rejected = Bt500::default().screen(&table)?.into_iter().filter(|rater| rater.rejected);
/// let names: Vec<String> = rejected.map(|rater| rater.rater).collect();
/// assert_eq!(names, ["7"]);
/// let kept = table.without(&names)?;
/// assert_eq!(kept.raters().len(), 19);
/// # Ok::<(), dream_data::Error>(())
/// ```
#[doc(alias("BT.500", "subject rejection", "screening"))]
#[derive(Debug, Clone, PartialEq)]
pub struct Bt500 {
    /// How the deviation of a clip's scores is estimated.
    pub ddof: Ddof,
    /// Least and largest kurtosis of scores that look normal.
    pub normal_kurtosis: (f64, f64),
    /// Deviations from the mean to an outlier, for scores that look normal.
    pub normal_deviations: f64,
    /// The same for all other scores.
    pub other_deviations: f64,
    /// The largest share of outliers that does not reject a rater.
    pub outlier_share: f64,
    /// How one-sided outliers must be for the rater to stay.
    pub imbalance: f64,
}

impl Default for Bt500 {
    fn default() -> Self {
        Self {
            ddof: Ddof::Sample,
            normal_kurtosis: (2.0, 4.0),
            normal_deviations: 2.0,
            other_deviations: 20f64.sqrt(),
            outlier_share: 0.05,
            imbalance: 0.3,
        }
    }
}

impl Bt500 {
    /// Judges every rater, in the order of [`RatingTable::raters`].
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a constant that is not finite, and for scores too large to be squared.
    pub fn screen(&self, table: &RatingTable) -> Result<Vec<RaterScreening>> {
        let (least, largest) = self.normal_kurtosis;
        let constants = [
            least,
            largest,
            self.normal_deviations,
            self.other_deviations,
            self.outlier_share,
            self.imbalance,
        ];
        if !constants.iter().all(|constant| constant.is_finite()) {
            return Err(Error::option("bt500", format!("{self:?} has a constant that is not finite")));
        }
        let fresh = |rater: &String| RaterScreening {
            rater: rater.clone(),
            scored: 0,
            above: 0,
            below: 0,
            rejected: false,
        };
        let mut found: Vec<RaterScreening> = table.raters().iter().map(fresh).collect();
        for clip in 0..table.clips().len() {
            let (raters, scores): (Vec<usize>, Vec<f64>) = table.scores_of(clip).unzip();
            let opinion = Opinion::of(&scores, self.ddof)?;
            let limit = self.limit(&scores, opinion);
            for (rater, score) in raters.into_iter().zip(scores) {
                let Some(of_rater) = found.get_mut(rater) else { continue };
                of_rater.scored += 1;
                if let Some(limit) = limit {
                    of_rater.above += usize::from(score >= opinion.mos + limit);
                    of_rater.below += usize::from(score <= opinion.mos - limit);
                }
            }
        }
        for rater in &mut found {
            let outliers = (rater.above + rater.below) as f64;
            let share = outliers / rater.scored.max(1) as f64;
            let imbalance = rater.above.abs_diff(rater.below) as f64 / outliers.max(1.0);
            rater.rejected = share > self.outlier_share && imbalance < self.imbalance;
        }
        Ok(found)
    }

    /// How far from the mean the outliers of a clip begin; `None` if there can be none.
    fn limit(&self, scores: &[f64], opinion: Opinion) -> Option<f64> {
        let deviation = opinion.sos.filter(|&deviation| deviation > 0.0)?;
        // Not finite if the fourth power of tiny deviations underflows; such scores do not look normal.
        let kurtosis = ArrayView1::from(scores).kurtosis().ok()?;
        let normal = self.normal_kurtosis.0 <= kurtosis && kurtosis <= self.normal_kurtosis.1;
        Some(deviation * if normal { self.normal_deviations } else { self.other_deviations })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[&[f64]]) -> RatingTable {
        let mut table = RatingTable::default();
        for (clip, column) in columns.iter().enumerate() {
            for (rater, &score) in column.iter().enumerate() {
                table.add(&rater.to_string(), format!("{clip}").parse().unwrap(), score).unwrap();
            }
        }
        table
    }

    #[test]
    fn lenient_raters_stay_and_erratic_ones_go() {
        // Kurtosis of the scores 3,3,3,2,4,... and one 1 or 5 lies between 2 and 4.
        let low: &[f64] = &[2.0, 3.0, 3.0, 4.0, 3.0, 2.0, 4.0, 3.0, 2.0, 0.0];
        let high: &[f64] = &[4.0, 3.0, 3.0, 2.0, 3.0, 4.0, 2.0, 3.0, 4.0, 6.0];
        let limits: Vec<f64> = [low, high]
            .map(|scores| Bt500::default().limit(scores, Opinion::of(scores, Ddof::Sample).unwrap()).unwrap())
            .into();
        let deviation = Opinion::of(low, Ddof::Sample).unwrap().sos.unwrap();
        assert!(limits.iter().all(|limit| (limit - 2.0 * deviation).abs() < 1e-12), "{limits:?} {deviation}");

        let erratic = Bt500::default().screen(&table(&[low, high])).unwrap();
        let last = &erratic[9];
        assert_eq!((last.scored, last.above, last.below, last.rejected), (2, 1, 1, true));
        assert!(erratic[..9].iter().all(|rater| !rater.rejected && rater.above + rater.below == 0));
        let strict = Bt500::default().screen(&table(&[low, low])).unwrap();
        assert_eq!((strict[9].below, strict[9].rejected), (2, false));
    }

    /// The last score is 2.06 from the mean; twice the deviation is 2.066 with `n - 1`, and 1.96 with `n`.
    #[test]
    fn the_deviation_divides_by_one_less_by_default() {
        let scores: &[f64] = &[2.0, 3.0, 3.0, 4.0, 3.0, 2.0, 4.0, 3.0, 2.0, 0.6];
        let outliers = |bt500: Bt500| bt500.screen(&table(&[scores])).unwrap()[9].below;
        assert_eq!(outliers(Bt500::default()), 0);
        assert_eq!(outliers(Bt500 { ddof: Ddof::Population, ..Default::default() }), 1);
    }

    #[test]
    fn flat_heavy_and_missing_scores() {
        let agree: &[f64] = &[3.0; 10];
        let single: &[f64] = &[5.0];
        // One rater against eleven: kurtosis above 4, and less than √20 deviations away.
        let heavy: &[f64] = &[3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 1.0];
        let found = Bt500::default().screen(&table(&[agree, single, heavy])).unwrap();
        assert!(found.iter().all(|rater| rater.above + rater.below == 0 && !rater.rejected), "{found:?}");
        assert_eq!(found[0].scored, 3);
        assert_eq!(Bt500::default().screen(&RatingTable::default()).unwrap(), []);
        let odd = Bt500 { outlier_share: f64::NAN, ..Default::default() };
        assert!(odd.screen(&table(&[heavy])).is_err());
        let tiny: Vec<f64> = heavy.iter().map(|score| score * 1e-150).collect();
        assert!(Bt500::default().screen(&table(&[&tiny])).is_ok());
    }
}
