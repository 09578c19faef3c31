//! UNILJ: mean and spread of ConvNeXt's features over a short clip, and a small network on them.

mod config;
mod model;

pub use config::Config;
pub use model::{KIND, Unilj};

use super::entry::{Entry, Weights};

/// Its line in [`METHODS`](super::METHODS).
pub const ENTRY: Entry = Entry {
    name: "unilj",
    kind: KIND,
    title: "UNILJ",
    weights: Weights::Checkpoint(|checkpoint, dtype, device| {
        Ok(Box::new(Unilj::load(checkpoint, dtype, device)?))
    }),
};
