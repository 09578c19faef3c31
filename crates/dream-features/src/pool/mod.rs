//! Pools the features of frames into one vector per video.
//!
//! Papers differ in which frames they use and how they combine the features, and the results differ accordingly. Both
//! must therefore be stated, and there is no default.

mod running;
mod sampling;
mod window;

pub use sampling::Sampling;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::extract::{ImageFeatures, VideoFeatures, VideoSession, VideoSpec};
use crate::frame::Frame;
use crate::intake::Intake;
use crate::layout::{FeatureLayout, FeatureVector, sanitise};
use crate::recipe::Recipe;
use crate::workspace::Workspace;
use running::Running;
use sampling::Sampler;
pub(crate) use window::Windows;

/// How the features of the sampled frames become those of the video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// Mean over the sampled frames: as many features as the image has (`.mean`).
    Mean,
    /// Mean and standard deviation (N - 1) over all sampled frames: twice as many features (`.mean`, then `.std`;
    /// deviation 0 for a single frame). This is how the DFGC-VRA starter kit pools its deep features.
    MeanStd,
    /// Mean and standard deviation (N - 1) inside windows, each averaged over the windows: twice as many
    /// features (`.mean`, then `.std`).
    ///
    /// With `b = max(floor(round(fps) / 2), 1)`, a window has `b + 1` sampled frames, and neighbouring windows share
    /// one. Frames at the end that do not fill a window are left out. When no window is filled, all sampled frames form
    /// one window (deviation 0 for a single frame).
    WindowedMeanStd,
}

impl Statistic {
    /// As a recipe says it.
    const fn word(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::MeanStd => "mean-std",
            Self::WindowedMeanStd => "windowed-mean-std",
        }
    }
}

/// Which frames to sample, and which statistic to compute over them.
///
/// # Example
/// ```
/// use dream_features::{Pooling, Sampling, Statistic};
///
/// let every_tenth = Pooling { sampling: Sampling::Every { step: 10 }, statistic: Statistic::Mean };
/// assert_ne!(every_tenth, Pooling::one_per_second());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pooling {
    /// Which frames are sampled.
    pub sampling: Sampling,
    /// What is computed over them.
    pub statistic: Statistic,
}

impl Pooling {
    /// One frame per second, mean: the 36 BRISQUE features per video of the BVQA benchmark.
    ///
    /// # Reference
    /// Tu et al., "UGC-VQA: Benchmarking blind video quality assessment for user generated content", TIP 2021.
    #[must_use]
    pub const fn one_per_second() -> Self {
        Self { sampling: Sampling::PerSecond { frames: 1.0 }, statistic: Statistic::Mean }
    }

    /// One frame per second, mean and deviation over all of them: how the DFGC-VRA starter kit pools its deep features.
    ///
    /// # Reference
    /// Peng et al., "DFGC-VRA: DeepFake Game Competition on Visual Realism Assessment", IJCB 2023, starter kit.
    #[must_use]
    pub const fn starter_kit() -> Self {
        Self { sampling: Sampling::PerSecond { frames: 1.0 }, statistic: Statistic::MeanStd }
    }

    /// Every second frame, mean and deviation in windows of about a second: the 72, 80 and 432 features of
    /// VIDEVAL's feature-fusion scripts.
    ///
    /// # Reference
    /// Tu et al., "UGC-VQA", TIP 2021; VIDEVAL release, feature-fusion scripts.
    #[must_use]
    pub const fn feature_fusion() -> Self {
        Self { sampling: Sampling::FeatureFusion, statistic: Statistic::WindowedMeanStd }
    }
}

/// An image extractor and a pooling. Together they form a video extractor. Cheap to clone.
///
/// [`Sampling::FeatureFusion`] needs consecutive frames; with the others, the vectors of a thinned source say
/// `source=thinned`.
///
/// Memory: the extractor's workspace for one frame, plus the features of at most three frames (mean) or one window
/// (windowed).
///
/// # Example
/// ```
/// use dream_features::{Brisque, Frame, LumaView, Pooled, Pooling, VideoFeatures, VideoSpec};
///
/// let extractor = Pooled::new(Brisque::default(), Pooling::one_per_second())?;
/// let mut session = extractor.start(VideoSpec::new(32, 24, 25.0))?;
/// for t in 0..50u32 {
///     let luma: Vec<u8> = (0..32 * 24).map(|i| ((i * 37 + t * 11) ^ (i / 32 * 91)) as u8).collect();
///     session.push(&Frame::from_luma(LumaView::new(&luma, 32, 24, 32)?))?;
/// }
/// let features = session.finish()?;
/// assert_eq!(features.layout().names()[0], "brisque.s1.ggd.shape.mean");
/// assert_eq!(features.frames(), 2);
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug)]
pub struct Pooled<E> {
    extractor: Arc<E>,
    pooling: Pooling,
    layout: FeatureLayout,
}

