//! `all_descriptions_en.csv`: every opinion with its reasons, 140,000 rows, streamed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::annotation::Grade;
use crate::error::Result;
use crate::table::{Column, Spec, Table, names};

const SPEC: Spec<'static> = Spec {
    what: "descriptions with the columns video_name, opinion_score, description_cn, description_en",
    columns: &[
        Column::required(names::CLIP).called("video_name"),
        Column::required(names::OPINION),
        Column::optional(&["description_cn", "chinese_description", "chinese", "cn", "zh", "description_zh"]),
        Column::required(&["description_en", "english_description", "english", "en", "description"]),
    ],
    may_lack_header: true,
};

/// One opinion: a clip, a grade and its reason. Borrowed from the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description<'a> {
    /// The line in the file, from 1.
    pub line: u64,
    /// The name of the clip as written; [`ClipId::new`](super::ClipId::new) checks it.
    pub clip: &'a str,
    /// The grade.
    pub grade: Grade,
    /// The sentence as the rater wrote it; empty if the file has no such column.
    pub chinese: &'a str,
    /// Its translation.
    pub english: &'a str,
}

/// Reads descriptions one by one; memory does not depend on their number.
///
/// # Example
/// ```
/// use dream_data::dataset::Descriptions;
///
/// let file = "video_name,opinion_score,description_cn,description_en\n\
///             C1/3-1-2-submit-73549.mp4,2,嘴部模糊,\"The mouth is blurry, slightly\"\n";
/// let mut rows = Descriptions::new(file.as_bytes(), "descriptions.csv")?;
/// while let Some(row) = rows.next_row()? {
///     assert_eq!((row.line, row.grade.get(), row.english), (2, 2, "The mouth is blurry, slightly"));
/// }
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug)]
pub struct Descriptions<R> {
    table: Table<R>,
}

impl Descriptions<File> {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), and as [`Descriptions::new`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { table: Table::open(path.as_ref(), &SPEC)? })
    }
}

impl<R: Read> Descriptions<R> {
    /// Reads from any byte stream; `path` names it in messages. Columns in the order clip, score, Chinese, English need
    /// no header.
    ///
    /// # Errors
    /// [`Error::Unrecognised`](crate::Error::Unrecognised) for an empty file, [`Error::Row`](crate::Error::Row) for a
    /// missing column.
    pub fn new(input: R, path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { table: Table::new(input, path.as_ref(), &SPEC)? })
    }

    /// The next opinion; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row) with the line for a grade that is not 1 to 5, an empty name, a wrong number of
    /// fields, an unclosed quote or invalid UTF-8, and [`Error::RowTooLong`](crate::Error::RowTooLong). Stop then.
    pub fn next_row(&mut self) -> Result<Option<Description<'_>>> {
        if !self.table.advance()? {
            return Ok(None);
        }
        let clip = self.table.required(0)?;
        let grade = self.table.parse(1, "a grade: 1, 2, 3, 4 or 5", Grade::parse)?;
        let (chinese, english) =
            (self.table.text(2).unwrap_or_default(), self.table.text(3).unwrap_or_default());
        Ok(Some(Description { line: self.table.line(), clip, grade, chinese, english }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(u8, String)>> {
        let mut rows = Descriptions::new(text.as_bytes(), "d.csv")?;
        let mut found = Vec::new();
        while let Some(row) = rows.next_row()? {
            found.push((row.grade.get(), row.english.to_owned()));
        }
        Ok(found)
    }

    #[test]
    fn with_and_without_header() {
        let wanted = [(1, "a, \"b\"\nc".to_owned()), (5, String::new())];
        let rows = "C1/x.mp4,1,甲,\"a, \"\"b\"\"\nc\"\nC1/x.mp4,5.0,,\n";
        assert_eq!(read(rows).unwrap(), wanted);
        assert_eq!(
            read(&format!("Video name,Opinion score,Chinese description,English description\n{rows}"))
                .unwrap(),
            wanted
        );
        assert_eq!(read("file,score,description\r\nx,3,y\r\n").unwrap(), [(3, "y".to_owned())]);
    }

    #[test]
    fn wrong_grades_are_named() {
        for grade in ["0", "6", "2.5", "-1", "five", "", "1e0x", "nan"] {
            let error =
                read(&format!("video,score,en\nx.mp4,3,y\nx.mp4,{grade},y\n")).unwrap_err().to_string();
            assert!(error.starts_with("d.csv:3: column `score`"), "{error}");
        }
    }
}
