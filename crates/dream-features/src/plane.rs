//! Planes of `f64`, and the one interface through which algorithms read rows of pixels.

use pulp::Simd;

use crate::error::{Error, Result};
use crate::simd::{Kernel, dispatch};
use crate::view::{Luma16View, LumaView};

/// A contiguous, row-major plane of finite `f64` values. Luma planes hold codes, 0 to 255.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    data: Vec<f64>,
    width: usize,
    height: usize,
}

impl Plane {
    /// Largest magnitude a plane may hold. Sums of its fourth power over any image stay finite.
    pub const LIMIT: f64 = 1e60;

    /// Takes `data` as `height` rows of `width` values.
    ///
    /// # Errors
    /// [`Error::EmptyImage`] when there are no values, [`Error::BufferSize`] when `data` is not `width * height` long,
    /// [`Error::Value`] when a value is not finite or larger than [`Plane::LIMIT`].
    pub fn new(data: Vec<f64>, width: usize, height: usize) -> Result<Self> {
        if width == 0 || height == 0 {
            return Err(Error::EmptyImage { width, height });
        }
        let needed = width.saturating_mul(height);
        if data.len() != needed {
            return Err(Error::BufferSize { needed, found: data.len() });
        }
        // `<=` is false for NaN too.
        if let Some((index, &value)) =
            data.iter().enumerate().find(|(_, v)| v.abs() > Self::LIMIT || v.is_nan())
        {
            return Err(Error::Value { argument: "data", index, value, limit: Self::LIMIT });
        }
        Ok(Self { data, width, height })
    }

    /// The luma codes of `view` as numbers.
    #[must_use]
    pub fn from_luma(view: &LumaView<'_>) -> Self {
        Self::from_rows(view)
    }

    /// A copy of any row source.
    pub(crate) fn from_rows<R: Rows>(rows: &R) -> Self {
        let mut plane = Self::zeros(rows.width(), rows.height());
        for y in 0..plane.height {
            rows.load(y, plane.row_mut(y));
        }
        plane
    }

    pub(crate) fn zeros(width: usize, height: usize) -> Self {
        Self { data: vec![0.0; width * height], width, height }
    }

    /// Gives the plane another size, reusing its memory. The values are unspecified afterwards.
    pub(crate) fn resize(&mut self, width: usize, height: usize) {
        self.data.resize(width * height, 0.0);
        (self.width, self.height) = (width, height);
    }

    /// Width in values.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Height in values.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// All values, row after row.
    #[must_use]
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    /// Row `y`; the last row for any `y` beyond it.
    #[must_use]
    pub fn row(&self, y: usize) -> &[f64] {
        let start = y.min(self.height.saturating_sub(1)) * self.width;
        self.data.get(start..start + self.width).unwrap_or_default()
    }

    /// All values, row after row.
    pub(crate) fn data_mut(&mut self) -> &mut [f64] {
        &mut self.data
    }

    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [f64] {
        let start = y.min(self.height.saturating_sub(1)) * self.width;
        self.data.get_mut(start..start + self.width).unwrap_or_default()
    }
}

/// A source of rows of numbers: a plane, or pixels converted on the fly.
///
/// Algorithms read an image through this trait, so that no converted copy of it is needed.
pub(crate) trait Rows {
    /// Values in a row, at least 1.
    fn width(&self) -> usize;
    /// Number of rows, at least 1.
    fn height(&self) -> usize;
    /// Writes row `y` (below `height`) to `out`, which is `width` long.
    fn load(&self, y: usize, out: &mut [f64]);
}

impl Rows for Plane {
    fn width(&self) -> usize {
        self.width
    }
    fn height(&self) -> usize {
        self.height
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        out.copy_from_slice(self.row(y));
    }
}

impl Rows for LumaView<'_> {
    fn width(&self) -> usize {
        LumaView::width(self)
    }
    fn height(&self) -> usize {
        LumaView::height(self)
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        widen(self.row(y), out);
    }
}

/// Writes `codes` to `out`, which is as long, as numbers.
pub(crate) fn widen(codes: &[u8], out: &mut [f64]) {
    dispatch(Widen { codes, out });
}

/// Codes as numbers.
struct Widen<'a> {
    codes: &'a [u8],
    out: &'a mut [f64],
}

impl Kernel for Widen<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, &code) in self.out.iter_mut().zip(self.codes) {
            *out = f64::from(code);
        }
    }
}

impl Rows for Luma16View<'_> {
    fn width(&self) -> usize {
        Luma16View::width(self)
    }
    fn height(&self) -> usize {
        Luma16View::height(self)
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        let unit = self.unit();
        for (out, &code) in out.iter_mut().zip(self.row(y)) {
            *out = f64::from(code) / unit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_planes_exist() {
        assert!(matches!(Plane::new(vec![], 0, 0), Err(Error::EmptyImage { .. })));
        assert!(matches!(Plane::new(vec![0.0; 5], 2, 3), Err(Error::BufferSize { needed: 6, found: 5 })));
        for bad in [f64::NAN, f64::INFINITY, -2e60] {
            let error = Plane::new(vec![0.0, bad], 2, 1).unwrap_err();
            assert!(matches!(error, Error::Value { index: 1, .. }), "{bad}");
        }
        assert!(Plane::new(vec![0.0, -1e60], 2, 1).is_ok());
    }

    #[test]
    fn luma_codes_become_numbers() {
        let view = LumaView::new(&[1, 2, 9, 3, 4], 2, 2, 3).unwrap();
        assert_eq!(Plane::from_luma(&view).data(), &[1.0, 2.0, 3.0, 4.0]);
    }
}
