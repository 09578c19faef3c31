//! Similarities of single pairs: a video and its own text, and pairs drawn among groups.

use crate::groups::{Grouped, SimilarityMatrix, check_embeddings, unit_rows};
use crate::numeric::{dot, mean};
use crate::random::Random;
use crate::{Error, Result};

/// Cosines of exact pairs: row `i` of one modality with row `i` of the other, as a video with its own text in the paper's
/// Figure 15.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ExactPairs {
    /// The mean within each group; `None` where a group is empty.
    pub groups: Vec<Option<f64>>,
    /// The mean over all.
    pub all: f64,
}

impl ExactPairs {
    /// Of embeddings of `dim` numbers, in `groups` groups. A row of zeros has the cosine 0.
    ///
    /// ```
    /// use dream_eval::{ExactPairs, Grouped};
    ///
    /// # fn main() -> dream_eval::Result<()> {
    /// let group = [0, 1];
    /// let video = Grouped { rows: &[1.0, 0.0, 0.0, 2.0], group: &group };
    /// let pairs = ExactPairs::new(video, &[3.0, 0.0, 1.0, 0.0], 2, 2)?;
    /// assert_eq!((pairs.groups, pairs.all), (vec![Some(1.0), Some(0.0)], 0.5));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`SimilarityMatrix::new`]; [`Error::UnequalLengths`] where the modalities have different numbers of rows,
    /// [`Error::TooFew`] without a pair.
    pub fn new(video: Grouped<'_>, text: &[f64], dim: usize, groups: usize) -> Result<Self> {
        check_embeddings("video", video, dim, groups)?;
        check_embeddings("text", Grouped { rows: text, group: video.group }, dim, groups)?;
        if video.group.is_empty() {
            return Err(Error::TooFew { argument: "video", needed: 1, found: 0 });
        }
        let both = unit_rows(video.rows, dim).zip(unit_rows(text, dim));
        let cosines: Vec<f64> = both.map(|(v, t)| dot(&v, &t).clamp(-1.0, 1.0)).collect();
        let of = |group: usize| {
            let mine = cosines.iter().zip(video.group).filter(|(_, g)| **g == group);
            let mine: Vec<f64> = mine.map(|(cosine, _)| *cosine).collect();
            (!mine.is_empty()).then(|| mean(&mine))
        };
        Ok(Self { groups: (0..groups).map(of).collect(), all: mean(&cosines) })
    }
}

impl SimilarityMatrix {
    /// How many pairs the paper draws.
    pub const PAPER_PAIRS: usize = 10_000;

    /// The matrix within one modality: the mean over all pairs of different rows. A group of one row has no pair with
    /// itself, so `None`.
    ///
    /// ```
    /// use dream_eval::{Grouped, SimilarityMatrix};
    ///
    /// # fn main() -> dream_eval::Result<()> {
    /// let video = Grouped { rows: &[1.0, 0.0, 0.0, 2.0, 3.0, 0.0], group: &[0, 0, 1] };
    /// let matrix = SimilarityMatrix::within(video, 2, 2)?;
    /// assert_eq!(matrix.rows, [[Some(0.0), Some(0.5)], [Some(0.5), None]]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn within(rows: Grouped<'_>, dim: usize, groups: usize) -> Result<Self> {
        let mut matrix = Self::new(rows, rows, dim, groups)?;
        // A row of zeros has the cosine 0 with itself too.
        let nonzero = |row: &[f64]| row.iter().any(|v| *v != 0.0);
        for (group, row) in matrix.rows.iter_mut().enumerate() {
            let mine = rows.rows.chunks_exact(dim).zip(rows.group).filter(|(_, g)| **g == group);
            let (count, selves) = mine.fold((0.0, 0.0), |(n, selves), (row, _)| {
                (n + 1.0, selves + f64::from(u8::from(nonzero(row))))
            });
            if let Some(cell) = row.get_mut(group) {
                let others =
                    |mean: f64| ((mean * count * count - selves) / (count * (count - 1.0))).clamp(-1.0, 1.0);
                *cell = cell.filter(|_| count > 1.0).map(others);
            }
        }
        Ok(matrix)
    }

    /// The matrix from `pairs` pairs, drawn with replacement for each two groups, as the paper does; [`new`](Self::new) is
    /// what it estimates. The same seed gives the same matrix.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and [`Error::TooFew`] for no pair.
    pub fn sampled(
        video: Grouped<'_>,
        text: Grouped<'_>,
        dim: usize,
        groups: usize,
        pairs: usize,
        seed: u64,
    ) -> Result<Self> {
        check_embeddings("video", video, dim, groups)?;
        check_embeddings("text", text, dim, groups)?;
        if pairs == 0 {
            return Err(Error::TooFew { argument: "pairs", needed: 1, found: 0 });
        }
        let (videos, texts) = (by_group(video, dim, groups), by_group(text, dim, groups));
        let mut random = Random::new(seed);
        let mut cell = |v: &[Vec<f64>], t: &[Vec<f64>]| {
            if v.is_empty() || t.is_empty() {
                return None;
            }
            let mut one = || {
                let (a, b) = (v.get(random.below(v.len()))?, t.get(random.below(t.len()))?);
                Some(dot(a, b).clamp(-1.0, 1.0))
            };
            let drawn: Vec<f64> = (0..pairs).filter_map(|_| one()).collect();
            Some(mean(&drawn))
        };
        Ok(Self { rows: videos.iter().map(|v| texts.iter().map(|t| cell(v, t)).collect()).collect() })
    }
}

