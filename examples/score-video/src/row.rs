//! A score as a row of numbers and words.

use serde::{Serialize, Serializer};

use crate::methods::About;
use crate::score::{Face, Score, Video};
use crate::traces::Traces;

/// A score as a row of a table, or a flat object of JSON. The names of the fields stay, and new ones come last.
///
/// ```
/// let scorer = score_video::Scorer::embedded()?;
/// let empty = score_video::Row::without_score(scorer.about());
/// assert_eq!((empty.model.as_str(), empty.score), ("videval60-ugc-1", None));
/// # Ok::<(), score_video::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// The score; `None` where there is none, and for traces, which are no score of quality.
    pub score: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Nominal probability of the interval.
    pub level: Option<f64>,
    /// A word for the score.
    pub grade: Option<&'static str>,
    /// Whether the video is like those of the training.
    pub familiar: Option<bool>,
    /// Its distance from them.
    pub distance: Option<f64>,
    /// Frames that the method looked at.
    pub frames_used: Option<u64>,
    /// In pixels.
    pub width: Option<u32>,
    /// In pixels.
    pub height: Option<u32>,
    /// The rate of the video.
    pub frames_per_second: Option<f64>,
    /// Duration.
    pub seconds: Option<f64>,
    /// What decoded it.
    pub decoder: Option<&'static str>,
    /// Whether the frames match the standard bit for bit.
    pub exact: Option<bool>,
    /// What was settled about the video without asking, each with its kind in front.
    pub assumptions: Option<String>,
    /// Name and number of the model.
    pub model: String,
    /// How well scores agree with people.
    pub accuracy: Option<String>,
    /// What a score measures.
    pub measures: String,
    /// SHA-256 of the weights that came from a file.
    pub checkpoint: Option<String>,
    /// The part that was taken for the face, in pixels.
    pub face_left: Option<usize>,
    /// In pixels.
    pub face_top: Option<usize>,
    /// In pixels.
    pub face_width: Option<usize>,
    /// In pixels.
    pub face_height: Option<usize>,
    /// Where it comes from.
    pub face_source: Option<&'static str>,
    /// Frames with a face, of those that were looked at for one.
    pub face_found: Option<usize>,
    /// Frames that were looked at for a face.
    pub face_looked: Option<u64>,
    /// What would happen, or happened, without a face.
    pub no_face: Option<String>,
    /// Descriptions closest to the video, a line each, with their cosines.
    pub nearest: Option<String>,
    /// The score holds, but not for all of the video or not as firmly.
    pub warning: Option<String>,
    /// Traces of a pasted face. Not a cell of a table: as JSON they are an object of their own.
    #[serde(skip)]
    pub traces: Option<Traces>,
}

impl Row {
    /// Whether there is a score, or traces.
    #[must_use]
    pub fn is_scored(&self) -> bool {
        self.score.is_some() || self.traces.is_some()
    }

    /// The row of a video that could not be scored.
    #[must_use]
    pub fn without_score(about: &About) -> Self {
        let checkpoint = about.checkpoint.as_ref();
        Self {
            model: about.model.clone(),
            accuracy: about.accuracy.clone(),
            measures: about.measures.clone(),
            checkpoint: checkpoint.map(|c| c.sha256.clone()),
            no_face: checkpoint.map(|c| c.no_face.clone()),
            ..Self::default()
        }
    }

    /// The same row with what is known about the video.
    #[must_use]
    pub fn with_video(self, video: &Video) -> Self {
        let assumptions: Vec<String> = video.assumptions.iter().map(ToString::to_string).collect();
        Self {
            width: Some(video.width),
            height: Some(video.height),
            frames_per_second: Some(video.frames_per_second),
            seconds: Some(video.seconds),
            decoder: Some(video.decoder),
            exact: Some(video.exact),
            assumptions: (!assumptions.is_empty()).then(|| assumptions.join("; ")),
            ..self
        }
    }

    /// The same row with the part that was taken for the face.
    #[must_use]
    pub fn with_face(self, face: Face) -> Self {
        Self {
            face_left: face.part.map(|part| part.left),
            face_top: face.part.map(|part| part.top),
            face_width: face.part.map(|part| part.width),
            face_height: face.part.map(|part| part.height),
            face_source: Some(face.source),
            face_found: face.found.map(|(found, _)| found),
            face_looked: face.found.map(|(_, looked)| looked),
            ..self
        }
    }
}

impl From<&Score> for Row {
    fn from(score: &Score) -> Self {
        let row = Self {
            score: score.traces.is_none().then_some(score.score),
            traces: score.traces.clone(),
            low: score.interval.map(|interval| interval.low),
            high: score.interval.map(|interval| interval.high),
            level: score.interval.map(|interval| interval.level),
            grade: score.grade.map(|grade| grade.word()),
            familiar: score.familiarity.map(|familiarity| familiarity.is_familiar()),
            distance: score.familiarity.map(|familiarity| familiarity.distance),
            frames_used: Some(score.frames_used),
            nearest: nearest(&score.nearest),
            warning: (!score.warnings.is_empty()).then(|| score.warnings.join("; ")),
            ..Self::without_score(&score.about).with_video(&score.video)
        };
        match score.face {
            Some(face) => row.with_face(face),
            None => row,
        }
    }
}

/// As [`Row`], with the traces.
impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct WithTraces<'a> {
            #[serde(flatten)]
            row: Row,
            #[serde(skip_serializing_if = "Option::is_none")]
            traces: Option<&'a Traces>,
        }
        WithTraces { row: Row::from(self), traces: self.traces.as_ref() }.serialize(serializer)
    }
}

/// One line per description.
fn nearest(found: &[(f64, String)]) -> Option<String> {
    let lines: Vec<String> = found.iter().map(|(cosine, text)| format!("{cosine:.4}  {text}")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
