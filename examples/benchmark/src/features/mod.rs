//! What is extracted from the videos, and the videos themselves.

pub(crate) mod deep;
pub(crate) mod extract;
pub(crate) mod sets;
pub(crate) mod videos;
