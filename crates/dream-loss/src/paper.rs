//! The losses of the paper's tables by name.

use std::fmt;
use std::str::FromStr;

use candle_core::Tensor;

use crate::{
    Error, Kl, NormInNorm, Plcc, Rank, Result, mae, mae_plcc_rank, mse, nin_kl, rmse, rmse_plcc, rmse_rank,
};

/// The losses that DREAM compares: single terms, then sums with unit weights.
///
/// Programs offer them by [`PaperLoss::name`] and print [`PaperLoss::title`].
///
/// ```
/// use dream_loss::PaperLoss;
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// let loss: PaperLoss = "mae-plcc-rank".parse()?;
/// assert_eq!((loss, loss.title()), (PaperLoss::MaePlccRank, "MAE + PLCC + Rank"));
///
/// // In order, at the right distances, but 0.5 too high: only the MAE is left.
/// let mos = Tensor::new(&[1.0_f64, 2.0, 4.0], &Device::Cpu)?;
/// let scores = (&mos + 0.5)?;
/// assert!((loss.forward(&scores, &mos)?.to_scalar::<f64>()? - 0.5).abs() < 1e-9);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// DREAM, arXiv 2510.10053 v2, Tables IV and V. It states neither the form of PLCC and rank nor the weights: see
/// [`Plcc::FastVqa`], [`Rank::Margin`] and the sums.
#[doc(alias("loss_fn", "criterion"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaperLoss {
    /// Mean absolute error, [`mae`](crate::mae).
    Mae,
    /// Mean squared error, [`mse`](crate::mse).
    Mse,
    /// Its root, [`rmse`](crate::rmse).
    Rmse,
    /// Correlation, [`Plcc::FastVqa`].
    Plcc,
    /// Order of pairs, [`Rank::Margin`].
    Rank,
    /// Norm-in-norm, [`NormInNorm::paper`].
    Nin,
    /// Divergence of the batch's distributions, [`Kl::Printed`].
    Kl,
    /// [`rmse_rank`](crate::rmse_rank).
    RmseRank,
    /// [`rmse_plcc`](crate::rmse_plcc).
    RmsePlcc,
    /// [`mae_plcc_rank`](crate::mae_plcc_rank), the loss of HUST.
    MaePlccRank,
    /// [`nin_kl`](crate::nin_kl), the loss of OPDAI and DA-CLIP.
    NinKl,
}

impl PaperLoss {
    /// All of them, single terms first.
    pub const ALL: [Self; 11] = [
        Self::Mae,
        Self::Mse,
        Self::Rmse,
        Self::Plcc,
        Self::Rank,
        Self::Nin,
        Self::Kl,
        Self::RmseRank,
        Self::RmsePlcc,
        Self::MaePlccRank,
        Self::NinKl,
    ];

    /// The name by which it is parsed and stored, for example `mae-plcc-rank`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mae => "mae",
            Self::Mse => "mse",
            Self::Rmse => "rmse",
            Self::Plcc => "plcc",
            Self::Rank => "rank",
            Self::Nin => "nin",
            Self::Kl => "kl",
            Self::RmseRank => "rmse-rank",
            Self::RmsePlcc => "rmse-plcc",
            Self::MaePlccRank => "mae-plcc-rank",
            Self::NinKl => "nin-kl",
        }
    }

    /// The name for people, for example `MAE + PLCC + Rank`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Mae => "MAE",
            Self::Mse => "MSE",
            Self::Rmse => "RMSE",
            Self::Plcc => "PLCC",
            Self::Rank => "Rank",
            Self::Nin => "Norm-in-norm",
            Self::Kl => "KL",
            Self::RmseRank => "RMSE + Rank",
            Self::RmsePlcc => "RMSE + PLCC",
            Self::MaePlccRank => "MAE + PLCC + Rank",
            Self::NinKl => "Norm-in-norm + KL",
        }
    }

    /// The loss of a batch.
    ///
    /// # Shapes
    ///
    /// `pred` `[n]`, `target` `[n]`, result `[]`: f64 if an input is f64, else f32.
    ///
    /// # Errors
    ///
    /// Those of the function that the variant names.
    pub fn forward(self, pred: &Tensor, target: &Tensor) -> Result<Tensor> {
        match self {
            Self::Mae => mae(pred, target),
            Self::Mse => mse(pred, target),
            Self::Rmse => rmse(pred, target),
            Self::Plcc => Plcc::FastVqa.forward(pred, target),
            Self::Rank => Rank::Margin.forward(pred, target),
            Self::Nin => NormInNorm::paper().forward(pred, target),
            Self::Kl => Kl::Printed.forward(pred, target),
            Self::RmseRank => rmse_rank(pred, target),
            Self::RmsePlcc => rmse_plcc(pred, target),
            Self::MaePlccRank => mae_plcc_rank(pred, target),
            Self::NinKl => nin_kl(pred, target),
        }
    }
}

impl fmt::Display for PaperLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for PaperLoss {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::UnknownLoss`] with the names there are.
    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|loss| loss.name() == name);
        found.ok_or_else(|| Error::UnknownLoss {
            name: name.to_owned(),
            known: Self::ALL.map(Self::name).join(", "),
        })
    }
}
