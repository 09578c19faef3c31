//! Rows of luma, for extractors of this crate and of others.

use crate::color::GrayRows;
use crate::error::{Error, Result};
use crate::plane::Rows;
use crate::view::{Luma16View, LumaView, Packed422View};

/// The luma of a frame, row by row, as numbers: codes 0 to 255, whatever the frame holds. Made by
/// [`Frame::luma_rows`](crate::Frame::luma_rows). Nothing is allocated and no row is kept.
///
/// Luma of more than 8 bits has fractions and may exceed 255. All other luma is whole codes, which
/// [`LumaRows::codes`] gives as bytes.
///
/// # Example
/// The extractor of another crate, whose feature is the share of neighbours that differ:
/// ```
/// use dream_features::{Channels, Error, FeatureLayout, Frame, ImageFeatures, Recipe, Result, Workspace};
///
/// struct Busy(FeatureLayout);
///
/// /// Kept from frame to frame.
/// #[derive(Default)]
/// struct Scratch {
///     row: Vec<f64>,
/// }
///
/// impl ImageFeatures for Busy {
///     fn layout(&self) -> &FeatureLayout {
///         &self.0
///     }
///
///     fn recipe(&self) -> Recipe {
///         Recipe::new("busy", 1)
///     }
///
///     fn channels(&self) -> Channels {
///         Channels::Luma
///     }
///
///     fn extract_into(&self, frame: &Frame<'_>, workspace: &mut Workspace, out: &mut [f64]) -> Result<()> {
///         let [share] = out else {
///             return Err(Error::Length { argument: "out", expected: 1, found: out.len() });
///         };
///         let luma = frame.luma_rows();
///         let row = &mut workspace.slot::<Scratch>().row;
///         row.resize(luma.width(), 0.0);
///         let mut differ = 0;
///         for y in 0..luma.height() {
///             luma.read(y, row)?;
///             differ += row.windows(2).filter(|pair| pair[0] != pair[1]).count();
///         }
///         *share = differ as f64 / ((luma.width() - 1) * luma.height()) as f64;
///         Ok(())
///     }
/// }
///
/// let busy = Busy(FeatureLayout::new(["busy.share"])?);
/// let image = Frame::bgra((&[0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 9, 255], 3, 1, 12))?;
/// assert_eq!(busy.extract(&image)?.values(), &[0.5]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct LumaRows<'a>(LumaSource<'a>);

/// Where luma comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LumaSource<'a> {
    Plane(LumaView<'a>),
    Deep(Luma16View<'a>),
    Packed422(Packed422View<'a>),
    /// Computed as it is read.
    Gray(GrayRows<'a>),
}

impl<'a> LumaRows<'a> {
    pub(crate) const fn new(source: LumaSource<'a>) -> Self {
        Self(source)
    }

    pub(crate) const fn source(&self) -> &LumaSource<'a> {
        &self.0
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> usize {
        match &self.0 {
            LumaSource::Plane(view) => view.width(),
            LumaSource::Deep(view) => view.width(),
            LumaSource::Packed422(view) => view.width(),
            LumaSource::Gray(rows) => rows.view.width(),
        }
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> usize {
        match &self.0 {
            LumaSource::Plane(view) => view.height(),
            LumaSource::Deep(view) => view.height(),
            LumaSource::Packed422(view) => view.height(),
            LumaSource::Gray(rows) => rows.view.height(),
        }
    }

    /// Writes row `y` to `out`, one number per pixel; the last row for any `y` beyond it.
    ///
    /// # Errors
    /// [`Error::Length`] when `out` is not as long as a row.
    pub fn read(&self, y: usize, out: &mut [f64]) -> Result<()> {
        check(self.width(), out.len())?;
        self.load(y, out);
        Ok(())
    }

    /// The same rows as bytes, or `None` if luma has more than 8 bits and bytes would be rounded.
    ///
    /// # Example
    /// ```
    /// use dream_features::Frame;
    ///
    /// let frame = Frame::yuy2((&[16, 128, 17, 128], 2, 1, 4))?;
    /// let codes = frame.luma_rows().codes().expect("8 bits");
    /// let mut row = [0; 2];
    /// codes.read(0, &mut row)?;
    /// assert_eq!(row, [16, 17]);
    /// # Ok::<(), dream_features::Error>(())
    /// ```
    #[must_use]
    pub const fn codes(&self) -> Option<LumaCodes<'a>> {
        match self.0 {
            LumaSource::Deep(_) => None,
            _ => Some(LumaCodes(*self)),
        }
    }
}

/// The luma of a frame of 8 bits, row by row, as bytes. Made by [`LumaRows::codes`].
#[derive(Debug, Clone, Copy)]
pub struct LumaCodes<'a>(LumaRows<'a>);

impl LumaCodes<'_> {
    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.0.width()
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.0.height()
    }

    /// Writes row `y` to `out`, one code per pixel; the last row for any `y` beyond it.
    ///
    /// # Errors
    /// [`Error::Length`] when `out` is not as long as a row.
    pub fn read(&self, y: usize, out: &mut [u8]) -> Result<()> {
        check(self.width(), out.len())?;
        self.write(y, out);
        Ok(())
    }

    /// Writes row `y` to `out`, which is as long.
    pub(crate) fn write<T: From<u8>>(&self, y: usize, out: &mut [T]) {
        match self.0.source() {
            LumaSource::Plane(view) => {
                for (out, &code) in out.iter_mut().zip(view.row(y)) {
                    *out = code.into();
                }
            }
            LumaSource::Packed422(view) => view.luma(y, out),
            LumaSource::Gray(rows) => rows.write(y, out),
            // Never reached: see `LumaRows::codes`.
            LumaSource::Deep(_) => {}
        }
    }
}

fn check(expected: usize, found: usize) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::Length { argument: "out", expected, found })
}

impl Rows for LumaRows<'_> {
    fn width(&self) -> usize {
        LumaRows::width(self)
    }
    fn height(&self) -> usize {
        LumaRows::height(self)
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        match &self.0 {
            LumaSource::Plane(view) => view.load(y, out),
            LumaSource::Deep(view) => view.load(y, out),
            LumaSource::Packed422(view) => view.luma(y, out),
            LumaSource::Gray(rows) => rows.load(y, out),
        }
    }
}
