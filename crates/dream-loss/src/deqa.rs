//! Opinion scores as soft labels over five levels, and the loss that teaches them to a language model.

use candle_core::Tensor;

use crate::batch::{Input, finish};
use crate::{Error, Result};

/// Levels from excellent to bad, as scores.
const LEVELS: [f64; 5] = [5.0, 4.0, 3.0, 2.0, 1.0];

/// A spread below this falls between two levels.
const NARROW: f64 = 0.2;

/// No sample of ratings spreads more: 1 and 5 spread by 2.83.
const WIDEST: f64 = 3.0;

/// The largest distance between the mean of a label and the score.
const DRIFT: f64 = 0.1;

/// The published code adds it to the divisor of alpha, against 0 / 0.
const LEAN_EPS: f64 = 1e-9;

/// How a level reads its probability from a normal distribution of opinions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LevelMass {
    /// Its density at the level.
    #[default]
    Density,
    /// Its mass within half a level to either side.
    Bin,
}

/// Probabilities of the levels excellent, good, fair, poor and bad for one video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoftLabel {
    /// From excellent (5) to bad (1). Not negative; they sum to 1 up to what was clipped at 0.
    pub probabilities: [f64; 5],
    /// Whether the two levels next to the score share the probability, because the corrected distribution moved the
    /// score.
    pub two_levels: bool,
}

impl SoftLabel {
    /// The label of a score `mos` in 1..=5 with the standard deviation `std` of its ratings.
    ///
    /// ```text
    /// rₖ = density or bin mass of N(mos, std) at level k
    /// pₖ = max(0, alpha rₖ + beta), with alpha and beta such that Σ alpha rₖ + beta = 1 and Σ k (alpha rₖ + beta) = mos
    /// ```
    ///
    /// If `std` is below 0.2, or clipping moves the mean by more than 0.1, the two neighbouring levels share the
    /// probability linearly.
    ///
    /// ```
    /// use dream_loss::{LevelMass, SoftLabel};
    ///
    /// # fn main() -> dream_loss::Result<()> {
    /// let narrow = SoftLabel::new(3.7, 0.15, LevelMass::Density)?;
    /// assert!(narrow.two_levels);
    /// assert!((narrow.probabilities[1] - 0.7).abs() < 1e-12 && (narrow.probabilities[2] - 0.3).abs() < 1e-12);
    ///
    /// let wide = SoftLabel::new(2.786, 0.879, LevelMass::Density)?;
    /// assert!((wide.mean() - 2.786).abs() < 1e-6);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a `mos` outside 1..=5 or a `std` outside 0..=3.
    ///
    /// # Reference
    ///
    /// Z. You et al., "Teaching Large Language Models to Regress Accurate Image Quality Scores using Score
    /// Distribution" (DeQA-Score), CVPR 2025.
    ///
    /// # Deviations
    ///
    /// None from the published code, but two of its traits matter. It adds 1e-9 to a divisor, so the mean misses `mos`
    /// by about 1e-9 even without clipping. And at a `mos` of exactly 3, where any alpha satisfies the second
    /// condition, it takes alpha 0 and so the uniform label, whatever `std` is.
    pub fn new(mos: f64, std: f64, mass: LevelMass) -> Result<Self> {
        if !(1.0..=5.0).contains(&mos) {
            return Err(Error::InvalidConfig { field: "mos", value: mos, expected: "from 1 to 5" });
        }
        if !(0.0..=WIDEST).contains(&std) {
            let expected = "from 0 to 3: ratings from 1 to 5 cannot spread more";
            return Err(Error::InvalidConfig { field: "std", value: std, expected });
        }
        if std < NARROW {
            return Ok(Self::between_two(mos));
        }
        let raw = LEVELS.map(|level| match mass {
            LevelMass::Density => density((level - mos) / std) / std,
            LevelMass::Bin => upper_tail((level - 0.5 - mos) / std) - upper_tail((level + 0.5 - mos) / std),
        });
        let sum: f64 = raw.iter().sum();
        // The levels are symmetric about 3, so the two conditions separate.
        let lean: f64 = raw.iter().zip(LEVELS).map(|(r, level)| r * (level - 3.0)).sum();
        let alpha = (mos - 3.0) / (lean + LEAN_EPS);
        let beta = (1.0 - alpha * sum) / 5.0;
        let label = Self { probabilities: raw.map(|r| (alpha * r + beta).max(0.0)), two_levels: false };
        // This also rejects NaN, from a spread so wide that all levels are alike.
        if (label.mean() - mos).abs() <= DRIFT { Ok(label) } else { Ok(Self::between_two(mos)) }
    }

    /// `Σ k pₖ`.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.probabilities.iter().zip(LEVELS).map(|(p, level)| p * level).sum()
    }

    fn between_two(mos: f64) -> Self {
        Self { probabilities: LEVELS.map(|level| (1.0 - (mos - level).abs()).max(0.0)), two_levels: true }
    }
}

/// The standard normal density.
fn density(z: f64) -> f64 {
    libm::exp(-0.5 * z * z) / (2.0 * std::f64::consts::PI).sqrt()
}

