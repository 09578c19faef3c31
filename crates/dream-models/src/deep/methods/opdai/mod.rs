//! OPDAI: the visual tower of DA-CLIP with a linear head on each frame.

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::VarBuilder;

use super::entry::{Entry, Weights};
use super::videos::{mean_of_frames, score_videos};
use crate::Result;
use crate::deep::backbones::swin_v2::{Config, SwinV2};
use crate::deep::checkpoint::Checkpoint;
use crate::deep::input::{FramePlan, Input};
use crate::deep::network::{FrameEncoder, VideoNetwork};
use crate::deep::numeric::single;
use crate::deep::parameters;
use crate::preprocess::Preprocess;

/// `kind` of the checkpoints of [`Opdai`], whose configuration is that of its tower.
pub const KIND: &str = "opdai";

/// Its line in [`METHODS`](super::METHODS).
pub const ENTRY: Entry = Entry {
    name: "opdai",
    kind: KIND,
    title: "OPDAI",
    weights: Weights::Checkpoint(|checkpoint, dtype, device| {
        Ok(Box::new(Opdai::load(checkpoint, dtype, device)?))
    }),
};

/// OPDAI: a score for each frame, and their mean.
///
/// ```
/// use dream_models::deep::backbones::swin_v2::Config;
/// use dream_models::deep::candle_core::{DType, Device, Tensor};
/// use dream_models::deep::methods::opdai::Opdai;
/// use dream_models::deep::network::{FrameEncoder, VideoNetwork};
/// use dream_models::deep::train::Params;
///
/// let params = Params::seeded(1, DType::F32, &Device::Cpu);
/// let model = Opdai::new(&Config::default(), &params.builder())?;
/// assert_eq!(model.input().frames.to_string(), "centres:3");
/// // One video of three frames.
/// let frames = Tensor::zeros((1, 3, 3, 64, 64), DType::F32, &Device::Cpu)?;
/// assert_eq!(model.score_video(&frames)?.dims(), [1]);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Reference
///
/// DREAM, arXiv 2510.10053, the method named OPDAI.
#[derive(Debug, Clone)]
pub struct Opdai {
    visual: SwinV2,
    input: Input,
    dtype: DType,
    device: Device,
}

impl Opdai {
    /// Builds the tower on the parameters of `vb`, all of them under `visual` with timm's names; its head has one output
    /// whatever `config` says.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig), [`Error::Tensor`](crate::Error::Tensor) for a parameter
    /// that is missing or has another shape.
    pub fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        let config = Config { num_classes: 1, ..config.clone() };
        let visual = SwinV2::new(&config, &vb.pp("visual"))?;
        Ok(Self { visual, input: input(&config), dtype: vb.dtype(), device: vb.device().clone() })
    }

    /// Loads a checkpoint of kind [`KIND`].
    ///
    /// # Errors
    ///
    /// [`Error::TensorMismatch`](crate::Error::TensorMismatch) when its tensors are not those of its configuration, and
    /// those of [`new`](Self::new), [`with_input`](Self::with_input) and [`Checkpoint`].
    pub fn load(checkpoint: &Checkpoint, dtype: DType, device: &Device) -> Result<Self> {
        checkpoint.expect_kind(KIND)?;
        let config: Config = checkpoint.config()?;
        let expected = parameters(|vb| Self::new(&config, vb))?;
        let tensors = checkpoint.tensors().read_exactly(&expected, dtype, device)?;
        Self::new(&config, &VarBuilder::from_tensors(tensors.into_iter().collect(), dtype, device))?
            .with_input(checkpoint.input()?.clone())
    }

    /// The same network with another [`input`](FrameEncoder::input) than [`input()`], which [`new`](Self::new) gives it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for an input that has no meaning,
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) when the preprocessing makes frames of another size.
    pub fn with_input(self, input: Input) -> Result<Self> {
        input.validate()?;
        input.expect_size(self.visual.config().img_size)?;
        Ok(Self { input, ..self })
    }

    /// Scores of single frames, `[n, 3, height, width]` to `[n]`: what is trained.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) for frames of another size than the configuration's.
    pub fn frame_scores(&self, frames: &Tensor) -> Result<Tensor> {
        let frames = frames.to_device(&self.device)?.to_dtype(self.dtype)?;
        let scores = self.visual.forward(&frames)?.squeeze(1)?;
        Ok(scores.to_dtype(single(scores.dtype()))?)
    }

    /// Scores of videos, the means over their frames: `[videos, frames, 3, height, width]` to `[videos]`.
    ///
    /// # Errors
    ///
    /// As [`frame_scores`](Self::frame_scores).
    pub fn score_video(&self, frames: &Tensor) -> Result<Tensor> {
        score_videos(self, frames)
    }
}

impl FrameEncoder for Opdai {
    fn input(&self) -> &Input {
        &self.input
    }

    fn width(&self) -> usize {
        1
    }

    fn encode(&self, frames: &Tensor) -> Result<Tensor> {
        Ok(self.frame_scores(frames)?.unsqueeze(1)?)
    }
}

impl VideoNetwork for Opdai {
    fn score(&self, encoded: &Tensor) -> Result<Tensor> {
        Ok(mean_of_frames(encoded)?)
    }

    fn represent(&self, _: &Tensor) -> Result<Option<Tensor>> {
        Ok(None)
    }
}

/// What the network looks at where nothing else is said: the middle frames of three equal parts (the paper names the
/// number only), the face, at the size of the tower.
#[must_use]
pub fn input(config: &Config) -> Input {
    let [size, _] = config.img_size;
    let pixels = Preprocess { size, ..Preprocess::default() };
    Input { frames: FramePlan::Centres { n: 3 }, pixels, ..Input::default() }
}

/// Blocks between a parameter and the top of the tower: see [`Config::depth_of`].
#[must_use]
pub fn depth_of(config: &Config, parameter: &str) -> u32 {
    parameter.strip_prefix("visual.").map_or(0, |name| config.depth_of(name))
}
