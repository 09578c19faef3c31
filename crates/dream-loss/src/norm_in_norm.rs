//! The norm-in-norm loss.

use candle_core::Tensor;

use crate::batch::Batch;
use crate::normalise::Normalised;
use crate::parts::{abs_pow, abs_pow_slope, dot};
use crate::{Error, Result};

/// Smaller norms of n(P) and n(Q) count as this in their cosine.
const COSINE_EPS: f64 = 1e-8;

/// The norm-in-norm loss: it compares the shape of the two batches, not their scale.
///
/// ```text
/// n(v) = (v - mean v) / (‖v - mean v‖_q + eps)
///
/// printed       Σ |n(P)ᵢ - n(Q)ᵢ|^p
/// published     1/s^p Σ |n(P)ᵢ - n(Q)ᵢ|^p        s = 2 N^max(0, 1/p - 1/q)
/// with alpha    (α₀ l(n(P)) + α₁ l(ρ n(P))) / (α₀ + α₁)        ρ = cos(n(P), n(Q))
/// ```
///
/// The printed form, [`paper`](Self::paper), is a sum: with `p` 1, `q` 2 it lies in 0..=2√n and grows with the batch
/// size. The published form, [`normalized`](Self::normalized), lies in 0..=1, and for `p` 2, `q` 2 it equals `(1 -
/// PLCC) / 2`. Say which of the two you trained with. Both ignore an affine change of the predictions with a positive
/// slope, so offset and scale of the predictions stay open: combine them with a loss that sets both, or, after training,
/// let [`Line::fit`](crate::Line::fit) find them and [`Line::fold`](crate::Line::fold) put them into the last layer.
///
/// ```
/// use dream_loss::NormInNorm;
/// use dream_loss::candle_core::{Device, Tensor};
///
/// # fn main() -> dream_loss::Result<()> {
/// let target = Tensor::new(&[1.0_f64, 2.0, 4.0, 3.0], &Device::Cpu)?;
/// let same_shape = ((&target * 20.0)? + 7.0)?;
/// let reversed = target.neg()?;
/// let loss = NormInNorm::paper();
/// assert!(loss.forward(&same_shape, &target)?.to_scalar::<f64>()? < 1e-7);
/// let printed = loss.forward(&reversed, &target)?.to_scalar::<f64>()?;
/// assert!(printed > 3.0);
///
/// // The published form of the same batch: 2 √4 times smaller.
/// let published = NormInNorm::normalized().forward(&reversed, &target)?.to_scalar::<f64>()?;
/// assert!((printed / published - 4.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// DREAM, arXiv 2510.10053 v2, Eqs. 1 and 2 (`p` 1, `q` 2). The loss is from D. Li, T. Jiang and M. Jiang,
/// "Norm-in-Norm Loss with Faster Convergence and Better Performance for Image Quality Assessment", ACM
/// Multimedia 2020, whose published code has the factor `s`, `alpha` and `detach`.
///
/// # Deviations
///
/// Where PyTorch gives NaN or gradients near 1e8, the gradient here is 0: for an input whose deviations have a norm
/// below 1e-6 (all predictions equal, or a batch of one), and wherever an entry would exceed 1e7 (6e4 for f16 input).
/// The value does not change. Equal entries of n(P) and n(Q) have `sign(0) = 0` and so no gradient for `p` 1.
#[doc(alias("norm_loss_with_normalization", "LinearityIQA", "nin"))]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormInNorm {
    /// Exponent of the differences, 1..=64.
    pub p: f64,
    /// Order of the norm that each input is divided by, 1..=64.
    pub q: f64,
    /// Added to the norm, in units of the scores; finite and not negative.
    pub eps: f64,
    /// Whether to divide by `s^p`: the published form.
    pub normalized: bool,
    /// Weights of the plain term and of the term with rescaled predictions. Their sum counts as 1.
    pub alpha: [f64; 2],
    /// Whether mean and norm of the inputs count as constants in the gradient.
    pub detach: bool,
}

impl Default for NormInNorm {
    fn default() -> Self {
        Self::paper()
    }
}

impl NormInNorm {
    /// The form of DREAM's Eqs. 1 and 2: `p` 1, `q` 2, `eps` 1e-8.
    #[must_use]
    pub const fn paper() -> Self {
        Self { p: 1.0, q: 2.0, eps: 1e-8, normalized: false, alpha: [1.0, 0.0], detach: false }
    }

    /// The form of the code published with the 2020 paper, with its defaults: values in 0..=1.
    #[must_use]
    pub const fn normalized() -> Self {
        Self { normalized: true, ..Self::paper() }
    }

