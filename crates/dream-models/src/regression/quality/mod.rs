//! The quality model: an ensemble of small networks with scaling, calibration and a file. See [`QualityModel`].

mod adam;
mod calibration;
mod ensemble;
mod file;
mod fit;
mod model;
mod network;
mod params;
mod prediction;
mod scale;
mod tensor;
mod whiten;
mod wording;

pub use calibration::{Calibration, CalibrationParams};
pub use ensemble::MlpEnsemble;
pub use fit::MlpParams;
pub use model::QualityModel;
pub use params::{QualityParams, ScaledEnsemble};
pub use prediction::{Familiarity, Interval, Prediction};
pub use scale::{Scaler, Transform};
pub use wording::{Grade, SCALE, SCORE_MEANING};
