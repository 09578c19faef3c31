//! Errors and similarities by group.

use std::collections::BTreeMap;

use crate::numeric::{check_finite, dot, scaled, unit_scale};
use crate::{Error, Result, rmse};

/// [`rmse`] within each group of labels, and over all.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GroupedRmse {
    /// Group, number of values, RMSE; in the order of the groups' numbers.
    pub groups: Vec<(usize, usize, f64)>,
    /// RMSE over all values.
    pub all: f64,
}

/// RMSE by group: by place, artifact and extent over the 37 label ratios as in the paper's Table VII, or by
/// [`mos_group`] over scores.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// let errors = dream_eval::grouped_rmse(&[1.0, 2.0, 3.0], &[1.0, 4.0, 6.0], &[0, 1, 1])?;
/// assert_eq!(errors.groups, [(0, 1, 0.0), (1, 2, 6.5_f64.sqrt())]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`rmse`]; [`Error::UnequalLengths`] unless there is one group number per value.
pub fn grouped_rmse(pred: &[f64], truth: &[f64], group: &[usize]) -> Result<GroupedRmse> {
    let all = rmse(pred, truth)?;
    if group.len() != pred.len() {
        return Err(Error::UnequalLengths {
            arguments: ["pred", "group"],
            lengths: [pred.len(), group.len()],
        });
    }
    let mut parts: BTreeMap<usize, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for ((p, t), group) in pred.iter().zip(truth).zip(group) {
        let (preds, truths) = parts.entry(*group).or_default();
        preds.push(*p);
        truths.push(*t);
    }
    let one = |(group, (p, t)): (usize, (Vec<f64>, Vec<f64>))| Ok((group, p.len(), rmse(&p, &t)?));
    Ok(GroupedRmse { groups: parts.into_iter().map(one).collect::<Result<_>>()?, all })
}

/// The group of a score: the number of inner `edges` at or below it.
///
/// With the edges 2, 3, 4 the groups are 0 for scores below 2, 1 from 2 on, 2 from 3 on, 3 from 4 on.
#[must_use]
pub fn mos_group(mos: f64, edges: &[f64]) -> usize {
    edges.iter().filter(|edge| **edge <= mos).count()
}

/// Share of missed positives: in a rating study, forged clips judged real.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// // Three forged clips, one taken for real; the real clip does not count.
/// let rate = dream_eval::false_negative_rate(&[true, true, true, false], &[true, false, true, true])?;
/// assert_eq!(rate, 1.0 / 3.0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::UnequalLengths`]; [`Error::TooFew`] without a positive.
pub fn false_negative_rate(positive: &[bool], detected: &[bool]) -> Result<f64> {
    if positive.len() != detected.len() {
        return Err(Error::UnequalLengths {
            arguments: ["positive", "detected"],
            lengths: [positive.len(), detected.len()],
        });
    }
    let positives = positive.iter().filter(|p| **p).count();
    if positives == 0 {
        return Err(Error::TooFew { argument: "positive", needed: 1, found: 0 });
    }
    let missed = positive.iter().zip(detected).filter(|(p, d)| **p && !**d).count();
    Ok(missed as f64 / positives as f64)
}

/// Mean cosine between every video of one group and every text of another (the paper's Figure 15).
#[doc(alias = "cosine_similarity")]
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SimilarityMatrix {
    /// One row per group of videos, one column per group of texts; `None` where a group is empty.
    pub rows: Vec<Vec<Option<f64>>>,
}

/// Embeddings as one slice, row after row, and the group of every row.
#[derive(Debug, Clone, Copy)]
pub struct Grouped<'a> {
    /// The embeddings, `dim` numbers each.
    pub rows: &'a [f64],
    /// The group of each row, below the number of groups.
    pub group: &'a [usize],
}

impl SimilarityMatrix {
    /// The matrix of `groups` times `groups` between embeddings of `dim` numbers.
    ///
    /// Time is linear in the number of rows: the mean of all cosines between two groups is the product of their mean
    /// directions. A row of zeros has the cosine 0 with everything.
    ///
    /// ```
    /// use dream_eval::{Grouped, SimilarityMatrix};
    ///
    /// # fn main() -> dream_eval::Result<()> {
    /// let video = Grouped { rows: &[1.0, 0.0, 0.0, 2.0], group: &[0, 1] };
    /// let text = Grouped { rows: &[3.0, 0.0, 1.0, 0.0], group: &[0, 0] };
    /// let matrix = SimilarityMatrix::new(video, text, 2, 2)?;
    /// assert_eq!(matrix.rows, [[Some(1.0), None], [Some(0.0), None]]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnequalLengths`] unless there are `dim` numbers per group entry; [`Error::NonFinite`];
    /// [`Error::OutOfRange`] for a group that is not below `groups`; [`Error::TooFew`] for `dim` 0.
    pub fn new(video: Grouped<'_>, text: Grouped<'_>, dim: usize, groups: usize) -> Result<Self> {
        let video = directions("video", video, dim, groups)?;
        let text = directions("text", text, dim, groups)?;
        let cell = |v: &Option<Vec<f64>>, t: &Option<Vec<f64>>| {
            v.as_ref().zip(t.as_ref()).map(|(v, t)| dot(v, t).clamp(-1.0, 1.0))
        };
        Ok(Self { rows: video.iter().map(|v| text.iter().map(|t| cell(v, t)).collect()).collect() })
    }
}

