//! `sessions.csv`: who graded what in which session, with checkers, so that quality control can run again.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::annotation::{Checker, Grade, Session};
use crate::dataset::ClipId;
use crate::error::Result;
use crate::table::{Column, Spec, Table, names};

const SPEC: Spec<'static> = Spec {
    what: "sessions with the columns session, rater, attempt, video_name, opinion_score, checker, gold",
    columns: &[
        Column::required(&["session", "session_id"]),
        Column::required(names::RATER).called("rater"),
        Column::optional(&["attempt"]),
        Column::required(names::CLIP).called("video_name"),
        Column::required(names::OPINION),
        Column::optional(&["checker", "is_checker"]),
        Column::required(&["gold", "gold_score", "known_score"]),
    ],
    may_lack_header: false,
};

/// Reads sessions one by one; memory depends on the size of a session and on the number of their names.
///
/// A row is one grade. Rows of one attempt are adjacent; a change of session, rater or attempt begins the next one.
///
/// # Example
/// ```
/// use dream_data::annotation::SessionReader;
///
/// let file = "session,rater,attempt,video_name,opinion_score,checker,gold\n\
///             1,anna,1,a.mp4,2,0,\n\
///             1,anna,1,gold.mp4,5,1,4.6\n\
///             1,ben,1,a.mp4,3,0,\n";
/// let mut sessions = SessionReader::new(file.as_bytes(), "sessions.csv")?;
/// let session = sessions.next_session()?.unwrap();
/// assert_eq!((session.rater.as_str(), session.grades.len(), session.checkers[0].gold), ("anna", 1, 4.6));
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug)]
pub struct SessionReader<R> {
    table: Table<R>,
    /// The row that ended the last session and begins the next.
    ahead: Option<Row>,
    seen: BTreeSet<Key>,
}

/// Session, rater, attempt.
type Key = (String, String, u32);

#[derive(Debug)]
struct Row {
    key: Key,
    clip: ClipId,
    grade: Grade,
    gold: Option<f64>,
}

impl SessionReader<File> {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), and as [`SessionReader::new`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::of(Table::open(path.as_ref(), &SPEC)?)
    }
}

impl<R: Read> SessionReader<R> {
    /// Reads from any byte stream; `path` names it in messages. The header is required.
    ///
    /// # Errors
    /// [`Error::Unrecognised`](crate::Error::Unrecognised) for an empty file, [`Error::Row`](crate::Error::Row) for a
    /// missing column.
    pub fn new(input: R, path: impl AsRef<Path>) -> Result<Self> {
        Self::of(Table::new(input, path.as_ref(), &SPEC)?)
    }

    fn of(table: Table<R>) -> Result<Self> {
        Ok(Self { table, ahead: None, seen: BTreeSet::new() })
    }

    /// The next attempt; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row) with the line for an unusable cell, a checker without known score or the
    /// reverse, a clip twice in an attempt, and an attempt that continues after another one began. Stop then.
    pub fn next_session(&mut self) -> Result<Option<Session>> {
        let Some(first) = (match self.ahead.take() {
            Some(row) => Some(row),
            None => self.row()?,
        }) else {
            return Ok(None);
        };
        if !self.seen.insert(first.key.clone()) {
            let (session, rater, attempt) = &first.key;
            let reason =
                format!("attempt {attempt} of rater `{rater}` at session `{session}` already has rows above");
            return Err(self
                .table
                .fault(reason, "keep the rows of an attempt together, and number attempts from 1"));
        }
        let key = first.key.clone();
        let mut session =
            Session { id: key.0.clone(), rater: key.1.clone(), grades: Vec::new(), checkers: Vec::new() };
        let (mut next, mut clips) = (Some(first), BTreeSet::new());
        while let Some(row) = next {
            if row.key != key {
                self.ahead = Some(row);
                break;
            }
            if !clips.insert(row.clip.clone()) {
                let reason = format!("the clip `{}` is in this attempt already", row.clip);
                return Err(self.table.fault(reason, "keep one grade per rater and clip"));
            }
            match row.gold {
                Some(gold) => session.checkers.push(Checker { clip: row.clip, gold, given: row.grade }),
                None => session.grades.push((row.clip, row.grade)),
            }
            next = self.row()?;
        }
        Ok(Some(session))
    }

