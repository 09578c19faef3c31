use std::path::PathBuf;

use crate::regression::RecipeDifference;

/// A `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a model could not be trained, read, written or applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A slice has the wrong length for the model or the other arguments.
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
    #[error("`{name}` is {value}: drop the row or repair the extraction; models take finite values only")]
    NonFinite {
        /// Name of the feature, or the argument and the position.
        name: String,
        /// The bad value.
        value: f64,
    },

    /// More features are missing than in any row that the model was trained on.
    #[error(
        "{found} of {inputs} features are missing, at most {most} may be: the video is too short or too small for these \
         features; take a longer one, or a model that needs fewer frames"
    )]
    TooManyMissing {
        /// Features that are missing.
        found: usize,
        /// Features that the model takes.
        inputs: usize,
        /// The largest number that a training row missed.
        most: usize,
    },

    /// The features are not those that the model was trained on.
    #[error(
        "feature {index} is `{found}` where the model takes `{expected}`: extract the features that the \
         model lists, in its order"
    )]
    LayoutMismatch {
        /// Position of the first difference, counted from 0.
        index: usize,
        /// The model's name there, or `(nothing)` after its last input.
        expected: String,
        /// The name that was passed, or `(nothing)` after the last one.
        found: String,
    },

    /// The features were made in another way than those that the model was trained on.
    #[error(
        "the features are not made as those that `{model}` learned from: {}",
        differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    )]
    RecipeMismatch {
        /// Name and number of the model.
        model: String,
        /// Every key that differs.
        differences: Vec<RecipeDifference>,
    },

    /// The model does not say how its features are made, so no vector can be checked.
    #[error(
        "`{model}` states no recipe of its features: call `predict_raw` with a row that you know to fit, or train it again \
         with the recipe of the vectors"
    )]
    NoRecipe {
        /// Name and number of the model.
        model: String,
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

    /// A model file of an unknown format or version.
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

    /// Pixels that do not form an image, or a part outside the image.
    #[error("the image cannot be used ({reason}): pass complete rows and the true size")]
    InvalidImage {
        /// What is wrong with it.
        reason: String,
    },

    /// No face in any frame, and the caller chose an error for that case.
    #[error(
        "no face in {frames} frames: pass a box for this video, or choose `NoFace::WholeFrame` or `NoFace::Skip`"
    )]
    NoFace {
        /// Frames looked at.
        frames: u64,
    },

    /// A model file could not be read or written.
    #[error("cannot {action} the model{}", path.as_ref().map_or_else(String::new, |p| format!(" {}", p.display())))]
    Io {
        /// What was tried, `read` or `write`.
        action: &'static str,
        /// The file, where there is one.
        path: Option<PathBuf>,
        /// The error of the operating system.
        source: std::io::Error,
    },

    /// candle could not build or run a network: a parameter is missing or has another shape, or a device is out of
    /// memory.
    #[cfg(feature = "deep")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deep")))]
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),

    /// An input that cannot be processed.
    #[error("`{argument}` cannot be used: {reason}")]
    InvalidInput {
        /// Name of the argument.
        argument: &'static str,
        /// What is wrong with it, and what to do.
        reason: String,
    },

    /// The tensors of a file are not those of the network. Each list is complete; the message has the first of each.
    #[error(
        "the tensors do not fit the network: {}{}{}{}",
        hint.as_deref().unwrap_or("check that the configuration is the one the file was made with"),
        listed("missing", missing),
        listed("unknown", extra),
        listed("with another shape", misshaped)
    )]
    TensorMismatch {
        /// Names in the network but not in the file.
        missing: Vec<String>,
        /// Names in the file but not in the network.
        extra: Vec<String>,
        /// Names with both shapes.
        misshaped: Vec<String>,
        /// What the file seems to be instead, where that can be told.
        hint: Option<String>,
    },

    /// A NaN or an infinity in a file of tensors.
    #[error(
        "`{tensor}`{} holds {value} at place {index}: get the file again; if it is the same there, the training that wrote \
         it failed, and its weights cannot be used",
        path.as_ref().map_or_else(String::new, |p| format!(" of {}", p.display()))
    )]
    NonFiniteTensor {
        /// The file, where there is one.
        path: Option<PathBuf>,
        /// Name of the tensor in the file.
        tensor: String,
        /// Position in the tensor, in row-major order.
        index: usize,
        /// The bad value.
        value: f64,
    },

    /// A file that is something else than its reader takes, such as a pointer of Git LFS or a web page.
    #[error("{} is {found}: {remedy}", path.display())]
    OtherFile {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
        /// What to do.
        remedy: String,
    },

    /// An index of sentences whose representations are those of another network.
    #[error(
        "the index was made with the checkpoint {index}, this is {checkpoint}: make the index again with this checkpoint, or \
         take the checkpoint that it was made with"
    )]
    OtherCheckpoint {
        /// SHA-256 of the checkpoint that the index was made with.
        index: String,
        /// SHA-256 of the checkpoint that it was to be used with.
        checkpoint: String,
    },

    /// Weights in Python's pickle format, which runs code when it is read.
    #[error(
        "{} is a PyTorch pickle, which runs code when it is read: convert it once, where you trust it, with\n{command}",
        path.display()
    )]
    Pickle {
        /// The file.
        path: PathBuf,
        /// The command that writes a safetensors file next to it.
        command: String,
    },

    /// A file could not be downloaded from a model hub, or found in its cache.
    #[error("cannot get {file} of {repository} at {revision}: {reason}")]
    Hub {
        /// Repository on the hub.
        repository: String,
        /// Commit, tag or branch.
        revision: String,
        /// File in the repository.
        file: String,
        /// What went wrong, and what to do.
        reason: String,
    },
}

/// How many names a message shows.
const SHOWN: usize = 5;

fn listed(what: &str, names: &[String]) -> String {
    let Some(shown) = names.get(..SHOWN.min(names.len())).filter(|shown| !shown.is_empty()) else {
        return String::new();
    };
    let more = names.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("; {what}: {}{more}", shown.join(", "))
}

impl Error {
    pub(crate) fn invalid(part: &'static str, reason: impl Into<String>) -> Self {
        Self::InvalidModel { part, reason: reason.into() }
    }
}
