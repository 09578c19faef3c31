//! What is wrong with a file, before the path is known.

/// Why reading stopped, before the path is known.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file breaks a rule.
    Bad(String),
    /// The file is valid, but this reader does not support it.
    Unsupported(String),
}

impl Fault {
    pub(super) fn bad(reason: impl Into<String>) -> Self {
        Self::Bad(reason.into())
    }

    pub(super) fn reason(self) -> String {
        match self {
            Self::Bad(reason) => reason,
            Self::Unsupported(what) => format!("{what} is not supported"),
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Bad(error.to_string())
    }
}