    /// The loss of a batch.
    ///
    /// The gradient flows to `pred`, and to `target` if it is tracked. A batch of one gives 0 with a zero gradient.
    /// Inputs of any finite magnitude work.
    ///
    /// # Shapes
    ///
    /// `pred` `[n]`, `target` `[n]`, result `[]`: f64 if an input is f64, else f32.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`], [`Error::NotAVector`], [`Error::LengthMismatch`], [`Error::EmptyBatch`],
    /// [`Error::UnsupportedDType`], [`Error::NonFinite`], [`Error::Candle`].
    pub fn forward(&self, pred: &Tensor, target: &Tensor) -> Result<Tensor> {
        self.check()?;
        self.of(&Batch::new(pred, target)?, Rescaling::cosine, "norm-in-norm loss")
    }

    /// The loss of a checked batch, with its factor of the second term. `name` appears in errors.
    pub(crate) fn of(
        &self,
        batch: &Batch,
        rescaling: fn(&Tensor, &Tensor) -> candle_core::Result<Rescaling>,
        name: &'static str,
    ) -> Result<Tensor> {
        let p = Normalised::new(&batch.pred, self.q, self.eps)?;
        let q = Normalised::new(&batch.target, self.q, self.eps)?;
        let difference = (&p.n - &q.n)?;
        let [plain, rescaled] = self.shares(batch.len);
        let mut value = (abs_pow(&difference, self.p)?.sum_keepdim(0)? * plain)?;
        let slope = (abs_pow_slope(&difference, self.p)? * plain)?;
        let (mut by_p, mut by_q) = (slope.clone(), slope.neg()?);

        if rescaled > 0.0 {
            let rho = rescaling(&p.n, &q.n)?;
            let difference = (p.n.broadcast_mul(&rho.factor)? - &q.n)?;
            value = (value + (abs_pow(&difference, self.p)?.sum_keepdim(0)? * rescaled)?)?;
            let slope = (abs_pow_slope(&difference, self.p)? * rescaled)?;
            let through_factor = dot(&slope, &p.n)?;
            by_p = (by_p + slope.broadcast_mul(&rho.factor)?)?;
            by_p = (by_p + rho.by_pred.broadcast_mul(&through_factor)?)?;
            by_q = (by_q - &slope)?;
            by_q = (by_q + rho.by_target.broadcast_mul(&through_factor)?)?;
        }
        let value = value.squeeze(0)?;
        batch.finish(name, value, || p.pull_back(&by_p, self.detach), || q.pull_back(&by_q, self.detach))
    }

    /// The factors of the two sums.
    fn shares(&self, len: usize) -> [f64; 2] {
        let scale = if self.normalized {
            libm::pow(2.0, self.p) * libm::pow(len as f64, (1.0 - self.p / self.q).max(0.0))
        } else {
            1.0
        };
        let [plain, rescaled] = self.alpha;
        [plain, rescaled].map(|weight| weight / (plain + rescaled) / scale)
    }

    fn check(&self) -> Result<()> {
        for (field, value) in [("p", self.p), ("q", self.q)] {
            // Below 1 this is no norm; for large values 2^p leaves the range of f32.
            if !(1.0..=64.0).contains(&value) {
                return Err(Error::InvalidConfig { field, value, expected: "from 1 to 64" });
            }
        }
        for (field, value) in [("eps", self.eps), ("alpha[0]", self.alpha[0]), ("alpha[1]", self.alpha[1])] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::InvalidConfig { field, value, expected: "finite and not negative" });
            }
        }
        let sum = self.alpha[0] + self.alpha[1];
        if !(sum > 0.0 && sum.is_finite()) {
            let expected = "a finite sum above 0";
            return Err(Error::InvalidConfig { field: "alpha", value: sum, expected });
        }
        Ok(())
    }
}

/// The factor of the predictions in the second term, `[1]`, with its gradients, `[n]`.
pub(crate) struct Rescaling {
    factor: Tensor,
    by_pred: Tensor,
    by_target: Tensor,
}

impl Rescaling {
    /// The cosine of two vectors.
    fn cosine(pred: &Tensor, target: &Tensor) -> candle_core::Result<Self> {
        let floor = COSINE_EPS * COSINE_EPS;
        let squares = (dot(pred, pred)?.maximum(floor)?, dot(target, target)?.maximum(floor)?);
        // One root of the product: exactly the square if both are the same, so that their cosine is exactly 1.
        let product = (&squares.0 * &squares.1)?.sqrt()?;
        let factor = (dot(pred, target)? / &product)?;
        let by = |this: &Tensor, other: &Tensor, square: &Tensor| {
            other.broadcast_div(&product)? - this.broadcast_mul(&(&factor / square)?)?
        };
        let (by_pred, by_target) = (by(pred, target, &squares.0)?, by(target, pred, &squares.1)?);
        Ok(Self { factor, by_pred, by_target })
    }

    /// The product of two vectors: also their cosine if `eps` is small beside their norms.
    pub(crate) fn product(pred: &Tensor, target: &Tensor) -> candle_core::Result<Self> {
        Ok(Self { factor: dot(pred, target)?, by_pred: target.clone(), by_target: pred.clone() })
    }
}
