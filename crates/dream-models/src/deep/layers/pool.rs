use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// What the sum of squares is divided by in a standard deviation of `n` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ddof {
    /// `n`.
    Zero,
    /// `n - 1`, PyTorch's default.
    #[default]
    One,
}

/// `mean + standard deviation` over axis 1 of `[batch, frames, features]`, giving `[batch, features]`.
///
/// One frame, and frames that are all the same in a feature, have the deviation 0 with gradient 0; the formula's own
/// gradient there is 0 / 0.
///
/// # Errors
///
/// When `x` has other than three axes or no frames.
///
/// # Reference
///
/// DREAM, arXiv 2510.10053, the pooling of DA-CLIP.
pub fn mean_plus_std(x: &Tensor, ddof: Ddof) -> Result<Tensor> {
    match mean_and_std(x, ddof)? {
        (mean, Some(deviation)) => mean + deviation,
        (mean, None) => Ok(mean),
    }
}

/// The mean over axis 1 of `[batch, frames, features]` and, behind it, the standard deviation: `[batch, 2 features]`.
///
/// As with [`mean_plus_std`], the deviation of one frame, and of frames that are all the same in a feature, is 0 with
/// gradient 0.
///
/// ```
/// use dream_models::deep::candle_core::{Device, Tensor};
/// use dream_models::deep::layers::{Ddof, mean_beside_std};
///
/// let frames = Tensor::new(&[[[1.0_f32, 5.0], [3.0, 5.0]]], &Device::Cpu)?;
/// assert_eq!(mean_beside_std(&frames, Ddof::Zero)?.to_vec2::<f32>()?, [[2.0, 5.0, 1.0, 0.0]]);
/// # Ok::<(), dream_models::deep::candle_core::Error>(())
/// ```
///
/// # Errors
///
/// When `x` has other than three axes or no frames.
///
/// # Reference
///
/// DREAM, arXiv 2510.10053, the features of whole videos and of UNILJ's clips.
pub fn mean_beside_std(x: &Tensor, ddof: Ddof) -> Result<Tensor> {
    let (mean, deviation) = mean_and_std(x, ddof)?;
    let deviation = deviation.map_or_else(|| mean.zeros_like(), Ok)?;
    Tensor::cat(&[mean, deviation], 1)
}

/// Mean and deviation over axis 1; no deviation for one frame.
fn mean_and_std(x: &Tensor, ddof: Ddof) -> Result<(Tensor, Option<Tensor>)> {
    let (_, frames, _) = x.dims3()?;
    if frames == 0 {
        candle_core::bail!("there are no frames to pool, pass at least one");
    }
    let mean = x.mean_keepdim(1)?;
    let pooled = mean.squeeze(1)?;
    if frames == 1 {
        return Ok((pooled, None));
    }
    let divisor = match ddof {
        Ddof::Zero => frames,
        Ddof::One => frames - 1,
    };
    let variance = (x.broadcast_sub(&mean)?.sqr()?.sum(1)? / divisor as f64)?;
    // The root of 1 where there is no spread: the root of 0 has an infinite gradient, and infinity times 0 is NaN.
    let spread = variance.gt(0.0)?;
    let root = spread.where_cond(&variance, &variance.ones_like()?)?.sqrt()?;
    Ok((pooled, Some(spread.where_cond(&root, &root.zeros_like()?)?)))
}
