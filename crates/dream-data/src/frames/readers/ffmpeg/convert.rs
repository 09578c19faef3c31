//! From FFmpeg's pixel formats to [`Pixels`]: straight copies where the samples fit, FFmpeg's scaler
//! where they do not.

use crate::frames::color_range::ColorRange;
use crate::frames::frame::{Layout, Pixels, Plane, VideoFrame};
use video_rs::ffmpeg;

use ffmpeg::filter;
use ffmpeg::format::Pixel;
use ffmpeg::util::frame::Video as Picture;

type Outcome<T> = Result<T, String>;

/// How the planes of a picture become [`Pixels`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Planes {
    Planar,
    /// Chroma interleaved, Cb first or Cr first.
    Interleaved {
        cr_first: bool,
    },
    Gray,
    Packed,
}

/// Converts one pixel format to [`VideoFrame`]s.
pub(super) struct Output {
    format: Pixel,
    planes: Planes,
    /// The target of the conversion, if `format` itself cannot be delivered.
    target: Option<Pixel>,
    /// Made at the first frame.
    graph: Option<filter::Graph>,
    converted: Picture,
    /// De-interleaved chroma, Cb then Cr.
    chroma: Vec<u8>,
}

impl Output {
    /// `None` for formats that are not pixels in memory.
    pub(super) fn new(format: Pixel) -> Option<Self> {
        let name = format.descriptor()?.name();
        let (planes, target) = match format {
            Pixel::YUV420P | Pixel::YUVJ420P => (Planes::Planar, None),
            Pixel::NV12 => (Planes::Interleaved { cr_first: false }, None),
            Pixel::NV21 => (Planes::Interleaved { cr_first: true }, None),
            Pixel::GRAY8 => (Planes::Gray, None),
            Pixel::RGB24 => (Planes::Packed, None),
            Pixel::None => return None,
            _ if name.starts_with("gray") || name.starts_with("mono") || name.starts_with("ya") => {
                (Planes::Gray, Some(Pixel::GRAY8))
            }
            _ if name.starts_with("yuvj") => (Planes::Planar, Some(Pixel::YUVJ420P)),
            _ if is_rgb(name) => (Planes::Packed, Some(Pixel::RGB24)),
            _ => (Planes::Planar, Some(Pixel::YUV420P)),
        };
        let (converted, chroma) = (Picture::empty(), Vec::new());
        Some(Self { format, planes, target, graph: None, converted, chroma })
    }

