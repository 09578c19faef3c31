//! What is known about a video before its first frame.

use crate::error::{Error, Result};

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
///
/// [`VideoSession::push_at`]: crate::VideoSession::push_at
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
    ///
    /// [`VideoSession::skip`]: crate::VideoSession::skip
    pub frames: Option<u64>,
    /// Whether the frames are a selection of the video's. Extractors that need consecutive frames refuse it; with others
    /// the [`Recipe`] says `source=thinned`.
    ///
    /// [`Recipe`]: crate::Recipe
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
