//! RAPIQUE as a video extractor, and one video being processed by it.

use std::collections::VecDeque;
use std::sync::OnceLock;

use super::names;
use super::picture::{Picture, reduction};
use super::plan::{Frames, Plan};
use super::spatial::{self, Spatial};
use super::temporal::{self, Temporal};
use crate::error::{Error, Result};
use crate::extract::{VideoFeatures, VideoSession};
use crate::frame::Frame;
use crate::intake::{Channels, Intake};
use crate::layout::{self, FeatureLayout, FeatureVector, sanitise};
use crate::recipe::Recipe;
use crate::resize::Scaled;
use crate::spec::VideoSpec;
use crate::yuv::Yuv420Buffer;

/// RAPIQUE without its network: 1836 features of colour and motion, of two pictures and eight frames each second.
///
/// | features | content |
/// | --- | --- |
/// | 1-680 | 34 statistics of 20 maps (luma, opponent colours, CIELAB, their gradients): mean of two frames |
/// | 681-1360 | how much they differ between these frames |
/// | 1361-1836 | 34 statistics of seven band-pass filters along eight frames, at two scales |
///
/// Each is the mean over chunks of a second; a chunk where it is undefined does not count. A video needs half a second and
/// two frames more. All frames become 4:2:0 first; luma alone has neutral chroma. The release also has 2048 features of a
/// network, which this crate does not compute.
///
/// Memory: two frames, eight to ten planes of luma, and the scratch memory of one picture of `short_side`, for a video of
/// any length. [`VideoSession::peek`] computes the chunks that the end would cut off, which costs as much as a chunk and
/// changes nothing.
///
/// # Example
/// ```
/// use dream_features::{Frame, VideoFeatures, VideoSpec, rapique::Rapique};
///
/// let mut session = Rapique::default().start(VideoSpec::new(32, 24, 10.0))?;
/// for t in 0..12u32 {
///     let luma: Vec<u8> = (0..32 * 24u32).map(|i| ((i % 32 + t) * (i / 32) / 9 % 251) as u8).collect();
///     if session.wants_next() {
///         session.push(&Frame::luma((&luma, 32, 24, 32))?)?;
///     } else {
///         session.skip();
///     }
/// }
/// let features = session.finish()?;
/// assert_eq!(features.values().len(), 1836);
/// assert!(features.get("rapique.mean.y.s1.sigma.mean")? > 0.0);
/// # Ok::<(), dream_features::Error>(())
/// ```
///
/// # Reference
/// Tu, Yu, Wang, Birkbeck, Adsumilli, Bovik, "RAPIQUE: rapid and accurate video quality prediction of user generated
/// content", IEEE Open Journal of Signal Processing 2, 2021, and its release.
#[doc(alias = "RAPIQUE")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rapique {
    /// Frames whose shorter side is longer than this many pixels are made smaller, to this length. At least 1.
    pub short_side: usize,
    /// Keep NaN and infinity where the reference has them, instead of a counted 0.
    pub keep_undefined: bool,
}

impl Default for Rapique {
    fn default() -> Self {
        Self { short_side: 512, keep_undefined: false }
    }
}

impl Rapique {
    /// Number of features.
    pub const DIM: usize = 2 * spatial::DIM + temporal::DIM;

    /// Starts a session that also keeps the values of every chunk. Memory then grows with the length of the video.
    ///
    /// # Errors
    /// Same as [`VideoFeatures::start`].
    pub fn trace(&self, spec: VideoSpec) -> Result<RapiqueSession> {
        RapiqueSession::new(*self, spec, Some(Vec::new()))
    }
}

impl VideoFeatures for Rapique {
    fn layout(&self) -> &FeatureLayout {
        static LAYOUT: OnceLock<FeatureLayout> = OnceLock::new();
        LAYOUT.get_or_init(names::layout)
    }

    fn recipe(&self) -> Recipe {
        let recipe = Recipe::new("rapique", 1).with("short_side", self.short_side);
        let recipe = recipe.with("undefined", layout::undefined(self.keep_undefined));
        recipe.with("frames", "own").with("pooling", "own")
    }

    /// # Errors
    /// Same as [`VideoSpec::consecutive`]; [`Error::Config`](crate::Error::Config) when `short_side` is 0, or a side has
    /// more than a million pixels.
    fn start(&self, spec: VideoSpec) -> Result<Box<dyn VideoSession>> {
        Ok(Box::new(RapiqueSession::new(*self, spec, None)?))
    }
}

/// The frames and the values of one chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Frame in the middle, counted from 0 like all others.
    pub middle: u64,
    /// The two frames of the spatial values.
    pub pictures: [u64; 2],
    /// First frame of the window of the temporal values, and how many there are. What is missing of eight is black.
    pub window: [u64; 2],
    /// The 1836 values, undefined ones as NaN or infinity.
    pub values: Vec<f64>,
}

