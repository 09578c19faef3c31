//! What can go wrong between a path and its frames, a table and its rows, a description and its labels.

use crate::frames::assumption::Assumption;
use std::path::{Path, PathBuf};

/// `Result` with this crate's [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a video or table could not be opened or read to its end, or why a label or lexicon is invalid. Every message
/// names the file, the line or the argument.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to open, read or write the file.
    #[error("cannot read or write {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// No file has a name of this form.
    #[error("nothing matches `{}`: check the pattern and the folder before it", pattern.display())]
    NothingMatches {
        /// What [`expand_inputs`](crate::expand_inputs) was given.
        pattern: PathBuf,
    },
    /// The file is empty, or its format is unknown to this crate.
    #[error("{}: {found}; expected {expected}", path.display())]
    Unrecognised {
        /// The file or folder.
        path: PathBuf,
        /// What the file or folder contains.
        found: String,
        /// What would be accepted.
        expected: String,
    },
    /// A known format with a property that the available decoders do not read exactly.
    #[error("{}: {what} is not supported; {remedy}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The codec, pixel format or property.
        what: String,
        /// A cargo feature or a command that helps.
        remedy: String,
    },
    /// The header or the index of the file breaks the rules of its format.
    #[error("{}: malformed {part}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which part: for example `y4m header`.
        part: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A size in the file exceeds the limit up to which this crate allocates memory.
    #[error("{}: {what} is {value}, the limit is {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Which quantity.
        what: &'static str,
        /// Its value in the file.
        value: u64,
        /// The largest accepted value.
        limit: u64,
    },
    /// The size of a frame differs from that of the first frame.
    #[error(
        "{}: the frame is {}x{}, the frames before it are {}x{}; all frames must have one size",
        path.display(), found.0, found.1, expected.0, expected.1
    )]
    SizeChanged {
        /// The file of the differing frame.
        path: PathBuf,
        /// Width and height of the first frame.
        expected: (u32, u32),
        /// Width and height of this frame.
        found: (u32, u32),
    },
    /// An option cannot be used as given.
    #[error("option `{option}`: {reason}")]
    InvalidOption {
        /// Name of the field of the options or of the argument.
        option: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The file is cut off or corrupt. The frames before the damage were delivered; there are no more.
    #[error("{}: damaged after {frames} good frames: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Number of frames delivered before the damage.
        frames: u64,
        /// What was found at the damage.
        reason: String,
    },
    /// Reading is strict, and something about the video had to be assumed or changed.
    #[error("{}: {assumption}; strict reading refuses that: {}", path.display(), assumption.remedy())]
    Assumed {
        /// The file.
        path: PathBuf,
        /// What was assumed.
        assumption: Box<Assumption>,
    },
    /// A row of a table cannot be used. The table is never returned as complete.
    #[error("{}:{line}: {reason}; {remedy}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line on which the row begins, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
        /// What would be right.
        remedy: String,
    },
    /// A row of a table exceeds the length limit. It was not read to its end.
    #[error("{}:{line}: the row is longer than {limit} bytes; look for an unclosed quote", path.display())]
    RowTooLong {
        /// The file.
        path: PathBuf,
        /// The line on which the row begins, from 1.
        line: u64,
        /// The largest accepted number of bytes.
        limit: usize,
    },
    /// A text is not one of the published labels.
    #[error("`{found}` is not a label of kind {kind}; those are: {known}")]
    UnknownLabel {
        /// `place`, `artifact` or `extent`.
        kind: &'static str,
        /// The text.
        found: String,
        /// Every label of the kind.
        known: String,
    },
    /// A lexicon for the tagger of descriptions breaks the rules of its format.
    #[error("line {line} of the lexicon: {reason}")]
    Lexicon {
        /// From 1.
        line: usize,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A profile of zero descriptions was requested.
    #[error("a profile needs at least one description, there is none")]
    NoDescriptions,
    /// A sampling method needs more frames than the video has.
    #[error(
        "sampling `{sampling}` needs at least {needed} frames, the video has {found}; ask for less, or leave it out"
    )]
    TooFewFrames {
        /// Name of the sampling method.
        sampling: &'static str,
        /// The smallest sufficient number of frames.
        needed: u64,
        /// How many there are.
        found: u64,
    },
    /// A sampling method needs the number of frames, and the file does not state it.
    #[error(
        "sampling `{sampling}` needs the number of frames, which the file does not state; \
         open the video with `open_sampled`, which counts them first"
    )]
    FrameCountUnknown {
        /// Name of the sampling method.
        sampling: &'static str,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn unsupported(path: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Unsupported { path: path.to_owned(), what: what.into(), remedy: remedy.into() }
    }

    pub(crate) fn malformed(path: &Path, part: &'static str, reason: impl Into<String>) -> Self {
        Self::Malformed { path: path.to_owned(), part, reason: reason.into() }
    }

    pub(crate) fn option(option: &'static str, reason: impl Into<String>) -> Self {
        Self::InvalidOption { option, reason: reason.into() }
    }

    /// The message for a table, whose readers know no option of this crate.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::InvalidOption { reason, .. } => reason.clone(),
            other => other.to_string(),
        }
    }

    pub(crate) fn damaged(path: &Path, frames: u64, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), frames, reason: reason.into() }
    }
}

/// The largest accepted width and height in pixels.
pub const MAX_DIMENSION: u32 = 16_384;

/// Checks that both sides are at least 1 and at most [`MAX_DIMENSION`].
pub(crate) fn check_size(path: &Path, part: &'static str, width: u32, height: u32) -> Result<()> {
    for (what, value) in [("the width", width), ("the height", height)] {
        if value == 0 {
            return Err(Error::malformed(path, part, format!("{what} is 0")));
        }
        if value > MAX_DIMENSION {
            let limit = u64::from(MAX_DIMENSION);
            return Err(Error::TooLarge { path: path.to_owned(), what, value: u64::from(value), limit });
        }
    }
    Ok(())
}
