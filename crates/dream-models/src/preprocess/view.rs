//! Borrowed pixels with their layout.

use super::PixelRect;
use crate::{Error, Result};

/// What the bytes of a pixel mean. All are 8-bit sRGB codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PixelLayout {
    /// Three bytes: red, green, blue.
    Rgb,
    /// Three bytes: blue, green, red, as OpenCV keeps them.
    Bgr,
    /// One byte; red, green and blue are all equal to it.
    Gray,
}

impl PixelLayout {
    /// Bytes per pixel.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Rgb | Self::Bgr => 3,
            Self::Gray => 1,
        }
    }

    /// Where red, green and blue lie within a pixel.
    pub(crate) const fn offsets(self) -> [usize; 3] {
        match self {
            Self::Rgb => [0, 1, 2],
            Self::Bgr => [2, 1, 0],
            Self::Gray => [0, 0, 0],
        }
    }
}

/// A borrowed rectangle of packed 8-bit pixels.
///
/// # Example
/// ```
/// use dream_models::preprocess::{ImageView, PixelLayout, PixelRect};
///
/// // A decoder's frame: rows of 2 pixels, 8 bytes apart.
/// let frame = [255, 0, 0, 0, 255, 0, 0, 0, 1, 2, 3, 4, 5, 6];
/// let view = ImageView::new(&frame, 2, 2, 8, PixelLayout::Rgb)?;
/// assert_eq!(view.row(1), &[1, 2, 3, 4, 5, 6]);
/// let part = PixelRect { left: 1, top: 0, width: 1, height: 1 };
/// assert_eq!(view.crop(part)?.row(0), &[0, 255, 0]);
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ImageView<'a> {
    /// Invariant: `height` rows, `stride` bytes apart, of `width * layout.bytes()` bytes.
    data: &'a [u8],
    width: usize,
    height: usize,
    stride: usize,
    layout: PixelLayout,
}

impl<'a> ImageView<'a> {
    /// Looks at `data` as `height` rows of `width` pixels whose starts lie `stride` bytes apart. The last row need
    /// not be padded to the stride.
    ///
    /// # Errors
    /// [`Error::InvalidImage`] without pixels, when rows would overlap, or when `data` is too short.
    pub fn new(
        data: &'a [u8],
        width: usize,
        height: usize,
        stride: usize,
        layout: PixelLayout,
    ) -> Result<Self> {
        let row = width.saturating_mul(layout.bytes());
        let needed = stride.saturating_mul(height.saturating_sub(1)).saturating_add(row);
        let fault = if width == 0 || height == 0 {
            format!("it has {width} x {height} pixels")
        } else if stride < row {
            format!("`stride` is {stride} bytes, a row has {row}")
        } else if data.len() < needed {
            format!("`data` has {} bytes where {needed} are needed", data.len())
        } else {
            return Ok(Self { data, width, height, stride, layout });
        };
        Err(Error::InvalidImage { reason: fault })
    }

    /// Rows without padding, red, green, blue.
    ///
    /// # Errors
    /// As [`ImageView::new`].
    pub fn rgb(data: &'a [u8], width: usize, height: usize) -> Result<Self> {
        Self::new(data, width, height, width.saturating_mul(3), PixelLayout::Rgb)
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// What the bytes mean.
    #[must_use]
    pub const fn layout(&self) -> PixelLayout {
        self.layout
    }

    /// The bytes of row `y`; the last row for any `y` beyond it.
    #[must_use]
    pub fn row(&self, y: usize) -> &'a [u8] {
        let start = y.min(self.height - 1) * self.stride;
        self.data.get(start..start + self.width * self.layout.bytes()).unwrap_or_default()
    }

    /// A part of the image. Copies nothing.
    ///
    /// # Errors
    /// [`Error::InvalidImage`] when the rectangle is empty or leaves the image.
    pub fn crop(&self, part: PixelRect) -> Result<Self> {
        let PixelRect { left, top, width, height } = part;
        let fits = |from: usize, len: usize, size: usize| {
            len > 0 && from.checked_add(len).is_some_and(|end| end <= size)
        };
        let start = top.saturating_mul(self.stride).saturating_add(left.saturating_mul(self.layout.bytes()));
        match self.data.get(start..) {
            Some(data) if fits(left, width, self.width) && fits(top, height, self.height) => {
                Self::new(data, width, height, self.stride, self.layout)
            }
            _ => {
                let (w, h) = (self.width, self.height);
                let reason =
                    format!("the part {width} x {height} at ({left}, {top}) is not within its {w} x {h}");
                Err(Error::InvalidImage { reason })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_checked() {
        let fault = |data: &[u8], width, height, stride, layout| match ImageView::new(
            data, width, height, stride, layout,
        ) {
            Err(Error::InvalidImage { reason }) => reason,
            other => panic!("{other:?}"),
        };
        assert!(fault(&[], 0, 3, 0, PixelLayout::Rgb).contains("0 x 3 pixels"));
        assert!(fault(&[0; 99], 4, 3, 11, PixelLayout::Rgb).contains("`stride` is 11"));
        assert!(fault(&[0; 11], 4, 3, 4, PixelLayout::Gray).contains("12 are needed"));
        assert!(fault(&[0; 9], usize::MAX, usize::MAX, usize::MAX, PixelLayout::Bgr).contains("needed"));
        assert!(
            ImageView::new(&[0; 14], 4, 3, 5, PixelLayout::Gray).is_ok(),
            "the last row needs no padding"
        );
    }

    #[test]
    fn crops_stay_inside() {
        let data: Vec<u8> = (0..20).collect();
        let view = ImageView::new(&data, 5, 4, 5, PixelLayout::Gray).unwrap();
        assert_eq!(
            view.crop(PixelRect { left: 1, top: 2, width: 3, height: 2 }).unwrap().row(1),
            &[16, 17, 18]
        );
        for [left, top, width, height] in
            [[3, 0, 3, 1], [0, 3, 1, 2], [0, 0, 0, 1], [usize::MAX, 0, 2, 1], [5, 0, 1, 1]]
        {
            let part = PixelRect { left, top, width, height };
            assert!(matches!(view.crop(part), Err(Error::InvalidImage { .. })), "{part}");
        }
    }
}
