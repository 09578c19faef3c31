//! RGB in any order of its bytes, with or without alpha.

use super::{Packed, Parts, RgbView};
use crate::error::Result;

/// Packed 8-bit sRGB pixels of three or four bytes, in the order that the constructor names.
///
/// The fourth byte is ignored: a pixel counts with its colour as stored, whether it is opaque or not, and colour that
/// was multiplied by alpha stays so. Blend the image with its background first if that is what people see.
///
/// # Example
/// ```
/// use dream_features::{Frame, PackedRgbView};
///
/// // What a screen capture holds: blue, green, red, and a byte without meaning.
/// let screen = PackedRgbView::bgra((&[0, 0, 255, 0, 0, 255, 0, 0], 2, 1, 8))?;
/// let red_and_green = Frame::rgb((&[255, 0, 0, 0, 255, 0], 2, 1, 6))?;
/// assert_eq!(Frame::from_packed_rgb(screen).luma_plane(), red_and_green.luma_plane());
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PackedRgbView<'a> {
    bytes: Bytes<'a>,
    /// Whether blue comes first.
    bgr: bool,
}

#[derive(Debug, Clone, Copy)]
enum Bytes<'a> {
    Three(Packed<'a, u8, 3>),
    Four(Packed<'a, u8, 4>),
}

impl<'a> PackedRgbView<'a> {
    /// Pixels of three bytes, B, G, R, from the parts of their plane: bytes, width and height in pixels, stride in
    /// bytes.
    ///
    /// # Errors
    /// Same as [`RgbView::new`].
    pub fn bgr(parts: Parts<'a>) -> Result<Self> {
        Ok(Self { bytes: three(parts)?, bgr: true })
    }

    /// Pixels of four bytes, R, G, B and one that is ignored, from the parts of their plane.
    ///
    /// # Errors
    /// Same as [`RgbView::new`].
    pub fn rgba(parts: Parts<'a>) -> Result<Self> {
        Ok(Self { bytes: four(parts)?, bgr: false })
    }

    /// Pixels of four bytes, B, G, R and one that is ignored, from the parts of their plane.
    ///
    /// # Errors
    /// Same as [`RgbView::new`].
    pub fn bgra(parts: Parts<'a>) -> Result<Self> {
        Ok(Self { bytes: four(parts)?, bgr: true })
    }

    pub(crate) const fn from_rgb(view: RgbView<'a>) -> Self {
        Self { bytes: Bytes::Three(view.0), bgr: false }
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> usize {
        match self.bytes {
            Bytes::Three(packed) => packed.width,
            Bytes::Four(packed) => packed.width,
        }
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> usize {
        match self.bytes {
            Bytes::Three(packed) => packed.height,
            Bytes::Four(packed) => packed.height,
        }
    }

    /// The rectangle of `width` x `height` pixels whose top left pixel is (`x`, `y`). Copies nothing.
    ///
    /// # Errors
    /// [`Error::Crop`](crate::Error::Crop) when the rectangle is empty or extends beyond the image.
    pub fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Result<Self> {
        let bytes = match self.bytes {
            Bytes::Three(packed) => Bytes::Three(packed.crop(x, y, width, height)?),
            Bytes::Four(packed) => Bytes::Four(packed.crop(x, y, width, height)?),
        };
        Ok(Self { bytes, ..*self })
    }

    /// Writes what `value` makes of each pixel of row `y` to `out`.
    pub(crate) fn map<T>(&self, y: usize, out: &mut [T], value: impl Fn([u8; 3]) -> T) {
        match self.bytes {
            Bytes::Three(packed) => each(packed.row(y).as_chunks::<3>().0, self.bgr, out, value),
            Bytes::Four(packed) => each(packed.row(y).as_chunks::<4>().0, self.bgr, out, value),
        }
    }

    /// Row `y` as R, G, B: as it is stored if possible, otherwise copied to `line`, which gets its length.
    pub(crate) fn pixels<'b>(&self, y: usize, line: &'b mut Vec<[u8; 3]>) -> &'b [[u8; 3]]
    where
        'a: 'b,
    {
        match self.bytes {
            Bytes::Three(packed) if !self.bgr => packed.row(y).as_chunks().0,
            _ => {
                line.resize(self.width(), [0; 3]);
                self.map(y, line, |pixel| pixel);
                line
            }
        }
    }
}

impl<'a> From<RgbView<'a>> for PackedRgbView<'a> {
    fn from(view: RgbView<'a>) -> Self {
        Self::from_rgb(view)
    }
}

fn three((data, width, height, stride): Parts<'_>) -> Result<Bytes<'_>> {
    Ok(Bytes::Three(Packed::new(data, width, height, stride)?))
}

fn four((data, width, height, stride): Parts<'_>) -> Result<Bytes<'_>> {
    Ok(Bytes::Four(Packed::new(data, width, height, stride)?))
}

/// One loop for each number of bytes.
fn each<const N: usize, T>(pixels: &[[u8; N]], bgr: bool, out: &mut [T], value: impl Fn([u8; 3]) -> T) {
    for (out, pixel) in out.iter_mut().zip(pixels) {
        // Always, because a pixel has at least three bytes.
        if let Some(&[a, b, c]) = pixel.first_chunk() {
            *out = value(if bgr { [c, b, a] } else { [a, b, c] });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn every_order_is_the_same_picture() {
        // 3x2 pixels, two bytes of padding in a row.
        let rgb: Vec<[u8; 3]> = (0..6u8).map(|i| [10 * i + 1, 10 * i + 2, 10 * i + 3]).collect();
        let bytes = |pixel: fn([u8; 3]) -> Vec<u8>| -> Vec<u8> {
            rgb.chunks(3)
                .flat_map(|row| [row.iter().flat_map(|&p| pixel(p)).collect(), vec![99, 99]].concat())
                .collect()
        };
        let stored = [
            bytes(|p| p.to_vec()),
            bytes(|[r, g, b]| vec![b, g, r]),
            bytes(|[r, g, b]| vec![r, g, b, 0]),
            bytes(|[r, g, b]| vec![b, g, r, 255]),
        ];
        let views = [
            RgbView::new(&stored[0], 3, 2, 11).unwrap().into(),
            PackedRgbView::bgr((&stored[1], 3, 2, 11)).unwrap(),
            PackedRgbView::rgba((&stored[2], 3, 2, 14)).unwrap(),
            PackedRgbView::bgra((&stored[3], 3, 2, 14)).unwrap(),
        ];
        let mut line = vec![[7; 3]; 9];
        for view in views {
            assert_eq!((view.width(), view.height()), (3, 2));
            for y in 0..2 {
                assert_eq!(view.pixels(y, &mut line), &rgb[3 * y..3 * y + 3]);
            }
            let corner = view.crop(1, 1, 2, 1).unwrap();
            assert_eq!(corner.pixels(0, &mut line), &rgb[4..6]);
            assert!(matches!(view.crop(1, 0, 3, 1), Err(Error::Crop { image_width: 3, .. })));
        }
    }

    #[test]
    fn lengths_count_the_fourth_byte() {
        assert_eq!(PackedRgbView::bgra((&[0; 8], 2, 1, 7)).unwrap_err(), Error::Stride { stride: 7, row: 8 });
        let short = PackedRgbView::rgba((&[0; 15], 2, 2, 8)).unwrap_err();
        assert_eq!(short, Error::BufferSize { needed: 16, found: 15 });
        assert_eq!(
            PackedRgbView::bgr((&[0; 5], 2, 1, 6)).unwrap_err(),
            Error::BufferSize { needed: 6, found: 5 }
        );
    }
}
