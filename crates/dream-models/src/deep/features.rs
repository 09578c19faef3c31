//! Towers that make features of frames, for regressions of one's own.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

use super::backbones::swin::Swin;
use super::backbones::swin_v2::SwinV2;
use super::backbones::vit::{ClipVit, Config, patch_mean};
use super::input::Input;
use super::layers::{Ddof, mean_and_std};
use super::network::FrameEncoder;
use super::numeric::single;
use crate::Result;

/// An image tower of CLIP as a maker of features: the mean of the patch tokens behind its last block, without a score.
///
/// They are what a regression on ratings of one's own can learn from. Low blocks hold texture, seams and sharpness; the last
/// ones, what is to be seen.
///
/// ```
/// use dream_models::deep::backbones::vit::Config;
/// use dream_models::deep::candle_core::{DType, Device, Tensor};
/// use dream_models::deep::checkpoint::TensorFile;
/// use dream_models::deep::features::PatchFeatures;
/// use dream_models::deep::input::Input;
/// use dream_models::deep::network::FrameEncoder;
/// use dream_models::deep::pretrained;
/// use dream_models::preprocess::Preprocess;
///
/// # let config = Config { image_size: 32, width: 24, layers: 3, heads: 2, mlp_width: 48, ..Config::b16() };
/// # let params = dream_models::deep::train::Params::seeded(1, DType::F32, &Device::Cpu);
/// # dream_models::deep::backbones::vit::ClipVit::new(&config, &params.builder())?;
/// # let path = std::env::temp_dir().join("dream-models-patch-features.safetensors");
/// # dream_models::deep::checkpoint::write_tensors(&path, &params.tensors()?)?;
/// # let input = Input { pixels: Preprocess { size: 32, ..Preprocess::clip_square_224() }, ..Input::default() };
/// let file = TensorFile::open(&path)?;
/// let first = config.up_to(2); // the first two blocks
/// let tensors = pretrained::clip_vit(&file, &first)?.tensors;
/// let features = PatchFeatures::new(tensors, &first, input, DType::F32, &Device::Cpu)?;
/// let frames = Tensor::zeros((5, 3, 32, 32), DType::F32, &Device::Cpu)?;
/// assert_eq!(features.encode(&frames)?.dims(), [5, 24]);
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct PatchFeatures {
    tower: ClipVit,
    input: Input,
    dtype: DType,
    device: Device,
}

impl PatchFeatures {
    /// The tower of `config`, computing in `dtype` on `device`, on tensors with this crate's names, such as those of
    /// [`pretrained::clip_vit`](crate::deep::pretrained::clip_vit); `input` says what is looked at.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for a configuration or an input without a meaning,
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) for an input of another size than the tower's,
    /// [`Error::Tensor`](crate::Error::Tensor) for a tensor that is missing.
    pub fn new(
        tensors: BTreeMap<String, Tensor>,
        config: &Config,
        input: Input,
        dtype: DType,
        device: &Device,
    ) -> Result<Self> {
        input.validate()?;
        input.expect_size([config.image_size; 2])?;
        let place = |(name, tensor): (String, Tensor)| {
            Ok((name, tensor.to_dtype(dtype).and_then(|tensor| tensor.to_device(device))?))
        };
        let tensors = tensors.into_iter().map(place).collect::<Result<_>>()?;
        let tower = ClipVit::new(config, &VarBuilder::from_tensors(tensors, dtype, device))?;
        Ok(Self { tower, input, dtype, device: device.clone() })
    }

    /// The tower.
    #[must_use]
    pub fn tower(&self) -> &ClipVit {
        &self.tower
    }
}

impl FrameEncoder for PatchFeatures {
    fn input(&self) -> &Input {
        &self.input
    }

    fn width(&self) -> usize {
        self.tower.config().width
    }

    fn encode(&self, frames: &Tensor) -> Result<Tensor> {
        let frames = frames.to_device(&self.device)?.to_dtype(self.dtype)?;
        patch_mean(&self.tower.tokens(&frames)?)
    }
}

/// A tower whose features stand for a whole frame.
pub trait Backbone: Send + Sync + Debug {
    /// Size of the frames in pixels, `[height, width]`.
    fn frame_size(&self) -> [usize; 2];

    /// Features of a frame.
    fn width(&self) -> usize;

