//! Swin Transformer, the first version: one of the towers of DFGC-1st.
//!
//! Paths of the [`VarBuilder`] are timm's names; [`Naming`] tells whose names a file has, and translates Microsoft's and those
//! of timm before 0.9. [`pretrained::swin`](crate::deep::pretrained::swin) reads such files.
//!
//! ```
//! use dream_models::deep::backbones::swin::{Config, Swin};
//! use dream_models::deep::candle_core::{DType, Device, Tensor};
//! use dream_models::deep::train::Params;
//!
//! let params = Params::seeded(1, DType::F32, &Device::Cpu);
//! let model = Swin::new(&Config::default(), &params.builder())?;
//! let frames = Tensor::zeros((2, 3, 64, 64), DType::F32, &Device::Cpu)?;
//! assert_eq!(model.forward_features(&frames)?.dims(), [2, 128]);
//! # Ok::<(), dream_models::Error>(())
//! ```
//!
//! # Reference
//!
//! Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", ICCV 2021.

mod attention;
mod block;
mod config;

use candle_core::{Module, Tensor};
use candle_nn::VarBuilder;

use super::window::{self, Order, Tower};
use crate::Result;
use crate::deep::tap::Tap;
use block::Block;

pub use super::window::Naming;
pub use config::Config;

/// Width and blocks of each stage of the Swin whose tensors these are, in words; `None` where they are of another network.
pub(crate) fn sizes<'a>(names: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> Option<String> {
    window::sizes(names, ".attn.relative_position_bias_table")
}

/// Swin Transformer, trainable on every device.
///
/// In single precision on the CPU, the result for a frame is the same to the last bit in any batch, for any
/// [`Config::images_per_pass`] and any number of threads; between processors it differs in the last digits, as the matrix
/// products do.
///
/// Where shifted windows do not divide a grid, it is rolled first and then filled up with zeros, as timm and Microsoft do.
#[doc(alias("SwinTransformer", "swin"))]
#[derive(Debug, Clone)]
pub struct Swin {
    tower: Tower<Block>,
    config: Config,
}

impl Swin {
    /// Reads the parameters from `vb`, by timm's names.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for a configuration that has no meaning,
    /// [`Error::Tensor`](crate::Error::Tensor) when a parameter is missing or has another shape.
    pub fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        let stages = config.shape().resolve()?;
        let block =
            |stage, geometry: &_, odd, vb: &VarBuilder<'_>| Block::new(config, stage, geometry, odd, vb);
        let tower = Tower::new(&config.shape(), &stages, Order::Norm, block, vb)?;
        Ok(Self { tower, config: config.clone() })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Features of normalised frames: `[n, planes, height, width]` to `[n, features]`, the mean over all tokens behind the
    /// last norm.
    ///
    /// # Errors
    ///
    /// When the frames have another size than the configuration says, and those of candle.
    pub fn forward_features(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.tower.features(frames)
    }

    /// The same in one pass, with a look inside: memory grows with the number of frames.
    ///
    /// # Errors
    ///
    /// As [`Swin::forward_features`], and those of `tap`.
    pub fn forward_tapped(&self, frames: &Tensor, tap: &mut dyn Tap) -> candle_core::Result<Tensor> {
        self.tower.tapped(frames, tap)
    }
}

impl Module for Swin {
    /// [`Swin::forward_features`] and the head, where the configuration has one.
    fn forward(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.tower.classes(frames)
    }
}
