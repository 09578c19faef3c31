//! 8-bit CIELAB of 8-bit sRGB through an ICC matrix profile with the white point D50.

use std::sync::OnceLock;

use pulp::Simd;

use super::lab;
use crate::simd::{Kernel, dispatch};

/// White of the ICC connection space, X and Z (Y is 1), in steps of 2^-15.
const WHITE: [f64; 2] = [31595.0 / 32768.0, 27030.0 / 32768.0];
/// Up to this value, the cube root is replaced by a line, of this slope.
const LINE: [f64; 2] = [0.008_856, 7.787];

/// Converts 8-bit sRGB to 8-bit CIELAB. L is scaled to 0..=255, a and b are offset by 128; all three are rounded and
/// saturated.
///
/// The result matches the scalar double-precision definition exactly for every colour. Do not substitute Lab with the
/// white point D65 or unrounded Lab: features then change by several percent.
///
/// # Example
/// ```
/// use dream_features::color::Lab8;
///
/// assert_eq!(Lab8::higrade().convert([255, 0, 0]), [138, 209, 198]);
/// assert_eq!(Lab8::higrade().convert([128, 128, 128]), [137, 128, 128]);
/// ```
/// # Reference
/// ICC.1:2010, matrix/TRC profiles; IEC 61966-2-1 (sRGB); CIE 15 (L\*a\*b\*). Matches MATLAB's `makecform('srgb2lab')`
/// for `uint8`, except for one code in about a thousand pixels.
pub struct Lab8 {
    /// Contribution of each code of R, G and B to X, Y and Z; X and Z are relative to white. The fourth number is 0.
    parts: [Box<[[f64; 4]; 256]>; 3],
    /// The same in single precision.
    rough: [Box<[[f32; 4]; 256]>; 3],
    /// Up to this value the cube root is replaced by a line, and the slope of the line.
    line: [f64; 2],
}

impl std::fmt::Debug for Lab8 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lab8").finish_non_exhaustive()
    }
}

