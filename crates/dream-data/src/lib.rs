#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod annotation;
mod crop;
mod cropper;
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
mod rotate;
mod sampled;
mod samples;
mod sampling;
mod source;
pub mod split;
mod stream;
pub mod synthetic;
mod table;
pub mod tagging;
mod times;
mod video;
mod y4m;
mod y4m_writer;

pub use crop::RelativeBox;
pub use cropper::{BoxPlan, CropOptions, Cropped, Cropper, Missing, Smoothing};
pub use error::{Error, MAX_DIMENSION, Result};
#[cfg(feature = "ffmpeg")]
pub use ffmpeg::FfmpegReader;
pub use frame::{Pixels, Plane, VideoFrame};
#[cfg(feature = "h264")]
pub use h264::H264Reader;
pub use images::ImageSequence;
pub use info::{ColorRange, FrameRate, Pacing, VideoInfo};
pub use inputs::expand_inputs;
pub use raw::{RawFormat, RawReader};
pub use rotate::{Rotated, Rotation};
pub use sampled::{Sampled, count_frames};
pub use sampling::{Sampler, Sampling};
pub use source::{Decoder, FrameSource, OpenOptions, SourceKind, Step, kind_of, open};
pub use times::FrameTimes;
pub use y4m::Y4mReader;
pub use y4m_writer::Y4mWriter;
