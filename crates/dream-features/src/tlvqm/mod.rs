//! TLVQM: the two-level video quality model.
//!
//! Every second frame gives 28 low-complexity values ([`low`]), about one frame in half a second 30 high-complexity
//! values ([`high`]).
//!
//! # Reference
//! Korhonen, "Two-level approach for no-reference consumer video quality assessment", IEEE Transactions on Image
//! Processing 28(12), 2019.

pub mod high;
pub mod low;
mod ties;

pub use ties::Ties;
