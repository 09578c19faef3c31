#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod batch;
mod error;
mod norm_in_norm;
mod regression;
mod smooth;

pub use candle_core;

pub use error::{Error, Result};
pub use norm_in_norm::NormInNorm;
pub use regression::mae;
