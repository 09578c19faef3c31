//! Numbers that no network can compute with, found in the bytes of a tensor.

use candle_core::DType;

/// Place and value of the first NaN or infinity, in little-endian bytes.
pub(super) fn first_fault(bytes: &[u8], dtype: DType) -> Option<(usize, f64)> {
    let half = |exponent: u16, fraction: u16| {
        let (halves, _) = bytes.as_chunks();
        let bits = halves.iter().map(|half| u16::from_le_bytes(*half));
        first(bits, |bits| bits & exponent == exponent, |bits| special(bits & fraction != 0, bits >> 15 != 0))
    };
    match dtype {
        DType::F16 => half(0x7C00, 0x03FF),
        DType::BF16 => half(0x7F80, 0x007F),
        DType::F32 => {
            let (singles, _) = bytes.as_chunks();
            let values = singles.iter().map(|single| f32::from_le_bytes(*single));
            first(values, |value| !value.is_finite(), f64::from)
        }
        DType::F64 => {
            let (doubles, _) = bytes.as_chunks();
            let values = doubles.iter().map(|double| f64::from_le_bytes(*double));
            first(values, |value| !value.is_finite(), |value| value)
        }
        _ => None,
    }
}

fn first<T: Copy>(
    values: impl Iterator<Item = T>,
    bad: impl Fn(T) -> bool,
    value: impl Fn(T) -> f64,
) -> Option<(usize, f64)> {
    values.enumerate().find(|(_, number)| bad(*number)).map(|(index, number)| (index, value(number)))
}

fn special(nan: bool, negative: bool) -> f64 {
    match (nan, negative) {
        (true, _) => f64::NAN,
        (false, true) => f64::NEG_INFINITY,
        (false, false) => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_looked_at() {
        let half = |values: [u16; 4]| values.map(u16::to_le_bytes).concat();
        // 1, the largest number, the smallest one, minus infinity.
        assert_eq!(first_fault(&half([0x3C00, 0x7BFF, 1, 0xFC00]), DType::F16), Some((3, f64::NEG_INFINITY)));
        assert_eq!(
            first_fault(&half([0x3F80, 0x7F7F, 1, 0xFF80]), DType::BF16),
            Some((3, f64::NEG_INFINITY))
        );
        // Infinity of one type is a number of the other.
        assert_eq!(first_fault(&half([0x7C00; 4]), DType::BF16), None);
        assert!(first_fault(&half([0, 0x7E00, 0, 0]), DType::F16).is_some_and(|(i, v)| i == 1 && v.is_nan()));
        assert!(
            first_fault(&half([0, 0x7FC0, 0, 0]), DType::BF16).is_some_and(|(i, v)| i == 1 && v.is_nan())
        );
        let single = [0.0, f32::MAX, f32::INFINITY].map(f32::to_le_bytes).concat();
        assert_eq!(first_fault(&single, DType::F32), Some((2, f64::INFINITY)));
        let double = [0.0, f64::MAX, f64::NAN].map(f64::to_le_bytes).concat();
        assert!(first_fault(&double, DType::F64).is_some_and(|(i, v)| i == 2 && v.is_nan()));
        assert_eq!(first_fault(&[0xFF; 16], DType::I64), None);
    }
}
