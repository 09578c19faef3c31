//! Gradients against finite differences, and through a small network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test helper is a failed test"
)]

mod common;

use candle_core::{DType, Device, Result, Tensor, Var};
use common::{Loss, scalar, scores, tensor};
use dream_loss::candle_core;

/// Central differences of the loss by each entry of `point`.
fn differences(point: &[f64], step: f64, value: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let moved = |index: usize, by: f64| {
        let mut point = point.to_vec();
        point[index] += by;
        value(&point)
    };
    (0..point.len()).map(|i| (moved(i, step) - moved(i, -step)) / (2.0 * step)).collect()
}

#[test]
fn gradients_equal_finite_differences() {
    for loss in Loss::all() {
        for (seed, n) in [(1, 2), (2, 3), (3, 4), (4, 7), (5, 8), (6, 33)] {
            // Two values normalise to the same pair whatever they are: the true gradient is 0, and a kink.
            if n == 2 && !matches!(loss, Loss::Mae) {
                continue;
            }
            let (pred, target) = (scores(seed, n), scores(seed + 100, n));
            let (_, by_pred, by_target) = loss.evaluate(&pred, &target, DType::F64).unwrap();
            let value = |p: &[f64], t: &[f64]| {
                scalar(&loss.forward(&tensor(p, DType::F64), &tensor(t, DType::F64)).unwrap())
            };
            let step = 1e-6;
            let numeric_pred = differences(&pred, step, |p| value(p, &target));
            let numeric_target = differences(&target, step, |t| value(&pred, t));
            for (a, b) in by_pred.iter().zip(&numeric_pred).chain(by_target.iter().zip(&numeric_target)) {
                assert!((a - b).abs() < 1e-7 * b.abs().max(1.0), "{loss:?} n = {n}: {a} is not {b}");
            }
        }
    }
}

#[test]
fn norm_in_norm_gradient_ignores_shift_and_scale() {
    let (pred, target) = (scores(11, 9), scores(12, 9));
    for loss in Loss::all().into_iter().skip(1) {
        let (_, gradient, _) = loss.evaluate(&pred, &target, DType::F64).unwrap();
        assert!(gradient.iter().any(|g| g.abs() > 1e-3), "{loss:?}");
        assert!(gradient.iter().sum::<f64>().abs() < 1e-12, "{loss:?}: a shift changes nothing");
        // A stretch changes only what eps leaves.
        let along: f64 = gradient.iter().zip(&pred).map(|(g, p)| g * p).sum();
        assert!(along.abs() < 1e-7, "{loss:?}: {along}");
    }
}

struct Network {
    w1: Var,
    b1: Var,
    w2: Var,
}

impl Network {
    fn new(dtype: DType) -> Result<Self> {
        let fill = |seed, rows: usize, columns: usize| {
            let centred: Vec<f64> = scores(seed, rows * columns).iter().map(|v| v / 2.0 - 1.5).collect();
            Var::from_tensor(&tensor(&centred, dtype).reshape((rows, columns))?)
        };
        Ok(Self { w1: fill(21, 3, 4)?, b1: fill(22, 1, 4)?, w2: fill(23, 4, 1)? })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.w1)?.broadcast_add(&self.b1)?.tanh()?.matmul(&self.w2)?.squeeze(1)
    }
}

/// One gradient step as a user writes it: `?` on our errors gives candle's.
fn train(loss: Loss, dtype: DType, steps: usize) -> Result<(f64, f64)> {
    let network = Network::new(dtype)?;
    let x = tensor(&scores(31, 24), dtype).reshape((8, 3))?.affine(0.5, -1.5)?;
    let target = tensor(&scores(32, 8), dtype);
    let before = scalar(&loss.forward(&network.forward(&x)?, &target)?);
    for _ in 0..steps {
        let gradients = loss.forward(&network.forward(&x)?, &target)?.backward()?;
        for var in [&network.w1, &network.b1, &network.w2] {
            let gradient = gradients.get(var).expect("every trainable tensor has a gradient");
            let values = gradient.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
            assert!(values.iter().all(|g| g.is_finite()), "{loss:?}");
            assert!(values.iter().any(|g| g.abs() > 1e-6), "{loss:?}: {values:?}");
            var.set(&(var.as_tensor() - (gradient * 0.01)?)?)?;
        }
    }
    Ok((before, scalar(&loss.forward(&network.forward(&x)?, &target)?)))
}

#[test]
fn every_parameter_learns_through_each_loss() {
    for loss in Loss::all() {
        for dtype in [DType::F32, DType::F64] {
            let (before, after) = train(loss, dtype, 20).unwrap();
            assert!(after < before, "{loss:?} {dtype:?}: {before} -> {after}");
        }
    }
}

#[test]
fn our_errors_pass_through_a_candle_step() {
    fn step() -> Result<Tensor> {
        let empty = Tensor::zeros(0, DType::F32, &Device::Cpu)?;
        Ok(dream_loss::mae(&empty, &empty)?)
    }
    let error = step().unwrap_err();
    assert!(error.to_string().starts_with("the batch is empty"), "{error}");
}
