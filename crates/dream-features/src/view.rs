//! Borrowed pixels. The type says what a number means: [`LumaView`] is one plane of 8-bit luma codes as
//! decoded, [`RgbView`] is packed 8-bit sRGB in the order R, G, B.

use crate::error::{Error, Result};

/// One plane of 8-bit luma codes, 0..=255, in the coded range of the stream (nothing is rescaled).
///
/// # Example
/// ```
/// use dream_features::LumaView;
///
/// let pixels = [0u8; 6 * 4];
/// let view = LumaView::new(&pixels, 5, 4, 6)?; // rows of 5 pixels, 6 bytes apart
/// assert_eq!((view.width(), view.height()), (5, 4));
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct LumaView<'a>(Packed<'a, 1>);

/// Packed 8-bit sRGB pixels, three bytes each in the order R, G, B.
///
/// # Example
/// ```
/// use dream_features::RgbView;
///
/// let view = RgbView::new(&[255, 0, 0, 0, 255, 0], 2, 1, 6)?;
/// assert_eq!(view.row(0), &[255, 0, 0, 0, 255, 0]);
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RgbView<'a>(Packed<'a, 3>);

/// A rectangle of pixels of `N` bytes each. Invariant: `data` holds `height` rows, `stride` bytes apart.
#[derive(Debug, Clone, Copy)]
struct Packed<'a, const N: usize> {
    data: &'a [u8],
    width: usize,
    height: usize,
    stride: usize,
}

impl<'a, const N: usize> Packed<'a, N> {
    fn new(data: &'a [u8], width: usize, height: usize, stride: usize) -> Result<Self> {
        if width == 0 || height == 0 {
            return Err(Error::EmptyImage { width, height });
        }
        let row = width.saturating_mul(N);
        if stride < row {
            return Err(Error::Stride { stride, row });
        }
        // The last row need not be padded to the stride.
        let needed = stride.saturating_mul(height - 1).saturating_add(row);
        if data.len() < needed {
            return Err(Error::BufferSize { needed, found: data.len() });
        }
        Ok(Self { data, width, height, stride })
    }

    fn row(&self, y: usize) -> &'a [u8] {
        let start = y.min(self.height - 1) * self.stride;
        self.data.get(start..start + self.width * N).unwrap_or_default()
    }

    fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Result<Self> {
        let fits = |from: usize, len: usize, size: usize| {
            len > 0 && from.checked_add(len).is_some_and(|end| end <= size)
        };
        let inside = fits(x, width, self.width) && fits(y, height, self.height);
        let data = self.data.get(y.saturating_mul(self.stride).saturating_add(x.saturating_mul(N))..);
        match data {
            Some(data) if inside => Self::new(data, width, height, self.stride),
            _ => Err(Error::Crop { x, y, width, height, image_width: self.width, image_height: self.height }),
        }
    }
}

macro_rules! view_methods {
    ($view:ident, $bytes:literal) => {
        impl<'a> $view<'a> {
            /// Looks at `data` as `height` rows of `width` pixels whose starts lie `stride` bytes apart.
            ///
            /// # Errors
            /// [`Error::EmptyImage`] without pixels, [`Error::Stride`] when rows would overlap,
            /// [`Error::BufferSize`] when `data` is too short.
            pub fn new(data: &'a [u8], width: usize, height: usize, stride: usize) -> Result<Self> {
                Packed::<$bytes>::new(data, width, height, stride).map(Self)
            }

            /// Width in pixels.
            #[must_use]
            pub const fn width(&self) -> usize {
                self.0.width
            }

            /// Height in pixels.
            #[must_use]
            pub const fn height(&self) -> usize {
                self.0.height
            }

            /// The bytes of row `y`; the last row for any `y` beyond it.
            #[must_use]
            pub fn row(&self, y: usize) -> &'a [u8] {
                self.0.row(y)
            }

            /// The rectangle of `width` x `height` pixels whose top left pixel is (`x`, `y`). Copies nothing.
            ///
            /// # Errors
            /// [`Error::Crop`] when the rectangle is empty or leaves the image.
            pub fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Result<Self> {
                self.0.crop(x, y, width, height).map(Self)
            }
        }
    };
}
view_methods!(LumaView, 1);
view_methods!(RgbView, 3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_checked() {
        assert_eq!(LumaView::new(&[], 0, 3, 0).unwrap_err(), Error::EmptyImage { width: 0, height: 3 });
        assert_eq!(LumaView::new(&[0; 9], 4, 3, 3).unwrap_err(), Error::Stride { stride: 3, row: 4 });
        assert_eq!(
            LumaView::new(&[0; 11], 4, 3, 4).unwrap_err(),
            Error::BufferSize { needed: 12, found: 11 }
        );
        assert!(LumaView::new(&[0; 12], 4, 3, 4).is_ok());
        assert!(LumaView::new(&[0; 14], 4, 3, 5).is_ok(), "the last row needs no padding");
        let huge = LumaView::new(&[0; 4], usize::MAX, usize::MAX, usize::MAX);
        assert!(matches!(huge, Err(Error::BufferSize { .. })));
        assert_eq!(RgbView::new(&[0; 9], 2, 1, 5).unwrap_err(), Error::Stride { stride: 5, row: 6 });
    }

    #[test]
    fn crop_is_a_window_on_the_same_bytes() {
        let data: Vec<u8> = (0..20).collect();
        let view = LumaView::new(&data, 5, 4, 5).unwrap();
        let crop = view.crop(1, 2, 3, 2).unwrap();
        assert_eq!(crop.row(0), &[11, 12, 13]);
        assert_eq!(crop.row(1), &[16, 17, 18]);
        for (x, y, w, h) in [(3, 0, 3, 1), (0, 3, 1, 2), (0, 0, 0, 1), (usize::MAX, 0, 2, 1), (5, 0, 1, 1)] {
            assert!(matches!(view.crop(x, y, w, h), Err(Error::Crop { .. })), "{x} {y} {w} {h}");
        }
        let rgb: Vec<u8> = (0..24).collect();
        let crop = RgbView::new(&rgb, 4, 2, 12).unwrap().crop(2, 1, 2, 1).unwrap();
        assert_eq!(crop.row(0), &[18, 19, 20, 21, 22, 23]);
    }
}
