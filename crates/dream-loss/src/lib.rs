#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod alignment;
mod batch;
mod composite;
mod contrast;
mod cross_entropy;
mod da_clip;
mod deqa;
mod error;
mod kl;
mod line;
mod norm_in_norm;
mod normalise;
mod paper;
mod parts;
mod plcc;
mod rank;
mod read;
mod regression;

pub use candle_core;

pub use alignment::Alignment;
pub use composite::{mae_plcc_rank, nin_kl, rmse_plcc, rmse_rank};
pub use contrast::Contrast;
pub use cross_entropy::bce_with_logits;
pub use da_clip::{DaClipBatch, DaClipLoss, DaClipTerms};
pub use deqa::{LevelMass, SoftLabel, level_kl};
pub use error::{Error, Result};
pub use kl::Kl;
pub use line::Line;
pub use norm_in_norm::NormInNorm;
pub use paper::PaperLoss;
pub use plcc::Plcc;
pub use rank::Rank;
pub use read::{check_finite, read};
pub use regression::{mae, mse, rmse, rmse_eps};
