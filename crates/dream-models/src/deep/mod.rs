//! Networks on candle tensors (feature `deep`).
//!
//! Constructors take a [`candle_nn::VarBuilder`], whose paths are the names in the published checkpoints. What plays the
//! part of a candle module returns [`candle_core::Result`]; everything else returns this crate's [`Result`](crate::Result).
//! Every layer here has a gradient: candle's own fused norm and softmax drop it without an error.

pub mod checkpoint;
pub mod clip_text;
pub mod da_clip;
mod kernels;
pub mod layers;
pub mod optim;
mod params;
pub mod swin_v2;

pub use candle_core;
pub use candle_nn;
pub use params::{Params, parameters};

use candle_core::{DType, Device, Tensor};

/// The numbers of a tensor on the host, in double precision, which Metal has not.
fn on_host(tensor: &Tensor) -> candle_core::Result<Tensor> {
    tensor.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)
}

/// The type in which sums over features are taken: half precision would round a score to a few hundredths.
fn single(dtype: DType) -> DType {
    if matches!(dtype, DType::F16 | DType::BF16) { DType::F32 } else { dtype }
}
