//! The input of an extractor: one image, luma or colour.

use crate::color::GrayRows;
use crate::error::Result;
use crate::plane::Plane;
use crate::resize::HalfSize;
use crate::rows::{LumaRows, LumaSource};
use crate::shared::Shared;
use crate::view::{
    BiplanarView, Luma16View, LumaView, Packed422View, PackedRgbView, Parts, RgbView, Yuv, Yuv420View,
    Yuv422View, Yuv444View,
};

/// One image: decoded luma with or without its chroma, or RGB pixels.
///
/// Pass the planes of a video as they were decoded; a conversion to RGB and back changes them. Extractors convert what
/// they need: RGB becomes luma by MATLAB's `rgb2gray`, and luma without chroma is treated as gray.
///
/// | pixels | what extractors see |
/// | --- | --- |
/// | [`rgb`](Frame::rgb), [`bgr`](Frame::bgr), [`rgba`](Frame::rgba), [`bgra`](Frame::bgra) | the same RGB, bit for bit; alpha is ignored |
/// | [`yuv420`](Frame::yuv420), [`nv12`](Frame::nv12), [`nv21`](Frame::nv21) | the same 4:2:0, bit for bit |
/// | [`yuy2`](Frame::yuy2), [`uyvy`](Frame::uyvy), [`yuv422`](Frame::yuv422) | luma as it is; chroma at 4:2:0, each sample the mean of two rows |
/// | [`yuv444`](Frame::yuv444) | luma as it is; chroma at 4:2:0, each sample the mean of 2x2 |
/// | [`luma`](Frame::luma), [`from_luma16`](Frame::from_luma16) | luma without chroma |
///
/// Means are rounded to the nearest code, halves up; the last row and column of an odd size have no neighbour and count
/// alone. It is the rule by which RGB becomes 4:2:0 for the extractors that read video. So all frames of one moment
/// have the same features, whatever the order of their bytes. Chroma is converted row by row, as it is read.
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

