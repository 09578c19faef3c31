//! HUST: ConvNeXt with a linear head on each frame.

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::VarBuilder;

use super::entry::{Entry, Weights};
use super::videos::{mean_of_frames, score_videos};
use crate::Result;
use crate::deep::backbones::convnext::{Config, ConvNext};
use crate::deep::checkpoint::Checkpoint;
use crate::deep::input::{FramePlan, Input};
use crate::deep::network::{FrameEncoder, VideoNetwork};
use crate::deep::numeric::single;
use crate::deep::parameters;
use crate::preprocess::Preprocess;

/// `kind` of the checkpoints of [`Hust`], whose configuration is that of its tower.
pub const KIND: &str = "hust";

/// Its line in [`METHODS`](super::METHODS).
pub const ENTRY: Entry = Entry {
    name: "hust",
    kind: KIND,
    title: "HUST",
    weights: Weights::Checkpoint(|checkpoint, dtype, device| {
        Ok(Box::new(Hust::load(checkpoint, dtype, device)?))
    }),
};

/// HUST: a score for each frame, and their mean.
///
/// In training every frame has the opinion score of its video. The terms of the loss that compare the frames of a batch with
/// each other mean little where many of them are of one video: take one frame of each.
///
/// ```
/// use dream_models::deep::backbones::convnext::Config;
/// use dream_models::deep::candle_core::{DType, Device, Tensor};
/// use dream_models::deep::methods::hust::Hust;
/// use dream_models::deep::network::{FrameEncoder, VideoNetwork};
/// use dream_models::deep::train::Params;
///
/// let params = Params::seeded(1, DType::F32, &Device::Cpu);
/// let model = Hust::new(&Config::default(), &params.builder())?;
/// assert_eq!(model.input().frames.to_string(), "centres:20");
/// // Two videos of three frames.
/// let frames = Tensor::zeros((2, 3, 3, 32, 32), DType::F32, &Device::Cpu)?;
/// assert_eq!(model.score_video(&frames)?.dims(), [2]);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Reference
///
/// DREAM, arXiv 2510.10053, the method named HUST.
#[derive(Debug, Clone)]
pub struct Hust {
    tower: ConvNext,
    input: Input,
    dtype: DType,
    device: Device,
}

impl Hust {
    /// Builds the tower on the parameters of `vb`, with timm's names; its head has one output whatever `config` says.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig), [`Error::Tensor`](crate::Error::Tensor) for a parameter
    /// that is missing or has another shape.
    pub fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        let config = Config { num_classes: 1, ..config.clone() };
        let tower = ConvNext::new(&config, vb)?;
        Ok(Self { tower, input: input(), dtype: vb.dtype(), device: vb.device().clone() })
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
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) for frames that are too small for the tower.
    pub fn with_input(self, input: Input) -> Result<Self> {
        input.validate()?;
        self.tower.config().expect_size(&input)?;
        Ok(Self { input, ..self })
    }

    /// Scores of single frames, `[n, 3, height, width]` to `[n]`: what is trained.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) for frames that the tower does not take.
    pub fn frame_scores(&self, frames: &Tensor) -> Result<Tensor> {
        let frames = frames.to_device(&self.device)?.to_dtype(self.dtype)?;
        let scores = self.tower.forward(&frames)?.squeeze(1)?;
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

impl FrameEncoder for Hust {
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

impl VideoNetwork for Hust {
    fn score(&self, encoded: &Tensor) -> Result<Tensor> {
        Ok(mean_of_frames(encoded)?)
    }

    fn represent(&self, _: &Tensor) -> Result<Option<Tensor>> {
        Ok(None)
    }
}

/// What the network looks at where nothing else is said: the middle frames of twenty equal parts (the paper names the number
/// only), the face, squeezed into 384x384 pixels.
#[must_use]
pub fn input() -> Input {
    Input { frames: FramePlan::Centres { n: 20 }, pixels: Preprocess::squash_384(), ..Input::default() }
}
