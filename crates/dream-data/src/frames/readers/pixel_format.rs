//! What becomes of FFmpeg's pixel formats, by their names: the same for its libraries and its programs.

use crate::frames::color_range::ColorRange;
use crate::frames::frame::Layout;

/// How the planes of a picture become [`Pixels`](crate::Pixels).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Planes {
    Planar,
    /// Chroma interleaved, Cb first or Cr first.
    Interleaved {
        cr_first: bool,
    },
    Gray,
    Packed,
}

/// A format that FFmpeg decodes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PixelFormat {
    pub(super) name: String,
    pub(super) planes: Planes,
    /// The name of the format to convert to, if this one itself cannot be delivered.
    pub(super) target: Option<&'static str>,
}

impl PixelFormat {
    pub(super) fn named(name: &str) -> Self {
        let (planes, target) = match name {
            "yuv420p" | "yuvj420p" => (Planes::Planar, None),
            "nv12" => (Planes::Interleaved { cr_first: false }, None),
            "nv21" => (Planes::Interleaved { cr_first: true }, None),
            "gray" => (Planes::Gray, None),
            "rgb24" => (Planes::Packed, None),
            _ if name.starts_with("gray") || name.starts_with("mono") || name.starts_with("ya") => {
                (Planes::Gray, Some("gray"))
            }
            _ if name.starts_with("yuvj") => (Planes::Planar, Some("yuvj420p")),
            _ if is_rgb(name) => (Planes::Packed, Some("rgb24")),
            _ => (Planes::Planar, Some("yuv420p")),
        };
        Self { name: name.to_owned(), planes, target }
    }

    /// The name of the format, when frames are converted.
    pub(super) fn converted_from(&self) -> Option<String> {
        self.target.map(|_| self.name.clone())
    }

    /// What frames become.
    pub(super) fn layout(&self) -> Layout {
        match self.planes {
            Planes::Planar | Planes::Interleaved { .. } => Layout::Yuv420,
            Planes::Gray => Layout::Gray,
            Planes::Packed => Layout::Rgb,
        }
    }

    /// Bits of a decoded sample, if the name of the format tells them.
    pub(super) fn bit_depth(&self) -> Option<u8> {
        match self.target {
            None => Some(8),
            Some(_) => depth_of(&self.name),
        }
    }

    /// The range of a stream that does not state it. Raw video leaves it open; a codec's video has limited range.
    pub(super) fn implied_range(&self, raw: bool) -> ColorRange {
        if self.name.starts_with("yuvj") || self.planes == Planes::Packed {
            ColorRange::Full
        } else if raw {
            ColorRange::Unknown
        } else {
            ColorRange::Limited
        }
    }

    /// FFmpeg's scaler from this format to another. Samples keep their meaning: limited range stays limited.
    pub(super) fn conversion(&self, target: &str, range: ColorRange) -> String {
        let range = match range {
            _ if self.planes == Planes::Packed => "",
            ColorRange::Full => ":in_range=full:out_range=full",
            ColorRange::Limited | ColorRange::Unknown => ":in_range=limited:out_range=limited",
        };
        format!("scale=flags=bicubic{range},format={target}")
    }
}

fn is_rgb(name: &str) -> bool {
    ["rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "x2rgb", "x2bgr", "bayer"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// Bits of a sample of a planar or grey format, by FFmpeg's name for it: 10 of `yuv420p10le` and `p010le`.
fn depth_of(name: &str) -> Option<u8> {
    let end = name.strip_suffix("le").or_else(|| name.strip_suffix("be"));
    let Some(end) = end else {
        // Names without a byte order have at most eight bits; packed formats of fewer bits are not distinguished.
        return (name.starts_with("yuv") || name.starts_with("nv") || name == "bgr0" || name == "gbrp")
            .then_some(8);
    };
    let digits = end.rsplit(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
    let known =
        ["yuv", "gray", "gbr", "ya", "p0", "p2", "p4", "nv"].iter().any(|start| end.starts_with(start));
    let depth = if end.starts_with('p') { digits.get(digits.len().saturating_sub(2)..)? } else { digits };
    depth.parse().ok().filter(|depth| known && (9..=16).contains(depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_are_in_the_names_of_formats() {
        for (name, depth) in [
            ("yuv420p10le", Some(10)),
            ("yuv444p16be", Some(16)),
            ("yuva420p9le", Some(9)),
            ("gray12le", Some(12)),
            ("ya16le", Some(16)),
            ("gbrp14le", Some(14)),
            ("p010le", Some(10)),
            ("p416be", Some(16)),
            ("yuv422p", Some(8)),
            ("nv16", Some(8)),
            ("bgr0", Some(8)),
            ("rgb565le", None),
            ("rgb48le", None),
            ("grayf32le", None),
            ("bayer_rggb16le", None),
            ("", None),
        ] {
            assert_eq!(depth_of(name), depth, "{name}");
        }
    }

    #[test]
    fn ranges_that_are_not_stated_follow_from_format_and_codec() {
        for (name, raw, range) in [
            ("yuv420p", false, ColorRange::Limited),
            ("yuv420p", true, ColorRange::Unknown),
            ("yuvj422p", true, ColorRange::Full),
            ("gbrp10le", false, ColorRange::Full),
            ("gray", false, ColorRange::Limited),
        ] {
            assert_eq!(PixelFormat::named(name).implied_range(raw), range, "{name} {raw}");
        }
        let deep = PixelFormat::named("yuvj444p");
        assert_eq!(deep.conversion("yuvj420p", ColorRange::Full).matches("range=full").count(), 2);
    }
}