/// One video being processed by [`Rapique`].
#[derive(Debug)]
pub struct RapiqueSession {
    options: Rapique,
    intake: Intake,
    plan: Plan,
    /// Frames so far, without those that were wanted and skipped; and how many of them were used.
    seen: u64,
    used: u64,
    /// The first chunk that is not complete.
    chunk: u64,
    history: History,
    engine: Engine,
    mean: Mean,
    trace: Option<Vec<Chunk>>,
}

impl RapiqueSession {
    pub(super) fn new(options: Rapique, spec: VideoSpec, trace: Option<Vec<Chunk>>) -> Result<Self> {
        let spec = spec.consecutive("rapique")?;
        if options.short_side == 0 {
            return Err(Error::Config { field: "short_side", reason: "must be at least 1" });
        }
        Ok(Self {
            options,
            intake: Intake::new(spec, Channels::Color)?,
            plan: Plan::new(spec.frames_per_second),
            seen: 0,
            used: 0,
            chunk: 0,
            history: History::default(),
            engine: Engine::new(spec.width, spec.height, options.short_side)?,
            mean: Mean::default(),
            trace,
        })
    }

    fn take(&mut self, frame: &Frame<'_>) -> Result<()> {
        let index = self.seen;
        if self.plan.wanted(index) {
            self.history.add(index, frame, self.plan, &mut self.engine)?;
            self.used += 1;
        }
        self.seen += 1;
        self.complete()
    }

    /// Counts the chunks that further frames do not change, and forgets what only they needed.
    fn complete(&mut self) -> Result<()> {
        while self.plan.chunk(self.chunk).complete(self.seen) {
            let frames = self.plan.chunk(self.chunk);
            let chunk = self.history.chunk(frames, &mut self.engine)?;
            self.mean.add(&chunk.values);
            if let Some(trace) = &mut self.trace {
                trace.push(chunk);
            }
            self.chunk += 1;
            self.history.forget(self.plan.chunk(self.chunk).earliest());
        }
        Ok(())
    }

    /// The chunks that would be cut off if the video ended here.
    fn pending(&self) -> Result<Vec<Chunk>> {
        let frames = (self.chunk..).map_while(|k| self.plan.end(k, self.seen));
        let mut engine = None;
        frames
            .map(|frames| {
                let VideoSpec { width, height, .. } = self.intake.spec();
                let engine = match &mut engine {
                    Some(engine) => engine,
                    none => none.insert(Engine::new(width, height, self.options.short_side)?),
                };
                self.history.chunk(frames, engine)
            })
            .collect()
    }

    fn vector(&self, pending: &[Chunk]) -> Result<FeatureVector> {
        let mut mean = self.mean.clone();
        for chunk in pending {
            mean.add(&chunk.values);
        }
        if mean.chunks == 0 {
            return Err(Error::TooFewFrames { min: self.plan.least(), found: self.seen });
        }
        let mut values = mean.values();
        let replaced = if self.options.keep_undefined { 0 } else { sanitise(&mut values) };
        let (recipe, layout) = (self.intake.recipe(&self.options.recipe()), self.options.layout().clone());
        FeatureVector::new(recipe, layout, values, replaced, self.used)
    }

    /// Returns the features of all pushed frames, and the chunks if the session is traced.
    ///
    /// # Errors
    /// Same as [`VideoSession::finish`].
    pub fn finish_traced(mut self) -> Result<(FeatureVector, Vec<Chunk>)> {
        self.intake.complete()?;
        let pending = self.pending()?;
        let vector = self.vector(&pending)?;
        let mut chunks = self.trace.take().unwrap_or_default();
        chunks.extend(pending);
        Ok((vector, chunks))
    }
}

impl VideoSession for RapiqueSession {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
    }

    fn wants_next(&self) -> bool {
        self.intake.answer(self.plan.wanted(self.seen))
    }

    fn push(&mut self, frame: &Frame<'_>) -> Result<()> {
        self.intake.push(frame)?;
        self.take(frame)
    }

    /// A wanted frame that is skipped does not count: the video is one frame shorter.
    fn skip(&mut self) {
        let wanted = self.plan.wanted(self.seen);
        self.intake.skip(wanted);
        self.seen += u64::from(!wanted);
    }

    /// # Errors
    /// [`Error::TooFewFrames`] with less than half a second and two frames.
    fn peek(&self) -> Result<FeatureVector> {
        self.vector(&self.pending()?)
    }
}

/// What is kept of the last frames: as much as a chunk may still need.
#[derive(Debug, Default)]
struct History {
    /// The last frame that was wanted, and the one before.
    frames: [(Option<u64>, Yuv420Buffer); 2],
    luma: VecDeque<(u64, Vec<u8>)>,
    spatial: VecDeque<(u64, Vec<f64>)>,
    /// Memory of a plane of luma that was forgotten.
    spare: Vec<Vec<u8>>,
}

