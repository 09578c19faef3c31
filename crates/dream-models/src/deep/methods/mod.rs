//! The methods whose networks this crate has: one folder and one line in [`METHODS`] each.

pub mod da_clip;
mod entry;
pub mod face_blend;
pub mod hust;
pub mod opdai;
pub mod unilj;
mod videos;

pub use entry::{Entry, Weights};

use candle_core::{DType, Device};

use super::checkpoint::Checkpoint;
use super::network::VideoNetwork;
use crate::{Error, Result};

/// Every method, in the order in which programs list them.
pub const METHODS: &[Entry] = &[da_clip::ENTRY, opdai::ENTRY, hust::ENTRY, unilj::ENTRY, face_blend::ENTRY];

/// The method of a checkpoint's kind.
#[must_use]
pub fn entry(kind: &str) -> Option<&'static Entry> {
    METHODS.iter().find(|entry| entry.kind == kind)
}

/// The method of a name on a command line.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Entry> {
    METHODS.iter().find(|entry| entry.name == name)
}

/// The network of a checkpoint of any kind, ready to score, computing in `dtype` on `device`.
///
/// ```no_run
/// use dream_models::deep::candle_core::{DType, Device};
/// use dream_models::deep::checkpoint::Checkpoint;
/// use dream_models::deep::methods;
///
/// let checkpoint = Checkpoint::open("model.json")?;
/// let network = methods::load(&checkpoint, DType::F32, &Device::Cpu)?;
/// println!("{}", network.input().frames);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::InvalidModel`] for a kind that no method has, or one without checkpoints, and for a checkpoint without an input,
/// [`Error::InvalidInput`] when its preprocessing makes frames of another size than the network takes,
/// [`Error::TensorMismatch`] when its tensors are not those of its configuration, and those of reading them.
pub fn load(checkpoint: &Checkpoint, dtype: DType, device: &Device) -> Result<Box<dyn VideoNetwork>> {
    let kind = checkpoint.kind();
    if let Some(Entry { weights: Weights::Checkpoint(load), .. }) = entry(kind) {
        return load(checkpoint, dtype, device);
    }
    let has_checkpoints = |entry: &&Entry| matches!(entry.weights, Weights::Checkpoint(_));
    let known: Vec<&str> = METHODS.iter().filter(has_checkpoints).map(|entry| entry.kind).collect();
    let shown: String = kind.chars().take(80).collect();
    let reason = format!("it is `{shown}`, this crate knows checkpoints of {}", known.join(", "));
    Err(Error::invalid("kind", reason))
}
