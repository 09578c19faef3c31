//! What a score comes from: the parts of the input that moved it, and descriptions that are close to it.

pub mod attcat;
pub mod index;
pub mod map;
pub mod retrieval;
