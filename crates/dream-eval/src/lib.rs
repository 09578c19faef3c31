#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod correlation;
mod error;
mod error_rates;
mod kendall;
mod numeric;
mod rank;
mod sorting;
mod summary;

pub use correlation::{plcc, srcc};
pub use error::{Error, Result};
pub use error_rates::{mae, rmse};
pub use kendall::krcc;
pub use rank::ranks;
pub use summary::Summary;
