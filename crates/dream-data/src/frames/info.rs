//! What is known about a video before its first frame.

use crate::frames::frame_rate::FrameRate;
use crate::frames::rotation::Rotation;

/// Which sample values stand for black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ColorRange {
    /// The file does not say. Video without a statement is limited by convention.
    #[default]
    Unknown,
    /// Luma from 16 to 235, chroma from 16 to 240.
    Limited,
    /// 0 to 255.
    Full,
}

/// Whether all frames of a video last equally long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Pacing {
    /// The file does not say. [`FrameTimes`](crate::FrameTimes) finds out from the frames.
    #[default]
    Unknown,
    /// All frames last equally long (the last one may differ).
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
    /// How many frames the container promises, where it does.
    pub frames: Option<u64>,
    /// What the file says about black and white.
    pub range: ColorRange,
    /// True when frames are [`Pixels::Yuv420`](crate::Pixels::Yuv420), whose chroma has half the size: crops of such
    /// frames begin at even pixels, see [`RelativeBox::in_frame`](crate::RelativeBox::in_frame).
    pub half_chroma: bool,
    /// The turn that a player applies before it shows a frame. Frames are handed out as stored, **not**
    /// turned, unless [`OpenOptions::apply_rotation`](crate::OpenOptions::apply_rotation) asks for it; then
    /// this is `None`.
    pub rotation: Rotation,
    /// Bits of a sample in the file, where known. Frames have 8; `converted_from` is set where that is less.
    pub bit_depth: Option<u8>,
    /// Whether all frames last equally long, as far as the file says it in front.
    pub pacing: Pacing,
    /// Frames per second that the commonest frame duration gives, where the file tells it in front. With
    /// feature `ffmpeg` it is FFmpeg's guess (`r_frame_rate`).
    pub nominal_rate: Option<FrameRate>,
    /// True when the frames are bit for bit what the standard of the format prescribes. False when
    /// `converted_from` is set, and for H.264 with B-frames decoded by OpenH264, which may be off by
    /// a few levels in a few pixels.
    pub exact: bool,
    /// The pixel format that was decoded, where the frames were converted from one that
    /// [`Pixels`](crate::Pixels) cannot hold.
    pub converted_from: Option<String>,
    /// Who decodes: `y4m`, `raw`, `image`, `openh264` or `ffmpeg`.
    pub decoder: &'static str,
}

impl VideoInfo {
    /// What every source knows; the rest unknown. The rate is taken as constant, and the frames as 4:2:0: a source of
    /// gray or RGB frames sets `half_chroma` to false.
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

/// What a raw file cannot say about itself. The samples are planar 4:2:0.
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
    /// Bits of a sample, 8 to 16. Above 8 a sample takes two bytes, low byte first (FFmpeg's `yuv420p10le`),
    /// and is rounded to 8 bits: to the nearest code of the same meaning if `range` is known, else as limited
    /// codes are.
    pub bit_depth: u8,
}

impl RawFormat {
    /// A format of 8 bits with unknown range.
    #[must_use]
    pub fn new(width: u32, height: u32, frame_rate: FrameRate) -> Self {
        Self { width, height, frame_rate, range: ColorRange::Unknown, bit_depth: 8 }
    }
}
