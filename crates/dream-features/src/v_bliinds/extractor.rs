//! V-BLIINDS as a video extractor: 46 features of a whole video in one pass.

use std::collections::VecDeque;
use std::sync::OnceLock;

use super::pair::{Pair, PairStatistics};
use crate::error::{Error, Result};
use crate::extract::{VideoFeatures, VideoSession};
use crate::frame::Frame;
use crate::intake::{Channels, Intake};
use crate::layout::{self, FeatureLayout, FeatureVector, sanitise};
use crate::niqe::{self, Naturalness};
use crate::nss::FlatAreas;
use crate::recipe::Recipe;
use crate::spec::VideoSpec;

/// Frames at either end of a video that spatial naturalness excludes.
const ENDS: u64 = 5;
/// Values of spatial naturalness of a frame.
const NIQE: usize = 37;
/// Minimum number of frames for any defined value.
const LEAST: u64 = 4;

const MOTION: [(&str, &str); 9] = [
    ("dc_change.compensated", "change over time of the spread of what motion leaves unexplained (log)"),
    ("dc_change.plain", "change over time of the mean frame difference (log)"),
    ("spectrum.high_low", "shape of high over low frequencies of frame differences (log)"),
    ("spectrum.high_middle", "shape of high over middle frequencies of frame differences (log)"),
    ("spectrum.upper_low", "shape of high and middle over low frequencies of frame differences (log)"),
    ("spectrum.high_lower", "shape of high over middle and low frequencies of frame differences (log)"),
    ("spectrum.middle_low", "shape of middle over low frequencies of frame differences (log)"),
    ("motion.coherency", "how much neighbouring blocks move the same way (log)"),
    ("motion.global", "how far the mean motion is from the most frequent one (log)"),
];

/// V-BLIINDS: 46 features of luma.
///
/// | features | content |
/// | --- | --- |
/// | 1-37 | spatial naturalness (the features of [`Niqe`](crate::Niqe), measured from a model of video frames): mean over all frames except five at either end |
/// | 38, 39 | change over time of the DC coefficients, motion-compensated and plain |
/// | 40-44 | ratios of the shapes of the bands of 5x5 transforms of frame differences |
/// | 45, 46 | motion coherency and global motion of 10x10 blocks |
///
/// The features do not depend on the frame rate. Luma of RGB is MATLAB's `rgb2gray`. Skipped frames are ignored.
///
/// Memory: two frames of 16-bit codes, the transforms of one, and the statistics of five.
///
/// # Example
/// ```
/// use dream_features::{Frame, LumaView, VideoFeatures, VideoSpec, v_bliinds::VBliinds};
///
/// let extractor = VBliinds::default();
/// let mut session = extractor.start(VideoSpec::new(112, 96, 25.0))?;
/// for t in 0..12u32 {
///     let luma: Vec<u8> = (0..112 * 96u32).map(|i| ((i % 112 + t) * (i / 112) / 9 % 251) as u8).collect();
///     session.push(&Frame::from_luma(LumaView::new(&luma, 112, 96, 112)?))?;
/// }
/// let features = session.finish()?;
/// assert_eq!(features.values().len(), 46);
/// assert!(features.get("v_bliinds.motion.coherency")? > 0.0);
/// # Ok::<(), dream_features::Error>(())
/// ```
///
/// # Reference
/// Saad, Bovik, Charrier, "Blind prediction of natural video quality", IEEE Transactions on Image Processing 23(3),
/// 2014; Mittal, Soundararajan, Bovik, "Making a completely blind image quality analyzer", IEEE SPL 20(3), 2013.
#[doc(alias = "V-BLIINDS")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VBliinds {
    /// How exactly flat areas are treated.
    pub flat_areas: FlatAreas,
    /// Keep NaN where the reference has it, instead of a counted 0. A frame below 96x96 has no naturalness, for
    /// example.
    pub keep_undefined: bool,
}

impl VBliinds {
    /// Number of features.
    pub const DIM: usize = NIQE + MOTION.len();

    /// Starts a session that also keeps intermediate results. Memory then grows with the length of the video.
    ///
    /// # Errors
    /// Same as [`VideoSpec::consecutive`].
    pub fn trace(&self, spec: VideoSpec) -> Result<VBliindsSession> {
        let mut session = VBliindsSession::new(*self, spec)?;
        session.trace = Some(Trace::default());
        Ok(session)
    }
}

impl VideoFeatures for VBliinds {
    fn layout(&self) -> &FeatureLayout {
        static LAYOUT: OnceLock<FeatureLayout> = OnceLock::new();
        LAYOUT.get_or_init(|| {
            let motion = MOTION.map(|(name, meaning)| (format!("v_bliinds.{name}"), meaning.to_owned()));
            let mut features = niqe::features("v_bliinds.", "blocks and frames");
            let meaning = "distance of these 36 from those of pristine frames, mean over frames";
            features.push(("v_bliinds.niqe.distance".to_owned(), meaning.to_owned()));
            FeatureLayout::from_distinct(features.into_iter().chain(motion))
        })
    }

    fn recipe(&self) -> Recipe {
        let recipe = Recipe::new("v-bliinds", 1).with("flat_areas", self.flat_areas.word());
        let recipe = recipe.with("undefined", layout::undefined(self.keep_undefined));
        recipe.with("frames", "own").with("pooling", "own")
    }

    /// # Errors
    /// Same as [`VideoSpec::consecutive`].
    fn start(&self, spec: VideoSpec) -> Result<Box<dyn VideoSession>> {
        Ok(Box::new(VBliindsSession::new(*self, spec)?))
    }
}

