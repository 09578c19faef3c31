//! The table for people.

use comfy_table::{CellAlignment, ContentArrangement, Table as Grid, presets};

use crate::outcome::Row;
use crate::print::terminal::{Ink, Terminal, shortened};

/// Letters that a name keeps, whatever else has to go.
const NAME: usize = 24;

/// The columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Rank,
    Video,
    Score,
    Interval,
    Percentile,
    Difference,
    More,
    Grade,
    Face,
    Used,
    Size,
    Rate,
    Seconds,
    Note,
}

use Column::{
    Difference, Face, Grade, Interval, More, Note, Percentile, Rank, Rate, Score, Seconds, Size, Used, Video,
};

const COLUMNS: [Column; 14] = [
    Rank, Video, Score, Interval, Percentile, Difference, More, Grade, Face, Used, Size, Rate, Seconds, Note,
];

/// What a narrow terminal does without first: JSON and CSV have it all.
const DISPENSABLE: [Column; 6] = [Rate, Size, Used, Seconds, Face, Percentile];

pub(crate) struct Table<'a> {
    pub(crate) videos: &'a [Row],
    pub(crate) with_faces: bool,
    pub(crate) with_notes: bool,
}

impl Table<'_> {
    /// The table in the width of a terminal: names lose their middle, and then columns go. Without one it is as wide as
    /// it is.
    pub(crate) fn fitted(&self, terminal: Terminal) -> String {
        let Some(width) = terminal.width else { return self.grid(&[], usize::MAX) };
        let longest = self.videos.iter().map(|video| video.file.chars().count()).max().unwrap_or(0);
        let mut without = 0;
        let table = loop {
            let gone = DISPENSABLE.get(..without).unwrap_or_default();
            let wide = self.grid(gone, usize::MAX);
            let excess = wide.lines().map(|line| line.trim_end().chars().count()).max().unwrap_or(0);
            let room = (longest + width).saturating_sub(excess);
            if room >= longest.min(NAME) || without == DISPENSABLE.len() {
                break self.grid(gone, room.max(1));
            }
            without += 1;
        };
        let inks = std::iter::once(Some(Ink::Heading)).chain(self.videos.iter().map(ink));
        let lines = table.lines().zip(inks).map(|(line, ink)| match ink {
            Some(ink) => terminal.paint(ink, line.trim_end()),
            None => line.trim_end().to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The table without some columns, with names of at most `room` letters.
    fn grid(&self, without: &[Column], room: usize) -> String {
        let ranked = self.videos.iter().find_map(|video| video.comparison.as_ref());
        let level =
            self.videos.iter().find_map(|video| video.scored.level).or(ranked.map(|ranked| ranked.level));
        let traces = self.videos.iter().any(|video| video.traces.is_some());
        let compared = self.videos.iter().any(|video| video.reference().is_some());
        // Columns that are empty in every row are left out.
        let shown = |column: &Column| match column {
            Rank => ranked.is_some(),
            Interval => level.is_some(),
            Percentile => traces,
            Difference | More => compared,
            Grade => !traces,
            Face => self.with_faces,
            Note => self.with_notes && self.videos.iter().any(|video| !video.notes().is_empty()),
            _ => true,
        };
        let columns: Vec<Column> =
            COLUMNS.into_iter().filter(|column| shown(column) && !without.contains(column)).collect();
        let heading = |column: &Column| match column {
            Rank => String::new(),
            Video => "video".to_owned(),
            Score => if traces { "traces" } else { "score" }.to_owned(),
            Percentile => "% of portraits".to_owned(),
            Difference => "to the original".to_owned(),
            More => "more in".to_owned(),
            Interval => level.map_or_else(String::new, |level| format!("{:.0} %", 100.0 * level)),
            Grade => String::new(),
            Face => "face".to_owned(),
            Used => "frames used".to_owned(),
            Size => "size".to_owned(),
            Rate => "frames/s".to_owned(),
            Seconds => "seconds".to_owned(),
            Note => "note".to_owned(),
        };
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        grid.set_header(columns.iter().map(heading));
        for video in self.videos {
            grid.add_row(columns.iter().map(|column| cell(video, *column, room)));
        }
        for (place, column) in columns.iter().enumerate() {
            if [Rank, Score, Percentile, Difference, More, Face, Used, Size, Rate, Seconds].contains(column)
                && let Some(column) = grid.column_mut(place)
            {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        grid.to_string()
    }
}

fn cell(video: &Row, column: Column, room: usize) -> String {
    let (scored, traces, reference, comparison) =
        (&video.scored, video.traces.as_ref(), video.reference(), video.comparison.as_ref());
    let between = |[low, high]: [f64; 2], digits: usize| format!("{low:.digits$} to {high:.digits$}");
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.2}"));
    match column {
        Video => shortened(&video.file, room),
        Score => number(scored.score.or(traces.map(|traces| traces.mean))),
        Interval => match comparison {
            Some(found) => found.interval.map_or(String::new(), |ends| between(ends, 2)),
            None => scored.low.zip(scored.high).map_or(String::new(), |(low, high)| between([low, high], 1)),
        },
        Rank => comparison.map_or(String::new(), |found| found.rank.to_string()),
        Percentile => traces.map_or("-".to_owned(), |traces| format!("{:.0}", traces.percentile)),
        Difference => {
            let ends = comparison.and_then(|found| found.difference);
            let ends = ends.map_or(String::new(), |ends| format!(" ({})", between(ends, 2)));
            reference.map_or("-".to_owned(), |found| format!("{:+.2}{ends}", found.difference))
        }
        More => reference.map_or("-".to_owned(), |found| match found.pairs.len() {
            0 => "-".to_owned(),
            pairs => format!("{} of {pairs}", found.more),
        }),
        Grade => scored.grade.unwrap_or_default().to_owned(),
        Face => video.face().map_or("-".to_owned(), |face| face.to_string()),
        Used => scored.frames_used.map_or("-".to_owned(), |n| n.to_string()),
        Size => scored.width.zip(scored.height).map_or("-".to_owned(), |(w, h)| format!("{w}x{h}")),
        Rate => number(scored.frames_per_second),
        Seconds => number(scored.seconds),
        Note => video.notes().join("; "),
    }
}

/// The colour of a row.
fn ink(video: &Row) -> Option<Ink> {
    if video.error.is_some() {
        return Some(Ink::Bad);
    }
    let doubtful = video.scored.warning.is_some() || !video.scored.is_scored();
    if doubtful { Some(Ink::Doubtful) } else { video.scored.is_scored().then_some(Ink::Good) }
}
