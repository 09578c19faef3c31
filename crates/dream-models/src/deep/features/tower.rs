use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

use super::frames::{FrameFeatures, Pool, PooledConvNext};
use crate::Result;
use crate::deep::backbones::convnext::{self, ConvNext};
use crate::deep::backbones::resnet::{self, ResNet};
use crate::deep::backbones::vgg::{self, Vgg16};
use crate::deep::checkpoint::TensorFile;
use crate::deep::input::Input;
use crate::deep::network::FrameEncoder;
use crate::deep::pretrained::{self, Pretrained};
use crate::deep::train::Params;

/// The network of a [`FeatureSet`](super::FeatureSet).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SetTower {
    /// The global mean behind its last stage.
    ResNet(resnet::Config),
    /// `fc7` behind its ReLU.
    Vgg(vgg::Config),
    /// The mean over all tokens.
    ConvNext {
        /// Its sizes.
        config: convnext::Config,
        /// With the last norm or without.
        pool: Pool,
    },
}

impl SetTower {
    /// Features of a frame; those of a video are twice as many.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::ResNet(config) => config.features(),
            Self::Vgg(config) => config.features,
            Self::ConvNext { config, .. } => config.features(),
        }
    }

    /// The weights of this network out of a published file or the tensors of a checkpoint, whatever stands in front of their
    /// names.
    ///
    /// # Errors
    ///
    /// As [`pretrained::resnet50`].
    pub fn read(&self, file: &TensorFile) -> Result<Pretrained> {
        match self {
            Self::ResNet(config) => pretrained::resnet50(file, config),
            Self::Vgg(config) => pretrained::vgg16(file, config),
            Self::ConvNext { config, .. } => pretrained::convnext(file, config),
        }
    }

    /// Random weights, the same for a seed: they stand in for trained ones where only the way of the numbers is tried.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for a configuration without a meaning.
    pub fn seeded(&self, seed: u64) -> Result<BTreeMap<String, Tensor>> {
        let params = Params::seeded(seed, DType::F32, &Device::Cpu);
        let vb = params.builder();
        match self {
            Self::ResNet(config) => drop(ResNet::new(config, &vb)?),
            Self::Vgg(config) => drop(Vgg16::new(config, &vb)?),
            Self::ConvNext { config, .. } => drop(ConvNext::new(config, &vb)?),
        }
        params.tensors()
    }

    /// The network on weights with this crate's names, computing in `dtype` on `device`; `input` says what it looks at.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for a configuration or an input without a meaning,
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) for an input of another size than the network's,
    /// [`Error::Tensor`](crate::Error::Tensor) for a tensor that is missing.
    pub fn encoder(
        &self,
        tensors: BTreeMap<String, Tensor>,
        input: Input,
        dtype: DType,
        device: &Device,
    ) -> Result<Arc<dyn FrameEncoder>> {
        let place = |(name, tensor): (String, Tensor)| {
            Ok((name, tensor.to_dtype(dtype).and_then(|tensor| tensor.to_device(device))?))
        };
        let tensors = tensors.into_iter().map(place).collect::<Result<_>>()?;
        let vb = VarBuilder::from_tensors(tensors, dtype, device);
        Ok(match self {
            Self::ResNet(config) => {
                Arc::new(FrameFeatures::new(ResNet::new(config, &vb)?, input, dtype, device)?)
            }
            Self::Vgg(config) => {
                Arc::new(FrameFeatures::new(Vgg16::new(config, &vb)?, input, dtype, device)?)
            }
            Self::ConvNext { config, pool } => {
                let tower = PooledConvNext { tower: ConvNext::new(config, &vb)?, pool: *pool };
                Arc::new(FrameFeatures::new(tower, input, dtype, device)?)
            }
        })
    }
}
