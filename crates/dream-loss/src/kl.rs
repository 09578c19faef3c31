//! Kullback-Leibler divergence of the scores of a batch.

use candle_core::Tensor;

#[cfg(doc)]
use crate::Error;
use crate::Result;
use crate::batch::Batch;
use crate::parts::dot;

/// The Kullback-Leibler divergence between predictions and targets, each turned into a distribution by a softmax
/// **over the batch**.
///
/// ```text
/// p = softmax(P), q = softmax(Q)
/// Printed     Σ pᵢ (ln pᵢ - ln qᵢ)       gradient: pᵢ (ln pᵢ - ln qᵢ - loss)
/// Reverse     Σ qᵢ (ln qᵢ - ln pᵢ)       gradient: pᵢ - qᵢ
/// ```
///
/// The softmax takes the scores without a temperature: scores in 1..5 give weights that span e⁴, and a large batch
/// dilutes each. Both forms ignore a constant added to the predictions, and reach 0 only if all differences agree.
/// So the offset of the predictions stays open: after training, [`Line::fit`](crate::Line::fit) finds it, and
/// [`Line::fold`](crate::Line::fold) puts it into the last layer. Unlike a correlation they give equal predictions a gradient, so training can leave them.
///
/// ```
/// use dream_loss::Kl;
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// let pred = Tensor::new(&[0.0_f64, 0.0], &Device::Cpu)?;
/// let target = Tensor::new(&[0.0_f64, 3.0_f64.ln()], &Device::Cpu)?;
/// // p = (1/2, 1/2) and q = (1/4, 3/4).
/// let printed = Kl::Printed.forward(&pred, &target)?.to_scalar::<f64>()?;
/// assert!((printed - 0.5 * (4.0_f64 / 3.0).ln()).abs() < 1e-15);
/// let reverse = Kl::Reverse.forward(&pred, &target)?.to_scalar::<f64>()?;
/// assert!((reverse - (0.75 * 1.5_f64.ln() - 0.25 * 2.0_f64.ln())).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// DREAM, arXiv 2510.10053 v2, Eqs. 3 and 4 (`Printed`, weighted by the predictions). `Reverse` is the direction of
/// most libraries, such as PyTorch's `kl_div(log_p, q)`.
#[doc(alias("kl_div", "KLDivLoss", "kullback_leibler", "cross_entropy"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kl {
    /// `KL(p ‖ q)`, weighted by the predictions: Eq. 3.
    #[default]
    Printed,
    /// `KL(q ‖ p)`, weighted by the targets.
    Reverse,
}

impl Kl {
    /// The loss of a batch. A batch of one is 0 with a zero gradient.
    ///
    /// # Shapes
    ///
    /// `pred` `[n]`, `target` `[n]`, result `[]`: f64 if an input is f64, else f32.
    ///
    /// # Errors
    ///
    /// [`Error::NotAVector`], [`Error::LengthMismatch`], [`Error::EmptyBatch`], [`Error::UnsupportedDType`],
    /// [`Error::NonFinite`]; [`Error::Overflow`] if the divergence does not fit the type and [`Error::Steep`] if its
    /// gradient would exceed 1e7 (6e4 for f16 input), both for scores 1e7 or more apart; [`Error::Candle`].
    pub fn forward(self, pred: &Tensor, target: &Tensor) -> Result<Tensor> {
        let batch = Batch::new(pred, target)?;
        let (p, q) = (Softmax::new(&batch.pred.value)?, Softmax::new(&batch.target.value)?);
        // The weighting distribution, and the other.
        let (weight, other) = if self == Self::Printed { (&p, &q) } else { (&q, &p) };
        let quarter_ratio = (&weight.quarter_log - &other.quarter_log)?;
        let quarter = dot(&weight.probability, &quarter_ratio)?;
        // Multiplies by 4 last: a weight of 0 must meet a finite ratio.
        let by_weight = || (&weight.probability * quarter_ratio.broadcast_sub(&quarter)?)? * 4.0;
        let by_other = || &other.probability - &weight.probability;
        let value = (&quarter * 4.0)?.squeeze(0)?;
        if self == Self::Printed {
            batch.finish("KL divergence", value, by_weight, by_other)
        } else {
            batch.finish("KL divergence", value, by_other, by_weight)
        }
    }
}

/// The softmax of a vector. Logarithms are kept in quarters: their differences fit for any finite scores.
struct Softmax {
    probability: Tensor,
    quarter_log: Tensor,
}

impl Softmax {
    fn new(scores: &Tensor) -> candle_core::Result<Self> {
        let quarter = (scores * 0.25)?;
        let below_peak = quarter.broadcast_sub(&quarter.max_keepdim(0)?)?;
        let weight = (&below_peak * 4.0)?.exp()?;
        let sum = weight.sum_keepdim(0)?;
        let probability = weight.broadcast_div(&sum)?;
        let quarter_log = below_peak.broadcast_sub(&(sum.log()? * 0.25)?)?;
        Ok(Self { probability, quarter_log })
    }
}
