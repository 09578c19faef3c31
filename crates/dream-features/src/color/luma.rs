//! Luma from RGB, three definitions.

use crate::plane::Rows;
use crate::view::{PackedRgbView, RgbView};

/// MATLAB's `rgb2gray` weights: the first row of the inverse of the NTSC matrix
/// `[1 .956 .621; 1 -.272 -.647; 1 -1.106 1.703]`. Neither Rec. 601 nor Rec. 709.
const GRAY: [f64; 3] = [0.298_936_021_293_776, 0.587_043_074_451_121, 0.114_020_904_255_103];

/// MATLAB `rgb2gray` of 8-bit pixels: a weighted sum, rounded half up. The hand-crafted image features are defined on
/// this luma. Returns one code per pixel, row by row.
///
/// # Example
/// ```
/// use dream_features::{RgbView, color::gray_matlab};
///
/// let pixels = [255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255];
/// assert_eq!(gray_matlab(&RgbView::new(&pixels, 4, 1, 12)?), [255, 76, 150, 29]);
/// # Ok::<(), dream_features::Error>(())
/// ```
#[doc(alias("rgb2gray", "im2gray"))]
#[must_use]
pub fn gray_matlab(image: &RgbView<'_>) -> Vec<u8> {
    convert(image, gray_of)
}

/// Full-range Rec. 601 luma (JPEG): `0.299 R + 0.587 G + 0.114 B`, rounded half up.
///
/// # Reference
/// ITU-T T.871 (JFIF).
#[must_use]
pub fn luma_bt601_full(image: &RgbView<'_>) -> Vec<u8> {
    convert(image, |[r, g, b]| 0.299 * r + 0.587 * g + 0.114 * b)
}

/// Studio-range Rec. 601 luma, 16 to 235, as decoders of standard-definition video return it.
///
/// # Reference
/// ITU-R BT.601; MATLAB `rgb2ycbcr`, first channel.
#[doc(alias("rgb2ycbcr", "to_y_channel"))]
#[must_use]
pub fn luma_bt601_studio(image: &RgbView<'_>) -> Vec<u8> {
    convert(image, studio_of)
}

fn studio_of([r, g, b]: [f64; 3]) -> f64 {
    16.0 + (65.481 * r + 128.553 * g + 24.966 * b) / 255.0
}

#[inline(always)]
pub(crate) fn gray_of([r, g, b]: [f64; 3]) -> f64 {
    GRAY[0] * r + GRAY[1] * g + GRAY[2] * b
}

/// Rounds to the nearest code, halves up. Inputs are never negative here.
fn code(value: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and the value is within 0..=255")]
    let code = (value + 0.5).floor() as u8;
    code
}

fn convert(image: &RgbView<'_>, luma: impl Fn([f64; 3]) -> f64) -> Vec<u8> {
    let rows = (0..image.height()).flat_map(|y| image.row(y).as_chunks::<3>().0);
    rows.map(|pixel| code(luma(pixel.map(f64::from)))).collect()
}

/// Rows of [`gray_matlab`], or of [`luma_bt601_studio`], computed as they are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GrayRows<'a> {
    pub(crate) view: PackedRgbView<'a>,
    pub(crate) studio: bool,
}

impl GrayRows<'_> {
    /// Writes the codes of row `y` to `out`.
    pub(crate) fn write<T: From<u8>>(&self, y: usize, out: &mut [T]) {
        let luma = if self.studio { studio_of } else { gray_of };
        self.view.map(y, out, |pixel| code(luma(pixel.map(f64::from))).into());
    }
}

impl Rows for GrayRows<'_> {
    fn width(&self) -> usize {
        self.view.width()
    }
    fn height(&self) -> usize {
        self.view.height()
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        let luma = if self.studio { studio_of } else { gray_of };
        self.view.map(y, out, |pixel| (luma(pixel.map(f64::from)) + 0.5).floor());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_lumas_differ() {
        let view = RgbView::new(&[200, 30, 90, 255, 255, 255, 0, 0, 0], 3, 1, 9).unwrap();
        assert_eq!(gray_matlab(&view), [88, 255, 0]); // 87.66
        assert_eq!(luma_bt601_full(&view), [88, 255, 0]); // 87.67
        assert_eq!(luma_bt601_studio(&view), [91, 235, 16]); // 91.29
        for (studio, expected) in [(false, [88, 255, 0]), (true, [91, 235, 16])] {
            let rows = GrayRows { view: view.into(), studio };
            let (mut row, mut codes) = ([0.0; 3], [0u8; 3]);
            rows.load(0, &mut row);
            rows.write(0, &mut codes);
            assert_eq!((row, codes), (expected.map(f64::from), expected));
        }
    }

    #[test]
    fn matlab_gray_is_not_rec_601() {
        // 19.502 against 19.499, and 69.502 against 69.496.
        let view = RgbView::new(&[0, 7, 135, 0, 98, 105], 2, 1, 6).unwrap();
        assert_eq!((gray_matlab(&view), luma_bt601_full(&view)), (vec![20, 70], vec![19, 69]));
    }

    #[test]
    fn gray_keeps_gray() {
        let pixels: Vec<u8> = (0..=255u8).flat_map(|v| [v; 3]).collect();
        let codes: Vec<u8> = (0..=255).collect();
        assert_eq!(gray_matlab(&RgbView::new(&pixels, 256, 1, 768).unwrap()), codes);
    }
}
