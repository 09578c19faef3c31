/// `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why an input or a configuration was rejected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An image has no pixels.
    #[error("image of {width}x{height} pixels is empty: both sides must be at least 1")]
    EmptyImage {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// A pixel buffer is too short for its size and stride.
    #[error("pixel buffer holds {found} values, but {needed} are needed: check width, height and stride")]
    BufferSize {
        /// Smallest sufficient length.
        needed: usize,
        /// Length given.
        found: usize,
    },
    /// A stride is shorter than a row.
    #[error("stride of {stride} is shorter than a row of {row} values: give the distance between row starts")]
    Stride {
        /// Stride given.
        stride: usize,
        /// Values in one row.
        row: usize,
    },
    /// A crop rectangle extends beyond the image or is empty.
    #[error(
        "crop at ({x}, {y}) of {width}x{height} does not fit an image of {image_width}x{image_height}: \
         clamp it to the image and keep at least one pixel"
    )]
    Crop {
        /// Left edge.
        x: usize,
        /// Top edge.
        y: usize,
        /// Crop width.
        width: usize,
        /// Crop height.
        height: usize,
        /// Image width.
        image_width: usize,
        /// Image height.
        image_height: usize,
    },
    /// A chroma plane does not fit its luma plane.
    #[error(
        "chroma plane is {found_width}x{found_height}, but {width}x{height} is expected: 4:2:0 chroma is half of luma \
         in both directions, 4:2:2 in width alone, rounded up, and 4:4:4 chroma has the size of luma"
    )]
    ChromaSize {
        /// Width expected.
        width: usize,
        /// Height expected.
        height: usize,
        /// Width of the plane.
        found_width: usize,
        /// Height of the plane.
        found_height: usize,
    },
    /// An image is too small for an extractor.
    #[error(
        "image of {found_width}x{found_height} is too small for {extractor}: at least {width}x{height} is needed; \
         scale the image up or crop less"
    )]
    TooSmall {
        /// The extractor.
        extractor: &'static str,
        /// Smallest width.
        width: usize,
        /// Smallest height.
        height: usize,
        /// Width of the image.
        found_width: usize,
        /// Height of the image.
        found_height: usize,
    },
    /// A frame differs in size from the video it was pushed to.
    #[error(
        "frame of {found_width}x{found_height} pushed to a session for {width}x{height}: \
         start a new session when the size changes"
    )]
    FrameSize {
        /// Width of the session.
        width: usize,
        /// Height of the session.
        height: usize,
        /// Width of the frame.
        found_width: usize,
        /// Height of the frame.
        found_height: usize,
    },
    /// An output or input slice has the wrong length.
    #[error("`{argument}` holds {found} values, but {expected} are expected")]
    Length {
        /// Name of the argument.
        argument: &'static str,
        /// Length expected.
        expected: usize,
        /// Length given.
        found: usize,
    },
    /// A value is not finite, or is so large that its powers would not be finite.
    #[error("`{argument}` holds {value} at index {index}: values must be finite and at most {limit:e}")]
    Value {
        /// Name of the argument.
        argument: &'static str,
        /// Index of the value.
        index: usize,
        /// The value.
        value: f64,
        /// Largest magnitude allowed.
        limit: f64,
    },
    /// A video ended before the extractor had the frames it needs.
    #[error("the video ended after {found} frames; the minimum is {min}")]
    TooFewFrames {
        /// Frames needed.
        min: u64,
        /// Frames seen.
        found: u64,
    },
    /// A session saw far fewer frames than its spec promised.
    #[error(
        "{found} of {expected} frames were pushed or skipped: push every frame, call `skip` for each that is not \
         pushed, or leave `frames` out of the spec of a video that may break off"
    )]
    FramesMissing {
        /// Frames that the spec promised.
        expected: u64,
        /// Frames pushed or skipped.
        found: u64,
    },
    /// A session was asked again and again whether it wants the next frame, but never told that it was skipped.
    #[error(
        "`wants_next` was false {asked} times in a row after {found} frames: call `skip` for each frame that is not \
         wanted, so that the next one can be"
    )]
    NotSkipped {
        /// Answers since the last frame.
        asked: u64,
        /// Frames pushed or skipped.
        found: u64,
    },
    /// Frames are not as far apart as the frame rate says.
    #[error(
        "frames are {found:.4} s apart on average, but by the frame rate {expected:.4} s: give the true rate, call \
         `skip` for frames that are not pushed, and bring a video of varying rate to a constant one first"
    )]
    Pacing {
        /// Seconds between two frames, by the rate.
        expected: f64,
        /// Seconds between two frames, by their times.
        found: f64,
    },
    /// A frame is not shown after the one before.
    #[error("a frame at {found} s after one at {last} s: push frames in the order in which they are shown")]
    Time {
        /// Time of the frame before, in seconds.
        last: f64,
        /// Time of the frame, in seconds.
        found: f64,
    },
    /// The source had been thinned out, for an extractor that needs consecutive frames.
    #[error(
        "{extractor} needs consecutive frames, but the source is a selection of them: open the source without \
         sampling, or use an extractor that looks at frames one by one"
    )]
    Thinned {
        /// The extractor.
        extractor: String,
    },
    /// The text of a recipe cannot be read.
    #[error(
        "recipe: `{word}` {reason}; it is made of key=value with spaces between, with an extractor and a version"
    )]
    Recipe {
        /// The word.
        word: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A configuration field is out of range.
    #[error("`{field}` {reason}")]
    Config {
        /// Name of the field.
        field: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// A feature name occurs twice in a layout, or is missing from it.
    #[error("feature name `{name}` {reason}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}
