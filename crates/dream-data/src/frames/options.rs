//! Options for opening a video.

use crate::error::{Error, Result};
use crate::frames::color_range::ColorRange;
use crate::frames::frame_rate::FrameRate;
use crate::frames::interlaced::Interlaced;
use crate::frames::raw_format::RawFormat;
use std::fmt;
use std::str::FromStr;

/// Which decoder reads video containers. Its text is `auto`, `builtin`, `ffmpeg-program` or `ffmpeg-library`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Decoder {
    /// The built-in decoder where it is exact. For the rest FFmpeg: its libraries where they were compiled in (feature
    /// `ffmpeg`), otherwise its programs where they are installed. Without FFmpeg the built-in decoder also takes files
    /// on which it is not exact; see [`VideoInfo::exact`](crate::VideoInfo::exact).
    #[default]
    Auto,
    /// OpenH264 (feature `h264`).
    Builtin,
    /// The programs `ffmpeg` and `ffprobe`, found on the path.
    FfmpegProgram,
    /// FFmpeg's libraries (feature `ffmpeg`).
    FfmpegLibrary,
}

impl Decoder {
    const ALL: [(Self, &str); 4] = [
        (Self::Auto, "auto"),
        (Self::Builtin, "builtin"),
        (Self::FfmpegProgram, "ffmpeg-program"),
        (Self::FfmpegLibrary, "ffmpeg-library"),
    ];
}

impl fmt::Display for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(decoder, _)| decoder == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

impl FromStr for Decoder {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(decoder, _)| *decoder).ok_or_else(|| {
            let names = Self::ALL.map(|(_, name)| name).join(", ");
            Error::option("decoder", format!("`{text}` is no decoder; choose one of {names}"))
        })
    }
}

/// How to open a video, including what the file itself does not state.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenOptions {
    /// Size, layout and depth of raw YUV files (`.yuv`, `.i420`, `.nv12`, `.raw`). Ignored for other files.
    pub raw: Option<RawFormat>,
    /// Frames per second of a video that does not state them: a folder of images, raw YUV, and y4m without a rate. A
    /// folder of images has 25 if this is `None`; the others do not open.
    pub frame_rate: Option<FrameRate>,
    /// The decoder of video containers.
    pub decoder: Decoder,
    /// The video track to read, counted from 1. If `None`, it is the one that players show: the first one.
    pub track: Option<usize>,
    /// Bring frames upright, as [`VideoInfo::rotation`](crate::VideoInfo::rotation) states and every player does.
    /// The default is true. A file that asks for a slant ([`Rotation::Other`](crate::Rotation::Other)) then does not
    /// open. If false, frames come as stored.
    pub apply_rotation: bool,
    /// The range of 4:2:0 samples: limited by default, whatever the file has. [`ColorRange::Unknown`] leaves them as
    /// they are in the file. RGB always has full range.
    pub range: ColorRange,
    /// What is done about interlaced video.
    pub interlaced: Interlaced,
    /// Make every [`Assumption`](crate::Assumption) an error.
    pub strict: bool,
}

impl OpenOptions {
    /// The format of raw video, with the rate from [`OpenOptions::frame_rate`] where it has none of its own.
    pub(crate) fn raw_format(&self) -> Option<RawFormat> {
        self.raw.map(|raw| RawFormat { frame_rate: raw.frame_rate.or(self.frame_rate), ..raw })
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            raw: None,
            frame_rate: None,
            decoder: Decoder::Auto,
            track: None,
            apply_rotation: true,
            range: ColorRange::Limited,
            interlaced: Interlaced::Weave,
            strict: false,
        }
    }
}
