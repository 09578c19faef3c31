//! CSV tables of untrusted origin: columns found by their names, rows read one at a time, in bounded memory.
//!
//! Tables are UTF-8 or UTF-16 with any line endings, and commas, semicolons or tabs between the columns: the first bytes
//! and the first row tell. Extra columns are ignored, their order is free, and [`names`] ignore case; a column that
//! stands twice is an error. Beside semicolons and tabs, numbers may have decimal commas. The readers of
//! [`dataset`](crate::dataset) use this module, and a program can read its own tables with it. [`Join`] finds the rows of
//! one table in another.

mod alike;
mod encoding;
mod join;
pub mod names;
mod once;
mod rows;
mod separator;
mod spec;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
use crate::files::open_file;
pub use alike::{difference, fold};
pub use join::{Join, why_missing};
use names::plain;
pub use once::Once;
pub use rows::MAX_ROW_BYTES;
use rows::Rows;
use spec::is_data;
pub use spec::{Column, Spec};

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
///     "p.csv:3: column `Score` is `high`; it must be a finite number"
/// );
/// assert!(!table.advance()?);
/// # Ok::<(), dream_data::Error>(())
/// ```
#[doc(alias = "read_csv")]
#[derive(Debug)]
pub struct Table<R> {
    rows: Rows<R>,
    width: usize,
    /// Names as they stand in the first row; none if that is data.
    header: Vec<String>,
    /// Position in the row of every column of the specification.
    places: Vec<Option<usize>>,
    /// Names of these columns for messages.
    names: Vec<String>,
    /// The decimal mark of the numbers so far, and the line where it was first.
    decimal: Cell<Option<(char, u64)>>,
    /// The current row is the first one, and it is data.
    pending: bool,
}

impl Table<File> {
    /// Opens a file and reads as far as the header. The path `-` is the standard input, which can be read once.
    ///
    /// # Errors
    /// [`Error::Io`], and as [`Table::new`].
    pub fn open(path: impl AsRef<Path>, spec: &Spec<'_>) -> Result<Self> {
        let path = path.as_ref();
        Self::new(open_file(path)?, path, spec)
    }
}

impl<R: Read> Table<R> {
    /// Reads as far as the header. `path` is for messages only.
    ///
    /// # Errors
    /// [`Error::Unrecognised`] for an empty file; [`Error::Row`] for a missing or duplicate column; [`Error::Io`].
    pub fn new(input: R, path: impl AsRef<Path>, spec: &Spec<'_>) -> Result<Self> {
        let rows = Rows::new(input, path.as_ref(), |fields| spec.fits(fields))?;
        let (header, places, names, decimal) = (Vec::new(), Vec::new(), Vec::new(), Cell::new(None));
        let mut table = Self { rows, width: 0, header, places, names, decimal, pending: false };
        if !table.rows.read()? {
            let (found, expected) = ("an empty file".to_owned(), spec.what.to_owned());
            return Err(Error::Unrecognised { path: path.as_ref().to_owned(), found, expected });
        }
        table.width = table.rows.columns();
        table.pending = spec.may_lack_header && is_data(table.fields());
        if table.pending {
            table.places = (0..spec.columns.len()).map(|i| (i < table.width).then_some(i)).collect();
            if table.width > spec.columns.len() {
                let reason = format!("{} columns and no header", table.width);
                return Err(table.fault(reason, format!("name the columns: {}", spec.what)));
            }
        } else {
            table.header = table.fields().map(|name| name.trim().to_owned()).collect();
            let places = table.places_by_name()?;
            // If several accepted names are present, the first one counts.
            let place =
                |column: &Column<'_>| column.names.iter().find_map(|name| places.get(&plain(name)).copied());
            table.places = spec.columns.iter().map(place).collect();
        }
        for (column, place) in spec.columns.iter().zip(&table.places) {
            let documented = column.called.or(column.names.first().copied()).unwrap_or("?");
            if column.required && place.is_none() {
                let found: Vec<&str> = table.fields().collect();
                let reason = format!("no column `{documented}` among `{}`", shorten(&found.join(",")));
                return Err(table.fault(reason, format!("expected {}", spec.what)));
            }
            let written = place.and_then(|place| table.header.get(place)).map(String::as_str);
            table.names.push(written.unwrap_or(documented).to_owned());
        }
        Ok(table)
    }

