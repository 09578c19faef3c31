//! Sources that change, choose or watch the frames of another.

pub(crate) mod crop;
pub(crate) mod deinterlace;
pub(crate) mod range;
pub(crate) mod rotate;
pub(crate) mod sample;
pub(crate) mod watch;
