//! The input of an extractor: one image, luma or colour.

use crate::color::GrayRows;
use crate::error::Result;
use crate::plane::{Plane, Rows};
use crate::resize::HalfSize;
use crate::shared::Shared;
use crate::view::{Luma16View, LumaView, RgbView, Yuv420View};

/// One image: decoded luma with or without its chroma, or RGB pixels.
///
/// Pass the planes of a video as they were decoded; a conversion to RGB and back changes them. Extractors convert what
/// they need: RGB becomes luma by MATLAB's `rgb2gray`, and luma without chroma is treated as gray.
///
/// # Example
/// ```
/// use dream_features::Frame;
///
/// // Bytes, width, height, stride.
/// let luma = Frame::luma((&[16; 12], 4, 3, 4))?;
/// let rgb = Frame::rgb((&[16; 36], 4, 3, 12))?;
/// assert_eq!(luma.size(), rgb.size());
/// assert_eq!(luma.luma_plane(), rgb.luma_plane());
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pixels: Pixels<'a>,
    /// Luma of RGB pixels has the range of video.
    studio: bool,
    /// Planes derived from this frame, shared by the extractors that read it.
    shared: Option<&'a Shared>,
}

/// A plane of 8-bit samples as decoders return it: bytes, width, height, and bytes from row to row.
type Parts<'a> = (&'a [u8], usize, usize, usize);

