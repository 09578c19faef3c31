//! Losses on the order of pairs.

use candle_core::Tensor;

#[cfg(doc)]
use crate::Error;
use crate::Result;
use crate::batch::Batch;
use crate::parts::{mean, or_one};

/// A loss on all ordered pairs of a batch: predictions should have the order of their targets.
///
/// ```text
/// Margin      1/n² Σᵢⱼ max(0, |Qᵢ - Qⱼ| - eᵢⱼ (Pᵢ - Pⱼ))       eᵢⱼ = 1 if Qᵢ ≥ Qⱼ else -1
/// FastVqa     Σᵢⱼ Rᵢⱼ / (n (n - 1)) / (1 + max R)              Rᵢⱼ = max(0, (Pᵢ - Pⱼ) sign(Qⱼ - Qᵢ))
/// ```
///
/// `Margin` wants each pair as far apart as its targets; predictions that equal their targets give 0. `FastVqa` wants
/// only the order, ignores pairs with equal targets, and lies in 0..1.
///
/// Time and memory grow with n²; the graph holds n entries, since the gradient of a pair is a sign.
///
/// ```
/// use dream_loss::Rank;
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// let target = Tensor::new(&[1.0_f64, 2.0, 4.0], &Device::Cpu)?;
/// let ordered = Tensor::new(&[1.0_f64, 1.5, 2.0], &Device::Cpu)?;
/// assert_eq!(Rank::FastVqa.forward(&ordered, &target)?.to_scalar::<f64>()?, 0.0);
/// // Gaps of 0.5, 1 and 0.5 where 1, 3 and 2 are asked for, each pair in both orders.
/// let margin = Rank::Margin.forward(&ordered, &target)?.to_scalar::<f64>()?;
/// assert!((margin - 2.0 * (0.5 + 2.0 + 1.5) / 9.0).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// `Margin`: S. Wen and J. Wang, "A strong baseline for image and video quality assessment", arXiv 2111.07104.
/// `FastVqa`: the code of H. Wu et al., "FAST-VQA", ECCV 2022, which adds it with weight 0.3. DREAM
/// (arXiv 2510.10053 v2) names a pair-wise ranking loss in Tables IV and V without a formula.
///
/// # Deviations
///
/// A batch of one is 0; the published `FastVqa` divides by zero. That also gives a finite value for a NaN target; here
/// it is an error.
#[doc(alias("rank_loss", "margin_ranking_loss", "MarginRankingLoss", "hinge"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rank {
    /// A hinge whose margin is the distance of the targets.
    #[default]
    Margin,
    /// The size of the inversions relative to the largest.
    FastVqa,
}

impl Rank {
    /// The loss of a batch. The gradient flows to `pred`; `Margin` has one for a tracked `target` too.
    ///
    /// # Shapes
    ///
    /// `pred` `[n]`, `target` `[n]`, result `[]`: f64 if an input is f64, else f32.
    ///
    /// # Errors
    ///
    /// [`Error::NotAVector`], [`Error::LengthMismatch`], [`Error::EmptyBatch`], [`Error::UnsupportedDType`],
    /// [`Error::NonFinite`]; [`Error::Overflow`] if the mean of `Margin` does not fit the type; [`Error::Candle`].
    pub fn forward(self, pred: &Tensor, target: &Tensor) -> Result<Tensor> {
        let batch = Batch::new(pred, target)?;
        if batch.len == 1 {
            return batch.zero("rank loss");
        }
        match self {
            Self::Margin => margin(&batch),
            Self::FastVqa => fast_vqa(&batch),
        }
    }
}

fn margin(batch: &Batch) -> Result<Tensor> {
    let (by_pred, by_target) =
        (quarter_differences(&batch.pred.value)?, quarter_differences(&batch.target.value)?);
    let sign = by_target.sign()?;
    let order = by_target.ge(0.0)?.to_dtype(sign.dtype())?.affine(2.0, -1.0)?;
    let quarter = (by_target.abs()? - (&order * by_pred)?)?;
    let active = quarter.gt(0.0)?.to_dtype(sign.dtype())?;
    let value = (mean(&mean_of_rows(&(quarter * &active)?)?)? * 4.0)?.squeeze(0)?;
    let pairs = (batch.len * batch.len) as f64;
    batch.finish(
        "rank loss",
        value,
        || by_entries(&((&order * &active)? / -pairs)?),
        || by_entries(&((&sign * &active)? / pairs)?),
    )
}

fn fast_vqa(batch: &Batch) -> Result<Tensor> {
    let wanted = quarter_differences(&batch.target.value)?.sign()?.neg()?;
    let quarter = (quarter_differences(&batch.pred.value)? * &wanted)?.relu()?;
    let peak = quarter.max_keepdim(1)?.max_keepdim(0)?;
    // Σ R / (n (n - 1)) from the mean over all n² pairs: the diagonal adds nothing.
    let all_pairs = batch.len as f64 / (batch.len - 1) as f64;
    let inverse = (&peak + 0.25)?.recip()?;
    let value = ((mean(&mean_of_rows(&quarter)?)? * all_pairs)?.reshape((1, 1))? * &inverse)?;

    batch.finish(
        "rank loss",
        value.reshape(())?,
        || {
            // The mean of R has one sign per pair; the largest of R shares its gradient evenly among ties.
            let dtype = quarter.dtype();
            let active = quarter.gt(0.0)?.to_dtype(dtype)?;
            let largest = (quarter.broadcast_eq(&peak)?.to_dtype(dtype)? * &active)?;
            let ties = or_one(&largest.sum_keepdim(1)?.sum_keepdim(0)?)?;
            let through_mean = (active / (batch.len * (batch.len - 1)) as f64)?;
            let through_peak = largest.broadcast_mul(&(&value / ties)?)?;
            let per_pair = ((through_mean - through_peak)? * &wanted)?;
            by_entries(&(per_pair.broadcast_mul(&inverse)? * 0.25)?)
        },
        || batch.target.value.zeros_like(),
    )
}

/// `(vᵢ - vⱼ) / 4` as `[n, n]`. Sums of two of them fit for any finite values.
fn quarter_differences(v: &Tensor) -> candle_core::Result<Tensor> {
    let quarter = (v * 0.25)?;
    quarter.unsqueeze(1)?.broadcast_sub(&quarter.unsqueeze(0)?)
}

/// The means over the second dimension, `[n]`. Two short sums round less than one long sum.
fn mean_of_rows(pairs: &Tensor) -> candle_core::Result<Tensor> {
    let len = pairs.dim(1)? as f64;
    // Divides first, so that a sum of huge values fits.
    (pairs / len)?.sum(1)
}

/// The gradient by each entry, from the gradient by each difference `vᵢ - vⱼ`.
fn by_entries(pairs: &Tensor) -> candle_core::Result<Tensor> {
    pairs.sum(1)? - pairs.sum(0)?
}
