use serde::{Deserialize, Serialize};

/// What a model is called, what it takes and what it gives.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// Name and number, such as `videval60-ugc-1`. Another number for every change of a score.
    pub version: String,
    /// Names of the features, in the order of the rows.
    pub inputs: Vec<String>,
    /// Range and wording of the score.
    pub output: OutputRange,
}

/// Range and wording of a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputRange {
    /// Smallest score.
    pub min: f64,
    /// Largest score.
    pub max: f64,
    /// The scale in words.
    pub scale: String,
    /// What the score measures, in words.
    pub meaning: String,
}
