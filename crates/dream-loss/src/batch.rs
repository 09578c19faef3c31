//! The steps around the formula of every loss: checks, the number type, and the path of the gradient.
//!
//! A loss computes its value and its gradient in closed form, on detached tensors. [`finish`] then ties both to the
//! graph: `value + Σ gradient · (x - x.detach())` has exactly that value and that gradient, however they were computed.
//! So no root or quotient of the formula can put a NaN on candle's tape, and backward costs a few operations on the
//! inputs' shape.

use candle_core::{DType, Device, Tensor};

use crate::{Error, Result, check_finite};

/// The largest entry of any gradient.
const LIMIT: f64 = 1e7;

/// The same for an f16 input: its gradient is f16 too, and f16 ends at 65504.
const LIMIT_F16: f64 = 6e4;

/// An input of a loss, in the type of the computation.
pub(crate) struct Input {
    name: &'static str,
    /// Tied to the caller's graph.
    tracked: Tensor,
    /// Detached, for the formulas.
    pub(crate) value: Tensor,
    /// The largest allowed entry of its gradient.
    pub(crate) limit: f64,
}

impl Input {
    /// Converts to `dtype`. On the CPU it also rejects NaN and infinity; see [`finish`] for devices.
    pub(crate) fn new(name: &'static str, tensor: &Tensor, dtype: DType) -> Result<Self> {
        let limit = if tensor.dtype() == DType::F16 { LIMIT_F16 } else { LIMIT };
        let tracked = tensor.to_dtype(dtype)?;
        let value = tracked.detach();
        if on_host(value.device()) {
            check_finite(name, &value)?;
        }
        Ok(Self { name, tracked, value, limit })
    }

    /// Tied to the caller's graph, in the type of the computation.
    pub(crate) const fn tracked(&self) -> &Tensor {
        &self.tracked
    }

    /// The gradient for this input, or `None` if nobody tracks it.
    pub(crate) fn gradient(
        &self,
        formula: impl FnOnce() -> candle_core::Result<Tensor>,
    ) -> candle_core::Result<Option<(&Self, Tensor)>> {
        self.tracked.track_op().then(|| Ok((self, formula()?))).transpose()
    }
}

/// A checked pair of vectors.
pub(crate) struct Batch {
    pub(crate) pred: Input,
    pub(crate) target: Input,
    /// Values per vector, at least 1.
    pub(crate) len: usize,
}

impl Batch {
    /// Checks shapes and types, and converts half precision to f32.
    ///
    /// The result is f64 if an input is f64, else f32. The conversion is part of the graph.
    pub(crate) fn new(pred: &Tensor, target: &Tensor) -> Result<Self> {
        let len = vector_len("pred", pred)?;
        let target_len = vector_len("target", target)?;
        if len != target_len {
            return Err(Error::LengthMismatch { pred: len, target: target_len });
        }
        if len == 0 {
            return Err(Error::EmptyBatch);
        }
        let dtype = common_dtype(&[("pred", pred), ("target", target)])?;
        let (pred, target) = (Input::new("pred", pred, dtype)?, Input::new("target", target, dtype)?);
        Ok(Self { pred, target, len })
    }

    /// Zero with a zero gradient: the loss of a single pair when the loss compares values within the batch.
    pub(crate) fn zero(&self, loss: &'static str) -> Result<Tensor> {
        let value = self.pred.value.zeros_like()?.sum_all()?;
        let by_pred = self.pred.gradient(|| self.pred.value.zeros_like())?;
        let by_target = self.target.gradient(|| self.target.value.zeros_like())?;
        finish(loss, value, [by_pred, by_target], [&self.pred, &self.target])
    }

    /// Ties the value and its gradients to the graph; see [`finish`].
    pub(crate) fn finish(
        &self,
        loss: &'static str,
        value: Tensor,
        by_pred: impl FnOnce() -> candle_core::Result<Tensor>,
        by_target: impl FnOnce() -> candle_core::Result<Tensor>,
    ) -> Result<Tensor> {
        let gradients = [self.pred.gradient(by_pred)?, self.target.gradient(by_target)?];
        finish(loss, value, gradients, [&self.pred, &self.target])
    }
}

