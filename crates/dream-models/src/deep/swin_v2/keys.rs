use std::sync::{Arc, Mutex};

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;

use super::{Config, SwinV2};
use crate::Result;

/// Name and shape of a parameter.
pub type Parameter = (String, Vec<usize>);

/// Name and shape of every parameter of a network, in the order in which it reads them. No parameter is allocated.
///
/// ```
/// use dream_models::deep::swin_v2::{Config, parameters};
///
/// let list = parameters(&Config::large_w12to16_192to256())?;
/// assert_eq!(list.len(), 423);
/// assert_eq!(list[0], ("patch_embed.proj.weight".to_owned(), vec![192, 3, 4, 4]));
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for a configuration that has no meaning.
pub fn parameters(config: &Config) -> Result<Vec<Parameter>> {
    let recorder = Recorder::default();
    let list = Arc::clone(&recorder.0);
    SwinV2::new(config, &VarBuilder::from_backend(Box::new(recorder), DType::F32, Device::Cpu))?;
    let list = list.lock().map(|list| list.clone()).unwrap_or_default();
    Ok(list)
}

/// timm's name for a tensor of Microsoft's original files, or `None` for one that is derived and must be skipped.
///
/// The originals keep the merging of patches at the end of a stage and call the head `head`. Names that are the same in
/// both come back as they are.
///
/// ```
/// use dream_models::deep::swin_v2::from_microsoft;
///
/// let name = from_microsoft("layers.0.downsample.norm.weight");
/// assert_eq!(name.as_deref(), Some("layers.1.downsample.norm.weight"));
/// assert_eq!(from_microsoft("head.bias").as_deref(), Some("head.fc.bias"));
/// assert_eq!(from_microsoft("layers.0.blocks.1.attn_mask"), None);
/// ```
#[must_use]
pub fn from_microsoft(name: &str) -> Option<String> {
    const DERIVED: [&str; 4] = ["relative_coords_table", "relative_position_index", "attn_mask", "k_bias"];
    if name.rsplit('.').next().is_some_and(|last| DERIVED.contains(&last)) {
        return None;
    }
    if let Some(rest @ ("weight" | "bias")) = name.strip_prefix("head.") {
        return Some(format!("head.fc.{rest}"));
    }
    let merging = name.strip_prefix("layers.").and_then(|rest| rest.split_once(".downsample."));
    if let Some((Ok(stage), rest)) = merging.map(|(stage, rest)| (stage.parse::<u32>(), rest)) {
        return Some(format!("layers.{}.downsample.{rest}", stage.saturating_add(1)));
    }
    Some(name.to_owned())
}

/// Writes down what is asked for and answers with one zero seen through strides of 0.
#[derive(Debug, Default)]
struct Recorder(Arc<Mutex<Vec<Parameter>>>);

impl SimpleBackend for Recorder {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: candle_nn::Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        if let Ok(mut list) = self.0.lock() {
            list.push((name.to_owned(), shape.dims().to_vec()));
        }
        Tensor::zeros((), dtype, device)?.broadcast_as(shape)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> candle_core::Result<Tensor> {
        candle_core::bail!("the shape of `{name}` is not known")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}
