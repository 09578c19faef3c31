use serde::{Deserialize, Serialize};

/// Where a model comes from: enough to judge it, to cite its sources and to train it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The databases whose ratings it learned from.
    pub datasets: Vec<DataSet>,
    /// Where the feature values come from and how a video becomes a row.
    pub features: String,
    /// The command that trains it again, to the byte.
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