/// A scalar with this value and these gradients.
///
/// On the CPU a value that is not finite, or a gradient above its limit, is an error. On a device this reads nothing
/// back: such a batch, or one with NaN or infinity in an input, gets the value NaN and a zero gradient.
pub(crate) fn finish<const G: usize, const N: usize>(
    loss: &'static str,
    value: Tensor,
    gradients: [Option<(&Input, Tensor)>; G],
    inputs: [&Input; N],
) -> Result<Tensor> {
    let mut value = value;
    let gradients: Vec<(&Input, Tensor)> = gradients.into_iter().flatten().collect();
    if on_host(value.device()) {
        if !host_values(&value)?.iter().all(|v| v.is_finite()) {
            return Err(Error::Overflow { loss, dtype: value.dtype() });
        }
        for (input, gradient) in &gradients {
            // A NaN fails this comparison.
            if !host_values(gradient)?.iter().all(|g| g.abs() <= input.limit) {
                return Err(Error::Steep { loss, argument: input.name, limit: input.limit });
            }
        }
        for (input, gradient) in &gradients {
            value = (value + carrier(input, gradient)?)?;
        }
        return Ok(value);
    }

    let largest = if value.dtype() == DType::F64 { f64::MAX } else { f64::from(f32::MAX) };
    let mut good = all_within(&value, largest)?;
    for input in inputs {
        good = (good * all_within(&input.value, largest)?)?;
    }
    for (input, gradient) in &gradients {
        good = (good * all_within(gradient, input.limit)?)?;
    }
    let good = good.ne(0.0)?;
    let nan = value.affine(0.0, f64::NAN)?;
    value = good.where_cond(&value, &nan)?;
    for (input, gradient) in &gradients {
        let kept = good.broadcast_as(gradient.shape())?.where_cond(gradient, &gradient.zeros_like()?)?;
        value = (value + carrier(input, &kept)?)?;
    }
    Ok(value)
}

/// The sum of two losses, or an error if it does not fit.
pub(crate) fn sum(loss: &'static str, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let sum = (a + b)?;
    if on_host(sum.device()) && !host_values(&sum)?.iter().all(|v| v.is_finite()) {
        return Err(Error::Overflow { loss, dtype: sum.dtype() });
    }
    Ok(sum)
}

/// Zero, with the given gradient.
fn carrier(input: &Input, gradient: &Tensor) -> candle_core::Result<Tensor> {
    (&input.tracked - &input.value)?.mul(gradient)?.sum_all()
}

/// 1 if every entry is a number of at most this magnitude, else 0, as a scalar of the tensor's type. A NaN compares as
/// false; candle's reductions may drop it.
fn all_within(x: &Tensor, limit: f64) -> candle_core::Result<Tensor> {
    x.abs()?.le(limit)?.to_dtype(x.dtype())?.flatten_all()?.min(0)
}

/// Whether reading values is free. On a device it would wait for the queued work.
fn on_host(device: &Device) -> bool {
    #[cfg(test)]
    if tests::AS_ON_A_DEVICE.get() {
        return false;
    }
    device.is_cpu()
}

pub(crate) fn host_values(tensor: &Tensor) -> candle_core::Result<Vec<f64>> {
    tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1()
}

