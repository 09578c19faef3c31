//! DA-CLIP, the method of the DREAM paper.

mod config;
mod explain;
mod frame;
mod model;

pub use config::{Config, Order};
pub use explain::{TextExplanation, VideoExplanation};
pub use model::{DaClip, KIND};

use super::entry::{Entry, Weights};

/// Its line in [`METHODS`](super::METHODS): the visual branch, which scores and represents videos.
pub const ENTRY: Entry = Entry {
    name: "da-clip",
    kind: KIND,
    title: "DA-CLIP",
    weights: Weights::Checkpoint(|checkpoint, dtype, device| {
        Ok(Box::new(DaClip::load_visual(checkpoint, dtype, device)?))
    }),
};