impl<E> Clone for Pooled<E> {
    fn clone(&self) -> Self {
        let Self { extractor, pooling, layout } = self;
        Self { extractor: Arc::clone(extractor), pooling: *pooling, layout: layout.clone() }
    }
}

impl<E: ImageFeatures> Pooled<E> {
    /// Pools `extractor` over time.
    ///
    /// # Errors
    /// [`Error::Config`] when the sampling has a step of 0 or a rate that is not above 0.
    pub fn new(extractor: E, pooling: Pooling) -> Result<Self> {
        pooling.sampling.check()?;
        let suffixes: &[(&str, &str)] = match pooling.statistic {
            Statistic::Mean => &[("mean", "mean over frames")],
            Statistic::MeanStd => &[("mean", "mean over frames"), ("std", "standard deviation over frames")],
            Statistic::WindowedMeanStd => {
                &[("mean", "mean over frames"), ("std", "standard deviation inside windows of a second")]
            }
        };
        let layout = extractor.layout();
        let features = suffixes.iter().flat_map(|(suffix, how)| {
            layout.iter().map(move |(name, meaning)| {
                let meaning = if meaning.is_empty() { String::new() } else { format!("{how}: {meaning}") };
                (format!("{name}.{suffix}"), meaning)
            })
        });
        let layout = FeatureLayout::from_distinct(features);
        Ok(Self { extractor: Arc::new(extractor), pooling, layout })
    }

    /// The image extractor.
    #[must_use]
    pub fn extractor(&self) -> &E {
        &self.extractor
    }

    /// The pooling.
    #[must_use]
    pub const fn pooling(&self) -> Pooling {
        self.pooling
    }
}

impl<E: ImageFeatures + 'static> VideoFeatures for Pooled<E> {
    fn layout(&self) -> &FeatureLayout {
        &self.layout
    }

    fn recipe(&self) -> Recipe {
        let Pooling { sampling, statistic } = self.pooling;
        self.extractor.recipe().with("frames", sampling.word()).with("pooling", statistic.word())
    }

    fn start(&self, spec: VideoSpec) -> Result<Box<dyn VideoSession>> {
        let recipe = self.recipe();
        if self.pooling.sampling == Sampling::FeatureFusion {
            let name = recipe.get("extractor").unwrap_or_default();
            spec.consecutive(&format!("the feature-fusion sampling of {name}"))?;
        }
        let dim = self.extractor.layout().len();
        let statistic = match self.pooling.statistic {
            Statistic::Mean => State::Mean { sum: vec![0.0; dim], count: 0 },
            Statistic::MeanStd => State::MeanStd(Running::new(dim)),
            Statistic::WindowedMeanStd => State::Windowed(Windows::new(dim, spec.frames_per_second)),
        };
        Ok(Box::new(PooledSession {
            extractor: Arc::clone(&self.extractor),
            layout: self.layout.clone(),
            recipe,
            intake: Intake::new(spec, self.extractor.channels())?,
            sampler: Sampler::new(self.pooling.sampling, spec.frames_per_second),
            statistic,
            workspace: Workspace::new(),
            pending: VecDeque::new(),
            spare: Vec::new(),
            stand_in: None,
            seen: 0,
            replaced: 0,
        }))
    }
}

/// The features of one frame, sanitised.
#[derive(Debug, Default)]
struct Row {
    frame: u64,
    values: Vec<f64>,
    replaced: usize,
}

#[derive(Debug, Clone)]
enum State {
    Mean { sum: Vec<f64>, count: u64 },
    MeanStd(Running),
    Windowed(Windows),
}

impl State {
    fn add(&mut self, values: &[f64]) {
        match self {
            Self::Mean { sum, count } => {
                for (sum, value) in sum.iter_mut().zip(values) {
                    *sum += value;
                }
                *count += 1;
            }
            Self::MeanStd(running) => running.add(values),
            Self::Windowed(windows) => windows.add(values),
        }
    }

