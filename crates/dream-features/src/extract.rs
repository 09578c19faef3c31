//! The traits of extractors. An extractor is an immutable value that knows the names of its features; for each video it
//! makes a session.

use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::layout::{FeatureLayout, FeatureVector, sanitise};
use crate::workspace::Workspace;

/// Features of one image.
pub trait ImageFeatures: Send + Sync {
    /// Names and order of the features.
    fn layout(&self) -> &FeatureLayout;

    /// Writes the features of `frame` to `out`, exactly as the reference defines them: NaN and infinity where the
    /// reference has them (constant images and the like). [`ImageFeatures::extract`] gives finite values.
    ///
    /// # Errors
    /// [`Error::Length`] when `out` is not as long as the layout; others as the extractor documents.
    fn extract_into(&self, frame: &Frame<'_>, workspace: &mut Workspace, out: &mut [f64]) -> Result<()>;

    /// The features of `frame`, all finite: undefined ones are 0 and counted in [`FeatureVector::replaced`].
    ///
    /// # Errors
    /// As [`ImageFeatures::extract_into`].
    fn extract(&self, frame: &Frame<'_>) -> Result<FeatureVector> {
        let mut values = vec![0.0; self.layout().len()];
        self.extract_into(frame, &mut Workspace::new(), &mut values)?;
        let replaced = sanitise(&mut values);
        FeatureVector::new(self.layout().clone(), values, replaced, 1)
    }
}

/// Facts about a video that a session needs before the first frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoSpec {
    /// Width of every frame in pixels.
    pub width: usize,
    /// Height of every frame in pixels.
    pub height: usize,
    /// True frame rate in hertz, for example 30000/1001.
    pub frames_per_second: f64,
}

impl VideoSpec {
    /// The same spec, when its size and rate are possible.
    ///
    /// # Errors
    /// [`Error::EmptyImage`] without pixels, [`Error::Config`] when the rate is not above 0 and at most 1e6.
    pub fn checked(self) -> Result<Self> {
        if self.width == 0 || self.height == 0 {
            return Err(Error::EmptyImage { width: self.width, height: self.height });
        }
        if !(self.frames_per_second > 0.0 && self.frames_per_second <= 1e6) {
            let reason = "must be above 0 and at most 1e6";
            return Err(Error::Config { field: "frames_per_second", reason });
        }
        Ok(self)
    }

    /// Rejects a frame of another size.
    pub(crate) fn check_size(&self, frame: &Frame<'_>) -> Result<()> {
        let (found_width, found_height) = frame.size();
        let Self { width, height, .. } = *self;
        if (found_width, found_height) == (width, height) {
            return Ok(());
        }
        Err(Error::FrameSize { width, height, found_width, found_height })
    }
}

/// Features of a whole video, in one pass and constant memory.
pub trait VideoFeatures: Send + Sync {
    /// Names and order of the features.
    fn layout(&self) -> &FeatureLayout;

    /// A session for one video.
    ///
    /// # Errors
    /// As [`VideoSpec::checked`].
    fn start(&self, spec: VideoSpec) -> Result<Box<dyn VideoSession + '_>>;
}

/// One video on its way through an extractor. It cannot be used for a second one.
pub trait VideoSession: Send {
    /// Whether the session needs the next frame. If not, call [`VideoSession::skip`] instead of decoding and pushing it.
    fn wants_next(&self) -> bool {
        true
    }

    /// Takes the next frame in display order.
    ///
    /// # Errors
    /// [`Error::FrameSize`] when the frame is not of the size in the [`VideoSpec`]; the session stays usable.
    fn push(&mut self, frame: &Frame<'_>) -> Result<()>;

    /// Counts the next frame without looking at it. Call it when [`VideoSession::wants_next`] is false; skipping a wanted
    /// frame counts it as one that failed to decode.
    fn skip(&mut self);

    /// The features of all frames pushed.
    ///
    /// # Errors
    /// [`Error::TooFewFrames`] when there were too few.
    fn finish(self: Box<Self>) -> Result<FeatureVector>;
}
