use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

/// Where the bytes of tensors come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Its handle has one place in the file for all threads, so one reads at a time.
    File {
        file: Mutex<File>,
        path: PathBuf,
        len: u64,
    },
    Memory(Vec<u8>),
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { action: "read", path: Some(path.to_path_buf()), source };
        let file = File::open(path).map_err(io)?;
        let len = file.metadata().map_err(io)?.len();
        Ok(Self::File { file: Mutex::new(file), path: path.to_path_buf(), len })
    }

    /// The file; `None` for bytes in memory.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::File { path, .. } => Some(path),
            Self::Memory(_) => None,
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::File { len, .. } => *len,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// `count` bytes from `start`. Both were checked against the length of the file.
    pub(super) fn read(&self, start: u64, count: u64) -> Result<Vec<u8>> {
        let outside = || Error::invalid("tensors", "the file ends in the middle of a tensor");
        let size = usize::try_from(count).map_err(|_| outside())?;
        match self {
            Self::File { file, path, .. } => {
                let io = |source| Error::Io { action: "read", path: Some(path.clone()), source };
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(start)).map_err(io)?;
                let mut bytes = Vec::new();
                (&mut *file).take(count).read_to_end(&mut bytes).map_err(io)?;
                if bytes.len() == size { Ok(bytes) } else { Err(outside()) }
            }
            Self::Memory(bytes) => {
                let from = usize::try_from(start).map_err(|_| outside())?;
                let to = from.checked_add(size).ok_or_else(outside)?;
                bytes.get(from..to).map(<[u8]>::to_vec).ok_or_else(outside)
            }
        }
    }
}
