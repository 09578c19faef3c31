//! TLVQM: the two-level video quality model.
//!
//! Every second frame gives 28 low-complexity values ([`low`]). About one frame per half second gives 30
//! high-complexity values ([`high`]).
//!
//! # Reference
//! Korhonen, "Two-level approach for no-reference consumer video quality assessment", IEEE Transactions on Image
//! Processing 28(12), 2019.

mod extractor;
pub mod high;
pub mod low;
mod picks;
mod ties;

pub use extractor::{Tlvqm, TlvqmSession, Trace};
pub use ties::Ties;
