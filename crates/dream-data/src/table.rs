//! CSV tables of untrusted origin, row by row, in bounded memory.
//!
//! The parser is `csv-core`: it writes into buffers of ours, so a field of any length is refused before it is held.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use csv_core::ReadRecordResult;

use crate::error::{Error, Result};

/// The longest accepted row of a table in bytes, all its fields together.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// The most columns of a table.
const MAX_COLUMNS: usize = 1 << 10;

const BOM: &[u8] = "\u{feff}".as_bytes();

/// A column that a table has or may have.
pub(crate) struct Column {
    /// Accepted names, the documented one first.
    pub(crate) names: &'static [&'static str],
    pub(crate) required: bool,
}

/// A required column.
pub(crate) const fn required(names: &'static [&'static str]) -> Column {
    Column { names, required: true }
}

/// A column that may be absent.
pub(crate) const fn optional(names: &'static [&'static str]) -> Column {
    Column { names, required: false }
}

/// What a kind of table looks like.
pub(crate) struct Spec {
    /// For messages: "a raw score table with the columns ...".
    pub(crate) what: &'static str,
    pub(crate) columns: &'static [Column],
    /// The first row may be data already; columns are then in the order of `columns`.
    pub(crate) may_lack_header: bool,
}

/// A table that is read row by row. Accessors speak about the current row.
#[derive(Debug)]
pub(crate) struct Table<R> {
    input: BufReader<R>,
    path: PathBuf,
    parser: csv_core::Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    columns: usize,
    width: usize,
    /// Position in the row of every column of the specification.
    places: Vec<Option<usize>>,
    names: Vec<&'static str>,
    line: u64,
    /// Line ends that the parser has not seen.
    skipped: u64,
    /// The row at hand is the first one, and data.
    pending: bool,
}

impl Table<File> {
    pub(crate) fn open(path: &Path, spec: &Spec) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        Self::new(file, path, spec)
    }
}

