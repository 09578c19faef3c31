use candle_core::{DType, Device, Module, Tensor};
use candle_nn::VarBuilder;

use super::Config;
use crate::Result;
use crate::deep::backbones::convnext::ConvNext;
use crate::deep::checkpoint::Checkpoint;
use crate::deep::input::Input;
use crate::deep::layers::{Ddof, Linear, mean_and_std, relu};
use crate::deep::methods::videos::score_videos;
use crate::deep::network::{FrameEncoder, VideoNetwork};
use crate::deep::numeric::single;
use crate::deep::parameters;

/// `kind` of the checkpoints of [`Unilj`].
pub const KIND: &str = "unilj";

/// UNILJ: a score for each clip of a few frames, and their mean.
///
/// The features of a clip are the mean of those of its frames and, behind it, their standard deviation. A video with fewer
/// frames than a clip is filled up with frames that are zero after normalisation. In training one tenth of the features of a
/// clip are dropped between [`clip_features`](Self::clip_features) and [`regress`](Self::regress).
///
/// ```
/// use dream_models::deep::candle_core::{DType, Device, Tensor};
/// use dream_models::deep::methods::unilj::{Config, Unilj};
/// use dream_models::deep::network::{FrameEncoder, VideoNetwork};
/// use dream_models::deep::train::Params;
///
/// let params = Params::seeded(1, DType::F32, &Device::Cpu);
/// let model = Unilj::new(&Config::default(), &params.builder())?;
/// assert_eq!(model.input().frames.to_string(), "clips:10x5/1");
/// // One video of two clips.
/// let frames = Tensor::zeros((1, 10, 3, 32, 32), DType::F32, &Device::Cpu)?;
/// assert_eq!(model.score_video(&frames)?.dims(), [1]);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Reference
///
/// DREAM, arXiv 2510.10053, the method named UNILJ.
#[derive(Debug, Clone)]
pub struct Unilj {
    backbone: ConvNext,
    hidden: [Linear; 3],
    last: Linear,
    config: Config,
    input: Input,
    dtype: DType,
    device: Device,
}

