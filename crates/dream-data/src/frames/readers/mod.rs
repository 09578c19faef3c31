//! One reader per format.

#[cfg(feature = "ffmpeg")]
pub(crate) mod ffmpeg;
#[cfg(feature = "h264")]
pub(crate) mod h264;
pub(crate) mod images;
pub(crate) mod raw;
mod samples;
pub(crate) mod still;
mod stream;
pub(crate) mod y4m;
