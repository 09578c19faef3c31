//! What is said beside the scores of a method.

use serde::Serialize;
use serde_json::Value;

/// A method and its model: what belongs beside a score.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct About {
    /// Name of the method, such as `videval60`.
    #[serde(skip)]
    pub method: String,
    /// What a score measures.
    pub measures: String,
    /// The scale of the scores.
    pub scale: String,
    /// Name and number of the model.
    pub model: String,
    /// How well scores agree with people, where that was measured.
    pub accuracy: Option<String>,
    /// What the intervals mean, for a method that has some.
    pub intervals: Option<String>,
    /// Which frames are looked at.
    pub sampling: String,
    /// For a method with weights from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<CheckpointReport>,
}

/// What names a checkpoint, and what it looks at.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CheckpointReport {
    /// The first characters of `sha256`.
    pub short: String,
    /// SHA-256 of the tensors.
    pub sha256: String,
    /// Kind of network.
    pub kind: String,
    /// Version of the library that wrote it.
    pub library_version: String,
    /// Where its weights come from.
    pub provenance: Value,
    /// Which frames it was trained with and is shown.
    pub frames: String,
    /// Which part of them.
    pub face: Value,
    /// How that part becomes numbers.
    pub preprocessing: Value,
    /// Where the part comes from in this run.
    pub faces: String,
    /// What happens to a video without a face.
    pub no_face: String,
    /// What came of the request for descriptions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<String>,
}
