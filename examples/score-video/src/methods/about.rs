//! What is said beside the scores of a method.

use serde::Serialize;
use serde_json::Value;

use crate::traces::Traces;

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
    /// What the model was learned from, for a method that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned_from: Option<String>,
    /// What a score does not tell, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
    /// Which frames are looked at.
    pub sampling: String,
    /// For a method with weights from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<CheckpointReport>,
    /// The original that videos are compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<ReferenceReport>,
}

/// The original that versions of a recording are compared with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReferenceReport {
    /// Its name.
    pub file: String,
    /// What was found in it.
    pub traces: Traces,
    /// Its frames per second.
    pub frames_per_second: f64,
    /// Width and height of its frames in pixels.
    pub size: [u32; 2],
    /// The part that was taken for the face: left, top, width and height in pixels.
    pub face: Option<[usize; 4]>,
    /// What makes it less firm.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What names a checkpoint, and what it looks at. For the file of a tower it is that of the tensors that are used, with the
/// head that stands on them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CheckpointReport {
    /// The first characters of `sha256`.
    pub short: String,
    /// SHA-256 of the tensors.
    pub sha256: String,
    /// Kind of network.
    pub kind: String,
    /// Version of the library that wrote it; empty for the file of a tower.
    #[serde(skip_serializing_if = "String::is_empty")]
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
