//! What can be wrong with a portrait.

/// Why no pseudo-fake was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Bytes and size of a picture do not fit together.
    #[error("the picture has {found} bytes where {width} x {height} pixels of RGB need {expected}")]
    Length {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes that this size needs.
        expected: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// A box whose borders are not in order or not numbers.
    #[error("the face box {face:?} is no box; it is left, top, right, bottom in pixels")]
    Box {
        /// Left, top, right, bottom.
        face: [f64; 4],
    },
    /// A face whose centre is not in the picture.
    #[error("the centre of the face box {face:?} is outside of the {width} x {height} picture")]
    Outside {
        /// Left, top, right, bottom.
        face: [f64; 4],
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Too few pixels to blend anything.
    #[error("the face is {found:.0} pixels wide; at least {least} are needed")]
    Small {
        /// Width of the box in pixels, after large pictures were made smaller.
        found: f64,
        /// What is needed.
        least: usize,
    },
    /// An option out of its range.
    #[error("{option} is {value}; it must be {expected}")]
    Option {
        /// Field of the options.
        option: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// An encoder or decoder did not do its work.
    #[error("{codec}: {reason}")]
    Codec {
        /// `JPEG` or `H.264`.
        codec: &'static str,
        /// What it said.
        reason: String,
    },
    /// From resizing.
    #[error(transparent)]
    Pixels(#[from] dream_models::Error),
}

/// With the error of this module.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;
