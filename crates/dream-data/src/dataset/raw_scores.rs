//! Raw scores: rater, clip and score, one score per row.

use std::io::Read;
use std::path::Path;

use crate::annotation::RatingTable;
use crate::dataset::labels::clip;
use crate::error::Result;
use crate::table::{Column, Spec, Table, names};

const SPEC: Spec<'static> = Spec {
    what: "raw scores with the columns path, subject, score",
    columns: &[
        Column::required(names::CLIP).called("path"),
        Column::required(names::RATER),
        Column::required(names::OPINION).called("score"),
    ],
    may_lack_header: false,
};

/// Reads a long table of raw scores.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io), and as [`parse_raw_scores`].
pub fn read_raw_scores(path: impl AsRef<Path>) -> Result<RatingTable> {
    raw_scores(Table::open(path.as_ref(), &SPEC)?)
}

/// Reads a long table of raw scores from any byte stream: `path`, `subject`, `score`, in any order and among any others
/// (`asset_id`, `content_id`). Scores may have any range; clips and raters keep the order in which they first appear.
///
/// # Errors
/// [`Error::Row`](crate::Error::Row) for an unusable row, and for a rater's second score of a clip.
///
/// # Example
/// ```
/// let file = "asset_id,path,subject,score\n9,a.yuv,0,1.0\n9,a.yuv,1,4.0\n";
/// let table = dream_data::dataset::parse_raw_scores(file.as_bytes(), "scores.csv")?;
/// assert_eq!((table.clips().len(), table.raters().len(), table.len()), (1, 2, 2));
/// # Ok::<(), dream_data::Error>(())
/// ```
pub fn parse_raw_scores(input: impl Read, path: impl AsRef<Path>) -> Result<RatingTable> {
    raw_scores(Table::new(input, path.as_ref(), &SPEC)?)
}

fn raw_scores<R: Read>(mut table: Table<R>) -> Result<RatingTable> {
    let mut ratings = RatingTable::default();
    while table.advance()? {
        let (clip, rater, score) = (clip(&table, 0)?, table.required(1)?, table.number(2)?);
        ratings
            .add(rater, clip, score)
            .map_err(|error| table.fault(error.reason(), "keep one score per rater and clip"))?;
    }
    Ok(ratings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_scores_and_missing_columns_are_faults() {
        let read = |text: &str| parse_raw_scores(text.as_bytes(), "r.csv").unwrap_err().to_string();
        let twice = read("path,subject,score\na,1,2\na,2,2\na,1,3\n");
        assert!(twice.starts_with("r.csv:4: ") && twice.contains("rater `1` has scored `a`"), "{twice}");
        let missing = read("path,score\na,2\n");
        assert!(missing.starts_with("r.csv:1: no column `subject` among `path,score`"), "{missing}");
        assert!(read("path,subject,score\na,1,NaN\n").contains("finite number"));
    }
}
