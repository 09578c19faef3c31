//! V-BLIINDS: spatial naturalness, the spectrum of frame differences, and motion.
//!
//! # Reference
//! Saad, Bovik, Charrier, "Blind prediction of natural video quality", IEEE Transactions on Image Processing 23(3),
//! 2014.

mod extractor;
mod motion;
mod ntss;
mod pair;
mod spectral;

pub use extractor::{Trace, VBliinds, VBliindsSession};
pub use pair::PairStatistics;
