//! Frames that come one by one, such as those of a camera or a generator.

use std::fmt;
use std::sync::Arc;

use dream_data::Layout;
use dream_features::{Error as FrameError, Frame, VideoSpec};

use crate::error::{Error, Result};
use crate::methods::{About, Method, Session, Shown, part_of};
use crate::score::{Score, Video};
use crate::scorer::Scorer;

/// A plane of 8-bit samples: bytes, width and height in pixels, bytes from row to row.
pub type Plane<'a> = (&'a [u8], usize, usize, usize);

impl Scorer {
    /// Starts a video whose frames are pushed. The session owns what it needs, so it can move to another thread.
    ///
    /// # Errors
    /// [`Error::SeveralPasses`] for a network that looks at a video more than once, [`Error::TooLittle`] for frames that are
    /// too small, and [`Error::Frame`] for a selection of frames where all are needed.
    pub fn start(&self, spec: VideoSpec) -> Result<Live> {
        if !self.method.one_pass() {
            return Err(Error::SeveralPasses { method: self.about().method.clone() });
        }
        let (method, area) = (Arc::clone(&self.method), self.method.crop());
        // Which pixels a crop has depends on the layout of the frames, so a session may have to start anew with the first.
        let part = area.map(|area| area.to_pixels(spec.width, spec.height));
        let cut = part.map_or(spec, |part| VideoSpec { width: part.width, height: part.height, ..spec });
        let session = Arc::clone(&method).start("", cut)?;
        Ok(Live { method, spec, cut, session, seen: 0, wanted: None, time: None, shown: None })
    }
}

/// A video whose frames are pushed: all of them, in the order in which they are shown.
///
/// ```
/// use score_video::Scorer;
/// use score_video::dream_features::VideoSpec;
///
/// let mut live = Scorer::embedded()?.start(VideoSpec::new(96, 64, 25.0))?;
/// for t in 0..50u32 {
///     let rgb: Vec<u8> = (0..96 * 64 * 3).map(|i| (i / 3 % 96 + t + i / 288 * (i % 3)) as u8).collect();
///     live.push_rgb((&rgb, 96, 64, 3 * 96))?;
/// }
/// println!("so far: {}", live.peek()?);
/// let score = live.finish()?;
/// assert!((1.0..=5.0).contains(&score.score));
/// # Ok::<(), score_video::Error>(())
/// ```
///
/// A camera whose rate varies passes the time of each frame: [`Live::at`].
pub struct Live {
    method: Arc<dyn Method>,
    /// Of the frames, and of the part that is looked at.
    spec: VideoSpec,
    cut: VideoSpec,
    session: Box<dyn Session>,
    /// Frames pushed or skipped.
    seen: u64,
    /// Whether the next frame is looked at, once that was asked.
    wanted: Option<bool>,
    /// When it is shown, if that was stated.
    time: Option<f64>,
    /// When the first frame and the last were shown.
    shown: Option<(f64, f64)>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("about", self.about())
            .field("spec", &self.spec)
            .field("seen", &self.seen)
            .finish()
    }
}

impl Live {
    /// The method and its model.
    #[must_use]
    pub fn about(&self) -> &About {
        self.method.about()
    }

    /// Frames pushed or skipped so far.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// States when the next frame is shown, in seconds from any origin: `live.at(1.25).push_rgb(..)`. For a source whose
    /// rate varies, or is not sure: features of motion count on the rate of the spec, so where the times do not fit it,
    /// the push is an error.
    pub fn at(&mut self, seconds: f64) -> &mut Self {
        self.time = Some(seconds);
        self
    }

    /// Whether the next frame is looked at. If not, it need not be made: [`Live::skip`] it.
    pub fn wants_next(&mut self) -> bool {
        let time = self.due();
        *self.wanted.get_or_insert_with(|| self.session.wants(self.seen, time))
    }

    /// Counts the next frame without looking at it. One that was wanted is then missing, as if it had been lost.
    pub fn skip(&mut self) {
        if self.wants_next() {
            self.session.lose();
        }
        self.pass();
    }

    /// Pushes packed 8-bit R, G, B.
    ///
    /// # Errors
    /// [`Error::Frame`] for a frame of another size than the video's, a slice that is too short for it, or times that do
    /// not fit the rate. The frame is not taken then.
    pub fn push_rgb(&mut self, rgb: Plane<'_>) -> Result<()> {
        self.push(&Frame::rgb(rgb)?.with_studio_luma(), Layout::Rgb)
    }

