//! Swin Transformer V2: the visual encoder of OPDAI and DA-CLIP.
//!
//! Paths of the [`VarBuilder`] are timm's names; [`Naming`] tells whose names a file has, and translates Microsoft's.
//!
//! ```
//! use dream_models::deep::candle_core::{DType, Device, Tensor};
//! use dream_models::deep::candle_nn::{VarBuilder, VarMap};
//! use dream_models::deep::backbones::swin_v2::{Config, SwinV2};
//!
//! let variables = VarMap::new();
//! let vb = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
//! let model = SwinV2::new(&Config::default(), &vb)?;
//! let frames = Tensor::zeros((2, 3, 64, 64), DType::F32, &Device::Cpu)?;
//! assert_eq!(model.forward_features(&frames)?.dims(), [2, 128]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Reference
//!
//! Liu et al., "Swin Transformer V2: Scaling Up Capacity and Resolution", CVPR 2022.

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

/// Width and blocks of each stage of the Swin-V2 whose tensors these are, in words; `None` where they are of another network.
pub(crate) fn sizes<'a>(names: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> Option<String> {
    window::sizes(names, ".attn.cpb_mlp.")
}

/// Swin Transformer V2, trainable on every device.
///
/// The result for a frame is the same to the last bit in any batch, for any [`Config::images_per_pass`] and any number
/// of threads; between processors it differs in the last digits, as the matrix products do.
#[doc(alias("SwinTransformerV2", "swinv2"))]
#[derive(Debug, Clone)]
pub struct SwinV2 {
    tower: Tower<Block>,
    config: Config,
}

impl SwinV2 {
    /// Reads the parameters from `vb`, by timm's names.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for a configuration that has no meaning or that the
    /// reference implementation does not define (a shifted window on a padded grid; a window of one token without a
    /// pretrained size), [`Error::Tensor`](crate::Error::Tensor) when a parameter is missing or has another shape.
    pub fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        let stages = config.resolve()?;
        let block =
            |stage, geometry: &_, odd, vb: &VarBuilder<'_>| Block::new(config, stage, geometry, odd, vb);
        let tower = Tower::new(&config.shape(), &stages, Order::Product, block, vb)?;
        Ok(Self { tower, config: config.clone() })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Features of normalised frames: `[n, planes, height, width]` to `[n, features]`, the mean over all tokens.
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
    /// As [`SwinV2::forward_features`], and those of `tap`.
    pub fn forward_tapped(&self, frames: &Tensor, tap: &mut dyn Tap) -> candle_core::Result<Tensor> {
        self.tower.tapped(frames, tap)
    }

    /// How much attention each token gets in a block, as the mean over heads and the queries of its window.
    pub(crate) fn attention_received(
        &self,
        stage: usize,
        block: usize,
        x: &Tensor,
    ) -> candle_core::Result<Tensor> {
        self.tower.block(stage, block)?.received(x)
    }
}

impl Module for SwinV2 {
    /// [`SwinV2::forward_features`] and the head, where the configuration has one.
    fn forward(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.tower.classes(frames)
    }
}
