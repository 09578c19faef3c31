//! What separates the columns of a table: a comma, a semicolon or a tab, by its first row.

use std::io::BufRead;

/// Bytes of the first row that are looked at.
const LIMIT: usize = 1 << 16;

/// Every separator that is recognised, the usual one first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The first row as bytes, with blank lines before it and its line end, or the part of it that is looked at.
pub(super) fn first_row(input: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let (mut row, mut quoted, mut begun) = (Vec::new(), false, false);
    loop {
        let piece = match input.fill_buf() {
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            piece => piece?,
        };
        let mut used = 0;
        let mut done = piece.is_empty();
        for &byte in piece {
            used += 1;
            row.push(byte);
            quoted ^= byte == b'"';
            let end = matches!(byte, b'\n' | b'\r') && !quoted;
            if (end && begun) || row.len() == LIMIT {
                done = true;
                break;
            }
            begun |= !end;
        }
        input.consume(used);
        if done {
            return Ok(row);
        }
    }
}

/// The separator that a first line `sep=;` states, as some spreadsheets write it.
pub(super) fn stated(row: &[u8]) -> Option<u8> {
    let line = row.trim_ascii_end();
    let (&separator, name) = row.get(..line.len().max(5))?.split_last()?;
    (name.eq_ignore_ascii_case(b"sep=") && SEPARATORS.contains(&separator)).then_some(separator)
}

/// The separators that the row has outside quotes.
fn there(row: &[u8]) -> Vec<u8> {
    let mut quoted = false;
    let mut outside: Vec<u8> = Vec::new();
    for &byte in row {
        quoted ^= byte == b'"';
        if !quoted {
            outside.push(byte);
        }
    }
    SEPARATORS.into_iter().filter(|separator| outside.contains(separator)).collect()
}

/// The fields of the row.
fn split(row: &[u8], separator: u8) -> Vec<String> {
    let mut parser = csv_core::ReaderBuilder::new().delimiter(separator).build();
    let (mut bytes, mut ends) = (vec![0; row.len() + 1], vec![0; row.len() + 1]);
    let start = row.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    let (_, _, _, count) = parser.read_record(row.get(start..).unwrap_or_default(), &mut bytes, &mut ends);
    let mut begin = 0;
    let field = |end: &usize| {
        let field = bytes.get(begin..*end).unwrap_or_default();
        begin = *end;
        String::from_utf8_lossy(field).into_owned()
    };
    ends.iter().take(count).map(field).collect()
}

/// The separator of the row, or several that are possible. `fits` says whether fields make a first row of the table.
pub(super) fn choose(row: &[u8], fits: impl Fn(&[String]) -> bool) -> Result<u8, Vec<char>> {
    let there = there(row);
    if let [] | [_] = there.as_slice() {
        return Ok(there.first().copied().unwrap_or(b','));
    }
    let rows: Vec<(u8, Vec<String>)> = there.into_iter().map(|byte| (byte, split(row, byte))).collect();
    let fitting: Vec<&(u8, Vec<String>)> = rows.iter().filter(|(_, fields)| fits(fields)).collect();
    let longest = fitting.iter().map(|(_, fields)| fields.len()).max();
    let best: Vec<u8> =
        fitting.iter().filter(|(_, fields)| Some(fields.len()) == longest).map(|(byte, _)| *byte).collect();
    match best.as_slice() {
        [] => Ok(rows.iter().rev().max_by_key(|(_, fields)| fields.len()).map_or(b',', |(byte, _)| *byte)),
        [one] => Ok(*one),
        several => Err(several.iter().copied().map(char::from).collect()),
    }
}