fn luma((data, width, height, stride): Parts<'_>) -> Result<LumaView<'_>> {
    LumaView::new(data, width, height, stride)
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Pixels<'a> {
    Luma(LumaView<'a>),
    Luma16(Luma16View<'a>),
    Yuv420(Yuv420View<'a>),
    /// Luma and chroma in any other arrangement.
    Yuv(Yuv<'a>),
    Rgb(PackedRgbView<'a>),
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
        Self::from_packed_rgb(PackedRgbView::from_rgb(view))
    }

    /// A frame of RGB pixels in another order of bytes.
    #[must_use]
    pub const fn from_packed_rgb(view: PackedRgbView<'a>) -> Self {
        Self::new(Pixels::Rgb(view))
    }

    /// A frame of luma and pairs of chroma samples: NV12 or NV21.
    #[must_use]
    pub const fn from_biplanar(view: BiplanarView<'a>) -> Self {
        Self::new(Pixels::Yuv(Yuv::Biplanar(view)))
    }

    /// A frame of packed 4:2:2: YUY2 or UYVY.
    #[must_use]
    pub const fn from_packed422(view: Packed422View<'a>) -> Self {
        Self::new(Pixels::Yuv(Yuv::Packed422(view)))
    }

    /// A frame of planar 4:2:2.
    #[must_use]
    pub const fn from_yuv422(view: Yuv422View<'a>) -> Self {
        Self::new(Pixels::Yuv(Yuv::Yuv422(view)))
    }

    /// A frame of planar 4:4:4.
    #[must_use]
    pub const fn from_yuv444(view: Yuv444View<'a>) -> Self {
        Self::new(Pixels::Yuv(Yuv::Yuv444(view)))
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

    /// A frame of packed 8-bit B, G, R: three bytes a pixel, as OpenCV holds images. Parts as for [`Frame::rgb`].
    ///
    /// # Errors
    /// Same as [`RgbView::new`].
    pub fn bgr(parts: Parts<'a>) -> Result<Self> {
        Ok(Self::from_packed_rgb(PackedRgbView::bgr(parts)?))
    }

    /// A frame of packed 8-bit R, G, B and alpha, which is ignored (see [`PackedRgbView`]). Parts as for [`Frame::rgb`].
    ///
    /// # Errors
    /// Same as [`RgbView::new`].
    pub fn rgba(parts: Parts<'a>) -> Result<Self> {
        Ok(Self::from_packed_rgb(PackedRgbView::rgba(parts)?))
    }

    /// A frame of packed 8-bit B, G, R and alpha, which is ignored (see [`PackedRgbView`]): what screens and graphics
    /// libraries hold. Parts as for [`Frame::rgb`].
    ///
    /// # Errors
    /// Same as [`RgbView::new`].
    pub fn bgra(parts: Parts<'a>) -> Result<Self> {
        Ok(Self::from_packed_rgb(PackedRgbView::bgra(parts)?))
    }

    /// A frame of 8-bit 4:2:0 whose chroma is pairs of Cb and Cr. Parts as for [`BiplanarView::nv12`].
    ///
    /// # Errors
    /// Same as [`BiplanarView::nv12`].
    ///
    /// # Example
    /// ```
    /// use dream_features::Frame;
    ///
    /// let (luma, chroma) = ([16; 4 * 2], [90, 240, 128, 128]);
    /// let frame = Frame::nv12((&luma, 4, 2, 4), (&chroma, 2, 1, 4))?;
    /// assert_eq!(frame.size(), (4, 2));
    /// # Ok::<(), dream_features::Error>(())
    /// ```
    pub fn nv12(y: Parts<'a>, uv: Parts<'a>) -> Result<Self> {
        Ok(Self::from_biplanar(BiplanarView::nv12(y, uv)?))
    }

    /// A frame of 8-bit 4:2:0 whose chroma is pairs of Cr and Cb. Parts as for [`BiplanarView::nv12`].
    ///
    /// # Errors
    /// Same as [`BiplanarView::nv12`].
    pub fn nv21(y: Parts<'a>, vu: Parts<'a>) -> Result<Self> {
        Ok(Self::from_biplanar(BiplanarView::nv21(y, vu)?))
    }

    /// A frame of packed 8-bit 4:2:2 in the order Y, Cb, Y, Cr (YUY2, YUYV): bytes, width and height in pixels, stride
    /// in bytes.
    ///
    /// # Errors
    /// Same as [`Packed422View::yuy2`].
    pub fn yuy2(parts: Parts<'a>) -> Result<Self> {
        Ok(Self::from_packed422(Packed422View::yuy2(parts)?))
    }

    /// A frame of packed 8-bit 4:2:2 in the order Cb, Y, Cr, Y. Parts as for [`Frame::yuy2`].
    ///
    /// # Errors
    /// Same as [`Packed422View::uyvy`].
    pub fn uyvy(parts: Parts<'a>) -> Result<Self> {
        Ok(Self::from_packed422(Packed422View::uyvy(parts)?))
    }

    /// A frame of 8-bit luma and chroma, 4:2:2, from the parts of its planes: bytes, width, height and stride of each.
    ///
    /// # Errors
    /// Same as [`LumaView::new`] and [`Yuv422View::new`].
    pub fn yuv422(y: Parts<'a>, u: Parts<'a>, v: Parts<'a>) -> Result<Self> {
        Ok(Self::from_yuv422(Yuv422View::new(luma(y)?, luma(u)?, luma(v)?)?))
    }

    /// A frame of 8-bit luma and chroma, 4:4:4, from the parts of its planes: bytes, width, height and stride of each.
    ///
    /// # Errors
    /// Same as [`LumaView::new`] and [`Yuv444View::new`].
    pub fn yuv444(y: Parts<'a>, u: Parts<'a>, v: Parts<'a>) -> Result<Self> {
        Ok(Self::from_yuv444(Yuv444View::new(luma(y)?, luma(u)?, luma(v)?)?))
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
            Pixels::Yuv(view) => (view.width(), view.height()),
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
            Pixels::Yuv(view) => Pixels::Yuv(view.crop(x, y, width, height)?),
            Pixels::Rgb(view) => Pixels::Rgb(view.crop(x, y, width, height)?),
        };
        Ok(Self { studio: self.studio, ..Self::new(pixels) })
    }

    /// The luma and chroma planes, if the frame was made from them ([`Frame::yuv420`]).
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

    /// The luma codes, row by row, without a copy of the image. [`LumaRows`] has an example; for RGB, see
    /// [`RgbRows`](crate::color::RgbRows).
    #[must_use]
    pub const fn luma_rows(&self) -> LumaRows<'a> {
        LumaRows::new(match self.pixels {
            Pixels::Luma(view) => LumaSource::Plane(view),
            Pixels::Luma16(view) => LumaSource::Deep(view),
            Pixels::Yuv420(view) => LumaSource::Plane(view.y()),
            Pixels::Yuv(view) => view.luma(),
            Pixels::Rgb(view) => LumaSource::Gray(GrayRows { view, studio: self.studio }),
        })
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