/// The standard normal mass above `z`.
fn upper_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The divergence of a language model's next token from the soft label, at the position of the level word.
///
/// ```text
/// 1/n Σᵢ Σᵥ tᵢᵥ (ln tᵢᵥ - ln softmax(logitsᵢ)ᵥ)        0 ln 0 = 0
/// ```
///
/// The softmax runs over the whole vocabulary, and `t` is 0 outside the five levels: the model must also learn to say
/// nothing else.
///
/// ```
/// use dream_loss::candle_core::{Device, Tensor};
/// use dream_loss::{LevelMass, SoftLabel, level_kl};
///
/// # fn main() -> dream_loss::Result<()> {
/// // A vocabulary of seven tokens, all equally likely, and a label of one level.
/// let logits = Tensor::zeros((1, 7), dream_loss::candle_core::DType::F64, &Device::Cpu)?;
/// let label = SoftLabel::new(5.0, 0.0, LevelMass::Density)?;
/// let loss = level_kl(&logits, [2, 0, 1, 6, 3], &[label])?;
/// assert!((loss.to_scalar::<f64>()? - 7.0_f64.ln()).abs() < 1e-15);
/// # Ok(())
/// # }
/// ```
///
/// # Shapes
///
/// `logits` `[n, vocabulary]`, `levels` the token of each level from excellent to bad, `labels` n. The result is
/// `[]`: f64 if the logits are f64, else f32. The gradient flows to `logits`.
///
/// # Errors
///
/// [`Error::NotAMatrix`], [`Error::EmptyBatch`], [`Error::LengthMismatch`] unless there is one label per row,
/// [`Error::InvalidLabel`] for a level outside the vocabulary or used twice, or a probability that is negative or not
/// finite, [`Error::UnsupportedDType`], [`Error::NonFinite`], [`Error::Overflow`], [`Error::Candle`].
///
/// # Reference
///
/// DeQA-Score (see [`SoftLabel::new`]), the term at the level position.
#[doc(alias("cross_entropy", "kl_div"))]
pub fn level_kl(logits: &Tensor, levels: [u32; 5], labels: &[SoftLabel]) -> Result<Tensor> {
    let (rows, vocabulary) = match logits.dims() {
        &[rows, vocabulary] => (rows, vocabulary),
        shape => {
            let expected = "[n, vocabulary], the logits at the position of the level";
            return Err(Error::NotAMatrix { argument: "logits", shape: shape.to_vec(), expected });
        }
    };
    if rows == 0 {
        return Err(Error::EmptyBatch);
    }
    if labels.len() != rows {
        return Err(Error::LengthMismatch { pred: rows, target: labels.len() });
    }
    check_levels(levels, vocabulary)?;
    let entropy = check_labels(labels)?;
    let dtype = crate::batch::common_dtype(&[("logits", logits)])?;
    let logits = Input::new("logits", logits, dtype)?;

    // Sends the labels to the device and reads nothing back.
    let device = logits.value.device();
    let flat: Vec<f64> = labels.iter().flat_map(|label| label.probabilities).collect();
    let target =
        Tensor::from_vec(flat, (rows, 5), &candle_core::Device::Cpu)?.to_dtype(dtype)?.to_device(device)?;
    let levels = Tensor::new(&levels, device)?;

    // In quarters: their differences fit for any finite logits.
    let quarter = (&logits.value * 0.25)?;
    let below_peak = quarter.broadcast_sub(&quarter.max_keepdim(1)?)?;
    let weight = (&below_peak * 4.0)?.exp()?;
    let sum = weight.sum_keepdim(1)?;
    let quarter_log = below_peak.index_select(&levels, 1)?.broadcast_sub(&(sum.log()? * 0.25)?)?;
    let cross = ((quarter_log * &target)?.sum_all()? * (-4.0 / rows as f64))?;
    let value = (cross + entropy / rows as f64)?;

    let by_logits = logits.gradient(|| {
        let total = target.sum_keepdim(1)?;
        let spread = weight.broadcast_div(&sum)?.broadcast_mul(&total)?;
        let placed = spread.zeros_like()?.index_add(&levels, &target, 1)?;
        (spread - placed)? / rows as f64
    })?;
    finish("level KL", value, [by_logits], [&logits])
}

fn check_levels(levels: [u32; 5], vocabulary: usize) -> Result<()> {
    for (i, &level) in levels.iter().enumerate() {
        if usize::try_from(level).is_ok_and(|level| level >= vocabulary) {
            let what = format!("level token {level} lies outside the vocabulary of {vocabulary}");
            return Err(Error::InvalidLabel { what });
        }
        if levels.iter().take(i).any(|&earlier| earlier == level) {
            let what = format!("level token {level} is named twice: five different tokens are needed");
            return Err(Error::InvalidLabel { what });
        }
    }
    Ok(())
}

/// The sum of `t ln t`.
fn check_labels(labels: &[SoftLabel]) -> Result<f64> {
    let mut entropy = 0.0;
    for (row, label) in labels.iter().enumerate() {
        for p in label.probabilities {
            if !(p >= 0.0 && p.is_finite()) {
                let what = format!("labels[{row}] has the probability {p}, which is negative or not finite");
                return Err(Error::InvalidLabel { what });
            }
            if p > 0.0 {
                entropy += p * libm::log(p);
            }
        }
    }
    Ok(entropy)
}
