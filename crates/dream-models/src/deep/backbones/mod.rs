//! Towers that turn frames into features: one folder each.

pub mod convnext;
pub mod swin_v2;
pub mod vit;
