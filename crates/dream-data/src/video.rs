//! Video containers: which of the compiled-in decoders reads a file, and what to say when none does.

use crate::error::{Error, Result};
use crate::source::{Decoder, FrameSource};
use std::path::Path;

/// For properties that no decoder here hands out, or that need FFmpeg.
pub(crate) const CONVERT: &str = if cfg!(feature = "ffmpeg") {
    "convert it: `ffmpeg -i INPUT -pix_fmt yuv420p OUTPUT.y4m`"
} else {
    "build with `--features ffmpeg`, or convert it: `ffmpeg -i INPUT -pix_fmt yuv420p OUTPUT.y4m`"
};

/// For files that OpenH264 or its container reader cannot take.
#[cfg(feature = "h264")]
pub(crate) const OTHER_DECODER: &str = if cfg!(feature = "ffmpeg") {
    "choose the decoder `Auto` or `Ffmpeg`"
} else {
    "build with `--features ffmpeg` to read everything that FFmpeg reads, \
     or convert it: `ffmpeg -i INPUT -pix_fmt yuv420p OUTPUT.y4m`"
};

#[cfg(not(any(feature = "h264", feature = "ffmpeg")))]
const NO_DECODER: &str = "build with `--features h264` for H.264 in mp4 or mov (no system library) or \
     `--features ffmpeg` for everything that FFmpeg reads, \
     or convert it: `ffmpeg -i INPUT -pix_fmt yuv420p OUTPUT.y4m`";

pub(crate) fn open(path: &Path, decoder: Decoder) -> Result<Box<dyn FrameSource>> {
    match decoder {
        Decoder::Auto => open_auto(path),
        Decoder::H264 => open_h264(path),
        Decoder::Ffmpeg => open_ffmpeg(path),
    }
}

/// OpenH264 first; FFmpeg where OpenH264 declines the file, is not exact on it, or its container makes
/// no sense.
#[cfg(all(feature = "h264", feature = "ffmpeg"))]
fn open_auto(path: &Path) -> Result<Box<dyn FrameSource>> {
    match open_h264(path) {
        Ok(source) if !source.info().exact => open_ffmpeg(path),
        Err(Error::Unsupported { .. } | Error::Unrecognised { .. } | Error::Malformed { .. }) => {
            open_ffmpeg(path)
        }
        other => other,
    }
}

#[cfg(all(feature = "h264", not(feature = "ffmpeg")))]
fn open_auto(path: &Path) -> Result<Box<dyn FrameSource>> {
    open_h264(path)
}

#[cfg(all(not(feature = "h264"), feature = "ffmpeg"))]
fn open_auto(path: &Path) -> Result<Box<dyn FrameSource>> {
    open_ffmpeg(path)
}

#[cfg(not(any(feature = "h264", feature = "ffmpeg")))]
fn open_auto(path: &Path) -> Result<Box<dyn FrameSource>> {
    Err(Error::unsupported(path, "this kind of file", NO_DECODER))
}

#[cfg(feature = "h264")]
fn open_h264(path: &Path) -> Result<Box<dyn FrameSource>> {
    Ok(Box::new(crate::h264::H264Reader::open(path)?))
}

#[cfg(feature = "ffmpeg")]
fn open_ffmpeg(path: &Path) -> Result<Box<dyn FrameSource>> {
    Ok(Box::new(crate::ffmpeg::FfmpegReader::open(path)?))
}

#[cfg(not(feature = "h264"))]
fn open_h264(path: &Path) -> Result<Box<dyn FrameSource>> {
    Err(Error::unsupported(path, "the decoder `H264`", "build with `--features h264`"))
}

#[cfg(not(feature = "ffmpeg"))]
fn open_ffmpeg(path: &Path) -> Result<Box<dyn FrameSource>> {
    Err(Error::unsupported(path, "the decoder `Ffmpeg`", "build with `--features ffmpeg`"))
}