impl History {
    fn add(&mut self, index: u64, frame: &Frame<'_>, plan: Plan, engine: &mut Engine) -> Result<()> {
        self.frames.rotate_right(1);
        let [(number, buffer), _] = &mut self.frames;
        buffer.copy(frame);
        *number = Some(index);
        if plan.temporal(index) {
            let luma = buffer.view()?.y();
            let mut codes = self.spare.pop().unwrap_or_default();
            codes.clear();
            for y in 0..luma.height() {
                codes.extend_from_slice(luma.row(y));
            }
            self.luma.push_back((index, codes));
        }
        if plan.spatial(index) {
            let values = engine.spatial(buffer)?;
            self.spatial.push_back((index, values));
        }
        Ok(())
    }

    /// Drops what belongs to frames before `index`.
    fn forget(&mut self, index: u64) {
        while self.luma.front().is_some_and(|(i, _)| *i < index)
            && let Some((_, codes)) = self.luma.pop_front()
        {
            self.spare.push(codes);
        }
        while self.spatial.front().is_some_and(|(i, _)| *i < index) {
            self.spatial.pop_front();
        }
    }

    fn chunk(&self, frames: Frames, engine: &mut Engine) -> Result<Chunk> {
        let Frames { middle, previous, next, first, count } = frames;
        let one = self.spatial(previous, engine)?;
        let other = self.spatial(next, engine)?;
        let window = first..first + count;
        let luma = self.luma.iter().filter(|(i, _)| window.contains(i)).map(|(_, codes)| codes.as_slice());
        let temporal = engine.temporal(luma);
        let pairs = || one.iter().zip(&other);
        let mut values: Vec<f64> = pairs().map(|(a, b)| (a + b) / 2.0).collect();
        values.extend(pairs().map(|(a, b)| (a - b).abs()));
        values.extend(temporal);
        Ok(Chunk { middle, pictures: [previous, next], window: [first, count], values })
    }

    /// The values of frame `index`, which were computed when it came or are now.
    fn spatial(&self, index: u64, engine: &mut Engine) -> Result<Vec<f64>> {
        if let Some((_, values)) = self.spatial.iter().find(|(i, _)| *i == index) {
            return Ok(values.clone());
        }
        match self.frames.iter().find(|(i, _)| *i == Some(index)) {
            Some((_, buffer)) => engine.spatial(buffer),
            // Never reached: a plan names no other frames.
            None => Ok(vec![f64::NAN; spatial::DIM]),
        }
    }
}

/// Computes values of frames of one size. Holds scratch memory only.
#[derive(Debug)]
struct Engine {
    picture: Picture,
    spatial: Spatial,
    temporal: Temporal,
    size: (usize, usize),
    /// The reduction of frames, and the second one of temporal maps.
    reduce: Option<[Scaled; 2]>,
}

impl Engine {
    fn new(width: usize, height: usize, short_side: usize) -> Result<Self> {
        let reduce = match reduction(width, height, short_side)? {
            Some((first, ratio)) => {
                let (width, height) = first.size();
                Some([first, Scaled::new(width, height, ratio)?])
            }
            None => None,
        };
        Ok(Self {
            picture: Picture::default(),
            spatial: Spatial::default(),
            temporal: Temporal::default(),
            size: (width, height),
            reduce,
        })
    }

    fn spatial(&mut self, frame: &Yuv420Buffer) -> Result<Vec<f64>> {
        self.picture.read(&frame.view()?, self.reduce.as_mut().map(|[first, _]| first));
        Ok(self.spatial.run(&self.picture))
    }

    fn temporal<'a>(&mut self, frames: impl Iterator<Item = &'a [u8]>) -> Vec<f64> {
        let reduce = self.reduce.as_mut().map(|[first, second]| (first, second));
        self.temporal.run(frames, self.size, reduce)
    }
}

/// Mean over chunks of each value, without chunks where it is NaN.
#[derive(Debug, Clone, Default)]
struct Mean {
    sums: Vec<f64>,
    counts: Vec<f64>,
    chunks: u64,
}

impl Mean {
    fn add(&mut self, values: &[f64]) {
        self.sums.resize(values.len(), 0.0);
        self.counts.resize(values.len(), 0.0);
        for ((sum, count), value) in self.sums.iter_mut().zip(&mut self.counts).zip(values) {
            if !value.is_nan() {
                *sum += value;
                *count += 1.0;
            }
        }
        self.chunks += 1;
    }

    /// NaN where no chunk had a value.
    fn values(&self) -> Vec<f64> {
        self.sums.iter().zip(&self.counts).map(|(sum, count)| sum / count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_does_not_grow_with_the_video() {
        for rate in [1.0, 2.0, 5.0, 30.0] {
            let spec = VideoSpec::new(4, 3, rate);
            let mut session = RapiqueSession::new(Rapique::default(), spec, None).unwrap();
            let (mut planes, mut values, mut spare) = (0, 0, 0);
            for t in 0..400u16 {
                let luma = [t as u8; 12];
                session.push(&Frame::luma((&luma, 4, 3, 4)).unwrap()).unwrap();
                planes = planes.max(session.history.luma.len());
                values = values.max(session.history.spatial.len());
                spare = spare.max(session.history.spare.len());
            }
            assert!(planes <= 11 && values <= 12 && spare <= 11, "{rate}: {planes} {values} {spare}");
        }
    }
}
