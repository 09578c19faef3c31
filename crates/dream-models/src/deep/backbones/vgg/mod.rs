//! VGG-16 to the second fully connected layer: the tower of VGG-Face.
//!
//! Paths of the [`VarBuilder`] are `conv_1_1` to `conv_5_3`, `fc6` and `fc7`;
//! [`pretrained::vgg16`](crate::deep::pretrained::vgg16) also reads files with Caffe's or torchvision's names.
//!
//! The published network drops half of the values behind both fully connected layers while it is trained. Nothing here trains
//! them, so there is no dropout.
//!
//! ```
//! use dream_models::deep::backbones::vgg::{Config, Vgg16};
//! use dream_models::deep::candle_core::{DType, Device, Tensor};
//! use dream_models::deep::train::Params;
//!
//! let tiny = Config { image_size: 32, widths: [4; 5], features: 24, ..Config::vgg_face() };
//! let params = Params::seeded(1, DType::F32, &Device::Cpu);
//! let tower = Vgg16::new(&tiny, &params.builder())?;
//! let frames = Tensor::zeros((5, 3, 32, 32), DType::F32, &Device::Cpu)?;
//! assert_eq!(tower.forward_features(&frames)?.dims(), [5, 24]);
//! # Ok::<(), dream_models::Error>(())
//! ```
//!
//! # Reference
//!
//! Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.

mod config;
mod names;

use candle_core::{Tensor, bail};
use candle_nn::VarBuilder;

use crate::Result;
use crate::deep::layers::{Conv2d, Linear, Window, max_pool};
use crate::deep::tap::{Point, Tap, see};

pub use config::{ChannelOrder, Config, Convention};
pub(crate) use names::{MARKS, config_of, ours, sizes};

/// Convolutions of each block.
const DEPTHS: [usize; 5] = [2, 2, 3, 3, 3];

/// VGG-16 without its last layer, trainable on every device.
///
/// The result for a frame is the same to the last bit in any batch, for any [`Config::images_per_pass`] and any number of
/// threads.
#[derive(Debug, Clone)]
pub struct Vgg16 {
    blocks: Vec<Vec<Conv2d>>,
    pool: Window,
    dense: [Linear; 2],
    config: Config,
}

impl Vgg16 {
    /// Reads the parameters from `vb`.
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
        let window = Window::new(3, 1, 1)?;
        let mut inputs = 3;
        let mut blocks = Vec::with_capacity(DEPTHS.len());
        for (block, (&width, &depth)) in config.widths.iter().zip(&DEPTHS).enumerate() {
            let mut convs = Vec::with_capacity(depth);
            for conv in 0..depth {
                let vb = vb.pp(format!("conv_{}_{}", block + 1, conv + 1));
                convs.push(Conv2d::new(inputs, width, window, &vb)?);
                inputs = width;
            }
            blocks.push(convs);
        }
        let side = config.image_size / 32;
        let dense = |inputs, name| Linear::with_stdev(inputs, config.features, 0.01, &vb.pp(name));
        Ok(Self {
            blocks,
            pool: Window::new(2, 2, 0)?,
            dense: [dense(inputs * side * side, "fc6")?, dense(config.features, "fc7")?],
            config: config.clone(),
        })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Features of frames of red, green and blue: `[n, 3, size, size]` to `[n, features]`, `fc7` behind its ReLU.
    ///
    /// # Errors
    ///
    /// When the frames have another size than the configuration says, and those of candle.
    pub fn forward_features(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        let (count, chunk) = (self.count(frames)?, self.config.images_per_pass);
        let pass = |start| self.pass(&frames.narrow(0, start, chunk.min(count - start))?, &mut None);
        let features = (0..count).step_by(chunk).map(pass).collect::<candle_core::Result<Vec<_>>>()?;
        Tensor::cat(&features, 0)
    }

    /// The same in one pass, with a look inside: memory grows with the number of frames. A block counts as a stage.
    ///
    /// # Errors
    ///
    /// As [`Vgg16::forward_features`], and those of `tap`.
    pub fn forward_tapped(&self, frames: &Tensor, tap: &mut dyn Tap) -> candle_core::Result<Tensor> {
        self.count(frames)?;
        self.pass(frames, &mut Some(tap))
    }

    /// Number of frames, all of the size that the configuration says.
    fn count(&self, frames: &Tensor) -> candle_core::Result<usize> {
        let side = self.config.image_size;
        match *frames.dims() {
            [count, 3, height, width] if count > 0 && [height, width] == [side; 2] => Ok(count),
            _ => {
                bail!("`frames` has the shape {:?}, this network takes [n, 3, {side}, {side}]", frames.dims())
            }
        }
    }

    fn pass(&self, frames: &Tensor, tap: &mut Option<&mut dyn Tap>) -> candle_core::Result<Tensor> {
        let frames = match self.config.order {
            ChannelOrder::Rgb => frames.clone(),
            ChannelOrder::Bgr => frames.index_select(&Tensor::new(&[2_u32, 1, 0], frames.device())?, 1)?,
        };
        let mut x = frames.permute((0, 2, 3, 1))?.contiguous()?;
        for (stage, convs) in self.blocks.iter().enumerate() {
            if let Some(tap) = tap {
                x = tap.enter(stage, 0, &x)?;
            }
            for conv in convs {
                x = conv.relu(&x)?;
            }
            x = max_pool(&x, self.pool)?;
            see(tap, Point::Stage { stage }, &x)?;
        }
        if let Some(tap) = tap {
            x = tap.leave(&x)?;
        }
        // The weights of `fc6` have planes before rows.
        let mut x = x.permute((0, 3, 1, 2))?.contiguous()?.flatten_from(1)?;
        for (layer, dense) in (6..).zip(&self.dense) {
            x = dense.relu(&x)?;
            see(tap, Point::Dense { layer }, &x)?;
        }
        Ok(x)
    }
}