fn by_group(embeddings: Grouped<'_>, dim: usize, groups: usize) -> Vec<Vec<Vec<f64>>> {
    let mut found = vec![Vec::new(); groups];
    for (row, group) in unit_rows(embeddings.rows, dim).zip(embeddings.group) {
        if let Some(rows) = found.get_mut(*group) {
            rows.push(row);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embeddings(count: usize, start: usize) -> (Vec<f64>, Vec<usize>) {
        let row = |i: usize| (0..4).map(move |j| (((start + i) * 7 + j * 3) % 11) as f64 - 4.0);
        ((0..count).flat_map(row).collect(), (0..count).map(|i| i % 2).collect())
    }

    #[test]
    fn within_leaves_out_a_row_with_itself() {
        let (rows, group) = embeddings(9, 0);
        let matrix = SimilarityMatrix::within(Grouped { rows: &rows, group: &group }, 4, 3).unwrap();
        let unit: Vec<Vec<f64>> = unit_rows(&rows, 4).collect();
        for g in 0..2 {
            let mut all = Vec::new();
            for i in 0..9 {
                for j in 0..9 {
                    if i != j && group[i] == g && group[j] == g {
                        all.push(dot(&unit[i], &unit[j]));
                    }
                }
            }
            assert!((matrix.rows[g][g].unwrap() - mean(&all)).abs() < 1e-12);
        }
        assert_eq!(matrix.rows[2], [None; 3]);
        let zeros = Grouped { rows: &[0.0; 4], group: &[0, 0] };
        assert_eq!(SimilarityMatrix::within(zeros, 2, 1).unwrap().rows, [[Some(0.0)]]);
    }

    #[test]
    fn drawn_pairs_estimate_all_pairs() {
        let ((a, of_a), (b, of_b)) = (embeddings(12, 0), embeddings(17, 40));
        let (video, text) = (Grouped { rows: &a, group: &of_a }, Grouped { rows: &b, group: &of_b });
        let exact = SimilarityMatrix::new(video, text, 4, 2).unwrap();
        let drawn = |seed| SimilarityMatrix::sampled(video, text, 4, 2, 10_000, seed).unwrap();
        for (exact, drawn) in exact.rows.iter().flatten().zip(drawn(1).rows.iter().flatten()) {
            assert!((exact.unwrap() - drawn.unwrap()).abs() < 0.02, "{exact:?} {drawn:?}");
        }
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn bad_input_is_a_typed_error() {
        let one = Grouped { rows: &[1.0, 2.0], group: &[0] };
        assert!(matches!(ExactPairs::new(one, &[1.0], 2, 1), Err(Error::UnequalLengths { .. })));
        assert!(matches!(ExactPairs::new(one, &[1.0, 2.0], 2, 0), Err(Error::OutOfRange { .. })));
        let none = Grouped { rows: &[], group: &[] };
        assert!(matches!(ExactPairs::new(none, &[], 2, 1), Err(Error::TooFew { .. })));
        assert!(matches!(SimilarityMatrix::sampled(one, one, 2, 1, 0, 0), Err(Error::TooFew { .. })));
    }
}