impl Unilj {
    /// Builds the network on the parameters of `vb`: `backbone` with timm's names, and `fc`, `fc2`, `fc3`, `fc4`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig), [`Error::Tensor`](crate::Error::Tensor) for a parameter
    /// that is missing or has another shape.
    pub fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        config.check()?;
        let head = vb.to_dtype(single(vb.dtype()));
        // PyTorch's deviation of first values.
        let linear = |inputs: usize, outputs, name| {
            Linear::with_stdev(inputs, outputs, (3.0 * inputs as f64).powf(-0.5), &head.pp(name))
        };
        let [first, second, third] = config.hidden;
        Ok(Self {
            backbone: ConvNext::new(&config.backbone, &vb.pp("backbone"))?,
            hidden: [
                linear(2 * config.backbone.features(), first, "fc")?,
                linear(first, second, "fc2")?,
                linear(second, third, "fc3")?,
            ],
            last: linear(third, 1, "fc4")?,
            config: config.clone(),
            input: config.input(),
            dtype: vb.dtype(),
            device: vb.device().clone(),
        })
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
        // What follows the backbone keeps its precision; the builder rounds the rest.
        let tensors = checkpoint.tensors().read_exactly(&expected, single(dtype), device)?;
        Self::new(&config, &VarBuilder::from_tensors(tensors.into_iter().collect(), dtype, device))?
            .with_input(checkpoint.input()?.clone())
    }

    /// The same network with another [`input`](FrameEncoder::input) than [`Config::input`], which [`new`](Self::new) gives
    /// it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for an input that has no meaning,
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) for frames that are too small for the backbone, or frames that are
    /// no clips of the right length.
    pub fn with_input(self, input: Input) -> Result<Self> {
        input.validate()?;
        self.config.backbone.expect_size(&input)?;
        self.config.expect_clips(&input)?;
        Ok(Self { input, ..self })
    }

    /// The configuration that the model was built with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Features of frames, `[n, 3, height, width]` to `[n, features]`.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) for frames that the backbone does not take.
    pub fn frame_features(&self, frames: &Tensor) -> Result<Tensor> {
        let frames = frames.to_device(&self.device)?.to_dtype(self.dtype)?;
        Ok(self.backbone.forward_features(&frames)?.to_dtype(single(self.dtype))?)
    }

    /// Features of clips from those of their frames, `[clips, frames, features]` to `[clips, 2 features]`. The deviation of
    /// identical frames is 0, with gradient 0.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) for another shape or no frame.
    pub fn clip_features(&self, features: &Tensor) -> Result<Tensor> {
        Ok(mean_and_std(features, Ddof::One)?)
    }

    /// What follows each of the hidden layers, `[clips, 2 features]` to `[clips, width]`.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) for another shape.
    pub fn hidden(&self, clips: &Tensor) -> Result<[Tensor; 3]> {
        let [first, second, third] = &self.hidden;
        let first = relu(&first.forward(clips)?)?;
        let second = relu(&second.forward(&first)?)?;
        let third = relu(&third.forward(&second)?)?;
        Ok([first, second, third])
    }

    /// Scores of clips from their features, `[clips, 2 features]` to `[clips]`: what is trained.
    ///
    /// # Errors
    ///
    /// As [`hidden`](Self::hidden).
    pub fn regress(&self, clips: &Tensor) -> Result<Tensor> {
        let [_, _, third] = self.hidden(clips)?;
        Ok(self.last.forward(&third)?.squeeze(1)?)
    }

    /// Scores of videos, the means over their clips: `[videos, clips frames, 3, height, width]` to `[videos]`, the frames of
    /// the first clip first.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) for frames that the backbone does not take,
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) for no frame, and for more frames than a clip has that are no whole
    /// clips.
    pub fn score_video(&self, frames: &Tensor) -> Result<Tensor> {
        score_videos(self, frames)
    }

    /// A clip from fewer frames, with features of frames that are zero at the end.
    fn filled(&self, encoded: &Tensor) -> Result<Tensor> {
        let (videos, count, width) = encoded.dims3()?;
        let size = self.input.pixels.size;
        let black = Tensor::zeros((1, self.config.backbone.in_chans, size, size), self.dtype, &self.device)?;
        let features = self.frame_features(&black)?.to_device(encoded.device())?.to_dtype(encoded.dtype())?;
        let missing = features.unsqueeze(0)?.broadcast_as((videos, self.config.frames - count, width))?;
        Ok(Tensor::cat(&[encoded, &missing.contiguous()?], 1)?)
    }
}

impl FrameEncoder for Unilj {
    fn input(&self) -> &Input {
        &self.input
    }

    fn width(&self) -> usize {
        self.config.backbone.features()
    }

    fn encode(&self, frames: &Tensor) -> Result<Tensor> {
        self.frame_features(frames)
    }
}

impl VideoNetwork for Unilj {
    fn score(&self, encoded: &Tensor) -> Result<Tensor> {
        let (videos, count, width) = encoded.dims3()?;
        let length = self.config.frames;
        if count == 0 || (count > length && !count.is_multiple_of(length)) {
            return Err(length_error(count, length));
        }
        let encoded = if count < length { self.filled(encoded)? } else { encoded.contiguous()? };
        let clips = encoded.reshape(((), length, width))?;
        Ok(self.regress(&self.clip_features(&clips)?)?.reshape((videos, ()))?.mean(1)?)
    }

    fn represent(&self, _: &Tensor) -> Result<Option<Tensor>> {
        Ok(None)
    }
}

fn length_error(count: usize, length: usize) -> crate::Error {
    let reason = format!("{count} frames are no clips of {length} frames each: take the frames of `input`");
    crate::Error::InvalidInput { argument: "encoded", reason }
}
