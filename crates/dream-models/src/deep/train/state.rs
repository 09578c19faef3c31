//! What a training that was interrupted goes on from.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde::Serialize;

use super::Params;
use super::optim::AdamW;
use crate::Result;
use crate::deep::checkpoint::{Checkpoint, Contents};

const WEIGHTS: &str = "weights.";
const MOMENTS: &str = "adamw.";

/// The tensors of a training: weights, and moments of the optimiser.
///
/// They lie in a checkpoint of a kind, configuration and provenance of your own: what the run is, and how far it is.
///
/// ```
/// use dream_models::deep::candle_core::{DType, Device};
/// use dream_models::deep::checkpoint::{Checkpoint, Contents};
/// use dream_models::deep::train::optim::{AdamW, AdamWConfig};
/// use dream_models::deep::train::{Params, state::State};
///
/// let params = Params::seeded(7, DType::F32, &Device::Cpu);
/// dream_models::deep::candle_nn::linear(3, 1, params.builder().pp("head"))?;
/// let adam = AdamW::new(AdamWConfig::default(), params.named())?;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("state.json");
/// let contents = Contents { kind: "my.state".to_owned(), config: "small", input: None, provenance: 12 };
/// State::save(&path, &contents, &params, &adam)?;
///
/// let file = Checkpoint::open(&path)?;
/// let mut adam = AdamW::new(AdamWConfig::default(), params.named())?;
/// let State { params, moments } = State::load(&file, &Device::Cpu)?;
/// adam.load_state(&moments)?;
/// assert_eq!((params.named().len(), file.provenance::<u32>()?), (2, 12));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct State {
    /// The weights, single precision.
    pub params: Params,
    /// What [`AdamW::load_state`] takes.
    pub moments: BTreeMap<String, Tensor>,
}

impl State {
    /// Writes a state; a kill leaves the old one or the new one.
    ///
    /// # Errors
    ///
    /// Those of [`Checkpoint::save`].
    pub fn save<C: Serialize, P: Serialize>(
        path: impl AsRef<Path>,
        contents: &Contents<C, P>,
        params: &Params,
        adam: &AdamW,
    ) -> Result<()> {
        let named = |prefix: &'static str, tensors: BTreeMap<String, Tensor>| {
            tensors.into_iter().map(move |(name, tensor)| (format!("{prefix}{name}"), tensor))
        };
        let all = named(WEIGHTS, params.tensors()?).chain(named(MOMENTS, adam.state()?));
        Checkpoint::save(path, contents, &all.collect())?;
        Ok(())
    }

    /// Reads a state.
    ///
    /// # Errors
    ///
    /// Those of [`TensorFile::read_where`](crate::deep::checkpoint::TensorFile::read_where).
    pub fn load(file: &Checkpoint, device: &Device) -> Result<Self> {
        let part = |prefix: &str| -> Result<BTreeMap<String, Tensor>> {
            let tensors = file.tensors().read_where(|name| name.starts_with(prefix), device)?;
            let cut = |(name, tensor): (String, Tensor)| (name.split_at(prefix.len()).1.to_owned(), tensor);
            Ok(tensors.into_iter().map(cut).collect())
        };
        Ok(Self {
            params: Params::from_tensors(&part(WEIGHTS)?, DType::F32, device)?,
            moments: part(MOMENTS)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deep::train::optim::AdamWConfig;

    #[test]
    fn a_state_comes_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let params = Params::seeded(3, DType::F32, &Device::Cpu);
        let head = candle_nn::linear(3, 1, params.builder().pp("head")).unwrap();
        let mut adam = AdamW::new(AdamWConfig::default(), params.named()).unwrap();
        let x = Tensor::ones((2, 3), DType::F32, &Device::Cpu).unwrap();
        let loss = candle_nn::Module::forward(&head, &x).unwrap().sqr().unwrap().mean_all().unwrap();
        adam.step(&loss.backward().unwrap()).unwrap();
        let contents = Contents { kind: "a.state".to_owned(), config: 1, input: None, provenance: 2 };
        State::save(&path, &contents, &params, &adam).unwrap();
        let State { params: after, moments } =
            State::load(&Checkpoint::open(&path).unwrap(), &Device::Cpu).unwrap();
        let values = |tensors: BTreeMap<String, Tensor>| -> Vec<(String, Vec<f32>)> {
            let value = |tensor: Tensor| tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1();
            tensors.into_iter().map(|(name, tensor)| (name, value(tensor).unwrap())).collect()
        };
        assert_eq!(values(after.tensors().unwrap()), values(params.tensors().unwrap()));
        assert_eq!(values(moments), values(adam.state().unwrap()));
    }
}
