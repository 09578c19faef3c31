//! The traits of extractors. An extractor is an immutable value that knows the names of its features. It creates one
//! session per video.

use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::intake::{Channels, Intake};
use crate::layout::{FeatureLayout, FeatureVector, sanitise};
use crate::recipe::Recipe;
use crate::workspace::Workspace;

/// Features of one image.
pub trait ImageFeatures: Send + Sync {
    /// Names and order of the features.
    fn layout(&self) -> &FeatureLayout;

    /// Name, version and options of the extractor: all that its values depend on besides the frame.
    fn recipe(&self) -> Recipe;

    /// Which channels of a frame the values depend on. An extractor of luma alone gives the same values with and without
    /// chroma; its vectors then say the same.
    fn channels(&self) -> Channels {
        Channels::Color
    }

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
        let recipe = self.recipe().with("frames", "one").with("pooling", "none").with("source", "whole");
        let recipe = recipe.with("pixels", self.channels().of(frame));
        FeatureVector::new(recipe, self.layout().clone(), values, replaced, 1)
    }
}

/// Facts about a video that a session needs before the first frame.
///
/// # Unknown or varying frame rate
/// Features count on a rate: a second holds `frames_per_second` frames, and frames are equally far apart. Where the rate
/// is not known, measure it from the times of display of the first frames, and push with [`VideoSession::push_at`],
/// which checks the times of all others:
///
/// ```
/// use dream_features::{Brisque, Error, Frame, Pooled, Pooling, VideoFeatures, VideoSpec};
///
/// let times: Vec<f64> = (0..60).map(|k| 0.04 * f64::from(k)).collect(); // seconds, as a camera or a file tells them
/// let rate = 9.0 / (times[9] - times[0]);
/// let spec = VideoSpec::new(32, 24, rate).with_frames(Some(60));
/// let mut session = Pooled::new(Brisque::default(), Pooling::one_per_second())?.start(spec)?;
/// for time in times {
///     if session.wants_next() {
///         session.push_at(&Frame::luma((&[70; 32 * 24], 32, 24, 32))?, time)?;
///     } else {
///         session.skip();
///     }
/// }
/// assert_eq!(session.finish()?.frames(), 2);
/// # Ok::<(), Error>(())
/// ```
///
/// A video of varying rate is brought to a constant one first, as a player with a fixed rate would show it: see
/// [`VideoSession::push_at`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoSpec {
    /// Width of every frame in pixels.
    pub width: usize,
    /// Height of every frame in pixels.
    pub height: usize,
    /// True frame rate of what is pushed in hertz, for example 30000/1001. For a thinned source it is the rate of the
    /// frames that are left.
    pub frames_per_second: f64,
    /// How many frames the source says it has. A session that saw less than three quarters of them fails: most likely
    /// frames were left out without [`VideoSession::skip`]. `None` where it is unknown, or the file may be damaged.
    pub frames: Option<u64>,
    /// Whether the frames are a selection of the video's. Extractors that need consecutive frames refuse it; with others
    /// the [`Recipe`] says `source=thinned`.
    pub thinned: bool,
}

impl VideoSpec {
    /// A whole video of an unknown number of frames.
    ///
    /// # Example
    /// ```
    /// use dream_features::VideoSpec;
    ///
    /// let spec = VideoSpec::new(1920, 1080, 25.0).with_frames(Some(250));
    /// assert!(spec.checked().is_ok() && !spec.thinned);
    /// ```
    #[must_use]
    pub const fn new(width: usize, height: usize, frames_per_second: f64) -> Self {
        Self { width, height, frames_per_second, frames: None, thinned: false }
    }

    /// The same, with the number of frames that the source says it has.
    #[must_use]
    pub const fn with_frames(self, frames: Option<u64>) -> Self {
        Self { frames, ..self }
    }

    /// The same, with the frames being a selection of the video's or not.
    #[must_use]
    pub const fn with_thinned(self, thinned: bool) -> Self {
        Self { thinned, ..self }
    }

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

    /// Returns the spec unchanged if it is valid and its frames are consecutive, for an extractor that needs that.
    ///
    /// # Errors
    /// Same as [`VideoSpec::checked`], and [`Error::Thinned`] when the source is thinned.
    pub fn consecutive(self, extractor: &str) -> Result<Self> {
        if self.thinned {
            return Err(Error::Thinned { extractor: extractor.to_owned() });
        }
        self.checked()
    }
}

