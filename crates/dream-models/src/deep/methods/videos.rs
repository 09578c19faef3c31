//! What the methods have in common.

use candle_core::{Tensor, bail};

use crate::Result;
use crate::deep::network::VideoNetwork;

/// The means over frames, `[videos, frames, 1]` to `[videos]`. None is an error: their mean would be NaN.
pub(super) fn mean_of_frames(encoded: &Tensor) -> candle_core::Result<Tensor> {
    let (_, frames, _) = encoded.dims3()?;
    if frames == 0 {
        bail!("there are no frames to score, pass at least one");
    }
    encoded.mean(1)?.squeeze(1)
}

/// Scores of videos whose frames are all there, `[videos, frames, 3, height, width]` to `[videos]`.
pub(super) fn score_videos(network: &impl VideoNetwork, frames: &Tensor) -> Result<Tensor> {
    let (videos, count, planes, height, width) = frames.dims5()?;
    let flat = frames.contiguous()?.reshape((videos * count, planes, height, width))?;
    network.score(&network.encode(&flat)?.reshape((videos, count, network.width()))?)
}
