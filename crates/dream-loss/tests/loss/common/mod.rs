//! What the test files share.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic here is a failed test")]
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod oracle;

use candle_core::{DType, Device, Tensor, Var};
use dream_loss::{Kl, NormInNorm, Plcc, Rank, Result, candle_core};

/// The losses of this crate on a pair of vectors, so that a test can loop over all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Loss {
    Mae,
    Mse,
    Rmse,
    RmseEps,
    NormInNorm(NormInNorm),
    Plcc(Plcc),
    Kl(Kl),
    Rank(Rank),
    NinKl,
    RmsePlcc,
    RmseRank,
    MaePlccRank,
}

impl Loss {
    pub(crate) fn all() -> Vec<Self> {
        use Loss::{Kl as Divergence, Mae, MaePlccRank, Mse, NinKl, Plcc as Pearson, Rank as Pairs};
        let mut all = vec![Mae, Mse, Self::Rmse, Self::RmseEps];
        all.extend([Kl::Printed, Kl::Reverse].map(Divergence));
        all.extend([Plcc::FastVqa, Plcc::Half, Plcc::OneMinus].map(Pearson));
        all.extend([Rank::Margin, Rank::FastVqa].map(Pairs));
        all.extend([NinKl, Self::RmsePlcc, Self::RmseRank, MaePlccRank]);
        all.extend(Self::norms_in_norm());
        all
    }

    pub(crate) fn norms_in_norm() -> Vec<Self> {
        let paper = NormInNorm::paper();
        let exponents = [(1.0, 2.0), (1.0, 1.0), (2.0, 2.0), (1.0, 3.0), (1.5, 1.5), (3.0, 4.0), (2.0, 64.0)];
        let mut all: Vec<NormInNorm> = exponents.map(|(p, q)| NormInNorm { p, q, ..paper }).into();
        let exponents = [(1.0, 2.0), (2.0, 2.0), (1.5, 3.0), (3.0, 1.5), (1.0, 1.0)];
        all.extend(exponents.map(|(p, q)| NormInNorm { p, q, ..NormInNorm::normalized() }));
        all.extend(exponents.map(|(p, q)| NormInNorm {
            p,
            q,
            alpha: [1.0, 0.3],
            ..NormInNorm::normalized()
        }));
        all.push(NormInNorm { p: 2.0, alpha: [0.0, 2.0], ..paper });
        all.into_iter().map(Self::NormInNorm).collect()
    }

    /// The loss of an id in the reference file.
    pub(crate) fn parse(id: &str) -> Option<Self> {
        Some(match id {
            "mae" => Self::Mae,
            "mse" => Self::Mse,
            "rmse" => Self::Rmse,
            "rmse_eps" => Self::RmseEps,
            "kl_paper" => Self::Kl(Kl::Printed),
            "kl_reverse" => Self::Kl(Kl::Reverse),
            "regression_nin_plus_kl" => Self::NinKl,
            "plcc_fastvqa" => Self::Plcc(Plcc::FastVqa),
            "plcc_half" => Self::Plcc(Plcc::Half),
            "plcc_one_minus" => Self::Plcc(Plcc::OneMinus),
            "rank_margin_wen_wang" => Self::Rank(Rank::Margin),
            "rank_fastvqa" => Self::Rank(Rank::FastVqa),
            _ => {
                let (form, rest) = id.strip_prefix("norm_in_norm_")?.strip_suffix(')')?.split_once("(p=")?;
                let (p, rest) = rest.split_once(",q=")?;
                let (q, rest) = rest.split_once(',').unwrap_or((rest, ""));
                let base = match form {
                    "paper" => NormInNorm::paper(),
                    "ref" => NormInNorm::normalized(),
                    _ => return None,
                };
                let detach = rest.ends_with(",detach");
                let alpha = rest.trim_end_matches(",detach").strip_prefix("alpha=").unwrap_or("1:0");
                let (plain, rescaled) = alpha.split_once(':')?;
                let alpha = [plain.parse().ok()?, rescaled.parse().ok()?];
                Self::NormInNorm(NormInNorm { p: p.parse().ok()?, q: q.parse().ok()?, alpha, detach, ..base })
            }
        })
    }

    /// Whether it compares the values of a batch with each other, and so ignores a single one.
    pub(crate) fn is_relative(&self) -> bool {
        matches!(self, Self::NormInNorm(_) | Self::Plcc(_) | Self::Kl(_) | Self::Rank(_) | Self::NinKl)
    }

    /// Whether all of its gradient goes through a division by the norm of the deviations.
    pub(crate) fn is_normalised(&self) -> bool {
        matches!(self, Self::NormInNorm(_) | Self::Plcc(_))
    }

    pub(crate) fn forward(&self, pred: &Tensor, target: &Tensor) -> Result<Tensor> {
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
            Self::RmsePlcc => dream_loss::rmse_plcc(pred, target),
            Self::RmseRank => dream_loss::rmse_rank(pred, target),
            Self::MaePlccRank => dream_loss::mae_plcc_rank(pred, target),
        }
    }

    /// Value, gradient of `pred` and gradient of `target`, all as f64.
    pub(crate) fn evaluate(
        &self,
        pred: &[f64],
        target: &[f64],
        dtype: DType,
    ) -> Result<(f64, Vec<f64>, Vec<f64>)> {
        let (pred, target) = (var(pred, dtype), var(target, dtype));
        let value = self.forward(&pred, &target)?;
        assert_eq!(value.dims(), [0; 0], "a loss is a scalar");
        let gradients = value.backward()?;
        let read = |v: &Var| {
            let gradient = gradients.get(v).expect("the graph is not cut");
            assert_eq!(gradient.dtype(), dtype);
            flat(gradient)
        };
        Ok((scalar(&value), read(&pred), read(&target)))
    }
}

pub(crate) fn var(values: &[f64], dtype: DType) -> Var {
    Var::from_tensor(&tensor(values, dtype)).unwrap()
}

pub(crate) fn tensor(values: &[f64], dtype: DType) -> Tensor {
    Tensor::from_slice(values, values.len(), &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
}

pub(crate) fn scalar(tensor: &Tensor) -> f64 {
    tensor.to_dtype(DType::F64).unwrap().to_scalar::<f64>().unwrap()
}

/// All values as f64.
pub(crate) fn flat(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap()
}

pub(crate) fn all_zero(values: &[f64]) -> bool {
    values.iter().all(|v| *v == 0.0)
}

/// Fails if a difference exceeds `tolerance` times the largest expected magnitude, or times 1 if that is smaller.
pub(crate) fn close(name: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
    for (a, b) in found.iter().zip(expected) {
        // A NaN fails this comparison.
        let within = (a - b).abs() <= tolerance * scale;
        assert!(within, "{name}: {found:?} is not {expected:?}");
    }
}

/// Central differences of a function by each entry of `point`.
pub(crate) fn differences(point: &[f64], step: f64, value: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let moved = |index: usize, by: f64| {
        let mut point = point.to_vec();
        point[index] += by;
        value(&point)
    };
    (0..point.len()).map(|i| (moved(i, step) - moved(i, -step)) / (2.0 * step)).collect()
}

/// Seeded numbers in 1..5 (SplitMix64).
pub(crate) fn scores(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        1.0 + 4.0 * ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    std::iter::repeat_with(next).take(count).collect()
}
