//! Converts any frame to 8-bit RGB, row by row.

use super::ycbcr::{Rgb8Row, code};
use crate::frame::{Frame, Pixels};
use crate::plane::Rows;
use crate::resize::DoubleSize;
use crate::rows::LumaRows;
use crate::simd::dispatch;

/// Reads any frame as rows of 8-bit RGB, as the colour extractors of this crate see it. It holds the memory for a few
/// rows, not the image: keep it from frame to frame, in [`Workspace::slot`](crate::Workspace::slot) for example.
///
/// # Example
/// ```
/// use dream_features::{Frame, color::RgbRows};
///
/// let frame = Frame::nv12((&[81; 16], 4, 4, 4), (&[90, 240, 90, 240, 90, 240, 90, 240], 2, 2, 4))?;
/// let (mut rows, mut reddest) = (RgbRows::default(), 0);
/// rows.read(&frame, |_y, pixels| {
///     for &[r, g, _] in pixels {
///         reddest = reddest.max(r - g);
///     }
/// });
/// assert_eq!(reddest, 254);
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct RgbRows {
    chroma: [DoubleSize; 2],
    /// Chroma of one row at luma size, or luma of more than 8 bits.
    lines: [Vec<f64>; 2],
    /// Luma of one row, where it is not in one piece.
    luma: Vec<u8>,
    row: Vec<[u8; 3]>,
}

impl RgbRows {
    /// Calls `sink(y, pixels)` for every row of `frame`, from the top; a pixel is R, G and B.
    ///
    /// 4:2:0 chroma (see [`Frame`] for other frames) is doubled in size with MATLAB's bicubic resize, rounded and
    /// saturated to 8 bits, then converted with the BT.601 matrix of limited range. Luma without chroma is not
    /// stretched: its code, rounded to 8 bits, becomes R, G and B. RGB is passed as it is, without alpha.
    ///
    /// # Reference
    /// MATLAB `imresize(chroma, 2)`, `uint8`, `ycbcr2rgb`, as VIDEVAL's scripts call them.
    pub fn read(&mut self, frame: &Frame<'_>, mut sink: impl FnMut(usize, &[[u8; 3]])) {
        let (width, height) = frame.size();
        let Self { lines, luma, row, .. } = self;
        row.resize(width, [0; 3]);
        for line in &mut *lines {
            line.resize(width, 0.0);
        }
        match frame.pixels() {
            Pixels::Rgb(view) => {
                for y in 0..height {
                    sink(y, view.pixels(y, row));
                }
            }
            Pixels::Yuv420(view) => {
                let (y_plane, planes) = (view.y(), [view.u(), view.v()]);
                self.start(&planes);
                for y in 0..height {
                    sink(y, self.convert(&planes, y, y_plane.row(y)));
                }
            }
            Pixels::Yuv(view) => {
                let (codes, planes) = (LumaRows::new(view.luma()).codes(), view.chroma());
                let mut line = std::mem::take(luma);
                line.resize(width, 0);
                self.start(&planes);
                for y in 0..height {
                    if let Some(codes) = &codes {
                        codes.write(y, &mut line);
                    }
                    sink(y, self.convert(&planes, y, &line));
                }
                self.luma = line;
            }
            Pixels::Luma(view) => {
                for y in 0..height {
                    for (pixel, &code) in row.iter_mut().zip(view.row(y)) {
                        *pixel = [code; 3];
                    }
                    sink(y, row);
                }
            }
            Pixels::Luma16(view) => {
                let [line, _] = lines;
                for y in 0..height {
                    view.load(y, line);
                    for (pixel, &value) in row.iter_mut().zip(line.iter()) {
                        *pixel = [code(value); 3];
                    }
                    sink(y, row);
                }
            }
        }
    }

    fn start<R: Rows>(&mut self, planes: &[R; 2]) {
        for (double, plane) in self.chroma.iter_mut().zip(planes) {
            double.start(plane);
        }
    }

    /// Row `y` from its luma and the planes of Cb and Cr.
    fn convert<R: Rows>(&mut self, planes: &[R; 2], y: usize, luma: &[u8]) -> &[[u8; 3]] {
        for ((double, plane), line) in self.chroma.iter_mut().zip(planes).zip(&mut self.lines) {
            double.row(plane, y, line);
        }
        let [cb, cr] = &self.lines;
        dispatch(Rgb8Row { y: luma, cb, cr, out: &mut self.row });
        &self.row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::rgb8_from_ycbcr;
    use crate::plane::Plane;
    use crate::resize::double_size;
    use crate::view::{CodeScale, Luma16View, LumaView, Yuv420View};

    fn convert(frame: &Frame<'_>) -> Vec<[u8; 3]> {
        let mut out = Vec::new();
        let mut rgb = RgbRows::default();
        // Run twice, to catch state left over from the first frame.
        rgb.read(frame, |_, _| ());
        rgb.read(frame, |y, row| {
            assert_eq!(out.len(), y * frame.size().0);
            out.extend_from_slice(row);
        });
        out
    }

    #[test]
    fn chroma_is_doubled_then_rounded_then_converted() {
        for (width, height) in [(1, 1), (2, 2), (5, 4), (8, 7), (33, 9)] {
            let (cw, ch) = (usize::div_ceil(width, 2), usize::div_ceil(height, 2));
            let bytes = |n: usize, k: usize| (0..n).map(|i| (i * i * k + 29 * i) as u8).collect::<Vec<u8>>();
            let (y, u, v) = (bytes(width * height, 7), bytes(cw * ch, 91), bytes(cw * ch, 53));
            let chroma = |bytes| LumaView::new(bytes, cw, ch, cw).unwrap();
            let luma = LumaView::new(&y, width, height, width).unwrap();
            let frame = Frame::from_yuv420(Yuv420View::new(luma, chroma(&u), chroma(&v)).unwrap());
            let found = convert(&frame);
            let [u, v] = [&u, &v].map(|bytes| double_size(&Plane::from_luma(&chroma(bytes))));
            for (i, &pixel) in found.iter().enumerate() {
                let code =
                    |plane: &Plane| (plane.row(i / width)[i % width] + 0.5).floor().clamp(0.0, 255.0) as u8;
                assert_eq!(pixel, rgb8_from_ycbcr([y[i], code(&u), code(&v)]), "{width}x{height} {i}");
            }
        }
    }

    #[test]
    fn luma_alone_is_gray() {
        let luma = LumaView::new(&[16, 17, 235, 255], 2, 2, 2).unwrap();
        assert_eq!(convert(&Frame::from_luma(luma)), [[16; 3], [17; 3], [235; 3], [255; 3]]);
        let codes = [64, 66, 67, 1023];
        let deep = Luma16View::new(&codes, 2, 2, 2, 10, CodeScale::Video).unwrap();
        assert_eq!(convert(&Frame::from_luma16(deep)), [[16; 3], [17; 3], [17; 3], [255; 3]]);
    }
}
