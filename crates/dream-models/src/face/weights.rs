//! Reads the tensors of a safetensors file of half-precision weights.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Error, Result};

/// Largest file, in bytes. The committed one has 0.2 MB.
pub(super) const MAX_BYTES: usize = 4 << 20;

/// The tensors of a file, to be taken by name.
pub(super) struct Weights<'a> {
    /// Shape and bytes.
    tensors: BTreeMap<String, (Vec<u64>, &'a [u8])>,
}

fn fault(reason: impl Into<String>) -> Error {
    Error::invalid("face detector", reason)
}

impl<'a> Weights<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self> {
        if bytes.len() > MAX_BYTES {
            return Err(fault(format!("{} bytes are more than {MAX_BYTES}", bytes.len())));
        }
        let (length, rest) = bytes.split_first_chunk().ok_or_else(|| fault("no header"))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (header, data) = rest.split_at_checked(length).ok_or_else(|| fault("the header is cut off"))?;
        let header: BTreeMap<String, Value> =
            serde_json::from_slice(header).map_err(|error| fault(format!("header: {error}")))?;
        let mut tensors = BTreeMap::new();
        for (name, entry) in header {
            if name == "__metadata__" {
                continue;
            }
            if entry["dtype"] != "F16" {
                return Err(fault(format!("`{name}` is of type {}, not F16", entry["dtype"])));
            }
            let numbers = |key: &str| -> Option<Vec<u64>> {
                entry[key].as_array()?.iter().map(Value::as_u64).collect()
            };
            let part = numbers("data_offsets").and_then(|offsets| match offsets.as_slice() {
                &[start, end] => data.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?),
                _ => None,
            });
            let (Some(shape), Some(part)) = (numbers("shape"), part) else {
                return Err(fault(format!("`{name}` has no shape or no data")));
            };
            tensors.insert(name, (shape, part));
        }
        Ok(Self { tensors })
    }

    /// The values of a tensor of this name and shape.
    pub(super) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let (found, bytes) =
            self.tensors.remove(name).ok_or_else(|| fault(format!("tensor `{name}` is missing")))?;
        if !found.iter().copied().eq(shape.iter().map(|side| *side as u64)) {
            return Err(fault(format!("`{name}` has shape {found:?}, it must be {shape:?}")));
        }
        if bytes.len() != shape.iter().product::<usize>() * 2 {
            return Err(fault(format!("`{name}` has {} bytes for shape {shape:?}", bytes.len())));
        }
        let (halves, _) = bytes.as_chunks();
        let values: Vec<f32> = halves.iter().map(|half| widen(u16::from_le_bytes(*half))).collect();
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(fault(format!("`{name}` holds {value}"))),
            None => Ok(values),
        }
    }

    /// Checks that every tensor was taken.
    pub(super) fn finish(self) -> Result<()> {
        match self.tensors.into_keys().next() {
            Some(name) => Err(fault(format!("tensor `{name}` is not part of the network"))),
            None => Ok(()),
        }
    }
}

/// IEEE half to single precision; every half is a single.
fn widen(half: u16) -> f32 {
    let bits = u32::from(half);
    let (sign, exponent, fraction) = ((bits >> 15) << 31, (bits >> 10) & 31, bits & 1023);
    match exponent {
        // Below the normal halves: the fraction counts 2^-24.
        0 => {
            let size = fraction as f32 / 16_777_216.0;
            if sign == 0 { size } else { -size }
        }
        31 => f32::from_bits(sign | 0x7F80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_widen_exactly() {
        for (half, single) in [
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7BFF, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x83FF, -6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x0000, 0.0),
        ] {
            assert_eq!(widen(half), single, "{half:04x}");
        }
        assert_eq!(widen(0x8000).to_bits(), (-0.0f32).to_bits());
        assert_eq!(widen(0xFC00), f32::NEG_INFINITY);
        assert!(widen(0x7E00).is_nan());
    }
}