impl Lab8 {
    /// The conversion used by HIGRADE: an interpolated tone curve of 1024 16-bit entries, and the colorants 28580,
    /// 25237, 9374 ... in steps of 2^-16.
    #[must_use]
    pub fn higrade() -> &'static Self {
        static CONVERTER: OnceLock<Lab8> = OnceLock::new();
        CONVERTER.get_or_init(|| {
            let curve: Vec<f64> = (0..1024)
                .map(|k| libm::round(65535.0 * srgb_to_linear(f64::from(k) / 1023.0)) / 65535.0)
                .collect();
            let tone = |code: usize| {
                let position = code as f64 * 1023.0 / 255.0;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1023")]
                let below = (position.floor() as usize).min(1022);
                let share = position - below as f64;
                let at = |k: usize| curve.get(k).copied().unwrap_or_default();
                at(below) * (1.0 - share) + at(below + 1) * share
            };
            let colorants = [[28580, 25237, 9374], [14582, 46982, 3972], [913, 6362, 46785]];
            Self::new(colorants.map(|row| row.map(|c| f64::from(c) / 65536.0)), WHITE, LINE, tone)
        })
    }

    /// The conversion used by VIDEVAL's chroma features: the exact tone curve, and the colorants of the sRGB profile.
    #[must_use]
    pub fn videval() -> &'static Self {
        static CONVERTER: OnceLock<Lab8> = OnceLock::new();
        CONVERTER.get_or_init(|| {
            let colorants = [
                [0.436_065_674, 0.385_147_095, 0.143_066_406],
                [0.222_488_403, 0.716_873_169, 0.060_607_910],
                [0.013_916_016, 0.097_076_416, 0.714_096_069],
            ];
            Self::new(colorants, WHITE, LINE, |code| srgb_to_linear(code as f64 / 255.0))
        })
    }

    /// The conversion used by RAPIQUE: that of [`lab_from_rgb`](super::lab_from_rgb), with the white point D65.
    #[must_use]
    pub fn rapique() -> &'static Self {
        static CONVERTER: OnceLock<Lab8> = OnceLock::new();
        CONVERTER.get_or_init(|| {
            let [x, _, z] = lab::WHITE;
            let line = [216.0 / 24389.0, 24389.0 / 27.0 / 116.0];
            Self::new(lab::XYZ, [x, z], line, |code| srgb_to_linear(code as f64 / 255.0))
        })
    }

    fn new(colorants: [[f64; 3]; 3], white: [f64; 2], line: [f64; 2], tone: impl Fn(usize) -> f64) -> Self {
        let [x, y, z] = colorants;
        let channel = |c: usize| {
            let weights = [x[c] / white[0], y[c], z[c] / white[1], 0.0];
            let mut parts = Box::new([[0.0; 4]; 256]);
            for (code, part) in parts.iter_mut().enumerate() {
                *part = weights.map(|w| w * tone(code));
            }
            parts
        };
        let parts = [0, 1, 2].map(channel);
        let rough = [0, 1, 2].map(|c| {
            let mut rough = Box::new([[0.0; 4]; 256]);
            for (rough, part) in rough.iter_mut().zip(parts[c].iter()) {
                #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
                let rounded = part.map(|p| p as f32);
                *rough = rounded;
            }
            rough
        });
        Self { parts, rough, line }
    }

    /// L, a and b of one colour.
    #[must_use]
    pub fn convert(&self, [r, g, b]: [u8; 3]) -> [u8; 3] {
        let [parts_r, parts_g, parts_b] = &self.parts;
        let (r, g, b) = (parts_r[usize::from(r)], parts_g[usize::from(g)], parts_b[usize::from(b)]);
        let [x, y, z] = [0, 1, 2].map(|i| {
            let t = r[i] + g[i] + b[i];
            if t > self.line[0] { libm::cbrt(t) } else { self.line[1] * t + 16.0 / 116.0 }
        });
        let lab = [(116.0 * y - 16.0) * 255.0 / 100.0, 500.0 * (x - y) + 128.0, 200.0 * (y - z) + 128.0];
        lab.map(|v| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates, and that is meant"
            )]
            let code = (v + 0.5).floor() as u8;
            code
        })
    }

    /// Computes X, Y, Z for up to one block of pixels. This is kept outside the kernel: there the look-ups would become
    /// gather instructions, which are slower than reading whole rows of the tables.
    #[inline(never)]
    fn rough_sums(&self, pixels: &[[u8; 3]], out: &mut [[f32; 4]; BLOCK]) {
        let [rough_r, rough_g, rough_b] = &self.rough;
        for (sum, &[r, g, b]) in out.iter_mut().zip(pixels) {
            let (r, g, b) = (&rough_r[usize::from(r)], &rough_g[usize::from(g)], &rough_b[usize::from(b)]);
            for c in 0..4 {
                sum[c] = r[c] + g[c] + b[c];
            }
        }
    }

    /// Converts a row of pixels. The row and each of the three outputs must have the same length.
    ///
    /// The first pass uses single precision. Values close to the midpoint between two codes are converted again.
    pub(crate) fn row(&self, pixels: &[[u8; 3]], out: [&mut [u8]; 3]) {
        dispatch(ConvertRow { converter: self, pixels, out });
    }
}

/// Linear light of an sRGB value in 0..=1.
pub(super) fn srgb_to_linear(v: f64) -> f64 {
    if v <= 0.04045 { v / 12.92 } else { libm::pow((v + 0.055) / 1.055, 2.4) }
}

/// Pixels processed together, so that intermediate values stay in registers and the L1 cache.
const BLOCK: usize = 64;
/// In codes. Single-precision errors reach about 4e-4.
const NEAR: f32 = 1.0 / 512.0;

struct ConvertRow<'a> {
    converter: &'a Lab8,
    pixels: &'a [[u8; 3]],
    out: [&'a mut [u8]; 3],
}

impl Kernel for ConvertRow<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { converter, pixels, out: [l, a, b] } = self;
        let mut sums = [[0f32; 4]; BLOCK];
        #[expect(clippy::cast_possible_truncation, reason = "rounding is meant")]
        let line = converter.line.map(|v| v as f32);
        let blocks = pixels.chunks(BLOCK).zip(l.chunks_mut(BLOCK));
        for ((pixels, l), (a, b)) in blocks.zip(a.chunks_mut(BLOCK).zip(b.chunks_mut(BLOCK))) {
            converter.rough_sums(pixels, &mut sums);
            let mut xyz = [[0f32; BLOCK]; 3];
            for (i, &[x, y, z, _]) in sums.iter().enumerate() {
                [xyz[0][i], xyz[1][i], xyz[2][i]] = [x, y, z];
            }
            let (mut codes, mut near) = ([[0u8; BLOCK]; 3], [0u8; BLOCK]);
            for i in 0..BLOCK {
                let [x, y, z] =
                    [lightness(xyz[0][i], line), lightness(xyz[1][i], line), lightness(xyz[2][i], line)];
                let lab = [(116.0 * y - 16.0) * 2.55, 500.0 * (x - y) + 128.0, 200.0 * (y - z) + 128.0];
                let mut doubt = 0;
                for c in 0..3 {
                    let (code, doubtful) = nearest(lab[c]);
                    codes[c][i] = code;
                    doubt |= doubtful;
                }
                near[i] = doubt;
            }
            for ((i, &pixel), _) in pixels.iter().enumerate().zip(&near).filter(|(_, near)| **near != 0) {
                let exact = converter.convert(pixel);
                for (codes, code) in codes.iter_mut().zip(exact) {
                    codes[i] = code;
                }
            }
            for (out, codes) in [l, a, b].into_iter().zip(&codes) {
                for (out, code) in out.iter_mut().zip(codes) {
                    *out = *code;
                }
            }
        }
    }
}

