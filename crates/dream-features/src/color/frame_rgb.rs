//! Converts any frame to 8-bit RGB, row by row.

use crate::color::ycbcr::Rgb8Row;
use crate::frame::{Frame, LumaRows, Pixels};
use crate::plane::Rows;
use crate::resize::DoubleSize;
use crate::simd::dispatch;

/// Scratch memory for the conversion: a few rows.
#[derive(Debug, Default)]
pub(crate) struct FrameRgb {
    chroma: [DoubleSize; 2],
    /// Chroma of one row at luma size, or luma of more than 8 bits.
    lines: [Vec<f64>; 2],
}

impl FrameRgb {
    /// Calls `sink(y, pixels)` for every row of `frame`, from the top.
    ///
    /// 4:2:0 chroma is doubled in size with MATLAB's bicubic resize, rounded and saturated to 8 bits, then converted
    /// with the BT.601 matrix. Luma without chroma becomes gray, rounded to 8 bits.
    ///
    /// # Reference
    /// MATLAB `imresize(chroma, 2)`, `uint8`, `ycbcr2rgb`, as VIDEVAL's scripts call them.
    pub(crate) fn rows(
        &mut self,
        frame: &Frame<'_>,
        row: &mut Vec<[u8; 3]>,
        mut sink: impl FnMut(usize, &[[u8; 3]]),
    ) {
        let (width, height) = frame.size();
        row.resize(width, [0; 3]);
        for line in &mut self.lines {
            line.resize(width, 0.0);
        }
        match frame.pixels() {
            Pixels::Rgb(view) => {
                for y in 0..height {
                    sink(y, view.row(y).as_chunks::<3>().0);
                }
            }
            Pixels::Yuv420(view) => {
                let planes = [view.u(), view.v()];
                for (double, plane) in self.chroma.iter_mut().zip(&planes) {
                    double.start(plane);
                }
                for y in 0..height {
                    for ((double, plane), line) in self.chroma.iter_mut().zip(&planes).zip(&mut self.lines) {
                        double.row(plane, y, line);
                    }
                    let [cb, cr] = &self.lines;
                    dispatch(Rgb8Row { y: view.y().row(y), cb, cr, out: row });
                    sink(y, row);
                }
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
                let luma = LumaRows::Luma16(*view);
                let [line, _] = &mut self.lines;
                for y in 0..height {
                    luma.load(y, line);
                    for (pixel, &value) in row.iter_mut().zip(line.iter()) {
                        *pixel = [super::ycbcr::code(value); 3];
                    }
                    sink(y, row);
                }
            }
        }
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
        let (mut out, mut row) = (Vec::new(), Vec::new());
        let mut rgb = FrameRgb::default();
        // Run twice, to catch state left over from the first frame.
        rgb.rows(frame, &mut row, |_, _| ());
        rgb.rows(frame, &mut row, |y, row| {
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
