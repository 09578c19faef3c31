//! Layers whose gradients are right, also where the formula is not differentiable.

mod activation;
mod batch_norm;
mod conv;
mod depthwise;
mod linear;
mod max_pool;
mod norm;
mod patches;
mod pool;
mod softmax;
pub(crate) mod transformer;

pub(crate) use activation::{bias_gelu, bias_quick_gelu, bias_relu};
pub use activation::{gelu, quick_gelu, relu};
pub use batch_norm::{BatchNorm, Mode, is_running_statistic};
pub use conv::Conv2d;
pub(crate) use conv::Packed;
pub use depthwise::DepthwiseConv;
pub use linear::Linear;
pub use max_pool::max_pool;
pub use norm::{LayerNorm, l2_normalize};
pub(crate) use patches::{PatchConv, patches};
pub use pool::{Ddof, mean_and_std, mean_plus_std};
pub use softmax::softmax_last;
pub use transformer::Activation;

pub use crate::deep::kernels::Window;
