//! ConvNeXt: the visual encoder of HUST, UNILJ and the winner of DFGC-2022.
//!
//! Paths of the [`VarBuilder`] are timm's names; [`Naming`] tells whose names a file has, and translates the authors'.
//!
//! ```
//! use dream_models::deep::backbones::convnext::{Config, ConvNext};
//! use dream_models::deep::candle_core::{DType, Device, Tensor};
//! use dream_models::deep::candle_nn::{VarBuilder, VarMap};
//!
//! let variables = VarMap::new();
//! let vb = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
//! let model = ConvNext::new(&Config::default(), &vb)?;
//! let frames = Tensor::zeros((2, 3, 64, 96), DType::F32, &Device::Cpu)?;
//! assert_eq!(model.forward_features(&frames)?.dims(), [2, 24]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Reference
//!
//! Liu et al., "A ConvNet for the 2020s", CVPR 2022.

mod block;
mod config;
mod names;

use candle_core::{Module, Tensor, bail};
use candle_nn::VarBuilder;

use crate::Result;
use crate::deep::layers::{LayerNorm, Linear};
use crate::deep::tap::{Point, Tap, see};
use block::{Stage, Stem};

pub use config::Config;
pub use names::Naming;
pub(crate) use names::{MARKS, config_of, sizes};

/// ConvNeXt, trainable on every device, for frames of any size.
///
/// In single precision on the CPU the result for a frame is the same to the last bit in any batch, for any
/// [`Config::images_per_pass`] and any number of threads; between processors it differs in the last digits.
#[doc(alias = "convnext_tiny")]
#[derive(Debug, Clone)]
pub struct ConvNext {
    stem: Stem,
    stages: Vec<Stage>,
    norm: LayerNorm,
    head: Option<Linear>,
    config: Config,
}

impl ConvNext {
    /// Reads the parameters from `vb`, by timm's names.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for a configuration that has no meaning,
    /// [`Error::Tensor`](crate::Error::Tensor) when a parameter is missing or has another shape.
    pub fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        config.validate()?;
        Ok(Self::build(config, vb)?)
    }

    fn build(config: &Config, vb: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let (features, head, stages) = (config.features(), vb.pp("head"), vb.pp("stages"));
        let first = config.dims.first().copied().unwrap_or(features);
        let before = std::iter::once(None).chain(config.dims.iter().copied().map(Some));
        let sizes = config.dims.iter().zip(&config.depths).zip(before).enumerate();
        let stage = |(number, ((&width, &depth), before))| {
            Stage::new(config, number, before, [width, depth], &stages.pp(number))
        };
        let linear = |classes| Linear::new(features, classes, &head.pp("fc"));
        Ok(Self {
            stem: Stem::new(config, first, &vb.pp("stem"))?,
            stages: sizes.map(stage).collect::<candle_core::Result<_>>()?,
            norm: LayerNorm::new(features, config.norm_eps, &head.pp("norm"))?,
            head: (config.num_classes > 0).then(|| linear(config.num_classes)).transpose()?,
            config: config.clone(),
        })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Tokens behind the last stage of normalised frames: `[n, planes, height, width]` to `[n, rows, columns, features]`.
    ///
    /// # Errors
    ///
    /// When there is no frame, or frames have other planes or are smaller than [`Config::stride`], and those of candle.
    pub fn tokens(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.in_passes(frames, |frames| self.grid(frames, &mut None))
    }

    /// Features of normalised frames without the last norm, the mean over all tokens: `[n, planes, height, width]` to
    /// `[n, features]`. Those of the published script for DFGC-1st.
    ///
    /// # Errors
    ///
    /// As [`ConvNext::tokens`].
    pub fn forward_pooled(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.in_passes(frames, |frames| self.grid(frames, &mut None)?.mean((1, 2)))
    }

    /// Features of normalised frames as the head takes them, the norm of the mean over all tokens:
    /// `[n, planes, height, width]` to `[n, features]`.
    ///
    /// # Errors
    ///
    /// As [`ConvNext::tokens`].
    pub fn forward_features(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.norm.forward(&self.forward_pooled(frames)?)
    }

    /// The same in one pass, with a look inside: memory grows with the number of frames. [`Point::Pooled`] comes before
    /// [`Point::Norm`].
    ///
    /// # Errors
    ///
    /// As [`ConvNext::tokens`], and those of `tap`.
    pub fn forward_tapped(&self, frames: &Tensor, tap: &mut dyn Tap) -> candle_core::Result<Tensor> {
        self.count(frames)?;
        let mut tap = Some(tap);
        let mut x = self.grid(frames, &mut tap)?;
        if let Some(tap) = &mut tap {
            x = tap.leave(&x)?;
        }
        x = x.mean((1, 2))?;
        see(&mut tap, Point::Pooled, &x)?;
        x = self.norm.forward(&x)?;
        see(&mut tap, Point::Norm, &x)?;
        Ok(x)
    }

    /// What the head makes of [`forward_features`](Self::forward_features); the features where there is no head.
    pub(crate) fn classify(&self, features: &Tensor) -> candle_core::Result<Tensor> {
        self.head.as_ref().map_or_else(|| Ok(features.clone()), |head| head.forward(features))
    }

    /// Number of frames, all of a size that the network takes.
    fn count(&self, frames: &Tensor) -> candle_core::Result<usize> {
        let (planes, stride) = (self.config.in_chans, self.config.stride());
        match *frames.dims() {
            [count, found, height, width]
                if found == planes && height >= stride && width >= stride && count > 0 =>
            {
                Ok(count)
            }
            ref found => bail!(
                "`frames` has the shape {found:?}, this network takes [n, {planes}, height, width] with n > 0 and sides \
                 from {stride} pixels on"
            ),
        }
    }

    fn in_passes(
        &self,
        frames: &Tensor,
        pass: impl Fn(&Tensor) -> candle_core::Result<Tensor>,
    ) -> candle_core::Result<Tensor> {
        let (count, chunk) = (self.count(frames)?, self.config.images_per_pass);
        let passes =
            (0..count).step_by(chunk).map(|at| pass(&frames.narrow(0, at, chunk.min(count - at))?));
        Tensor::cat(&passes.collect::<candle_core::Result<Vec<_>>>()?, 0)
    }

    fn grid(&self, frames: &Tensor, tap: &mut Option<&mut dyn Tap>) -> candle_core::Result<Tensor> {
        let mut x = self.stem.forward(frames)?;
        see(tap, Point::PatchEmbed, &x)?;
        for stage in &self.stages {
            x = stage.forward(&x, tap)?;
        }
        Ok(x)
    }
}

impl Module for ConvNext {
    /// [`ConvNext::forward_features`] and the head, where the configuration has one.
    fn forward(&self, frames: &Tensor) -> candle_core::Result<Tensor> {
        self.classify(&self.forward_features(frames)?)
    }
}
