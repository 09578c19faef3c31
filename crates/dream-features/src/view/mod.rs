//! Borrowed pixels. The type says what a number means: [`LumaView`] is one plane of 8-bit luma codes as
//! decoded, [`Luma16View`] one of 9 to 16 bits, [`Yuv420View`] luma with its two chroma planes, [`RgbView`] packed
//! 8-bit sRGB in the order R, G, B. The others are what cameras, screens and graphics libraries hold.

mod chroma;
mod interleaved;
mod packed_rgb;
mod planar;

pub(crate) use chroma::Yuv;
pub use interleaved::{BiplanarView, Packed422View};
pub use packed_rgb::PackedRgbView;
pub use planar::{Yuv422View, Yuv444View};

use crate::error::{Error, Result};

/// A plane as decoders return it: bytes, width, height, and bytes from row to row.
pub(crate) type Parts<'a> = (&'a [u8], usize, usize, usize);

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
pub struct LumaView<'a>(Packed<'a, u8, 1>);

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
pub struct RgbView<'a>(Packed<'a, u8, 3>);

/// How codes of more than 8 bits relate to the codes 0..=255 on which features are defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeScale {
    /// Video: `b`-bit codes are 8-bit codes with `b - 8` fractional bits, so 10-bit black (64) is 8-bit black (16).
    ///
    /// # Reference
    /// ITU-R BT.601, BT.709, BT.2020: levels of higher depths are those of 8 bits times a power of two.
    Video,
    /// Still images: the largest code is 255, so 65535 is white in 16 bits.
    Full,
}

/// One plane of luma codes of 9 to 16 bits, in the low bits of `u16`. Algorithms see them as fractional 8-bit codes.
///
/// # Example
/// ```
/// use dream_features::{CodeScale, Luma16View};
///
/// let codes = [64u16, 940, 512, 64];
/// let view = Luma16View::new(&codes, 2, 2, 2, 10, CodeScale::Video)?;
/// assert_eq!(view.unit(), 4.0); // codes per 8-bit step: 940 is 235
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Luma16View<'a> {
    plane: Packed<'a, u16, 1>,
    unit: f64,
}

impl<'a> Luma16View<'a> {
    /// Views `data` as `height` rows of `width` codes of `bits` bits each. Rows start `stride` values apart.
    ///
    /// # Errors
    /// [`Error::Config`] when `bits` is not 9 to 16, others as [`LumaView::new`]. Codes that need more bits are
    /// accepted; they lie above 255 like any overshoot.
    pub fn new(
        data: &'a [u16],
        width: usize,
        height: usize,
        stride: usize,
        bits: u32,
        scale: CodeScale,
    ) -> Result<Self> {
        if !(9..=16).contains(&bits) {
            return Err(Error::Config { field: "bits", reason: "must be 9 to 16; use LumaView for 8 bits" });
        }
        let unit = match scale {
            CodeScale::Video => f64::from(1u32 << (bits - 8)),
            CodeScale::Full => f64::from((1u32 << bits) - 1) / 255.0,
        };
        Ok(Self { plane: Packed::new(data, width, height, stride)?, unit })
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.plane.width
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.plane.height
    }

    /// Codes per step of an 8-bit code.
    #[must_use]
    pub const fn unit(&self) -> f64 {
        self.unit
    }

    /// The codes of row `y`; the last row for any `y` beyond it.
    #[must_use]
    pub fn row(&self, y: usize) -> &'a [u16] {
        self.plane.row(y)
    }

    /// The rectangle of `width` x `height` pixels whose top left pixel is (`x`, `y`). Copies nothing.
    ///
    /// # Errors
    /// [`Error::Crop`] when the rectangle is empty or extends beyond the image.
    pub fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Result<Self> {
        Ok(Self { plane: self.plane.crop(x, y, width, height)?, unit: self.unit })
    }
}

/// 8-bit Y'CbCr with chroma at half size in both directions, rounded up for odd sizes, in the coded range of the
/// stream.
///
/// # Example
/// ```
/// use dream_features::{LumaView, Yuv420View};
///
/// let (y, u, v) = ([16u8; 6 * 4], [128u8; 3 * 2], [128u8; 3 * 2]);
/// let view = Yuv420View::new(
///     LumaView::new(&y, 6, 4, 6)?,
///     LumaView::new(&u, 3, 2, 3)?,
///     LumaView::new(&v, 3, 2, 3)?,
/// )?;
/// assert_eq!((view.width(), view.height()), (6, 4));
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Yuv420View<'a> {
    y: LumaView<'a>,
    u: LumaView<'a>,
    v: LumaView<'a>,
}

