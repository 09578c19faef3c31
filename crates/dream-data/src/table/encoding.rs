//! The bytes of a table as UTF-8: marks are taken off, UTF-16 is decoded, and files that are no text are named.

use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::error::{Error, Result};

/// A byte that no UTF-8 text has. It stands for what UTF-16 does not allow, so that the row is refused.
const INVALID: u8 = 0xff;

/// How the characters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Utf8,
    Utf16 { big: bool },
}

/// A reader that returns UTF-8.
#[derive(Debug)]
pub(super) struct Utf8<R> {
    input: R,
    form: Form,
    /// Bytes that are read and not yet handed out (UTF-8), or not yet decoded (UTF-16).
    raw: Vec<u8>,
    /// Decoded, and from where on it is not yet handed out.
    text: Vec<u8>,
    handed: usize,
    ended: bool,
}

impl<R: Read> Utf8<R> {
    /// Looks at the first bytes.
    pub(super) fn new(mut input: R, path: &Path) -> Result<Self> {
        let mut raw = Vec::new();
        let mut byte = [0];
        while raw.len() < 4 {
            match input.read(&mut byte) {
                Ok(0) => break,
                Ok(_) => raw.extend(byte),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io(path, e)),
            }
        }
        let (form, mark) = recognise(&raw, path)?;
        raw.drain(..mark);
        Ok(Self { input, form, raw, text: Vec::new(), handed: 0, ended: false })
    }

    /// For messages about invalid bytes.
    pub(super) fn encoding(&self) -> &'static str {
        match self.form {
            Form::Utf8 => "UTF-8",
            Form::Utf16 { .. } => "UTF-16",
        }
    }

    /// Decodes the next piece; nothing at the end.
    fn decode(&mut self, big: bool) -> std::io::Result<()> {
        self.text.clear();
        self.handed = 0;
        while self.text.is_empty() && !self.ended {
            let mut piece = [0; 1 << 13];
            let count = self.input.read(&mut piece)?;
            self.ended = count == 0;
            self.raw.extend(piece.get(..count).unwrap_or_default());
            let unit =
                |pair: &[u8; 2]| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
            let (pairs, odd) = self.raw.as_chunks::<2>();
            let mut units: Vec<u16> = pairs.iter().map(unit).collect();
            let mut kept = Vec::from(odd);
            // The first half of a pair waits for the second.
            if let (Some(0xd800..0xdc00), false) = (units.last(), self.ended) {
                units.pop();
                kept.splice(0..0, pairs.last().copied().unwrap_or_default());
            }
            for character in char::decode_utf16(units) {
                match character {
                    // Pieces that were written one after another have a mark each.
                    Ok('\u{feff}') => {}
                    Ok(character) => self.text.extend(character.encode_utf8(&mut [0; 4]).bytes()),
                    Err(_) => self.text.push(INVALID),
                }
            }
            if self.ended && !kept.is_empty() {
                self.text.push(INVALID);
                kept.clear();
            }
            self.raw = kept;
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let source = match self.form {
            Form::Utf8 if self.handed == self.raw.len() => return self.input.read(buffer),
            Form::Utf8 => &self.raw,
            Form::Utf16 { big } => {
                if self.handed == self.text.len() {
                    self.decode(big)?;
                }
                &self.text
            }
        };
        let count = source.get(self.handed..).unwrap_or_default().read(buffer)?;
        self.handed += count;
        Ok(count)
    }
}

/// The form of a file by its first four bytes, and the length of its mark.
fn recognise(start: &[u8], path: &Path) -> Result<(Form, usize)> {
    let no_table = |what: &str, remedy: &str| Err(Error::unsupported(path, what, remedy));
    match *start {
        [0xef, 0xbb, 0xbf, ..] => Ok((Form::Utf8, 3)),
        [0xef, 0xbb] | [0xef, 0xbb, 0..=0x7f | 0xc0..=0xff, ..] => {
            let reason = "the file begins with a part of a byte order mark".to_owned();
            Err(Error::Row { path: path.to_owned(), line: 1, reason, remedy: "save it as UTF-8".to_owned() })
        }
        [0xff, 0xfe, 0, 0] | [0, 0, 0xfe, 0xff] => no_table("a table in UTF-32", "save it as UTF-8"),
        [0xff, 0xfe, ..] => Ok((Form::Utf16 { big: false }, 2)),
        [0xfe, 0xff, ..] => Ok((Form::Utf16 { big: true }, 2)),
        // Without a mark: no text in UTF-8 has zeros.
        [1..=255, 0, 1..=255, 0] => Ok((Form::Utf16 { big: false }, 0)),
        [0, 1..=255, 0, 1..=255] => Ok((Form::Utf16 { big: true }, 0)),
        [0x1f, 0x8b, ..] => no_table("a table that gzip has compressed", "unpack it first"),
        [b'P', b'K', 3, 4] => no_table("a spreadsheet or zip archive as a table", "save the sheet as CSV"),
        [0xd0, 0xcf, 0x11, 0xe0] => no_table("a spreadsheet as a table", "save the sheet as CSV"),
        _ => Ok((Form::Utf8, 0)),
    }
}
