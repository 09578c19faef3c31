//! Cosine alignment of two sets of vectors.

use candle_core::Tensor;

use crate::batch::{Input, common_dtype, finish};
use crate::parts::{by_peak, or_one};
use crate::{Error, Result};

/// A smaller norm counts as this in a cosine.
const COSINE_EPS: f64 = 1e-8;

/// A vector with a smaller norm has no direction to learn from and gets no gradient.
const FLAT: f64 = 1e-6;

/// Aligns paired vectors by their cosine, such as the visual and the textual representation of a video.
///
/// ```text
/// Mean             1 - 1/n Σ cos(xᵢ, tᵢ)         in 0..=2
/// LiteralSum       1 - Σ cos(xᵢ, tᵢ)             in 1-n..=1+n
/// SumOfOneMinus    Σ (1 - cos(xᵢ, tᵢ))           in 0..=2n
/// Centred          1 - 1/n Σ cos(xᵢ - x̄, tᵢ - t̄)   in 0..=2
///
/// cos(x, t) = x·t / (max(‖x‖, 1e-8) max(‖t‖, 1e-8))
/// ```
///
/// The two sums have the same gradient: n times that of `Mean`. Only `Mean` does not depend on the batch size.
///
/// ```
/// use dream_loss::Alignment;
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// // Two videos: one pair in the same direction, one at a right angle.
/// let visual = Tensor::new(&[[1.0_f64, 0.0, 0.0], [0.0, 2.0, 0.0]], &Device::Cpu)?;
/// let text = Tensor::new(&[[3.0_f64, 0.0, 0.0], [0.0, 0.0, 1.0]], &Device::Cpu)?;
/// let value = |form: Alignment| form.forward(&visual, &text)?.to_scalar::<f64>();
/// assert_eq!(value(Alignment::Mean)?, 0.5);
/// assert_eq!(value(Alignment::LiteralSum)?, 0.0);
/// assert_eq!(value(Alignment::SumOfOneMinus)?, 1.0);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// DREAM, arXiv 2510.10053 v2, Eq. 6 (`LiteralSum`, as printed).
///
/// # Deviations
///
/// The default is `Mean`: the printed sum has no 1/n, so its constant 1 centres it for n = 1 only, and its weight
/// against the other terms depends on the batch size. A vector with a norm below 1e-6 gets a gradient of 0, where
/// PyTorch gives entries near 1e8.
#[doc(alias("cosine_similarity", "CosineEmbeddingLoss"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alignment {
    /// 1 minus the mean cosine.
    #[default]
    Mean,
    /// 1 minus the sum of the cosines: Eq. 6 as printed.
    LiteralSum,
    /// The sum of 1 minus each cosine.
    SumOfOneMinus,
    /// `Mean` of what is left of each vector without the mean of its kind in the batch: a direction that all have in
    /// common aligns nothing. Not in the paper.
    Centred,
}

impl Alignment {
    /// The loss of a batch. The gradient flows to both inputs.
    ///
    /// # Shapes
    ///
    /// `visual` `[n, d]`, `text` `[n, d]`, result `[]`: f64 if an input is f64, else f32.
    ///
    /// # Errors
    ///
    /// [`Error::NotAMatrix`], [`Error::ShapeMismatch`], [`Error::EmptyBatch`], [`Error::UnsupportedDType`],
    /// [`Error::NonFinite`], [`Error::Candle`].
    pub fn forward(self, visual: &Tensor, text: &Tensor) -> Result<Tensor> {
        let [visual, text] = pair(visual, text)?;
        if self == Self::Centred {
            let centred = |input: &Input| {
                let mean = input.tracked().mean_keepdim(0)?;
                input.tracked().broadcast_sub(&mean)
            };
            return Self::Mean.forward(&centred(&visual)?, &centred(&text)?);
        }
        let (x, t) = (Direction::new(&visual)?, Direction::new(&text)?);
        let cosine = ((&x.unit * &t.unit)?.sum_keepdim(1)? * (&x.kept * &t.kept)?)?;
        let len = cosine.elem_count() as f64;
        let sum = cosine.sum_all()?;
        let (value, weight) = match self {
            Self::Mean | Self::Centred => ((1.0 - (sum / len)?)?, -1.0 / len),
            Self::LiteralSum => ((1.0 - sum)?, -1.0),
            Self::SumOfOneMinus => ((len - sum)?, -1.0),
        };
        let by_visual = visual.gradient(|| x.gradient(&t, weight))?;
        let by_text = text.gradient(|| t.gradient(&x, weight))?;
        finish("alignment loss", value, [by_visual, by_text], [&visual, &text])
    }
}