/// Intermediate results of a session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// Frame number and its 37 values of spatial naturalness, from the sixth frame on, including the last five.
    pub niqe: Vec<(u64, [f64; NIQE])>,
    /// The statistics of each pair of frames.
    pub pairs: Vec<PairStatistics>,
    /// The nine motion and spectral features before the logarithm.
    pub raw: [f64; 9],
}

/// One video being processed by [`VBliinds`].
#[derive(Debug)]
pub struct VBliindsSession {
    options: VBliinds,
    intake: Intake,
    niqe: Naturalness,
    pair: Pair,
    seen: u64,
    /// Values of frames that count once five frames have followed them.
    pending: VecDeque<[f64; NIQE]>,
    sum: [f64; NIQE],
    counted: u64,
    compensated: Change,
    plain: Change,
    /// Sums of the logarithms of the band ratios, and of the coherency.
    logs: [f64; 5],
    coherency: f64,
    distance: f64,
    mode: f64,
    pairs: u64,
    trace: Option<Trace>,
}

impl VBliindsSession {
    fn new(options: VBliinds, spec: VideoSpec) -> Result<Self> {
        let spec = spec.consecutive("v-bliinds")?;
        Ok(Self {
            options,
            intake: Intake::new(spec, Channels::Luma)?,
            niqe: Naturalness::new(niqe::Model::frames(), (spec.width, spec.height), options.flat_areas),
            pair: Pair::default(),
            seen: 0,
            pending: VecDeque::new(),
            sum: [0.0; NIQE],
            counted: 0,
            compensated: Change::default(),
            plain: Change::default(),
            logs: [0.0; 5],
            coherency: 0.0,
            distance: 0.0,
            mode: 0.0,
            pairs: 0,
            trace: None,
        })
    }

    fn take(&mut self, frame: &Frame<'_>) {
        // The naturalness of the first frames does not count.
        let wanted = self.seen >= ENDS;
        let mut values = [f64::NAN; NIQE];
        let naturalness = |niqe: &mut Naturalness, values: &mut [f64; NIQE]| {
            if wanted {
                *values = niqe.frame(frame);
            }
        };
        let Self { niqe, pair, .. } = self;
        if pair.push(frame) {
            pair.run(|| naturalness(niqe, &mut values));
            self.count_pair();
        } else {
            naturalness(niqe, &mut values);
        }
        if wanted {
            if let Some(trace) = &mut self.trace {
                trace.niqe.push((self.seen, values));
            }
            self.pending.push_back(values);
        }
        self.seen += 1;
        if self.pending.len() as u64 > ENDS
            && let Some(values) = self.pending.pop_front()
        {
            for (sum, value) in self.sum.iter_mut().zip(values) {
                *sum += value;
            }
            self.counted += 1;
        }
    }

    fn count_pair(&mut self) {
        let pair = &self.pair;
        self.compensated.add(pair.residual_deviation);
        self.plain.add(pair.mean_dc());
        for (log, ratio) in self.logs.iter_mut().zip(pair.ratios()) {
            *log += libm::log(ratio);
        }
        self.coherency += pair.mean_coherency();
        self.distance += (pair.mean - pair.mode).abs();
        self.mode += pair.mode;
        self.pairs += 1;
        if let Some(trace) = &mut self.trace {
            trace.pairs.push(pair.statistics());
        }
    }

    /// The nine motion and spectral features before the logarithm.
    fn raw(&self) -> [f64; 9] {
        let pairs = self.pairs as f64;
        let mut raw = [0.0; 9];
        raw[0] = self.compensated.mean();
        raw[1] = self.plain.mean();
        for (out, log) in raw.iter_mut().skip(2).zip(self.logs) {
            *out = libm::exp(log / pairs);
        }
        raw[7] = self.coherency / pairs;
        raw[8] = self.distance / pairs / (1.0 + self.mode / pairs);
        raw
    }

    /// Returns the features of all pushed frames, and the intermediate results if the session is traced.
    ///
    /// # Errors
    /// Same as [`VideoSession::finish`].
    pub fn finish_traced(self) -> Result<(FeatureVector, Trace)> {
        self.intake.complete()?;
        let (vector, raw) = (self.peek()?, self.raw());
        Ok((vector, Trace { raw, ..self.trace.unwrap_or_default() }))
    }
}

impl VideoSession for VBliindsSession {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
    }

    fn push(&mut self, frame: &Frame<'_>) -> Result<()> {
        self.intake.push(frame)?;
        self.take(frame);
        Ok(())
    }

    fn skip(&mut self) {
        self.intake.skip(true);
    }

    /// # Errors
    /// [`Error::TooFewFrames`] with fewer than 4 frames. With fewer than 11 frames, naturalness is undefined.
    fn peek(&self) -> Result<FeatureVector> {
        if self.seen < LEAST {
            return Err(Error::TooFewFrames { min: LEAST, found: self.seen });
        }
        let naturalness = self.sum.iter().map(|sum| sum / self.counted as f64);
        let mut values: Vec<f64> = naturalness.chain(self.raw().map(libm::log1p)).collect();
        let replaced = if self.options.keep_undefined { 0 } else { sanitise(&mut values) };
        let (recipe, layout) = (self.intake.recipe(&self.options.recipe()), self.options.layout().clone());
        let vector = FeatureVector::new(recipe, layout, values, replaced, self.seen)?;
        Ok(vector.with_short(self.counted == 0))
    }
}

/// Mean absolute change of a value from pair to pair.
#[derive(Debug, Default)]
struct Change {
    last: Option<f64>,
    sum: f64,
    changes: u64,
}

impl Change {
    fn add(&mut self, value: f64) {
        if let Some(last) = self.last.replace(value) {
            self.sum += (value - last).abs();
            self.changes += 1;
        }
    }

    fn mean(&self) -> f64 {
        self.sum / self.changes as f64
    }
}
