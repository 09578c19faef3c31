use serde::{Deserialize, Serialize};

/// Where a model comes from: enough to judge it, to cite its sources and to train it again.
///
/// The default says nothing; a file may leave out any field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Provenance {
    /// The databases whose ratings it learned from.
    pub datasets: Vec<DataSet>,
    /// Where the feature values come from and how a video becomes a row.
    pub features: String,
    /// The command that trains it again; the file comes out with the same bytes.
    pub command: String,
    /// Seed of the training.
    pub seed: u64,
    /// Version of this crate at the time.
    pub crate_version: String,
    /// What was measured; `None` for a model that was only fitted.
    pub evaluation: Option<Evaluation>,
    /// Licence notes.
    pub licence: String,
}

/// One database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSet {
    /// Name as its authors write it.
    pub name: String,
    /// How its scores `y` are brought to the common scale.
    pub alignment: String,
    /// Rows in the file.
    pub rows: usize,
    /// Rows without a missing value, which are the ones used.
    pub rows_used: usize,
    /// The paper to cite.
    pub citation: String,
}

/// Correlations with human scores on videos that were not trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// How the splits were made.
    pub protocol: String,
    /// Over the test rows of all sets together, then for each set alone, in the order of the data sets.
    pub scores: Vec<SetScores>,
    /// SRCC over all test rows, split by split, to four digits.
    pub srcc_of_splits: Vec<f64>,
    /// How often intervals held the score of people, by level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<Coverage>,
    /// Share of test rows that were called unfamiliar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfamiliar: Option<MeanStd>,
}

impl Evaluation {
    /// The correlations over all sets in words, to print beside a score; empty where nothing was measured.
    #[must_use]
    pub fn words(&self) -> String {
        let splits = self.srcc_of_splits.len();
        self.scores.first().map_or_else(String::new, |all| {
            format!(
                "SRCC {:.3} and PLCC {:.3} with the ratings of unseen videos of the same databases (means over {splits} \
                 random 80/20 splits)",
                all.srcc.mean, all.plcc.mean
            )
        })
    }
}

/// How often intervals of one level held the score of people, on test rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Nominal probability.
    pub level: f64,
    /// Share of test rows inside their interval.
    pub inside: MeanStd,
    /// Width of the intervals.
    pub width: MeanStd,
}

/// Correlations on one set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetScores {
    /// Name of the set, or `all`.
    pub set: String,
    /// Spearman's rank correlation, without any mapping.
    pub srcc: MeanStd,
    /// Pearson's correlation, without any mapping.
    pub plcc: MeanStd,
}

/// Mean and sample standard deviation over the splits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanStd {
    /// Mean.
    pub mean: f64,
    /// Standard deviation with the divisor n − 1.
    pub std: f64,
}