/// Features of a whole video, in one pass and constant memory.
pub trait VideoFeatures: Send + Sync {
    /// Names and order of the features.
    fn layout(&self) -> &FeatureLayout;

    /// All that the values depend on besides the frames: extractor, version, options, `frames` and `pooling`. The vectors
    /// of a session add `pixels` and `source`.
    fn recipe(&self) -> Recipe;

    /// Starts a session for one video. It owns what it needs: it may outlive the extractor and move to another thread.
    ///
    /// # Errors
    /// Same as [`VideoSpec::checked`]; [`Error::Thinned`] when the extractor needs consecutive frames and the spec says
    /// that they are not.
    fn start(&self, spec: VideoSpec) -> Result<Box<dyn VideoSession>>;
}

/// One video being processed by an extractor. A session cannot be reused for a second video.
///
/// Every frame of the video is either pushed or skipped, in the order of display.
pub trait VideoSession: Send {
    /// The session's record of what it was given.
    fn intake(&mut self) -> &mut Intake;

    /// Whether the session needs the next frame. If not, call [`VideoSession::skip`] instead of decoding and pushing
    /// it.
    ///
    /// The answer stays the same until a frame is pushed or skipped: to wait until it is true, without a call of either,
    /// is to wait for ever. [`VideoSession::finish`] then fails with [`Error::NotSkipped`].
    fn wants_next(&self) -> bool {
        true
    }

    /// Takes the next frame in display order.
    ///
    /// # Errors
    /// [`Error::FrameSize`] when the frame does not have the size in the [`VideoSpec`]; the session stays usable.
    fn push(&mut self, frame: &Frame<'_>) -> Result<()>;

    /// Takes the next frame and its time of display in seconds, from any origin. The time is compared with the rate in
    /// the [`VideoSpec`], so that a wrong rate or a frame that was left out is an error and not another score. Changes
    /// nothing in the features.
    ///
    /// A video of varying rate is brought to a constant one first: at each tick of a clock, push the frame that is shown
    /// then. A frame that is shown for long is repeated, one that falls between two ticks is left out.
    ///
    /// ```
    /// use dream_features::{Brisque, Frame, Pooled, Pooling, VideoFeatures, VideoSpec};
    ///
    /// // Brightness of each frame, and how long it is shown in seconds.
    /// let shown = [(10, 0.05), (20, 0.03), (30, 0.5), (40, 0.02), (50, 0.4)];
    /// let rate = 25.0;
    /// let extractor = Pooled::new(Brisque::default(), Pooling::one_per_second())?;
    /// let mut session = extractor.start(VideoSpec::new(32, 24, rate))?;
    /// let (mut tick, mut end) = (0, 0.0);
    /// for (code, duration) in shown {
    ///     end += duration;
    ///     while f64::from(tick) / rate < end {
    ///         session.push_at(&Frame::luma((&[code; 32 * 24], 32, 24, 32))?, f64::from(tick) / rate)?;
    ///         tick += 1;
    ///     }
    /// }
    /// assert_eq!(tick, 25); // of 1 second
    /// # session.finish()?;
    /// # Ok::<(), dream_features::Error>(())
    /// ```
    ///
    /// # Errors
    /// Same as [`VideoSession::push`]; [`Error::Time`] when times do not grow, [`Error::Pacing`] when the mean distance
    /// of frames, pushed or skipped, is more than 25 % from that of the rate, from the eighth frame on. The frame is not
    /// taken then, and the session stays usable.
    fn push_at(&mut self, frame: &Frame<'_>, seconds: f64) -> Result<()> {
        self.intake().at(seconds)?;
        self.push(frame)
    }

    /// Counts the next frame without reading it. Call this when [`VideoSession::wants_next`] is false. A wanted frame
    /// that is skipped counts as one that failed to decode.
    fn skip(&mut self);

    /// The features of the frames so far, as if the video ended here: for a running score. Changes nothing.
    ///
    /// # Errors
    /// [`Error::TooFewFrames`] when there were too few.
    fn peek(&self) -> Result<FeatureVector>;

    /// Returns the features of all pushed frames.
    ///
    /// # Errors
    /// [`Error::TooFewFrames`] when there were too few; [`Error::FramesMissing`] when they are far fewer than
    /// [`VideoSpec::frames`]; [`Error::NotSkipped`] when the session waits for [`VideoSession::skip`].
    fn finish(mut self: Box<Self>) -> Result<FeatureVector> {
        self.intake().complete()?;
        self.peek()
    }
}
