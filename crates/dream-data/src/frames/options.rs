//! Options for opening a video.

use crate::frames::frame_rate::FrameRate;
use crate::frames::info::RawFormat;

/// Which decoder reads video containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Decoder {
    /// OpenH264 where it is exact (feature `h264`), FFmpeg for the rest (feature `ffmpeg`). With `h264` alone,
    /// OpenH264 also decodes files on which it is not exact; see [`VideoInfo::exact`](crate::VideoInfo::exact).
    #[default]
    Auto,
    /// Only OpenH264.
    H264,
    /// Only FFmpeg.
    Ffmpeg,
}

/// How to open a video, including what the file itself does not state.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenOptions {
    /// Size and rate of raw YUV files (`.yuv`, `.i420`, `.raw`). Ignored for other files.
    pub raw: Option<RawFormat>,
    /// Frame rate of a folder of images. Default: 25.
    pub image_rate: FrameRate,
    /// The decoder of video containers.
    pub decoder: Decoder,
    /// Bring frames upright, as [`VideoInfo::rotation`](crate::VideoInfo::rotation) states and every player does.
    /// The default is true. A file that asks for a slant ([`Rotation::Other`](crate::Rotation::Other)) then does not
    /// open. If false, frames come as stored.
    pub apply_rotation: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { raw: None, image_rate: FrameRate::PAL, decoder: Decoder::Auto, apply_rotation: true }
    }
}
