use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use candle_core::DType;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use crate::{Error, Result};

/// Bytes of the largest header that is read. The 425 tensors of the large Swin-V2 have one of 60 thousand.
pub const MAX_HEADER_BYTES: u64 = 16 << 20;

/// A tensor in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// As the file calls it; not every one can be read.
    pub(super) dtype: String,
    pub(super) shape: Vec<usize>,
    /// From the first byte of the file.
    pub(super) start: u64,
    pub(super) len: u64,
}

impl Place {
    pub(super) fn dtype(&self) -> Option<DType> {
        known(&self.dtype).map(|(dtype, _)| dtype)
    }
}

/// The type and the bytes of a value.
fn known(name: &str) -> Option<(DType, u64)> {
    Some(match name {
        "F64" => (DType::F64, 8),
        "F32" => (DType::F32, 4),
        "F16" => (DType::F16, 2),
        "BF16" => (DType::BF16, 2),
        "I64" => (DType::I64, 8),
        "U32" => (DType::U32, 4),
        "U8" => (DType::U8, 1),
        _ => return None,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Info {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// What stands before the bytes of the tensors. A name that comes twice is an error, where a plain map keeps the last.
struct Header {
    tensors: BTreeMap<String, Info>,
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Header;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from names to tensors")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Header, A::Error> {
                let mut tensors = BTreeMap::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        map.next_value::<Option<BTreeMap<String, String>>>()?;
                    } else {
                        match tensors.entry(name) {
                            Entry::Vacant(free) => free.insert(map.next_value()?),
                            Entry::Occupied(taken) => {
                                return Err(A::Error::custom(format!("`{}` is there twice", taken.key())));
                            }
                        };
                    }
                }
                Ok(Header { tensors })
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// Where the header of a file of `file` bytes ends, from its first eight bytes.
pub(super) fn length(first: [u8; 8], file: u64) -> Result<u64> {
    let length = u64::from_le_bytes(first);
    if length > MAX_HEADER_BYTES {
        let reason = format!("it says {length} bytes, at most {MAX_HEADER_BYTES} are read");
        return Err(Error::invalid("tensor header", reason));
    }
    if length.saturating_add(8) > file {
        return Err(Error::invalid("tensor header", format!("it says {length} bytes, the file has {file}")));
    }
    Ok(length)
}

/// The tensors of a header that is followed by `data` bytes: without gap, overlap or rest.
pub(super) fn parse(header: &[u8], data: u64) -> Result<BTreeMap<String, Place>> {
    let invalid = |reason: String| Error::invalid("tensor header", reason);
    let Header { tensors } = serde_json::from_slice(header).map_err(|error| invalid(error.to_string()))?;
    let offset = header.len() as u64 + 8;
    let mut out = BTreeMap::new();
    for (name, Info { dtype, shape, data_offsets: [from, to] }) in tensors {
        let Some(len) = to.checked_sub(from).filter(|_| to <= data) else {
            return Err(invalid(format!("`{name}` is at {from} to {to} of {data} bytes")));
        };
        let shape: Option<Vec<usize>> = shape.into_iter().map(|side| usize::try_from(side).ok()).collect();
        let shape = shape.ok_or_else(|| invalid(format!("`{name}` has a side that no memory holds")))?;
        let count = shape.iter().try_fold(1u64, |count, &side| count.checked_mul(side as u64));
        if let Some((_, bytes)) = known(&dtype) {
            let needed = count.and_then(|count| count.checked_mul(bytes));
            if needed != Some(len) {
                return Err(invalid(format!("`{name}` of {dtype} {shape:?} cannot have {len} bytes")));
            }
        }
        out.insert(name, Place { dtype, shape, start: offset + from, len });
    }
    let mut places: Vec<(u64, u64)> = out.values().map(|entry| (entry.start, entry.len)).collect();
    places.sort_unstable();
    let mut end = offset;
    for (start, len) in places {
        if start != end {
            return Err(invalid(format!("the bytes from {end} belong to no tensor or to two")));
        }
        end = start + len;
    }
    if end != offset + data {
        return Err(invalid(format!("{} bytes behind the last tensor belong to none", offset + data - end)));
    }
    Ok(out)
}
