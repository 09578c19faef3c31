//! TLVQM as a video extractor: 75 features of a whole video in one pass.

use std::collections::VecDeque;
use std::sync::OnceLock;

use super::high::HighComplexity;
use super::low::{self, LowComplexity};
use super::picks::Picks;
use super::{Ties, high};
use crate::error::{Error, Result};
use crate::extract::{VideoFeatures, VideoSession, VideoSpec};
use crate::frame::{Frame, Pixels};
use crate::intake::{Channels, Intake};
use crate::layout::{FeatureLayout, FeatureVector, sanitise};
use crate::plane::Plane;
use crate::pool::Windows;
use crate::recipe::Recipe;
use crate::resize::HalfSize;
use crate::yuv::Yuv420Buffer;

/// Number of low-complexity values that become features. The others are only used to choose frames.
const POOLED: usize = 22;
/// Frames that must follow the middle frame of a row before the row counts.
const DELAY: u64 = 4;

/// TLVQM: 75 features of motion, blur, noise, blockiness, exposure, colour and sharpness.
///
/// | features | content |
/// | --- | --- |
/// | 1-22 | low-complexity values of every second frame: mean over time (`.mean`) |
/// | 23-44 | the same: deviation inside windows of about a second (`.std`) |
/// | 45 | correlation of motion intensity and blur |
/// | 46-75 | high-complexity values of about one frame per half second of processed frames: mean |
///
/// Luma and chroma are read as limited-range BT.601, as the original does for every stream. Luma without chroma is
/// treated as gray, luma of more than 8 bits is rounded to 8, and RGB is converted. Skipped frames are ignored.
///
/// Memory: 8-bit copies of the frames of one half window, `round(fps) / 2 + 4` of them, and four frames at half size.
/// It does not depend on the length of the video.
///
/// # Short videos
/// The original needs two windows of `floor(round(fps) / 2) + 1` processed frames. A shorter video forms one window. If
/// it has too few frames for a representative one, the best of all frames is used. [`FeatureVector::short`] reports
/// this.
///
/// # Example
/// ```
/// use dream_features::{Frame, LumaView, VideoFeatures, VideoSpec, tlvqm::Tlvqm};
///
/// let extractor = Tlvqm::default();
/// let mut session = extractor.start(VideoSpec::new(80, 64, 4.0))?;
/// for t in 0..20usize {
///     let luma: Vec<u8> = (0..80 * 64).map(|i| ((i % 80 + t) / 9 * 40 % 256) as u8).collect();
///     session.push(&Frame::from_luma(LumaView::new(&luma, 80, 64, 80)?))?;
/// }
/// let features = session.finish()?;
/// assert_eq!(features.values().len(), 75);
/// assert!(features.get("tlvqm.motion_intensity.mean")? > 0.0 && !features.short());
/// # Ok::<(), dream_features::Error>(())
/// ```
///
/// # Reference
/// Korhonen, "Two-level approach for no-reference consumer video quality assessment", IEEE Transactions on Image
/// Processing 28(12), 2019.
///
/// # Deviations
/// Ties are broken by a rule (see [`Ties`]); [`Ties::Plain`] compares as the original does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tlvqm {
    /// How ties between candidates are broken.
    pub ties: Ties,
}

impl Tlvqm {
    /// Number of features.
    pub const DIM: usize = 2 * POOLED + 1 + HighComplexity::DIM;

    /// Starts a session that also keeps intermediate results. Memory then grows with the length of the video.
    ///
    /// # Errors
    /// Same as [`VideoSpec::consecutive`], and [`Error::TooSmall`] when a side is shorter than 64.
    pub fn trace(&self, spec: VideoSpec) -> Result<TlvqmSession> {
        let mut session = TlvqmSession::new(spec, *self)?;
        session.trace = Some(Trace::default());
        Ok(session)
    }
}

impl VideoFeatures for Tlvqm {
    fn layout(&self) -> &FeatureLayout {
        static LAYOUT: OnceLock<FeatureLayout> = OnceLock::new();
        LAYOUT.get_or_init(|| {
            let low = || low::NAMES.iter().take(POOLED);
            let means = low().map(|(name, meaning)| (format!("tlvqm.{name}.mean"), (*meaning).to_owned()));
            let deviations = low()
                .map(|(name, meaning)| (format!("tlvqm.{name}.std"), format!("change over time: {meaning}")));
            let correlation = "correlation of motion intensity and blur over time".to_owned();
            let correlation = ("tlvqm.corr_intensity_blur".to_owned(), correlation);
            let high = high::NAMES.iter().zip(high::MEANINGS);
            let high = high.map(|(name, meaning)| (format!("tlvqm.{name}"), meaning.to_owned()));
            FeatureLayout::from_distinct(means.chain(deviations).chain([correlation]).chain(high))
        })
    }