    /// The names of all columns, without blanks around them; none if the first row is data.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Whether the table has a column of the specification.
    #[must_use]
    pub fn has(&self, column: usize) -> bool {
        self.places.get(column).is_some_and(Option::is_some)
    }

    /// The name of a column as the header has it; the documented one where there is none.
    #[must_use]
    pub fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("?", String::as_str)
    }

    /// Adds a column by its position in [`header`](Self::header) to those of the specification; returns its position
    /// for the accessors.
    pub fn add(&mut self, place: usize) -> usize {
        self.names.push(self.header.get(place).cloned().unwrap_or_default());
        self.places.push((place < self.width).then_some(place));
        self.places.len() - 1
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
            let remedy = match self.rows.separator() {
                ',' if fields > self.width => {
                    "quote fields that contain a comma, and separate columns by `;` if numbers have decimal commas"
                }
                ',' => "quote fields that contain a comma, and fill in the missing ones",
                ';' => "quote fields that contain a `;`, and fill in the missing ones",
                _ => "quote fields that contain a tab, and fill in the missing ones",
            };
            return Err(self.fault(reason, remedy));
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

    /// A finite number. Beside semicolons and tabs it may have a decimal comma, if all numbers of the table do.
    ///
    /// # Errors
    /// [`Error::Row`] for any other text.
    pub fn number(&self, column: usize) -> Result<f64> {
        let finite = |text: &str| text.parse().ok().filter(|value: &f64| value.is_finite());
        let with_comma = |text: &str| {
            let point = text.replacen(',', ".", 1);
            (!text.contains('.') && point != text).then(|| finite(&point)).flatten()
        };
        let text = self.required(column)?;
        let comma = with_comma(text);
        if comma.is_some() && self.rows.separator() == ',' {
            let reason = format!("column `{}` is `{}`", self.name(column), shorten(text));
            return Err(self.fault(
                reason,
                "it must be a finite number with a decimal point, or separate the columns by `;`",
            ));
        }
        if let Some(mark) = [',', '.'].into_iter().find(|mark| text.contains(*mark)) {
            let (first, line) = self.decimal.get().unwrap_or((mark, self.line()));
            if first != mark {
                let reason = format!(
                    "column `{}` is `{}`, and line {line} has `{first}`",
                    self.name(column),
                    shorten(text)
                );
                return Err(self.fault(reason, "use one decimal mark, and none between thousands"));
            }
            self.decimal.set(Some((first, line)));
        }
        comma.map_or_else(|| self.parse(column, "a finite number", finite), Ok)
    }

    /// A finite number; nothing for an empty cell and for `nan`, the two ways in which tables of measurements write a
    /// missing one.
    ///
    /// # Errors
    /// [`Error::Row`] for any other text.
    pub fn measured(&self, column: usize) -> Result<Option<f64>> {
        let missing = |text: &&str| text.eq_ignore_ascii_case("nan");
        if self.cell(column).is_some_and(|text| missing(&text)) {
            return Ok(None);
        }
        self.optional_number(column)
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

    fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.width).map(|place| self.rows.at(place))
    }

    /// Columns by their names as they are compared. Those without a name may be several: they are of no use.
    fn places_by_name(&self) -> Result<BTreeMap<String, usize>> {
        let mut places = BTreeMap::new();
        for (place, name) in self.header.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let Some(first) = places.insert(plain(name), place) else { continue };
            let columns = match self.header.get(first) {
                Some(first) if first != name => format!("two columns, `{first}` and `{name}`"),
                _ => format!("two columns `{name}`"),
            };
            return Err(self.fault(columns, "rename or remove one of them"));
        }
        Ok(places)
    }
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
