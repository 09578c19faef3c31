//! What the test files share.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use candle_core::{DType, Device, Tensor, Var};
use dream_loss::{NormInNorm, Result, candle_core, mae};

/// The losses of this crate, so that a test can loop over all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Loss {
    Mae,
    NormInNorm(NormInNorm),
}

impl Loss {
    pub(crate) fn all() -> Vec<Self> {
        let exponents = [(1.0, 2.0), (1.0, 1.0), (2.0, 2.0), (1.0, 3.0), (1.5, 1.5), (3.0, 4.0), (2.0, 64.0)];
        let nin = exponents.map(|(p, q)| Self::NormInNorm(NormInNorm { p, q, ..NormInNorm::paper() }));
        [Self::Mae].into_iter().chain(nin).collect()
    }

    pub(crate) fn forward(&self, pred: &Tensor, target: &Tensor) -> Result<Tensor> {
        match self {
            Self::Mae => mae(pred, target),
            Self::NormInNorm(loss) => loss.forward(pred, target),
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
            gradient.to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap()
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
