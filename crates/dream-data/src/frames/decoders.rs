//! Which decoder reads a video container.

use crate::error::{Error, Result};
use crate::frames::options::{Decoder, OpenOptions};
#[cfg(feature = "ffmpeg")]
use crate::frames::readers::ffmpeg::FfmpegReader;
#[cfg(feature = "h264")]
use crate::frames::readers::h264::H264Reader;
use crate::frames::readers::program::ProgramReader;
use crate::frames::remedy::INSTALL;
use crate::frames::source::FrameSource;
use std::path::Path;

type Source = Box<dyn FrameSource>;

/// Whether one of the [`Decoder`]s can be used here, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecoderStatus {
    /// The choice that it is; never [`Decoder::Auto`].
    pub decoder: Decoder,
    /// Whether files can be read with it.
    pub available: bool,
    /// Its path and version as far as they are known, or what would make it available.
    pub detail: String,
}

/// The decoders of video containers, for reports: which are compiled in, and which programs are installed.
///
/// # Example
/// ```
/// for status in dream_data::decoders() {
///     println!("{}: {} ({})", status.decoder, status.available, status.detail);
/// }
/// ```
#[must_use]
pub fn decoders() -> Vec<DecoderStatus> {
    let built = |decoder, available: bool, name: &str, feature: &str| {
        let detail = if available {
            format!("{name}, compiled in")
        } else {
            format!("not compiled in; build with `--features {feature}`")
        };
        DecoderStatus { decoder, available, detail }
    };
    let installed = ProgramReader::version();
    vec![
        built(Decoder::Builtin, cfg!(feature = "h264"), "OpenH264", "h264"),
        DecoderStatus {
            decoder: Decoder::FfmpegProgram,
            available: installed.is_some(),
            detail: installed.unwrap_or_else(|| format!("not found; {INSTALL}")),
        },
        built(Decoder::FfmpegLibrary, cfg!(feature = "ffmpeg"), "FFmpeg's libraries", "ffmpeg"),
    ]
}

/// Opens a video container with the decoder that the options ask for.
pub(super) fn open_container(path: &Path, options: &OpenOptions) -> Result<Source> {
    match options.decoder {
        Decoder::Auto => open_auto(path, options),
        Decoder::Builtin => open_builtin(path, options),
        Decoder::FfmpegLibrary => open_library(path, options),
        Decoder::FfmpegProgram => open_program(path, options),
    }
}

/// For a file that is no container: FFmpeg, if the options allow it and it is there, instead of the error of the reader
/// that refused the file.
pub(super) fn open_refused(path: &Path, options: &OpenOptions, refusal: Error) -> Result<Source> {
    match options.decoder {
        Decoder::Builtin => Err(refusal),
        Decoder::Auto => open_any_ffmpeg(path, options).unwrap_or(Err(refusal)),
        Decoder::FfmpegLibrary => open_library(path, options),
        Decoder::FfmpegProgram => open_program(path, options),
    }
}

/// Tries the built-in decoder first. FFmpeg takes over if that does not support the file or is not exact on it, or if
/// it finds the container malformed.
fn open_auto(path: &Path, options: &OpenOptions) -> Result<Source> {
    if cfg!(not(feature = "h264")) {
        return open_any_ffmpeg(path, options).unwrap_or_else(|| no_decoder(path));
    }
    let builtin = match open_builtin(path, options) {
        Ok(source) if source.info().exact => return Ok(source),
        Err(error) if !may_be_read_by_another(&error) => return Err(error),
        inexact_or_refused => inexact_or_refused,
    };
    match (builtin, open_any_ffmpeg(path, options)) {
        (builtin, None) => builtin,
        (_, Some(Ok(source))) => Ok(source),
        // What is not even a container of a known kind is best described by the reader that looked at its bytes.
        (builtin @ (Ok(_) | Err(Error::Unrecognised { .. } | Error::Malformed { .. })), Some(Err(_))) => {
            builtin
        }
        (Err(_), Some(Err(error))) => Err(error),
    }
}

fn may_be_read_by_another(error: &Error) -> bool {
    matches!(error, Error::Unsupported { .. } | Error::Unrecognised { .. } | Error::Malformed { .. })
}

/// FFmpeg's libraries if they were compiled in, otherwise its programs if they are installed.
fn open_any_ffmpeg(path: &Path, options: &OpenOptions) -> Option<Result<Source>> {
    if cfg!(feature = "ffmpeg") {
        return Some(open_library(path, options));
    }
    ProgramReader::is_available().then(|| open_program(path, options))
}

fn open_program(path: &Path, options: &OpenOptions) -> Result<Source> {
    Ok(Box::new(ProgramReader::open(path, options.track)?))
}

#[cfg(feature = "h264")]
fn open_builtin(path: &Path, options: &OpenOptions) -> Result<Source> {
    Ok(Box::new(H264Reader::open_track(path, options.track)?))
}

#[cfg(not(feature = "h264"))]
fn open_builtin(path: &Path, _options: &OpenOptions) -> Result<Source> {
    Err(Error::unsupported(path, "the decoder `builtin`", "build with `--features h264`"))
}

#[cfg(feature = "ffmpeg")]
fn open_library(path: &Path, options: &OpenOptions) -> Result<Source> {
    Ok(Box::new(FfmpegReader::open_track(path, options.track)?))
}

#[cfg(not(feature = "ffmpeg"))]
fn open_library(path: &Path, _options: &OpenOptions) -> Result<Source> {
    Err(Error::unsupported(path, "the decoder `ffmpeg-library`", "build with `--features ffmpeg`"))
}

#[cfg(not(any(feature = "h264", feature = "ffmpeg")))]
fn no_decoder(path: &Path) -> Result<Source> {
    Err(Error::unsupported(path, "this kind of file", crate::frames::remedy::NO_DECODER))
}

#[cfg(any(feature = "h264", feature = "ffmpeg"))]
fn no_decoder(path: &Path) -> Result<Source> {
    Err(Error::unsupported(path, "this kind of file", crate::frames::remedy::CONVERT))
}
