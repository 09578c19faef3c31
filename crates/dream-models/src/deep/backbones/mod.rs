//! Towers that turn frames into features: one folder each.

pub mod swin_v2;