    fn recipe(&self) -> Recipe {
        Recipe::new("tlvqm", 1).with("ties", self.ties.word()).with("frames", "own").with("pooling", "own")
    }

    /// # Errors
    /// Same as [`VideoSpec::consecutive`], and [`Error::TooSmall`] when a side is shorter than 64.
    fn start(&self, spec: VideoSpec) -> Result<Box<dyn VideoSession>> {
        Ok(Box::new(TlvqmSession::new(spec, *self)?))
    }
}

/// Intermediate results of a session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// Frame number and its 28 low-complexity values.
    pub rows: Vec<(u64, [f64; 28])>,
    /// For each window, the means of the first 22 values, their deviations, and the correlation: 45 numbers.
    pub windows: Vec<Vec<f64>>,
    /// Frame number and its 30 high-complexity values.
    pub picked: Vec<(u64, [f64; 30])>,
}

/// A processed frame that may be used again.
#[derive(Debug, Default)]
struct Held {
    frame: u64,
    row: [f64; 28],
    pixels: Yuv420Buffer,
}

/// One video being processed by [`Tlvqm`].
#[derive(Debug)]
pub struct TlvqmSession {
    options: Tlvqm,
    intake: Intake,
    engine: LowComplexity,
    high: HighComplexity,
    seen: u64,
    /// Rows that count once enough frames have followed them.
    pending: VecDeque<Held>,
    /// Rows of the span from which the next frame is picked.
    held: VecDeque<Held>,
    spare: Vec<Held>,
    picks: Picks,
    windows: Windows,
    correlation: Correlation,
    /// Sum of the high-complexity vectors, and their number.
    sum: [f64; 30],
    vectors: u64,
    converted: Yuv420Buffer,
    resize: HalfSize,
    half: Plane,
    trace: Option<Trace>,
}

impl TlvqmSession {
    fn new(spec: VideoSpec, options: Tlvqm) -> Result<Self> {
        let (spec, ties) = (spec.consecutive("tlvqm")?, options.ties);
        Ok(Self {
            options,
            intake: Intake::new(spec, Channels::Color)?,
            engine: LowComplexity::new(spec.width, spec.height, ties)?,
            high: HighComplexity::new(spec.width, spec.height)?,
            seen: 0,
            pending: VecDeque::new(),
            held: VecDeque::new(),
            spare: Vec::new(),
            picks: Picks::new(spec.frames_per_second, ties),
            windows: Windows::new(POOLED, spec.frames_per_second),
            correlation: Correlation::default(),
            sum: [0.0; 30],
            vectors: 0,
            converted: Yuv420Buffer::default(),
            resize: HalfSize::default(),
            half: Plane::zeros(1, 1),
            trace: None,
        })
    }

    /// Processes the next frame of a video.
    fn take(&mut self, frame: &Frame<'_>) -> Result<()> {
        let odd = self.seen % 2 == 1;
        let mut copy = odd.then(|| self.spare.pop().unwrap_or_default());
        let view = match (&mut copy, frame.pixels()) {
            (Some(held), _) => {
                held.pixels.copy(frame);
                held.frame = self.seen;
                held.pixels.view()?
            }
            (None, Pixels::Yuv420(view)) => *view,
            (None, _) => {
                self.converted.copy(frame);
                self.converted.view()?
            }
        };
        // If luma was not converted, its half-size plane may already exist.
        let half = match frame.pixels() {
            Pixels::Luma(_) | Pixels::Yuv420(_) | Pixels::Yuv(_) => {
                Some(frame.half_luma(&mut self.resize, &mut self.half))
            }
            Pixels::Luma16(_) | Pixels::Rgb(_) => None,
        };
        let row = self.engine.push_with(&view, half)?;
        if let (Some(row), Some(last)) = (row, self.pending.back_mut()) {
            last.row = row;
        }
        self.pending.extend(copy);
        self.seen += 1;
        while self.pending.front().is_some_and(|held| held.frame + DELAY < self.seen) {
            if let Some(held) = self.pending.pop_front() {
                self.count(held)?;
            }
        }
        Ok(())
    }

