use std::collections::HashMap;

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::VarBuilder;

use super::config::{Config, Order};
use crate::deep::backbones::swin_v2::SwinV2;
use crate::deep::checkpoint::{Checkpoint, check};
use crate::deep::explain::retrieval::is_description;
use crate::deep::input::Input;
use crate::deep::layers::{Linear, mean_plus_std};
use crate::deep::network::{FrameEncoder, VideoNetwork};
use crate::deep::numeric::single;
use crate::deep::parameters;
use crate::deep::text::clip::TextTower;
use crate::{Error, Result};

/// DA-CLIP: a video and what people wrote about it, in one space, with one regressor to the score.
///
/// Scoring needs the visual branch only. Frames are normalised as the checkpoint's preprocessing says, and all of one
/// size; they are converted to the type of the weights and moved to their device.
///
/// In single precision on the CPU, representations and scores are the same to the last bit in any batch.
///
/// With weights in half precision (`f16`, `bf16`: for scoring, on a GPU) only the towers compute in it. What follows them,
/// and with it every representation and score, is `f32`.
///
/// ```
/// use dream_models::deep::candle_core::{DType, Device, Tensor};
/// use dream_models::deep::methods::da_clip::{Config, DaClip};
/// use dream_models::deep::train::Params;
///
/// let params = Params::seeded(1, DType::F32, &Device::Cpu);
/// let model = DaClip::new(&Config::default(), &params.builder())?;
/// // One video of four frames.
/// let frames = Tensor::zeros((1, 4, 3, 64, 64), DType::F32, &Device::Cpu)?;
/// assert_eq!(model.score_video(&frames)?.dims(), [1]);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Reference
///
/// DREAM, arXiv 2510.10053, description-assisted CLIP.
#[derive(Debug, Clone)]
pub struct DaClip {
    pub(super) visual: SwinV2,
    pub(super) text: Option<TextTower>,
    projection: Linear,
    regressor: Linear,
    config: Config,
    input: Input,
    dtype: DType,
    device: Device,
}

/// `kind` of its checkpoints.
pub const KIND: &str = "da_clip";

impl DaClip {
    /// Builds both branches on the parameters of `vb`: `visual` with timm's names, `text` with those of
    /// [`TextTower`], `visual_proj` and `regressor`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`], [`Error::Tensor`] for a parameter that is missing or has another shape.
    pub fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        let tower = config.text.as_ref().map(|text| TextTower::new(text, &vb.pp("text"))).transpose()?;
        Ok(Self { text: tower, ..Self::visual_only(config, vb)? })
    }

    /// Builds the visual branch alone, which scores and embeds videos.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn visual_only(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        config.check()?;
        let head = vb.to_dtype(single(vb.dtype()));
        Ok(Self {
            visual: SwinV2::new(&config.visual, &vb.pp("visual"))?,
            text: None,
            projection: Linear::new(config.visual.features(), config.dim, &head.pp("visual_proj"))?,
            regressor: Linear::new(config.dim, 1, &head.pp("regressor"))?,
            config: config.clone(),
            input: config.input(),
            dtype: vb.dtype(),
            device: vb.device().clone(),
        })
    }

    /// Loads a checkpoint of kind [`KIND`] with both branches, computing in `dtype` whatever the file is written in:
    /// `f32`, or `bf16` and `f16` for scoring on a GPU.
    ///
    /// # Errors
    ///
    /// [`Error::TensorMismatch`] when its tensors are not those of its configuration, and those of [`new`](Self::new)
    /// and of [`Checkpoint`].
    pub fn load(checkpoint: &Checkpoint, dtype: DType, device: &Device) -> Result<Self> {
        checkpoint.expect_kind(KIND)?;
        let config: Config = checkpoint.config()?;
        let expected = parameters(|vb| Self::new(&config, vb))?;
        Self::new(&config, &weights(checkpoint, &expected, dtype, device, |_| true)?)?
            .with_input(checkpoint.input()?.clone())
    }

    /// Loads the visual branch of a checkpoint, whether or not the tensors of the text tower are in it.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_visual(checkpoint: &Checkpoint, dtype: DType, device: &Device) -> Result<Self> {
        checkpoint.expect_kind(KIND)?;
        let config: Config = checkpoint.config()?;
        let mut expected = parameters(|vb| Self::visual_only(&config, vb))?;
        let is_text = |name: &str| name.starts_with("text.");
        if checkpoint.tensors().shapes().any(|(name, _)| is_text(name)) {
            expected = parameters(|vb| Self::new(&config, vb))?;
        }
        Self::visual_only(&config, &weights(checkpoint, &expected, dtype, device, |name| !is_text(name))?)?
            .with_input(checkpoint.input()?.clone())
    }

    /// The same network with another [`input`](FrameEncoder::input) than [`Config::input`], which [`new`](Self::new)
    /// gives it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for an input that has no meaning, [`Error::InvalidInput`] when the preprocessing makes
    /// frames of another size.
    pub fn with_input(self, input: Input) -> Result<Self> {
        input.validate()?;
        input.expect_size(self.config.visual.img_size)?;
        Ok(Self { input, ..self })
    }

    /// The configuration that the model was built with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where it computes.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The text tower, where there is one.
    #[must_use]
    pub fn text(&self) -> Option<&TextTower> {
        self.text.as_ref()
    }

    /// Features of frames, `[n, 3, height, width]` to `[n, features]`.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`] for frames of another size than the configuration's.
    pub fn frame_features(&self, frames: &Tensor) -> Result<Tensor> {
        Ok(self.visual.forward_features(&self.ready(frames)?)?.to_dtype(single(self.dtype))?)
    }

    /// Representations of videos from the features of their frames, `[videos, frames, features]` to `[videos, dim]`.
    ///
    /// A single frame and identical frames have the standard deviation 0, with gradient 0.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`] for another shape or no frame.
    pub fn pool(&self, features: &Tensor) -> Result<Tensor> {
        Ok(match self.config.order {
            Order::PoolThenProject => self.projection.forward(&mean_plus_std(features, self.config.ddof)?)?,
            Order::ProjectThenPool => {
                mean_plus_std(&self.projection.forward(&features.contiguous()?)?, self.config.ddof)?
            }
        })
    }

    /// Representations of videos, `[videos, frames, 3, height, width]` to `[videos, dim]`, not normalised.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`] for frames of another size than the configuration's, or none.
    pub fn embed_video(&self, frames: &Tensor) -> Result<Tensor> {
        let (videos, count, planes, height, width) = frames.dims5()?;
        let flat = frames.contiguous()?.reshape((videos * count, planes, height, width))?;
        self.pool(&self.frame_features(&flat)?.reshape((videos, count, ()))?)
    }

    /// Representations of the descriptions of videos, the mean over the sentences of each, not normalised.
    ///
    /// `ids` are the tokens of all sentences `[sentences, tokens]`, those of the first video first; `counts` how many
    /// belong to each video.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for a model without text tower, a video without sentences, or counts that do not add up;
    /// those of [`TextTower::forward`].
    pub fn embed_text(&self, ids: &Tensor, counts: &[usize]) -> Result<Tensor> {
        let sentences = self.tower()?.forward(ids)?.to_dtype(single(self.dtype))?;
        means(counts, &sentences)
    }

    /// Scores from representations of either kind, `[n, dim]` to `[n]`.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`] for another shape.
    pub fn regress(&self, representations: &Tensor) -> Result<Tensor> {
        Ok(self.regressor.forward(representations)?.squeeze(1)?)
    }

    /// Scores of videos, `[videos, frames, 3, height, width]` to `[videos]`.
    ///
    /// # Errors
    ///
    /// As [`embed_video`](Self::embed_video).
    pub fn score_video(&self, frames: &Tensor) -> Result<Tensor> {
        self.regress(&self.embed_video(frames)?)
    }

    /// Frames as the tower takes them.
    pub(super) fn ready(&self, frames: &Tensor) -> Result<Tensor> {
        Ok(frames.to_device(&self.device)?.to_dtype(self.dtype)?)
    }

    pub(super) fn tower(&self) -> Result<&TextTower> {
        let reason = "the model was built or loaded without its text tower: use `new` or `load`".to_owned();
        self.text.as_ref().ok_or(Error::InvalidInput { argument: "text", reason })
    }
}