/// The cube root or its line, with an error of a few units in the last place.
#[inline(always)]
fn lightness(t: f32, [linear, slope]: [f32; 2]) -> f32 {
    // Divide the exponent by three, then apply Halley's method twice: the error falls from 3 % to 2e-5 to nothing.
    let guess = f32::from_bits(t.to_bits() / 3 + 0x2A51_37A0);
    let once = halley(guess, t);
    let root = halley(once, t);
    if t > linear { root } else { slope * t + 16.0 / 116.0 }
}

#[inline(always)]
fn halley(guess: f32, t: f32) -> f32 {
    let cube = guess * guess * guess;
    guess * ((cube + 2.0 * t) / (2.0 * cube + t))
}

/// The nearest code, and 1 when the next one is almost as near.
#[inline(always)]
fn nearest(value: f32) -> (u8, u8) {
    let shifted = (value + 0.5).clamp(0.0, 255.5);
    let code = shifted.floor();
    let share = shifted - code;
    let doubtful = u8::from(share < NEAR) | u8::from(share > 1.0 - NEAR);
    // The low bits of this sum hold the integer.
    #[expect(clippy::cast_possible_truncation, reason = "0 to 255")]
    let byte = (code + 8_388_608.0).to_bits() as u8;
    (byte, doubtful)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_values_of_the_definition() {
        let known = [
            ([255, 255, 255], [255, 128, 128]),
            ([128, 128, 128], [137, 128, 128]),
            ([255, 0, 0], [138, 209, 198]),
            ([0, 255, 0], [224, 49, 209]),
            ([0, 0, 255], [75, 196, 16]),
            ([200, 150, 120], [169, 145, 152]),
        ];
        for (rgb, lab) in known {
            assert_eq!(Lab8::higrade().convert(rgb), lab, "{rgb:?}");
        }
    }

    #[test]
    fn rows_equal_single_colours() {
        for converter in [Lab8::higrade(), Lab8::videval(), Lab8::rapique()] {
            let mut again = 0;
            // Every third code of R with all codes of G and B, in rows of B of odd length.
            for (r, g) in (0..=255u8).step_by(3).flat_map(|r| (0..=255u8).map(move |g| (r, g))) {
                let pixels: Vec<[u8; 3]> = (0..255).map(|b| [r, g, b]).collect();
                let mut out = [[0u8; 255]; 3];
                let [l, a, b] = &mut out;
                converter.row(&pixels, [l, a, b]);
                for (i, &pixel) in pixels.iter().enumerate() {
                    let expected = converter.convert(pixel);
                    assert_eq!(out.map(|plane| plane[i]), expected, "{pixel:?}");
                    again += 1;
                }
            }
            assert_eq!(again, 86 * 256 * 255);
        }
    }

    #[test]
    fn the_videval_form_equals_its_reference() {
        let all: serde_json::Value =
            serde_json::from_str(include_str!("../../testdata/video/primitives.json")).unwrap();
        let codes = |name: &str| -> Vec<[u8; 3]> {
            let data = all[name]["data_row_major"].as_array().unwrap();
            let data: Vec<u8> = data.iter().map(|v| v.as_f64().unwrap() as u8).collect();
            data.as_chunks::<3>().0.to_vec()
        };
        let (rgb, lab) = (codes("ycbcr2rgb_uint8"), codes("lab8_icc"));
        assert_eq!(rgb.len(), 12);
        for (&rgb, &lab) in rgb.iter().zip(&lab) {
            assert_eq!(Lab8::videval().convert(rgb), lab, "{rgb:?}");
        }
    }
}
