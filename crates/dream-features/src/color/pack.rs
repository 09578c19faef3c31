//! Any frame as packed 8-bit RGB.

use super::rgb8_from_ycbcr;
use super::ycbcr::code;
use crate::frame::{Frame, Pixels};
use crate::plane::Rows;
use crate::rows::LumaRows;

/// Writes `frame` to `out` as packed RGB: three bytes per pixel, rows without gaps. `out` is cleared first and keeps
/// its memory between frames.
///
/// Y'CbCr is converted by [`rgb8_from_ycbcr`] (BT.601, studio range), and each chroma sample of 4:2:0 (see [`Frame`]) is
/// used for its four pixels. Luma without chroma is converted with neutral chroma; more than 8 bits are rounded to 8
/// first. RGB is copied, without alpha.
///
/// Networks take this as the input of their preprocessing. The feature extractors interpolate chroma instead, as MATLAB
/// does.
///
/// # Example
/// ```
/// use dream_features::{Frame, color::pack_rgb8};
///
/// let frame = Frame::luma((&[16, 235, 0, 126], 2, 2, 2))?;
/// let mut rgb = Vec::new();
/// pack_rgb8(&frame, &mut rgb);
/// assert_eq!(rgb, [0, 0, 0, 255, 255, 255, 0, 0, 0, 128, 128, 128]);
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// ITU-R BT.601; MATLAB `ycbcr2rgb` of `uint8`.
pub fn pack_rgb8(frame: &Frame<'_>, out: &mut Vec<u8>) {
    let (width, height) = frame.size();
    out.clear();
    out.reserve(width.saturating_mul(height).saturating_mul(3));
    let gray = |y| rgb8_from_ycbcr([y, 128, 128]);
    match frame.pixels() {
        Pixels::Rgb(view) => {
            let mut line = Vec::new();
            (0..height).for_each(|y| out.extend_from_slice(view.pixels(y, &mut line).as_flattened()));
        }
        Pixels::Luma(view) => {
            (0..height).for_each(|y| out.extend(view.row(y).iter().flat_map(|&code| gray(code))));
        }
        Pixels::Luma16(view) => {
            let mut line = vec![0.0; width];
            for y in 0..height {
                view.load(y, &mut line);
                out.extend(line.iter().flat_map(|&value| gray(code(value))));
            }
        }
        Pixels::Yuv420(view) => {
            let (cb, cr) = (view.u(), view.v());
            for y in 0..height {
                extend(out, view.y().row(y), cb.row(y / 2), cr.row(y / 2));
            }
        }
        Pixels::Yuv(view) => {
            let (luma, chroma) = (LumaRows::new(view.luma()).codes(), view.chroma());
            let (mut y_line, mut lines) = (vec![0; width], [(); 2].map(|()| vec![0; width.div_ceil(2)]));
            for y in 0..height {
                if let Some(luma) = &luma {
                    luma.write(y, &mut y_line);
                }
                if y % 2 == 0 {
                    chroma.iter().zip(&mut lines).for_each(|(rows, line)| rows.write(y / 2, line));
                }
                let [cb, cr] = &lines;
                extend(out, &y_line, cb, cr);
            }
        }
    }
}

/// Adds a row; each chroma sample is that of two pixels.
fn extend(out: &mut Vec<u8>, luma: &[u8], cb: &[u8], cr: &[u8]) {
    for (pair, (&cb, &cr)) in luma.chunks(2).zip(cb.iter().zip(cr)) {
        out.extend(pair.iter().flat_map(|&y| rgb8_from_ycbcr([y, cb, cr])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{CodeScale, Luma16View};

    fn packed(frame: &Frame<'_>) -> Vec<u8> {
        let mut out = vec![9; 7];
        pack_rgb8(frame, &mut out);
        out
    }

    /// BT.601 from its definition, without any constant from this crate.
    fn bt601(y: u8, cb: u8, cr: u8) -> [u8; 3] {
        let (y, cb, cr) = ((f64::from(y) - 16.0) / 219.0, f64::from(cb) - 128.0, f64::from(cr) - 128.0);
        let (red, blue) = (y + 1.402 * cr / 224.0, y + 1.772 * cb / 224.0);
        let green = (y - 0.299 * red - 0.114 * blue) / 0.587;
        [red, green, blue].map(|v| (255.0 * v).round().clamp(0.0, 255.0) as u8)
    }

    #[test]
    fn every_pixel_has_its_luma_and_the_chroma_of_its_square() {
        for (width, height) in [(1, 1), (2, 2), (3, 3), (8, 5), (7, 6)] {
            let bytes = |n: usize, k: usize| (0..n).map(|i| (i * i * k + 29 * i) as u8).collect::<Vec<u8>>();
            let (cw, ch) = (usize::div_ceil(width, 2), usize::div_ceil(height, 2));
            // The stride is larger than the width.
            let (y, u, v) =
                (bytes((width + 3) * height, 7), bytes((cw + 1) * ch, 91), bytes((cw + 2) * ch, 53));
            let frame =
                Frame::yuv420((&y, width, height, width + 3), (&u, cw, ch, cw + 1), (&v, cw, ch, cw + 2));
            let found = packed(&frame.unwrap());
            assert_eq!(found.len(), 3 * width * height);
            for (i, pixel) in found.chunks_exact(3).enumerate() {
                let (row, column) = (i / width, i % width);
                let codes = [
                    y[row * (width + 3) + column],
                    u[row / 2 * (cw + 1) + column / 2],
                    v[row / 2 * (cw + 2) + column / 2],
                ];
                assert_eq!(pixel, rgb8_from_ycbcr(codes), "{width}x{height} at {column},{row}");
                // MATLAB's matrix has rounded coefficients: a value near a half may round the other way.
                let definition = bt601(codes[0], codes[1], codes[2]);
                assert!(
                    pixel.iter().zip(definition).all(|(a, b)| a.abs_diff(b) <= 1),
                    "{pixel:?} {definition:?}"
                );
            }
        }
    }

    #[test]
    fn known_colours() {
        // Red right and below, gray elsewhere.
        let y = [81; 13];
        let (cb, cr) = ([128, 90, 0, 90, 90], [128, 240, 0, 240, 240]);
        let frame = Frame::yuv420((&y, 3, 3, 5), (&cb, 2, 2, 3), (&cr, 2, 2, 3)).unwrap();
        let (gray, red) = ([76; 3], [254, 0, 0]);
        assert_eq!(packed(&frame), [gray, gray, red, gray, gray, red, red, red, red].concat());
        let luma = Frame::luma((&[16, 235, 9, 235, 16], 2, 2, 3)).unwrap();
        assert_eq!(packed(&luma), [[0; 3], [255; 3], [255; 3], [0; 3]].concat());
        let deep = Luma16View::new(&[64, 940, 66, 1023], 2, 2, 2, 10, CodeScale::Video).unwrap();
        // 66 / 4 is 16.5: rounded to 17 before the conversion.
        assert_eq!(packed(&Frame::from_luma16(deep)), [[0; 3], [255; 3], [1; 3], [255; 3]].concat());
        let rgb = Frame::rgb((&[1, 2, 3, 0, 4, 5, 6], 1, 2, 4)).unwrap();
        assert_eq!(packed(&rgb), [1, 2, 3, 4, 5, 6]);
    }
}
