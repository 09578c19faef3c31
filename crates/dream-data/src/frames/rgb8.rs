//! Frames as packed 8-bit RGB, as networks take them.

use crate::frames::frame::{Pixels, Plane, VideoFrame};

/// BT.601 from studio codes to R'G'B' of 0 to 255, row by row: 255 times the inverse of MATLAB's rounded matrix of
/// `rgb2ycbcr`, in double precision. The two tiny entries are what that inversion leaves of 0.
const RGB: [[f64; 3]; 3] = [
    [1.164383561643836, 3.011243974110084e-07, 1.596026887335704],
    [1.164383561643836, -0.391_762_539_941_450_0, -0.8129682921622053],
    [1.164383561643836, 2.017232639556459, 3.054261745251066e-06],
];

impl VideoFrame {
    /// Writes the frame to `out` as packed RGB, see [`Pixels::write_rgb8`].
    pub fn write_rgb8(&self, out: &mut Vec<u8>) {
        self.pixels().write_rgb8(out);
    }
}

impl Pixels<'_> {
    /// Writes the samples to `out` as packed RGB, as networks take them: three bytes per pixel, rows without gaps,
    /// `3 * width * height` bytes. `out` is cleared first and keeps its memory between frames.
    ///
    /// Y'CbCr is taken as BT.601 of limited range, which is what [`open`](crate::open) gives, and each chroma sample is
    /// used for its four pixels:
    ///
    /// ```text
    /// R = 1.164384 (Y - 16)                        + 1.596027 (Cr - 128)
    /// G = 1.164384 (Y - 16) - 0.391763 (Cb - 128) - 0.812968 (Cr - 128)
    /// B = 1.164384 (Y - 16) + 2.017233 (Cb - 128)
    /// ```
    ///
    /// each rounded to the nearest integer, halves up, and brought into 0..=255. Luma alone is converted as if Cb and Cr
    /// were 128. RGB is copied. Pixels whose samples are missing are black.
    ///
    /// # Example
    /// ```
    /// use dream_data::{FrameSource, Y4mReader};
    ///
    /// // Black and red, twice each, in 4:2:0.
    /// let file = b"YUV4MPEG2 W4 H1 F25:1\nFRAME\n\x10\x10\x51\x51\x80\x5a\x80\xf0";
    /// let (mut video, mut rgb) = (Y4mReader::new(&file[..])?, Vec::new());
    /// while let Some(frame) = video.next_frame()? {
    ///     frame.write_rgb8(&mut rgb);
    ///     assert_eq!(rgb, [0, 0, 0, 0, 0, 0, 254, 0, 0, 254, 0, 0]);
    /// }
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    /// # Reference
    /// ITU-R BT.601; MATLAB `ycbcr2rgb` of `uint8`.
    pub fn write_rgb8(&self, out: &mut Vec<u8>) {
        let (Self::Yuv420 { y: first, .. } | Self::Gray(first) | Self::Rgb(first)) = *self;
        let row_bytes = first.width.saturating_mul(3);
        out.clear();
        out.resize(row_bytes.saturating_mul(first.height), 0);
        let rows = out.chunks_exact_mut(row_bytes.max(1));
        match *self {
            Self::Rgb(plane) => {
                rows.zip(plane.rows(row_bytes)).for_each(|(out, row)| out.copy_from_slice(row))
            }
            Self::Gray(plane) => {
                for (out, row) in rows.zip(plane.rows(plane.width)) {
                    for (pixel, &y) in out.as_chunks_mut().0.iter_mut().zip(row) {
                        *pixel = rgb8(y, 128, 128);
                    }
                }
            }
            Self::Yuv420 { y, u, v } => {
                for ((out, row), (cb, cr)) in rows.zip(y.rows(y.width)).zip(twice(u).zip(twice(v))) {
                    let pairs = out.chunks_mut(6).zip(row.chunks(2));
                    for ((out, row), (&cb, &cr)) in pairs.zip(cb.iter().zip(cr)) {
                        for (pixel, &y) in out.as_chunks_mut().0.iter_mut().zip(row) {
                            *pixel = rgb8(y, cb, cr);
                        }
                    }
                }
            }
        }
    }
}

