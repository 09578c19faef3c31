//! What a method of scoring is. A new one is a file with the two traits and a line in [`registry`].

#[cfg(feature = "deep")]
mod network;
pub(crate) mod registry;
mod regression;

use anyhow::Result;
use dream_data::{PixelRect, Pixels, RelativeBox};
use dream_features::VideoSpec;
use dream_models::regression::{Familiarity, Grade, Interval, QualityModel};
use serde::Serialize;
use serde_json::Value;

use crate::args::Args;

/// A method that needs no weights from a file.
pub(crate) struct Entry {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// A line of `--help`.
    pub(crate) about: &'static str,
    pub(crate) load: fn(&Args) -> Result<Box<dyn Method>>,
    /// Its model.
    pub(crate) model: fn() -> dream_models::Result<QualityModel>,
    /// What it says about the built-in clips, for `--self-test`.
    pub(crate) demo: Stated,
}

/// Scores of built-in clips.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Stated {
    pub(crate) clean: f64,
    pub(crate) over_compressed: f64,
    /// How far they must be apart at least.
    pub(crate) least_difference: f64,
}

/// What to print beside the scores of a method.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct About {
    /// What a score measures.
    pub(crate) measures: String,
    /// The scale of the scores.
    pub(crate) scale: String,
    /// Name and number of the model.
    pub(crate) model: String,
    /// How well scores agree with people, where that was measured.
    pub(crate) accuracy: Option<String>,
    /// What the intervals mean, for a method that has some.
    pub(crate) intervals: Option<String>,
    /// Which frames are looked at.
    pub(crate) sampling: String,
    /// For a method with weights from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checkpoint: Option<CheckpointReport>,
}

/// What names a checkpoint, and what it looks at.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CheckpointReport {
    /// The first characters of `sha256`.
    pub(crate) short: String,
    /// SHA-256 of the tensors.
    pub(crate) sha256: String,
    /// Kind of network.
    pub(crate) kind: String,
    /// Version of the library that wrote it.
    pub(crate) library_version: String,
    /// Where its weights come from.
    pub(crate) provenance: Value,
    /// Which frames it was trained with and is shown.
    pub(crate) frames: String,
    /// Which part of them.
    pub(crate) face: Value,
    /// How that part becomes numbers.
    pub(crate) preprocessing: Value,
    /// Where the part comes from in this run.
    pub(crate) faces: String,
    /// What happens to a video without a face.
    pub(crate) no_face: String,
    /// What came of `--explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explain: Option<String>,
}

/// A way from the frames of a video to a score.
pub(crate) trait Method: Send + Sync {
    /// What to print beside the scores.
    fn about(&self) -> About;

    /// The part of every frame that is cut out before the method sees it.
    fn crop(&self) -> Option<RelativeBox> {
        None
    }

    /// The options that choose it, as one would type them; weights by what is in them.
    fn settings(&self) -> String;

    /// Starts the video `file`, whose frames, once cut, are as `spec` says.
    fn start(&self, file: &str, spec: VideoSpec) -> Result<Box<dyn Session + '_>>;
}

/// One video on its way through a method.
pub(crate) trait Session {
    /// Whether the next frame is looked at: its position and its time in seconds. Asked once for every frame, in order.
    fn wants(&mut self, index: u64, time: f64) -> bool;

    /// Takes a frame that was wanted.
    fn push(&mut self, pixels: Pixels<'_>) -> Result<()>;

    /// The frames are at their end. Whether the session has to see them once more, from the first on.
    fn next_pass(&mut self) -> Result<bool> {
        Ok(false)
    }

    /// The score of what was pushed.
    fn finish(self: Box<Self>) -> Result<Judgement>;
}

/// What a method says about a video.
#[derive(Debug, Clone, Default)]
pub(crate) struct Judgement {
    /// `None` for a video that is skipped, for a reason that `warnings` has.
    pub(crate) score: Option<f64>,
    pub(crate) grade: Option<Grade>,
    pub(crate) interval: Option<Interval>,
    pub(crate) familiarity: Option<Familiarity>,
    pub(crate) frames_used: u64,
    /// What makes the score less firm.
    pub(crate) warnings: Vec<String>,
    /// For a method that looks at a part of its own choice.
    pub(crate) face: Option<Face>,
    /// Descriptions that are closest to the video, with the cosine.
    pub(crate) nearest: Vec<(f64, String)>,
}

/// The part of the frames that was taken for the face.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Face {
    /// `None` where no face was found and the video is skipped.
    pub(crate) part: Option<PixelRect>,
    /// Where it comes from.
    pub(crate) source: &'static str,
    /// Frames with a face, of those that were looked at for one.
    pub(crate) found: Option<(usize, u64)>,
}
