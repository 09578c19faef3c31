//! One reader per format.

mod containers;
mod durations;
#[cfg(feature = "ffmpeg")]
pub(crate) mod ffmpeg;
#[cfg(feature = "h264")]
pub(crate) mod h264;
pub(crate) mod images;
mod pixel_format;
pub(crate) mod program;
mod promise;
pub(crate) mod raw;
mod samples;
pub(crate) mod still;
mod stream;
pub(crate) mod y4m;
