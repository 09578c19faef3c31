//! The loss of a classifier of two classes.

use candle_core::Tensor;

#[cfg(doc)]
use crate::Error;
use crate::Result;
use crate::batch::Batch;
use crate::parts::mean;

/// Binary cross-entropy of logits.
///
/// ```text
/// 1/n Σ max(Pᵢ, 0) - Pᵢ Qᵢ + ln(1 + exp(-|Pᵢ|))        gradient: (σ(Pᵢ) - Qᵢ) / n
/// ```
///
/// `pred` are logits P, the logarithm of the odds; `target` is 1 for the one class and 0 for the other, or a probability. No
/// exponential can overflow, so that a logit of 1000 has a finite value.
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor, Var};
///
/// # fn main() -> dream_loss::Result<()> {
/// let logits = Var::new(&[0.0_f64, 1000.0, -1000.0, -2.0], &Device::Cpu)?;
/// let fake = Tensor::new(&[1.0_f64, 1.0, 0.0, 1.0], &Device::Cpu)?;
/// let loss = dream_loss::bce_with_logits(&logits, &fake)?;
/// let expected = (2_f64.ln() + 2.0 + (1.0 + (-2_f64).exp()).ln()) / 4.0;
/// assert!((loss.to_scalar::<f64>()? - expected).abs() < 1e-12);
///
/// let gradients = loss.backward()?;
/// let gradient = gradients.get(&logits).map(Tensor::to_vec1::<f64>).transpose()?;
/// assert!(gradient.is_some_and(|g| g[0] == -0.125 && g[1] == 0.0 && g[2] == 0.0));
/// # Ok(())
/// # }
/// ```
///
/// # Shapes
///
/// `pred` `[n]`, `target` `[n]`, result `[]`: f64 if an input is f64, else f32.
///
/// # Errors
///
/// Those of [`mae`](crate::mae), and [`Error::Steep`] if a tracked `target` would get an entry above 1e7.
///
/// # Reference
///
/// The usual definition, as PyTorch's `binary_cross_entropy_with_logits`.
#[doc(alias("binary_cross_entropy_with_logits", "BCEWithLogitsLoss"))]
pub fn bce_with_logits(pred: &Tensor, target: &Tensor) -> Result<Tensor> {
    let batch = Batch::new(pred, target)?;
    let (logits, labels, n) = (&batch.pred.value, &batch.target.value, batch.len as f64);
    let small = logits.abs()?.neg()?.exp()?;
    let terms = ((logits.relu()? - (logits * labels)?)? + (&small + 1.0)?.log()?)?;
    let value = mean(&terms)?.squeeze(0)?;
    let share = (&small + 1.0)?.recip()?;
    let sigmoid = logits.ge(0.0)?.where_cond(&share, &(&small * &share)?)?;
    batch.finish("binary cross-entropy", value, || (&sigmoid - labels)? / n, || logits / -n)
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    /// Against the textbook formula, and slopes against differences.
    #[test]
    fn values_and_slopes_are_the_textbooks() {
        let logits = [-30.0_f64, -3.0, -0.5, 0.0, 0.25, 2.0, 30.0];
        let labels = [0.0_f64, 1.0, 0.3, 1.0, 0.0, 0.9, 1.0];
        let target = Tensor::new(&labels, &Device::Cpu).unwrap();
        let value = |logits: &[f64; 7]| {
            let pred = Tensor::new(logits, &Device::Cpu).unwrap();
            bce_with_logits(&pred, &target).unwrap().to_scalar::<f64>().unwrap()
        };
        let textbook: f64 = logits
            .iter()
            .zip(&labels)
            .map(|(&x, &y)| {
                let p = 1.0 / (1.0 + (-x).exp());
                let log = |p: f64| if p > 0.0 { p.ln() } else { 0.0 };
                -(y * log(p) + (1.0 - y) * log(1.0 - p)) / 7.0
            })
            .sum();
        assert!((value(&logits) - textbook).abs() < 1e-9, "{} {textbook}", value(&logits));
        let pred = Var::new(&logits, &Device::Cpu).unwrap();
        let store = bce_with_logits(&pred, &target).unwrap().backward().unwrap();
        let slopes = store.get(&pred).unwrap().to_vec1::<f64>().unwrap();
        for (at, slope) in slopes.iter().enumerate() {
            let moved = |by: f64| {
                let mut logits = logits;
                logits[at] += by;
                value(&logits)
            };
            let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((slope - expected).abs() < 1e-9, "{at}: {slope} {expected}");
        }
    }

    #[test]
    fn huge_logits_stay_finite() {
        let logits = Var::new(&[1e30_f32, -1e30, 88.0, -200.0], &Device::Cpu).unwrap();
        let target = Tensor::new(&[0.0_f32, 1.0, 1.0, 0.0], &Device::Cpu).unwrap();
        let loss = bce_with_logits(&logits, &target).unwrap();
        assert_eq!(loss.to_scalar::<f32>().unwrap(), 5e29);
        let store = loss.backward().unwrap();
        assert_eq!(store.get(&logits).unwrap().to_vec1::<f32>().unwrap(), [0.25, -0.25, 0.0, 0.0]);
        let empty = Tensor::zeros(0, candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(bce_with_logits(&empty, &empty).is_err());
    }
}
