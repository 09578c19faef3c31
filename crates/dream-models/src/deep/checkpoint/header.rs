//! The header of a safetensors file: the `safetensors` library reads and writes it, within limits of ours.
//!
//! The library checks the type, the shape and the place of each tensor against each other and against its neighbours. It
//! does not do these four things, which are done here and tested in `tests/models/checkpoint.rs`:
//! - It reads a header of up to 100 MB; [`length`] allows [`MAX_HEADER_BYTES`], and never more than the file has.
//! - It wants the whole file in memory; [`parse`] wants the length of what follows the header.
//! - Of two tensors with the same name it keeps one; [`Header`] refuses the second.
//! - It does not say which tensor contradicts itself; [`named`] does.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use candle_core::{DType, Tensor};
use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{Dtype, SafeTensorError};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use crate::{Error, Result};

/// The key of what a header says beside its tensors.
const NOTES: &str = "__metadata__";

/// Bytes of the largest header that is read. The 425 tensors of the large Swin-V2 have one of 60 thousand.
pub const MAX_HEADER_BYTES: u64 = 16 << 20;

/// A tensor in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// As the file calls it; not every type can be read.
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// From the first byte of the file.
    pub(super) start: u64,
    pub(super) len: u64,
}

impl Place {
    /// Its type, if it is one that is read.
    pub(super) fn dtype(&self) -> Option<DType> {
        DTYPES.iter().find(|(theirs, _)| *theirs == self.dtype).map(|(_, ours)| *ours)
    }
}

/// The number types that are read and written.
const DTYPES: [(Dtype, DType); 7] = [
    (Dtype::F64, DType::F64),
    (Dtype::F32, DType::F32),
    (Dtype::F16, DType::F16),
    (Dtype::BF16, DType::BF16),
    (Dtype::I64, DType::I64),
    (Dtype::U32, DType::U32),
    (Dtype::U8, DType::U8),
];

/// Texts by their keys that a file holds about itself.
pub(crate) type Notes = BTreeMap<String, String>;

/// The tensors of a header. A name that comes twice is an error, where a plain map keeps the last.
struct Header {
    tensors: BTreeMap<String, TensorInfo>,
    notes: Notes,
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
                let (mut tensors, mut notes) = (BTreeMap::new(), Notes::new());
                while let Some(name) = map.next_key::<String>()? {
                    if name == NOTES {
                        notes = map.next_value::<Option<Notes>>()?.unwrap_or_default();
                    } else {
                        match tensors.entry(name) {
                            Entry::Vacant(free) => free.insert(map.next_value()?),
                            Entry::Occupied(taken) => {
                                return Err(A::Error::custom(format!("`{}` is there twice", taken.key())));
                            }
                        };
                    }
                }
                Ok(Header { tensors, notes })
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

/// The tensors of a header that is followed by `data` bytes, without gap, overlap or rest, and what it says beside them.
pub(super) fn parse(header: &[u8], data: u64) -> Result<(BTreeMap<String, Place>, Notes)> {
    let invalid = |reason: String| Error::invalid("tensor header", reason);
    let Header { tensors, notes } =
        serde_json::from_slice(header).map_err(|error| invalid(error.to_string()))?;
    let mut list: Vec<(String, TensorInfo)> = tensors.into_iter().collect();
    // Files of others may have any order in their header.
    list.sort_by_key(|(_, info)| info.data_offsets);
    let offset = header.len() as u64 + 8;
    let place = |(name, info): &(String, TensorInfo)| {
        let (from, to) = info.data_offsets;
        let (start, len) = (offset + from as u64, to.saturating_sub(from) as u64);
        (name.clone(), Place { dtype: info.dtype, shape: info.shape.clone(), start, len })
    };
    let places = list.iter().map(place).collect();
    let fault = list.iter().find_map(named);
    let metadata = Metadata::new(None, list).map_err(|error| invalid(fault.unwrap_or(error.to_string())))?;
    let end = metadata.data_len() as u64;
    if end != data {
        let cut = if end > data { "; the file was cut off" } else { "" };
        return Err(invalid(format!("its tensors have {end} bytes, {data} follow it{cut}")));
    }
    Ok((places, notes))
}

/// What is wrong with a tensor by itself, in words that name it.
fn named((name, info): &(String, TensorInfo)) -> Option<String> {
    let (from, to) = info.data_offsets;
    let Some(len) = to.checked_sub(from) else {
        return Some(format!("`{name}` is at {from} to {to}"));
    };
    let alone = (String::new(), TensorInfo { data_offsets: (0, len), ..info.clone() });
    let error = Metadata::new(None, vec![alone]).err()?;
    let TensorInfo { dtype, shape, .. } = info;
    Some(match error {
        SafeTensorError::ValidationOverflow => format!("`{name}` of {dtype} {shape:?} fits no memory"),
        _ => format!("`{name}` of {dtype} {shape:?} cannot have {len} bytes"),
    })
}

/// The order in which tensors are written: as the library does it, those of wide numbers first, so that each begins at a
/// multiple of its own width; by name among equals.
pub(super) fn order(tensors: &BTreeMap<String, Tensor>) -> Result<Vec<(&str, &Tensor, Dtype)>> {
    let mut list = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        let dtype = DTYPES.iter().find(|(_, ours)| *ours == tensor.dtype()).map(|(theirs, _)| *theirs);
        let unknown =
            || format!("`{name}` has numbers of the type {:?}, which is not written", tensor.dtype());
        list.push((name.as_str(), tensor, dtype.ok_or_else(|| Error::invalid("tensors", unknown()))?));
    }
    list.sort_by_key(|&(name, _, dtype)| (std::cmp::Reverse(dtype), name));
    Ok(list)
}

