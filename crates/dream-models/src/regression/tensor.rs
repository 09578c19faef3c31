use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Weights as 16-bit codes with one scale: `weight = scale * code`.
///
/// A quarter of the size of `f64` and exact to save and load, since the codes are what the model computes with.
/// In the file the codes are base64 of little-endian 16-bit words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quantized {
    scale: f64,
    codes: Vec<i16>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuantizedFile {
    scale: f64,
    codes: String,
}

impl Quantized {
    /// Largest scale read from a file. Sums of products stay finite below it.
    const MAX_SCALE: f64 = 1e6;

    /// The nearest codes; the largest magnitude becomes 32767.
    pub(super) fn nearest(values: &[f64]) -> Self {
        let peak = values.iter().fold(0.0_f64, |peak, value| peak.max(value.abs()));
        let scale = if peak > 0.0 { peak / f64::from(i16::MAX) } else { 1.0 };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the quotient is within ±32767, and `as` saturates"
        )]
        let codes = values.iter().map(|value| (value / scale).round() as i16).collect();
        Self { scale, codes }
    }

    pub(super) fn values(&self) -> Vec<f64> {
        self.codes.iter().map(|&code| self.scale * f64::from(code)).collect()
    }

    pub(super) fn to_file(&self) -> QuantizedFile {
        let bytes: Vec<u8> = self.codes.iter().flat_map(|code| code.to_le_bytes()).collect();
        QuantizedFile { scale: self.scale, codes: STANDARD.encode(bytes) }
    }

    /// Checks and decodes what a file holds; `count` codes are expected.
    pub(super) fn from_file(file: &QuantizedFile, part: &'static str, count: usize) -> Result<Self> {
        if !(file.scale.is_normal() && file.scale > 0.0 && file.scale <= Self::MAX_SCALE) {
            return Err(Error::invalid(part, format!("its scale is {}, not in 0..=1e6", file.scale)));
        }
        let bytes = STANDARD.decode(&file.codes).map_err(|error| Error::invalid(part, error.to_string()))?;
        if Some(bytes.len()) != count.checked_mul(2) {
            return Err(Error::invalid(part, format!("{} bytes for {count} 16-bit codes", bytes.len())));
        }
        let codes = bytes.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
        Ok(Self { scale: file.scale, codes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_the_nearest_code() {
        let values = [0.5, -1.0, 0.25, 0.0, 1e-6];
        let back = Quantized::nearest(&values).values();
        for (value, found) in values.iter().zip(&back) {
            assert!((value - found).abs() <= 0.5 / 32767.0, "{value} {found}");
        }
        assert_eq!(back[1], -1.0);
    }

    #[test]
    fn survives_the_file_exactly() {
        for values in [vec![0.1, -0.7, 3.0, 2.9e-3], vec![0.0, 0.0], vec![]] {
            let tensor = Quantized::nearest(&values);
            let back = Quantized::from_file(&tensor.to_file(), "test", values.len()).unwrap();
            assert_eq!(back, tensor);
        }
    }

    #[test]
    fn knows_the_byte_order() {
        let file = QuantizedFile { scale: 0.5, codes: "AQAAAf//".to_owned() };
        assert_eq!(Quantized::from_file(&file, "test", 3).unwrap().values(), [0.5, 128.0, -0.5]);
    }

    #[test]
    fn refuses_damage() {
        let good = Quantized::nearest(&[1.0, 2.0]).to_file();
        assert!(Quantized::from_file(&good, "test", 3).is_err());
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e7, 1e-310] {
            let file = QuantizedFile { scale, codes: good.codes.clone() };
            assert!(Quantized::from_file(&file, "test", 2).is_err(), "{scale}");
        }
        let file = QuantizedFile { scale: 1.0, codes: "AQA*".to_owned() };
        assert!(matches!(
            Quantized::from_file(&file, "test", 2),
            Err(Error::InvalidModel { part: "test", .. })
        ));
    }
}