    /// Number of frames that count so far.
    fn count(&self) -> u64 {
        match self {
            Self::Mean { count, .. } => *count,
            Self::MeanStd(running) => running.count(),
            Self::Windowed(windows) => windows.frames(),
        }
    }

    fn finish(&self) -> Vec<f64> {
        match self {
            Self::Mean { sum, count } => sum.iter().map(|s| s / *count as f64).collect(),
            Self::MeanStd(running) => running.finish(),
            Self::Windowed(windows) => windows.finish(),
        }
    }

    /// Whether windows were requested but none was filled.
    fn short(&self) -> bool {
        matches!(self, Self::Windowed(windows) if windows.windows() == 0)
    }
}

struct PooledSession<E> {
    extractor: Arc<E>,
    layout: FeatureLayout,
    recipe: Recipe,
    intake: Intake,
    sampler: Sampler,
    statistic: State,
    workspace: Workspace,
    /// Rows that count once enough frames have followed them.
    pending: VecDeque<Row>,
    /// Rows available for reuse.
    spare: Vec<Row>,
    /// The first frame, for a video that ends before its first sample.
    stand_in: Option<Row>,
    /// Frames processed or skipped: the number of the next one.
    seen: u64,
    replaced: usize,
}

impl<E: ImageFeatures> PooledSession<E> {
    fn extract(&mut self, frame: &Frame<'_>) -> Result<Row> {
        let mut row = self.spare.pop().unwrap_or_default();
        row.values.resize(self.extractor.layout().len(), 0.0);
        self.extractor.extract_into(frame, &mut self.workspace, &mut row.values)?;
        row.frame = self.seen;
        row.replaced = sanitise(&mut row.values);
        Ok(row)
    }

    fn count(&mut self, row: &Row) {
        self.statistic.add(&row.values);
        self.replaced += row.replaced;
    }

    fn wants(&self) -> bool {
        self.sampler.wants(self.seen) || self.seen == 0 && self.sampler.needs_stand_in()
    }

    /// Moves to the next frame, and counts the rows that have waited long enough.
    fn advance(&mut self) {
        self.sampler.pass(self.seen);
        self.seen += 1;
        let delay = self.sampler.delay();
        while self.pending.front().is_some_and(|row| row.frame + delay < self.seen) {
            if let Some(row) = self.pending.pop_front() {
                self.count(&row);
                self.spare.push(row);
            }
        }
    }
}

