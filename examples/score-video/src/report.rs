//! The result as a table, JSON or CSV. Nothing in it depends on the time it took or the number of threads.

use std::io::{Result, Write};
use std::time::Duration;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use dream_data::{Assumption, PixelRect};
use serde::Serialize;

use crate::args::{Args, typed};
use crate::methods::{About, Judgement, Method};
use crate::print::message;
use crate::score::Scored;

/// What came of one video.
pub(crate) struct Outcome {
    pub(crate) file: String,
    pub(crate) scored: anyhow::Result<Scored>,
}

impl Outcome {
    /// The score; below all scores when there is none.
    pub(crate) fn score(&self) -> f64 {
        self.scored.as_ref().ok().and_then(|scored| scored.judgement.score).unwrap_or(f64::NEG_INFINITY)
    }
}

/// Everything that is printed.
#[derive(Serialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    about: About,
    #[serde(skip_serializing_if = "Option::is_none")]
    crop: Option<[f64; 4]>,
    videos: Vec<Row>,
}

/// A row of CSV, or a video in JSON.
#[derive(Serialize)]
struct Row {
    file: String,
    score: Option<f64>,
    /// Ends of the interval and its nominal probability.
    low: Option<f64>,
    high: Option<f64>,
    level: Option<f64>,
    grade: Option<&'static str>,
    /// Whether the video is like those of the training, and its distance from them.
    familiar: Option<bool>,
    distance: Option<f64>,
    frames_used: Option<u64>,
    width: Option<u32>,
    height: Option<u32>,
    frames_per_second: Option<f64>,
    seconds: Option<f64>,
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
    face: Option<PixelRect>,
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
    nearest: Option<String>,
    /// The score holds, but not for all of the video or not as firmly.
    warning: Option<String>,
    error: Option<String>,
    #[serde(skip)]
    whole: bool,
}

impl Row {
    fn new(outcome: Outcome, about: &About) -> Self {
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
            whole,
        }
    }

    /// What the table says beside the numbers.
    fn note(&self) -> String {
        let failed = self.error.as_ref().map(|error| format!("failed: {error}"));
        let parts = [failed, self.warning.clone(), self.assumptions.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
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

impl Report {
    pub(crate) fn new(method: &dyn Method, args: &Args, outcomes: Vec<Outcome>) -> Self {
        let about = method.about();
        let videos = outcomes.into_iter().map(|outcome| Row::new(outcome, &about)).collect();
        Self { about, crop: args.crop.map(|crop| crop.corners()), videos }
    }

    pub(crate) fn all_good(&self) -> bool {
        self.videos.iter().all(|video| video.whole)
    }

    pub(crate) fn print(&self, args: &Args, out: &mut dyn Write) -> Result<()> {
        if args.json {
            serde_json::to_writer_pretty(&mut *out, self)?;
            return writeln!(out);
        }
        if !args.csv {
            return writeln!(out, "{}", self.table());
        }
        let mut csv = csv::Writer::from_writer(out);
        for video in &self.videos {
            csv.serialize(video)?;
        }
        csv.flush()
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let noted = self.videos.iter().any(|video| !video.note().is_empty());
        let level = self.videos.iter().find_map(|video| video.level);
        let interval = level.map_or_else(String::new, |level| format!("{:.0} %", 100.0 * level));
        let header =
            ["video", "score", &interval, "", "face", "frames used", "size", "frames/s", "seconds", "note"];
        // Columns that are empty in every row are left out.
        let shown = |column: usize| match column {
            2 => level.is_some(),
            4 => self.about.checkpoint.is_some(),
            9 => noted,
            _ => true,
        };
        let keep = |(column, cell)| shown(column).then_some(cell);
        table.set_header(header.into_iter().enumerate().filter_map(keep));
        for video in &self.videos {
            let number = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.2}"));
            let cells = [
                video.file.clone(),
                number(video.score),
                video
                    .low
                    .zip(video.high)
                    .map_or(String::new(), |(low, high)| format!("{low:.1} to {high:.1}")),
                video.grade.unwrap_or_default().to_owned(),
                video.face.map_or("-".to_owned(), |face| face.to_string()),
                video.frames_used.map_or("-".to_owned(), |n| n.to_string()),
                video.width.zip(video.height).map_or("-".to_owned(), |(w, h)| format!("{w}x{h}")),
                number(video.frames_per_second),
                number(video.seconds),
                video.note(),
            ];
            table.add_row(
                cells.into_iter().enumerate().filter_map(|(column, cell)| shown(column).then_some(cell)),
            );
        }
        let numbers = (0..header.len()).filter(|&column| shown(column)).enumerate();
        for (column, _) in numbers.filter(|(_, column)| [1, 4, 5, 6, 7, 8].contains(column)) {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }

    /// What the numbers of the table mean, and how long they took.
    pub(crate) fn explain(&self, demo: bool, took: Duration, out: &mut dyn Write) -> Result<()> {
        let good = self.videos.iter().filter(|video| video.whole && video.score.is_some()).count();
        writeln!(out, "\nscore   {}", self.about.scale)?;
        writeln!(out, "        {}", self.about.measures)?;
        writeln!(out, "model   {}, {}", self.about.model, self.about.sampling)?;
        for line in self.about.accuracy.iter().chain(&self.about.intervals) {
            writeln!(out, "        {line}")?;
        }
        if let Some(checkpoint) = &self.about.checkpoint {
            writeln!(out, "weights {} (SHA-256)", checkpoint.sha256)?;
            writeln!(out, "face    {}; without a face: {}", checkpoint.faces, checkpoint.no_face)?;
            if let Some(line) = &checkpoint.explain {
                writeln!(out, "explain {line}")?;
            }
        }
        for (video, nearest) in self.videos.iter().filter_map(|v| Some((&v.file, v.nearest.as_ref()?))) {
            writeln!(out, "closest to {video}:\n  {}", nearest.replace('\n', "\n  "))?;
        }
        writeln!(out, "scored  {good} of {} whole, in {:.2} s", self.videos.len(), took.as_secs_f64())?;
        if demo {
            writeln!(
                out,
                "\nThis was the built-in demonstration. Your own: score-video clip.mp4 (see --help)"
            )?;
        }
        Ok(())
    }
}
