//! The line that some losses leave open.

use candle_core::Tensor;

use crate::batch::{Batch, host_values};
use crate::{Error, Result, check_finite};

/// A rising line that brings predictions to the scale of the scores.
///
/// A loss that compares shapes, as [`NormInNorm`](crate::NormInNorm) and [`Plcc`](crate::Plcc) do, is content with
/// predictions of any offset and scale, and [`Kl`](crate::Kl) with those of any offset. After training with such a loss
/// (or with a sum of them, such as [`nin_kl`](crate::nin_kl)), [`fit`](Self::fit) finds the line on the training set, and
/// [`fold`](Self::fold) puts it into the last layer, so that the network itself answers in the units of the scores. Rank
/// and linear correlations do not see it.
///
/// ```
/// use dream_loss::Line;
/// use dream_loss::candle_core::{DType, Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// // The last layer of a network, trained with norm-in-norm: its answers rise with the scores, in units of its own.
/// let (weight, bias) = (Tensor::new(&[[2.0_f32, -1.0]], &Device::Cpu)?, Tensor::new(&[0.5_f32], &Device::Cpu)?);
/// let features = Tensor::new(&[[1.0_f32, 0.0], [2.0, 1.0], [4.0, 3.0]], &Device::Cpu)?;
/// let answer = |weight: &Tensor, bias: &Tensor| features.matmul(&weight.t()?)?.broadcast_add(bias)?.squeeze(1);
///
/// let scores = Tensor::new(&[2.0_f32, 2.5, 3.5], &Device::Cpu)?;
/// let line = Line::fit(&answer(&weight, &bias)?, &scores)?;
/// let (weight, bias) = line.fold(&weight, &bias)?;
/// let error = (answer(&weight, &bias)? - scores)?.abs()?.max(0)?.to_scalar::<f32>()?;
/// assert!(error < 1e-6);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Scores for one unit of the predictions; above 0.
    pub slope: f64,
    /// The score where the prediction is 0.
    pub offset: f64,
}

impl Line {
    /// The line that changes nothing.
    pub const IDENTITY: Self = Self { slope: 1.0, offset: 0.0 };

    /// The line of least squares through `pred` and `target`. It is computed in f64 on the host, whatever the inputs.
    ///
    /// ```
    /// use dream_loss::Line;
    /// use dream_loss::candle_core::{Device, Tensor};
    ///
    /// # fn main() -> dream_loss::Result<()> {
    /// let pred = Tensor::new(&[0.0_f32, 1.0, 2.0], &Device::Cpu)?;
    /// let target = Tensor::new(&[1.0_f32, 3.0, 5.0], &Device::Cpu)?;
    /// let line = Line::fit(&pred, &target)?;
    /// assert_eq!((line.slope, line.offset, line.at(3.0)), (2.0, 1.0, 7.0));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Shapes
    ///
    /// `pred` `[n]`, `target` `[n]`: all predictions of a set, not those of a batch.
    ///
    /// # Errors
    ///
    /// [`Error::NoLine`] if all predictions are equal, if the line does not rise, as it would turn the order of the
    /// predictions round, or if its sums do not fit an f64; [`Error::NotAVector`], [`Error::LengthMismatch`],
    /// [`Error::EmptyBatch`], [`Error::UnsupportedDType`], [`Error::NonFinite`] (on every device), [`Error::Candle`].
    #[doc(alias("polyfit", "linregress", "calibration", "rescale"))]
    pub fn fit(pred: &Tensor, target: &Tensor) -> Result<Self> {
        let batch = Batch::new(pred, target)?;
        check_finite("pred", pred)?;
        check_finite("target", target)?;
        let (pred, target) = (host_values(&batch.pred.value)?, host_values(&batch.target.value)?);
        if pred.iter().all(|x| Some(x) == pred.first()) {
            return Err(Error::NoLine { reason: "all predictions are equal" });
        }
        let n = batch.len as f64;
        let (mx, my) = (pred.iter().sum::<f64>() / n, target.iter().sum::<f64>() / n);
        let both: f64 = pred.iter().zip(&target).map(|(x, y)| (x - mx) * (y - my)).sum();
        let spread: f64 = pred.iter().map(|x| (x - mx) * (x - mx)).sum();
        let (slope, offset) = (both / spread, my - both / spread * mx);
        if ![spread, slope, offset].iter().all(|v| v.is_finite()) {
            return Err(Error::NoLine { reason: "their spread leaves the range of an f64" });
        }
        if slope <= 0.0 {
            return Err(Error::NoLine { reason: "the scores do not rise with the predictions" });
        }
        Ok(Self { slope, offset })
    }

    /// A prediction on the scale of the scores.
    #[must_use]
    pub fn at(&self, prediction: f64) -> f64 {
        self.slope * prediction + self.offset
    }

