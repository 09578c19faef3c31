//! What a method of scoring is. A new one is a variant of [`MethodName`], a type with these two traits, and a line in
//! [`load`].

use anyhow::Result;
use clap::ValueEnum;
use dream_data::Pixels;
use dream_features::VideoSpec;
use dream_models::regression::{Familiarity, Grade, Interval};

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
}

/// The method that the command line asks for, ready to use.
pub(crate) fn load(args: &Args) -> Result<Box<dyn Method>> {
    Ok(match args.method {
        MethodName::Videval60 | MethodName::Brisque => Box::new(Regression::load(args)?),
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

    /// The score of what was pushed.
    fn finish(self: Box<Self>) -> Result<Judgement>;
}

/// What a method says about a video.
#[derive(Debug, Clone)]
pub(crate) struct Judgement {
    pub(crate) score: f64,
    pub(crate) grade: Option<Grade>,
    pub(crate) interval: Option<Interval>,
    pub(crate) familiarity: Option<Familiarity>,
    pub(crate) frames_used: u64,
    /// What makes the score less firm.
    pub(crate) warnings: Vec<String>,
}
