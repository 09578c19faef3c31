use std::fmt::Debug;

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::deep::backbones::convnext::ConvNext;
use crate::deep::backbones::resnet::ResNet;
use crate::deep::backbones::swin::Swin;
use crate::deep::backbones::swin_v2::SwinV2;
use crate::deep::backbones::vgg::Vgg16;
use crate::deep::input::Input;
use crate::deep::network::FrameEncoder;
use crate::deep::numeric::single;
use crate::preprocess::ResizeRule;

/// A tower whose features stand for a whole frame.
pub trait Backbone: Send + Sync + Debug {
    /// Whether the network takes the frames that an input makes.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) with both sizes.
    fn expect(&self, input: &Input) -> Result<()>;

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
    fn expect(&self, input: &Input) -> Result<()> {
        input.expect_size(self.config().img_size)
    }

    fn width(&self) -> usize {
        self.config().features()
    }

    fn pooled(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.forward_features(frames)
    }
}

impl Backbone for SwinV2 {
    fn expect(&self, input: &Input) -> Result<()> {
        input.expect_size(self.config().img_size)
    }

    fn width(&self) -> usize {
        self.config().features()
    }

    fn pooled(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.forward_features(frames)
    }
}

/// Frames of any size.
impl Backbone for ResNet {
    fn expect(&self, _: &Input) -> Result<()> {
        Ok(())
    }

    fn width(&self) -> usize {
        self.config().features()
    }

    fn pooled(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.forward_features(frames)
    }
}

/// `fc7` behind its ReLU.
impl Backbone for Vgg16 {
    fn expect(&self, input: &Input) -> Result<()> {
        input.expect_size([self.config().image_size; 2])
    }

    fn width(&self) -> usize {
        self.config().features
    }

    fn pooled(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.forward_features(frames)
    }
}

/// The mean over all tokens **without** the last norm, as DFGC-1st has it: [`Pool::BeforeNorm`]. The other one is that of
/// [`PooledConvNext`].
impl Backbone for ConvNext {
    fn expect(&self, input: &Input) -> Result<()> {
        // The network says itself which frames of their own size are too small.
        if input.pixels.rule == ResizeRule::Native { Ok(()) } else { self.config().expect_size(input) }
    }

    fn width(&self) -> usize {
        self.config().features()
    }

    fn pooled(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.forward_pooled(frames)
    }
}

/// Which features of a [`ConvNext`] are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// The mean over all tokens, without `head.norm`: what the published script for DFGC-1st takes.
    #[default]
    BeforeNorm,
    /// `head.norm` of it: what the network's own head takes, and HUST and UNILJ with it.
    AfterNorm,
}

/// A [`ConvNext`] with a choice of features.
#[derive(Debug, Clone)]
pub struct PooledConvNext {
    /// The network.
    pub tower: ConvNext,
    /// The choice.
    pub pool: Pool,
}

impl Backbone for PooledConvNext {
    fn expect(&self, input: &Input) -> Result<()> {
        self.tower.expect(input)
    }

    fn width(&self) -> usize {
        self.tower.width()
    }

    fn pooled(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        match self.pool {
            Pool::BeforeNorm => self.tower.forward_pooled(frames),
            Pool::AfterNorm => self.tower.forward_features(frames),
        }
    }
}

/// A backbone as a maker of features of frames, without a score: with [`over_video`](super::over_video), the features of DFGC-1st.
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
        backbone.expect(&input)?;
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
