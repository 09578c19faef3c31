//! The quality model: an ensemble of small networks with scaling, calibration and a file. See [`QualityModel`].

mod adam;
mod ensemble;
mod file;
mod fit;
mod model;
mod network;
mod params;
mod wording;

pub use ensemble::MlpEnsemble;
pub use fit::MlpParams;
pub use model::QualityModel;
pub use params::{QualityParams, ScaledEnsemble};
pub use wording::{Grade, SCALE, SCORE_MEANING};
