//! Layers whose gradients are right, also where the formula is not differentiable.

mod activation;
mod depthwise;
mod linear;
mod norm;
mod patches;
mod pool;
mod softmax;
pub(crate) mod transformer;

pub(crate) use activation::{bias_gelu, bias_quick_gelu};
pub use activation::{gelu, quick_gelu, relu};
pub use depthwise::DepthwiseConv;
pub use linear::Linear;
pub use norm::{LayerNorm, l2_normalize};
pub(crate) use patches::patches;
pub use pool::{Ddof, mean_beside_std, mean_plus_std};
pub use softmax::softmax_last;
pub use transformer::Activation;
