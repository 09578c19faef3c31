//! What a session was given, besides the content of its frames.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::frame::{Frame, Pixels};
use crate::recipe::Recipe;
use crate::rows::LumaSource;
use crate::spec::VideoSpec;

/// Which channels of a frame an extractor looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channels {
    /// Luma alone.
    Luma,
    /// Luma and colour.
    Color,
}

impl Channels {
    /// What `frame` has of these channels, as the key `pixels` of a [`Recipe`] says it.
    pub(crate) fn of(self, frame: &Frame<'_>) -> &'static str {
        match (self, frame.pixels()) {
            (Self::Luma, _) => match frame.luma_rows().source() {
                LumaSource::Gray(rows) if !rows.studio => "image-luma",
                _ => "luma",
            },
            (Self::Color, Pixels::Luma(_) | Pixels::Luma16(_)) => "luma",
            (Self::Color, Pixels::Rgb(_)) => "rgb",
            (Self::Color, _) => "color",
        }
    }
}

/// Frames whose times must be known before their distance is compared with the rate.
const PACED: u64 = 8;
/// How far the mean distance of frames may be from that of the rate.
const PACE_TOLERANCE: f64 = 0.25;
/// How often "not wanted" may be answered without a frame that follows, if there were no more frames than that.
const PATIENCE: u64 = 16;
/// How many wanted frames may be skipped, if there were few.
const MISSED: u64 = 3;

/// A session's record of what it was given. Each session holds one, hands it out in
/// [`VideoSession::intake`](crate::VideoSession::intake), and reports each frame to it. It rejects frames of another
/// size and times that do not fit the rate, misses frames that were promised, and completes the [`Recipe`].
///
/// # Example
/// ```
/// use dream_features::{Channels, FeatureLayout, FeatureVector, Frame, Intake, Recipe, Result, VideoSession};
///
/// /// Counts frames.
/// struct Count(Intake, FeatureLayout);
///
/// impl VideoSession for Count {
///     fn intake(&mut self) -> &mut Intake {
///         &mut self.0
///     }
///     fn push(&mut self, frame: &Frame<'_>) -> Result<()> {
///         self.0.push(frame)
///     }
///     fn skip(&mut self) {
///         self.0.skip(true);
///     }
///     fn peek(&self) -> Result<FeatureVector> {
///         let recipe = self.0.recipe(&Recipe::new("count", 1));
///         FeatureVector::new(recipe, self.1.clone(), vec![self.0.seen() as f64], 0, self.0.seen())
///     }
/// }
/// # let spec = dream_features::VideoSpec::new(2, 2, 25.0);
/// # let mut count = Box::new(Count(Intake::new(spec, Channels::Luma)?, FeatureLayout::new(["count"])?));
/// # count.push_at(&Frame::luma((&[0; 4], 2, 2, 2))?, 0.0)?;
/// # assert_eq!(count.peek()?, count.finish()?);
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug)]
pub struct Intake {
    spec: VideoSpec,
    channels: Channels,
    /// What the frames had so far, as the recipe says it.
    pixels: Option<&'static str>,
    /// Frames pushed or skipped, those of them that were pushed, and those that were wanted but skipped.
    seen: u64,
    pushed: u64,
    missed: u64,
    /// Number and time of the first frame with a time.
    first: Option<(u64, f64)>,
    /// Time of the last, and of the one that is about to be pushed.
    last: Option<f64>,
    due: Option<f64>,
    /// How often "not wanted" was the answer since the last frame.
    refused: AtomicU64,
}

impl Intake {
    /// The record of a session for `spec`, by an extractor that looks at `channels`.
    ///
    /// # Errors
    /// Same as [`VideoSpec::checked`].
    pub fn new(spec: VideoSpec, channels: Channels) -> Result<Self> {
        let spec = spec.checked()?;
        Ok(Self {
            spec,
            channels,
            pixels: None,
            seen: 0,
            pushed: 0,
            missed: 0,
            first: None,
            last: None,
            due: None,
            refused: AtomicU64::new(0),
        })
    }

