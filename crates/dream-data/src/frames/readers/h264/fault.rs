//! What is wrong with a file, before the path is known.

/// Why reading stopped, before the path is known.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file breaks a rule.
    Bad(String),
    /// The file is valid, but this reader does not support it.
    Unsupported(String),
    /// Frames of another size follow.
    SizeChanged((u32, u32)),
    /// The file has no such track: how many there are.
    NoTrack(usize),
}

impl Fault {
    pub(super) fn bad(reason: impl Into<String>) -> Self {
        Self::Bad(reason.into())
    }

    /// The file has `length` bytes, and `what` ends at `needed`.
    pub(super) fn cut(length: u64, needed: u64, what: &str) -> Self {
        Self::Bad(format!("the file is cut off: it ends at byte {length}, {what} at byte {needed}"))
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Bad(error.to_string())
    }
}
