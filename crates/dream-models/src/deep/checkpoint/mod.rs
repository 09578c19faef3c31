//! Files of weights: strict, bounded, and free of code.
//!
//! A checkpoint is a JSON file with one safetensors file next to it. The JSON says what the network is, which frames and
//! which part of them it looks at, and where its weights come from. [`TensorFile`] reads published safetensors files as well. Nothing
//! here knows a network, and nothing downloads.

mod finite;
mod foreign;
mod header;
mod manifest;
mod source;
mod tensors;

use std::fs::File;
use std::path::Path;

pub use header::MAX_HEADER_BYTES;
pub use manifest::{Checkpoint, Contents};
pub use tensors::{TensorFile, check, write_tensors};

use crate::{Error, Result};

/// What the JSON file of a checkpoint says that it is.
const FORMAT: &str = "dream-models.checkpoint";
/// Bytes of the largest JSON file that is read.
const MAX_BYTES: usize = 4 << 20;

/// Writes a file next to `path` and puts it there when it is complete and on the disk.
fn atomic(path: &Path, write: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let partial = path.with_file_name(name);
    let result = File::create(&partial).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)
    });
    result.map_err(|source| {
        // A partial file is of no use. If it cannot be removed, the first error says why.
        let _ = std::fs::remove_file(&partial);
        Error::Io { action: "write", path: Some(path.to_path_buf()), source }
    })
}
