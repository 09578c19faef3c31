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
    match moments(x, ddof)? {
        (mean, None) => Ok(mean),
        (mean, Some(deviation)) => mean + deviation,
    }
}

/// `[mean | standard deviation]` over axis 1 of `[batch, frames, features]`, giving `[batch, 2 features]`: what a video is
/// to the regressions on features of frames. One frame has the deviation 0, as in [`mean_plus_std`].
///
/// # Errors
///
/// As [`mean_plus_std`].
pub fn mean_and_std(x: &Tensor, ddof: Ddof) -> Result<Tensor> {
    let (mean, deviation) = moments(x, ddof)?;
    let deviation = deviation.map_or_else(|| mean.zeros_like(), Ok)?;
    Tensor::cat(&[mean, deviation], 1)
}

/// Mean and standard deviation over axis 1; `None` for the deviation of one frame.
fn moments(x: &Tensor, ddof: Ddof) -> Result<(Tensor, Option<Tensor>)> {
    let (_, frames, _) = x.dims3()?;
    if frames == 0 {
        candle_core::bail!("no frames to pool, pass at least one");
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
