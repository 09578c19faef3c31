//! Towers that make features of frames, for regressions of one's own.
//!
//! [`PatchFeatures`] are those of an image tower of CLIP, [`FrameFeatures`] those of any [`Backbone`]; [`FeatureSet`] names the
//! three deep sets of the benchmark, with their networks and what these look at. [`over_video`] makes features of a video of those
//! of its frames.

mod frames;
mod patch;
mod set;
mod tower;
mod video;

pub use frames::{Backbone, FrameFeatures, Pool, PooledConvNext};
pub use patch::PatchFeatures;
pub use set::{FeatureSet, Preparation, SetConfig};
pub use tower::SetTower;
pub use video::{VideoFeatures, Warning, over_video};
