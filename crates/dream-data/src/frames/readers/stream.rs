//! Shared by all readers: filling a buffer from a stream, and the rule for how a stream ends.

use crate::error::Error;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How much [`fill`] read.
pub(crate) enum Filled {
    Whole,
    Nothing,
    Part { got: usize, wanted: usize },
    Failed(io::Error),
}

/// Reads until `buffer` is full or the stream ends.
pub(crate) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Filled {
    let wanted = buffer.len();
    let mut got = 0;
    while let Some(rest) = buffer.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) if got == 0 => return Filled::Nothing,
            Ok(0) => return Filled::Part { got, wanted },
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Filled::Failed(e),
        }
    }
    Filled::Whole
}

/// Counts delivered frames and makes sure that a stream ends once: with `None`, or with one error.
#[derive(Debug)]
pub(crate) struct Progress {
    path: PathBuf,
    frames: u64,
    ended: bool,
}

impl Progress {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, frames: 0, ended: false }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn delivered(&mut self) {
        self.frames += 1;
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Ends the stream; the caller returns the error.
    pub(crate) fn damage(&mut self, reason: impl Into<String>) -> Error {
        self.ended = true;
        Error::damaged(&self.path, self.frames, reason)
    }

    /// Passes a reader's next frame on. `None` ends the stream, and a reason ends it with damage.
    pub(crate) fn settle<T>(&mut self, outcome: Result<Option<T>, String>) -> Result<Option<T>, Error> {
        match outcome {
            Ok(Some(frame)) => Ok(Some(frame)),
            Ok(None) => {
                self.end();
                Ok(None)
            }
            Err(reason) => Err(self.damage(reason)),
        }
    }

    /// Ends the stream with an error other than damage.
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        self.ended = true;
        error
    }
}