    /// Normalised frames `[n, 3, height, width]` to `[n, width]`. The result for a frame does not depend on the others.
    ///
    /// # Errors
    ///
    /// When the frames have another size, and those of candle.
    fn pooled(&self, frames: &Tensor) -> candle_core::Result<Tensor>;
}

impl Backbone for Swin {
    fn frame_size(&self) -> [usize; 2] {
        self.config().img_size
    }

    fn width(&self) -> usize {
        self.config().features()
    }

    fn pooled(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.forward_features(frames)
    }
}

impl Backbone for SwinV2 {
    fn frame_size(&self) -> [usize; 2] {
        self.config().img_size
    }

    fn width(&self) -> usize {
        self.config().features()
    }

    fn pooled(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.forward_features(frames)
    }
}

/// A backbone as a maker of features of frames, without a score: with [`over_video`], the features of DFGC-1st.
///
/// ```
/// use dream_models::deep::backbones::swin::{Config, Swin};
/// use dream_models::deep::candle_core::{DType, Device, Tensor};
/// use dream_models::deep::features::{FrameFeatures, over_video};
/// use dream_models::deep::input::Input;
/// use dream_models::deep::network::FrameEncoder;
/// use dream_models::deep::train::Params;
/// use dream_models::preprocess::Preprocess;
///
/// let params = Params::seeded(1, DType::F32, &Device::Cpu);
/// let tower = Swin::new(&Config::default(), &params.builder())?;
/// let input = Input { pixels: Preprocess { size: 64, ..Preprocess::default() }, ..Input::default() };
/// let features = FrameFeatures::new(tower, input, DType::F32, &Device::Cpu)?;
/// let frames = Tensor::zeros((5, 3, 64, 64), DType::F32, &Device::Cpu)?;
/// let video = over_video(&features.encode(&frames)?)?;
/// assert_eq!(video.values.dims(), [2 * 128]);
/// assert!(video.warning.is_none());
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FrameFeatures<B> {
    backbone: B,
    input: Input,
    dtype: DType,
    device: Device,
}

impl<B: Backbone> FrameFeatures<B> {
    /// A backbone whose parameters are of this type and on this device; `input` says what is looked at.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for an input without a meaning,
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) for an input of another size than the backbone's.
    pub fn new(backbone: B, input: Input, dtype: DType, device: &Device) -> Result<Self> {
        input.validate()?;
        input.expect_size(backbone.frame_size())?;
        Ok(Self { backbone, input, dtype, device: device.clone() })
    }

    /// The backbone.
    #[must_use]
    pub fn backbone(&self) -> &B {
        &self.backbone
    }
}

impl<B: Backbone> FrameEncoder for FrameFeatures<B> {
    fn input(&self) -> &Input {
        &self.input
    }

    fn width(&self) -> usize {
        self.backbone.width()
    }

    fn encode(&self, frames: &Tensor) -> Result<Tensor> {
        let frames = frames.to_device(&self.device)?.to_dtype(self.dtype)?;
        let features = self.backbone.pooled(&frames)?;
        Ok(features.to_dtype(single(features.dtype()))?)
    }
}

/// Features of a video.
#[derive(Debug, Clone)]
pub struct VideoFeatures {
    /// The means over its frames, and then their standard deviations: `[2 d]`.
    pub values: Tensor,
    /// What their reader should know.
    pub warning: Option<Warning>,
}

/// Why the features of a video say less than they seem to. Displayed as a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// There was one frame.
    OneFrame,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneFrame => f.write_str(
                "one frame has no spread: the standard deviations over the frames are 0 in its place",
            ),
        }
    }
}

/// The features of DFGC-1st and of UNILJ: mean and standard deviation (divided by `n - 1`) over what a [`FrameEncoder`] made
/// of the frames of a video, `[frames, d]`.
///
/// The deviation of one frame is 0 here, with a [`Warning`]; in the published script it is not a number.
///
/// # Errors
///
/// [`Error::Tensor`](crate::Error::Tensor) for another shape or no frame.
///
/// # Reference
///
/// The starter kit of the DFGC-VRA competition, 2023; DREAM, arXiv 2510.10053.
pub fn over_video(encoded: &Tensor) -> Result<VideoFeatures> {
    let (frames, _) = encoded.dims2()?;
    let values = mean_and_std(&encoded.unsqueeze(0)?, Ddof::One)?.squeeze(0)?;
    Ok(VideoFeatures { values, warning: (frames == 1).then_some(Warning::OneFrame) })
}
