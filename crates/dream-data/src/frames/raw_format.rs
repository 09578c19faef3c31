//! What a raw file does not say about itself.

use crate::error::{Error, Result};
use crate::frames::color_range::ColorRange;
use crate::frames::frame::Layout;
use crate::frames::frame_rate::FrameRate;
use std::fmt;
use std::str::FromStr;

/// How raw samples lie in a file. Its text is FFmpeg's name: `yuv420p`, `nv12`, `nv21`, `gray`, with 9 to 16 bits
/// `yuv420p10le`, `gray10le` and so on, and `p010le`.
///
/// # Example
/// ```
/// use dream_data::{RawPixels, RawPlanes};
///
/// let pixels: RawPixels = "yuv420p10le".parse()?;
/// assert_eq!((pixels.planes(), pixels.bits()), (RawPlanes::Planar, 10));
/// assert_eq!(pixels.to_string(), "yuv420p10le");
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RawPixels {
    planes: RawPlanes,
    bits: u8,
}

/// The planes of a raw 4:2:0 or gray frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RawPlanes {
    /// Luma, Cb, Cr.
    Planar,
    /// Luma, then pairs of Cb and Cr.
    CbCr,
    /// Luma, then pairs of Cr and Cb.
    CrCb,
    /// Luma alone.
    Gray,
}

impl RawPixels {
    /// Three planes of 8 bits: `yuv420p`, also called I420.
    pub const YUV420P: Self = Self { planes: RawPlanes::Planar, bits: 8 };

    /// Which planes there are.
    #[must_use]
    pub const fn planes(self) -> RawPlanes {
        self.planes
    }

    /// Bits of a sample. Above 8, a sample takes two bytes, low byte first.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.bits
    }

    /// What frames become.
    pub(crate) const fn layout(self) -> Layout {
        if matches!(self.planes, RawPlanes::Gray) { Layout::Gray } else { Layout::Yuv420 }
    }

    /// Bits below the lowest one that means something: the 6 of `p010le`.
    pub(crate) const fn padding(self) -> u8 {
        if matches!(self.planes, RawPlanes::CbCr) && self.bits > 8 { 16 - self.bits } else { 0 }
    }
}

impl FromStr for RawPixels {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let deep = |planes, bits: &str| {
            let bits = bits.parse().ok().filter(|bits| (9..=16).contains(bits))?;
            Some(Self { planes, bits })
        };
        let found = match text {
            "yuv420p" | "i420" => Some(Self::YUV420P),
            "nv12" => Some(Self { planes: RawPlanes::CbCr, bits: 8 }),
            "nv21" => Some(Self { planes: RawPlanes::CrCb, bits: 8 }),
            "gray" => Some(Self { planes: RawPlanes::Gray, bits: 8 }),
            "p010le" => Some(Self { planes: RawPlanes::CbCr, bits: 10 }),
            _ => text.strip_suffix("le").and_then(|text| match text.strip_prefix("yuv420p") {
                Some(bits) => deep(RawPlanes::Planar, bits),
                None => deep(RawPlanes::Gray, text.strip_prefix("gray")?),
            }),
        };
        found.ok_or_else(|| {
            let reason = format!(
                "`{text}` is not read; give yuv420p, nv12, nv21, gray, p010le, or yuv420pNle or grayNle with N from 9 \
                 to 16"
            );
            Error::option("pixels", reason)
        })
    }
}

impl fmt::Display for RawPixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.planes, self.bits) {
            (RawPlanes::Planar, 8) => f.write_str("yuv420p"),
            (RawPlanes::Planar, bits) => write!(f, "yuv420p{bits}le"),
            (RawPlanes::Gray, 8) => f.write_str("gray"),
            (RawPlanes::Gray, bits) => write!(f, "gray{bits}le"),
            (RawPlanes::CbCr, 8) => f.write_str("nv12"),
            (RawPlanes::CbCr, bits) => write!(f, "p0{bits}le"),
            (RawPlanes::CrCb, _) => f.write_str("nv21"),
        }
    }
}

/// The format of a raw file, which has no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RawFormat {
    /// Width in pixels. Odd widths have chroma rounded up.
    pub width: u32,
    /// Height in pixels. Odd heights have chroma rounded up.
    pub height: u32,
    /// Frames per second. If it is `None`, [`open`](crate::open) takes
    /// [`OpenOptions::frame_rate`](crate::OpenOptions::frame_rate); there is no default.
    pub frame_rate: Option<FrameRate>,
    /// Meaning of the sample values.
    pub range: ColorRange,
    /// How the samples lie in the file. Those of more than 8 bits are rounded to the nearest 8-bit code of the same
    /// meaning; an unknown `range` is treated as limited.
    pub pixels: RawPixels,
}

impl RawFormat {
    /// `yuv420p` of unknown range.
    #[must_use]
    pub fn new(width: u32, height: u32, frame_rate: impl Into<Option<FrameRate>>) -> Self {
        let (range, pixels) = (ColorRange::Unknown, RawPixels::YUV420P);
        Self { width, height, frame_rate: frame_rate.into(), range, pixels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for name in ["yuv420p", "nv12", "nv21", "gray", "yuv420p9le", "yuv420p16le", "gray12le", "p010le"] {
            assert_eq!(name.parse::<RawPixels>().unwrap().to_string(), name);
        }
        assert_eq!("i420".parse::<RawPixels>().unwrap(), RawPixels::YUV420P);
        assert_eq!("p010le".parse::<RawPixels>().unwrap().padding(), 6);
        for name in ["", "yuv422p", "yuv420p8le", "yuv420p17le", "yuv420p10be", "gray10", "NV12", "rgb24"] {
            let error = name.parse::<RawPixels>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}` is not read; give yuv420p")), "{error}");
        }
    }
}
