//! Writes tensors to a safetensors file: the same bytes for the same tensors.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::tower::Tensor;

/// Writes tensors in the order of their names; returns the SHA-256 of the file. What stands at `path` is replaced at the end.
pub(crate) fn write(
    path: &Path,
    tensors: &BTreeMap<String, Tensor>,
    notes: &[(&str, &str)],
) -> Result<String> {
    let part = path.with_extension("part");
    let result = write_to(&part, &header(tensors, notes)?, tensors)
        .and_then(|sha256| std::fs::rename(&part, path).map(|()| sha256).map_err(Into::into));
    if result.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    result.with_context(|| format!("cannot write {}", path.display()))
}

/// JSON, filled up with blanks to a multiple of eight bytes.
fn header(tensors: &BTreeMap<String, Tensor>, notes: &[(&str, &str)]) -> Result<Vec<u8>> {
    // Keys in the order of the alphabet, whether the library keeps their order or sorts them.
    let mut fields = Map::new();
    let notes: Map<String, Value> =
        notes.iter().map(|(key, text)| ((*key).to_owned(), json!(text))).collect();
    fields.insert("__metadata__".to_owned(), Value::Object(notes));
    let mut offset = 0;
    for (name, tensor) in tensors {
        let end = offset + 4 * tensor.values.len();
        let entry = json!({ "data_offsets": [offset, end], "dtype": "F32", "shape": tensor.shape });
        fields.insert(name.clone(), entry);
        offset = end;
    }
    let mut bytes = serde_json::to_vec(&Value::Object(fields))?;
    bytes.resize(bytes.len().next_multiple_of(8), b' ');
    Ok(bytes)
}

fn write_to(path: &Path, header: &[u8], tensors: &BTreeMap<String, Tensor>) -> Result<String> {
    let (mut file, mut hash) = (BufWriter::new(File::create(path)?), Sha256::new());
    let mut put = |bytes: &[u8]| {
        hash.update(bytes);
        file.write_all(bytes)
    };
    put(&u64::try_from(header.len())?.to_le_bytes())?;
    put(header)?;
    for tensor in tensors.values() {
        for values in tensor.values.chunks(1 << 14) {
            put(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())?;
        }
    }
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(hex(&hash.finalize()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