impl<R: Read> Table<R> {
    /// Reads as far as the header. `path` is for messages only.
    pub(crate) fn new(input: R, path: &Path, spec: &Spec) -> Result<Self> {
        let mut table = Self {
            input: BufReader::with_capacity(1 << 16, input),
            path: path.to_owned(),
            parser: csv_core::Reader::new(),
            bytes: vec![0; 1 << 12],
            ends: vec![0; 1 << 4],
            columns: 0,
            width: 0,
            places: Vec::new(),
            names: spec.columns.iter().filter_map(|column| column.names.first().copied()).collect(),
            line: 1,
            skipped: 0,
            pending: false,
        };
        table.skip_bom()?;
        if !table.read_row()? {
            let found = "an empty file".to_owned();
            return Err(Error::Unrecognised { path: path.to_owned(), found, expected: spec.what });
        }
        table.width = table.columns;
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
                let found: Vec<&str> = (0..table.width).map(|i| table.at(i)).collect();
                let reason = format!("no column `{name}` among `{}`", found.join(","));
                return Err(table.fault(reason, format!("expected {}", spec.what)));
            }
        }
        Ok(table)
    }

    /// Steps to the next row; false at the end.
    pub(crate) fn advance(&mut self) -> Result<bool> {
        if std::mem::take(&mut self.pending) {
            return Ok(true);
        }
        if !self.read_row()? {
            return Ok(false);
        }
        if self.columns != self.width {
            let reason = format!("{} fields where the first row has {}", self.columns, self.width);
            return Err(self.fault(reason, "quote fields that contain a comma, and fill in the missing ones"));
        }
        Ok(true)
    }

    /// The text in a column of the specification; `None` where the column is absent.
    pub(crate) fn text(&self, column: usize) -> Option<&str> {
        Some(self.at((*self.places.get(column)?)?))
    }

    /// The text without surrounding blanks; `None` where it is empty or the column is absent.
    pub(crate) fn cell(&self, column: usize) -> Option<&str> {
        self.text(column).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The text without surrounding blanks, which must not be empty.
    pub(crate) fn required(&self, column: usize) -> Result<&str> {
        self.cell(column).ok_or_else(|| {
            self.fault(format!("column `{}` is empty", self.name(column)), "fill it in, or remove the row")
        })
    }

    /// A finite number.
    pub(crate) fn number(&self, column: usize) -> Result<f64> {
        self.parse(column, "a finite number", |text| {
            text.parse().ok().filter(|value: &f64| value.is_finite())
        })
    }

    /// A finite number, or nothing.
    pub(crate) fn optional_number(&self, column: usize) -> Result<Option<f64>> {
        self.cell(column).map(|_| self.number(column)).transpose()
    }

    /// Whatever `parse` makes of a cell that must not be empty.
    pub(crate) fn parse<T>(
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
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// An error about the current row.
    pub(crate) fn fault(&self, reason: impl Into<String>, remedy: impl Into<String>) -> Error {
        let (path, line) = (self.path.clone(), self.line);
        Error::Row { path, line, reason: reason.into(), remedy: remedy.into() }
    }

    fn name(&self, column: usize) -> &'static str {
        self.names.get(column).copied().unwrap_or("?")
    }

    fn at(&self, place: usize) -> &str {
        std::str::from_utf8(self.raw(place)).unwrap_or_default()
    }

    fn raw(&self, place: usize) -> &[u8] {
        let end = if place < self.columns { self.ends.get(place).copied().unwrap_or(0) } else { 0 };
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before).copied()).unwrap_or(0);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// A file name in the first cell, or a number in the second.
    fn looks_like_data(&self) -> bool {
        let second_is_number = self.columns > 1 && self.at(1).trim().parse::<f64>().is_ok();
        second_is_number || self.at(0).contains(['.', '/'])
    }

    /// Where the column is. Of several accepted names the first one counts.
    fn find(&self, column: &Column) -> Result<Option<usize>> {
        for name in column.names {
            let mut found = (0..self.width).filter(|&place| plain(self.at(place)) == *name);
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

    fn skip_bom(&mut self) -> Result<()> {
        // A reader may hand out single bytes, so the mark is compared byte by byte and given up whole or not at all.
        let mut seen = 0;
        while let (Some(&wanted), Some(&next)) = (BOM.get(seen), self.peek()?.first()) {
            if wanted != next {
                break;
            }
            self.input.consume(1);
            seen += 1;
        }
        if seen == 0 || seen == BOM.len() {
            return Ok(());
        }
        Err(self.fault("the file begins with a part of a byte order mark", "save it as UTF-8"))
    }

    fn peek(&mut self) -> Result<&[u8]> {
        let path = &self.path;
        loop {
            match self.input.fill_buf() {
                // Asked again outside the loop: the borrow of a returned buffer would last too long here.
                Ok(_) => break,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io(path, e)),
            }
        }
        Ok(self.input.buffer())
    }

    /// Fills `bytes` and `ends` with the next row; false at the end of the file.
    fn read_row(&mut self) -> Result<bool> {
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
            let input = self.input.buffer();
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
        // The parser takes a quote that is never closed for text up to the end of the file, and rows would be lost.
        if quotes % 2 == 1 {
            return Err(self
                .fault("an odd number of quotes", "close the quote, and double quotes inside quoted text"));
        }
        if let Some(place) = (0..fields).find(|&place| std::str::from_utf8(self.raw(place)).is_err()) {
            return Err(self.fault(format!("field {} is not UTF-8", place + 1), "save the file as UTF-8"));
        }
        Ok(true)
    }
}

