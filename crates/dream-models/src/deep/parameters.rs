use std::sync::{Arc, Mutex};

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

use crate::Result;

/// Name and shape of a parameter.
pub type Parameter = (String, Vec<usize>);

/// Name and shape of every parameter that `build` asks for, in its order. Nothing is allocated.
///
/// ```
/// use dream_models::deep::parameters;
/// use dream_models::deep::text::clip::{Config, TextTower};
///
/// let list = parameters(|vb| TextTower::new(&Config::vit_b32(), vb))?;
/// assert_eq!(list.len(), 197);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Errors
///
/// Those of `build`.
pub fn parameters<M>(build: impl FnOnce(&VarBuilder<'_>) -> Result<M>) -> Result<Vec<Parameter>> {
    let recorder = Recorder::default();
    build(&VarBuilder::from_backend(Box::new(recorder.clone()), DType::F32, Device::Cpu))?;
    let list = recorder.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(list.clone())
}

/// Answers every name with zeros that share one number, and writes down what was asked.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Parameter>>>);

impl SimpleBackend for Recorder {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let mut list = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        list.push((name.to_owned(), shape.dims().to_vec()));
        Tensor::zeros((), dtype, device)?.broadcast_as(shape)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> candle_core::Result<Tensor> {
        candle_core::bail!("`{name}` was asked for without a shape")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}
