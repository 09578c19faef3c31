//! What a method of scoring is. A new one is a variant of [`MethodName`], a type with these two traits, and a line in
//! [`load`].

use std::fmt;

use anyhow::Result;
use clap::ValueEnum;
use dream_data::Pixels;
use dream_features::VideoSpec;
use dream_models::regression::{Familiarity, Grade, Interval};
use serde::Serialize;
use serde_json::Value;

use crate::args::Args;
use crate::regression::Regression;

/// Methods by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodName {
    /// 60 features of naturalness, colour, motion and sharpness; every second frame
    #[value(name = "videval60")]
    Videval60,
    /// 36 features of naturalness, one frame a second: quick, but agrees with people clearly less
    Brisque,
    /// DA-CLIP, a network that looks at the face in every sixth frame; needs --weights
    DaClip,
    /// OPDAI, a network that looks at the face in three frames; needs --weights
    Opdai,
}

impl MethodName {
    /// Whether it is a network.
    pub(crate) fn is_deep(self) -> bool {
        matches!(self, Self::DaClip | Self::Opdai)
    }
}

impl fmt::Display for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Videval60 => "videval60",
            Self::Brisque => "brisque",
            Self::DaClip => "da-clip",
            Self::Opdai => "opdai",
        })
    }
}

/// The method that the command line asks for, ready to use.
pub(crate) fn load(args: &Args) -> Result<Box<dyn Method>> {
    Ok(match args.method {
        MethodName::Videval60 | MethodName::Brisque => Box::new(Regression::load(args)?),
        #[cfg(feature = "deep")]
        MethodName::DaClip | MethodName::Opdai => Box::new(crate::deep::Deep::load(args)?),
        #[cfg(not(feature = "deep"))]
        MethodName::DaClip | MethodName::Opdai => anyhow::bail!(
            "--method {} is not in this build: build with --features deep, as in \
             cargo run --release -p score-video --features deep -- --method {0} --weights CKPT VIDEO",
            args.method
        ),
    })
}

/// What to print beside the scores of a method.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// Name and number of the model.
    pub(crate) model: String,
    /// What a score measures.
    pub(crate) measures: String,
    /// The scale of the scores.
    pub(crate) scale: String,
    /// How well scores agree with people, where that was measured.
    pub(crate) accuracy: Option<String>,
    /// What the intervals mean, for a method that has some.
    pub(crate) intervals: Option<String>,
    /// Which frames are looked at.
    pub(crate) sampling: String,
    /// For a method with weights from a file.
    pub(crate) checkpoint: Option<CheckpointWords>,
}

/// What names a checkpoint, and what was done with faces for it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CheckpointWords {
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
    /// How frames are prepared.
    pub(crate) preprocessing: Value,
    /// How the face is found.
    pub(crate) faces: String,
    /// What happens to a video without one.
    pub(crate) no_face: &'static str,
    /// What came of `--explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explain: Option<String>,
}

/// A rectangle of a frame: left, top, width and height in pixels.
pub(crate) type Part = (usize, usize, usize, usize);

/// A way from the frames of a video to a score.
pub(crate) trait Method: Send + Sync {
    /// What to print beside the scores.
    fn about(&self) -> About;

    /// The part of such frames that is really looked at, for the part asked for.
    fn part(&self, part: Part, pixels: Pixels<'_>) -> Part {
        let _ = pixels;
        part
    }

    /// Starts a video whose frames, once cut, are as `spec` says.
    fn start(&self, spec: VideoSpec) -> Result<Box<dyn Session + '_>>;
}

/// One video on its way through a method.
pub(crate) trait Session {
    /// Whether the next frame is looked at.
    fn wants_next(&self) -> bool;

    /// Takes the next frame, of which only `part` counts.
    fn push(&mut self, pixels: Pixels<'_>, part: Part) -> Result<()>;

    /// Counts the next frame without looking at it.
    fn skip(&mut self);

    /// The frames are at their end. Whether the session has to see them once more, from the first on.
    fn again(&mut self) -> Result<bool> {
        Ok(false)
    }

    /// The score of what was pushed.
    fn finish(self: Box<Self>) -> Result<Judgement>;
}

/// What a method says about a video.
#[derive(Debug, Clone)]
pub(crate) struct Judgement {
    /// `None` for a video that is skipped, for a reason that `warnings` has.
    pub(crate) score: Option<f64>,
    pub(crate) grade: Option<Grade>,
    pub(crate) interval: Option<Interval>,
    pub(crate) familiarity: Option<Familiarity>,
    pub(crate) frames_used: u64,
    /// What makes the score less firm.
    pub(crate) warnings: Vec<String>,
    /// For a method that looks at a face.
    pub(crate) face: Option<Face>,
    /// Descriptions that are closest to the video, with the cosine.
    pub(crate) nearest: Vec<(f64, String)>,
}

/// The part of the frames that was taken for the face.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Face {
    /// In pixels; `None` where no face was found and the video is skipped.
    pub(crate) part: Option<Part>,
    /// Where it comes from.
    pub(crate) source: &'static str,
    /// Frames with a face, of those that were looked at for one.
    pub(crate) found: Option<(usize, u64)>,
}
