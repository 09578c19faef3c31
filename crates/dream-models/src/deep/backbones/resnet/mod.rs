//! ResNets of bottleneck blocks: ResNet-50 and its deeper relatives, without their last layer.
//!
//! Paths of the [`VarBuilder`] are torchvision's names, which timm shares. A block has its stride in the 3x3 convolution, as
//! torchvision's, not in the first as the paper.
//!
//! ```
//! use dream_models::deep::backbones::resnet::{Config, ResNet};
//! use dream_models::deep::candle_core::{DType, Device, Tensor};
//! use dream_models::deep::train::Params;
//!
//! let tiny = Config { stem: 8, widths: vec![4, 8], depths: vec![1, 2], ..Config::resnet50() };
//! let params = Params::seeded(1, DType::F32, &Device::Cpu);
//! let tower = ResNet::new(&tiny, &params.builder())?;
//! let frames = Tensor::zeros((5, 3, 40, 64), DType::F32, &Device::Cpu)?; // of any size
//! assert_eq!(tower.forward_features(&frames)?.dims(), [5, 32]);
//! # Ok::<(), dream_models::Error>(())
//! ```
//!
//! # Reference
//!
//! He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.

mod block;
mod config;
mod names;

use candle_core::{Tensor, bail};
use candle_nn::VarBuilder;

use crate::Result;
use crate::deep::layers::{Mode, Window, max_pool};
use crate::deep::tap::{Point, Tap, see};
use block::{Bottleneck, ConvNorm};
use config::planes;

pub use config::Config;
pub(crate) use names::{MARKS, config_of, is_of_tower, sizes};

/// A ResNet without its last layer, trainable on every device.
///
/// In [`Mode::Eval`] the result for a frame is the same to the last bit in any batch, for any [`Config::images_per_pass`] and
/// any number of threads.
#[derive(Debug, Clone)]
pub struct ResNet {
    stem: ConvNorm,
    pool: Window,
    stages: Vec<Vec<Bottleneck>>,
    config: Config,
}

impl ResNet {
    /// Reads the parameters from `vb`, by torchvision's names.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for a configuration without a meaning,
    /// [`Error::Tensor`](crate::Error::Tensor) when a parameter is missing or has another shape.
    pub fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        config.validate()?;
        Ok(Self::build(config, vb)?)
    }

    fn build(config: &Config, vb: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let places = [&vb.pp("conv1"), &vb.pp("bn1")];
        let mut inputs = config.stem;
        let mut stages = Vec::with_capacity(config.widths.len());
        for (stage, (&width, &depth)) in config.widths.iter().zip(&config.depths).enumerate() {
            let vb = vb.pp(format!("layer{}", stage + 1));
            let mut blocks = Vec::new();
            for block in 0..depth {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                blocks.push(Bottleneck::new(inputs, width, stride, config, &vb.pp(block))?);
                inputs = planes(width);
            }
            stages.push(blocks);
        }
        Ok(Self {
            stem: ConvNorm::new([3, config.stem], Window::new(7, 2, 3)?, config, places)?,
            pool: Window::new(3, 2, 1)?,
            stages,
            config: config.clone(),
        })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Features of normalised frames of any size: `[n, 3, height, width]` to `[n, features]`, the mean over all pixels of the
    /// last stage. Batch norms use their running statistics.
    ///
    /// # Errors
    ///
    /// When the frames have another shape, and those of candle.
    pub fn forward_features(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        let (count, chunk) = (frame_count(frames)?, self.config.images_per_pass);
        let pass =
            |start| self.pass(&frames.narrow(0, start, chunk.min(count - start))?, Mode::Eval, &mut None);
        let pooled = (0..count).step_by(chunk).map(pass).collect::<candle_core::Result<Vec<_>>>()?;
        Tensor::cat(&pooled, 0)
    }

    /// The same in one pass, with a look inside: memory grows with the number of frames. In [`Mode::Train`] batch norms use the
    /// statistics of these frames and move their running ones, which must be variables, as those of
    /// [`Params`](crate::deep::train::Params) are; an optimiser leaves them alone, see
    /// [`is_running_statistic`](crate::deep::layers::is_running_statistic).
    ///
    /// # Errors
    ///
    /// As [`ResNet::forward_features`], and those of `tap` and of [`BatchNorm`](crate::deep::layers::BatchNorm).
    pub fn forward_tapped(
        &self,
        frames: &Tensor,
        mode: Mode,
        tap: &mut dyn Tap,
    ) -> candle_core::Result<Tensor> {
        frame_count(frames)?;
        self.pass(frames, mode, &mut Some(tap))
    }

    fn pass(
        &self,
        frames: &Tensor,
        mode: Mode,
        tap: &mut Option<&mut dyn Tap>,
    ) -> candle_core::Result<Tensor> {
        let x = frames.permute((0, 2, 3, 1))?.contiguous()?;
        let mut x = max_pool(&self.stem.relu(&x, mode)?, self.pool)?;
        see(tap, Point::Stem, &x)?;
        for (stage, blocks) in self.stages.iter().enumerate() {
            for (block, layer) in blocks.iter().enumerate() {
                if let Some(tap) = tap {
                    x = tap.enter(stage, block, &x)?;
                }
                x = layer.forward(&x, mode)?;
                see(tap, Point::Block { stage, block }, &x)?;
            }
            see(tap, Point::Stage { stage }, &x)?;
        }
        if let Some(tap) = tap {
            x = tap.leave(&x)?;
        }
        x = x.mean((1, 2))?;
        see(tap, Point::Pooled, &x)?;
        Ok(x)
    }
}

/// Number of frames.
fn frame_count(frames: &Tensor) -> candle_core::Result<usize> {
    match *frames.dims() {
        [count, 3, height, width] if count > 0 && height > 0 && width > 0 => Ok(count),
        _ => bail!("`frames` has the shape {:?}, this network takes [n, 3, height, width]", frames.dims()),
    }
}
