//! The traits of extractors. An extractor is an immutable value that knows the names of its features. It creates one
//! session per video.

use crate::error::Result;
use crate::frame::Frame;
use crate::intake::{Channels, Intake};
use crate::layout::{FeatureLayout, FeatureVector, sanitise};
use crate::recipe::Recipe;
use crate::spec::VideoSpec;
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
    ///
    /// [`Error::Length`]: crate::Error::Length
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
    ///
    /// [`Error::Thinned`]: crate::Error::Thinned
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
    ///
    /// [`Error::NotSkipped`]: crate::Error::NotSkipped
    fn wants_next(&self) -> bool {
        true
    }

    /// Takes the next frame in display order.
    ///
    /// # Errors
    /// [`Error::FrameSize`] when the frame does not have the size in the [`VideoSpec`]; the session stays usable.
    ///
    /// [`Error::FrameSize`]: crate::Error::FrameSize
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
    ///
    /// [`Error::Time`]: crate::Error::Time
    /// [`Error::Pacing`]: crate::Error::Pacing
    fn push_at(&mut self, frame: &Frame<'_>, seconds: f64) -> Result<()> {
        self.intake().at(seconds)?;
        self.push(frame)
    }

    /// Counts the next frame without reading it. Call this when [`VideoSession::wants_next`] is false. A wanted frame
    /// that is skipped counts as one that failed to decode; where many do, [`VideoSession::finish`] fails.
    fn skip(&mut self);

    /// The features of the frames so far, as if the video ended here: for a running score. Changes nothing.
    ///
    /// # Errors
    /// [`Error::TooFewFrames`] when there were too few.
    ///
    /// [`Error::TooFewFrames`]: crate::Error::TooFewFrames
    fn peek(&self) -> Result<FeatureVector>;

    /// Returns the features of all pushed frames.
    ///
    /// # Errors
    /// [`Error::TooFewFrames`] when there were too few; [`Error::FramesMissing`] when the session saw less than three
    /// quarters of [`VideoSpec::frames`], or when more than a quarter of the frames that it wanted (and more than three)
    /// were skipped; [`Error::NotSkipped`] when it waits for [`VideoSession::skip`].
    ///
    /// [`Error::TooFewFrames`]: crate::Error::TooFewFrames
    /// [`Error::FramesMissing`]: crate::Error::FramesMissing
    /// [`Error::NotSkipped`]: crate::Error::NotSkipped
    fn finish(mut self: Box<Self>) -> Result<FeatureVector> {
        self.intake().complete()?;
        self.peek()
    }
}
