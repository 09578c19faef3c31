//! The quality model: an ensemble of small networks with scaling, calibration and a file. See [`QualityModel`].

mod adam;
mod aspects;
mod ensemble;
mod explain;
mod file;
mod fit;
mod groups;
mod model;
mod network;
mod params;
mod shares;
mod wording;

pub use aspects::Aspect;
pub use ensemble::MlpEnsemble;
pub use explain::{Explanation, FeatureShare, GroupShare};
pub use fit::MlpParams;
pub use groups::FeatureGroups;
pub use model::QualityModel;
pub use params::{QualityParams, ScaledEnsemble};
pub use wording::{Grade, SCALE, SCORE_MEANING};
