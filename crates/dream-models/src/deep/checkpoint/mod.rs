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

pub use header::MAX_HEADER_BYTES;
pub(crate) use header::reserved;
pub use manifest::{Checkpoint, Contents};
pub use tensors::{TensorFile, check, write_tensors};

use crate::files::atomic;

/// What the JSON file of a checkpoint says that it is.
const FORMAT: &str = "dream-models.checkpoint";
/// Bytes of the largest JSON file that is read.
const MAX_BYTES: usize = 4 << 20;
