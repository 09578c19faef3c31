//! What came of one video.

use std::fmt;
use std::sync::Arc;

use dream_data::{Assumption, PixelRect};
use dream_models::regression::{Familiarity, Grade, Interval};

use crate::details::Details;
use crate::methods::{About, ReferenceReport};
use crate::traces::Traces;

/// How good a video looks, and what that rests on.
///
/// `Display` is one line. As JSON it has the keys of the program `score-video --json`; see [`Row`](crate::Row).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// On the scale that [`About::scale`] names: with the embedded models 1 (bad) to 5 (excellent). With `face-blend` it is
    /// the mean of `traces`, where less is better.
    pub score: f64,
    /// Traces of a pasted face, by the method that looks for them. There is no grade and no interval then.
    pub traces: Option<Traces>,
    /// The nearest word of the scale from 1 to 5.
    pub grade: Option<Grade>,
    /// Where the score that people would give is expected; networks have none.
    pub interval: Option<Interval>,
    /// How far the video is from those of the training; networks do not know.
    pub familiarity: Option<Familiarity>,
    /// Frames that the method looked at.
    pub frames_used: u64,
    /// What makes the score less firm, damage first.
    pub warnings: Vec<String>,
    /// The video was read to its end; false where damage ended it.
    pub whole: bool,
    /// The part that was taken for the face, by a method that looks at one.
    pub face: Option<Face>,
    /// Descriptions that are closest to the video, with the cosine.
    pub nearest: Vec<(f64, String)>,
    /// What the score was made of, where [`ScorerBuilder::details`](crate::ScorerBuilder::details) asks for it.
    pub details: Option<Box<Details>>,
    /// The video.
    pub video: Video,
    /// The method: its name and model, and how well it agrees with people.
    pub about: Arc<About>,
}

impl Score {
    /// Whether nothing speaks against the score: no warning, a video that was read to its end.
    #[must_use]
    pub fn is_firm(&self) -> bool {
        self.whole && self.warnings.is_empty()
    }

    /// As the original of others, if it is one of traces.
    pub(crate) fn into_reference(self, file: String) -> Option<ReferenceReport> {
        let part = self.face.and_then(|face| face.part);
        Some(ReferenceReport {
            file,
            traces: self.traces?,
            frames_per_second: self.video.frames_per_second,
            size: [self.video.width, self.video.height],
            face: part.map(|part| [part.left, part.top, part.width, part.height]),
            warnings: self.warnings,
        })
    }
}

/// What is known about a video.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Video {
    /// Width of the frames in pixels, before a crop.
    pub width: u32,
    /// Height of the frames in pixels, before a crop.
    pub height: u32,
    /// Frames per second.
    pub frames_per_second: f64,
    /// Seconds from the first frame to the end of the last.
    pub seconds: f64,
    /// What decoded it: `y4m`, `raw`, `image`, `openh264`, `ffmpeg-library` or `ffmpeg-program`; `live` for pushed frames.
    pub decoder: &'static str,
    /// The frames match the standard of the format bit for bit.
    pub exact: bool,
    /// What was settled about the video without asking.
    pub assumptions: Vec<Assumption>,
}

/// The part of the frames that was taken for the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Face {
    /// In pixels of the frames.
    pub part: Option<PixelRect>,
    /// Where it comes from: `detected`, `reference` (that of the original), `given`, `listed`, `crop`, `whole frame` or
    /// `none`.
    pub source: &'static str,
    /// Frames with a face, of those that were looked at for one.
    pub found: Option<(usize, u64)>,
}

/// A line: score or traces, grade, interval, model, and what speaks against it. The precision is that of the score, 2 if not given.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.traces {
            Some(traces) => traces.fmt(f)?,
            None => write!(f, "{:.*}", f.precision().unwrap_or(2), self.score)?,
        }
        if let Some(grade) = self.grade {
            write!(f, " ({})", grade.word())?;
        }
        if let Some(Interval { level, low, high }) = self.interval {
            write!(f, ", {low:.1} to {high:.1} at {:.0} %", 100.0 * level)?;
        }
        let frames = if self.frames_used == 1 { "frame" } else { "frames" };
        write!(f, ", from {} {frames} by {}", self.frames_used, self.about.model)?;
        self.warnings.iter().try_for_each(|warning| write!(f, "; {warning}"))?;
        self.video.assumptions.iter().try_for_each(|assumption| write!(f, "; {assumption}"))
    }
}