    /// Pushes packed 8-bit B, G, R and a fourth byte that is not looked at.
    ///
    /// # Errors
    /// As [`Live::push_rgb`].
    pub fn push_bgra(&mut self, bgra: Plane<'_>) -> Result<()> {
        self.push(&Frame::bgra(bgra)?.with_studio_luma(), Layout::Rgb)
    }

    /// Pushes 8-bit Y'CbCr of limited range with chroma at half size in both directions.
    ///
    /// # Errors
    /// As [`Live::push_rgb`].
    pub fn push_yuv420(&mut self, y: Plane<'_>, u: Plane<'_>, v: Plane<'_>) -> Result<()> {
        self.push(&Frame::yuv420(y, u, v)?, Layout::Yuv420)
    }

    /// Pushes the same with Cb and Cr in turn in one plane, whose width is that of the chroma: as cameras and decoders of
    /// GPUs give it.
    ///
    /// # Errors
    /// As [`Live::push_rgb`].
    pub fn push_nv12(&mut self, y: Plane<'_>, uv: Plane<'_>) -> Result<()> {
        self.push(&Frame::nv12(y, uv)?, Layout::Yuv420)
    }

    /// Pushes 8-bit luma of limited range, without colour.
    ///
    /// # Errors
    /// As [`Live::push_rgb`]; [`Error::LumaOnly`] for a method that looks at colour, unless
    /// [`ScorerBuilder::luma_only`](crate::ScorerBuilder::luma_only) allows it: the score then carries a warning.
    pub fn push_gray(&mut self, luma: Plane<'_>) -> Result<()> {
        self.push(&Frame::luma(luma)?, Layout::Gray)
    }

    fn push(&mut self, frame: &Frame<'_>, layout: Layout) -> Result<()> {
        if layout == Layout::Gray && self.method.refuses_luma() {
            return Err(Error::LumaOnly { method: self.about().method.clone() });
        }
        let ((found_width, found_height), VideoSpec { width, height, .. }) = (frame.size(), self.spec);
        if (found_width, found_height) != (width, height) {
            return Err(Error::Frame(FrameError::FrameSize { width, height, found_width, found_height }));
        }
        let cut = self.cut(frame, layout)?;
        if self.wants_next() {
            self.session.push(&cut, Shown { layout, time: self.time })?;
        }
        self.pass();
        Ok(())
    }

    /// The part of a frame that is looked at.
    fn cut<'a>(&mut self, frame: &Frame<'a>, layout: Layout) -> Result<Frame<'a>> {
        let Some(area) = self.method.crop() else { return Ok(*frame) };
        let part = part_of(&area, frame, layout);
        let cut = VideoSpec { width: part.width, height: part.height, ..self.spec };
        if self.seen == 0 && cut != self.cut {
            self.session = Arc::clone(&self.method).start("", cut)?;
            (self.cut, self.wanted) = (cut, None);
        }
        Ok(frame.crop(part.left, part.top, part.width, part.height)?)
    }

    /// When the next frame is shown.
    fn due(&self) -> f64 {
        self.time.unwrap_or(self.seen as f64 / self.spec.frames_per_second)
    }

    fn pass(&mut self) {
        let due = self.due();
        self.shown = Some((self.shown.map_or(due, |(first, _)| first), due));
        self.seen += 1;
        (self.wanted, self.time) = (None, None);
    }

    /// The score of the frames so far, as if the video ended here.
    ///
    /// # Errors
    /// [`Error::TooLittle`] as long as there are too few.
    pub fn peek(&mut self) -> Result<Score> {
        let judgement = self.session.peek()?;
        Ok(judgement.of(self.facts(), Arc::clone(self.method.about()), None))
    }

    /// The score of all frames.
    ///
    /// # Errors
    /// [`Error::TooLittle`] if there were too few, [`Error::Frame`] if there were far fewer than the spec promised.
    pub fn finish(self) -> Result<Score> {
        let facts = self.facts();
        Ok(self.session.finish()?.of(facts, Arc::clone(self.method.about()), None))
    }

    fn facts(&self) -> Video {
        let VideoSpec { width, height, frames_per_second, .. } = self.spec;
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        let seconds = self.shown.map_or(0.0, |(first, last)| last - first + 1.0 / frames_per_second);
        Video {
            width: side(width),
            height: side(height),
            frames_per_second,
            seconds,
            decoder: "live",
            exact: true,
            assumptions: Vec::new(),
        }
    }
}
