#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod bounded;
#[cfg(feature = "deep")]
#[cfg_attr(docsrs, doc(cfg(feature = "deep")))]
pub mod deep;
mod error;
pub mod face;
mod files;
mod par;
pub mod preprocess;
mod random;
pub mod regression;
mod simd;

pub use error::{Error, Result};

/// Version of this crate, as models trained with it record it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
