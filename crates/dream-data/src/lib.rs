#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod annotation;
mod crop;
pub mod dataset;
mod error;
#[cfg(feature = "ffmpeg")]
mod ffmpeg;
mod frame;
#[cfg(feature = "h264")]
mod h264;
mod images;
mod info;
mod inputs;
mod random;
mod raw;
mod source;
pub mod split;
mod stream;
pub mod synthetic;
mod table;
pub mod tagging;
mod video;
mod y4m;
mod y4m_writer;

pub use crop::RelativeBox;
pub use error::{Error, MAX_DIMENSION, Result};
#[cfg(feature = "ffmpeg")]
pub use ffmpeg::FfmpegReader;
pub use frame::{Pixels, Plane, VideoFrame};
#[cfg(feature = "h264")]
pub use h264::H264Reader;
pub use images::ImageSequence;
pub use info::{ColorRange, FrameRate, VideoInfo};
pub use inputs::expand_inputs;
pub use raw::{RawFormat, RawReader};
pub use source::{Decoder, FrameSource, OpenOptions, SourceKind, kind_of, open};
pub use y4m::Y4mReader;
pub use y4m_writer::Y4mWriter;