impl<'a> Yuv420View<'a> {
    /// Joins three planes.
    ///
    /// # Errors
    /// [`Error::ChromaSize`] when a chroma plane is not half as wide and high as luma, rounded up.
    pub fn new(y: LumaView<'a>, u: LumaView<'a>, v: LumaView<'a>) -> Result<Self> {
        let half = (y.width().div_ceil(2), y.height().div_ceil(2));
        for chroma in [&u, &v] {
            check_chroma(half, (chroma.width(), chroma.height()))?;
        }
        Ok(Self { y, u, v })
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

    /// Cb, half size.
    #[must_use]
    pub const fn u(&self) -> LumaView<'a> {
        self.u
    }

    /// Cr, half size.
    #[must_use]
    pub const fn v(&self) -> LumaView<'a> {
        self.v
    }

    /// The rectangle of `width` x `height` pixels whose top left pixel is (`x`, `y`). Copies nothing.
    ///
    /// Chroma begins at the sample that covers (`x`, `y`). With an odd corner, colour is off by half a chroma sample.
    ///
    /// # Errors
    /// [`Error::Crop`] when the rectangle is empty or extends beyond the image.
    pub fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Result<Self> {
        let chroma = |plane: &LumaView<'a>| plane.crop(x / 2, y / 2, width.div_ceil(2), height.div_ceil(2));
        Ok(Self { y: self.y.crop(x, y, width, height)?, u: chroma(&self.u)?, v: chroma(&self.v)? })
    }
}

fn check_chroma((width, height): (usize, usize), found: (usize, usize)) -> Result<()> {
    let (found_width, found_height) = found;
    if found == (width, height) {
        return Ok(());
    }
    Err(Error::ChromaSize { width, height, found_width, found_height })
}

/// A rectangle of pixels of `N` samples each. Invariant: `data` holds `height` rows, `stride` samples apart.
#[derive(Debug, Clone, Copy)]
struct Packed<'a, T, const N: usize> {
    data: &'a [T],
    width: usize,
    height: usize,
    stride: usize,
}

impl<'a, T, const N: usize> Packed<'a, T, N> {
    fn new(data: &'a [T], width: usize, height: usize, stride: usize) -> Result<Self> {
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

    fn row(&self, y: usize) -> &'a [T] {
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
            /// Views `data` as `height` rows of `width` pixels. Rows start `stride` bytes apart.
            ///
            /// # Errors
            /// [`Error::EmptyImage`] when there are no pixels, [`Error::Stride`] when rows would overlap,
            /// [`Error::BufferSize`] when `data` is too short.
            pub fn new(data: &'a [u8], width: usize, height: usize, stride: usize) -> Result<Self> {
                Packed::<u8, $bytes>::new(data, width, height, stride).map(Self)
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
            /// [`Error::Crop`] when the rectangle is empty or extends beyond the image.
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
        let luma = LumaView::new(&data, 5, 4, 5).unwrap();
        let chroma = LumaView::new(&data[..6], 3, 2, 3).unwrap();
        let yuv = Yuv420View::new(luma, chroma, chroma).unwrap();
        for (x, y, w, h) in (0..5).flat_map(|x| (0..4).map(move |y| (x, y, 5 - x, 4 - y))) {
            let crop = yuv.crop(x, y, w, h).unwrap();
            assert_eq!((crop.y().row(0)[0], crop.u().row(0)[0]), (luma.row(y)[x], chroma.row(y / 2)[x / 2]));
            assert_eq!((crop.u().width(), crop.v().height()), (w.div_ceil(2), h.div_ceil(2)));
        }
        assert!(matches!(Yuv420View::new(luma, luma, chroma), Err(Error::ChromaSize { found_width: 5, .. })));
        let crop = RgbView::new(&rgb, 4, 2, 12).unwrap().crop(2, 1, 2, 1).unwrap();
        assert_eq!(crop.row(0), &[18, 19, 20, 21, 22, 23]);
    }
}
