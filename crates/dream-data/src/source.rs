//! One way in: [`open`] looks at the path and the first bytes and chooses the reader.

use crate::error::{Error, Result};
use crate::frame::VideoFrame;
use crate::images::ImageSequence;
use crate::info::{FrameRate, VideoInfo};
use crate::raw::{RawFormat, RawReader};
use crate::rotate::{Rotated, Rotation};
use crate::y4m::Y4mReader;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

/// A video, read one frame at a time.
pub trait FrameSource: Send {
    /// Size, rate and what else was known at the start.
    fn info(&self) -> &VideoInfo;

    /// The next frame in display order, or `None` at the end. The frame lives until the next call.
    ///
    /// # Errors
    /// Every source in this crate delivers all frames before a damage, then returns **one**
    /// [`Error::Damaged`] (or another error that ends the stream), then `Ok(None)` for ever.
    fn next_frame(&mut self) -> Result<Option<&VideoFrame>>;

    /// One step: asks `wants` once about the next frame, by its position and its time in seconds, and puts
    /// the frame into `out` if the answer is true. Unless [`Step::Taken`] comes back, what `out` holds is
    /// unspecified.
    ///
    /// A frame that is not wanted is neither copied nor converted, and of images not even opened, so damage
    /// inside it may stay unnoticed. What this method must do in a source outside this crate is done by
    /// [`FrameSource::next_frame`] and a copy.
    ///
    /// # Errors
    /// As [`FrameSource::next_frame`].
    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        match self.next_frame()? {
            None => Ok(Step::End),
            Some(frame) if wants(frame.index(), frame.timestamp()) => {
                out.assign(frame.index(), frame.timestamp(), frame.pixels());
                Ok(Step::Taken)
            }
            Some(_) => Ok(Step::Skipped),
        }
    }
}

/// What one call of [`FrameSource::take_frame`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The frame was wanted and is in the caller's hands.
    Taken,
    /// The frame was not wanted and is gone.
    Skipped,
    /// There are no more frames.
    End,
}

/// `next_frame` in terms of `take_frame`, for a source that keeps the frame it hands out in `slot`.
pub(crate) fn next_of<S: FrameSource>(
    source: &mut S,
    slot: fn(&mut S) -> &mut VideoFrame,
) -> Result<Option<&VideoFrame>> {
    let mut frame = std::mem::take(slot(source));
    let step = source.take_frame(&mut |_, _| true, &mut frame);
    *slot(source) = frame;
    Ok((step? == Step::Taken).then(|| &*slot(source)))
}

impl<S: FrameSource + ?Sized> FrameSource for Box<S> {
    fn info(&self) -> &VideoInfo {
        (**self).info()
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        (**self).next_frame()
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        (**self).take_frame(wants, out)
    }
}

impl<S: FrameSource + ?Sized> FrameSource for &mut S {
    fn info(&self) -> &VideoInfo {
        (**self).info()
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        (**self).next_frame()
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        (**self).take_frame(wants, out)
    }
}

/// Which decoder reads video containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Decoder {
    /// OpenH264 where it is exact (feature `h264`), FFmpeg for the rest (feature `ffmpeg`). With `h264`
    /// alone, OpenH264 also where it deviates; see [`VideoInfo::exact`].
    #[default]
    Auto,
    /// Only OpenH264.
    H264,
    /// Only FFmpeg.
    Ffmpeg,
}

/// How to read what the file itself does not say.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenOptions {
    /// Size and rate of raw YUV files (`.yuv`, `.i420`, `.raw`). Other files ignore it.
    pub raw: Option<RawFormat>,
    /// Frame rate of a folder of images. Default: 25.
    pub image_rate: FrameRate,
    /// Who decodes video containers.
    pub decoder: Decoder,
    /// Turn frames as [`VideoInfo::rotation`] says. Default: false, frames come as stored. With true, a
    /// file that asks for anything but right angles ([`Rotation::Other`](crate::Rotation::Other)) does not
    /// open.
    pub apply_rotation: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { raw: None, image_rate: FrameRate::PAL, decoder: Decoder::Auto, apply_rotation: false }
    }
}

/// What a path looks like, judged by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceKind {
    /// A y4m file.
    Y4m,
    /// Raw YUV, which needs [`OpenOptions::raw`].
    RawVideo,
    /// A still image.
    Image,
    /// A folder with at least one image in it.
    ImageFolder,
    /// A video container. Whether it can be decoded depends on the features.
    Video,
}