fn luma((data, width, height, stride): Parts<'_>) -> Result<LumaView<'_>> {
    LumaView::new(data, width, height, stride)
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Pixels<'a> {
    Luma(LumaView<'a>),
    Luma16(Luma16View<'a>),
    Yuv420(Yuv420View<'a>),
    Rgb(RgbView<'a>),
}

impl<'a> Frame<'a> {
    /// A frame of decoded luma.
    #[must_use]
    pub const fn from_luma(view: LumaView<'a>) -> Self {
        Self::new(Pixels::Luma(view))
    }

    /// A frame of decoded luma of more than 8 bits.
    #[must_use]
    pub const fn from_luma16(view: Luma16View<'a>) -> Self {
        Self::new(Pixels::Luma16(view))
    }

    /// A frame of decoded luma and chroma.
    #[must_use]
    pub const fn from_yuv420(view: Yuv420View<'a>) -> Self {
        Self::new(Pixels::Yuv420(view))
    }

    /// A frame of RGB pixels. Its luma is MATLAB's `rgb2gray` (see [`crate::color`]).
    #[must_use]
    pub const fn from_rgb(view: RgbView<'a>) -> Self {
        Self::new(Pixels::Rgb(view))
    }

    /// A frame of 8-bit luma from the parts of its plane: bytes, width, height and stride.
    ///
    /// # Errors
    /// Same as [`LumaView::new`].
    pub fn luma(parts: Parts<'a>) -> Result<Self> {
        Ok(Self::from_luma(luma(parts)?))
    }

    /// A frame of packed 8-bit RGB from the parts of its plane: bytes, width and height in pixels, stride in bytes.
    ///
    /// # Errors
    /// Same as [`RgbView::new`].
    pub fn rgb((data, width, height, stride): Parts<'a>) -> Result<Self> {
        Ok(Self::from_rgb(RgbView::new(data, width, height, stride)?))
    }

    /// A frame of 8-bit luma and chroma, 4:2:0, from the parts of its planes: bytes, width, height and stride of each.
    ///
    /// # Errors
    /// Same as [`LumaView::new`] and [`Yuv420View::new`].
    pub fn yuv420(y: Parts<'a>, u: Parts<'a>, v: Parts<'a>) -> Result<Self> {
        Ok(Self::from_yuv420(Yuv420View::new(luma(y)?, luma(u)?, luma(v)?)?))
    }

    const fn new(pixels: Pixels<'a>) -> Self {
        Self { pixels, studio: false, shared: None }
    }

    /// The same frame, whose luma is [`luma_bt601_studio`](crate::color::luma_bt601_studio) if it is RGB: as if it came
    /// out of a video decoder. A picture then has the same features whether it is stored as RGB or as video. Features
    /// of images are defined on `rgb2gray` instead. Frames that are not RGB stay as they are.
    ///
    /// # Example
    /// ```
    /// use dream_features::Frame;
    ///
    /// let white = Frame::rgb((&[255; 3], 1, 1, 3))?;
    /// assert_eq!(white.luma_plane(), Frame::luma((&[255], 1, 1, 1))?.luma_plane());
    /// assert_eq!(white.with_studio_luma().luma_plane(), Frame::luma((&[235], 1, 1, 1))?.luma_plane());
    /// # Ok::<(), dream_features::Error>(())
    /// ```
    #[must_use]
    pub const fn with_studio_luma(self) -> Self {
        Self { studio: true, ..self }
    }

    /// The same frame, with its derived planes stored in `shared`, which must be fresh.
    pub(crate) const fn with_shared<'b>(&self, shared: &'b Shared) -> Frame<'b>
    where
        'a: 'b,
    {
        Frame { pixels: self.pixels, studio: self.studio, shared: Some(shared) }
    }

    pub(crate) const fn pixels(&self) -> &Pixels<'a> {
        &self.pixels
    }

    /// Width and height in pixels.
    #[must_use]
    pub const fn size(&self) -> (usize, usize) {
        match &self.pixels {
            Pixels::Luma(view) => (view.width(), view.height()),
            Pixels::Luma16(view) => (view.width(), view.height()),
            Pixels::Yuv420(view) => (view.width(), view.height()),
            Pixels::Rgb(view) => (view.width(), view.height()),
        }
    }

    /// The rectangle of `width` x `height` pixels whose top left pixel is (`x`, `y`). Copies nothing.
    ///
    /// # Errors
    /// [`Error::Crop`](crate::Error::Crop) when the rectangle is empty or extends beyond the frame.
    pub fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Result<Self> {
        let pixels = match &self.pixels {
            Pixels::Luma(view) => Pixels::Luma(view.crop(x, y, width, height)?),
            Pixels::Luma16(view) => Pixels::Luma16(view.crop(x, y, width, height)?),
            Pixels::Yuv420(view) => Pixels::Yuv420(view.crop(x, y, width, height)?),
            Pixels::Rgb(view) => Pixels::Rgb(view.crop(x, y, width, height)?),
        };
        Ok(Self { studio: self.studio, ..Self::new(pixels) })
    }

    /// The luma and chroma planes, if the frame was made from them.
    #[must_use]
    pub const fn yuv420_view(&self) -> Option<Yuv420View<'a>> {
        match &self.pixels {
            Pixels::Yuv420(view) => Some(*view),
            _ => None,
        }
    }

    /// The luma codes, 0 to 255, as a new plane.
    #[must_use]
    pub fn luma_plane(&self) -> Plane {
        Plane::from_rows(&self.luma_rows())
    }

    /// The luma codes, row by row.
    pub(crate) fn luma_rows(&self) -> LumaRows<'a> {
        match self.pixels {
            Pixels::Luma(view) => LumaRows::Luma(view),
            Pixels::Luma16(view) => LumaRows::Luma16(view),
            Pixels::Yuv420(view) => LumaRows::Luma(view.y()),
            Pixels::Rgb(view) => LumaRows::Gray(GrayRows { view, studio: self.studio }),
        }
    }

    /// The planes shared by the extractors of this frame.
    pub(crate) const fn shared(&self) -> Option<&'a Shared> {
        self.shared
    }

    /// Luma at half size: the shared plane, or one computed into `out`.
    pub(crate) fn half_luma<'b>(&'b self, resize: &mut HalfSize, out: &'b mut Plane) -> &'b Plane {
        match self.shared {
            Some(shared) => shared.half_luma(|plane| resize.run(&self.luma_rows(), plane)),
            None => {
                resize.run(&self.luma_rows(), out);
                out
            }
        }
    }
}

/// Rows of luma, computed on the fly if the frame is RGB.
#[derive(Debug)]
pub(crate) enum LumaRows<'a> {
    Luma(LumaView<'a>),
    Luma16(Luma16View<'a>),
    Gray(GrayRows<'a>),
}

impl Rows for LumaRows<'_> {
    fn width(&self) -> usize {
        match self {
            Self::Luma(rows) => rows.width(),
            Self::Luma16(rows) => rows.width(),
            Self::Gray(rows) => rows.width(),
        }
    }
    fn height(&self) -> usize {
        match self {
            Self::Luma(rows) => rows.height(),
            Self::Luma16(rows) => rows.height(),
            Self::Gray(rows) => rows.height(),
        }
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        match self {
            Self::Luma(rows) => rows.load(y, out),
            Self::Luma16(rows) => rows.load(y, out),
            Self::Gray(rows) => rows.load(y, out),
        }
    }
}
