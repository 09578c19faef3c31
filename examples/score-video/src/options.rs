//! How to score: plain values.

use std::fmt;
use std::path::PathBuf;

use dream_data::{OpenOptions, PixelRect, RelativeBox};

/// The level of intervals where nobody says another one.
pub const LEVEL: f64 = 0.9;

/// How to score. The default is [`Scorer::embedded`](crate::Scorer::embedded).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Name of the method: one of [`methods`](crate::methods). `None` is `videval60`, or the network of `weights`.
    pub method: Option<String>,
    /// Checkpoint of a network: its JSON file. For `face-blend` the safetensors file of the tower.
    pub weights: Option<PathBuf>,
    /// A model file from `train-quality-model`, instead of the embedded one.
    pub model: Option<PathBuf>,
    /// Probability that the interval holds the score that people would give, 0.5 to 0.99. `None` is [`LEVEL`].
    pub level: Option<f64>,
    /// Look at every N-th frame, with a method that leaves the choice.
    pub every: Option<u64>,
    /// Look at so many frames a second, with a method that leaves the choice.
    pub per_second: Option<f64>,
    /// Look only inside this part of the frames.
    pub crop: Option<RelativeBox>,
    /// Score luma alone with a method that looks at colour, with a warning.
    pub luma_only: bool,
    /// Give [`Score::details`](crate::Score::details) too.
    pub details: bool,
    /// How files are opened.
    pub open: OpenOptions,
    /// For networks.
    pub network: NetworkOptions,
}

impl Options {
    /// The level of intervals.
    #[must_use]
    pub fn level(&self) -> f64 {
        self.level.unwrap_or(LEVEL)
    }
}

/// What a network looks at, apart from what its checkpoint says. An option that contradicts the checkpoint is an error.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NetworkOptions {
    /// The face in pixels, instead of looking for it; used as it is.
    pub face_box: Option<PixelRect>,
    /// A CSV file with the faces of videos by name: `file,x1,y1,x2,y2`.
    pub boxes: Option<PathBuf>,
    /// How many times as wide and high as the face its box is. It can only repeat what the checkpoint says.
    pub expand: Option<f64>,
    /// What to do without a face. `None` is [`NoFace::Error`].
    pub no_face: Option<NoFace>,
    /// Frames held and computed at the same time; for speed only. `None` is 1.
    pub batch: Option<u16>,
    /// How many of the closest descriptions to give.
    pub explain: Option<u16>,
    /// A head of `face-blend` from `train-face-blend`, instead of the embedded one.
    pub head: Option<PathBuf>,
    /// The original whose versions are scored, for `face-blend`.
    pub reference: Option<PathBuf>,
}

/// What a tower looks at.
#[cfg(feature = "deep")]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Looks {
    /// The block whose tokens are averaged, counted from 1. Default: 8, where traces of a pasted face are best to be seen.
    pub block: usize,
    /// Which frames. Default: the middle frames of eight equal parts.
    pub frames: dream_models::deep::input::FramePlan,
    /// The whole frame, instead of the face. Default: no.
    pub whole_frame: bool,
}

#[cfg(feature = "deep")]
impl Default for Looks {
    fn default() -> Self {
        Self { block: 8, frames: dream_models::deep::input::FramePlan::Centres { n: 8 }, whole_frame: false }
    }
}

/// What the network of a feature set looks at.
#[cfg(feature = "deep")]
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct SetLooks {
    /// How frames are prepared. Default: as the network was trained.
    pub preparation: dream_models::deep::features::Preparation,
    /// Which numbers the weights of a VGG-Face were trained on. `None` is what the preparation says.
    pub convention: Option<dream_models::deep::backbones::vgg::Convention>,
    /// The whole frame, instead of the face. Default: no.
    pub whole_frame: bool,
}

/// What happens to a video without a face.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoFace {
    /// It has failed: [`Error::NoFace`](crate::Error::NoFace).
    #[default]
    Error,
    /// The whole frame is scored as if it were the face, with a warning.
    WholeFrame,
    /// The same error, which the caller does not take for a failure: reports then say `skip`.
    Skip,
}

impl fmt::Display for NoFace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::WholeFrame => "whole-frame",
            Self::Skip => "skip",
        })
    }
}