fn count(bytes: &[u8], wanted: u8) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte == wanted)).sum()
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

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: Spec = Spec {
        what: "a list with the columns file, mos",
        columns: &[required(&["file", "video_name"]), required(&["mos"]), optional(&["note"])],
        may_lack_header: true,
    };

    /// Hands out one byte at a time, the worst of all readers.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let (Some((&first, rest)), Some(place)) = (self.0.split_first(), buffer.first_mut()) else {
                return Ok(0);
            };
            *place = first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn rows(bytes: &[u8]) -> Result<Vec<(u64, String, f64)>> {
        let run = |mut table: Table<Box<dyn Read + '_>>| {
            let mut rows = Vec::new();
            while table.advance()? {
                rows.push((table.line(), table.required(0)?.to_owned(), table.number(1)?));
            }
            Ok(rows)
        };
        let fast = Table::new(Box::new(bytes) as Box<dyn Read>, Path::new("t.csv"), &SPEC).and_then(run);
        let slow =
            Table::new(Box::new(Slow(bytes)) as Box<dyn Read>, Path::new("t.csv"), &SPEC).and_then(run);
        assert_eq!(format!("{fast:?}"), format!("{slow:?}"));
        fast
    }

    fn row(line: u64, name: &str, value: f64) -> (u64, String, f64) {
        (line, name.to_owned(), value)
    }

    #[test]
    fn headers_marks_line_ends_and_quotes() {
        let plain = vec![row(2, "a.mp4", 3.5), row(3, "b.mp4", 4.0)];
        for text in [
            "file,mos\na.mp4,3.5\nb.mp4,4\n",
            "\u{feff}file,mos\r\na.mp4,3.5\r\nb.mp4,4",
            "MOS,Video Name,else\n3.5,a.mp4,x\n 4 , b.mp4 ,\n",
            "file,mos\r\"a.mp4\",\"3.5\"\rb.mp4,4\r",
        ] {
            let mut found = rows(text.as_bytes()).unwrap();
            if text.contains('\n') {
                assert_eq!(found, plain, "{text}");
            } else {
                // A lone carriage return ends a row but is no line of any editor.
                found.iter_mut().for_each(|row| row.0 = 0);
                assert_eq!(found, [row(0, "a.mp4", 3.5), row(0, "b.mp4", 4.0)]);
            }
        }
        assert_eq!(rows(b"a.mp4,3.5\nb.mp4,4").unwrap(), [row(1, "a.mp4", 3.5), row(2, "b.mp4", 4.0)]);
        assert_eq!(rows(b"video_name,mos,file\n7,1,a\n").unwrap(), [row(2, "a", 1.0)]);
        let odd = "file,mos\n\n\r\n\"a\n,\"\"b\"\"\",1\nc,2\n";
        assert_eq!(rows(odd.as_bytes()).unwrap(), [row(4, "a\n,\"b\"", 1.0), row(6, "c", 2.0)]);
        assert_eq!(rows(b"file,mos\n").unwrap(), []);
    }

    #[test]
    fn faults_name_file_line_and_remedy() {
        for (text, wanted) in [
            ("", "t.csv: an empty file; expected a list with the columns file, mos"),
            ("\u{feff}\r\n\n", "t.csv: an empty file"),
            ("file,score\na,1\n", "t.csv:1: no column `mos` among `file,score`; expected a list"),
            ("a.mp4\n", "t.csv:1: no column `mos` among `a.mp4`"),
            ("file,mos,mos\na,1,2\n", "t.csv:1: two columns `mos`; rename"),
            ("a.mp4,1,x,y\n", "t.csv:1: 4 columns and no header; name the columns"),
            ("file,mos\na,1\nb\n", "t.csv:3: 1 fields where the first row has 2; quote"),
            ("file,mos\na,good\n", "t.csv:2: column `mos` is `good`; it must be a finite number"),
            ("file,mos\na,inf\n", "t.csv:2: column `mos` is `inf`"),
            ("file,mos\n\n,1\n", "t.csv:3: column `file` is empty; fill it in"),
            ("file,mos\na,\"1\nb,2\nc,3\n", "t.csv:2: an odd number of quotes; close"),
            ("file,mos\na 5\" b,1\n", "t.csv:2: an odd number of quotes"),
        ] {
            let error = rows(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
        for (bytes, wanted) in [
            (&b"file,mos\na\xff,1\n"[..], "t.csv:2: field 1 is not UTF-8; save"),
            // Valid only when the two fields are taken for one.
            (&b"file,mos\na\xc3,\xa9\n"[..], "t.csv:2: field 1 is not UTF-8"),
            (&b"\xef\xbbfile,mos\n"[..], "t.csv:1: the file begins with a part of a byte order mark"),
        ] {
            let error = rows(bytes).unwrap_err().to_string();
            assert!(error.starts_with(wanted), "{error}");
        }
        let wide = ",".repeat(5000);
        assert!(rows(wide.as_bytes()).unwrap_err().to_string().contains("more than 1024 columns"));
    }

    #[test]
    fn a_field_of_a_gigabyte_is_refused_unread() {
        struct Endless(u64);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let count = buffer.len().min(usize::try_from(1_000_000_000 - self.0).unwrap());
                buffer[..count].fill(b'x');
                self.0 += count as u64;
                Ok(count)
            }
        }
        let mut endless = Endless(0);
        let input = (&b"file,mos\na.mp4,1\nb.mp4,"[..]).chain(&mut endless);
        let mut table = Table::new(input, Path::new("t.csv"), &SPEC).unwrap();
        assert!(table.advance().unwrap());
        let error = table.advance().unwrap_err();
        assert!(matches!(error, Error::RowTooLong { line: 3, limit: MAX_ROW_BYTES, .. }), "{error}");
        assert!(table.bytes.capacity() <= MAX_ROW_BYTES);
        drop(table);
        assert!(endless.0 <= 2 * MAX_ROW_BYTES as u64, "{} bytes read", endless.0);
    }

    #[test]
    fn written_fields_are_read_back() {
        for field in ["plain", "a,b", "say \"x\"", "two\nlines", "cr\r", "é"] {
            let text = format!("file,mos\n{},1\n", quoted(field));
            assert_eq!(rows(text.as_bytes()).unwrap(), [row(2, field.trim(), 1.0)]);
        }
    }
}
