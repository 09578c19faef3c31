//! Files and streams that are read whole, and never further than their reader allows.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::{Error, Result};

/// The bytes of a file of at most `max`. A longer file is refused before it is read.
pub(crate) fn read(path: &Path, max: usize) -> Result<Vec<u8>> {
    let io = |source| Error::Io { action: "read", path: Some(path.to_path_buf()), source };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.len() > u64::try_from(max).unwrap_or(u64::MAX) {
        return Err(too_large(Some(path), max));
    }
    // The length of a pipe, or of a file that grows, is known only at its end.
    take(file, Some(path), max)
}

/// The bytes of a stream of at most `max`.
pub(crate) fn read_stream(reader: impl Read, max: usize) -> Result<Vec<u8>> {
    take(reader, None, max)
}

fn take(reader: impl Read, path: Option<&Path>, max: usize) -> Result<Vec<u8>> {
    let limit = u64::try_from(max).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let read = reader.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|source| Error::Io { action: "read", path: path.map(Path::to_path_buf), source })?;
    if bytes.len() > max { Err(too_large(path, max)) } else { Ok(bytes) }
}

fn too_large(path: Option<&Path>, max: usize) -> Error {
    let name = path.map_or_else(|| "the stream".to_owned(), |path| path.display().to_string());
    Error::invalid("size", format!("{name} has more than {max} bytes"))
}