/// f64 if an input is f64, else f32. Fails on types that are not plain floating point.
pub(crate) fn common_dtype(inputs: &[(&'static str, &Tensor)]) -> Result<DType> {
    let mut common = DType::F32;
    for &(argument, tensor) in inputs {
        match tensor.dtype() {
            DType::F64 => common = DType::F64,
            DType::F32 | DType::F16 | DType::BF16 => {}
            dtype => return Err(Error::UnsupportedDType { argument, dtype }),
        }
    }
    Ok(common)
}

fn vector_len(argument: &'static str, tensor: &Tensor) -> Result<usize> {
    match tensor.dims() {
        [len] => Ok(*len),
        shape => Err(Error::NotAVector { argument, shape: shape.to_vec() }),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use candle_core::Var;

    use super::*;
    use crate::{
        Alignment, DaClipBatch, DaClipLoss, Kl, LevelMass, NormInNorm, Plcc, Rank, SoftLabel, level_kl, mae,
        mse, read, rmse, rmse_eps,
    };

    thread_local! {
        /// Treats the CPU as a device whose values it cannot read.
        pub(super) static AS_ON_A_DEVICE: Cell<bool> = const { Cell::new(false) };
    }

    type Loss = Box<dyn Fn(&Tensor, &Tensor) -> Result<Tensor>>;

    /// Every loss of two vectors; those of matrices get reshaped input.
    fn losses() -> Vec<(&'static str, Loss)> {
        let rescaled = NormInNorm { alpha: [1.0, 0.5], ..NormInNorm::normalized() };
        let labels: Vec<SoftLabel> =
            [1.3, 4.2].map(|mos| SoftLabel::new(mos, 0.5, LevelMass::Bin).unwrap()).into();
        let pairs = |x: &Tensor| Ok::<_, Error>(x.reshape((2, ()))?);
        vec![
            ("mae", Box::new(mae)),
            ("mse", Box::new(mse)),
            ("rmse", Box::new(rmse)),
            ("rmse_eps", Box::new(|p, q| rmse_eps(p, q, 1e-12))),
            ("nin", Box::new(|p, q| NormInNorm::paper().forward(p, q))),
            ("nin q=3", Box::new(|p, q| NormInNorm { p: 1.5, q: 3.0, ..NormInNorm::paper() }.forward(p, q))),
            ("nin rescaled", Box::new(move |p, q| rescaled.forward(p, q))),
            ("plcc", Box::new(|p, q| Plcc::Half.forward(p, q))),
            ("plcc fast-vqa", Box::new(|p, q| Plcc::FastVqa.forward(p, q))),
            ("kl", Box::new(|p, q| Kl::Printed.forward(p, q))),
            ("kl reverse", Box::new(|p, q| Kl::Reverse.forward(p, q))),
            ("rank", Box::new(|p, q| Rank::Margin.forward(p, q))),
            ("rank fast-vqa", Box::new(|p, q| Rank::FastVqa.forward(p, q))),
            ("alignment", Box::new(move |p, q| Alignment::Mean.forward(&pairs(p)?, &pairs(q)?))),
            ("level kl", Box::new(move |p, q| level_kl(&pairs(&(p + q)?)?, [4, 1, 0, 3, 2], &labels))),
            (
                "da-clip",
                Box::new(move |p, q| {
                    let (visual, text) = (&pairs(p)?, &pairs(q)?);
                    let batch = DaClipBatch { visual_scores: p, text_scores: q, mos: q, visual, text };
                    Ok(DaClipLoss::default().forward(&batch)?.total)
                }),
            ),
        ]
    }

    fn evaluate(loss: &Loss, pred: &[f64], target: &[f64], dtype: DType) -> Result<(Tensor, Vec<f64>)> {
        let var = |v: &[f64]| Var::from_tensor(&Tensor::new(v, &Device::Cpu)?.to_dtype(dtype)?);
        let (pred, target) = (var(pred)?, var(target)?);
        let value = loss(&pred, &target)?;
        let store = value.backward()?;
        let mut gradients = Vec::new();
        for input in [&pred, &target] {
            gradients.extend(host_values(store.get(input).unwrap())?);
        }
        Ok((value, gradients))
    }

    fn on_a_device<T>(run: impl FnOnce() -> T) -> T {
        AS_ON_A_DEVICE.set(true);
        let result = run();
        AS_ON_A_DEVICE.set(false);
        result
    }

    const GOOD: [f64; 10] = [1.5, 2.0, 4.5, 3.0, 2.5, 1.0, 4.0, 3.5, 5.0, 1.25];
    const OTHER: [f64; 10] = [2.5, 1.0, 4.0, 3.5, 2.0, 1.5, 4.75, 3.0, 4.5, 1.75];

    #[test]
    fn a_device_gives_the_same_numbers() {
        for dtype in [DType::F32, DType::F64] {
            for (name, loss) in losses() {
                let (here, by_here) = evaluate(&loss, &GOOD, &OTHER, dtype).unwrap();
                let (there, by_there) = on_a_device(|| evaluate(&loss, &GOOD, &OTHER, dtype)).unwrap();
                assert_eq!(host_values(&here).unwrap(), host_values(&there).unwrap(), "{name} {dtype:?}");
                assert_eq!(by_here, by_there, "{name} {dtype:?}");
                assert!(by_here.iter().any(|g| g.abs() > 1e-4), "{name} {dtype:?}");
                assert!(read(&there).is_ok());
            }
        }
    }

    #[test]
    fn a_bad_input_on_a_device_is_nan_without_a_gradient() {
        for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut broken = GOOD;
                broken[4] = bad;
                for (name, loss) in losses() {
                    for (pred, target) in [(&broken, &OTHER), (&OTHER, &broken)] {
                        let here = evaluate(&loss, pred, target, dtype);
                        assert!(matches!(here, Err(Error::NonFinite { index: 4, .. })), "{name} {bad}");
                        let (value, gradients) =
                            on_a_device(|| evaluate(&loss, pred, target, dtype)).unwrap();
                        let error = read(&value);
                        assert!(
                            matches!(error, Err(Error::Withdrawn { value }) if value.is_nan()),
                            "{name} {bad}"
                        );
                        // A sum keeps the gradient of the terms that did not see the bad input.
                        assert!(gradients.iter().all(|g| g.is_finite()), "{name} {bad}: {gradients:?}");
                        if name != "da-clip" {
                            assert!(gradients.iter().all(|g| *g == 0.0), "{name} {bad}: {gradients:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_on_a_device_is_nan_without_a_gradient() {
        let high = GOOD.map(|v| v * 6.5e37);
        let low = high.map(|v| -v);
        for (name, loss) in losses() {
            let here = evaluate(&loss, &high, &low, DType::F32);
            let (value, gradients) = on_a_device(|| evaluate(&loss, &high, &low, DType::F32)).unwrap();
            assert!(gradients.iter().all(|g| g.abs() <= LIMIT), "{name}: {gradients:?}");
            match here {
                Ok((here, _)) => assert_eq!(read(&here).unwrap(), read(&value).unwrap(), "{name}"),
                Err(error) => {
                    assert!(matches!(error, Error::Overflow { .. } | Error::Steep { .. }), "{name}: {error}");
                    assert!(read(&value).is_err(), "{name}");
                }
            }
        }
    }

    #[test]
    fn a_steep_gradient_is_refused() {
        let loss: Loss = Box::new(mse);
        // 2 (P - Q) / n: 1e7 exactly, and a little more.
        assert!(evaluate(&loss, &[5e6], &[0.0], DType::F64).is_ok());
        let error = evaluate(&loss, &[5.1e6], &[0.0], DType::F64);
        assert!(matches!(error, Err(Error::Steep { loss: "MSE", argument: "pred", limit: LIMIT })));
        let (value, gradients) = on_a_device(|| evaluate(&loss, &[5.1e6], &[0.0], DType::F64)).unwrap();
        assert!(read(&value).is_err() && gradients == [0.0, 0.0]);

        // In f16 the gradient would be infinite.
        assert!(evaluate(&loss, &[29_000.0], &[0.0], DType::F16).is_ok());
        let error = evaluate(&loss, &[33_000.0], &[0.0], DType::F16);
        assert!(matches!(error, Err(Error::Steep { limit: LIMIT_F16, .. })));
        // Without a tracked input there is no gradient to reject.
        let far = Tensor::new(&[5.1e6_f64], &Device::Cpu).unwrap();
        assert!(mse(&far, &far.zeros_like().unwrap()).is_ok());
    }

    #[test]
    fn an_untracked_input_costs_no_gradient() {
        let pred = Var::new(&[1.0_f32, 2.0], &Device::Cpu).unwrap();
        let target = Tensor::new(&[1.0_f32, 3.0], &Device::Cpu).unwrap();
        let batch = Batch::new(&pred, &target).unwrap();
        assert!(batch.pred.gradient(|| batch.pred.value.ones_like()).unwrap().is_some());
        let unused = batch.target.gradient(|| panic!("not needed"));
        assert!(unused.unwrap().is_none());
    }
}
