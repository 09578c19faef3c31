//! Y'CbCr whose planes are interleaved: both chroma planes in one (NV12, NV21), or all three (YUY2, UYVY).

use super::{LumaView, Packed, Parts, check_chroma};
use crate::error::Result;

/// 8-bit Y'CbCr 4:2:0 in two planes: luma, and pairs of chroma samples. Cameras and video decoders in hardware give
/// this.
///
/// # Example
/// ```
/// use dream_features::BiplanarView;
///
/// // One buffer of 6x4 pixels: luma, then 3x2 pairs of chroma samples of two bytes.
/// let buffer = [128u8; 6 * 4 + 6 * 2];
/// let (luma, chroma) = buffer.split_at(6 * 4);
/// let view = BiplanarView::nv12((luma, 6, 4, 6), (chroma, 3, 2, 6))?;
/// assert_eq!((view.width(), view.height()), (6, 4));
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BiplanarView<'a> {
    y: LumaView<'a>,
    pub(super) chroma: Packed<'a, u8, 2>,
    /// Whether Cr comes first.
    pub(super) cr_first: bool,
}

impl<'a> BiplanarView<'a> {
    /// Luma, and pairs of Cb and Cr. Each is given by the parts of its plane: bytes, width, height, and stride in bytes.
    /// Width and height of chroma are its numbers of pairs: half of luma, rounded up.
    ///
    /// # Errors
    /// Same as [`LumaView::new`] for each plane, and
    /// [`Error::ChromaSize`](crate::Error::ChromaSize) when chroma does not have half the size of luma.
    pub fn nv12(y: Parts<'a>, uv: Parts<'a>) -> Result<Self> {
        Self::new(y, uv, false)
    }

    /// Luma, and pairs of Cr and Cb: as [`BiplanarView::nv12`], with the other order of chroma.
    ///
    /// # Errors
    /// Same as [`BiplanarView::nv12`].
    pub fn nv21(y: Parts<'a>, vu: Parts<'a>) -> Result<Self> {
        Self::new(y, vu, true)
    }

    fn new((data, width, height, stride): Parts<'a>, pairs: Parts<'a>, cr_first: bool) -> Result<Self> {
        let y = LumaView::new(data, width, height, stride)?;
        let (data, width, height, stride) = pairs;
        let chroma = Packed::new(data, width, height, stride)?;
        check_chroma((y.width().div_ceil(2), y.height().div_ceil(2)), (width, height))?;
        Ok(Self { y, chroma, cr_first })
    }

    /// Width of luma in pixels.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.y.width()
    }

    /// Height of luma in pixels.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.y.height()
    }

    /// Luma, full size.
    #[must_use]
    pub const fn y(&self) -> LumaView<'a> {
        self.y
    }

    /// The rectangle of `width` x `height` pixels whose top left pixel is (`x`, `y`). Copies nothing. Chroma is cut as by
    /// [`Yuv420View::crop`](crate::Yuv420View::crop).
    ///
    /// # Errors
    /// [`Error::Crop`](crate::Error::Crop) when the rectangle is empty or extends beyond the image.
    pub fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Result<Self> {
        let luma = self.y.crop(x, y, width, height)?;
        let chroma = self.chroma.crop(x / 2, y / 2, width.div_ceil(2), height.div_ceil(2))?;
        Ok(Self { y: luma, chroma, ..*self })
    }
}

/// 8-bit Y'CbCr 4:2:2 in one plane: four bytes for two pixels. Webcams and capture cards give this.
///
/// # Example
/// ```
/// use dream_features::{Frame, Packed422View};
///
/// // Two pixels: luma 16 and 235, chroma 90 and 240.
/// let view = Packed422View::yuy2((&[16, 90, 235, 240], 2, 1, 4))?;
/// assert_eq!(Frame::from_packed422(view).luma_plane().data(), &[16.0, 235.0]);
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Packed422View<'a> {
    /// Invariant: there are pairs for `width` pixels, and for one more if `odd`.
    pub(super) pairs: Packed<'a, u8, 4>,
    width: usize,
    /// Whether the first pixel is the second of its pair.
    odd: bool,
    /// Whether chroma comes before luma.
    pub(super) chroma_first: bool,
}

impl<'a> Packed422View<'a> {
    /// Bytes in the order Y, Cb, Y, Cr, from the parts of their plane: bytes, width and height in pixels, stride in
    /// bytes. A row of odd width has the whole of its last pair.
    ///
    /// # Errors
    /// Same as [`LumaView::new`].
    pub fn yuy2(parts: Parts<'a>) -> Result<Self> {
        Self::new(parts, false)
    }

