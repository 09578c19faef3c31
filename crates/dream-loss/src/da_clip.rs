//! The total loss of DA-CLIP.

use candle_core::Tensor;

use crate::batch::{common_dtype, sum};
use crate::{Alignment, Error, Result, nin_kl};

/// The outputs of both branches of DA-CLIP for a batch of videos, and their opinion scores.
#[derive(Debug, Clone, Copy)]
pub struct DaClipBatch<'a> {
    /// Scores of the visual branch, `[n]`.
    pub visual_scores: &'a Tensor,
    /// Scores of the textual branch, `[n]`.
    pub text_scores: &'a Tensor,
    /// Mean opinion scores, `[n]`.
    pub mos: &'a Tensor,
    /// Visual representations in the shared space, `[n, d]`.
    pub visual: &'a Tensor,
    /// Textual representations in the shared space, `[n, d]`.
    pub text: &'a Tensor,
}

/// The terms of [`DaClipLoss`], scalars of the graph. Call `backward` on `total`; log the others.
#[derive(Debug, Clone)]
pub struct DaClipTerms {
    /// `L_V`: regression loss of the visual scores.
    pub visual: Tensor,
    /// `L_T`: regression loss of the text scores.
    pub text: Tensor,
    /// `L_sim`: alignment of the representations, before lambda.
    pub alignment: Tensor,
    /// `L_V + L_T + lambda L_sim`.
    pub total: Tensor,
}

/// The training loss of DA-CLIP: both branches regress the scores, and their representations are aligned.
///
/// ```text
/// L = L_V(q_v, Q) + L_T(q_t, Q) + lambda L_sim(x, t)        L_V, L_T: norm-in-norm plus KL
/// ```
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor};
/// use dream_loss::{DaClipBatch, DaClipLoss};
///
/// # fn main() -> dream_loss::Result<()> {
/// let scores = Tensor::new(&[2.0_f64, 1.0, 3.5], &Device::Cpu)?;
/// let features = Tensor::new(&[[1.0_f64, 2.0], [0.5, -1.0], [3.0, 0.1]], &Device::Cpu)?;
/// let terms = DaClipLoss::default().forward(&DaClipBatch {
///     visual_scores: &scores,
///     text_scores: &scores,
///     mos: &scores,
///     visual: &features,
///     text: &features.neg()?,
/// })?;
/// // Perfect scores, opposite representations: 0 + 0 + 0.2 · 2.
/// assert!((terms.alignment.to_scalar::<f64>()? - 2.0).abs() < 1e-12);
/// assert!((terms.total.to_scalar::<f64>()? - 0.4).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// DREAM, arXiv 2510.10053 v2, Eqs. 5 to 7, with lambda 0.2.
///
/// # Deviations
///
/// The alignment is a mean by default, not the printed sum; see [`Alignment`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DaClipLoss {
    /// Weight of the alignment; finite and not negative. With 0 the representations get no gradient.
    pub lambda: f64,
    /// Form of the alignment.
    pub alignment: Alignment,
}

impl Default for DaClipLoss {
    fn default() -> Self {
        Self { lambda: 0.2, alignment: Alignment::Mean }
    }
}

impl DaClipLoss {
    /// The named terms of a batch.
    ///
    /// # Shapes
    ///
    /// See the fields of [`DaClipBatch`]; each term is `[]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`], and those of [`nin_kl`] and [`Alignment::forward`]. Errors of a regression term call
    /// the scores of its branch `pred`, and `mos` `target`.
    pub fn forward(&self, batch: &DaClipBatch<'_>) -> Result<DaClipTerms> {
        if !(self.lambda >= 0.0 && self.lambda.is_finite()) {
            let expected = "finite and not negative";
            return Err(Error::InvalidConfig { field: "lambda", value: self.lambda, expected });
        }
        let visual = nin_kl(batch.visual_scores, batch.mos)?;
        let text = nin_kl(batch.text_scores, batch.mos)?;
        let alignment = self.alignment.forward(batch.visual, batch.text)?;
        // The branches may have different precisions; the widest one wins.
        let dtype = common_dtype(&[("visual", &visual), ("text", &text), ("alignment", &alignment)])?;
        let weighted = (alignment.to_dtype(dtype)? * self.lambda)?;
        let name = "total loss of DA-CLIP";
        let branches = sum(name, &visual.to_dtype(dtype)?, &text.to_dtype(dtype)?)?;
        let total = sum(name, &branches, &weighted)?;
        Ok(DaClipTerms { visual, text, alignment, total })
    }
}
