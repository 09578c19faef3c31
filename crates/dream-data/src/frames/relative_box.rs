//! A crop in relative corners, as face boxes are published.

use crate::error::{Error, Result};
use crate::frames::frame::Pixels;
use crate::frames::pixel_rect::PixelRect;
use std::str::FromStr;

/// A box in relative corners: `0, 0` is the top left of a frame, `1, 1` its bottom right.
///
/// # Example
/// ```
/// use dream_data::{PixelRect, RelativeBox};
///
/// let face: RelativeBox = "0.25,0.1,0.75,0.6".parse()?;
/// assert_eq!(face.to_pixels(640, 360), PixelRect { left: 160, top: 36, width: 320, height: 180 });
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

    /// The box in pixels of a frame of `width` x `height`: corners rounded to the nearest pixel border, at least one
    /// pixel, within the frame. A frame without pixels gives an empty box.
    #[must_use]
    pub fn to_pixels(&self, width: usize, height: usize) -> PixelRect {
        let side = |from: f64, to: f64, size: usize| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=size")]
            let pixel = |at: f64| ((at * size as f64).round() as usize).min(size);
            let start = pixel(from).min(size.saturating_sub(1));
            (start, pixel(to).max(start + 1).min(size).saturating_sub(start))
        };
        let [x1, y1, x2, y2] = self.corners;
        let ((left, width), (top, height)) = (side(x1, x2, width), side(y1, y2, height));
        PixelRect { left, top, width, height }
    }

    /// As [`RelativeBox::to_pixels`], with left and top moved to the even pixel at or before them, so that chroma
    /// of half size can be cut at the same place. Right and bottom stay: the result holds the whole of
    /// `to_pixels` and at most one column and one row more.
    #[must_use]
    pub fn to_even_pixels(&self, width: usize, height: usize) -> PixelRect {
        let PixelRect { left, top, width, height } = self.to_pixels(width, height);
        PixelRect {
            left: left - left % 2,
            top: top - top % 2,
            width: width + left % 2,
            height: height + top % 2,
        }
    }

    /// The pixels of a frame that belong to this box: [`RelativeBox::to_even_pixels`] in 4:2:0,
    /// [`RelativeBox::to_pixels`] in gray and RGB. [`Cropped`](crate::Cropped) and every program cut out these.
    #[must_use]
    pub fn in_frame(&self, pixels: &Pixels<'_>) -> PixelRect {
        match pixels {
            Pixels::Yuv420 { y, .. } => self.to_even_pixels(y.width, y.height),
            Pixels::Gray(plane) | Pixels::Rgb(plane) => self.to_pixels(plane.width, plane.height),
        }
    }

    /// The box `factor` times as wide and as high around the same centre, clipped to the frame. In this field, the
    /// boxes of face detectors are usually widened 1.3 times.
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
    use crate::frames::frame::Plane;

    #[test]
    fn every_box_has_a_pixel_inside_the_frame() {
        let steps: Vec<f64> = (0..=20).map(|i| f64::from(i) / 20.0).collect();
        for (i, &from) in steps.iter().enumerate() {
            for &to in &steps[i + 1..] {
                for size in [1, 2, 3, 7, 1920] {
                    let rect = RelativeBox::new(from, from, to, to).unwrap().to_pixels(size, size);
                    let PixelRect { left, top, width, height } = rect;
                    assert!(width >= 1 && height >= 1, "{from} {to} {size}");
                    assert!(left + width <= size && top + height <= size, "{from} {to} {size}");
                }
            }
        }
        let whole = RelativeBox::new(0.0, 0.0, 1.0, 1.0).unwrap();
        assert_eq!(whole.to_pixels(7, 5), PixelRect { left: 0, top: 0, width: 7, height: 5 });
        assert_eq!(whole.to_pixels(0, 0), PixelRect::default());
    }

    #[test]
    fn even_boxes_hold_the_plain_ones() {
        for (x1, x2) in [(0.0, 1.0), (0.1, 0.2), (0.3, 0.9), (0.99, 1.0), (0.5, 0.500_001)] {
            for size in [1, 2, 3, 7, 640] {
                let face = RelativeBox::new(x1, x1, x2, x2).unwrap();
                let (plain, even) = (face.to_pixels(size, size), face.to_even_pixels(size, size));
                assert!(even.left % 2 == 0 && even.top % 2 == 0, "{face:?} of {size}");
                assert!(plain.left - even.left <= 1 && plain.top - even.top <= 1, "{face:?} of {size}");
                let ends = |rect: PixelRect| (rect.left + rect.width, rect.top + rect.height);
                assert_eq!(ends(even), ends(plain), "{face:?} of {size}");
            }
        }
    }

    #[test]
    fn only_half_chroma_asks_for_even_pixels() {
        let (bytes, face) = ([0; 105], RelativeBox::new(0.5, 0.2, 1.0, 1.0).unwrap());
        let plane = |width, height| Plane::new(&bytes, width, height, width).unwrap();
        let plain = PixelRect { left: 4, top: 1, width: 3, height: 4 };
        assert_eq!(face.in_frame(&Pixels::Gray(plane(7, 5))), plain);
        assert_eq!(face.in_frame(&Pixels::Rgb(Plane::rgb(&bytes, 7, 5, 21).unwrap())), plain);
        let yuv = Pixels::Yuv420 { y: plane(7, 5), u: plane(4, 3), v: plane(4, 3) };
        assert_eq!(face.in_frame(&yuv), PixelRect { left: 4, top: 0, width: 3, height: 5 });
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
    fn bad_boxes_are_errors_that_quote_them() {
        for text in
            ["", "0,0,1", "0,0,1,1,1", "a,0,1,1", "0,0,1,1.1", "-0.1,0,1,1", "0.5,0,0.4,1", "NaN,0,1,1"]
        {
            let error = text.parse::<RelativeBox>().unwrap_err().to_string();
            assert!(error.contains("crop"), "{error}");
        }
    }
}
