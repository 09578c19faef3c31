//! The entry point: [`open`] looks at the path and the first bytes and chooses the reader.

use crate::error::{Error, Result};
use crate::files::{is_standard_input, take_standard_input};
use crate::frames::decoders::{open_container, open_refused};
use crate::frames::filters::sample::{Sampled, count_frames};
use crate::frames::inputs::{folder_fault, is_pattern};
use crate::frames::kind::{RAW, has_extension, kind_of};
use crate::frames::options::OpenOptions;
use crate::frames::piped::{open_pipe, redirected, start_of};
use crate::frames::readers::images::ImageSequence;
use crate::frames::readers::raw::RawReader;
use crate::frames::readers::still::is_image;
use crate::frames::readers::y4m::{SIGNATURE, Y4mReader};
use crate::frames::sampling::Sampling;
use crate::frames::settle::settle;
use crate::frames::source::FrameSource;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

/// Opens a video: a file, or a folder of images.
///
/// The content takes precedence over the extension: y4m, PNG and JPEG are recognised by their first bytes. Otherwise
/// `.yuv`, `.i420` and `.raw` are raw video, which needs [`OpenOptions::raw`]. All other files are read by the decoder
/// that [`OpenOptions::decoder`] chooses, and so is what FFmpeg alone reads of y4m (4:2:2 and the like) and PNG
/// (animations).
///
/// The path `-` is the standard input. A file that was redirected to it is read as such. What comes through a pipe can be
/// opened once, and is y4m, one PNG or JPEG, or raw video, which is then recognised by [`OpenOptions::raw`].
///
/// Frames come as players show them: upright, and as 4:2:0 of limited range or as RGB, unless `options` say otherwise.
/// [`VideoInfo::assumptions`](crate::VideoInfo::assumptions) tells what was assumed or changed on the way.
///
/// # Errors
/// [`Error::Io`] for a missing or unreadable file; [`Error::NothingMatches`] for a pattern; [`Error::Unrecognised`] for an empty file or a
/// folder without images; [`Error::Unsupported`] with the cargo feature or the command that helps;
/// [`Error::Malformed`], [`Error::TooLarge`] and [`Error::Damaged`] for broken files;
/// [`Error::InvalidOption`] for a rotation that cannot be applied as [`OpenOptions::apply_rotation`] asks;
/// [`Error::Assumed`] if [`OpenOptions::strict`] is set and something had to be assumed.
#[doc(alias("VideoCapture", "VideoReader", "imread"))]
pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Box<dyn FrameSource>> {
    let path = path.as_ref();
    settle(path, open_stored(path, options)?, options)
}

/// Opens a video and returns the frames that `sampling` selects. A plan gives the same frames of a file in every
/// program that opens it this way.
///
/// A container may state a wrong number of frames. If the plan needs the number ([`Sampling::needs_count`]), a first
/// pass therefore counts the frames. Raw files and folders of images skip this pass because their number is certain.
///
/// # Errors
/// As [`open`] and [`Sampling::sampler`]; [`Error::Damaged`] for a damaged video whose frames must be counted.
///
/// # Example
/// ```
/// use dream_data::{FrameSource, OpenOptions, Sampling, open_sampled};
///
/// let path = std::env::temp_dir().join("dream-data-open-sampled.y4m");
/// std::fs::write(&path, b"YUV4MPEG2 W1 H1 F10:1 Cmono\nFRAME\naFRAME\nbFRAME\ncFRAME\nd")?;
/// let mut frames = open_sampled(&path, &OpenOptions::default(), Sampling::Centres { n: 2 })?;
/// let mut found = Vec::new();
/// while let Some(frame) = frames.next_frame()? {
///     found.push(frame.index());
/// }
/// assert_eq!(found, [1, 3]);
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_sampled(
    path: impl AsRef<Path>,
    options: &OpenOptions,
    sampling: Sampling,
) -> Result<Sampled<Box<dyn FrameSource>>> {
    let path = path.as_ref();
    let mut source = open(path, options)?;
    let exact = source.info().frames.filter(|_| matches!(source.info().decoder, "raw" | "image"));
    match exact {
        Some(frames) => Sampled::with_count(source, sampling, frames),
        None if sampling.needs_count() => {
            let frames = count_frames(&mut source)?;
            Sampled::with_count(open(path, options)?, sampling, frames)
        }
        None => Sampled::without_count(source, sampling),
    }
}

fn open_stored(path: &Path, options: &OpenOptions) -> Result<Box<dyn FrameSource>> {
    if is_standard_input(path) {
        return match redirected() {
            Some(file) => open_stored(&file, options),
            None => open_pipe(take_standard_input()?, path, options),
        };
    }
    if path.is_dir() {
        if kind_of(path).is_none() {
            return Err(folder_fault(path));
        }
        return Ok(Box::new(ImageSequence::open_folder(path, options.frame_rate)?));
    }
    let mut file = File::open(path).map_err(|e| match is_pattern(path) && !path.exists() {
        true => Error::NothingMatches { pattern: path.to_owned() },
        false => Error::io(path, e),
    })?;
    let known = file.metadata().map_err(|e| Error::io(path, e))?;
    if !known.is_file() {
        return open_pipe(file, path, options);
    }
    let magic = start_of(&mut file, path)?;
    if magic.starts_with(SIGNATURE) {
        let length = Some(known.len());
        let stream = Cursor::new(magic).chain(std::io::BufReader::with_capacity(1 << 16, file));
        return match Y4mReader::open_named(stream, path, length, options.frame_rate) {
            // 4:2:2, 4:4:4 and the like: FFmpeg converts them.
            Err(error @ Error::Unsupported { .. }) => open_refused(path, options, error),
            other => Ok(Box::new(other?)),
        };
    }
    drop(file);
    if is_image(&magic) {
        return match ImageSequence::open_file(path, options.frame_rate) {
            // An animated PNG.
            Err(error @ Error::Unsupported { .. }) => open_refused(path, options, error),
            other => Ok(Box::new(other?)),
        };
    }
    if has_extension(path, RAW) {
        let Some(format) = options.raw_format() else {
            return Err(Error::InvalidOption {
                option: "raw",
                reason: format!("{} is raw video: state its width, height and frame rate", path.display()),
            });
        };
        return Ok(Box::new(RawReader::open(path, format)?));
    }
    open_container(path, options)
}
