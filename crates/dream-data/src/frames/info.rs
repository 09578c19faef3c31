//! What is known about a video before its first frame.

use crate::error::{Error, Result};
use crate::frames::rotation::Rotation;
use std::fmt;

/// Frames per second as a positive fraction in lowest terms: 30000/1001, not 29.97.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameRate {
    num: u32,
    den: u32,
}

impl FrameRate {
    /// `num / den` frames per second.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] when either is 0.
    pub fn new(num: u32, den: u32) -> Result<Self> {
        Self::from_ratio(u64::from(num), u64::from(den)).ok_or_else(|| Error::InvalidOption {
            option: "frame_rate",
            reason: format!("{num}/{den} is not a positive fraction"),
        })
    }

    pub(crate) const PAL: Self = Self { num: 25, den: 1 };

    /// Frames per second, numerator.
    #[must_use]
    pub fn num(self) -> u32 {
        self.num
    }

    /// Frames per second, denominator.
    #[must_use]
    pub fn den(self) -> u32 {
        self.den
    }

    /// Frames per second as a number.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// The time of frame `index` of a stream with this constant rate, in seconds.
    pub(crate) fn time_of(self, index: u64) -> f64 {
        index as f64 * f64::from(self.den) / f64::from(self.num)
    }

    /// Lowest terms; fractions beyond 32 bits lose their last bits; `None` for 0.
    pub(crate) fn from_ratio(num: u64, den: u64) -> Option<Self> {
        let divisor = gcd(num, den).max(1);
        let (mut num, mut den) = (num / divisor, den / divisor);
        while num.max(den) > u64::from(u32::MAX) {
            num >>= 1;
            den >>= 1;
        }
        let divisor = gcd(num, den).max(1);
        let (num, den) = (u32::try_from(num / divisor).ok()?, u32::try_from(den / divisor).ok()?);
        (num > 0 && den > 0).then_some(Self { num, den })
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 { write!(f, "{}", self.num) } else { write!(f, "{}/{}", self.num, self.den) }
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

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
    /// What every source knows; the rest unknown. The rate is taken as constant.
    #[must_use]
    pub fn new(width: u32, height: u32, frame_rate: FrameRate, decoder: &'static str) -> Self {
        let range = ColorRange::Unknown;
        Self {
            width,
            height,
            frame_rate,
            frames: None,
            range,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact_and_reduced() {
        let ntsc = FrameRate::new(60_000, 2_002).unwrap();
        assert_eq!((ntsc.num(), ntsc.den(), ntsc.to_string().as_str()), (30_000, 1_001, "30000/1001"));
        assert_eq!(FrameRate::new(50, 2).unwrap().to_string(), "25");
        assert!((ntsc.as_f64() - 29.970_029_970_029_97).abs() < 1e-12);
        assert!((ntsc.time_of(30_000) - 1001.0).abs() < 1e-9);
        assert!(FrameRate::new(0, 1).is_err() && FrameRate::new(1, 0).is_err());
        let long = FrameRate::from_ratio(u64::MAX, u64::MAX / 25).unwrap();
        assert!((long.as_f64() - 25.0).abs() < 1e-6, "{long}");
        assert_eq!(FrameRate::from_ratio(u64::MAX, 1), None);
    }
}