/// Each row of a plane of half the height, twice.
fn twice(plane: Plane<'_>) -> impl Iterator<Item = &[u8]> {
    plane.rows(plane.width).flat_map(|row| [row, row])
}

#[inline(always)]
fn rgb8(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let [y, cb, cr] = [y, cb, cr].map(f64::from);
    RGB.map(|m| {
        let black = m[0] * 16.0 + m[1] * 128.0 + m[2] * 128.0;
        let value = (m[0] * y + m[1] * cb + m[2] * cr) - black;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and that is meant"
        )]
        let code = (value + 0.5).floor() as u8;
        code
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(pixels: Pixels<'_>) -> Vec<u8> {
        let mut out = vec![9; 7];
        pixels.write_rgb8(&mut out);
        out
    }

    /// BT.601 from its definition, without a constant of the module.
    fn bt601(y: u8, cb: u8, cr: u8) -> [f64; 3] {
        let (y, cb, cr) = ((f64::from(y) - 16.0) / 219.0, f64::from(cb) - 128.0, f64::from(cr) - 128.0);
        let (red, blue) = (y + 1.402 * cr / 224.0, y + 1.772 * cb / 224.0);
        [red, (y - 0.299 * red - 0.114 * blue) / 0.587, blue].map(|v| (255.0 * v).clamp(0.0, 255.0))
    }

    #[test]
    fn every_colour_is_that_of_the_standard() {
        for i in 0..1u32 << 15 {
            let [y, cb, cr] = [i, i >> 5, i >> 10].map(|code| (code & 31) as u8 * 8 + (i % 8) as u8);
            // MATLAB's matrix has rounded coefficients: a value near a half may round the other way.
            for (code, value) in rgb8(y, cb, cr).into_iter().zip(bt601(y, cb, cr)) {
                assert!((f64::from(code) - value).abs() < 0.51, "{y} {cb} {cr}: {code} {value}");
            }
        }
    }

    #[test]
    fn every_pixel_has_its_luma_and_the_chroma_of_its_square() {
        for (width, height) in [(1, 1), (2, 2), (3, 3), (8, 5), (7, 6)] {
            // Odd steps run through all codes.
            let bytes = |n: usize, step: u8| -> Vec<u8> {
                (0..=255u8).map(|i| i.wrapping_mul(step)).cycle().take(n).collect()
            };
            let (cw, ch) = (usize::div_ceil(width, 2), usize::div_ceil(height, 2));
            let (y, u, v) =
                (bytes((width + 3) * height, 7), bytes((cw + 1) * ch, 91), bytes((cw + 2) * ch, 53));
            let plane = |data, width, height, stride| Plane::new(data, width, height, stride).unwrap();
            let luma = plane(&y, width, height, width + 3);
            let (u_plane, v_plane) = (plane(&u, cw, ch, cw + 1), plane(&v, cw, ch, cw + 2));
            let found = packed(Pixels::Yuv420 { y: luma, u: u_plane, v: v_plane });
            let gray = packed(Pixels::Gray(luma));
            assert_eq!((found.len(), gray.len()), (3 * width * height, 3 * width * height));
            for i in 0..width * height {
                let (row, column) = (i / width, i % width);
                let y = y[row * (width + 3) + column];
                let (cb, cr) = (u[row / 2 * (cw + 1) + column / 2], v[row / 2 * (cw + 2) + column / 2]);
                assert_eq!(found[3 * i..3 * i + 3], rgb8(y, cb, cr), "{width}x{height} at {column},{row}");
                assert_eq!(gray[3 * i..3 * i + 3], rgb8(y, 128, 128));
            }
        }
        let rgb = Plane::rgb(&[1, 2, 3, 0, 4, 5, 6], 1, 2, 4).unwrap();
        assert_eq!(packed(Pixels::Rgb(rgb)), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn missing_samples_are_black() {
        let plane = |data, width, height| Plane::new(data, width, height, width).unwrap();
        let (y, chroma) = (plane(&[235; 12], 4, 3), plane(&[128], 1, 1));
        let found = packed(Pixels::Yuv420 { y, u: chroma, v: chroma });
        let row = [[255; 6], [0; 6]].concat();
        assert_eq!(found, [&row[..], &row[..], &[0; 12]].concat());
        assert_eq!(packed(VideoFrame::default().pixels()), [0u8; 0]);
    }
}
