//! Mean opinions, their spread, and the SOS parameter.

use anyhow::{Context, Result, ensure};
use dream_data::annotation::{Ddof, Histogram, Opinion, RatingTable, Tally};
use dream_eval::{Bca, Interval, Summary, median, sos_parameter_on};
use serde::Serialize;

/// Half of a 95 % interval of a normal distribution, in standard errors.
const Z: f64 = 1.96;
const BINS: usize = 20;

/// The raters' opinion of a clip.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ClipOpinion {
    pub(crate) clip: String,
    pub(crate) opinions: usize,
    pub(crate) mos: f64,
    pub(crate) sos_ddof0: Option<f64>,
    /// None for a clip with one opinion.
    pub(crate) sos_ddof1: Option<f64>,
}

/// The distribution of values.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Spread {
    pub(crate) mean: f64,
    pub(crate) std_ddof0: f64,
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
}

/// The SOS parameter with both of its intervals.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SosParameter {
    pub(crate) ddof: usize,
    pub(crate) a: f64,
    pub(crate) standard_error: Option<f64>,
    /// a ± 1.96 standard errors.
    pub(crate) normal95: Option<[f64; 2]>,
    /// BCa bootstrap over the clips; none if a resample has no parameter.
    pub(crate) bootstrap95: Option<[f64; 2]>,
    /// Clips that the fit uses.
    pub(crate) clips: usize,
}

/// The statistics of one set of scores.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Opinions {
    pub(crate) mos: Spread,
    pub(crate) sos_ddof0: Spread,
    pub(crate) sos_ddof1: Spread,
    /// For `ddof` 0 and 1.
    pub(crate) sos_parameter: [SosParameter; 2],
    pub(crate) mos_histogram: Histogram,
    pub(crate) sos_histogram: Histogram,
    pub(crate) clips: Vec<ClipOpinion>,
}

/// How the statistics are computed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub(crate) scale: [f64; 2],
    pub(crate) resamples: usize,
    pub(crate) seed: u64,
}

impl Opinions {
    /// Of scores by rater.
    pub(crate) fn of_table(table: &RatingTable, options: Options) -> Result<Self> {
        let pairs = table.opinions(Ddof::Population)?.into_iter().zip(table.opinions(Ddof::Sample)?);
        let pairs = table.clips().iter().zip(pairs);
        let clips = pairs.map(|(clip, (zero, one))| ClipOpinion::new(clip.as_str(), zero, one));
        Self::new(clips.collect(), options)
    }

    /// Of counted grades.
    pub(crate) fn of_tally(tally: &Tally, options: Options) -> Result<Self> {
        let pairs = tally.opinions(Ddof::Population).zip(tally.opinions(Ddof::Sample));
        let clips = pairs.map(|((clip, zero), (_, one))| ClipOpinion::new(clip.as_str(), zero, one));
        Self::new(clips.collect(), options)
    }

    fn new(clips: Vec<ClipOpinion>, options: Options) -> Result<Self> {
        ensure!(!clips.is_empty(), "there is no score");
        let [low, high] = options.scale;
        let mos: Vec<f64> = clips.iter().map(|clip| clip.mos).collect();
        let zero: Vec<f64> = clips.iter().filter_map(|clip| clip.sos_ddof0).collect();
        let one: Vec<f64> = clips.iter().filter_map(|clip| clip.sos_ddof1).collect();
        ensure!(!one.is_empty(), "no clip has two scores, so there is no spread");
        // No deviation with ddof 0 exceeds half of the scale.
        let widest = (high - low) / 2.0;
        Ok(Self {
            mos: Spread::of(&mos)?,
            sos_ddof0: Spread::of(&zero)?,
            sos_ddof1: Spread::of(&one)?,
            sos_parameter: [
                SosParameter::of(&clips, Ddof::Population, options)?,
                SosParameter::of(&clips, Ddof::Sample, options)?,
            ],
            mos_histogram: Histogram::of(&mos, low, high, BINS)?,
            sos_histogram: Histogram::of(&zero, 0.0, widest, BINS)?,
            clips,
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.clips.iter().map(|clip| clip.opinions).sum()
    }
}

impl ClipOpinion {
    fn new(clip: &str, zero: Opinion, one: Opinion) -> Self {
        let clip = clip.to_owned();
        Self { clip, opinions: zero.count, mos: zero.mos, sos_ddof0: zero.sos, sos_ddof1: one.sos }
    }

    fn sos(&self, ddof: Ddof) -> Option<f64> {
        match ddof {
            Ddof::Population => self.sos_ddof0,
            Ddof::Sample => self.sos_ddof1,
        }
    }
}

impl Spread {
    fn of(values: &[f64]) -> Result<Self> {
        let Summary { mean, std, .. } = Summary::with_ddof(values, 0)?;
        let (min, max) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
        Ok(Self { mean, std_ddof0: std, min, median: median(values)?, max })
    }
}

impl SosParameter {
    fn of(clips: &[ClipOpinion], ddof: Ddof, options: Options) -> Result<Self> {
        let [low, high] = options.scale;
        let pairs = clips.iter().filter_map(|clip| Some((clip.mos, clip.sos(ddof)?.powi(2))));
        let (mos, variance): (Vec<f64>, Vec<f64>) = pairs.unzip();
        let fit = sos_parameter_on(low..=high, &mos, &variance).context("the SOS parameter")?;
        let half = fit.standard_error.map(|error| Z * error);
        let bca = Bca { resamples: options.resamples, seed: options.seed, ..Bca::default() };
        let a = |mos: &[f64], variance: &[f64]| Ok(sos_parameter_on(low..=high, mos, variance)?.a);
        let ends = |interval: Interval| [interval.low, interval.high];
        Ok(Self {
            ddof: ddof.get(),
            a: fit.a,
            standard_error: fit.standard_error,
            normal95: half.map(|half| [fit.a - half, fit.a + half]),
            bootstrap95: bca.interval(&mos, &variance, a).ok().map(ends),
            clips: fit.count,
        })
    }

    /// The deviation that `a` expects at a mean opinion.
    pub(crate) fn sos_at(a: f64, mos: f64, [low, high]: [f64; 2]) -> f64 {
        (a * (mos - low) * (high - mos)).max(0.0).sqrt()
    }
}
