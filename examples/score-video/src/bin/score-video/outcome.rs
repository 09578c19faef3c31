//! What is said of one video, in every format.

use anyhow::Result;
use dream_data::PixelRect;
use score_video::{About, Error, Row as Scored, Score, Video};
use serde::Serialize;

use crate::args::typed;
use crate::print::message;
use crate::rows;

/// What came of one video.
pub(crate) struct Outcome {
    pub(crate) file: String,
    pub(crate) scored: score_video::Result<Score>,
}

impl Outcome {
    /// The score; below all scores when there is none.
    pub(crate) fn score(&self) -> f64 {
        self.scored.as_ref().map_or(f64::NEG_INFINITY, |score| score.score)
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
        Self { file: outcome.file, scored, error, settings: settings.to_owned(), whole }
    }

    /// The part that was taken for the face.
    pub(crate) fn face(&self) -> Option<PixelRect> {
        let Scored { face_left, face_top, face_width, face_height, .. } = self.scored;
        Some(PixelRect { left: face_left?, top: face_top?, width: face_width?, height: face_height? })
    }

    /// What the table says beside the numbers.
    pub(crate) fn notes(&self) -> Vec<String> {
        let failed = self.error.as_ref().map(|error| format!("failed: {error}"));
        let parts = [failed, self.scored.warning.clone(), self.scored.assumptions.clone()];
        parts.into_iter().flatten().collect()
    }

    /// For CSV, which knows no objects within objects: three records in a row.
    pub(crate) fn record(&self) -> (One<'_>, &Scored, Last<'_>) {
        (
            One { file: &self.file },
            &self.scored,
            Last { error: self.error.as_deref(), settings: &self.settings },
        )
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

/// The last columns.
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