impl<E: ImageFeatures> VideoSession for PooledSession<E> {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
    }

    fn wants_next(&self) -> bool {
        self.intake.answer(self.wants())
    }

    fn push(&mut self, frame: &Frame<'_>) -> Result<()> {
        self.intake.push(frame)?;
        if self.sampler.wants(self.seen) {
            let row = self.extract(frame)?;
            self.pending.push_back(row);
        } else if self.wants() {
            self.stand_in = Some(self.extract(frame)?);
        }
        self.advance();
        Ok(())
    }

    fn skip(&mut self) {
        self.intake.skip();
        self.advance();
    }

    fn peek(&self) -> Result<FeatureVector> {
        let (mut statistic, mut replaced) = (Cow::Borrowed(&self.statistic), self.replaced);
        if let Some(row) = self.stand_in.as_ref().filter(|_| self.statistic.count() == 0) {
            statistic.to_mut().add(&row.values);
            replaced += row.replaced;
        }
        let frames = statistic.count();
        if frames == 0 {
            return Err(Error::TooFewFrames { min: self.sampler.delay() + 1, found: self.seen });
        }
        let (recipe, layout) = (self.intake.recipe(&self.recipe), self.layout.clone());
        let vector = FeatureVector::new(recipe, layout, statistic.finish(), replaced, frames)?;
        Ok(vector.with_short(statistic.short()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::LumaView;

    /// The mean code of a frame, and a value that is never defined.
    struct MeanCode(FeatureLayout);

    impl ImageFeatures for MeanCode {
        fn layout(&self) -> &FeatureLayout {
            &self.0
        }
        fn recipe(&self) -> Recipe {
            Recipe::new("mean-code", 1)
        }
        fn extract_into(&self, frame: &Frame<'_>, _: &mut Workspace, out: &mut [f64]) -> Result<()> {
            let plane = frame.luma_plane();
            out[0] = plane.data().iter().sum::<f64>() / plane.data().len() as f64;
            out[1] = f64::NAN;
            Ok(())
        }
    }

    /// Pools frames whose mean code is their number.
    fn pool(pooling: Pooling, fps: f64, frames: u8) -> Result<FeatureVector> {
        let pooled = Pooled::new(MeanCode(FeatureLayout::new(["code", "undefined"])?), pooling)?;
        let mut session = pooled.start(VideoSpec::new(2, 1, fps))?;
        for t in 0..frames {
            if session.wants_next() || t % 3 == 0 {
                session.push(&Frame::from_luma(LumaView::new(&[t; 2], 2, 1, 2)?))?;
            } else {
                session.skip();
            }
        }
        session.finish()
    }

    #[test]
    fn one_frame_a_second_is_the_mean_of_the_benchmark_frames() {
        let features = pool(Pooling::one_per_second(), 30.0, 100).unwrap();
        assert_eq!(features.layout().names(), ["code.mean", "undefined.mean"]);
        assert_eq!(features.values(), [(14.0 + 44.0 + 74.0) / 3.0, 0.0]);
        assert_eq!((features.frames(), features.replaced()), (3, 3));
    }

    #[test]
    fn a_video_that_ends_before_its_first_sample_is_its_first_frame() {
        let features = pool(Pooling::one_per_second(), 30.0, 14).unwrap();
        assert_eq!((features.values()[0], features.frames(), features.replaced()), (0.0, 1, 1));
        assert_eq!(pool(Pooling::one_per_second(), 30.0, 15).unwrap().values()[0], 14.0);
        let none = pool(Pooling::one_per_second(), 30.0, 0).unwrap_err();
        assert_eq!(none, Error::TooFewFrames { min: 1, found: 0 });
    }

    #[test]
    fn windows_share_a_frame_and_drop_the_rest() {
        // 24 frames: 0, 2, .., 18 are sampled. At 8 fps a window is 5 samples: 0..=8 and 8..=16; 18 is left out.
        let features = pool(Pooling::feature_fusion(), 8.0, 24).unwrap();
        assert_eq!(features.layout().names()[2], "code.std");
        assert_eq!(features.values()[0], (4.0 + 12.0) / 2.0);
        assert!((features.values()[2] - 10f64.sqrt()).abs() < 1e-15);
        assert_eq!(features.frames(), 9);
        // 8 frames: 0 and 2 are sampled and fill no window.
        let short = pool(Pooling::feature_fusion(), 8.0, 8).unwrap();
        assert_eq!((short.values()[0], short.frames()), (1.0, 2));
        assert!(short.short() && !features.short());
        assert!((short.values()[2] - 2f64.sqrt()).abs() < 1e-15);
        let single = pool(Pooling::feature_fusion(), 8.0, 6).unwrap();
        assert_eq!((single.values()[0], single.values()[2]), (0.0, 0.0));
        let none = pool(Pooling::feature_fusion(), 8.0, 5).unwrap_err();
        assert_eq!(none, Error::TooFewFrames { min: 6, found: 5 });
    }

    #[test]
    fn mean_and_deviation_over_the_whole_video() {
        let features = pool(Pooling::starter_kit(), 30.0, 100).unwrap();
        assert_eq!(features.layout().names(), ["code.mean", "undefined.mean", "code.std", "undefined.std"]);
        assert_eq!(features.values(), [44.0, 0.0, 30.0, 0.0]);
        let single = pool(Pooling::starter_kit(), 30.0, 20).unwrap();
        assert_eq!((single.values(), single.frames()), (&[14.0, 0.0, 0.0, 0.0][..], 1));
    }

    #[test]
    fn bad_input_is_an_error() {
        let layout = || MeanCode(FeatureLayout::new(["code", "undefined"]).unwrap());
        for sampling in [Sampling::Every { step: 0 }, Sampling::PerSecond { frames: f64::NAN }] {
            let pooling = Pooling { sampling, statistic: Statistic::Mean };
            assert!(matches!(Pooled::new(layout(), pooling), Err(Error::Config { .. })));
        }
        let pooled = Pooled::new(layout(), Pooling::one_per_second()).unwrap();
        for frames_per_second in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(pooled.start(VideoSpec::new(1, 1, frames_per_second)).is_err());
        }
        let mut session = pooled.start(VideoSpec::new(1, 1, 1.0)).unwrap();
        let frame = Frame::from_luma(LumaView::new(&[0; 2], 2, 1, 2).unwrap());
        assert!(matches!(session.push(&frame), Err(Error::FrameSize { found_width: 2, .. })));
    }
}
