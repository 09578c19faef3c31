//! What the cache holds of a method and a split.

use ::train::Assumptions;
use serde::{Deserialize, Serialize};

/// What a method said of a split: all that the report needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Digest of the method's version, the lists, the scores and the features.
    pub(crate) key: String,
    /// Clips in the training list.
    pub(crate) train: usize,
    /// What was chosen in training, or why there is nothing.
    pub(crate) note: String,
    pub(crate) failed: bool,
    /// Clips that the method could not use, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lost: Vec<(String, String)>,
    /// What was assumed about videos, where the method read them itself.
    #[serde(default, skip_serializing_if = "Assumptions::is_empty")]
    pub(crate) assumptions: Assumptions,
    /// By test set.
    pub(crate) sets: Vec<SetRun>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SetRun {
    /// Whether the method can say anything of this set.
    pub(crate) predicted: bool,
    pub(crate) rows: Vec<Row>,
}

/// A clip, its score, and the prediction where there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) file: String,
    pub(crate) mos: f64,
    pub(crate) prediction: Option<f64>,
}

/// A name of the cache.
pub(crate) fn name(split: &str, method: &str) -> String {
    format!("cache/runs/{split}/{method}.json")
}