    /// Bytes in the order Cb, Y, Cr, Y: as [`Packed422View::yuy2`], with chroma before luma.
    ///
    /// # Errors
    /// Same as [`LumaView::new`].
    pub fn uyvy(parts: Parts<'a>) -> Result<Self> {
        Self::new(parts, true)
    }

    fn new((data, width, height, stride): Parts<'a>, chroma_first: bool) -> Result<Self> {
        let pairs = Packed::new(data, width.div_ceil(2), height, stride)?;
        Ok(Self { pairs, width, odd: false, chroma_first })
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.pairs.height
    }

    /// The rectangle of `width` x `height` pixels whose top left pixel is (`x`, `y`). Copies nothing.
    ///
    /// Chroma begins at the sample that covers (`x`, `y`). With an odd `x`, colour is off by half a chroma sample.
    ///
    /// # Errors
    /// [`Error::Crop`](crate::Error::Crop) when the rectangle is empty or extends beyond the image.
    pub fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Result<Self> {
        let (image_width, image_height) = (self.width, self.height());
        let error = crate::Error::Crop { x, y, width, height, image_width, image_height };
        if width == 0 || x.checked_add(width).is_none_or(|end| end > self.width) {
            return Err(error);
        }
        let first = x + usize::from(self.odd);
        let odd = first % 2 == 1;
        let pairs = (width + usize::from(odd)).div_ceil(2);
        let pairs = self.pairs.crop(first / 2, y, pairs, height).map_err(|_| error)?;
        Ok(Self { pairs, width, odd, ..*self })
    }

    /// Writes the luma codes of row `y` to `out`.
    pub(crate) fn luma<T: From<u8>>(&self, y: usize, out: &mut [T]) {
        let samples = self.pairs.row(y).as_chunks::<2>().0;
        let samples = out.iter_mut().zip(samples.get(usize::from(self.odd)..).unwrap_or_default());
        if self.chroma_first {
            samples.for_each(|(out, &[_, code])| *out = code.into());
        } else {
            samples.for_each(|(out, &[code, _])| *out = code.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn sizes_of_both_planes_are_checked() {
        let data = [0; 64];
        let luma = (&data[..35], 5, 7, 5);
        assert!(BiplanarView::nv12(luma, (&data[..24], 3, 4, 6)).is_ok());
        let size = BiplanarView::nv21(luma, (&data, 2, 4, 6)).unwrap_err();
        assert!(matches!(size, Error::ChromaSize { width: 3, height: 4, found_width: 2, found_height: 4 }));
        assert_eq!(
            BiplanarView::nv12(luma, (&data[..23], 3, 4, 6)).unwrap_err(),
            Error::BufferSize { needed: 24, found: 23 }
        );
        assert_eq!(
            BiplanarView::nv12(luma, (&data, 3, 4, 5)).unwrap_err(),
            Error::Stride { stride: 5, row: 6 }
        );
        assert_eq!(
            Packed422View::yuy2((&data, 5, 2, 10)).unwrap_err(),
            Error::Stride { stride: 10, row: 12 }
        );
        assert_eq!(
            Packed422View::uyvy((&data, 0, 2, 10)).unwrap_err(),
            Error::EmptyImage { width: 0, height: 2 }
        );
    }

    #[test]
    fn any_crop_of_packed_pixels_has_their_luma() {
        let data: Vec<u8> = (0..3 * 14).collect();
        for (width, chroma_first) in [(5, false), (6, true)] {
            let view = Packed422View::new((&data, width, 3, 14), chroma_first).unwrap();
            let code = |x: usize, y: usize| data[14 * y + 2 * x + usize::from(chroma_first)];
            for (x, y) in (0..width).flat_map(|x| (0..3).map(move |y| (x, y))) {
                for w in 1..=width - x {
                    let crop = view.crop(x, y, w, 3 - y).unwrap();
                    assert_eq!((crop.width(), crop.height()), (w, 3 - y));
                    let mut row = vec![0u8; w];
                    crop.luma(0, &mut row);
                    assert_eq!(row, (x..x + w).map(|x| code(x, y)).collect::<Vec<_>>(), "{x} {y} {w}");
                    // A crop of a crop, too.
                    if w > 1 {
                        crop.crop(1, 0, w - 1, 1).unwrap().luma(0, &mut row[..w - 1]);
                        assert_eq!(row[0], code(x + 1, y));
                    }
                }
            }
            for (x, y, w, h) in
                [(0, 0, width + 1, 1), (width, 0, 1, 1), (0, 3, 1, 1), (0, 0, 0, 1), (0, 0, 1, 0)]
            {
                let error = view.crop(x, y, w, h).unwrap_err();
                assert!(matches!(error, Error::Crop { image_height: 3, .. }), "{x} {y} {w} {h}: {error}");
            }
            assert!(view.crop(usize::MAX, 0, 2, 1).is_err());
        }
    }
}
