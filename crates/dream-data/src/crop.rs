//! A crop in relative corners, as face boxes are published.

use std::str::FromStr;

use crate::error::{Error, Result};

/// A box in relative corners: `0, 0` is the top left of a frame, `1, 1` its bottom right.
///
/// # Example
/// ```
/// use dream_data::RelativeBox;
///
/// let face: RelativeBox = "0.25,0.1,0.75,0.6".parse()?;
/// assert_eq!(face.to_pixels(640, 360), (160, 36, 320, 180));
/// assert!("0.5,0.5,0.5,0.9".parse::<RelativeBox>().is_err()); // empty
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RelativeBox {
    corners: [f64; 4],
}

impl RelativeBox {
    /// The box from (`x1`, `y1`) to (`x2`, `y2`).
    ///
    /// # Errors
    /// [`Error::InvalidOption`] unless `0 <= x1 < x2 <= 1` and `0 <= y1 < y2 <= 1`.
    pub fn new(x1: f64, y1: f64, x2: f64, y2: f64) -> Result<Self> {
        let inside = |from: f64, to: f64| 0.0 <= from && from < to && to <= 1.0;
        if inside(x1, x2) && inside(y1, y2) {
            return Ok(Self { corners: [x1, y1, x2, y2] });
        }
        let reason = format!("{x1},{y1},{x2},{y2} must satisfy 0 <= X1 < X2 <= 1 and 0 <= Y1 < Y2 <= 1");
        Err(Error::InvalidOption { option: "crop", reason })
    }

    /// Left, top, right and bottom, relative.
    #[must_use]
    pub const fn corners(&self) -> [f64; 4] {
        self.corners
    }

    /// Left, top, width and height in pixels of a frame of `width` x `height`: corners rounded to the nearest
    /// pixel border, at least one pixel, within the frame. A frame without pixels gives an empty box.
    #[must_use]
    pub fn to_pixels(&self, width: usize, height: usize) -> (usize, usize, usize, usize) {
        let side = |from: f64, to: f64, size: usize| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=size")]
            let pixel = |at: f64| ((at * size as f64).round() as usize).min(size);
            let start = pixel(from).min(size.saturating_sub(1));
            (start, pixel(to).max(start + 1).min(size).saturating_sub(start))
        };
        let [x1, y1, x2, y2] = self.corners;
        let ((x, w), (y, h)) = (side(x1, x2, width), side(y1, y2, height));
        (x, y, w, h)
    }
}

/// From `X1,Y1,X2,Y2`.
impl FromStr for RelativeBox {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers: Option<Vec<f64>> = text.split(',').map(|cell| cell.trim().parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[x1, y1, x2, y2]) => Self::new(x1, y1, x2, y2),
            _ => {
                let reason = format!("`{text}` is not four numbers X1,Y1,X2,Y2");
                Err(Error::InvalidOption { option: "crop", reason })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_box_has_a_pixel_inside_the_frame() {
        let steps: Vec<f64> = (0..=20).map(|i| f64::from(i) / 20.0).collect();
        for (i, &from) in steps.iter().enumerate() {
            for &to in &steps[i + 1..] {
                for size in [1, 2, 3, 7, 1920] {
                    let (x, y, w, h) = RelativeBox::new(from, from, to, to).unwrap().to_pixels(size, size);
                    assert!(w >= 1 && h >= 1 && x + w <= size && y + h <= size, "{from} {to} {size}");
                }
            }
        }
        let whole = RelativeBox::new(0.0, 0.0, 1.0, 1.0).unwrap();
        assert_eq!(whole.to_pixels(7, 5), (0, 0, 7, 5));
        assert_eq!(whole.to_pixels(0, 0), (0, 0, 0, 0));
    }

    #[test]
    fn bad_boxes_are_errors_that_quote_them() {
        for text in
            ["", "0,0,1", "0,0,1,1,1", "a,0,1,1", "0,0,1,1.1", "-0.1,0,1,1", "0.5,0,0.4,1", "NaN,0,1,1"]
        {
            let error = text.parse::<RelativeBox>().unwrap_err().to_string();
            assert!(error.contains("crop"), "{error}");
        }
    }
}
