//! Towers that turn frames into features: one folder each.

pub mod swin;
pub mod swin_v2;
pub mod vit;
mod window;
