//! CPU kernels in single precision, each with its gradient, for what candle computes slowly.
//!
//! Whether a kernel applies is decided by the type and the device of the tensor ([`applies`]); elsewhere the same layer is
//! composed of candle's own operations. A piece of work (some rows) is computed by one thread in one order, so no result
//! depends on the number of threads.

mod adam;
mod after;
mod aligned;
mod blocked;
mod depthwise;
mod gelu;
mod math;
mod norm;
mod packed;
mod product;
mod residual;
mod scaled;
mod softmax;
mod tile;
mod windows;
mod winograd;

use candle_core::{CpuStorage, DType, Device, Layout, Result, Storage, Tensor, bail};

pub(super) use adam::{Factors, adam};
pub(super) use after::{Bend, Finish};
pub(super) use blocked::{product, product_within};
pub(super) use depthwise::depthwise;
pub(super) use gelu::{Erf, Quick, Rectified, bias_curve};
pub(super) use math::rounded;
pub(super) use norm::{Norm, normalise};
pub(super) use packed::Packed;
pub(super) use product::{
    packed_product, packed_rows, packed_rows_twice, packed_windows, rows_product, window_product,
};
pub(super) use residual::{add_bias, add_biased, column_sums};
pub(super) use scaled::add_scaled;
pub(super) use softmax::{exponentials, softmax};
pub(super) use tile::{Panels, transposed_product};
pub use windows::Window;
pub(super) use windows::{Grid, window_maxima};

/// Values of one piece of work: enough to be worth a thread, few enough for the second-level cache.
const PIECE: usize = 1 << 14;

/// Whether the kernels of this module take such tensors.
pub(super) fn applies(x: &Tensor) -> bool {
    matches!(x.device(), Device::Cpu) && x.dtype() == DType::F32
}

/// The numbers of a contiguous tensor.
pub(super) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let CpuStorage::F32(all) = storage else {
        bail!("a kernel for f32 was called with {:?}", storage.dtype_())
    };
    let range = layout.contiguous_offsets().map(|(start, end)| start..end);
    match range.and_then(|range| all.get(range)) {
        Some(values) => Ok(values),
        None => bail!("a kernel for contiguous tensors was called with {layout:?}"),
    }
}

/// Calls `f` with the numbers of a contiguous tensor of single precision on the CPU.
pub(super) fn with<T>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(values) => f(slice(values, layout)?),
        _ => bail!("a kernel for the CPU was called with {tensor:?}"),
    }
}

/// Length of the last axis.
fn width(layout: &Layout) -> usize {
    layout.dims().last().copied().unwrap_or(1).max(1)
}

/// Rows of a piece of work.
fn rows_of(width: usize) -> usize {
    (PIECE / width).max(1)
}

trait TypeOf {
    fn dtype_(&self) -> DType;
}

impl TypeOf for CpuStorage {
    fn dtype_(&self) -> DType {
        candle_core::backend::BackendStorage::dtype(self)
    }
}
