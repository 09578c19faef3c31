//! A CSV table that grows while a program works: every input's rows are written when they are done, and an interrupted
//! table can go on. Those programs that need it include this file, and [`crate::print`].

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, anyhow, ensure};
use serde::Serialize;

use crate::print::{self, Out};

/// What a table is like. Its first column names the input.
pub(crate) struct Shape<'a> {
    pub(crate) header: Vec<String>,
    /// What every row has in the column `settings`.
    pub(crate) settings: &'a str,
    /// The options that choose the columns, for a message.
    pub(crate) columns_by: &'a str,
    /// The column that says why an input has failed. Such rows are left out when the table goes on, so that the input is
    /// tried again.
    pub(crate) failed: Option<&'a str>,
}

/// The standard input has no name by which a table could tell it from another one.
pub(crate) fn can_resume(resume: bool, inputs: &[PathBuf]) -> Result<()> {
    let standard = inputs.iter().any(|input| input.as_os_str() == "-");
    ensure!(!(resume && standard), "--resume needs names, and `-` is the standard input: name a file");
    Ok(())
}

/// The names of the columns of a row.
#[allow(dead_code, reason = "not every program has rows of one type")]
pub(crate) fn header(row: impl Serialize) -> Result<Vec<String>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.serialize(row)?;
    let text = csv.into_inner()?;
    Ok(csv::Reader::from_reader(text.as_slice()).headers()?.iter().map(str::to_owned).collect())
}

/// The destination of rows, and the inputs that it has already.
pub(crate) struct Rows {
    csv: csv::Writer<Box<dyn Write + Send>>,
    pub(crate) done: HashSet<String>,
    /// The file, where it is not the standard output.
    file: Option<PathBuf>,
}

impl Rows {
    /// Begins the table, or goes on with that of an earlier run.
    pub(crate) fn open(out: Option<&Path>, resume: bool, shape: &Shape<'_>) -> Result<Self> {
        let mut before = None;
        let to: Box<dyn Write + Send> = match out {
            None => Box::new(Out),
            Some(path) if resume && path.is_file() => {
                let found = Before::read(path, shape)?;
                let file = found.go_on(path)?;
                before = Some(found);
                Box::new(file)
            }
            Some(path) => Box::new(File::create(path).with_context(|| cannot("write", path))?),
        };
        let csv = csv::WriterBuilder::new().has_headers(false).from_writer(to);
        let fresh = before.is_none();
        let done = before.map(Before::names).unwrap_or_default();
        let mut rows = Self { csv, done, file: out.map(Path::to_owned) };
        if fresh {
            rows.write([&shape.header])?;
        }
        Ok(rows)
    }

    /// Whether rows go nowhere from now on.
    pub(crate) fn lost(&self) -> bool {
        self.file.is_none() && print::lost()
    }

    /// Writes the rows of an input, so that they are in the table whatever happens next.
    pub(crate) fn write<R: Serialize>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<()> {
        let add = || -> csv::Result<()> {
            rows.into_iter().try_for_each(|row| self.csv.serialize(row))?;
            Ok(self.csv.flush()?)
        };
        add().map_err(|error| {
            // The operating system's answer, which `csv` hides from those who look for it, and the file.
            let error = match error.into_kind() {
                csv::ErrorKind::Io(error) => Error::from(error),
                other => anyhow!("{other:?}"),
            };
            error.context(cannot("write", self.file.as_deref().unwrap_or(Path::new("the rows"))))
        })
    }
}

/// What an earlier run left in a file.
struct Before {
    text: Vec<u8>,
    /// The inputs of the good rows below the header, and where each row is.
    rows: Vec<(String, std::ops::Range<usize>)>,
    header_end: usize,
    /// Rows between good ones are left out.
    gaps: bool,
}

impl Before {
    fn read(path: &Path, shape: &Shape<'_>) -> Result<Self> {
        let text = fs::read(path).with_context(|| cannot("read", path))?;
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_slice());
        let mut record = csv::StringRecord::new();
        let headed = reader.read_record(&mut record).unwrap_or(false);
        let header_end = usize::try_from(reader.position().byte())?;
        let whole = |end: usize| end.checked_sub(1).and_then(|last| text.get(last)) == Some(&b'\n');
        ensure!(headed && whole(header_end), "cannot resume {}: it has no header", path.display());
        ensure!(
            record.iter().eq(shape.header.iter().map(String::as_str)),
            "cannot resume {}: this run has other columns: resume with the same {}",
            path.display(),
            shape.columns_by
        );
        let column = |name: &str| shape.header.iter().position(|column| column == name);
        let (settings, failed) = (column("settings"), shape.failed.and_then(column));
        let (mut rows, mut gaps, mut end) = (Vec::new(), false, header_end);
        loop {
            let start = end;
            let read = reader.read_record(&mut record);
            end = usize::try_from(reader.position().byte())?;
            let name = record.get(0).unwrap_or_default().to_owned();
            match read {
                Ok(false) => break,
                Ok(true) if record.len() == shape.header.len() && whole(end) => {}
                torn => {
                    // The input that was interrupted begins anew.
                    let last = rows.last().map(|(name, _): &(String, _)| name.clone()).unwrap_or_default();
                    let name = if torn.is_ok() { name } else { last };
                    while rows.pop_if(|(other, _)| *other == name).is_some() {}
                    break;
                }
            }
            let other = settings.and_then(|settings| record.get(settings)).unwrap_or_default();
            ensure!(
                other == shape.settings,
                "cannot resume {}: its rows were made with `{other}`, this run is `{}`; use the same options or \
                 another file",
                path.display(),
                shape.settings
            );
            if failed.and_then(|failed| record.get(failed)).is_some_and(|reason| !reason.is_empty()) {
                gaps = true;
            } else {
                rows.push((name, start..end));
            }
        }
        Ok(Self { rows, gaps, header_end, text })
    }

    /// Opens the file behind its good rows, without the others.
    fn go_on(&self, path: &Path) -> Result<File> {
        let part = |range: std::ops::Range<usize>| self.text.get(range).unwrap_or_default();
        if self.gaps {
            // A table that is rewritten is never half there.
            crate::save::save(path, |file| {
                file.write_all(part(0..self.header_end))?;
                self.rows.iter().try_for_each(|(_, row)| Ok(file.write_all(part(row.clone()))?))
            })?;
        }
        let mut file = OpenOptions::new().write(true).open(path).with_context(|| cannot("write", path))?;
        if !self.gaps {
            let end = self.rows.last().map_or(self.header_end, |(_, row)| row.end);
            file.set_len(end as u64)?;
        }
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    }

    fn names(self) -> HashSet<String> {
        self.rows.into_iter().map(|(name, _)| name).collect()
    }
}

fn cannot(what: &str, path: &Path) -> String {
    format!("cannot {what} {}", path.display())
}
