//! Layers whose gradients are right, also where the formula is not differentiable.

mod activation;
mod batch_norm;
mod conv;
mod depthwise;
mod filters;
mod linear;
mod max_pool;
mod norm;
mod patches;
mod pool;
mod softmax;
pub(crate) mod transformer;

pub use activation::{gelu, quick_gelu, relu};
pub use batch_norm::{BatchNorm, Mode, is_running_statistic};
pub use conv::Conv2d;
pub use depthwise::DepthwiseConv;
pub(in crate::deep) use filters::{After, Filters};
pub use linear::Linear;
pub use max_pool::max_pool;
pub use norm::{LayerNorm, l2_normalize};
pub(crate) use patches::patches;
pub use pool::{Ddof, mean_and_std, mean_plus_std};
pub use softmax::softmax_last;
pub use transformer::Activation;

pub use crate::deep::kernels::Window;
