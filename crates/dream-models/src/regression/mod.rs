//! Regression from a feature vector to a score, without a tensor library.
//!
//! The main type is [`QualityModel`]: named inputs and their recipe, scaling, head, output range and provenance in one
//! value, with two embedded instances. The parts are public so that other heads and other data can use them:
//!
//! | step | type |
//! |---|---|
//! | rows of a table | [`Rows`] |
//! | logarithm, standardisation, clamp | [`Scaler`] |
//! | missing values, range of the columns | [`Imputer`], [`MinMax`] |
//! | ensemble of small neural networks | [`MlpParams`] fits an [`MlpEnsemble`] |
//! | imputation, scaling and ensemble together | [`QualityParams`] fits a [`ScaledEnsemble`] |
//! | intervals, and what is far from training | [`CalibrationParams`] measures a [`Calibration`] |
//! | named, documented, saved | [`QualityModel`] |
//! | what each feature adds to a score | [`Explanation`], by [`FeatureGroups`], in words of an [`Aspect`] |
//! | repeated random splits | [`holdout`] |
//! | support vector regression | [`SvrParams`] fits an [`Svr`] |
//! | imputation, range and regression together | [`ScaledSvrParams`] fits a [`ScaledSvr`] |
//! | named, documented, saved | [`SvrModel`] |
//! | choice of C and γ by cross-validation | [`search_svr`] with [`svr_grid`] or [`RandomizedSearch`] |
//! | choice of columns | [`SelectionParams`], [`SizeSearch`] |
//! | which of two classes a row belongs to | [`LogisticParams`] fits a [`LogisticRegression`] |
//!
//! A prediction has the same bytes on every machine: it uses the four basic operations in a fixed order, and
//! `libm` or code of its own for the functions beyond them. The same holds for training, for any number of
//! threads.

mod calibration;
mod difference;
mod folds;
mod format;
mod impute;
mod info;
mod logistic;
mod min_max;
mod model;
mod prediction;
mod provenance;
mod quality;
mod recipe;
mod rows;
mod scale;
mod scored;
mod split;
mod svr;
mod tensor;
mod whiten;

pub use calibration::{Calibration, CalibrationParams};
pub use difference::RecipeDifference;
pub use folds::{Folds, Split};
pub use impute::{Impute, Imputer};
pub use info::{ModelInfo, OutputRange};
pub use logistic::{LogisticParams, LogisticRegression};
pub use min_max::MinMax;
pub use model::{Model, ModelFile};
pub use prediction::{Estimate, Familiarity, Interval, Prediction};
pub use provenance::{Coverage, DataSet, Evaluation, MeanStd, Provenance, SetScores};
pub use quality::{
    Aspect, Explanation, FeatureGroups, FeatureShare, Grade, GroupShare, MlpEnsemble, MlpParams,
    QualityModel, QualityParams, SCALE, SCORE_MEANING, ScaledEnsemble,
};
pub use rows::Rows;
pub use scale::{Scaler, Transform};
pub use split::holdout;
pub use svr::{
    Kernel, RandomizedSearch, Ranking, ScaledSvr, ScaledSvrParams, Scoring, SearchReport, Selection,
    SelectionParams, SizeReport, SizeSearch, Svr, SvrModel, SvrParams, Trial, powers_of_two, search_svr,
    svr_grid,
};

use crate::Result;

/// A function from one feature row to one number.
///
/// ```
/// use dream_models::regression::{QualityModel, Regressor};
///
/// # fn main() -> dream_models::Result<()> {
/// let model = QualityModel::embedded()?;
/// let any: &dyn Regressor = &model;
/// assert_eq!(any.inputs(), 60);
/// # Ok(())
/// # }
/// ```
pub trait Regressor: Send + Sync {
    /// Length of the rows that [`Regressor::predict`] takes.
    fn inputs(&self) -> usize;

    /// The value for one row.
    ///
    /// # Errors
    ///
    /// [`crate::Error::LengthMismatch`] for a row of another length, [`crate::Error::NonFinite`] for a NaN or an infinity
    /// where the model does not fill in missing values.
    fn predict(&self, row: &[f64]) -> Result<f64>;
}
