//! How a video is to be opened.

use crate::frames::frame_rate::FrameRate;
use crate::frames::info::RawFormat;

/// Which decoder reads video containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Decoder {
    /// OpenH264 where it is exact (feature `h264`), FFmpeg for the rest (feature `ffmpeg`). With `h264`
    /// alone, OpenH264 also where it deviates; see [`VideoInfo::exact`](crate::VideoInfo::exact).
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
    /// Turn frames as [`VideoInfo::rotation`](crate::VideoInfo::rotation) says. Default: false, frames come as stored. With true, a
    /// file that asks for anything but right angles ([`Rotation::Other`](crate::Rotation::Other)) does not
    /// open.
    pub apply_rotation: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { raw: None, image_rate: FrameRate::PAL, decoder: Decoder::Auto, apply_rotation: false }
    }
}