    fn row(&mut self) -> Result<Option<Row>> {
        if !self.table.advance()? {
            return Ok(None);
        }
        let table = &self.table;
        let attempt = match table.cell(2) {
            Some(_) => {
                table.parse(2, "a whole number from 1", |text| text.parse().ok().filter(|&n| n > 0))?
            }
            None => 1,
        };
        let key = (table.required(0)?.to_owned(), table.required(1)?.to_owned(), attempt);
        let clip = ClipId::new(table.required(3)?)
            .map_err(|error| table.fault(error.reason(), "write the name as in the other tables"))?;
        let grade = table.parse(4, "a grade: 1, 2, 3, 4 or 5", Grade::parse)?;
        let gold = match table.cell(6) {
            Some(_) => {
                let number = |text: &str| text.parse().ok().filter(|gold| (1.0..=5.0).contains(gold));
                Some(table.parse(6, "a score from 1 to 5, or empty", number)?)
            }
            None => None,
        };
        if table.cell(5).is_some() {
            let flag = table.parse(5, "0 or 1", |text| ["0", "1"].iter().position(|known| *known == text))?;
            if (flag == 1) != gold.is_some() {
                let reason = format!(
                    "column `checker` is {flag}, and `gold` {}",
                    ["is empty", "is not"][usize::from(gold.is_some())]
                );
                return Err(table.fault(reason, "give checkers, and only them, a known score"));
            }
        }
        Ok(Some(Row { key, clip, grade, gold }))
    }
}

/// Reads all attempts of a file, in order, as [`QualityControl::audit`](super::QualityControl::audit) takes them.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io), and as [`parse_sessions`].
pub fn read_sessions(path: impl AsRef<Path>) -> Result<Vec<Session>> {
    collect(SessionReader::open(path)?)
}

/// Reads all attempts from any byte stream.
///
/// # Errors
/// As [`SessionReader::new`] and [`SessionReader::next_session`].
pub fn parse_sessions(input: impl Read, path: impl AsRef<Path>) -> Result<Vec<Session>> {
    collect(SessionReader::new(input, path)?)
}

fn collect<R: Read>(mut reader: SessionReader<R>) -> Result<Vec<Session>> {
    let mut sessions = Vec::new();
    while let Some(session) = reader.next_session()? {
        sessions.push(session);
    }
    Ok(sessions)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "session,rater,attempt,video_name,opinion_score,checker,gold\n";

    #[test]
    fn attempts_are_kept_apart() {
        let text =
            format!("{HEADER}1,a,1,x,2,0,\n1,a,1,g,5,1,4.5\n1,a,2,x,3,0,\n2,a,1,y,3,,\n2,b,1,y,4,0,\n");
        let sessions = parse_sessions(text.as_bytes(), "s.csv").unwrap();
        let shape: Vec<_> = sessions
            .iter()
            .map(|s| (s.id.as_str(), s.rater.as_str(), s.grades.len(), s.checkers.len()))
            .collect();
        assert_eq!(shape, [("1", "a", 1, 1), ("1", "a", 1, 0), ("2", "a", 1, 0), ("2", "b", 1, 0)]);
        let plain = parse_sessions("rater,session,file,score,gold\na,1,x,2,\n".as_bytes(), "s.csv").unwrap();
        assert_eq!(plain.len(), 1);
    }

    #[test]
    fn faults_name_their_line() {
        for (rows, part) in [
            ("1,a,1,x,6,0,\n", "s.csv:2: column `opinion_score` is `6`"),
            ("1,a,0,x,2,0,\n", "s.csv:2: column `attempt` is `0`"),
            ("1,a,1,x,2,1,\n", "s.csv:2: column `checker` is 1, and `gold` is empty"),
            ("1,a,1,x,2,0,3\n", "s.csv:2: column `checker` is 0, and `gold` is not"),
            ("1,a,1,x,2,1,5.5\n", "s.csv:2: column `gold` is `5.5`"),
            ("1,a,1,x,2,2,\n", "s.csv:2: column `checker` is `2`"),
            ("1,a,1,x,2,0,\n1,a,1,x,2,1,3\n", "s.csv:3: the clip `x` is in this attempt already"),
            ("1,,1,x,2,0,\n", "s.csv:2: column `rater` is empty"),
            ("1,a,1,x,2,0,\n2,a,1,y,2,0,\n1,a,1,z,2,0,\n", "s.csv:4: attempt 1 of rater `a` at session `1`"),
        ] {
            let error =
                parse_sessions(format!("{HEADER}{rows}").as_bytes(), "s.csv").unwrap_err().to_string();
            assert!(error.starts_with(part), "{error}");
        }
        let error = parse_sessions("session,rater,file,score\n".as_bytes(), "s.csv").unwrap_err().to_string();
        assert!(error.contains("no column `gold`"), "{error}");
    }
}