    /// The name of the decoded format, when frames are converted.
    pub(super) fn converted_from(&self) -> Option<String> {
        self.target.and_then(|_| self.format.descriptor()).map(|format| format.name().to_owned())
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
            Some(_) => depth_of(self.format.descriptor()?.name()),
        }
    }

    /// The range of a stream that does not state it.
    pub(super) fn implied_range(&self) -> ColorRange {
        let name = self.format.descriptor().map_or("", |format| format.name());
        if name.starts_with("yuvj") || self.planes == Planes::Packed {
            ColorRange::Full
        } else {
            ColorRange::Unknown
        }
    }

    /// Copies a picture of the expected size. A conversion takes over the picture's memory.
    pub(super) fn copy(
        &mut self,
        picture: &mut Picture,
        range: ColorRange,
        out: &mut VideoFrame,
    ) -> Outcome<()> {
        if picture.format() != self.format {
            return Err(format!("the pixel format changes from {:?} to {:?}", self.format, picture.format()));
        }
        let Some(target) = self.target else {
            return assign(picture, self.planes, &mut self.chroma, out);
        };
        let failed = |e: ffmpeg::Error| format!("the conversion to {target:?} fails: {e}");
        let graph = match &mut self.graph {
            Some(graph) => graph,
            empty => empty.insert(conversion(picture, target, range).map_err(failed)?),
        };
        let mut end = |name: &str| graph.get(name).ok_or(ffmpeg::Error::FilterNotFound);
        end("in").and_then(|mut filter| filter.source().add(picture)).map_err(failed)?;
        end("out").and_then(|mut filter| filter.sink().frame(&mut self.converted)).map_err(failed)?;
        assign(&self.converted, self.planes, &mut self.chroma, out)
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

/// A filter graph rather than a bare scaler, because a graph may move between threads.
fn conversion(picture: &Picture, target: Pixel, range: ColorRange) -> Result<filter::Graph, ffmpeg::Error> {
    let find = |name: &str| filter::find(name).ok_or(ffmpeg::Error::FilterNotFound);
    let name = |pixel: Pixel| pixel.descriptor().map_or("none", |format| format.name());
    let (width, height, from) = (picture.width(), picture.height(), name(picture.format()));
    let mut graph = filter::Graph::new();
    let size = format!("video_size={width}x{height}:pix_fmt={from}:time_base=1/1:pixel_aspect=1/1");
    graph.add(&find("buffer")?, "in", &size)?;
    graph.add(&find("buffersink")?, "out", "")?;
    // Samples keep their meaning: limited range stays limited.
    let range = match range {
        _ if target == Pixel::RGB24 => "",
        ColorRange::Full => ":in_range=full:out_range=full",
        ColorRange::Limited | ColorRange::Unknown => ":in_range=limited:out_range=limited",
    };
    let spec = format!("scale=flags=bicubic{range},format={}", name(target));
    graph.output("in", 0)?.input("out", 0)?.parse(&spec)?;
    graph.validate()?;
    Ok(graph)
}

fn assign(picture: &Picture, planes: Planes, chroma: &mut Vec<u8>, out: &mut VideoFrame) -> Outcome<()> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (cw, ch) = (width.div_ceil(2), height.div_ceil(2));
    let short = || "the decoder returned a picture with unusable planes".to_owned();
    // A negative stride (rows stored upwards) wraps to a huge one, which no safe slice can hold.
    let usable = |index: usize| index < picture.planes() && picture.stride(index) <= i32::MAX as usize;
    let plane =
        |index: usize| usable(index).then(|| (picture.data(index), picture.stride(index))).ok_or_else(short);
    let (first, stride) = plane(0)?;
    match planes {
        Planes::Gray => {
            let luma = Plane::new(first, width, height, stride).ok_or_else(short)?;
            out.assign(0, 0.0, Pixels::Gray(luma));
        }
        Planes::Packed => {
            let rgb = Plane::rgb(first, width, height, stride).ok_or_else(short)?;
            out.assign(0, 0.0, Pixels::Rgb(rgb));
        }
        Planes::Planar => {
            let y = Plane::new(first, width, height, stride).ok_or_else(short)?;
            let ((u, u_stride), (v, v_stride)) = (plane(1)?, plane(2)?);
            let u = Plane::new(u, cw, ch, u_stride).ok_or_else(short)?;
            let v = Plane::new(v, cw, ch, v_stride).ok_or_else(short)?;
            out.assign(0, 0.0, Pixels::Yuv420 { y, u, v });
        }
        Planes::Interleaved { cr_first } => {
            let y = Plane::new(first, width, height, stride).ok_or_else(short)?;
            let (pairs, pair_stride) = plane(1)?;
            let pairs = Plane::new(pairs, 2 * cw, ch, pair_stride).ok_or_else(short)?;
            chroma.resize(2 * cw * ch, 0);
            let (cb, cr) = chroma.split_at_mut_checked(cw * ch).ok_or_else(short)?;
            let all = pairs.rows(2 * cw).flat_map(|row| row.chunks_exact(2));
            for ((pair, cb), cr) in all.zip(cb.iter_mut()).zip(cr.iter_mut()) {
                if let &[a, b] = pair {
                    (*cb, *cr) = if cr_first { (b, a) } else { (a, b) };
                }
            }
            let u = Plane::new(cb, cw, ch, cw).ok_or_else(short)?;
            let v = Plane::new(cr, cw, ch, cw).ok_or_else(short)?;
            out.assign(0, 0.0, Pixels::Yuv420 { y, u, v });
        }
    }
    Ok(())
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
}
