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

    /// As [`RelativeBox::to_pixels`], with left and top moved to the even pixel at or before them, so that chroma
    /// of half size can be cut at the same place. Right and bottom stay: the result holds the whole of
    /// `to_pixels` and at most one column and one row more.
    #[must_use]
    pub fn to_even_pixels(&self, width: usize, height: usize) -> (usize, usize, usize, usize) {
        let (x, y, w, h) = self.to_pixels(width, height);
        (x - x % 2, y - y % 2, w + x % 2, h + y % 2)
    }

    /// The box `factor` times as wide and as high around the same centre, cut at the borders of the frame. Face
    /// detectors' boxes are widened 1.3 times in this field.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] when `factor` is not positive and finite, or leaves nothing of the box.
    pub fn expanded(&self, factor: f64) -> Result<Self> {
        if !(factor > 0.0 && factor.is_finite()) {
            let reason = format!("{factor} must be positive and finite");
            return Err(Error::InvalidOption { option: "expansion", reason });
        }
        let [x1, y1, x2, y2] = self.corners;
        let side = |from: f64, to: f64| {
            let grow = (factor - 1.0) * (to - from) / 2.0;
            ((from - grow).max(0.0), (to + grow).min(1.0))
        };
        let ((x1, x2), (y1, y2)) = (side(x1, x2), side(y1, y2));
        Self::new(x1, y1, x2, y2)
    }

    /// The median of each corner; of an even number the mean of the two in the middle. `None` for no boxes.
    /// A few wild boxes do not move it, and it is a box again: where left is smaller than right in every box, so
    /// are their medians.
    #[must_use]
    pub fn median<'a>(boxes: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut corners: [Vec<f64>; 4] = Default::default();
        for found in boxes {
            corners.iter_mut().zip(found.corners).for_each(|(all, corner)| all.push(corner));
        }
        let mut median = [0.0; 4];
        for (median, mut all) in median.iter_mut().zip(corners) {
            all.sort_by(f64::total_cmp);
            let middle = |at: usize| all.get(at).copied();
            *median = middle(all.len().checked_sub(1)? / 2)? / 2.0 + middle(all.len() / 2)? / 2.0;
        }
        let [x1, y1, x2, y2] = median;
        Self::new(x1, y1, x2, y2).ok()
    }

    /// The point `weight` of the way from this box to `other`, corner by corner.
    pub(crate) fn towards(&self, other: &Self, weight: f64) -> Result<Self> {
        let mut corners = self.corners;
        corners.iter_mut().zip(other.corners).for_each(|(from, to)| *from += weight * (to - *from));
        // Rounding may pass the border by the last bit.
        let [x1, y1, x2, y2] = corners.map(|corner| corner.clamp(0.0, 1.0));
        Self::new(x1, y1, x2, y2)
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
    fn even_boxes_hold_the_plain_ones() {
        for (x1, x2) in [(0.0, 1.0), (0.1, 0.2), (0.3, 0.9), (0.99, 1.0), (0.5, 0.500_001)] {
            for size in [1, 2, 3, 7, 640] {
                let face = RelativeBox::new(x1, x1, x2, x2).unwrap();
                let ((x, y, w, h), even) = (face.to_pixels(size, size), face.to_even_pixels(size, size));
                assert!(even.0 % 2 == 0 && even.1 % 2 == 0 && x - even.0 <= 1 && y - even.1 <= 1);
                assert_eq!((even.0 + even.2, even.1 + even.3), (x + w, y + h), "{face:?} of {size}");
            }
        }
    }

    #[test]
    fn expansion_keeps_the_centre_until_a_border_cuts_it() {
        let close = |found: RelativeBox, expected: [f64; 4]| {
            let near = found.corners().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near, "{found:?} is not {expected:?}");
        };
        let face = RelativeBox::new(0.4, 0.2, 0.6, 0.8).unwrap();
        close(face.expanded(1.3).unwrap(), [0.37, 0.11, 0.63, 0.89]);
        close(face.expanded(2.0).unwrap(), [0.3, 0.0, 0.7, 1.0]);
        close(face.expanded(0.5).unwrap(), [0.45, 0.35, 0.55, 0.65]);
        close(face.expanded(1e300).unwrap(), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(face.expanded(1.0).unwrap(), face);
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(face.expanded(factor).is_err(), "{factor}");
        }
    }

    #[test]
    fn medians_are_boxes_and_ignore_the_wild_one() {
        let boxes = [(0.1, 0.4), (0.2, 0.5), (0.9, 1.0)].map(|(a, b)| RelativeBox::new(a, a, b, b).unwrap());
        assert_eq!(RelativeBox::median(&boxes), Some(boxes[1]));
        let two = RelativeBox::median(&boxes[..2]).unwrap().corners();
        assert!((two[0] - 0.15).abs() < 1e-12 && (two[2] - 0.45).abs() < 1e-12, "{two:?}");
        assert_eq!(RelativeBox::median(&boxes[..1]), Some(boxes[0]));
        assert_eq!(RelativeBox::median(&[]), None);
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
