//! What the methods have in common.

use candle_core::Tensor;

use crate::Result;
use crate::deep::network::VideoNetwork;

/// Scores of videos whose frames are all there, `[videos, frames, 3, height, width]` to `[videos]`.
pub(super) fn score_videos(network: &impl VideoNetwork, frames: &Tensor) -> Result<Tensor> {
    let (videos, count, planes, height, width) = frames.dims5()?;
    let flat = frames.contiguous()?.reshape((videos * count, planes, height, width))?;
    network.score(&network.encode(&flat)?.reshape((videos, count, network.width()))?)
}
