//! Why there is no score.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;

use crate::score::Video;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a scorer could not be built, or a video has no score.
///
/// Each message is one line with all causes and what to do, and names options in backticks as the methods of
/// [`ScorerBuilder`](crate::ScorerBuilder) and the fields of [`NetworkOptions`](crate::NetworkOptions) are called. `Debug`
/// says the same, so that a `main` that returns the error prints words.
///
/// ```
/// let error = score_video::Scorer::embedded()?.score_file("no-such.mp4").unwrap_err();
/// assert!(error.to_string().starts_with("cannot read or write no-such.mp4: "));
/// assert_eq!(format!("{error:?}"), error.to_string());
/// # Ok::<(), score_video::Error>(())
/// ```
#[non_exhaustive]
pub enum Error {
    /// The video could not be opened or read.
    Video(dream_data::Error),
    /// The method looks at a video more than once, and it could not be opened again.
    Again(dream_data::Error),
    /// The video is damaged, and what is left before the damage gives no score.
    Damaged {
        /// Where the damage is, and what it is.
        damage: String,
        /// Why the part before it has no score.
        cause: Box<Error>,
    },
    /// A frame that does not fit the others or its own size.
    Frame(dream_features::Error),
    /// A model does not take what it was given.
    Model(Box<dream_models::Error>),
    /// The video has too few frames or pixels for the method.
    TooLittle {
        /// Name of the method.
        method: &'static str,
        /// How many frames it needs at the rate of the video, if that is more than one.
        least_frames: Option<u64>,
        /// What exactly was missing.
        cause: Box<Error>,
    },
    /// A method of colour was given luma alone. [`ScorerBuilder::luma_only`](crate::ScorerBuilder::luma_only) allows it.
    LumaOnly {
        /// Name of the method.
        method: String,
    },
    /// A method that looks at a video more than once was given a source that is read once, or pushed frames.
    SeveralPasses {
        /// Name of the method.
        method: String,
    },
    /// Options that are unknown, out of range, or do not go together.
    Options(String),
    /// A model that takes other features than the method gives.
    OtherFeatures(Box<dream_models::Error>),
    /// The file of a model could not be used.
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: Box<dream_models::Error>,
    },
    /// A checkpoint could not be used.
    Weights {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        cause: Box<Error>,
    },
    /// The original that versions are compared with has no score.
    Reference {
        /// Its file.
        path: PathBuf,
        /// Why.
        cause: Box<Error>,
    },
    /// A box that is not within the frame, or a list without one for the video.
    FaceBox(String),
    /// No face was found, and [`NoFace`](crate::NoFace) does not allow the whole frame.
    NoFace {
        /// Frames in which it was looked for.
        frames: u64,
        /// What is known about the video.
        video: Box<Video>,
    },
    /// A network that gives no number, or asks for something unknown.
    Network(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Video(cause) => f.write_str(&all(cause)),
            Self::Again(cause) => write!(f, "this method looks at a video more than once: {}", all(cause)),
            Self::Damaged { damage, cause } => write!(f, "{damage}: {cause}"),
            Self::Frame(cause) => f.write_str(&all(cause)),
            Self::Model(cause) => f.write_str(&all(&**cause)),
            Self::TooLittle { method, least_frames: Some(frames), cause } => write!(
                f,
                "`method` {method} needs 64x64 pixels and {frames} frames at this rate; `method` brisque scores smaller \
                 and shorter videos: {cause}"
            ),
            Self::TooLittle { cause, .. } => write!(f, "no score: {cause}"),
            Self::LumaOnly { method } => write!(
                f,
                "`method` {method} looks at colour, and the frames are luma alone: pass them with their colour, choose \
                 `method` brisque, or allow it with `luma_only`"
            ),
            Self::SeveralPasses { method } => write!(
                f,
                "`method` {method} looks at a video more than once: pass a file, or a function that opens it again"
            ),
            Self::Options(reason) | Self::FaceBox(reason) | Self::Network(reason) => f.write_str(reason),
            Self::OtherFeatures(cause) => {
                write!(f, "the model takes other features than this `method` gives: {}", all(&**cause))
            }
            Self::ModelFile { path, cause } => write!(f, "{} is no model: {}", path.display(), all(&**cause)),
            Self::Weights { path, cause } => write!(f, "`weights` {}: {cause}", path.display()),
            Self::Reference { path, cause } => write!(f, "`reference` {}: {cause}", path.display()),
            Self::NoFace { frames, .. } => write!(
                f,
                "no face in {frames} frames: give it with `face_box`, or choose `no_face` whole-frame or `no_face` skip"
            ),
        }
    }
}

/// The words of `Display`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The causes are part of the message, so there is no further source.
impl StdError for Error {}

impl From<dream_data::Error> for Error {
    fn from(cause: dream_data::Error) -> Self {
        Self::Video(cause)
    }
}

impl From<dream_features::Error> for Error {
    fn from(cause: dream_features::Error) -> Self {
        Self::Frame(cause)
    }
}

impl From<dream_models::Error> for Error {
    fn from(cause: dream_models::Error) -> Self {
        Self::Model(Box::new(cause))
    }
}

/// An error with its causes, in a line.
fn all(error: &dyn StdError) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