const IMAGE: &[&str] = &["png", "jpg", "jpeg"];
const RAW: &[&str] = &["yuv", "i420", "raw"];
const VIDEO: &[&str] = &[
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mts", "m2ts", "wmv", "flv", "3gp",
    "ogv", "h264", "264", "hevc", "h265", "vob", "mxf", "gif",
];

/// What `path` looks like by its extension (a folder: by its content); `None` for anything else.
/// Programs use it to expand folders. [`open`] looks at the content as well.
#[must_use]
pub fn kind_of(path: impl AsRef<Path>) -> Option<SourceKind> {
    let path = path.as_ref();
    if path.is_dir() {
        return crate::images::has_image(path).then_some(SourceKind::ImageFolder);
    }
    if has_extension(path, IMAGE) {
        Some(SourceKind::Image)
    } else if has_extension(path, RAW) {
        Some(SourceKind::RawVideo)
    } else if has_extension(path, &["y4m"]) {
        Some(SourceKind::Y4m)
    } else {
        has_extension(path, VIDEO).then_some(SourceKind::Video)
    }
}

pub(crate) fn has_extension(path: &Path, list: &[&str]) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|found| list.iter().any(|known| known.eq_ignore_ascii_case(found)))
}

pub(crate) fn is_image(path: &Path) -> bool {
    has_extension(path, IMAGE)
}

/// Opens a video: a file, or a folder of images.
///
/// The content decides before the extension: y4m, PNG and JPEG are known by their first bytes. Then
/// `.yuv`, `.i420` and `.raw` are raw video, which needs [`OpenOptions::raw`]. All else goes to the
/// video decoders that were compiled in.
///
/// # Errors
/// [`Error::Io`] for a missing or unreadable file; [`Error::Unrecognised`] for an empty file or a
/// folder without images; [`Error::Unsupported`] with the cargo feature or the command that helps;
/// [`Error::Malformed`], [`Error::TooLarge`] and [`Error::Damaged`] for broken files;
/// [`Error::InvalidOption`] for a rotation that cannot be applied as [`OpenOptions::apply_rotation`] asks.
pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Box<dyn FrameSource>> {
    let source = open_stored(path.as_ref(), options)?;
    if options.apply_rotation && source.info().rotation != Rotation::None {
        return Ok(Box::new(Rotated::new(source)?));
    }
    Ok(source)
}

fn open_stored(path: &Path, options: &OpenOptions) -> Result<Box<dyn FrameSource>> {
    if path.is_dir() {
        return Ok(Box::new(ImageSequence::open_folder(path, options.image_rate)?));
    }
    let mut file = File::open(path).map_err(|e| Error::io(path, e))?;
    let mut magic = Vec::with_capacity(16);
    file.by_ref().take(16).read_to_end(&mut magic).map_err(|e| Error::io(path, e))?;
    if magic.is_empty() {
        return Err(Error::Unrecognised {
            path: path.to_owned(),
            found: "the file is empty".to_owned(),
            expected: "a video or an image",
        });
    }
    if magic.starts_with(crate::y4m::SIGNATURE) {
        // The bytes already read are put back in front, so that y4m can come from a pipe.
        let length = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len());
        let stream = Cursor::new(magic).chain(std::io::BufReader::with_capacity(1 << 16, file));
        return match Y4mReader::open_named(stream, path, length) {
            // 4:2:2, 4:4:4 and deep samples: FFmpeg converts them where it is compiled in.
            Err(Error::Unsupported { .. }) if cfg!(feature = "ffmpeg") => {
                crate::video::open(path, Decoder::Ffmpeg)
            }
            other => Ok(Box::new(other?)),
        };
    }
    if magic.starts_with(b"\x89PNG\r\n\x1a\n") || magic.starts_with(b"\xff\xd8\xff") {
        return Ok(Box::new(ImageSequence::open_file(path, options.image_rate)?));
    }
    if has_extension(path, RAW) {
        let Some(format) = options.raw else {
            return Err(Error::InvalidOption {
                option: "raw",
                reason: format!("{} is raw video: state its width, height and frame rate", path.display()),
            });
        };
        return Ok(Box::new(RawReader::open(path, format)?));
    }
    drop(file);
    crate::video::open(path, options.decoder)
}
