//! Limited-range BT.601 Y'CbCr to R'G'B', as MATLAB computes it for every stream, whatever its tags say.

use pulp::Simd;

use crate::simd::{Kernel, fits};

/// `255 T⁻¹` of [`rgb_from_ycbcr`], inverted in double precision. The two tiny entries are rounding errors.
const RGB: [[f64; 3]; 3] = [
    [1.164383561643836, 3.011243974110084e-07, 1.596026887335704],
    [1.164383561643836, -0.391_762_539_941_450_0, -0.8129682921622053],
    [1.164383561643836, 2.017232639556459, 3.054261745251066e-06],
];
/// The codes of black.
const OFFSET: [f64; 3] = [16.0, 128.0, 128.0];
/// `T`: studio codes from R'G'B' in 0..=1, without the offset.
const YCBCR: [[f64; 3]; 3] =
    [[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]];

/// Multiplies the matrix by a vector, then applies the offset. MATLAB sums in this order.
#[inline(always)]
fn transform(ycbcr: [f64; 3], offset_scale: f64) -> [f64; 3] {
    // Written out, because closures passed to `map` may not be compiled into the caller's loop.
    [row(RGB[0], ycbcr, offset_scale), row(RGB[1], ycbcr, offset_scale), row(RGB[2], ycbcr, offset_scale)]
}

#[inline(always)]
fn row(m: [f64; 3], ycbcr: [f64; 3], offset_scale: f64) -> f64 {
    let shift = m[0] * OFFSET[0] + m[1] * OFFSET[1] + m[2] * OFFSET[2];
    (m[0] * ycbcr[0] + m[1] * ycbcr[1] + m[2] * ycbcr[2]) - shift * offset_scale
}

/// R'G'B' in 0..=1 from Y'CbCr in 0..=1 (codes divided by 255), clamped.
///
/// # Example
/// ```
/// let white = dream_features::color::rgb_from_ycbcr([235.0 / 255.0, 128.0 / 255.0, 128.0 / 255.0]);
/// assert!(white.iter().all(|v| (v - 1.0).abs() < 1e-6));
/// ```
/// # Reference
/// MATLAB `ycbcr2rgb` of doubles; ITU-R BT.601.
#[must_use]
#[inline(always)]
pub fn rgb_from_ycbcr(ycbcr: [f64; 3]) -> [f64; 3] {
    let [r, g, b] = transform(ycbcr, 1.0 / 255.0);
    [r.clamp(0.0, 1.0), g.clamp(0.0, 1.0), b.clamp(0.0, 1.0)]
}

/// 8-bit R'G'B' from 8-bit Y'CbCr: rounded halves up, saturated.
///
/// # Example
/// ```
/// use dream_features::color::rgb8_from_ycbcr;
///
/// assert_eq!(rgb8_from_ycbcr([16, 128, 128]), [0, 0, 0]);
/// assert_eq!(rgb8_from_ycbcr([255, 128, 128]), [255, 255, 255]);
/// assert_eq!(rgb8_from_ycbcr([81, 90, 240]), [254, 0, 0]);
/// ```
/// # Reference
/// MATLAB `ycbcr2rgb` of `uint8`; ITU-R BT.601.
#[doc(alias = "ycbcr2rgb")]
#[must_use]
#[inline(always)]
pub fn rgb8_from_ycbcr(ycbcr: [u8; 3]) -> [u8; 3] {
    transform(ycbcr.map(f64::from), 1.0).map(code)
}

/// 8-bit studio-range Y'CbCr from 8-bit R'G'B'.
///
/// # Example
/// ```
/// use dream_features::color::ycbcr8_from_rgb;
///
/// assert_eq!(ycbcr8_from_rgb([255, 255, 255]), [235, 128, 128]);
/// assert_eq!(ycbcr8_from_rgb([255, 0, 0]), [81, 90, 240]);
/// ```
/// # Reference
/// MATLAB `rgb2ycbcr` of `uint8`; ITU-R BT.601.
#[doc(alias("rgb2ycbcr", "to_y_channel"))]
#[must_use]
#[inline(always)]
pub fn ycbcr8_from_rgb(rgb: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = rgb.map(f64::from);
    let [y, cb, cr] = YCBCR.map(|m| (m[0] * r + m[1] * g + m[2] * b) / 255.0);
    [y + OFFSET[0], cb + OFFSET[1], cr + OFFSET[2]].map(code)
}

/// Rounds to the nearest code, halves up, and saturates.
#[inline(always)]
pub(super) fn code(value: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and that is meant"
    )]
    let code = (value + 0.5).floor() as u8;
    code
}

/// Applies [`rgb8_from_ycbcr`] to a row, after rounding and saturating its chroma to 8 bits.
pub(crate) struct Rgb8Row<'a> {
    pub(crate) y: &'a [u8],
    pub(crate) cb: &'a [f64],
    pub(crate) cr: &'a [f64],
    pub(crate) out: &'a mut [[u8; 3]],
}

impl Kernel for Rgb8Row<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let n = self.out.len();
        if !fits(self.y.len() == n && self.cb.len() == n && self.cr.len() == n) {
            return;
        }
        let (y, cb, cr, out) = (&self.y[..n], &self.cb[..n], &self.cr[..n], self.out);
        for i in 0..n {
            let rgb = transform([f64::from(y[i]), whole(cb[i]), whole(cr[i])], 1.0);
            out[i] = rgb.map(|v| {
                // The low bits of this sum hold the integer.
                #[expect(clippy::cast_possible_truncation, reason = "0 to 255")]
                let code = (whole(v) + 4_503_599_627_370_496.0).to_bits() as u8;
                code
            });
        }
    }
}

/// The nearest integer from 0 to 255, halves up.
#[inline(always)]
fn whole(value: f64) -> f64 {
    (value + 0.5).floor().clamp(0.0, 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_the_inverse_of_its_definition() {
        for (i, row) in RGB.iter().enumerate() {
            for j in 0..3 {
                let product: f64 = row.iter().zip(YCBCR).map(|(m, t)| m * t[j] / 255.0).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-15, "{i} {j} {product}");
            }
        }
    }

    #[test]
    fn every_colour_survives_the_way_there_and_back_within_rounding() {
        for i in 0..4096u16 {
            let rgb = [(i & 15) as u8 * 17, (i >> 4 & 15) as u8 * 17, (i >> 8) as u8 * 17];
            let back = rgb8_from_ycbcr(ycbcr8_from_rgb(rgb));
            assert!(rgb.iter().zip(back).all(|(a, b)| a.abs_diff(b) <= 2), "{rgb:?} {back:?}");
        }
    }

    #[test]
    fn both_forms_agree_and_saturate() {
        for ycbcr in [[16, 128, 128], [0, 0, 0], [255, 255, 255], [100, 90, 200], [235, 16, 240]] {
            let double = rgb_from_ycbcr(ycbcr.map(|c| f64::from(c) / 255.0));
            for (d, code) in double.into_iter().zip(rgb8_from_ycbcr(ycbcr)) {
                assert!((d * 255.0 - f64::from(code)).abs() <= 0.5 + 1e-9 && (0.0..=1.0).contains(&d));
            }
        }
    }
}
