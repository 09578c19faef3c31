//! The traits of extractors. An extractor is an immutable value that knows the names of its features. It creates one
//! session per video.

use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::layout::{FeatureLayout, FeatureVector, sanitise};
use crate::workspace::Workspace;

/// Features of one image.
pub trait ImageFeatures: Send + Sync {
    /// Names and order of the features.
    fn layout(&self) -> &FeatureLayout;

    /// Writes the features of `frame` to `out`, exactly as the reference defines them. This includes NaN and infinity
    /// where the reference has them (for example, for constant images). [`ImageFeatures::extract`] gives finite values.
    ///
    /// # Errors
    /// [`Error::Length`] when `out` is not as long as the layout. The extractor documents any other errors.
    fn extract_into(&self, frame: &Frame<'_>, workspace: &mut Workspace, out: &mut [f64]) -> Result<()>;

    /// The features of `frame`, all finite: undefined ones are 0 and counted in [`FeatureVector::replaced`].
    ///
    /// # Errors
    /// Same as [`ImageFeatures::extract_into`].
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
    /// Returns the spec unchanged if its size and rate are valid.
    ///
    /// # Errors
    /// [`Error::EmptyImage`] when there are no pixels, [`Error::Config`] when the rate is not above 0 and at most 1e6.
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

    /// Starts a session for one video.
    ///
    /// # Errors
    /// Same as [`VideoSpec::checked`].
    fn start(&self, spec: VideoSpec) -> Result<Box<dyn VideoSession + '_>>;
}

/// One video being processed by an extractor. A session cannot be reused for a second video.
pub trait VideoSession: Send {
    /// Whether the session needs the next frame. If not, call [`VideoSession::skip`] instead of decoding and pushing
    /// it.
    fn wants_next(&self) -> bool {
        true
    }

    /// Takes the next frame in display order.
    ///
    /// # Errors
    /// [`Error::FrameSize`] when the frame does not have the size in the [`VideoSpec`]; the session stays usable.
    fn push(&mut self, frame: &Frame<'_>) -> Result<()>;

    /// Counts the next frame without reading it. Call this when [`VideoSession::wants_next`] is false. A wanted frame
    /// that is skipped counts as one that failed to decode.
    fn skip(&mut self);

    /// Returns the features of all pushed frames.
    ///
    /// # Errors
    /// [`Error::TooFewFrames`] when there were too few.
    fn finish(self: Box<Self>) -> Result<FeatureVector>;
}