/// Checks two matrices of vectors that belong together row by row.
pub(crate) fn pair(visual: &Tensor, text: &Tensor) -> Result<[Input; 2]> {
    for (argument, tensor) in [("visual", visual), ("text", text)] {
        if tensor.rank() != 2 {
            let shape = tensor.dims().to_vec();
            return Err(Error::NotAMatrix { argument, shape, expected: "[n, d], one row per video" });
        }
    }
    if visual.dims() != text.dims() {
        return Err(Error::ShapeMismatch {
            first: "visual",
            first_shape: visual.dims().to_vec(),
            second: "text",
            second_shape: text.dims().to_vec(),
        });
    }
    if visual.elem_count() == 0 {
        return Err(Error::EmptyBatch);
    }
    let dtype = common_dtype(&[("visual", visual), ("text", text)])?;
    Ok([Input::new("visual", visual, dtype)?, Input::new("text", text, dtype)?])
}

/// The rows of a matrix as directions.
pub(crate) struct Direction {
    /// Rows of norm 1, or 0.
    pub(crate) unit: Tensor,
    /// `1 / ‖x‖`, `[n, 1]`.
    inverse: Tensor,
    /// `‖x‖ / max(‖x‖, 1e-8)`, `[n, 1]`.
    pub(crate) kept: Tensor,
    /// 1 where the row has a gradient, else 0, `[n, 1]`.
    trained: Tensor,
}

impl Direction {
    /// Scales by the largest entry of each row, so that no square overflows.
    pub(crate) fn new(input: &Input) -> candle_core::Result<Self> {
        let (relative, peak) = by_peak(&input.value, 1)?;
        let norm = or_one(&relative.sqr()?.sum_keepdim(1)?.sqrt()?)?;
        let unit = relative.broadcast_div(&norm)?;
        let length = (&peak * &norm)?;
        let kept = (&length / COSINE_EPS)?.minimum(1.0)?;
        // An entry of the gradient is at most 1 / ‖x‖.
        let shortest = FLAT.max(1.0 / input.limit);
        let whole = relative.abs()?.max_keepdim(1)?.gt(0.5)?.to_dtype(kept.dtype())?;
        let trained = (length.ge(shortest)?.to_dtype(kept.dtype())? * whole)?;
        let inverse = (peak.recip()? / norm)?;
        Ok(Self { unit, inverse, kept, trained })
    }

    /// The gradient of the weighted sum of cosines by these rows.
    fn gradient(&self, other: &Self, weight: f64) -> candle_core::Result<Tensor> {
        self.pulled(&other.unit, &other.kept, weight)
    }

    /// The gradient by these rows, where that by the rows of norm 1 is `by_unit`, each times a number of `[n, 1]` and
    /// `weight`: what is at a right angle to the row.
    pub(crate) fn pulled(&self, by_unit: &Tensor, each: &Tensor, weight: f64) -> candle_core::Result<Tensor> {
        let along = (&self.unit * by_unit)?.sum_keepdim(1)?;
        let tangent = (by_unit - self.unit.broadcast_mul(&along)?)?;
        let factor = ((&self.inverse * each)? * (&self.trained * weight)?)?;
        tangent.broadcast_mul(&factor)
    }
}
