#![doc = include_str!("../README.md")]
//!
//! ## Where to start
//!
//! [`open`] and its [`OpenOptions`] for frames ([`FrameSource`], [`VideoInfo`], [`VideoFrame`], [`Pixels`]); [`Sampled`] and
//! [`Cropped`] for some of them; [`dataset::Dataset`], [`annotation`], [`split`] and [`tagging`] for the benchmark;
//! [`synthetic`] for a stand-in; [`table`] for tables of your own.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod annotation;
pub mod dataset;
mod error;
mod file_name;
mod files;
mod frames;
mod random;
pub mod split;
pub mod synthetic;
pub mod table;
pub mod tagging;

pub use error::{Error, MAX_DIMENSION, Result};
pub use file_name::{name_of, path_of};
pub use files::open_file;
pub use frames::assumption::Assumption;
pub use frames::color_range::ColorRange;
pub use frames::decoders::{DecoderStatus, decoders};
pub use frames::face_boxes::FaceBoxes;
pub use frames::filters::crop::Cropped;
pub use frames::filters::deinterlace::Deinterlaced;
pub use frames::filters::range::Ranged;
pub use frames::filters::rotate::Rotated;
pub use frames::filters::sample::{Sampled, count_frames};
pub use frames::frame::{Layout, Pixels, Plane, VideoFrame};
pub use frames::frame_rate::FrameRate;
pub use frames::frame_size::FrameSize;
pub use frames::in_order::in_order;
pub use frames::info::{Pacing, VideoInfo};
pub use frames::inputs::{expand_images, expand_inputs};
pub use frames::interlaced::{FieldOrder, Interlaced};
pub use frames::kind::{SourceKind, kind_of};
pub use frames::open::{open, open_sampled};
pub use frames::options::{Decoder, OpenOptions};
pub use frames::pixel_rect::PixelRect;
pub use frames::raw_format::{RawFormat, RawPixels, RawPlanes};
#[cfg(feature = "ffmpeg")]
pub use frames::readers::ffmpeg::FfmpegReader;
#[cfg(feature = "h264")]
pub use frames::readers::h264::H264Reader;
pub use frames::readers::images::ImageSequence;
pub use frames::readers::program::ProgramReader;
pub use frames::readers::raw::RawReader;
pub use frames::readers::y4m::{Y4mReader, Y4mWriter};
pub use frames::relative_box::RelativeBox;
pub use frames::rotation::Rotation;
pub use frames::sampler::Sampler;
pub use frames::sampling::Sampling;
pub use frames::source::{FrameSource, Step};
pub use frames::times::FrameTimes;
