use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::{Error, Result};

/// The bytes of a file of at most `max`; a longer one is refused before it is read.
pub(crate) fn read_bounded(path: &Path, max: usize) -> Result<Vec<u8>> {
    let io = |source| Error::Io { action: "read", path: Some(path.to_path_buf()), source };
    let file = File::open(path).map_err(io)?;
    let limit = u64::try_from(max).unwrap_or(u64::MAX);
    let too_large = || Error::invalid("size", format!("{} has more than {max} bytes", path.display()));
    if file.metadata().map_err(io)?.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // The length of a pipe or of a file that grows is known only afterwards.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() > max { Err(too_large()) } else { Ok(bytes) }
}
