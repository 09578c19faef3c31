//! Towers that read text, and their tokenizers: one folder each.

pub mod clip;
