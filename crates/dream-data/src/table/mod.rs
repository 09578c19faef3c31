//! CSV tables of untrusted origin: columns found by their names, rows read one at a time, in bounded memory.
//!
//! Tables are UTF-8 with or without a byte order mark, with any line endings; extra columns are ignored, their order
//! is free, and names ignore case. The readers of [`dataset`](crate::dataset) use this module, and a program can read
//! its own tables with it.

mod rows;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
pub use rows::MAX_ROW_BYTES;
use rows::Rows;

/// A column that a table has or may have.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Accepted names, the documented one first. If several are present, the first one counts.
    pub names: &'a [&'a str],
    /// Whether a table without it is rejected.
    pub required: bool,
}

impl<'a> Column<'a> {
    /// A column that must be there.
    #[must_use]
    pub const fn required(names: &'a [&'a str]) -> Self {
        Self { names, required: true }
    }

    /// A column that may be absent.
    #[must_use]
    pub const fn optional(names: &'a [&'a str]) -> Self {
        Self { names, required: false }
    }
}

/// The layout of a kind of table.
#[derive(Debug, Clone, Copy)]
pub struct Spec<'a> {
    /// For messages: "predictions with the columns split, file, score".
    pub what: &'a str,
    /// The columns; accessors of [`Table`] take the position in this list.
    pub columns: &'a [Column<'a>],
    /// The first row may be data already; columns are then in the order of `columns`.
    pub may_lack_header: bool,
}

/// A table that is read row by row. Accessors read the current row, and take the position of a column in
/// [`Spec::columns`].
///
/// # Example
/// ```
/// use dream_data::table::{Column, Spec, Table};
///
/// let spec = Spec {
///     what: "predictions with the columns file, score",
///     columns: &[Column::required(&["file"]), Column::required(&["score", "prediction"])],
///     may_lack_header: false,
/// };
/// let mut table = Table::new("Score,note,File\n3.5,good,a.mp4\nhigh,,b.mp4\n".as_bytes(), "p.csv", &spec)?;
/// assert!(table.advance()?);
/// assert_eq!((table.required(0)?, table.number(1)?), ("a.mp4", 3.5));
/// assert!(table.advance()?);
/// assert_eq!(
///     table.number(1).unwrap_err().to_string(),
///     "p.csv:3: column `score` is `high`; it must be a finite number"
/// );
/// assert!(!table.advance()?);
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug)]
pub struct Table<R> {
    rows: Rows<R>,
    width: usize,
    /// Position in the row of every column of the specification.
    places: Vec<Option<usize>>,
    names: Vec<String>,
    /// The current row is the first one, and it is data.
    pending: bool,
}

impl Table<File> {
    /// Opens a file and reads as far as the header.
    ///
    /// # Errors
    /// [`Error::Io`], and as [`Table::new`].
    pub fn open(path: impl AsRef<Path>, spec: &Spec<'_>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        Self::new(file, path, spec)
    }
}

impl<R: Read> Table<R> {
    /// Reads as far as the header. `path` is for messages only.
    ///
    /// # Errors
    /// [`Error::Unrecognised`] for an empty file; [`Error::Row`] for a missing or duplicate column; [`Error::Io`].
    pub fn new(input: R, path: impl AsRef<Path>, spec: &Spec<'_>) -> Result<Self> {
        let path = path.as_ref();
        let name = |column: &Column<'_>| column.names.first().copied().unwrap_or("?").to_owned();
        let names = spec.columns.iter().map(name).collect();
        let mut table =
            Self { rows: Rows::new(input, path), width: 0, places: Vec::new(), names, pending: false };
        table.rows.skip_bom()?;
        if !table.rows.read()? {
            let (found, expected) = ("an empty file".to_owned(), spec.what.to_owned());
            return Err(Error::Unrecognised { path: path.to_owned(), found, expected });
        }
        table.width = table.rows.columns();
        if spec.may_lack_header && table.looks_like_data() {
            table.places = (0..spec.columns.len()).map(|i| (i < table.width).then_some(i)).collect();
            table.pending = true;
            if table.width > spec.columns.len() {
                let reason = format!("{} columns and no header", table.width);
                return Err(table.fault(reason, format!("name the columns: {}", spec.what)));
            }
        } else {
            table.places = spec.columns.iter().map(|column| table.find(column)).collect::<Result<_>>()?;
        }
        for (column, place) in spec.columns.iter().zip(&table.places) {
            if let (true, None, Some(name)) = (column.required, place, column.names.first()) {
                let found: Vec<&str> = (0..table.width).map(|i| table.rows.at(i)).collect();
                let reason = format!("no column `{name}` among `{}`", found.join(","));
                return Err(table.fault(reason, format!("expected {}", spec.what)));
            }
        }
        Ok(table)
    }

