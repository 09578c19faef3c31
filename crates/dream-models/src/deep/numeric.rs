//! Number types and places of tensors.

use candle_core::{DType, Device, Result, Tensor};

/// The values of a tensor on the host, in double precision. In this order: Metal has no `f64`.
pub(super) fn on_host(tensor: &Tensor) -> Result<Tensor> {
    tensor.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)
}

/// The type in which sums over features are taken: half precision would round a score to a few hundredths.
pub(super) fn single(dtype: DType) -> DType {
    if matches!(dtype, DType::F16 | DType::BF16) { DType::F32 } else { dtype }
}
