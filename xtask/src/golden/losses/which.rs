//! The losses by the names of the reference.

use dream_loss::candle_core::{DType, Tensor};
use dream_loss::{Kl, NormInNorm, Plcc, Rank};

/// A loss of the reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Loss {
    Mae,
    Mse,
    Rmse,
    RmseEps,
    NormInNorm(NormInNorm),
    Plcc(Plcc),
    Kl(Kl),
    Rank(Rank),
    NinKl,
}

impl Loss {
    /// `mae`, `norm_in_norm_paper(p=1,q=2)`, `norm_in_norm_ref(p=1,q=2,alpha=1:0.1,detach)`, ...
    pub(super) fn parse(id: &str, eps: f64) -> Option<Self> {
        Some(match id {
            "mae" => Self::Mae,
            "mse" => Self::Mse,
            "rmse" => Self::Rmse,
            "rmse_eps" => Self::RmseEps,
            "kl_paper" => Self::Kl(Kl::Printed),
            "kl_reverse" => Self::Kl(Kl::Reverse),
            "plcc_fastvqa" => Self::Plcc(Plcc::FastVqa),
            "plcc_half" => Self::Plcc(Plcc::Half),
            "plcc_one_minus" => Self::Plcc(Plcc::OneMinus),
            "rank_fastvqa" => Self::Rank(Rank::FastVqa),
            "rank_margin_wen_wang" => Self::Rank(Rank::Margin),
            "regression_nin_plus_kl" => Self::NinKl,
            _ => Self::NormInNorm(norm_in_norm(id, eps)?),
        })
    }

    pub(super) fn forward(self, pred: &Tensor, target: &Tensor) -> dream_loss::Result<Tensor> {
        match self {
            Self::Mae => dream_loss::mae(pred, target),
            Self::Mse => dream_loss::mse(pred, target),
            Self::Rmse => dream_loss::rmse(pred, target),
            Self::RmseEps => dream_loss::rmse_eps(pred, target, 1e-12),
            Self::NormInNorm(loss) => loss.forward(pred, target),
            Self::Plcc(loss) => loss.forward(pred, target),
            Self::Kl(loss) => loss.forward(pred, target),
            Self::Rank(loss) => loss.forward(pred, target),
            Self::NinKl => dream_loss::nin_kl(pred, target),
        }
    }

    /// Whether it compares the values of a batch with each other.
    pub(super) fn is_relative(self) -> bool {
        !matches!(self, Self::Mae | Self::Mse | Self::Rmse | Self::RmseEps)
    }

    /// Whether all of its gradient goes through a division by the norm of the deviations.
    pub(super) fn is_normalised(self) -> bool {
        matches!(self, Self::NormInNorm(_) | Self::Plcc(_))
    }

    pub(super) fn has_norm_in_norm(self) -> bool {
        matches!(self, Self::NormInNorm(_) | Self::NinKl)
    }

    pub(super) fn is_detached(self) -> bool {
        matches!(self, Self::NormInNorm(NormInNorm { detach: true, .. }))
    }

    /// Order of the norm of the deviations.
    pub(super) fn order(self) -> f64 {
        if let Self::NormInNorm(NormInNorm { q, .. }) = self { q } else { 2.0 }
    }

    /// The share of the gradient that depends on the sign of a difference of two vectors that are equal up to rounding,
    /// in units of its largest entry.
    pub(super) fn noise(self, pred: &[f64], target: &[f64], dtype: DType) -> Option<f64> {
        let Self::NormInNorm(NormInNorm { p: 1.0, alpha: [plain, rescaled], detach, .. }) = self else {
            return None;
        };
        // Two pairs have the same shape. In f64 `eps` decides the sign; f32 loses it. Without `detach` the gradient is
        // still 0.
        if detach && pred.len() == 2 && dtype == DType::F32 {
            return Some(1.0);
        }
        // A correlation of 1 or -1: the rescaled predictions are the targets. Both signs differ by twice the share.
        let perfect = 1.0 - cosine(&deviations(pred), &deviations(target)).abs() < 1e-12;
        (rescaled > 0.0 && perfect).then_some(2.0 * rescaled / (plain + rescaled))
    }
}

fn norm_in_norm(id: &str, eps: f64) -> Option<NormInNorm> {
    let (form, settings) = id.strip_suffix(')')?.split_once('(')?;
    let mut loss = match form {
        "norm_in_norm_paper" => NormInNorm { eps, ..NormInNorm::paper() },
        "norm_in_norm_ref" => NormInNorm { eps, ..NormInNorm::normalized() },
        _ => return None,
    };
    for setting in settings.split(',') {
        match setting.split_once('=') {
            Some(("p", value)) => loss.p = value.parse().ok()?,
            Some(("q", value)) => loss.q = value.parse().ok()?,
            Some(("alpha", value)) => {
                let (plain, rescaled) = value.split_once(':')?;
                loss.alpha = [plain.parse().ok()?, rescaled.parse().ok()?];
            }
            None if setting == "detach" => loss.detach = true,
            _ => return None,
        }
    }
    Some(loss)
}

fn deviations(v: &[f64]) -> Vec<f64> {
    let mean = v.iter().sum::<f64>() / v.len() as f64;
    v.iter().map(|v| v - mean).collect()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_their_settings() {
        let parse = |id| Loss::parse(id, 1e-8);
        let paper = NormInNorm::paper();
        assert_eq!(
            parse("norm_in_norm_paper(p=1,q=3)"),
            Some(Loss::NormInNorm(NormInNorm { q: 3.0, ..paper }))
        );
        let published = NormInNorm { p: 2.0, alpha: [1.0, 0.1], detach: true, ..NormInNorm::normalized() };
        assert_eq!(parse("norm_in_norm_ref(p=2,q=2,alpha=1:0.1,detach)"), Some(Loss::NormInNorm(published)));
        assert_eq!(parse("rank_fastvqa"), Some(Loss::Rank(Rank::FastVqa)));
        for unknown in
            ["huber", "norm_in_norm_paper(p=1,q=2,beta=3)", "norm_in_norm(p=1,q=2)", "kl_paper(p=1)"]
        {
            assert_eq!(parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn noise_is_where_the_vectors_coincide() {
        let loss = Loss::parse("norm_in_norm_ref(p=1,q=2,alpha=1:0.1)", 1e-8).unwrap();
        let share = loss.noise(&[1.0, 2.0, 4.0], &[5.0, 4.0, 2.0], DType::F64);
        assert!(share.is_some_and(|share| (share - 0.2 / 1.1).abs() < 1e-15));
        assert_eq!(loss.noise(&[1.0, 2.0, 4.0], &[5.0, 4.0, 2.1], DType::F64), None);
        let detached = Loss::parse("norm_in_norm_ref(p=1,q=2,alpha=1:0,detach)", 1e-8).unwrap();
        assert_eq!(detached.noise(&[1.0, 2.0], &[5.0, 7.0], DType::F32), Some(1.0));
        assert_eq!(detached.noise(&[1.0, 2.0], &[5.0, 7.0], DType::F64), None);
        assert_eq!(Loss::Mae.noise(&[1.0, 2.0], &[5.0, 7.0], DType::F32), None);
    }
}
