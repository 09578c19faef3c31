//! What is said of one video, in every format.

use anyhow::Result;
use dream_data::{Assumption, PixelRect};
use serde::Serialize;

use crate::args::typed;
use crate::methods::{About, Judgement};
use crate::print::message;
use crate::score::Scored;

/// What came of one video.
pub(crate) struct Outcome {
    pub(crate) file: String,
    pub(crate) scored: Result<Scored>,
}

impl Outcome {
    /// The score; below all scores when there is none.
    pub(crate) fn score(&self) -> f64 {
        self.scored.as_ref().ok().and_then(|scored| scored.judgement.score).unwrap_or(f64::NEG_INFINITY)
    }
}

/// A row of CSV, or a video in JSON.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Row {
    pub(super) file: String,
    pub(super) score: Option<f64>,
    /// Ends of the interval and its nominal probability.
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) level: Option<f64>,
    pub(super) grade: Option<&'static str>,
    /// Whether the video is like those of the training, and its distance from them.
    familiar: Option<bool>,
    distance: Option<f64>,
    pub(super) frames_used: Option<u64>,
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) frames_per_second: Option<f64>,
    pub(super) seconds: Option<f64>,
    decoder: Option<&'static str>,
    exact: Option<bool>,
    /// What was settled about the video without asking, each with its kind in front.
    assumptions: Option<String>,
    model: String,
    accuracy: Option<String>,
    measures: String,
    /// SHA-256 of the weights that came from a file.
    checkpoint: Option<String>,
    /// The part that was taken for the face, in pixels; in JSON and CSV a number a field.
    #[serde(skip)]
    pub(super) face: Option<PixelRect>,
    face_left: Option<usize>,
    face_top: Option<usize>,
    face_width: Option<usize>,
    face_height: Option<usize>,
    face_source: Option<&'static str>,
    /// Frames with a face, of those that were looked at for one.
    face_found: Option<usize>,
    face_looked: Option<u64>,
    /// What would happen, or happened, without a face.
    no_face: Option<String>,
    /// Descriptions closest to the video, with their cosines.
    pub(super) nearest: Option<String>,
    /// The score holds, but not for all of the video or not as firmly.
    warning: Option<String>,
    error: Option<String>,
    /// The options that the row depends on.
    settings: String,
    #[serde(skip)]
    pub(crate) whole: bool,
}

impl Row {
    pub(crate) fn new(outcome: Outcome, about: &About, settings: &str) -> Self {
        let (scored, error) = match outcome.scored {
            Ok(scored) => (Some(scored), None),
            Err(error) => (None, Some(message(&error, typed))),
        };
        let judgement: Judgement = scored.as_ref().map(|s| s.judgement.clone()).unwrap_or_default();
        let (face, scored) = (judgement.face, scored.as_ref());
        let (part, found) = (face.and_then(|f| f.part), face.and_then(|f| f.found));
        let damage = scored.and_then(|s| s.damage.clone());
        let whole = scored.is_some() && damage.is_none();
        let warning = damage.into_iter().chain(judgement.warnings.clone()).collect::<Vec<_>>().join("; ");
        Self {
            file: outcome.file,
            score: judgement.score,
            low: judgement.interval.map(|i| i.low),
            high: judgement.interval.map(|i| i.high),
            level: judgement.interval.map(|i| i.level),
            grade: judgement.grade.map(|grade| grade.word()),
            familiar: judgement.familiarity.map(|f| f.is_familiar()),
            distance: judgement.familiarity.map(|f| f.distance),
            frames_used: scored.map(|s| s.judgement.frames_used),
            width: scored.map(|s| s.width),
            height: scored.map(|s| s.height),
            frames_per_second: scored.map(|s| s.frames_per_second),
            seconds: scored.map(|s| s.seconds),
            decoder: scored.map(|s| s.decoder),
            exact: scored.map(|s| s.exact),
            assumptions: scored.map(|s| join(&s.assumptions)).filter(|text| !text.is_empty()),
            model: about.model.clone(),
            accuracy: about.accuracy.clone(),
            measures: about.measures.clone(),
            checkpoint: about.checkpoint.as_ref().map(|c| c.sha256.clone()),
            face: part,
            face_left: part.map(|part| part.left),
            face_top: part.map(|part| part.top),
            face_width: part.map(|part| part.width),
            face_height: part.map(|part| part.height),
            face_source: face.map(|f| f.source),
            face_found: found.map(|(found, _)| found),
            face_looked: found.map(|(_, looked)| looked),
            no_face: about.checkpoint.as_ref().map(|c| c.no_face.clone()),
            nearest: nearest(&judgement),
            warning: (!warning.is_empty()).then_some(warning),
            error,
            settings: settings.to_owned(),
            whole,
        }
    }

    /// What the table says beside the numbers.
    pub(super) fn notes(&self) -> Vec<String> {
        let failed = self.error.as_ref().map(|error| format!("failed: {error}"));
        let parts = [failed, self.warning.clone(), self.assumptions.clone()];
        parts.into_iter().flatten().collect()
    }

    /// The names of the columns.
    pub(crate) fn header() -> Result<Vec<String>> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.serialize(Self::default())?;
        let text = csv.into_inner()?;
        Ok(csv::Reader::from_reader(text.as_slice()).headers()?.iter().map(str::to_owned).collect())
    }
}

fn join(assumptions: &[Assumption]) -> String {
    assumptions.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// One line per description.
fn nearest(judgement: &Judgement) -> Option<String> {
    let lines: Vec<String> =
        judgement.nearest.iter().map(|(cosine, text)| format!("{cosine:.4}  {text}")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