    /// What was known before the first frame.
    #[must_use]
    pub const fn spec(&self) -> VideoSpec {
        self.spec
    }

    /// Frames pushed or skipped so far.
    #[must_use]
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// Takes note of a frame before it is processed.
    ///
    /// # Errors
    /// [`Error::FrameSize`] when the frame does not have the size in the [`VideoSpec`]; nothing has changed then.
    pub fn push(&mut self, frame: &Frame<'_>) -> Result<()> {
        let due = self.due.take();
        let ((found_width, found_height), VideoSpec { width, height, .. }) = (frame.size(), self.spec);
        if (found_width, found_height) != (width, height) {
            return Err(Error::FrameSize { width, height, found_width, found_height });
        }
        if let Some(seconds) = due {
            self.first = self.first.or(Some((self.seen, seconds)));
            self.last = Some(seconds);
        }
        let found = self.channels.of(frame);
        self.pixels = Some(if self.pixels.is_none_or(|before| before == found) { found } else { "mixed" });
        self.pushed += 1;
        self.skip(false);
        Ok(())
    }

    /// Takes note of a frame that is not pushed, and of whether the session wanted it.
    pub fn skip(&mut self, wanted: bool) {
        self.seen += 1;
        self.missed += u64::from(wanted);
        *self.refused.get_mut() = 0;
    }

    /// Checks the time of display, in seconds, of the frame that is pushed next.
    ///
    /// # Errors
    /// [`Error::Time`] when it is not finite or not after that of the frame before. [`Error::Pacing`] when the mean
    /// distance of frames is more than 25 % from that of the rate in the [`VideoSpec`], from the eighth frame on.
    pub fn at(&mut self, seconds: f64) -> Result<()> {
        let last = self.last.unwrap_or(f64::NEG_INFINITY);
        if !(seconds.is_finite() && seconds > last) {
            return Err(Error::Time { last, found: seconds });
        }
        if let Some((frame, from)) = self.first {
            let (frames, expected) = (self.seen - frame, 1.0 / self.spec.frames_per_second);
            let found = (seconds - from) / frames as f64;
            if frames + 1 >= PACED && (found - expected).abs() > PACE_TOLERANCE * expected {
                return Err(Error::Pacing { expected, found });
            }
        }
        self.due = Some(seconds);
        Ok(())
    }

    /// Takes note of an answer of [`VideoSession::wants_next`](crate::VideoSession::wants_next), and returns it.
    pub fn answer(&self, wanted: bool) -> bool {
        self.refused.fetch_add(u64::from(!wanted), Ordering::Relaxed);
        wanted
    }

    /// Whether the session saw the video that the [`VideoSpec`] promised.
    ///
    /// # Errors
    /// [`Error::FramesMissing`] when it saw less than three quarters of [`VideoSpec::frames`], or when more than a quarter
    /// of the frames that it wanted (and more than three) were skipped; [`Error::NotSkipped`] when it waits for
    /// [`VideoSession::skip`](crate::VideoSession::skip).
    pub fn complete(&self) -> Result<()> {
        let Self { seen, pushed, missed, .. } = *self;
        let refused = self.refused.load(Ordering::Relaxed);
        if refused > seen.max(PATIENCE) {
            return Err(Error::NotSkipped { asked: refused, found: seen });
        }
        let promised = self.spec.frames.unwrap_or(0);
        if seen < promised - promised / 4 {
            return Err(Error::FramesMissing { expected: promised, found: seen });
        }
        let wanted = pushed + missed;
        if missed > (wanted / 4).max(MISSED) {
            return Err(Error::FramesMissing { expected: wanted, found: pushed });
        }
        Ok(())
    }

    /// The recipe of an extractor, completed by what its frames were: the keys `pixels` and `source`.
    #[must_use]
    pub fn recipe(&self, extractor: &Recipe) -> Recipe {
        let source = if self.spec.thinned { "thinned" } else { "whole" };
        let recipe = extractor.with("source", source);
        match self.pixels {
            Some(pixels) => recipe.with("pixels", pixels),
            None => recipe,
        }
    }
}
