//! Sources that select, crop or turn the frames of another source.

pub(crate) mod crop;
pub(crate) mod rotate;
pub(crate) mod sample;
