//! What is known about a video before its first frame.

use crate::frames::frame_rate::FrameRate;
use crate::frames::rotation::Rotation;

/// Which sample values represent black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ColorRange {
    /// The file does not state it. By convention, such video has limited range.
    #[default]
    Unknown,
    /// Luma from 16 to 235, chroma from 16 to 240.
    Limited,
    /// 0 to 255.
    Full,
}

/// Whether all frames of a video have the same duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Pacing {
    /// The file does not state it. [`FrameTimes`](crate::FrameTimes) measures it from the frames.
    #[default]
    Unknown,
    /// All frames have the same duration (the last one may differ).
    Constant,
    /// Durations differ: [`VideoInfo::frame_rate`] is an average, and only
    /// [`VideoFrame::timestamp`](crate::VideoFrame::timestamp) tells when a frame is shown.
    Variable,
}

/// What is known about a video before its first frame.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VideoInfo {
    /// Visible width in pixels.
    pub width: u32,
    /// Visible height in pixels.
    pub height: u32,
    /// Frames per second; the average where the rate varies.
    pub frame_rate: FrameRate,
    /// Number of frames that the container states, if it does.
    pub frames: Option<u64>,
    /// The colour range that the file states.
    pub range: ColorRange,
    /// True when frames are [`Pixels::Yuv420`](crate::Pixels::Yuv420), whose chroma has half the size: crops of such
    /// frames begin at even pixels, see [`RelativeBox::in_frame`](crate::RelativeBox::in_frame).
    pub half_chroma: bool,
    /// What still brings the frames upright. [`open`](crate::open) applies it, and this is then `None`, unless
    /// [`OpenOptions::apply_rotation`](crate::OpenOptions::apply_rotation) is false: frames then come as stored.
    pub rotation: Rotation,
    /// Bits per sample in the file, where known. Frames have 8; `converted_from` is set if the file has more.
    pub bit_depth: Option<u8>,
    /// Whether all frames have the same duration, as far as the file states it up front.
    pub pacing: Pacing,
    /// The rate of the most common frame duration, if the file states it up front. With feature `ffmpeg` it is
    /// FFmpeg's guess (`r_frame_rate`).
    pub nominal_rate: Option<FrameRate>,
    /// True if the frames match the standard of the format bit for bit. False if `converted_from` is set, and for
    /// H.264 with B-frames decoded by OpenH264, which may be off by a few levels in a few pixels.
    pub exact: bool,
    /// The decoded pixel format, if [`Pixels`](crate::Pixels) cannot hold it and the frames were converted.
    pub converted_from: Option<String>,
    /// The decoder: `y4m`, `raw`, `image`, `openh264` or `ffmpeg`.
    pub decoder: &'static str,
}

impl VideoInfo {
    /// The fields that every source knows; all others are unknown. The rate is taken as constant, and the frames as
    /// 4:2:0: a source of gray or RGB frames sets `half_chroma` to false.
    #[must_use]
    pub fn new(width: u32, height: u32, frame_rate: FrameRate, decoder: &'static str) -> Self {
        let range = ColorRange::Unknown;
        Self {
            width,
            height,
            frame_rate,
            frames: None,
            range,
            half_chroma: true,
            rotation: Rotation::None,
            bit_depth: None,
            pacing: Pacing::Constant,
            nominal_rate: Some(frame_rate),
            exact: true,
            converted_from: None,
            decoder,
        }
    }
}

/// The format of a raw file, which has no header. The samples are planar 4:2:0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RawFormat {
    /// Width in pixels. Odd widths have chroma rounded up.
    pub width: u32,
    /// Height in pixels. Odd heights have chroma rounded up.
    pub height: u32,
    /// Frames per second.
    pub frame_rate: FrameRate,
    /// Meaning of the sample values.
    pub range: ColorRange,
    /// Bits per sample, 8 to 16. Above 8, a sample takes two bytes, low byte first (FFmpeg's `yuv420p10le`), and is
    /// rounded to the nearest 8-bit code of the same meaning. An unknown `range` is treated as limited.
    pub bit_depth: u8,
}

impl RawFormat {
    /// A format of 8 bits with unknown range.
    #[must_use]
    pub fn new(width: u32, height: u32, frame_rate: FrameRate) -> Self {
        Self { width, height, frame_rate, range: ColorRange::Unknown, bit_depth: 8 }
    }
}
