//! From FFmpeg's pixel formats to [`Pixels`]: straight copies where the samples fit, FFmpeg's scaler
//! where they do not.

use crate::frames::color_range::ColorRange;
use crate::frames::frame::{Pixels, Plane, VideoFrame};
use crate::frames::readers::pixel_format::{PixelFormat, Planes};
use video_rs::ffmpeg;

use ffmpeg::filter;
use ffmpeg::format::Pixel;
use ffmpeg::util::frame::Video as Picture;

type Outcome<T> = Result<T, String>;

/// Converts one pixel format to [`VideoFrame`]s.
pub(super) struct Output {
    format: Pixel,
    pub(super) pixels: PixelFormat,
    /// Made at the first frame.
    graph: Option<filter::Graph>,
    converted: Picture,
    /// De-interleaved chroma, Cb then Cr.
    chroma: Vec<u8>,
}

impl Output {
    /// `None` for formats that are not pixels in memory.
    pub(super) fn new(format: Pixel) -> Option<Self> {
        let pixels = PixelFormat::named(format.descriptor()?.name());
        let (converted, chroma) = (Picture::empty(), Vec::new());
        Some(Self { format, pixels, graph: None, converted, chroma })
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
        let Some(target) = self.pixels.target else {
            return assign(picture, self.pixels.planes, &mut self.chroma, out);
        };
        let failed = |e: ffmpeg::Error| format!("the conversion to {target} fails: {e}");
        let graph = match &mut self.graph {
            Some(graph) => graph,
            empty => {
                empty.insert(conversion(picture, &self.pixels.conversion(target, range)).map_err(failed)?)
            }
        };
        let mut end = |name: &str| graph.get(name).ok_or(ffmpeg::Error::FilterNotFound);
        end("in").and_then(|mut filter| filter.source().add(picture)).map_err(failed)?;
        end("out").and_then(|mut filter| filter.sink().frame(&mut self.converted)).map_err(failed)?;
        assign(&self.converted, self.pixels.planes, &mut self.chroma, out)
    }
}

/// A filter graph rather than a bare scaler, because a graph may move between threads.
fn conversion(picture: &Picture, filters: &str) -> Result<filter::Graph, ffmpeg::Error> {
    let find = |name: &str| filter::find(name).ok_or(ffmpeg::Error::FilterNotFound);
    let from = picture.format().descriptor().map_or("none", |format| format.name());
    let (width, height) = (picture.width(), picture.height());
    let mut graph = filter::Graph::new();
    let size = format!("video_size={width}x{height}:pix_fmt={from}:time_base=1/1:pixel_aspect=1/1");
    graph.add(&find("buffer")?, "in", &size)?;
    graph.add(&find("buffersink")?, "out", "")?;
    graph.output("in", 0)?.input("out", 0)?.parse(filters)?;
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