/// Fails unless there are `dim` finite numbers per group entry, and every group is below `groups`.
pub(crate) fn check_embeddings(
    argument: &'static str,
    embeddings: Grouped<'_>,
    dim: usize,
    groups: usize,
) -> Result<()> {
    if dim == 0 {
        return Err(Error::TooFew { argument: "dim", needed: 1, found: 0 });
    }
    let needed = embeddings.group.len().saturating_mul(dim);
    if embeddings.rows.len() != needed {
        return Err(Error::UnequalLengths {
            arguments: [argument, "dim · group"],
            lengths: [embeddings.rows.len(), needed],
        });
    }
    check_finite(argument, embeddings.rows)?;
    match embeddings.group.iter().find(|group| **group >= groups) {
        Some(group) => {
            Err(Error::OutOfRange { argument: "group", value: *group as f64, range: "below `groups`" })
        }
        None => Ok(()),
    }
}

/// The rows with length 1; a row of zeros stays.
pub(crate) fn unit_rows(rows: &[f64], dim: usize) -> impl Iterator<Item = Vec<f64>> {
    let unit = |row: &[f64]| {
        // Scaled first: the squares of neither tiny nor huge numbers may leave the range of f64.
        let mut row = scaled(row, unit_scale(row));
        let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        if norm > 0.0 {
            row.iter_mut().for_each(|v| *v /= norm);
        }
        row
    };
    rows.chunks_exact(dim.max(1)).map(unit)
}

/// Mean of the unit vectors of each group.
fn directions(
    argument: &'static str,
    embeddings: Grouped<'_>,
    dim: usize,
    groups: usize,
) -> Result<Vec<Option<Vec<f64>>>> {
    check_embeddings(argument, embeddings, dim, groups)?;
    let mut sums: Vec<Option<(Vec<f64>, usize)>> = vec![None; groups];
    for (row, group) in unit_rows(embeddings.rows, dim).zip(embeddings.group) {
        if let Some(slot) = sums.get_mut(*group) {
            let (sum, count) = slot.get_or_insert_with(|| (vec![0.0; dim], 0));
            *count += 1;
            sum.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
        }
    }
    let mean = |(sum, count): (Vec<f64>, usize)| sum.into_iter().map(|v| v / count as f64).collect();
    Ok(sums.into_iter().map(|slot| slot.map(mean)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_equals_the_mean_over_all_pairs() {
        let row = |i: usize| (0..5).map(move |j| ((i * 7 + j * 3) % 11) as f64 - 4.0);
        let (video, text): (Vec<f64>, Vec<f64>) =
            ((0..9).flat_map(row).collect(), (20..33).flat_map(row).collect());
        let (of_video, of_text): (Vec<usize>, Vec<usize>) =
            ((0..9).map(|i| i % 3).collect(), (0..13).map(|i| i % 2).collect());
        let video_rows = Grouped { rows: &video, group: &of_video };
        let matrix =
            SimilarityMatrix::new(video_rows, Grouped { rows: &text, group: &of_text }, 5, 3).unwrap();
        let cosine = |a: &[f64], b: &[f64]| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
        for g in 0..3 {
            for h in 0..2 {
                let mut all = Vec::new();
                for (v, _) in video.chunks(5).zip(&of_video).filter(|(_, group)| **group == g) {
                    for (t, _) in text.chunks(5).zip(&of_text).filter(|(_, group)| **group == h) {
                        all.push(cosine(v, t));
                    }
                }
                let expected = all.iter().sum::<f64>() / all.len() as f64;
                assert!((matrix.rows[g][h].unwrap() - expected).abs() < 1e-14);
            }
            assert_eq!(matrix.rows[g][2], None);
        }
    }

    #[test]
    fn extreme_and_bad_embeddings() {
        let one = Grouped { rows: &[1e300, 0.0, 0.0, 0.0, 1e-300, 1e-300], group: &[0, 1, 2] };
        let matrix = SimilarityMatrix::new(one, one, 2, 3).unwrap();
        assert_eq!((matrix.rows[0][0], matrix.rows[1][1]), (Some(1.0), Some(0.0)));
        assert!((matrix.rows[2][0].unwrap() - 0.5_f64.sqrt()).abs() < 1e-15);
        assert!(matches!(SimilarityMatrix::new(one, one, 3, 3), Err(Error::UnequalLengths { .. })));
        assert!(matches!(SimilarityMatrix::new(one, one, 2, 2), Err(Error::OutOfRange { .. })));
        assert!(matches!(SimilarityMatrix::new(one, one, 0, 2), Err(Error::TooFew { .. })));
        let nan = Grouped { rows: &[f64::NAN], group: &[0] };
        assert!(matches!(SimilarityMatrix::new(one, nan, 2, 3), Err(Error::UnequalLengths { .. })));
        assert!(matches!(
            SimilarityMatrix::new(nan, nan, 1, 1),
            Err(Error::NonFinite { argument: "video", .. })
        ));
    }

    #[test]
    fn groups_of_scores() {
        let edges = [2.0, 3.0, 4.0];
        let found: Vec<usize> =
            [1.0, 1.999, 2.0, 3.5, 4.0, 5.0].iter().map(|m| mos_group(*m, &edges)).collect();
        assert_eq!(found, [0, 0, 1, 2, 3, 3]);
    }

    #[test]
    fn bad_input_is_a_typed_error() {
        assert!(matches!(grouped_rmse(&[1.0], &[1.0], &[]), Err(Error::UnequalLengths { .. })));
        assert!(matches!(grouped_rmse(&[], &[], &[]), Err(Error::TooFew { .. })));
        assert!(matches!(false_negative_rate(&[false], &[false]), Err(Error::TooFew { .. })));
        assert!(matches!(false_negative_rate(&[true], &[]), Err(Error::UnequalLengths { .. })));
    }
}
