//! Sources that stand between a reader and its user.

pub(crate) mod crop;
pub(crate) mod rotate;
pub(crate) mod sample;
