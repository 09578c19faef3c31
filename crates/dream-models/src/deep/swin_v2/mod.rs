//! Swin Transformer V2: the visual encoder of OPDAI and DA-CLIP.
//!
//! Paths of the [`VarBuilder`] are timm's names; [`from_microsoft`] translates those of the original files.
//!
//! ```
//! use dream_models::deep::candle_core::{DType, Device, Tensor};
//! use dream_models::deep::candle_nn::{VarBuilder, VarMap};
//! use dream_models::deep::swin_v2::{Config, SwinV2};
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
mod keys;
mod patch;
mod window;

use std::fmt;

use candle_core::{Module, Tensor, bail};
use candle_nn::VarBuilder;

use crate::Result;
use crate::deep::layers::{LayerNorm, Linear};
use block::Stage;
use patch::PatchEmbed;

pub use config::Config;
pub use keys::{Parameter, from_microsoft, parameters};

/// Called with every intermediate result, where there is one.
type Observer<'a, 'b> = Option<&'a mut (dyn FnMut(Point, &Tensor) + 'b)>;

/// Called with stage, block and what enters the block, and gives what enters instead.
type Probe<'a> = &'a mut dyn FnMut(usize, usize, &Tensor) -> candle_core::Result<Tensor>;

/// Where in the network an intermediate result comes from. Displayed as `stage0.block1` and the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Point {
    /// Tokens of the frames, `[n, rows, columns, features]` as all that follow.
    PatchEmbed,
    /// After the merging of patches at the start of a stage.
    Merged {
        /// Counted from 0.
        stage: usize,
    },
    /// What a block adds to its attention scores, `[heads, tokens, tokens]` of a window.
    PositionBias {
        /// Counted from 0.
        stage: usize,
        /// Counted from 0.
        block: usize,
    },
    /// After a block.
    Block {
        /// Counted from 0.
        stage: usize,
        /// Counted from 0.
        block: usize,
    },
    /// After a stage.
    Stage {
        /// Counted from 0.
        stage: usize,
    },
    /// After the last norm.
    Norm,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PatchEmbed => f.write_str("patch_embed"),
            Self::Merged { stage } => write!(f, "stage{stage}.downsample"),
            Self::PositionBias { stage, block } => {
                write!(f, "stage{stage}.block{block}.relative_position_bias")
            }
            Self::Block { stage, block } => write!(f, "stage{stage}.block{block}"),
            Self::Stage { stage } => write!(f, "stage{stage}"),
            Self::Norm => f.write_str("norm"),
        }
    }
}

/// Swin Transformer V2, trainable on every device.
///
/// The result for a frame is the same to the last bit in any batch, for any [`Config::images_per_pass`] and any number
/// of threads; between processors it differs in the last digits, as the matrix products do.
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
        self.run(frames, None)
    }

    /// The same, and calls `observe` with every intermediate result; more than once for each [`Point`] when there are
    /// more than [`Config::images_per_pass`] frames.
    ///
    /// # Errors
    ///
    /// As [`SwinV2::forward_features`].
    pub fn forward_observed(
        &self,
        frames: &Tensor,
        observe: &mut dyn FnMut(Point, &Tensor),
    ) -> candle_core::Result<Tensor> {
        self.run(frames, Some(observe))
    }

    fn run(&self, frames: &Tensor, mut observer: Observer<'_, '_>) -> candle_core::Result<Tensor> {
        let [height, width] = self.config.img_size;
        let expected = [self.config.in_chans, height, width];
        let count = match frames.dims() {
            [count, rest @ ..] if rest == expected.as_slice() && *count > 0 => *count,
            found => {
                bail!("`frames` has the shape {found:?}, this network takes [n, {expected:?}] with n > 0")
            }
        };
        let tables = self.stages.iter().map(Stage::tables).collect::<candle_core::Result<Vec<_>>>()?;
        let chunk = self.config.images_per_pass;
        let mut pooled = Vec::with_capacity(count.div_ceil(chunk));
        for start in (0..count).step_by(chunk) {
            let mut x = self.embed.forward(&frames.narrow(0, start, chunk.min(count - start))?)?;
            if let Some(observe) = &mut observer {
                observe(Point::PatchEmbed, &x);
            }
            for (stage, tables) in self.stages.iter().zip(&tables) {
                x = stage.forward(&x, tables, observer.as_deref_mut())?;
            }
            x = self.norm.forward(&x)?;
            if let Some(observe) = &mut observer {
                observe(Point::Norm, &x);
            }
            pooled.push(x.mean((1, 2))?);
        }
        Tensor::cat(&pooled, 0)
    }

    /// [`SwinV2::forward_features`] in one pass, where `probe` may change what enters each block.
    pub(crate) fn forward_probed(&self, frames: &Tensor, probe: Probe<'_>) -> candle_core::Result<Tensor> {
        let mut x = self.embed.forward(frames)?;
        for stage in &self.stages {
            x = stage.forward_probed(&x, &stage.tables()?, probe)?;
        }
        self.norm.forward(&x)?.mean((1, 2))
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
