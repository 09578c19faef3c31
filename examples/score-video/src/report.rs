//! The result as a table, JSON or CSV. Nothing in it depends on the time it took or the number of threads.

use std::io::{Result, Write};
use std::time::Duration;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::args::{Args, Format};
use crate::method::About;
use crate::score::{Scored, Scorer};

/// What came of one input.
pub(crate) struct Row {
    pub(crate) file: String,
    pub(crate) outcome: anyhow::Result<Scored>,
}

impl Row {
    /// The score; below all scores when there is none.
    pub(crate) fn score(&self) -> f64 {
        self.outcome.as_ref().map_or(f64::NEG_INFINITY, |scored| scored.judgement.score)
    }
}

/// Everything that is printed.
#[derive(Serialize)]
pub(crate) struct Report {
    measures: String,
    scale: String,
    model: String,
    /// Agreement with people.
    accuracy: Option<String>,
    intervals: Option<String>,
    sampling: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    crop: Option<[f64; 4]>,
    videos: Vec<Video>,
}

#[derive(Serialize)]
struct Video {
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
    model: String,
    accuracy: Option<String>,
    measures: String,
    /// The score holds, but not for all of the video or not as firmly.
    warning: Option<String>,
    error: Option<String>,
    #[serde(skip)]
    whole: bool,
}

impl Video {
    fn new(row: Row, about: &About) -> Self {
        let (scored, error) = match row.outcome {
            Ok(scored) => (Some(scored), None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        let scored = scored.as_ref();
        let judgement = scored.map(|s| &s.judgement);
        let interval = judgement.and_then(|j| j.interval);
        let familiarity = judgement.and_then(|j| j.familiarity);
        let damage = scored.and_then(|s| s.damage.clone());
        let whole = scored.is_some() && damage.is_none();
        let doubts = judgement.into_iter().flat_map(|j| j.warnings.iter().cloned());
        let warning = damage.into_iter().chain(doubts).collect::<Vec<_>>().join("; ");
        Self {
            file: row.file,
            score: judgement.map(|j| j.score),
            low: interval.map(|i| i.low),
            high: interval.map(|i| i.high),
            level: interval.map(|i| i.level),
            grade: judgement.and_then(|j| j.grade).map(|grade| grade.word()),
            familiar: familiarity.map(|f| f.is_familiar()),
            distance: familiarity.map(|f| f.distance),
            frames_used: judgement.map(|j| j.frames_used),
            width: scored.map(|s| s.width),
            height: scored.map(|s| s.height),
            frames_per_second: scored.map(|s| s.frames_per_second),
            seconds: scored.map(|s| s.seconds),
            decoder: scored.map(|s| s.decoder),
            exact: scored.map(|s| s.exact),
            model: about.model.clone(),
            accuracy: about.accuracy.clone(),
            measures: about.measures.clone(),
            warning: (!warning.is_empty()).then_some(warning),
            error,
            whole,
        }
    }

    /// What the table says beside the numbers.
    fn note(&self) -> String {
        let parts = [self.error.as_ref().map(|error| format!("failed: {error}")), self.warning.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

impl Report {
    pub(crate) fn new(scorer: &Scorer, args: &Args, rows: Vec<Row>) -> Self {
        let about = scorer.method.about();
        let videos = rows.into_iter().map(|row| Video::new(row, &about)).collect();
        let About { model, measures, scale, accuracy, intervals, sampling } = about;
        let crop = args.crop.map(|crop| crop.corners());
        Self { measures, scale, model, accuracy, intervals, sampling, crop, videos }
    }

    pub(crate) fn all_good(&self) -> bool {
        self.videos.iter().all(|video| video.whole)
    }

    pub(crate) fn print(&self, format: Format, out: &mut dyn Write) -> Result<()> {
        match format {
            Format::Table => writeln!(out, "{}", self.table()),
            Format::Json => {
                serde_json::to_writer_pretty(&mut *out, self)?;
                writeln!(out)
            }
            Format::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                for video in &self.videos {
                    csv.serialize(video)?;
                }
                csv.flush()
            }
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let noted = self.videos.iter().any(|video| !video.note().is_empty());
        let level = self.videos.iter().find_map(|video| video.level);
        let interval = level.map_or_else(String::new, |level| format!("{:.0} %", 100.0 * level));
        let header = ["video", "score", &interval, "", "frames used", "size", "frames/s", "seconds", "note"];
        let shown = if noted { header.len() } else { header.len() - 1 };
        table.set_header(header.into_iter().take(shown));
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
                video.frames_used.map_or("-".to_owned(), |n| n.to_string()),
                video.width.zip(video.height).map_or("-".to_owned(), |(w, h)| format!("{w}x{h}")),
                number(video.frames_per_second),
                number(video.seconds),
                video.note(),
            ];
            table.add_row(cells.into_iter().take(shown));
        }
        for column in [1, 4, 5, 6, 7] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }

    /// What the numbers of the table mean, and how long they took.
    pub(crate) fn explain(&self, demo: bool, took: Duration, out: &mut dyn Write) -> Result<()> {
        let good = self.videos.iter().filter(|video| video.whole).count();
        writeln!(out, "\nscore   {}", self.scale)?;
        writeln!(out, "        {}", self.measures)?;
        writeln!(out, "model   {}, {}", self.model, self.sampling)?;
        for line in self.accuracy.iter().chain(&self.intervals) {
            writeln!(out, "        {line}")?;
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
