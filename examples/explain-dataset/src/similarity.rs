//! How alike videos and texts are, by opinion (Figures 14 and 15).

use anyhow::Result;
use dream_eval::{ExactPairs, Grouped, PlaneMap, SimilarityMatrix, Tsne, mos_group};
use dream_models::deep::candle_core::DType;
use dream_models::deep::explain::index::SentenceIndex;

/// Inner ends of the groups of opinions.
pub(crate) const EDGES: [f64; 3] = [2.0, 3.0, 4.0];
/// Their names.
pub(crate) const GROUPS: [&str; 4] = ["below 2", "2 to 3", "3 to 4", "4 and above"];

/// Representations of the videos and of the texts of the same clips.
#[derive(Debug, Clone)]
pub(crate) struct Both {
    pub(crate) videos: Vec<f64>,
    pub(crate) texts: Vec<f64>,
    pub(crate) group: Vec<usize>,
    pub(crate) dim: usize,
}

/// Mean cosines between groups.
#[derive(Debug, Clone)]
pub(crate) struct Similarities {
    /// Of videos with videos, texts with texts, videos with texts; over all pairs of different clips.
    pub(crate) all: [SimilarityMatrix; 3],
    /// Of videos with texts, over drawn pairs.
    pub(crate) drawn: SimilarityMatrix,
    /// Of videos with their own text.
    pub(crate) own: ExactPairs,
    pub(crate) pairs: usize,
}

/// The mean of the representations of the sentences of every clip of an index, one after the other.
pub(crate) fn texts(index: &SentenceIndex) -> Result<Vec<f64>> {
    let mut found = Vec::with_capacity(index.clips().len() * index.dim());
    for clip in 0..index.clips().len() {
        let rows = index.representations(index.sentences_of(clip))?;
        found.extend(rows.mean(0)?.to_dtype(DType::F64)?.to_vec1::<f64>()?);
    }
    Ok(found)
}

impl Both {
    pub(crate) fn new(videos: Vec<f64>, texts: Vec<f64>, mos: &[f64], dim: usize) -> Self {
        Self { videos, texts, group: mos.iter().map(|mos| mos_group(*mos, &EDGES)).collect(), dim }
    }

    pub(crate) fn similarities(&self, seed: u64) -> Result<Similarities> {
        let groups = EDGES.len() + 1;
        let (videos, texts) = (self.grouped(&self.videos), self.grouped(&self.texts));
        let pairs = SimilarityMatrix::PAPER_PAIRS;
        Ok(Similarities {
            all: [
                SimilarityMatrix::within(videos, self.dim, groups)?,
                SimilarityMatrix::within(texts, self.dim, groups)?,
                SimilarityMatrix::new(videos, texts, self.dim, groups)?,
            ],
            drawn: SimilarityMatrix::sampled(videos, texts, self.dim, groups, pairs, seed)?,
            own: ExactPairs::new(videos, &self.texts, self.dim, groups)?,
            pairs,
        })
    }

    fn grouped<'a>(&'a self, rows: &'a [f64]) -> Grouped<'a> {
        Grouped { rows, group: &self.group }
    }

    /// A map of the videos and then the texts of some clips, by direction alone.
    pub(crate) fn map(&self, chosen: &[usize], seed: u64) -> Result<PlaneMap> {
        let of = |rows: &[f64]| -> Vec<f64> {
            let all: Vec<&[f64]> = rows.chunks_exact(self.dim.max(1)).collect();
            chosen.iter().filter_map(|at| all.get(*at)).flat_map(|row| unit(row)).collect()
        };
        let rows = [of(&self.videos), of(&self.texts)].concat();
        let perplexity = (2.0 * chosen.len() as f64 / 3.0).clamp(1.0, Tsne::default().perplexity);
        Ok(Tsne { perplexity, seed, ..Tsne::default() }.embed(&rows, self.dim)?)
    }
}

fn unit(row: &[f64]) -> Vec<f64> {
    let largest = row.iter().fold(0.0_f64, |largest, v| largest.max(v.abs())).max(f64::MIN_POSITIVE);
    let norm = row.iter().map(|v| (v / largest) * (v / largest)).sum::<f64>().sqrt() * largest;
    row.iter().map(|v| if norm > 0.0 { v / norm } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_follow_the_videos_are_alike_within_groups() {
        let mos = [1.5, 2.5, 3.5, 4.5, 1.2, 2.2, 3.2, 4.2];
        let rows: Vec<f64> = mos.iter().flat_map(|m: &f64| [m.cos(), m.sin()]).collect();
        let both = Both::new(rows.clone(), rows, &mos, 2);
        let found = both.similarities(1).unwrap();
        assert!((found.own.all - 1.0).abs() < 1e-12);
        for (at, row) in found.all[2].rows.iter().enumerate() {
            assert!(row.iter().all(|cell| cell.unwrap() <= row[at].unwrap()), "{row:?}");
        }
        assert_eq!(both.map(&[0, 3, 5], 0).unwrap().points.len(), 6);
    }

    /// Rows are videos: the video of the first group is like the text of the last, and not the other way round.
    #[test]
    fn videos_are_rows_and_texts_columns() {
        let (videos, texts) = (vec![1.0, 0.0, 0.0, 1.0], vec![0.0, -1.0, 3.0, 0.0]);
        let found = Both::new(videos, texts, &[1.5, 4.5], 2).similarities(1).unwrap();
        for matrix in [&found.all[2], &found.drawn] {
            assert_eq!([matrix.rows[0][3], matrix.rows[3][0]], [Some(1.0), Some(-1.0)]);
        }
        assert_eq!(found.own.all, 0.0);
        // The ends belong to the group above them.
        let both = Both::new(Vec::new(), Vec::new(), &[1.99, 2.0, 3.0, 3.99, 4.0], 1);
        assert_eq!(both.group, [0, 1, 2, 2, 3]);
    }
}
