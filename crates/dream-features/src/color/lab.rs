//! CIELAB in double precision.

use crate::math::{cbrt, pow_2_4};

/// The reference white, D65.
pub(super) const WHITE: [f64; 3] = [0.95047, 1.0, 1.08883];

/// Linear sRGB to XYZ, derived from the primaries and [`WHITE`] in double precision. Matrices rounded to four digits
/// change Lab by 5e-5.
pub(super) const XYZ: [[f64; 3]; 3] = [
    [0.4124564390896923, 0.3575760776439089, 0.1804374832663989],
    [0.2126728514056226, 0.7151521552878178, 0.07217499330655956],
    [0.0193338955823293, 0.1191920258813029, 0.9503040785363677],
];

/// L\*, a\*, b\* (D65) from R'G'B' in 0..=1.
///
/// # Example
/// ```
/// let [l, a, b] = dream_features::color::lab_from_rgb([1.0, 0.0, 0.0]);
/// assert!((l - 53.24).abs() < 0.01 && (a - 80.09).abs() < 0.01 && (b - 67.20).abs() < 0.01);
/// ```
/// # Reference
/// MATLAB `rgb2lab` of doubles; IEC 61966-2-1 (sRGB); CIE 15.
#[doc(alias = "rgb2lab")]
#[must_use]
#[inline(always)]
pub fn lab_from_rgb(rgb: [f64; 3]) -> [f64; 3] {
    // Written out, because closures passed to `map` may not be compiled into the caller's loop.
    let [r, g, b] = [linear_from_srgb(rgb[0]), linear_from_srgb(rgb[1]), linear_from_srgb(rgb[2])];
    let x = response((XYZ[0][0] * r + XYZ[0][1] * g + XYZ[0][2] * b) * (1.0 / WHITE[0]));
    let y = response((XYZ[1][0] * r + XYZ[1][1] * g + XYZ[1][2] * b) * (1.0 / WHITE[1]));
    let z = response((XYZ[2][0] * r + XYZ[2][1] * g + XYZ[2][2] * b) * (1.0 / WHITE[2]));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Linear light of an sRGB value in 0..=1.
#[inline(always)]
fn linear_from_srgb(c: f64) -> f64 {
    let power = pow_2_4((c + 0.055) * (1.0 / 1.055));
    let line = c * (1.0 / 12.92);
    if c <= 0.04045 { line } else { power }
}

/// The cube root, or its tangent near black.
#[inline(always)]
fn response(t: f64) -> f64 {
    const EPSILON: f64 = 216.0 / 24389.0;
    const KAPPA: f64 = 24389.0 / 27.0;
    let root = cbrt(t);
    let line = (KAPPA * t + 16.0) * (1.0 / 116.0);
    if t > EPSILON { root } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grays_are_neutral_and_black_and_white_are_the_ends() {
        for i in 0..=1000 {
            let v = f64::from(i) / 1000.0;
            let [l, a, b] = lab_from_rgb([v; 3]);
            assert!(
                a.abs() < 1e-12 && b.abs() < 1e-12 && (-1e-13..=100.0 + 1e-13).contains(&l),
                "{v} {l} {a} {b}"
            );
        }
        assert!(lab_from_rgb([0.0; 3])[0].abs() < 1e-14);
        assert!((lab_from_rgb([1.0; 3])[0] - 100.0).abs() < 1e-13);
    }

    #[test]
    fn equals_the_formulas_with_library_functions() {
        let plain = |rgb: [f64; 3]| {
            let linear =
                rgb.map(|c| if c <= 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) });
            let f = |row: usize| {
                let t = XYZ[row].iter().zip(linear).map(|(m, c)| m * c).sum::<f64>() / WHITE[row];
                if t > 216.0 / 24389.0 { libm::cbrt(t) } else { (24389.0 / 27.0 * t + 16.0) / 116.0 }
            };
            [116.0 * f(1) - 16.0, 500.0 * (f(0) - f(1)), 200.0 * (f(1) - f(2))]
        };
        for i in 0..64_000 {
            let rgb = [i % 40, i / 40 % 40, i / 1600].map(|k| f64::from(k) / 39.0);
            for (found, expected) in lab_from_rgb(rgb).into_iter().zip(plain(rgb)) {
                assert!((found - expected).abs() < 1e-12, "{rgb:?}: {found} {expected}");
            }
        }
    }
}
