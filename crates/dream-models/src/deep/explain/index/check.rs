//! Whether a file is an index, and agrees with itself.

use std::ops::Range;

use super::format::{
    CHECKPOINT_KEY, FORMAT, FORMAT_KEY, MOS, NAMES, ROWS, Sizes, TEXT_ENDS, TEXTS, VERSION, VERSION_KEY,
    is_sha256,
};
use crate::deep::checkpoint::TensorFile;
use crate::{Error, Result};

/// Bytes that are read at once.
pub(super) const BLOCK: usize = 4 << 20;

/// The checkpoint that a file says it belongs to, after it said that it is an index.
pub(super) fn check_notes(file: &TensorFile) -> Result<String> {
    let note = |key: &str| file.notes().get(key).map(String::as_str).unwrap_or_default();
    let version = note(VERSION_KEY).parse().unwrap_or(0);
    if note(FORMAT_KEY) != FORMAT || version != VERSION {
        return Err(Error::UnsupportedFormat {
            format: note(FORMAT_KEY).chars().take(80).collect(),
            version,
            known: FORMAT,
            known_version: VERSION,
        });
    }
    let checkpoint = note(CHECKPOINT_KEY);
    if !is_sha256(checkpoint) {
        return Err(invalid("it does not say which checkpoint it was made with".to_owned()));
    }
    Ok(checkpoint.to_owned())
}

/// Sizes, after all tensors were found to be there, and no others, of the types and shapes that belong together.
pub(super) fn check_tensors(file: &TensorFile) -> Result<Sizes> {
    let (clips, names, texts) = (shape(file, MOS), shape(file, NAMES), shape(file, TEXTS));
    let (&[clips], &[names], &[texts], &[sentences, dim]) = (clips, names, texts, shape(file, ROWS)) else {
        return Err(invalid(format!(
            "`{MOS}`, `{NAMES}`, `{TEXTS}` or `{ROWS}` is missing or has another rank"
        )));
    };
    if dim == 0 {
        return Err(invalid(format!("`{ROWS}` has rows of no number")));
    }
    let sizes = Sizes { clips, sentences, dim, names };
    let expected = sizes.tensors(texts);
    for (name, dtype, wanted) in &expected {
        let (found, type_found) = (shape(file, name), file.dtype(name));
        if found != wanted.as_slice() || type_found != Some(*dtype) {
            let type_found =
                type_found.map_or_else(|| "no known type".to_owned(), |found| format!("{found:?}"));
            return Err(invalid(format!(
                "`{name}` is {type_found} {found:?} where {dtype:?} {wanted:?} belongs"
            )));
        }
    }
    match file.shapes().find(|(name, _)| !expected.iter().any(|(known, ..)| known == name)) {
        Some((other, _)) => Err(invalid(format!("`{other}` does not belong into it"))),
        None => Ok(sizes),
    }
}

pub(super) fn shape<'a>(file: &'a TensorFile, name: &str) -> &'a [usize] {
    file.shapes().find(|(found, _)| *found == name).map_or(&[], |(_, shape)| shape)
}

/// All offsets of a tensor, of `parts` parts of something with `all` in it.
pub(super) fn offsets(file: &TensorFile, name: &str, parts: usize, all: usize) -> Result<Vec<usize>> {
    let list = numbers(&file.part(name, 0, parts.saturating_add(1))?);
    check_offsets(name, &list, 0, 0)?;
    ends_with(name, list.last().copied(), all)?;
    Ok((0..list.len()).filter_map(|at| place(&list, at)).collect())
}

/// The same checks of the offsets of the texts, which are not kept.
pub(super) fn check_text_offsets(file: &TensorFile, sentences: usize, all: usize) -> Result<()> {
    let (mut before, end) = (0, sentences.saturating_add(1));
    for first in (0..end).step_by(BLOCK / 8) {
        let list = numbers(&file.part(TEXT_ENDS, first, (BLOCK / 8).min(end - first))?);
        check_offsets(TEXT_ENDS, &list, first, before)?;
        before = list.last().copied().unwrap_or(before);
    }
    ends_with(TEXT_ENDS, Some(before), all)
}

/// Offsets from number `first` on begin at 0 and do not fall.
fn check_offsets(name: &str, list: &[i64], first: usize, before: i64) -> Result<()> {
    let mut before = before;
    for (at, &offset) in (first..).zip(list) {
        if offset < before || (at == 0 && offset != 0) {
            return Err(invalid(format!("`{name}` goes from {before} to {offset} at place {at}")));
        }
        before = offset;
    }
    Ok(())
}

fn ends_with(name: &str, last: Option<i64>, all: usize) -> Result<()> {
    let end = last.and_then(|last| usize::try_from(last).ok());
    if end == Some(all) {
        return Ok(());
    }
    Err(invalid(format!("`{name}` ends with {last:?}, it divides {all}")))
}

pub(super) fn numbers(bytes: &[u8]) -> Vec<i64> {
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().map(|number| i64::from_le_bytes(*number)).collect()
}

pub(super) fn place(offsets: &[i64], at: usize) -> Option<usize> {
    usize::try_from(*offsets.get(at)?).ok()
}

/// What lies between offsets.
pub(super) fn spans(offsets: &[usize]) -> impl Iterator<Item = Range<usize>> + '_ {
    offsets.iter().zip(offsets.iter().skip(1)).map(|(&from, &to)| from..to)
}

pub(super) fn invalid(reason: String) -> Error {
    Error::invalid("index of sentences", reason)
}