    /// Counts a row that belongs to the video.
    fn count(&mut self, held: Held) -> Result<()> {
        let pooled = held.row.get(..POOLED).unwrap_or_default();
        let before = self.windows.windows();
        self.windows.add(pooled);
        self.correlation.add([held.row[0], held.row[10]]);
        if self.windows.windows() > before {
            self.correlation.close();
            if let Some(trace) = &mut self.trace {
                let mut window = self.windows.last().to_vec();
                window.push(self.correlation.last);
                trace.windows.push(window);
            }
        }
        if let Some(trace) = &mut self.trace {
            trace.rows.push((held.frame, held.row));
        }
        self.held.push_back(held);
        if let Some(span) = self.picks.push() {
            let start = self.held.len() - span.rows;
            let pick =
                start + self.picks.choose(self.held.range(start..).take(span.of).map(|held| &held.row));
            if let Some(held) = self.held.get(pick) {
                let vector = self.high.vector(&held.pixels.view()?)?;
                for (sum, value) in self.sum.iter_mut().zip(vector) {
                    *sum += value;
                }
                self.vectors += 1;
                if let Some(trace) = &mut self.trace {
                    trace.picked.push((held.frame, vector));
                }
            }
            let keep = self.picks.next_span();
            while self.held.len() > keep {
                self.spare.extend(self.held.pop_front());
            }
        }
        Ok(())
    }

    /// The high-complexity values of the best of all frames, for a video that ended before the first pick.
    fn only_pick(&self) -> Result<Option<(u64, [f64; 30])>> {
        if self.vectors > 0 {
            return Ok(None);
        }
        let pick = self.picks.clone().choose(self.held.iter().map(|held| &held.row));
        let Some(held) = self.held.get(pick) else { return Ok(None) };
        let VideoSpec { width, height, .. } = self.intake.spec();
        let vector = HighComplexity::new(width, height)?.vector(&held.pixels.view()?)?;
        Ok(Some((held.frame, vector)))
    }

    /// The features so far, given [`TlvqmSession::only_pick`].
    fn features(&self, only: Option<(u64, [f64; 30])>) -> Result<FeatureVector> {
        let rows = self.windows.rows();
        if rows == 0 {
            return Err(Error::TooFewFrames { min: DELAY + 2, found: self.seen });
        }
        let short = self.windows.windows() < 2 || self.vectors < 2;
        let (sum, vectors) = only.map_or((self.sum, self.vectors), |(_, vector)| (vector, 1));
        let mut values = self.windows.finish();
        values.push(self.correlation.finish());
        values.extend(sum.iter().map(|sum| sum / vectors as f64));
        let replaced = sanitise(&mut values);
        let (recipe, layout) = (self.intake.recipe(&self.options.recipe()), self.options.layout().clone());
        let frames = self.windows.frames();
        Ok(FeatureVector::new(recipe, layout, values, replaced, frames)?.with_short(short))
    }

    /// Returns the features of all pushed frames, and the intermediate results if the session is traced.
    ///
    /// # Errors
    /// Same as [`VideoSession::finish`].
    pub fn finish_traced(self) -> Result<(FeatureVector, Trace)> {
        self.intake.complete()?;
        let only = self.only_pick()?;
        let vector = self.features(only)?;
        let mut trace = self.trace.unwrap_or_default();
        trace.picked.extend(only);
        Ok((vector, trace))
    }
}

impl VideoSession for TlvqmSession {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
    }

    fn push(&mut self, frame: &Frame<'_>) -> Result<()> {
        self.intake.push(frame)?;
        self.take(frame)
    }

    fn skip(&mut self) {
        self.intake.skip();
    }

    fn peek(&self) -> Result<FeatureVector> {
        self.features(self.only_pick()?)
    }
}

/// Correlation of two values inside windows, averaged over the windows.
#[derive(Debug, Clone, Default)]
struct Correlation {
    pairs: Vec<[f64; 2]>,
    /// Correlation in the last window.
    last: f64,
    sum: f64,
    windows: u64,
}

impl Correlation {
    fn add(&mut self, pair: [f64; 2]) {
        self.pairs.push(pair);
    }

    /// Ends a window; its last pair is the first of the next.
    fn close(&mut self) {
        let n = self.pairs.len() as f64;
        let mean = [0, 1].map(|k| self.pairs.iter().map(|pair| pair[k]).sum::<f64>() / n);
        let product = |i: usize, k: usize| -> f64 {
            self.pairs.iter().map(|pair| (pair[i] - mean[i]) * (pair[k] - mean[k])).sum()
        };
        let energy = product(0, 0).sqrt() * product(1, 1).sqrt();
        self.last = if energy > 0.0 { product(0, 1) / energy } else { 0.0 };
        self.sum += self.last;
        self.windows += 1;
        self.pairs.drain(..self.pairs.len().saturating_sub(1));
    }

    fn finish(&self) -> f64 {
        if self.windows == 0 {
            let mut one = self.clone();
            one.close();
            return one.finish();
        }
        self.sum / self.windows as f64
    }
}
