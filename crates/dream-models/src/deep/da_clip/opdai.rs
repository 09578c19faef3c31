use candle_core::{DType, Device, Module, Tensor};
use candle_nn::VarBuilder;

use crate::deep::checkpoint::Checkpoint;
use crate::deep::swin_v2::{self, SwinV2};
use crate::deep::{parameters, single};
use crate::{Error, Result};

/// Frames of a video that OPDAI looks at.
pub const OPDAI_FRAMES: usize = 3;

/// `kind` of the checkpoints of [`Opdai`], whose configuration is that of its tower.
pub const OPDAI_KIND: &str = "opdai";

/// OPDAI: the visual tower of DA-CLIP with a linear head on each frame, and the mean over three frames.
///
/// # Reference
///
/// DREAM, arXiv 2510.10053, the method named OPDAI.
#[derive(Debug, Clone)]
pub struct Opdai {
    visual: SwinV2,
}

impl Opdai {
    /// Builds the tower on the parameters of `vb`, all of them under `visual` with timm's names; its head has one output
    /// whatever `config` says.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`], [`Error::Tensor`] for a parameter that is missing or has another shape.
    pub fn new(config: &swin_v2::Config, vb: &VarBuilder<'_>) -> Result<Self> {
        let config = swin_v2::Config { num_classes: 1, ..config.clone() };
        Ok(Self { visual: SwinV2::new(&config, &vb.pp("visual"))? })
    }

    /// Loads a checkpoint of kind [`OPDAI_KIND`].
    ///
    /// # Errors
    ///
    /// [`Error::TensorMismatch`] when its tensors are not those of its configuration, and those of [`new`](Self::new)
    /// and of [`Checkpoint`].
    pub fn load(checkpoint: &Checkpoint, dtype: DType, device: &Device) -> Result<Self> {
        checkpoint.expect_kind(OPDAI_KIND)?;
        let config: swin_v2::Config = checkpoint.config()?;
        let expected = parameters(|vb| Self::new(&config, vb))?;
        let tensors = checkpoint.tensors().read_exactly(&expected, dtype, device)?;
        Self::new(&config, &VarBuilder::from_tensors(tensors.into_iter().collect(), dtype, device))
    }

    /// Scores of single frames, `[n, 3, height, width]` to `[n]`: what is trained.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`] for frames of another size than the configuration's.
    pub fn frame_scores(&self, frames: &Tensor) -> Result<Tensor> {
        let scores = self.visual.forward(frames)?.squeeze(1)?;
        Ok(scores.to_dtype(single(scores.dtype()))?)
    }

    /// Scores of videos, the means over their frames: `[videos, frames, 3, height, width]` to `[videos]`.
    ///
    /// # Errors
    ///
    /// As [`frame_scores`](Self::frame_scores).
    pub fn score(&self, frames: &Tensor) -> Result<Tensor> {
        let (videos, count, planes, height, width) = frames.dims5()?;
        let flat = frames.contiguous()?.reshape((videos * count, planes, height, width))?;
        Ok(self.frame_scores(&flat)?.reshape((videos, count))?.mean(1)?)
    }
}

/// Which frames of a video of `count` frames are scored: the centres of three equal segments. The paper names the
/// number only.
///
/// ```
/// assert_eq!(dream_models::deep::da_clip::opdai_frames(90)?, [15, 45, 75]);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::InvalidInput`] for a video without frames.
pub fn opdai_frames(count: usize) -> Result<[usize; OPDAI_FRAMES]> {
    if count == 0 {
        return Err(Error::InvalidInput {
            argument: "count",
            reason: "a video has at least one frame".to_owned(),
        });
    }
    let centre = |segment: usize| {
        // In 128 bits, where no count overflows; below `count` for every segment.
        let at = (2 * segment as u128 + 1) * count as u128 / (2 * OPDAI_FRAMES as u128);
        usize::try_from(at).unwrap_or(count).min(count - 1)
    };
    Ok([centre(0), centre(1), centre(2)])
}