    /// Weight and bias of a last linear layer that answers with [`at`](Self::at) of what it has answered before, up to
    /// rounding. It works for every layer that is linear in weight and bias, so also for a convolution, and for a mean over
    /// its answers; not where something else than a mean follows, such as a sigmoid.
    ///
    /// The results have the type and the device of their inputs, and are detached.
    ///
    /// # Shapes
    ///
    /// `weight` and `bias` any; the results have the same.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] if a number of the layer is not finite, or would not be afterwards; [`Error::Candle`].
    pub fn fold(&self, weight: &Tensor, bias: &Tensor) -> Result<(Tensor, Tensor)> {
        let weight = (weight.detach() * self.slope)?;
        let bias = bias.detach().affine(self.slope, self.offset)?;
        check_finite("weight", &weight)?;
        check_finite("bias", &bias)?;
        Ok((weight, bias))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;

    fn fit(pred: &[f64], target: &[f64]) -> Result<Line> {
        Line::fit(&Tensor::new(pred, &Device::Cpu)?, &Tensor::new(target, &Device::Cpu)?)
    }

    #[test]
    fn the_line_is_that_of_least_squares() {
        let line = fit(&[0.0, 1.0, 2.0], &[1.0, 3.5, 5.0]).unwrap();
        assert!((line.slope - 2.0).abs() < 1e-12 && (line.offset - 7.0 / 6.0).abs() < 1e-12, "{line:?}");
        assert_eq!(Line::IDENTITY.at(3.5), 3.5);
    }

    #[test]
    fn what_has_no_rising_line_is_an_error_that_says_why() {
        let why = |pred: &[f64], target: &[f64]| match fit(pred, target) {
            Err(Error::NoLine { reason }) => reason,
            other => panic!("{other:?}"),
        };
        assert!(why(&[0.0, 1.0], &[3.0, 2.0]).contains("rise"));
        assert!(why(&[0.0, 1.0, 2.0], &[3.0, 3.0, 3.0]).contains("rise"));
        // The mean of these rounds: the spread is not 0.
        assert!(why(&[0.1; 3], &[1.0, 2.0, 4.0]).contains("equal"));
        assert!(why(&[2.0], &[3.0]).contains("equal"));
        assert!(why(&[-f64::MAX, f64::MAX], &[0.0, 1.0]).contains("f64"));
        assert!(why(&[0.0, 1e-200], &[0.0, 1.0]).contains("f64"));
        assert!(matches!(fit(&[], &[]), Err(Error::EmptyBatch)));
        assert!(matches!(fit(&[1.0], &[1.0, 2.0]), Err(Error::LengthMismatch { .. })));
        assert!(matches!(fit(&[f64::NAN, 1.0], &[1.0, 2.0]), Err(Error::NonFinite { argument: "pred", .. })));
        let matrix = Tensor::zeros((2, 2), DType::F64, &Device::Cpu).unwrap();
        assert!(matches!(Line::fit(&matrix, &matrix), Err(Error::NotAVector { .. })));
    }

    /// A layer with the line in it answers what the line makes of the layer's answers, in every type.
    #[test]
    fn a_folded_layer_answers_on_the_line() {
        let numbers = |n: u32, step: u32| (0..n).map(move |k| f64::from(k * step % 19) / 9.5 - 1.0);
        let tensor = |n, step, shape: &[usize]| {
            Tensor::from_iter(numbers(n, step), &Device::Cpu).and_then(|t| t.reshape(shape)).unwrap()
        };
        let (x, weight, bias) = (tensor(40, 7, &[5, 8]), tensor(16, 5, &[2, 8]), tensor(2, 3, &[2]));
        let line = Line { slope: 0.37, offset: 3.25 };
        for (dtype, tolerance) in [(DType::F64, 1e-14), (DType::F32, 1e-5), (DType::F16, 2e-2)] {
            let [x, weight, bias] = [&x, &weight, &bias].map(|t| t.to_dtype(dtype).unwrap());
            let answer = |weight: &Tensor, bias: &Tensor| {
                let out = x.matmul(&weight.t().unwrap()).and_then(|out| out.broadcast_add(bias));
                host_values(&out.unwrap()).unwrap()
            };
            let (folded_weight, folded_bias) = line.fold(&weight, &bias).unwrap();
            assert_eq!((folded_weight.dtype(), folded_weight.dims()), (dtype, weight.dims()));
            let (before, after) = (answer(&weight, &bias), answer(&folded_weight, &folded_bias));
            assert!(before.len() == 10 && before != after);
            for (before, after) in before.into_iter().zip(after) {
                assert!((line.at(before) - after).abs() < tolerance, "{dtype:?}: {before} {after}");
            }
        }
    }

    #[test]
    fn a_layer_that_would_not_stay_finite_is_an_error() {
        let [big, one] = [1e4_f32, 1.0]
            .map(|v| Tensor::new(&[v], &Device::Cpu).and_then(|t| t.to_dtype(DType::F16)).unwrap());
        let line = Line { slope: 100.0, offset: 0.0 };
        assert!(matches!(line.fold(&big, &one), Err(Error::NonFinite { argument: "weight", .. })));
        assert!(matches!(line.fold(&one, &big), Err(Error::NonFinite { argument: "bias", .. })));
        assert!(line.fold(&one, &one).is_ok());
    }
}
