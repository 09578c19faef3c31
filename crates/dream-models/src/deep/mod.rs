//! Networks on candle tensors (feature `deep`).
//!
//! | level | modules |
//! |---|---|
//! | ground | [`tap`], [`parameters`], [`layers`], [`input`] |
//! | files of weights | [`checkpoint`] |
//! | towers | [`backbones`], [`text`] |
//! | what stands on towers | [`pretrained`], `hub`, [`network`], [`features`], [`train`], [`explain`] |
//! | methods | [`methods`] |
//!
//! A module imports from its own level and from those above it in this table, never from those below.
//!
//! Constructors take a [`candle_nn::VarBuilder`], whose paths are the names in the published checkpoints. What plays the
//! part of a candle module returns [`candle_core::Result`]; everything else returns this crate's [`Result`](crate::Result).
//! Every layer here has a gradient: candle's own fused norm and softmax drop it without an error.

pub mod backbones;
pub mod checkpoint;
pub mod explain;
pub mod features;
#[cfg(feature = "hub")]
#[cfg_attr(docsrs, doc(cfg(feature = "hub")))]
pub mod hub;
pub mod input;
mod kernels;
pub mod layers;
pub mod methods;
pub mod network;
mod numeric;
mod parameters;
pub mod pretrained;
pub mod tap;
pub mod text;
pub mod train;

pub use candle_core;
pub use candle_nn;
pub use parameters::{Parameter, parameters};
