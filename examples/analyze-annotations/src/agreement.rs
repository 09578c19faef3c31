//! How well two groups of raters agree, by the size of the groups.

use anyhow::{Context, Result, ensure};
use dream_data::annotation::{self, GradeCounts, RatingTable, Tally};
use dream_eval::{Error, Ratings, Summary, spearman_brown, srcc};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// More points do not improve the curve.
const MOST_SIZES: usize = 50;
/// Clips times raters; each takes 16 bytes.
const MOST_CELLS: usize = 1 << 28;

/// The consistency curve of the paper's Figure 4, and the reliability of the whole panel.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Agreement {
    /// `raters`, or `opinions` drawn anew for every clip where the raters are unknown.
    pub(crate) groups_of: &'static str,
    pub(crate) repeats: usize,
    pub(crate) seed: u64,
    pub(crate) curve: Vec<Point>,
    /// Group sizes without a defined rank correlation, for example if two groups have no clips in common.
    pub(crate) undefined: Vec<usize>,
    pub(crate) split_half: Option<SplitHalf>,
}

/// Rank correlation between the mean opinions of two groups.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Point {
    pub(crate) raters: usize,
    pub(crate) srcc: Summary,
}

/// Half of the raters against the other half.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SplitHalf {
    pub(crate) raters: usize,
    pub(crate) srcc: Summary,
    /// Reliability of the whole panel (Spearman-Brown); none for a correlation of -1.
    pub(crate) whole_panel: Option<f64>,
}

impl Agreement {
    /// From the scores of each rater.
    pub(crate) fn of_table(table: &RatingTable, repeats: usize, seed: u64) -> Result<Self> {
        let cells = table.clips().len().saturating_mul(table.raters().len());
        ensure!(cells <= MOST_CELLS, "a table of {cells} clips times raters does not fit in memory");
        let entries = (0..table.clips().len())
            .flat_map(|clip| table.scores_of(clip).map(move |(rater, score)| (clip, rater, score)));
        let ratings = Ratings::new(table.clips().len(), table.raters().len(), entries)?;
        let half = ratings.raters() / 2;
        Self::new("raters", half, repeats, seed, |size| ratings.consistency(size, repeats, seed))
    }

    /// From counted grades.
    pub(crate) fn of_tally(tally: &Tally, repeats: usize, seed: u64) -> Result<Self> {
        let counts: Vec<GradeCounts> = tally.iter().map(|(_, counts)| *counts).collect();
        let fewest = counts.iter().map(GradeCounts::total).min().unwrap_or(0);
        let half = usize::try_from(fewest / 2).context("too many opinions")?;
        Self::new("opinions", half, repeats, seed, |size| {
            let draws = annotation::Consistency { group_size: size, repeats, seed };
            // Every size is one that it takes.
            let pairs = draws.pairs_of_counts(&counts).map_err(|_| Error::TooFew {
                argument: "opinions",
                needed: 2 * size,
                found: 2 * half,
            })?;
            let values = pairs.map(|pair| srcc(&pair.first, &pair.second));
            Summary::with_ddof(&values.collect::<dream_eval::Result<Vec<f64>>>()?, 0)
        })
    }

    fn new(
        groups_of: &'static str,
        half: usize,
        repeats: usize,
        seed: u64,
        point: impl Fn(usize) -> dream_eval::Result<Summary>,
    ) -> Result<Self> {
        let sizes = sizes(half);
        let bar = ProgressBar::new(sizes.len() as u64);
        bar.set_style(ProgressStyle::with_template("{wide_bar} {pos:>4}/{len} group sizes, {eta:>3} left")?);
        let (mut curve, mut undefined) = (Vec::new(), Vec::new());
        for raters in sizes {
            match point(raters) {
                Ok(srcc) => curve.push(Point { raters, srcc }),
                Err(_) => undefined.push(raters),
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        let last = curve.last().filter(|point: &&Point| point.raters == half);
        let split_half = last.map(|point| SplitHalf {
            raters: half,
            srcc: point.srcc,
            whole_panel: spearman_brown(point.srcc.mean).ok(),
        });
        Ok(Self { groups_of, repeats, seed, curve, undefined, split_half })
    }
}

/// 1 to `half`, or evenly spaced sizes that end at `half` if there are too many.
fn sizes(half: usize) -> Vec<usize> {
    if half <= MOST_SIZES {
        return (1..=half).collect();
    }
    (1..=MOST_SIZES).map(|i| i * half / MOST_SIZES).collect()
}

#[cfg(test)]
mod tests {
    use super::sizes;

    #[test]
    fn sizes_are_few_and_reach_half() {
        assert!(sizes(0).is_empty());
        assert_eq!(sizes(3), [1, 2, 3]);
        let many = sizes(173);
        assert_eq!((many.len(), many.first(), many.last()), (50, Some(&3), Some(&173)));
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
