//! Cuts one box out of the frames of a video.

use crate::error::Result;
use crate::frames::frame::{Layout, Pixels, Plane, VideoFrame};
use crate::frames::info::VideoInfo;
use crate::frames::pixel_rect::PixelRect;
use crate::frames::relative_box::RelativeBox;
use crate::frames::source::{FrameSource, Step, next_of};

impl VideoFrame {
    /// Writes the part of this frame inside `area` into `out`, whose memory is reused; position and time stay.
    ///
    /// The part is [`RelativeBox::in_frame`].
    ///
    /// # Example
    /// ```
    /// use dream_data::{Pixels, Plane, VideoFrame};
    ///
    /// let (mut frame, mut face) = (VideoFrame::default(), VideoFrame::default());
    /// frame.assign(0, 0.0, Pixels::Gray(Plane::new(b"abcdefgh", 4, 2, 4).expect("eight bytes")));
    /// frame.crop(&"0.5,0,1,1".parse()?, &mut face);
    /// assert_eq!(face.pixels(), Pixels::Gray(Plane::new(b"cdgh", 2, 2, 2).expect("four bytes")));
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    pub fn crop(&self, area: &RelativeBox, out: &mut VideoFrame) {
        let rect = area.in_frame(&self.pixels());
        let chroma = PixelRect {
            left: rect.left / 2,
            top: rect.top / 2,
            width: rect.width.div_ceil(2),
            height: rect.height.div_ceil(2),
        };
        let part = |plane, bytes| window(plane, rect, bytes);
        let half = |plane| window(plane, chroma, 1);
        let pixels = match self.pixels() {
            Pixels::Gray(plane) => Pixels::Gray(part(plane, 1)),
            Pixels::Rgb(plane) => Pixels::Rgb(part(plane, 3)),
            Pixels::Yuv420 { y, u, v } => Pixels::Yuv420 { y: part(y, 1), u: half(u), v: half(v) },
        };
        out.assign(self.index(), self.timestamp(), pixels);
    }
}

fn window(plane: Plane<'_>, rect: PixelRect, bytes: usize) -> Plane<'_> {
    let data = plane.data.get(rect.top * plane.stride + rect.left * bytes..).unwrap_or_default();
    Plane { data, width: rect.width, height: rect.height, stride: plane.stride }
}

/// The frames of a source, all cut by one box as [`VideoFrame::crop`] does. [`VideoInfo`] states the size of the
/// crops.
///
/// The box lies on frames as the source gives them: upright ones, unless the video was opened without
/// [`OpenOptions::apply_rotation`](crate::OpenOptions::apply_rotation).
#[derive(Debug)]
pub struct Cropped<S> {
    source: S,
    area: RelativeBox,
    info: VideoInfo,
    whole: VideoFrame,
    frame: VideoFrame,
}

impl<S: FrameSource> Cropped<S> {
    /// Cuts every frame of `source` by `area`.
    #[must_use]
    pub fn new(source: S, area: RelativeBox) -> Self {
        let mut info = source.info().clone();
        let (width, height) = (info.width as usize, info.height as usize);
        let rect = if info.layout == Layout::Yuv420 {
            area.to_even_pixels(width, height)
        } else {
            area.to_pixels(width, height)
        };
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        (info.width, info.height) = (side(rect.width), side(rect.height));
        Self { source, area, info, whole: VideoFrame::default(), frame: VideoFrame::default() }
    }
}

impl<S: FrameSource> FrameSource for Cropped<S> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        next_of(self, |cropped| &mut cropped.frame)
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        let step = self.source.take_frame(wants, &mut self.whole)?;
        self.info.follow(self.source.info());
        if step == Step::Taken {
            self.whole.crop(&self.area, out);
        }
        Ok(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chroma_is_cut_at_even_places_and_odd_ends_are_kept() {
        // 7x5: luma 100 + column + 10 row; chroma 4x3.
        let luma: Vec<u8> = (0..35).map(|i| 100 + i % 7 + 10 * (i / 7)).collect();
        let u: Vec<u8> = (0..12).map(|i| i % 4 + 10 * (i / 4)).collect();
        let v: Vec<u8> = u.iter().map(|value| value + 50).collect();
        let plane = |data, width, height| Plane::new(data, width, height, width).unwrap();
        let (mut frame, mut out) = (VideoFrame::default(), VideoFrame::default());
        let pixels = Pixels::Yuv420 { y: plane(&luma, 7, 5), u: plane(&u, 4, 3), v: plane(&v, 4, 3) };
        frame.assign(9, 1.5, pixels);
        // Columns 3..7 begin at 2, rows 1..4 begin at 0.
        frame.crop(&RelativeBox::new(3.0 / 7.0, 0.2, 1.0, 0.8).unwrap(), &mut out);
        let Pixels::Yuv420 { y, u, v } = out.pixels() else { panic!("not 4:2:0") };
        assert_eq!((out.index(), out.timestamp(), y.width, y.height), (9, 1.5, 5, 4));
        assert_eq!(y.data[..5], [102, 103, 104, 105, 106]);
        assert_eq!(y.data[15..], [132, 133, 134, 135, 136]);
        assert_eq!((u.width, u.height, u.data), (3, 2, &[1, 2, 3, 11, 12, 13][..]));
        assert_eq!(v.data, [51, 52, 53, 61, 62, 63]);
        // The last pixel alone, and everything.
        frame.crop(&RelativeBox::new(0.99, 0.99, 1.0, 1.0).unwrap(), &mut out);
        let Pixels::Yuv420 { y, u, .. } = out.pixels() else { panic!("not 4:2:0") };
        assert_eq!((y.data, u.data), (&[146][..], &[23][..]));
        frame.crop(&RelativeBox::new(0.0, 0.0, 1.0, 1.0).unwrap(), &mut out);
        assert_eq!(out.pixels(), frame.pixels());
        VideoFrame::default().crop(&"0.5,0,0.75,0.5".parse().unwrap(), &mut out);
        assert_eq!(out.pixels(), VideoFrame::default().pixels());
    }

    #[test]
    fn gray_and_rgb_are_cut_where_the_box_begins() {
        let (mut frame, mut out) = (VideoFrame::default(), VideoFrame::default());
        frame.assign(0, 0.0, Pixels::Gray(Plane::new(b"abcdef", 3, 2, 3).unwrap()));
        let area = "0.34,0.5,1,1".parse().unwrap();
        frame.crop(&area, &mut out);
        assert_eq!(out.pixels(), Pixels::Gray(Plane::new(b"ef", 2, 1, 2).unwrap()));
        frame.assign(0, 0.0, Pixels::Rgb(Plane::rgb(b"AaaBbbCccDddEeeFff", 3, 2, 9).unwrap()));
        frame.crop(&area, &mut out);
        assert_eq!(out.pixels(), Pixels::Rgb(Plane::rgb(b"EeeFff", 2, 1, 6).unwrap()));
    }
}
