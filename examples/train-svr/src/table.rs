//! A table of named features, and one score per row from the same or another file.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use flate2::read::GzDecoder;

/// Rows with a score.
#[derive(Debug, PartialEq)]
pub(crate) struct Table {
    /// Names of the features.
    pub(crate) names: Vec<String>,
    /// Features, row after row; a NaN where the cell is empty.
    pub(crate) features: Vec<f64>,
    pub(crate) scores: Vec<f64>,
    /// Rows left out because they have no score.
    pub(crate) dropped: usize,
}

/// Where the scores are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) column: &'a str,
    /// A file other than that of the features, joined by the first column of both.
    pub(crate) file: Option<&'a Path>,
}

/// Reads a table. Every column is a feature except the first (the name of the row), the score and those of `ignored`.
pub(crate) fn read(path: &Path, target: Target<'_>, ignored: &[String]) -> Result<Table> {
    let mut elsewhere = HashMap::new();
    if let Some(file) = target.file {
        let (header, records) = records(file)?;
        let column = position(&header, target.column, file)?;
        for (line, record) in (2..).zip(&records) {
            let score = number(record.get(column).unwrap_or_default(), file, line)?;
            elsewhere.insert(record.get(0).unwrap_or_default().to_owned(), score);
        }
    }
    let (header, records) = records(path)?;
    let own = if target.file.is_none() { Some(position(&header, target.column, path)?) } else { None };
    let used = |(index, name): &(usize, &str)| {
        *index > 0
            && Some(*index) != own
            && *name != target.column
            && !ignored.iter().any(|other| other == name)
    };
    let columns: Vec<usize> = header.iter().enumerate().filter(used).map(|(index, _)| index).collect();
    ensure!(!columns.is_empty(), "{}:1: there is no column of features", path.display());
    let names = columns.iter().filter_map(|&column| header.get(column)).map(str::to_owned).collect();
    let mut table = Table { names, features: Vec::new(), scores: Vec::new(), dropped: 0 };
    for (line, record) in (2..).zip(&records) {
        let score = match own {
            Some(column) => number(record.get(column).unwrap_or_default(), path, line)?,
            None => elsewhere.get(record.get(0).unwrap_or_default()).copied().unwrap_or(f64::NAN),
        };
        if !score.is_finite() {
            table.dropped += 1;
            continue;
        }
        table.scores.push(score);
        for &column in &columns {
            table.features.push(number(record.get(column).unwrap_or_default(), path, line)?);
        }
    }
    if table.scores.is_empty() {
        bail!("{} has no row with a score: check --target, --scores and the row names", path.display());
    }
    Ok(table)
}

fn position(header: &csv::StringRecord, name: &str, path: &Path) -> Result<usize> {
    let (found, path) = (header.iter().position(|column| column == name), path.display());
    found.with_context(|| format!("{path}:1: no column `{name}`: name the score column with --target"))
}

fn records(path: &Path) -> Result<(csv::StringRecord, Vec<csv::StringRecord>)> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let input: Box<dyn Read> = if zipped { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
    let mut reader = csv::Reader::from_reader(input);
    let damaged = || format!("cannot read the table {}", path.display());
    let header = reader.headers().with_context(damaged)?.clone();
    let records = reader.records().collect::<Result<Vec<_>, _>>().with_context(damaged)?;
    Ok((header, records))
}

/// A number; a NaN for an empty cell.
fn number(cell: &str, path: &Path, line: usize) -> Result<f64> {
    if cell.is_empty() {
        return Ok(f64::NAN);
    }
    let remedy = "correct or empty the cell, or --ignore the column";
    cell.parse().with_context(|| format!("{}:{line}: `{cell}` is not a number: {remedy}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> std::path::PathBuf {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn joins_scores_by_name_and_counts_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let features = file(&dir, "f.csv", "video,a,b,frames\nx,1,2,9\ny,3,,9\nz,5,6,9\n");
        let scores = file(&dir, "s.csv", "video,mos\nz,4.5\nx,2.5\nother,1\n");
        let target = Target { column: "mos", file: Some(&scores) };
        let table = read(&features, target, &["frames".to_owned()]).unwrap();
        assert_eq!(table.names, ["a", "b"]);
        assert_eq!(
            (table.features, table.scores, table.dropped),
            (vec![1.0, 2.0, 5.0, 6.0], vec![2.5, 4.5], 1)
        );
    }

    #[test]
    fn errors_name_the_file_the_line_and_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let bad = |text: &str| {
            let path = file(&dir, "t.csv", text);
            format!("{:#}", read(&path, Target { column: "mos", file: None }, &[]).unwrap_err())
        };
        assert!(bad("id,mos,a\nx,1,y\n").contains("t.csv:2: `y`"));
        assert!(bad("id,a\nx,1\n").contains("--target"));
        assert!(bad("id,mos\nx,1\n").contains("no column of features"));
        assert!(bad("id,mos,a\nx,,1\n").contains("no row with a score"));
        assert!(bad("id,mos,a\nx,1\n").contains("cannot read the table"));
    }
}
