//! What an extractor is given: one image, of luma or colour.

use crate::color::GrayRows;
use crate::error::Result;
use crate::plane::{Plane, Rows};
use crate::view::{LumaView, RgbView};

/// One image: a decoded luma plane, or RGB pixels from which luma is computed where an extractor wants it.
///
/// Use the luma plane of a video as it was decoded. Going through RGB loses it.
///
/// # Example
/// ```
/// use dream_features::{Frame, LumaView, RgbView};
///
/// let luma = Frame::from_luma(LumaView::new(&[16; 12], 4, 3, 4)?);
/// let rgb = Frame::from_rgb(RgbView::new(&[16; 36], 4, 3, 12)?);
/// assert_eq!(luma.size(), rgb.size());
/// assert_eq!(luma.luma_plane(), rgb.luma_plane());
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pixels: Pixels<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Pixels<'a> {
    Luma(LumaView<'a>),
    Rgb(RgbView<'a>),
}

impl<'a> Frame<'a> {
    /// A frame of decoded luma.
    #[must_use]
    pub const fn from_luma(view: LumaView<'a>) -> Self {
        Self { pixels: Pixels::Luma(view) }
    }

    /// A frame of RGB pixels. Its luma is MATLAB's `rgb2gray` (see [`crate::color`]).
    #[must_use]
    pub const fn from_rgb(view: RgbView<'a>) -> Self {
        Self { pixels: Pixels::Rgb(view) }
    }

    /// Width and height in pixels.
    #[must_use]
    pub const fn size(&self) -> (usize, usize) {
        match &self.pixels {
            Pixels::Luma(view) => (view.width(), view.height()),
            Pixels::Rgb(view) => (view.width(), view.height()),
        }
    }

    /// The rectangle of `width` x `height` pixels whose top left pixel is (`x`, `y`). Copies nothing.
    ///
    /// # Errors
    /// [`Error::Crop`](crate::Error::Crop) when the rectangle is empty or leaves the frame.
    pub fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Result<Self> {
        Ok(match &self.pixels {
            Pixels::Luma(view) => Self::from_luma(view.crop(x, y, width, height)?),
            Pixels::Rgb(view) => Self::from_rgb(view.crop(x, y, width, height)?),
        })
    }

    /// The luma codes, 0 to 255, as a plane of its own.
    #[must_use]
    pub fn luma_plane(&self) -> Plane {
        Plane::from_rows(&self.luma_rows())
    }

    /// The luma codes, row by row.
    pub(crate) fn luma_rows(&self) -> LumaRows<'a> {
        match self.pixels {
            Pixels::Luma(view) => LumaRows::Luma(view),
            Pixels::Rgb(view) => LumaRows::Gray(GrayRows(view)),
        }
    }
}

/// Rows of luma, computed on the way where the frame is RGB.
#[derive(Debug)]
pub(crate) enum LumaRows<'a> {
    Luma(LumaView<'a>),
    Gray(GrayRows<'a>),
}

impl Rows for LumaRows<'_> {
    fn width(&self) -> usize {
        match self {
            Self::Luma(rows) => rows.width(),
            Self::Gray(rows) => rows.width(),
        }
    }
    fn height(&self) -> usize {
        match self {
            Self::Luma(rows) => rows.height(),
            Self::Gray(rows) => rows.height(),
        }
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        match self {
            Self::Luma(rows) => rows.load(y, out),
            Self::Gray(rows) => rows.load(y, out),
        }
    }
}
