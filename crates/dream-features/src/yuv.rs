//! An 8-bit 4:2:0 copy of a frame, kept for later use or made from a frame of another layout.

use crate::color::ycbcr8_from_rgb;
use crate::error::Result;
use crate::frame::{Frame, Pixels};
use crate::plane::Rows;
use crate::rows::LumaRows;
use crate::view::{LumaView, PackedRgbView, Yuv420View};

/// Three planes of bytes, reused from frame to frame.
#[derive(Debug, Clone, Default)]
pub(crate) struct Yuv420Buffer {
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
    width: usize,
    height: usize,
    /// A row of luma of more than 8 bits, before rounding.
    line: Vec<f64>,
    /// Two rows of RGB whose bytes have another order.
    pixels: [Vec<[u8; 3]>; 2],
}

impl Yuv420Buffer {
    /// Copies `frame`. Luma without chroma becomes gray (128), luma of more than 8 bits is rounded to 8, and RGB
    /// becomes studio-range Y'CbCr. Its chroma, like that of 4:2:2 and 4:4:4, is the rounded mean of 2x2 pixels.
    pub(crate) fn copy(&mut self, frame: &Frame<'_>) {
        (self.width, self.height) = frame.size();
        let chroma = self.width.div_ceil(2) * self.height.div_ceil(2);
        self.y.resize(self.width * self.height, 0);
        self.u.resize(chroma, 0);
        self.v.resize(chroma, 0);
        match frame.pixels() {
            Pixels::Yuv420(view) => {
                copy_plane(&view.y(), &mut self.y);
                copy_plane(&view.u(), &mut self.u);
                copy_plane(&view.v(), &mut self.v);
            }
            Pixels::Yuv(view) => {
                if let Some(luma) = LumaRows::new(view.luma()).codes() {
                    let rows = self.y.chunks_exact_mut(self.width.max(1)).enumerate();
                    rows.for_each(|(y, row)| luma.write(y, row));
                }
                for (rows, plane) in view.chroma().iter().zip([&mut self.u, &mut self.v]) {
                    let lines = plane.chunks_exact_mut(rows.width().max(1)).enumerate();
                    lines.for_each(|(y, line)| rows.write(y, line));
                }
            }
            Pixels::Luma(view) => {
                copy_plane(view, &mut self.y);
                self.u.fill(128);
                self.v.fill(128);
            }
            Pixels::Luma16(view) => {
                self.line.resize(self.width, 0.0);
                for (y, row) in self.y.chunks_exact_mut(self.width.max(1)).enumerate() {
                    view.load(y, &mut self.line);
                    for (out, value) in row.iter_mut().zip(&self.line) {
                        #[expect(
                            clippy::cast_possible_truncation,
                            clippy::cast_sign_loss,
                            reason = "saturates, and that is meant"
                        )]
                        let code = (value + 0.5).floor() as u8;
                        *out = code;
                    }
                }
                self.u.fill(128);
                self.v.fill(128);
            }
            Pixels::Rgb(view) => self.convert(view),
        }
    }

    /// The planes.
    ///
    /// # Errors
    /// Never after [`Yuv420Buffer::copy`]. Before it, the error for an image without pixels.
    pub(crate) fn view(&self) -> Result<Yuv420View<'_>> {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        Yuv420View::new(
            LumaView::new(&self.y, self.width, self.height, self.width)?,
            LumaView::new(&self.u, width, height, width)?,
            LumaView::new(&self.v, width, height, width)?,
        )
    }

    fn convert(&mut self, view: &PackedRgbView<'_>) {
        let (width, height) = (view.width(), view.height());
        let half = width.div_ceil(2);
        let [first, second] = &mut self.pixels;
        let rows = self.u.chunks_exact_mut(half).zip(self.v.chunks_exact_mut(half));
        for (cy, (u, v)) in rows.enumerate() {
            let top = 2 * cy;
            let count = height.min(top + 2) - top;
            let pair = [view.pixels(top, first), view.pixels(top + 1, second)];
            for (cx, (u, v)) in u.iter_mut().zip(v).enumerate() {
                let (mut sums, mut n) = ([0u16; 2], 0);
                for (dy, pixels) in pair.iter().enumerate().take(count) {
                    for (x, &pixel) in pixels.iter().enumerate().skip(2 * cx).take(2) {
                        let [luma, cb, cr] = ycbcr8_from_rgb(pixel);
                        if let Some(out) = self.y.get_mut((top + dy) * width + x) {
                            *out = luma;
                        }
                        sums[0] += u16::from(cb);
                        sums[1] += u16::from(cr);
                        n += 1;
                    }
                }
                let mean = |sum: u16| u8::try_from((sum + n / 2) / n.max(1)).unwrap_or(u8::MAX);
                (*u, *v) = (mean(sums[0]), mean(sums[1]));
            }
        }
    }
}

fn copy_plane(view: &LumaView<'_>, out: &mut [u8]) {
    for (y, row) in out.chunks_exact_mut(view.width()).enumerate() {
        row.copy_from_slice(view.row(y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{CodeScale, Luma16View, RgbView};

    #[test]
    fn every_form_becomes_420() {
        let mut buffer = Yuv420Buffer::default();
        assert!(buffer.view().is_err());
        let (y, c) = ([1u8, 2, 3, 9, 4, 5, 6, 9], [7u8, 8]);
        let planes = [3, 2, 2].map(|width| {
            LumaView::new(
                if width == 3 { &y } else { &c },
                width,
                if width == 3 { 2 } else { 1 },
                if width == 3 { 4 } else { 2 },
            )
            .unwrap()
        });
        let yuv = Yuv420View::new(planes[0], planes[1], planes[2]).unwrap();
        buffer.copy(&Frame::from_yuv420(yuv));
        let view = buffer.view().unwrap();
        assert_eq!((view.y().row(1), view.u().row(0)), (&[4u8, 5, 6][..], &[7u8, 8][..]));
        buffer.copy(&Frame::from_luma(planes[0]));
        assert_eq!(buffer.view().unwrap().v().row(0), &[128, 128]);
        let codes = [64u16, 65, 66, 1023];
        let high = Luma16View::new(&codes, 2, 2, 2, 10, CodeScale::Video).unwrap();
        buffer.copy(&Frame::from_luma16(high));
        assert_eq!(buffer.view().unwrap().y().row(0), &[16, 16]);
        assert_eq!(buffer.view().unwrap().y().row(1), &[17, 255]);
        // 3x3: red except for the last column and row, which are black.
        let rgb: Vec<u8> =
            (0..9).flat_map(|i| if i % 3 < 2 && i < 6 { [255, 0, 0] } else { [0; 3] }).collect();
        buffer.copy(&Frame::from_rgb(RgbView::new(&rgb, 3, 3, 9).unwrap()));
        let view = buffer.view().unwrap();
        assert_eq!((view.y().row(0), view.y().row(2)), (&[81u8, 81, 16][..], &[16u8; 3][..]));
        assert_eq!((view.u().row(0), view.v().row(0)), (&[90u8, 128][..], &[240u8, 128][..]));
        assert_eq!(view.u().row(1), &[128, 128]);
    }
}
