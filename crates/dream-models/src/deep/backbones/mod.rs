//! Towers that turn frames into features: one folder each.

pub mod convnext;
mod depth;
pub mod resnet;
pub mod swin;
pub mod swin_v2;
pub mod vgg;
pub mod vit;
mod window;

pub(crate) use depth::blocks_above;