impl FrameEncoder for DaClip {
    fn input(&self) -> &Input {
        &self.input
    }

    fn width(&self) -> usize {
        self.visual.config().features()
    }

    fn encode(&self, frames: &Tensor) -> Result<Tensor> {
        self.frame_features(frames)
    }
}

impl VideoNetwork for DaClip {
    fn score(&self, encoded: &Tensor) -> Result<Tensor> {
        self.regress(&self.pool(encoded)?)
    }

    fn represent(&self, encoded: &Tensor) -> Result<Option<Tensor>> {
        self.pool(encoded).map(Some)
    }
}

/// The wanted ones of the parameters of a checkpoint on a device, after all of them were found to be as expected: the towers in
/// `dtype` and the rest in what follows from it. Descriptions, which it may carry, are left aside.
fn weights(
    checkpoint: &Checkpoint,
    expected: &[(String, Vec<usize>)],
    dtype: DType,
    device: &Device,
    wanted: impl Fn(&str) -> bool,
) -> Result<VarBuilder<'static>> {
    let file = checkpoint.tensors();
    check(expected, file.shapes().filter(|(name, _)| !is_description(name)))?;
    let read = |name: &str| {
        let tower = name.starts_with("visual.") || name.starts_with("text.");
        let dtype = if tower { dtype } else { single(dtype) };
        Ok((name.to_owned(), file.read_as(name, dtype, device)?))
    };
    let names = file.shapes().map(|(name, _)| name).filter(|name| wanted(name) && !is_description(name));
    let tensors = names.map(read).collect::<Result<HashMap<String, Tensor>>>()?;
    Ok(VarBuilder::from_tensors(tensors, dtype, device))
}

/// Means over the sentences of each video, `[sentences, dim]` to `[videos, dim]`. One by one: a product with a matrix of
/// shares would have other last digits in another batch.
pub(super) fn means(counts: &[usize], sentences: &Tensor) -> Result<Tensor> {
    let all = sentences.dim(0)?;
    let sum = counts.iter().fold(0usize, |sum, &count| sum.saturating_add(count));
    if sum != all {
        return Err(Error::LengthMismatch { argument: "counts", expected: all, found: sum });
    }
    let mut rows = Vec::with_capacity(counts.len());
    let mut first = 0;
    for (video, &count) in counts.iter().enumerate() {
        if count == 0 {
            let reason = format!("video {video} has no sentence: leave it out of the alignment");
            return Err(Error::InvalidInput { argument: "counts", reason });
        }
        rows.push(sentences.narrow(0, first, count)?.mean_keepdim(0)?);
        first += count;
    }
    Ok(Tensor::cat(&rows, 0)?)
}
