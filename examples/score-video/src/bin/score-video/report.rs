//! The result as a table or JSON. Nothing in it depends on the time it took or the number of threads.

use std::io::{Result, Write};
use std::time::Duration;

use score_video::{About, ReferenceReport};
use serde::Serialize;

use crate::args::Args;
use crate::outcome::{Outcome, Row};
use crate::print::terminal::{Ink, Terminal};
use crate::table::Table;
use crate::versions;

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
        let videos = if args.network.compare_versions { versions::rank(videos) } else { videos };
        Self { about, crop: args.crop.map(|crop| crop.corners()), videos }
    }

    pub(crate) fn all_good(&self) -> bool {
        self.videos.iter().all(|video| video.whole)
    }

    /// Videos that were scored whole, and all.
    pub(crate) fn counted(&self) -> (usize, usize) {
        let good = self.videos.iter().filter(|video| video.whole && video.scored.is_scored());
        (good.count(), self.videos.len())
    }

    pub(crate) fn json(&self, out: &mut dyn Write) -> Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// All rows at once.
    pub(crate) fn csv(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(out);
        csv.write_record(Row::header()?)?;
        for video in &self.videos {
            csv.serialize(video.record())?;
        }
        Ok(csv.flush()?)
    }

    /// The table, and the notes that have no room in it.
    pub(crate) fn print(&self, terminal: Terminal, out: &mut dyn Write) -> Result<()> {
        let short = |video: &Row| video.notes().join("; ").chars().count() <= SHORT;
        let inside = terminal.width.is_none() && self.videos.iter().all(short);
        let table =
            Table { videos: &self.videos, with_faces: self.about.checkpoint.is_some(), with_notes: inside };
        writeln!(out, "{}", table.fitted(terminal))?;
        if !inside && self.videos.iter().any(|video| !video.notes().is_empty()) {
            writeln!(out)?;
            for video in &self.videos {
                let ink = if video.error.is_some() { Ink::Bad } else { Ink::Doubtful };
                for note in video.notes() {
                    let line = terminal.wrapped(&format!("{}: {note}", video.file), 0);
                    writeln!(out, "{}", terminal.paint(ink, &line))?;
                }
            }
        }
        Ok(())
    }

    /// What the numbers of the table mean, and how long they took.
    pub(crate) fn explain(
        &self,
        demo: bool,
        took: Duration,
        terminal: Terminal,
        out: &mut dyn Write,
    ) -> Result<()> {
        let (good, all) = self.counted();
        let mut lines = Vec::new();
        if self.videos.iter().any(|video| video.scored.is_scored()) {
            self.legend(&mut lines);
        }
        lines.push(("scored", format!("{good} of {all} whole, in {:.2} s", took.as_secs_f64())));
        writeln!(out)?;
        for (label, text) in lines {
            let label = format!("{label:7}");
            writeln!(out, "{} {}", terminal.paint(Ink::Heading, &label), terminal.wrapped(&text, 8))?;
        }
        if demo {
            writeln!(
                out,
                "\nThis was the built-in demonstration. Your own: score-video clip.mp4 (see --help)"
            )?;
        }
        Ok(())
    }

    /// What scores mean.
    fn legend(&self, lines: &mut Vec<(&'static str, String)>) {
        let About { scale, measures, model, sampling, accuracy, intervals, checkpoint, .. } = &self.about;
        let traces = self.videos.iter().any(|video| video.traces.is_some());
        lines.push((if traces { "traces" } else { "score" }, scale.clone()));
        lines.push(("", measures.clone()));
        if self.videos.iter().any(|video| video.comparison.is_some()) {
            lines.push(("rank", versions::READ.to_owned()));
        }
        if let Some(ReferenceReport { file, traces, warnings, .. }) = &self.about.reference {
            let line = std::iter::once(format!("{file}: {traces}")).chain(warnings.iter().cloned());
            lines.push(("against", line.collect::<Vec<_>>().join("; ")));
        }
        lines.push(("model", format!("{model}, {sampling}")));
        let learned = self.about.learned_from.iter().map(|from| format!("learned from {from}"));
        let known = accuracy.iter().chain(intervals).cloned();
        lines.extend(learned.chain(known).map(|line| ("", line)));
        let labels = std::iter::once("limits").chain(std::iter::repeat(""));
        lines.extend(labels.zip(self.about.limits.iter().cloned()));
        if let Some(checkpoint) = checkpoint {
            lines.push(("weights", format!("{} (SHA-256)", checkpoint.sha256)));
            lines.push(("face", format!("{}; without a face: {}", checkpoint.faces, checkpoint.no_face)));
            lines.extend(checkpoint.explain.iter().map(|line| ("explain", line.clone())));
        }
        let nearest =
            self.videos.iter().filter_map(|video| Some((&video.file, video.scored.nearest.as_ref()?)));
        lines.extend(nearest.map(|(video, nearest)| {
            ("closest", format!("to {video}:\n  {}", nearest.replace('\n', "\n  ")))
        }));
    }
}
