//! What a method of scoring is. A new one is a file with the two traits and a line in [`registry`].

mod about;
#[cfg(feature = "deep")]
pub(crate) mod network;
pub(crate) mod registry;
mod regression;

pub use about::{About, CheckpointReport, ReferenceReport};

use std::sync::Arc;

use dream_data::{Layout, PixelRect, RelativeBox};
use dream_features::{Frame, VideoSpec};
use dream_models::regression::{Familiarity, Grade, Interval};

use crate::details::Details;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::score::{Face, Score, Video};
use crate::traces::Traces;

/// What an original is for.
pub(crate) const NO_REFERENCE: &str =
    "`reference` is for `method` face-blend: other methods compare with no original";

/// A method that needs no weights from a file.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// What it looks at.
    pub(crate) about: &'static str,
    pub(crate) load: fn(&Options) -> Result<Arc<dyn Method>>,
}

/// A way from the frames of a video to a score.
pub(crate) trait Method: Send + Sync {
    /// What to say beside the scores.
    fn about(&self) -> &Arc<About>;

    /// The part of every frame that is cut out before the method sees it.
    fn crop(&self) -> Option<RelativeBox> {
        None
    }

    /// Whether it looks at colour, and does not do without.
    fn refuses_luma(&self) -> bool;

    /// Whether it sees every video once.
    fn one_pass(&self) -> bool {
        true
    }

    /// The same method, which compares every video with this original; for a method that does so.
    fn compared(self: Arc<Self>, _: ReferenceReport) -> Result<Arc<dyn Method>> {
        Err(Error::Options(NO_REFERENCE.to_owned()))
    }

    /// The network, for whoever explains its scores: where details were asked for, and it is DA-CLIP.
    #[cfg(feature = "deep")]
    fn described(&self) -> Option<&crate::described::Described> {
        None
    }

    /// Starts the video `name`, whose frames, once cut, are as `spec` says.
    fn start(self: Arc<Self>, name: &str, spec: VideoSpec) -> Result<Box<dyn Session>>;
}

/// One video on its way through a method.
pub(crate) trait Session: Send {
    /// Whether the next frame is looked at: its position and its time in seconds. Asked once for every frame, in order.
    fn wants(&mut self, index: u64, time: f64) -> bool;

    /// Takes a frame that was wanted.
    fn push(&mut self, frame: &Frame<'_>, shown: Shown) -> Result<()>;

    /// A frame that was wanted, and that there is not.
    fn lose(&mut self) {}

    /// The frames are at their end. Whether the session has to see them once more, from the first on.
    fn next_pass(&mut self) -> Result<bool> {
        Ok(false)
    }

    /// The score of what was pushed so far.
    fn peek(&mut self) -> Result<Judgement>;

    /// The score of what was pushed.
    fn finish(self: Box<Self>) -> Result<Judgement>;

    /// What a network made of the frames.
    #[cfg(feature = "deep")]
    fn encoded(self: Box<Self>) -> Result<crate::encoded::Encoded> {
        Err(Error::Options("the method is no network: it makes no features of single frames".to_owned()))
    }
}

/// What is known of a frame besides its pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    /// Which samples there are, in whatever order they lie.
    pub(crate) layout: Layout,
    /// When it is shown in seconds, if that is to be compared with the rate.
    pub(crate) time: Option<f64>,
}

/// What a method says about a video.
#[derive(Debug, Clone, Default)]
pub(crate) struct Judgement {
    pub(crate) score: f64,
    pub(crate) traces: Option<Traces>,
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
    /// Where they are asked for.
    pub(crate) details: Option<Box<Details>>,
}

impl Judgement {
    /// The score of a video, whose damage, if any, is the first warning.
    pub(crate) fn of(self, video: Video, about: Arc<About>, damage: Option<String>) -> Score {
        Score {
            score: self.score,
            traces: self.traces,
            grade: self.grade,
            interval: self.interval,
            familiarity: self.familiarity,
            frames_used: self.frames_used,
            whole: damage.is_none(),
            warnings: damage.into_iter().chain(self.warnings).collect(),
            face: self.face,
            nearest: self.nearest,
            details: self.details,
            video,
            about,
        }
    }
}

/// The pixels of a frame that belong to a box: those of [`RelativeBox::in_frame`].
pub(crate) fn part_of(area: &RelativeBox, frame: &Frame<'_>, layout: Layout) -> PixelRect {
    let (width, height) = frame.size();
    if layout == Layout::Yuv420 { area.to_even_pixels(width, height) } else { area.to_pixels(width, height) }
}
