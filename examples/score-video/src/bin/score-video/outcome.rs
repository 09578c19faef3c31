//! What is said of one video, in every format.

use anyhow::Result;
use dream_data::PixelRect;
use score_video::{About, Compared, Error, Row as Scored, Score, Traces, Video};
use serde::Serialize;

use crate::flags::typed;
use crate::print::{message, unnamed};
use crate::rows;

/// What came of one video.
pub(crate) struct Outcome {
    pub(crate) file: String,
    pub(crate) scored: score_video::Result<Score>,
}

impl Outcome {
    /// For an order, best first: below all others when there is no score. Fewer traces are better.
    pub(crate) fn score(&self) -> f64 {
        let good = |score: &Score| if score.traces.is_some() { -score.score } else { score.score };
        self.scored.as_ref().map_or(f64::NEG_INFINITY, good)
    }
}

/// A video in JSON, and its row in CSV.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Row {
    pub(crate) file: String,
    #[serde(flatten)]
    pub(crate) scored: Scored,
    pub(crate) error: Option<String>,
    /// The options that the row depends on.
    settings: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) traces: Option<Traces>,
    /// The place among versions of a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comparison: Option<Comparison>,
    #[serde(skip)]
    pub(crate) whole: bool,
}

impl Row {
    pub(crate) fn new(outcome: Outcome, about: &About, settings: &str) -> Self {
        let (mut error, mut whole) = (None, false);
        let scored = match outcome.scored {
            Ok(score) => {
                whole = score.whole;
                Scored::from(&score)
            }
            Err(cause) => match skipped(&cause, about) {
                Some((frames, video, damage)) => {
                    whole = damage.is_none();
                    without_face(about, frames, video, damage)
                }
                None => {
                    error = Some(message(&cause.into(), typed));
                    Scored::without_score(about)
                }
            },
        };
        let (file, settings, traces) = (outcome.file, settings.to_owned(), scored.traces.clone());
        Self { file, scored, error, settings, traces, comparison: None, whole }
    }

    /// The part that was taken for the face.
    pub(crate) fn face(&self) -> Option<PixelRect> {
        let Scored { face_left, face_top, face_width, face_height, .. } = self.scored;
        Some(PixelRect { left: face_left?, top: face_top?, width: face_width?, height: face_height? })
    }

    /// What the table says beside the numbers.
    pub(crate) fn notes(&self) -> Vec<String> {
        let failed = self.error.as_ref().map(|error| format!("failed: {}", unnamed(&self.file, error)));
        let parts = [failed, self.scored.warning.clone(), self.scored.assumptions.clone()];
        parts.into_iter().flatten().collect()
    }

    /// For CSV, which knows no objects within objects: four records in a row.
    pub(crate) fn record(&self) -> (One<'_>, &Scored, Last<'_>, Blend) {
        (
            One { file: &self.file },
            &self.scored,
            Last { error: self.error.as_deref(), settings: &self.settings },
            Blend::of(self),
        )
    }

    /// The difference to the original.
    pub(crate) fn reference(&self) -> Option<&Compared> {
        self.traces.as_ref()?.reference.as_ref()
    }

    /// The names of the columns.
    pub(crate) fn header() -> Result<Vec<String>> {
        rows::header(Self::default().record())
    }
}

/// The first column.
#[derive(Serialize)]
pub(crate) struct One<'a> {
    file: &'a str,
}

/// Where a version stands among the others. Intervals are those of [`crate::versions`].
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Comparison {
    /// From 1: fewest traces.
    pub(crate) rank: usize,
    /// Nominal probability of the intervals.
    pub(crate) level: f64,
    /// Of the traces.
    pub(crate) interval: Option<[f64; 2]>,
    /// Of the difference to the original.
    pub(crate) difference: Option<[f64; 2]>,
}

/// What came after the first columns were fixed: new ones are always last.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Blend {
    traces: Option<f64>,
    percentile: Option<f64>,
    /// `time:traces` of every frame.
    frame_traces: Option<String>,
    above_reference: Option<f64>,
    frames_above: Option<usize>,
    frame_pairs: Option<usize>,
    rank: Option<usize>,
    traces_low: Option<f64>,
    traces_high: Option<f64>,
    above_reference_low: Option<f64>,
    above_reference_high: Option<f64>,
}

impl Blend {
    fn of(row: &Row) -> Self {
        let Some(traces) = &row.traces else { return Self::default() };
        let frames = traces.frames.iter().map(|frame| format!("{}:{}", frame.time, frame.traces));
        let (reference, comparison) = (row.reference(), row.comparison.as_ref());
        let (interval, difference) =
            (comparison.and_then(|found| found.interval), comparison.and_then(|found| found.difference));
        Self {
            traces: Some(traces.mean),
            percentile: Some(traces.percentile),
            frame_traces: Some(frames.collect::<Vec<_>>().join(" ")),
            above_reference: reference.map(|found| found.difference),
            frames_above: reference.map(|found| found.more),
            frame_pairs: reference.map(|found| found.pairs.len()),
            rank: comparison.map(|found| found.rank),
            traces_low: interval.map(|[low, _]| low),
            traces_high: interval.map(|[_, high]| high),
            above_reference_low: difference.map(|[low, _]| low),
            above_reference_high: difference.map(|[_, high]| high),
        }
    }
}

/// The columns after those of the library, but for new ones.
#[derive(Serialize)]
pub(crate) struct Last<'a> {
    error: Option<&'a str>,
    settings: &'a str,
}

/// A video without a face that is to be skipped: frames that were looked at, what is known, and where it is damaged.
fn skipped<'a>(error: &'a Error, about: &About) -> Option<(u64, &'a Video, Option<&'a str>)> {
    let skip = about.checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.no_face == "skip");
    match error {
        Error::NoFace { frames, video } if skip => Some((*frames, video, None)),
        Error::Damaged { damage, cause } => {
            let (frames, video, _) = skipped(cause, about)?;
            Some((frames, video, Some(damage)))
        }
        _ => None,
    }
}

fn without_face(about: &About, frames: u64, video: &Video, damage: Option<&str>) -> Scored {
    let mut row = Scored::without_score(about).with_video(video);
    let skipped = format!("skipped: no face in {frames} frames");
    row.frames_used = Some(0);
    (row.face_source, row.face_found, row.face_looked) = (Some("none"), Some(0), Some(frames));
    row.warning = Some(damage.map_or(skipped.clone(), |damage| format!("{damage}; {skipped}")));
    row
}
