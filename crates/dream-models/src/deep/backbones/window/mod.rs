//! What the versions of Swin have in common: a pyramid of stages whose blocks attend inside windows of a grid of tokens.
//!
//! A version brings its configuration and its [`Block`]: how a block is normalised, how alike queries and keys are
//! ([`Similarity`]), and where the table of its position biases comes from.

mod attention;
mod backward;
mod composed;
mod cut;
mod fused;
mod head;
mod names;
mod patch;
mod stages;
mod tower;

pub(crate) use attention::Windows;
pub(crate) use composed::Similarity;
pub use names::Naming;
pub(crate) use names::sizes;
pub(crate) use patch::Order;
pub(crate) use stages::{Geometry, Shape, invalid, size};
pub(crate) use tower::{Block, Tower};
