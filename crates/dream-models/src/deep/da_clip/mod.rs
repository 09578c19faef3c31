//! DA-CLIP, the method of the DREAM paper, and its relative OPDAI.

mod config;
mod explain;
mod model;
mod opdai;
mod retrieval;

pub use config::{Config, Order};
pub use explain::{AttCat, BlockMap, Impact, Ranking, TextExplanation, VideoExplanation, most_relevant};
pub use model::{DaClip, KIND};
pub use opdai::{OPDAI_FRAMES, OPDAI_KIND, Opdai, opdai_frames};
pub use retrieval::{Descriptions, Neighbour, TextIndex};
