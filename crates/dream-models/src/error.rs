use std::path::PathBuf;

/// A `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a model could not be trained, read, written or applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A slice does not have the length that the model or the other arguments ask for.
    #[error("`{argument}` has {found} values where {expected} are needed: pass one value per feature or row")]
    LengthMismatch {
        /// Name of the argument.
        argument: &'static str,
        /// The length that fits.
        expected: usize,
        /// The length found.
        found: usize,
    },

    /// A NaN or an infinity in a row or a target.
    #[error("`{name}` is {value}: drop the row or repair the extraction, a model takes finite values only")]
    NonFinite {
        /// Name of the feature, or the argument and the position.
        name: String,
        /// The bad value.
        value: f64,
    },

    /// The named features are not the ones that the model was trained on.
    #[error(
        "feature {index} is `{found}` where the model takes `{expected}`: extract the features that the \
         model lists, in its order"
    )]
    LayoutMismatch {
        /// Position of the first difference, counted from 0.
        index: usize,
        /// Name that the model has there, or `(nothing)` behind its last input.
        expected: String,
        /// Name that was passed, or `(nothing)` behind the last one.
        found: String,
    },

    /// A training setting outside its range.
    #[error("`{field}` is {value}, it must be {expected}")]
    InvalidConfig {
        /// Name of the field.
        field: &'static str,
        /// The value found.
        value: f64,
        /// The values that work.
        expected: &'static str,
    },

    /// Not enough rows to train on or to split.
    #[error("{found} rows are too few, at least {min} are needed")]
    TooFewRows {
        /// The smallest number that works.
        min: usize,
        /// The number found.
        found: usize,
    },

    /// A column or the targets have no spread, so there is nothing to learn from them.
    #[error("{what} is the same in every row: remove it or add data in which it varies")]
    Constant {
        /// The column or the argument.
        what: String,
    },

    /// A model file of a format or version that this crate does not know.
    #[error(
        "the file says format `{format}` version {version}, this crate reads `{known}` version {known_version}: \
         use the crate version that wrote the file, or train again"
    )]
    UnsupportedFormat {
        /// Format name in the file.
        format: String,
        /// Format version in the file.
        version: u64,
        /// The format name that this crate reads.
        known: &'static str,
        /// The format version that this crate reads.
        known_version: u64,
    },

    /// A model file that is damaged or contradicts itself.
    #[error("the model's {part} is not valid ({reason}): fetch the file again or train again")]
    InvalidModel {
        /// The part of the file.
        part: &'static str,
        /// What is wrong with it.
        reason: String,
    },

    /// A model file could not be read or written.
    #[error("cannot {action} the model{}: {source}", path.as_ref().map_or_else(String::new, |p| format!(" {}", p.display())))]
    Io {
        /// What was tried, `read` or `write`.
        action: &'static str,
        /// The file, where there is one.
        path: Option<PathBuf>,
        /// The error of the operating system.
        source: std::io::Error,
    },

    /// candle could not build or run a network: a parameter that is missing or has another shape, a device that is out
    /// of memory.
    #[cfg(feature = "deep")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deep")))]
    #[error("{0}")]
    Tensor(#[from] candle_core::Error),
}

impl Error {
    pub(crate) fn invalid(part: &'static str, reason: impl Into<String>) -> Self {
        Self::InvalidModel { part, reason: reason.into() }
    }
}
