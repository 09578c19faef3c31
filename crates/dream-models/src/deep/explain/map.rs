//! Maps of frames, for those who draw them.

use candle_core::Tensor;

use crate::deep::numeric::on_host;
use crate::{Error, Result};

/// How much the places of a frame move the score: signed values on a grid that covers what the network saw of the frame.
///
/// Where it saw a part of a frame only, pixels and boxes count within that part; the caller knows where it lies.
///
/// ```
/// use dream_models::deep::candle_core::{Device, Tensor};
/// use dream_models::deep::explain::map::FrameMap;
///
/// let total = Tensor::new(&[[[1f32, -2.0], [0.5, 0.0]]], &Device::Cpu)?;
/// let map = FrameMap::of(&total, 0)?;
/// assert_eq!(map.pixels(4, 2)?, [1.0, 1.0, -2.0, -2.0, 0.5, 0.5, 0.0, 0.0]);
/// let (corners, value) = map.cells().nth(1).unwrap_or_default();
/// assert_eq!((corners, value), ([0.5, 0.0, 1.0, 0.5], -2.0));
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FrameMap {
    columns: usize,
    values: Vec<f64>,
}

impl FrameMap {
    /// The map of one frame of `[frames, rows, columns]`, such as the
    /// [`total`](crate::deep::methods::da_clip::VideoExplanation::total) of an explanation.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for a frame that there is not and for a grid without a cell, [`Error::NonFinite`],
    /// [`Error::Tensor`] for another shape.
    pub fn of(maps: &Tensor, frame: usize) -> Result<Self> {
        let (frames, rows, columns) = maps.dims3()?;
        if frame >= frames || rows == 0 || columns == 0 {
            let reason = format!("frame {frame} of {frames}, each with {rows} rows and {columns} columns");
            return Err(Error::InvalidInput { argument: "frame", reason });
        }
        let values = on_host(&maps.get(frame)?)?.flatten_all()?.to_vec1::<f64>()?;
        match values.iter().find(|value| !value.is_finite()) {
            Some(&value) => Err(Error::NonFinite { name: format!("the map of frame {frame}"), value }),
            None => Ok(Self { columns, values }),
        }
    }

    /// Rows of its grid.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns.max(1)
    }

    /// Columns of its grid.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The values of its cells, row by row.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The largest value by size, of either sign: what a scale of colours ends with.
    #[must_use]
    pub fn extent(&self) -> f64 {
        self.values.iter().fold(0.0, |most, value| value.abs().max(most))
    }

    /// Left, top, right and bottom of every cell as shares of the width and height, with its value; row by row.
    pub fn cells(&self) -> impl Iterator<Item = ([f64; 4], f64)> + '_ {
        let (across, down) = (self.columns as f64, self.rows() as f64);
        let corners = move |at: usize| {
            let (x, y) = ((at % self.columns) as f64, (at / self.columns) as f64);
            [x / across, y / down, (x + 1.0) / across, (y + 1.0) / down]
        };
        self.values.iter().enumerate().map(move |(at, &value)| (corners(at), value))
    }

    /// The value of the cell that the middle of each pixel lies in, of an image of this size, row by row.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for an image without pixels, or with more than fit into memory.
    pub fn pixels(&self, width: usize, height: usize) -> Result<Vec<f64>> {
        let all = width.checked_mul(height).filter(|&all| all > 0 && all <= isize::MAX as usize / 8);
        let reason = || format!("{width}x{height} pixels cannot be drawn");
        let all = all.ok_or_else(|| Error::InvalidInput { argument: "width", reason: reason() })?;
        // In twice the pixels, so that the middle of a pixel is a whole number.
        let cell = |at: usize, pixels: usize, cells: usize| {
            ((2 * at as u128 + 1) * cells as u128 / (2 * pixels as u128)) as usize
        };
        let columns: Vec<usize> = (0..width).map(|x| cell(x, width, self.columns)).collect();
        let mut pixels = Vec::with_capacity(all);
        for y in 0..height {
            let first = cell(y, height, self.rows()) * self.columns;
            pixels.extend(columns.iter().map(|x| self.values.get(first + x).copied().unwrap_or_default()));
        }
        Ok(pixels)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn pixels_are_those_of_the_nearest_cell() {
        let total = Tensor::arange(0f32, 18.0, &Device::Cpu).unwrap().reshape((2, 3, 3)).unwrap();
        let map = FrameMap::of(&total, 1).unwrap();
        assert_eq!((map.rows(), map.columns(), map.extent()), (3, 3, 17.0));
        // Fewer pixels than cells: the cells in their middle.
        assert_eq!(map.pixels(1, 1).unwrap(), [13.0]);
        assert_eq!(map.pixels(2, 1).unwrap(), [12.0, 14.0]);
        assert_eq!(map.pixels(4, 1).unwrap(), [12.0, 13.0, 13.0, 14.0]);
        let whole = map.pixels(3, 3).unwrap();
        assert_eq!(whole, map.values());
        let (last, value) = map.cells().last().unwrap();
        assert_eq!((last, value), ([2.0 / 3.0, 2.0 / 3.0, 1.0, 1.0], 17.0));
        assert!(map.pixels(0, 3).is_err() && map.pixels(usize::MAX, 3).is_err());
        assert!(FrameMap::of(&total, 2).is_err());
        let odd = (&total.to_dtype(candle_core::DType::F64).unwrap() * f64::INFINITY).unwrap();
        assert!(matches!(FrameMap::of(&odd, 0), Err(Error::NonFinite { .. })));
    }
}
