//! The losses by name.

use anyhow::Result;
use clap::ValueEnum;
use dream_loss::{Kl, NormInNorm, Plcc, Rank};
use dream_models::deep::candle_core::Tensor;

/// Losses of the paper's Tables IV and V.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Loss {
    /// Mean absolute error
    Mae,
    /// Mean squared error
    Mse,
    Rmse,
    /// Correlation
    Plcc,
    /// Order of pairs
    Rank,
    /// Norm-in-norm
    Nin,
    /// Divergence of the batch's distributions
    Kl,
    RmseRank,
    RmsePlcc,
    MaePlccRank,
    /// Norm-in-norm and KL: OPDAI, DA-CLIP
    NinKl,
}

impl Loss {
    pub(crate) fn forward(self, scores: &Tensor, mos: &Tensor) -> Result<Tensor> {
        Ok(match self {
            Self::Mae => dream_loss::mae(scores, mos)?,
            Self::Mse => dream_loss::mse(scores, mos)?,
            Self::Rmse => dream_loss::rmse(scores, mos)?,
            Self::Plcc => Plcc::FastVqa.forward(scores, mos)?,
            Self::Rank => Rank::Margin.forward(scores, mos)?,
            Self::Nin => NormInNorm::paper().forward(scores, mos)?,
            Self::Kl => Kl::Printed.forward(scores, mos)?,
            Self::RmseRank => dream_loss::rmse_rank(scores, mos)?,
            Self::RmsePlcc => dream_loss::rmse_plcc(scores, mos)?,
            Self::MaePlccRank => dream_loss::mae_plcc_rank(scores, mos)?,
            Self::NinKl => dream_loss::nin_kl(scores, mos)?,
        })
    }
}
