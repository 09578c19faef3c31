//! Published weights in files, under the names that this crate's networks have.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};

use super::backbones::swin_v2::{self, SwinV2};
use super::checkpoint::{TensorFile, check};
use super::parameters;
use super::text::clip::{self, TextTower};
use crate::Result;

/// Tensors of a Swin-V2 out of a file of timm or of Microsoft, on the CPU in the file's number type. Those of a head
/// that the configuration lacks are left out.
///
/// They fit [`Params::insert`](crate::deep::train::Params::insert) and a `VarBuilder`.
///
/// # Errors
///
/// [`Error::TensorMismatch`](crate::Error::TensorMismatch) when names or shapes are not those of the configuration, and
/// those of [`TensorFile::read`].
pub fn swin_v2(file: &TensorFile, config: &swin_v2::Config) -> Result<BTreeMap<String, Tensor>> {
    let keeps_head = config.num_classes > 0;
    let mut tensors = BTreeMap::new();
    for (theirs, _) in file.shapes() {
        let Some(ours) = swin_v2::from_microsoft(theirs) else { continue };
        if keeps_head || !ours.starts_with("head.") {
            tensors.insert(ours, file.read(theirs, &Device::Cpu)?);
        }
    }
    fitting(tensors, &parameters(|vb| SwinV2::new(config, vb))?)
}

/// Tensors of a CLIP text tower out of a file of OpenAI or of the Hugging Face library, also of one that holds the
/// whole CLIP, on the CPU in the file's number type.
///
/// # Errors
///
/// As [`swin_v2()`].
pub fn clip_text(file: &TensorFile, config: &clip::Config) -> Result<BTreeMap<String, Tensor>> {
    let images = |name: &str| name.starts_with("vision_model.") || name.starts_with("visual.");
    let tensors = clip::from_openai(file.read_where(|name| !images(name), &Device::Cpu)?)?;
    fitting(tensors, &parameters(|vb| TextTower::new(config, vb))?)
}

fn fitting(
    tensors: BTreeMap<String, Tensor>,
    expected: &[(String, Vec<usize>)],
) -> Result<BTreeMap<String, Tensor>> {
    check(expected, tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.dims())))?;
    Ok(tensors)
}
