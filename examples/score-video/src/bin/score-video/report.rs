//! The result as a table or JSON. Nothing in it depends on the time it took or the number of threads.

use std::io::{Result, Write};
use std::time::Duration;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::args::Args;
use crate::methods::About;
use crate::row::{Outcome, Row};

/// Letters of a note that has room in the table. If one is longer, all are below it.
const SHORT: usize = 60;

/// Everything that is printed.
#[derive(Serialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    about: About,
    #[serde(skip_serializing_if = "Option::is_none")]
    crop: Option<[f64; 4]>,
    videos: Vec<Row>,
}

impl Report {
    pub(crate) fn new(about: About, args: &Args, settings: &str, outcomes: Vec<Outcome>) -> Self {
        let videos = outcomes.into_iter().map(|outcome| Row::new(outcome, &about, settings)).collect();
        Self { about, crop: args.crop.map(|crop| crop.corners()), videos }
    }

    pub(crate) fn all_good(&self) -> bool {
        self.videos.iter().all(|video| video.whole)
    }

    pub(crate) fn json(&self, out: &mut dyn Write) -> Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// The table, and the notes that have no room in it.
    pub(crate) fn print(&self, out: &mut dyn Write) -> Result<()> {
        let fits = |video: &Row| video.notes().join("; ").chars().count() <= SHORT;
        let inside = self.videos.iter().all(fits);
        writeln!(out, "{}", self.table(inside))?;
        if !inside {
            writeln!(out)?;
            for video in &self.videos {
                video.notes().iter().try_for_each(|note| writeln!(out, "{}: {note}", video.file))?;
            }
        }
        Ok(())
    }

    fn table(&self, with_notes: bool) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let noted = with_notes && self.videos.iter().any(|video| !video.notes().is_empty());
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
                video.notes().join("; "),
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