    /// Steps to the next row; false at the end.
    ///
    /// # Errors
    /// [`Error::Row`] for a wrong number of fields, an unclosed quote or invalid UTF-8; [`Error::RowTooLong`];
    /// [`Error::Io`]. Stop then.
    pub fn advance(&mut self) -> Result<bool> {
        if std::mem::take(&mut self.pending) {
            return Ok(true);
        }
        if !self.rows.read()? {
            return Ok(false);
        }
        let fields = self.rows.columns();
        if fields != self.width {
            let reason = format!("{fields} fields where the first row has {}", self.width);
            return Err(self.fault(reason, "quote fields that contain a comma, and fill in the missing ones"));
        }
        Ok(true)
    }

    /// The text in a column of the specification; `None` where the column is absent.
    #[must_use]
    pub fn text(&self, column: usize) -> Option<&str> {
        Some(self.rows.at((*self.places.get(column)?)?))
    }

    /// The text without surrounding blanks; `None` where it is empty or the column is absent.
    #[must_use]
    pub fn cell(&self, column: usize) -> Option<&str> {
        self.text(column).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The text without surrounding blanks, which must not be empty.
    ///
    /// # Errors
    /// [`Error::Row`] for an empty cell.
    pub fn required(&self, column: usize) -> Result<&str> {
        self.cell(column).ok_or_else(|| {
            self.fault(format!("column `{}` is empty", self.name(column)), "fill it in, or remove the row")
        })
    }

    /// A finite number.
    ///
    /// # Errors
    /// [`Error::Row`] for any other text.
    pub fn number(&self, column: usize) -> Result<f64> {
        self.parse(column, "a finite number", |text| {
            text.parse().ok().filter(|value: &f64| value.is_finite())
        })
    }

    /// A finite number, or nothing.
    ///
    /// # Errors
    /// [`Error::Row`] for any other text.
    pub fn optional_number(&self, column: usize) -> Result<Option<f64>> {
        self.cell(column).map(|_| self.number(column)).transpose()
    }

    /// The result of `parse` for a cell that must not be empty. For the message, `expected` says what is accepted.
    ///
    /// # Errors
    /// [`Error::Row`] for any other text.
    pub fn parse<T>(
        &self,
        column: usize,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T> {
        let text = self.required(column)?;
        parse(text).ok_or_else(|| {
            let reason = format!("column `{}` is `{}`", self.name(column), shorten(text));
            self.fault(reason, format!("it must be {expected}"))
        })
    }

    /// The line on which the current row begins, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.rows.line()
    }

    /// An error about the current row: the reason, and what to do about it.
    #[must_use]
    pub fn fault(&self, reason: impl Into<String>, remedy: impl Into<String>) -> Error {
        self.rows.fault(reason, remedy)
    }

    fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("?", String::as_str)
    }

    /// A file name in the first cell, or a number in the second.
    fn looks_like_data(&self) -> bool {
        let second_is_number = self.rows.columns() > 1 && self.rows.at(1).trim().parse::<f64>().is_ok();
        second_is_number || self.rows.at(0).contains(['.', '/'])
    }

    /// The position of the column. If several accepted names are present, the first one counts.
    fn find(&self, column: &Column<'_>) -> Result<Option<usize>> {
        for name in column.names {
            let wanted = plain(name);
            let mut found = (0..self.width).filter(|&place| plain(self.rows.at(place)) == wanted);
            match (found.next(), found.next()) {
                (None, _) => {}
                (Some(_), Some(_)) => {
                    return Err(self.fault(format!("two columns `{name}`"), "rename or remove one of them"));
                }
                (place, None) => return Ok(place),
            }
        }
        Ok(None)
    }
}

/// A column name as it is compared: lower case, words joined by `_`.
fn plain(name: &str) -> String {
    name.trim().chars().map(|c| if c == ' ' || c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// The beginning of a text, for a message.
pub(crate) fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}

/// A field as it is written: quoted where it must be.
pub(crate) fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field.to_owned()
}

/// Rejects a second row about the same thing and names both lines.
#[derive(Debug, Default)]
pub(crate) struct Once(BTreeMap<String, u64>);

impl Once {
    pub(crate) fn check<R: Read>(&mut self, table: &Table<R>, key: &str, what: &str) -> Result<()> {
        match self.0.insert(key.to_owned(), table.line()) {
            None => Ok(()),
            Some(first) => {
                let reason = format!("{what} `{key}` was on line {first} already");
                Err(table.fault(reason, "remove one of the two rows"))
            }
        }
    }
}
