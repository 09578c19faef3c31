//! The network behind the scores of DA-CLIP, for whoever explains them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dream_models::Result;
use dream_models::deep::candle_core::{DType, Device};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::methods::da_clip::DaClip;

/// DA-CLIP as a scorer uses it, and where it comes from. A clone shares both.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Described {
    /// With its text tower, where the checkpoint has one.
    pub network: Arc<DaClip>,
    /// What it was read from; descriptions may be in it.
    pub checkpoint: Arc<Checkpoint>,
    /// The JSON file of the checkpoint, beside which an index of descriptions may lie.
    pub path: PathBuf,
}

impl Described {
    /// Both branches, or the visual one where the checkpoint has no other.
    pub(crate) fn load(checkpoint: &Arc<Checkpoint>, path: &Path) -> Result<Self> {
        let text = checkpoint.tensors().shapes().any(|(name, _)| name.starts_with("text."));
        let load = if text { DaClip::load } else { DaClip::load_visual };
        let network = Arc::new(load(checkpoint, DType::F32, &Device::Cpu)?);
        Ok(Self { network, checkpoint: Arc::clone(checkpoint), path: path.to_owned() })
    }
}
