//! The rows of a CSV file as bytes, in bounded memory. The parser is `csv-core`: it writes into buffers of this
//! module, so an overlong field is rejected before it is held in memory.

use std::io::{BufRead, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

use csv_core::ReadRecordResult;

use crate::error::{Error, Result};
use crate::table::encoding::Utf8;
use crate::table::separator;

/// The longest accepted row of a table in bytes, all its fields together.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// The largest number of columns of a table.
const MAX_COLUMNS: usize = 1 << 14;

/// One row at a time, split into fields.
#[derive(Debug)]
pub(super) struct Rows<R> {
    /// The first row, which says what separates the columns, then the rest.
    input: Chain<Cursor<Vec<u8>>, BufReader<Utf8<R>>>,
    path: PathBuf,
    encoding: &'static str,
    separator: u8,
    parser: csv_core::Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    columns: usize,
    line: u64,
    /// Line ends that the parser has not seen.
    skipped: u64,
}

impl<R: Read> Rows<R> {
    /// Finds out the encoding and the separator. `fits` says whether fields make a first row of the table.
    pub(super) fn new(input: R, path: &Path, fits: impl Fn(&[String]) -> bool) -> Result<Self> {
        let input = Utf8::new(input, path)?;
        let encoding = input.encoding();
        let mut input = BufReader::with_capacity(1 << 16, input);
        let mut first = separator::first_row(&mut input).map_err(|e| Error::io(path, e))?;
        let mut skipped = 0;
        let chosen = if let Some(separator) = separator::stated(&first) {
            skipped = count(&first, b'\n');
            first.clear();
            Ok(separator)
        } else {
            separator::choose(&first, fits)
        };
        let separator = *chosen.as_ref().unwrap_or(&b',');
        let rows = Self {
            input: Cursor::new(first).chain(input),
            path: path.to_owned(),
            encoding,
            separator,
            parser: csv_core::ReaderBuilder::new().delimiter(separator).build(),
            bytes: vec![0; 1 << 12],
            ends: vec![0; 1 << 4],
            columns: 0,
            line: 1,
            skipped,
        };
        chosen.map_err(|possible| {
            let marks: Vec<String> =
                possible.iter().map(|mark| format!("`{}`", mark.escape_debug())).collect();
            let reason = format!("the first row can be divided at {}", marks.join(" and at "));
            rows.fault(reason, "begin with a row of column names, or a line `sep=;`, and quote other fields")
        })?;
        Ok(rows)
    }

    /// What separates the columns.
    pub(super) fn separator(&self) -> char {
        char::from(self.separator)
    }

    /// Fields of the current row.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The line on which the current row begins, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// An error about the current row.
    pub(super) fn fault(&self, reason: impl Into<String>, remedy: impl Into<String>) -> Error {
        let (path, line) = (self.path.clone(), self.line);
        Error::Row { path, line, reason: reason.into(), remedy: remedy.into() }
    }

    #[cfg(test)]
    pub(super) fn bytes_held(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn at(&self, place: usize) -> &str {
        std::str::from_utf8(self.raw(place)).unwrap_or_default()
    }

    pub(super) fn raw(&self, place: usize) -> &[u8] {
        let end = if place < self.columns { self.ends.get(place).copied().unwrap_or(0) } else { 0 };
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before).copied()).unwrap_or(0);
        self.bytes.get(start..end).unwrap_or_default()
    }

    fn peek(&mut self) -> Result<&[u8]> {
        let path = &self.path;
        loop {
            match self.input.fill_buf() {
                // What was read is requested again outside the loop: its borrow would last too long here.
                Ok(_) => break,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io(path, e)),
            }
        }
        self.input.fill_buf().map_err(|e| Error::io(path, e))
    }

    /// Fills `bytes` and `ends` with the next row; false at the end of the file.
    pub(super) fn read(&mut self) -> Result<bool> {
        loop {
            let input = self.peek()?;
            if input.is_empty() {
                return Ok(false);
            }
            let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let lines = count(input.get(..blank).unwrap_or_default(), b'\n');
            if blank == 0 {
                break;
            }
            self.input.consume(blank);
            self.skipped += lines;
        }
        self.line = self.parser.line() + self.skipped;
        let (mut filled, mut fields, mut quotes) = (0, 0, 0);
        loop {
            self.peek()?;
            let input = self.input.fill_buf().map_err(|e| Error::io(&self.path, e))?;
            let (result, used, wrote, ended) = self.parser.read_record(
                input,
                self.bytes.get_mut(filled..).unwrap_or_default(),
                self.ends.get_mut(fields..).unwrap_or_default(),
            );
            quotes += count(input.get(..used).unwrap_or_default(), b'"');
            self.input.consume(used);
            filled += wrote;
            fields += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.bytes.len() < MAX_ROW_BYTES => {
                    self.bytes.resize(self.bytes.len() * 2, 0);
                }
                ReadRecordResult::OutputFull => {
                    let (path, line) = (self.path.clone(), self.line);
                    return Err(Error::RowTooLong { path, line, limit: MAX_ROW_BYTES });
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < MAX_COLUMNS => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    return Err(
                        self.fault(format!("more than {MAX_COLUMNS} columns"), "keep those that are used")
                    );
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(false),
            }
        }
        self.columns = fields;
        // The parser reads an unclosed quote as text up to the end of the file, so rows would be lost.
        if quotes % 2 == 1 {
            return Err(self
                .fault("an odd number of quotes", "close the quote, and double quotes inside quoted text"));
        }
        if let Some(place) = (0..fields).find(|&place| std::str::from_utf8(self.raw(place)).is_err()) {
            let reason = format!("field {} is not {}", place + 1, self.encoding);
            return Err(self.fault(reason, "save the file as UTF-8"));
        }
        Ok(true)
    }
}

fn count(bytes: &[u8], wanted: u8) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte == wanted)).sum()
}