/// The header of tensors in this order, with its length in front.
pub(super) fn write(tensors: &[(&str, &Tensor, Dtype)]) -> Result<Vec<u8>> {
    let list = tensors.iter().map(|&(name, tensor, dtype)| (name.to_owned(), dtype, tensor.dims().to_vec()));
    let mut json = json(list, &Notes::new())?;
    // Data that begin at a multiple of eight can be mapped into memory by others.
    json.resize(json.len().next_multiple_of(8), b' ');
    Ok(with_length(json))
}

/// The header of tensors of these names, types and shapes, one behind the other, and of what is said beside them: filled up to
/// `size` bytes, those of its length counted. For files whose tensors are written before all sizes are known.
pub(crate) fn reserved(
    tensors: Vec<(String, DType, Vec<usize>)>,
    notes: &Notes,
    size: Option<usize>,
) -> Result<Vec<u8>> {
    let theirs = |(name, dtype, shape): (String, DType, Vec<usize>)| {
        let found = DTYPES.iter().find(|(_, ours)| *ours == dtype).map(|(theirs, _)| *theirs);
        let unknown = || Error::invalid("tensors", format!("`{name}` has a number type that is not written"));
        Ok((name.clone(), found.ok_or_else(unknown)?, shape))
    };
    let list = tensors.into_iter().map(theirs).collect::<Result<Vec<_>>>()?;
    let mut json = json(list.into_iter(), notes)?;
    if let Some(size) = size {
        let room = size.checked_sub(8).filter(|room| *room >= json.len());
        let full =
            || Error::invalid("tensor header", format!("{} bytes do not fit into {size}", json.len() + 8));
        json.resize(room.ok_or_else(full)?, b' ');
    }
    Ok(with_length(json))
}

fn with_length(mut json: Vec<u8>) -> Vec<u8> {
    let mut header = (json.len() as u64).to_le_bytes().to_vec();
    header.append(&mut json);
    header
}

fn json(tensors: impl Iterator<Item = (String, Dtype, Vec<usize>)>, notes: &Notes) -> Result<Vec<u8>> {
    let invalid = |error: &dyn fmt::Display| Error::invalid("tensors", error.to_string());
    let (mut offset, mut list) = (0, Vec::new());
    for (name, dtype, shape) in tensors {
        let bits = shape.iter().try_fold(dtype.bitsize(), |bits, &side| bits.checked_mul(side));
        let to = bits.and_then(|bits| (bits / 8).checked_add(offset));
        let to =
            to.ok_or_else(|| Error::invalid("tensors", format!("`{name}` of {shape:?} fits no file")))?;
        list.push((name, TensorInfo { dtype, shape, data_offsets: (offset, to) }));
        offset = to;
    }
    let metadata = Metadata::new(None, list).map_err(|error| invalid(&error))?;
    let json = serde_json::to_vec(&metadata).map_err(|error| invalid(&error))?;
    if notes.is_empty() {
        return Ok(json);
    }
    // The library keeps notes in a map without order; the same file must have the same bytes.
    let notes = serde_json::to_string(notes).map_err(|error| invalid(&error))?;
    let rest = json.get(1..).filter(|rest| rest.len() > 1).unwrap_or(b"}");
    let comma = if rest.len() > 1 { "," } else { "" };
    Ok([format!("{{\"{NOTES}\":{notes}{comma}").as_bytes(), rest].concat())
}
