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
mod fused;
mod names;
mod patch;
mod window;

use candle_core::{Module, Tensor, bail};
use candle_nn::VarBuilder;

use crate::Result;
use crate::deep::layers::{LayerNorm, Linear};
use crate::deep::tap::{Point, Tap, see};
use block::Stage;
use patch::PatchEmbed;

pub use config::Config;
pub use names::Naming;
pub(crate) use names::sizes;

/// Swin Transformer V2, trainable on every device.
///
/// The result for a frame is the same to the last bit in any batch, for any [`Config::images_per_pass`] and any number
/// of threads; between processors it differs in the last digits, as the matrix products do.
#[doc(alias("SwinTransformerV2", "swinv2"))]
#[derive(Debug, Clone)]
pub struct SwinV2 {
    embed: PatchEmbed,
    stages: Vec<Stage>,
    norm: LayerNorm,
    head: Option<Linear>,
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
        let geometry = config.resolve()?;
        Ok(Self::build(config, &geometry, vb)?)
    }

    fn build(
        config: &Config,
        geometry: &[config::Geometry],
        vb: &VarBuilder<'_>,
    ) -> candle_core::Result<Self> {
        let (eps, features) = (config.norm_eps, config.features());
        let layers = vb.pp("layers");
        let stages = geometry.iter().enumerate().map(|(i, g)| Stage::new(config, i, g, &layers.pp(i)));
        let embed = vb.pp("patch_embed");
        let head = |classes| Linear::new(features, classes, &vb.pp("head").pp("fc"));
        Ok(Self {
            embed: PatchEmbed::new(config.in_chans, config.patch_size, config.embed_dim, eps, &embed)?,
            stages: stages.collect::<candle_core::Result<_>>()?,
            norm: LayerNorm::new(features, eps, &vb.pp("norm"))?,
            head: (config.num_classes > 0).then(|| head(config.num_classes)).transpose()?,
            config: config.clone(),
        })
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
        let (count, chunk, tables) = (self.count(frames)?, self.config.images_per_pass, self.tables()?);
        let pass = |start| self.pass(&frames.narrow(0, start, chunk.min(count - start))?, &tables, None);
        let pooled = (0..count).step_by(chunk).map(pass).collect::<candle_core::Result<Vec<_>>>()?;
        Tensor::cat(&pooled, 0)
    }

    /// The same in one pass, with a look inside: memory grows with the number of frames.
    ///
    /// # Errors
    ///
    /// As [`SwinV2::forward_features`], and those of `tap`.
    pub fn forward_tapped(&self, frames: &Tensor, tap: &mut dyn Tap) -> candle_core::Result<Tensor> {
        self.count(frames)?;
        self.pass(frames, &self.tables()?, Some(tap))
    }

    /// Number of frames, all of the size that the configuration says.
    fn count(&self, frames: &Tensor) -> candle_core::Result<usize> {
        let [height, width] = self.config.img_size;
        let expected = [self.config.in_chans, height, width];
        match frames.dims() {
            [count, rest @ ..] if rest == expected.as_slice() && *count > 0 => Ok(*count),
            found => {
                bail!("`frames` has the shape {found:?}, this network takes [n, {expected:?}] with n > 0")
            }
        }
    }

    /// The table of position biases of every block of every stage.
    fn tables(&self) -> candle_core::Result<Vec<Vec<Tensor>>> {
        self.stages.iter().map(Stage::tables).collect()
    }

    fn pass(
        &self,
        frames: &Tensor,
        tables: &[Vec<Tensor>],
        mut tap: Option<&mut dyn Tap>,
    ) -> candle_core::Result<Tensor> {
        let mut x = self.embed.forward(frames)?;
        see(&mut tap, Point::PatchEmbed, &x)?;
        for (stage, tables) in self.stages.iter().zip(tables) {
            x = stage.forward(&x, tables, &mut tap)?;
        }
        if let Some(tap) = &mut tap {
            x = tap.leave(&x)?;
        }
        x = self.norm.forward(&x)?;
        see(&mut tap, Point::Norm, &x)?;
        x = x.mean((1, 2))?;
        see(&mut tap, Point::Pooled, &x)?;
        Ok(x)
    }

    /// How much attention each token gets in a block, as the mean over heads and the queries of its window.
    pub(crate) fn attention_received(
        &self,
        stage: usize,
        block: usize,
        x: &Tensor,
    ) -> candle_core::Result<Tensor> {
        match self.stages.get(stage) {
            Some(stage) => stage.attention_received(block, x),
            None => bail!("there is no stage {stage}"),
        }
    }
}

impl Module for SwinV2 {
    /// [`SwinV2::forward_features`] and the head, where the configuration has one.
    fn forward(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        let features = self.forward_features(frames)?;
        self.head.as_ref().map_or(Ok(features.clone()), |head| head.forward(&features))
    }
}
