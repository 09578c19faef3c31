//! Responses of the long-, medium- and short-wave cones.

use std::sync::OnceLock;

use super::lab8::srgb_to_linear;

/// XYZ to linear sRGB, to four digits as in the first edition of IEC 61966-2-1.
const RGB_OF_XYZ: [[f64; 3]; 3] =
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]];
/// XYZ to CAT02.
const LMS_OF_XYZ: [[f64; 3]; 3] =
    [[0.7328, 0.4296, -0.1624], [-0.7036, 1.6975, 0.0061], [0.0030, 0.0136, 0.9834]];

/// Long-, medium- and short-wave response (CAT02) to 8-bit sRGB; white is near 1.
///
/// # Example
/// ```
/// let [l, m, s] = dream_features::color::lms_cat02([255, 255, 255]);
/// assert!((l - 0.9493).abs() < 1e-3 && (m - 1.0354).abs() < 1e-3 && (s - 1.0873).abs() < 1e-3);
/// ```
/// # Reference
/// IEC 61966-2-1 (sRGB, matrix of XYZ to four digits, inverted in double precision); CIE 159:2004 (CIECAM02).
#[must_use]
pub fn lms_cat02(rgb: [u8; 3]) -> [f64; 3] {
    let linear = rgb.map(|code| srgb_to_linear(f64::from(code) / 255.0));
    LMS_OF_XYZ.map(|row| weights(row).iter().zip(linear).map(|(weight, light)| weight * light).sum())
}

/// Weights of linear R, G, B in a response with the XYZ weights `row`: `row` times the inverse of [`RGB_OF_XYZ`].
fn weights(row: [f64; 3]) -> [f64; 3] {
    let [a, b, c] = RGB_OF_XYZ;
    let cross = |p: [f64; 3], q: [f64; 3]| {
        [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]]
    };
    let dot = |p: [f64; 3], q: [f64; 3]| p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
    // The columns of the inverse are cross products of the rows divided by the determinant.
    let determinant = dot(a, cross(b, c));
    [cross(b, c), cross(c, a), cross(a, b)].map(|column| dot(row, column) / determinant)
}

/// The third response of [`lms_cat02`], computed with tables.
#[derive(Debug)]
pub(crate) struct ShortWave([Box<[f64; 256]>; 3]);

impl ShortWave {
    /// The tables, computed once.
    pub(crate) fn get() -> &'static Self {
        static TABLES: OnceLock<ShortWave> = OnceLock::new();
        TABLES.get_or_init(|| {
            let [.., row] = LMS_OF_XYZ;
            Self(weights(row).map(|weight| {
                let mut table = Box::new([0.0; 256]);
                for (code, entry) in table.iter_mut().enumerate() {
                    *entry = weight * srgb_to_linear(code as f64 / 255.0);
                }
                table
            }))
        })
    }

    /// Writes the responses of a row of pixels to `out`.
    pub(crate) fn row(&self, pixels: &[[u8; 3]], out: &mut [f64]) {
        let [red, green, blue] = &self.0;
        for (out, &[r, g, b]) in out.iter_mut().zip(pixels) {
            *out = red[usize::from(r)] + green[usize::from(g)] + blue[usize::from(b)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_reference() {
        let all: serde_json::Value =
            serde_json::from_str(include_str!("../../testdata/video/primitives.json")).unwrap();
        let numbers = |name: &str| -> Vec<[f64; 3]> {
            let data = all[name]["data_row_major"].as_array().unwrap();
            let data: Vec<f64> = data.iter().map(|v| v.as_f64().unwrap()).collect();
            data.as_chunks::<3>().0.to_vec()
        };
        let expected = numbers("cat02_lms");
        assert_eq!(expected.len(), 12);
        for (rgb, expected) in numbers("ycbcr2rgb_uint8").into_iter().zip(expected) {
            for (found, expected) in lms_cat02(rgb.map(|v| v as u8)).into_iter().zip(expected) {
                assert!((found - expected).abs() < 1e-14, "{rgb:?}: {found} {expected}");
            }
        }
    }

    #[test]
    fn the_tables_are_the_third_response() {
        let pixels: Vec<[u8; 3]> = (0..4096u16).map(|i| [(i >> 4) as u8, (i * 7) as u8, i as u8]).collect();
        let mut out = vec![0.0; pixels.len()];
        ShortWave::get().row(&pixels, &mut out);
        for (&rgb, found) in pixels.iter().zip(out) {
            assert!((found - lms_cat02(rgb)[2]).abs() < 1e-15, "{rgb:?}");
        }
    }
}
