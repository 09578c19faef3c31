//! Towers of all kinds: sizes, frames, first weights.

use anyhow::Result;
use dream_models::deep::backbones::{convnext, resnet, swin, swin_v2, vgg};
use dream_models::deep::candle_core::{Result as TensorResult, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::TensorFile;
use dream_models::deep::layers::Mode;
use dream_models::deep::pretrained::{self, Pretrained};
use dream_models::deep::tap::Tap;
use dream_models::deep::train::{Params, first_values};
use dream_models::preprocess::Preprocess;
use serde::{Deserialize, Serialize};

use crate::methods::{convnext_of, swin_v2_of};
use crate::options::Preset;

/// The layer on the tower.
const HEAD: &str = "head.";
pub(super) const WEIGHT: &str = "head.weight";
pub(super) const BIAS: &str = "head.bias";

/// The side of the frames of the tiny preset, in pixels.
const TINY: usize = 64;

/// Shape of a tower, as a checkpoint has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Tower {
    SwinV2(swin_v2::Config),
    Swin(swin::Config),
    Convnext(convnext::Config),
    Resnet(resnet::Config),
    Vgg(vgg::Config),
}

impl Tower {
    pub(super) fn swin_v2(preset: Preset) -> Self {
        Self::SwinV2(swin_v2_of(preset))
    }

    pub(super) fn swin(preset: Preset) -> Self {
        Self::Swin(match preset {
            Preset::Large => swin::Config::large_w12_384(),
            Preset::Tiny => swin::Config {
                embed_dim: 32,
                depths: vec![1, 1, 1],
                num_heads: vec![2, 4, 8],
                window_size: [4; 2],
                images_per_pass: 64,
                windows_per_pass: 1024,
                ..swin::Config::default()
            },
        })
    }

    pub(super) fn convnext(preset: Preset) -> Self {
        Self::Convnext(convnext_of(preset, convnext::Config::tiny))
    }

    pub(super) fn convnext_xl(preset: Preset) -> Self {
        Self::Convnext(convnext_of(preset, convnext::Config::xlarge))
    }

    pub(super) fn resnet50(preset: Preset) -> Self {
        Self::Resnet(match preset {
            Preset::Large => resnet::Config::resnet50(),
            Preset::Tiny => resnet::Config {
                stem: 16,
                widths: vec![8, 16, 32],
                depths: vec![1, 1, 1],
                images_per_pass: 64,
                ..resnet::Config::resnet50()
            },
        })
    }

    pub(super) fn vgg16(preset: Preset) -> Self {
        Self::Vgg(match preset {
            Preset::Large => vgg::Config::vgg_face(),
            Preset::Tiny => vgg::Config {
                image_size: TINY,
                widths: [8, 16, 32, 64, 64],
                features: 128,
                images_per_pass: 64,
                ..vgg::Config::vgg_face()
            },
        })
    }

    /// Features of a frame.
    pub(super) fn features(&self) -> usize {
        match self {
            Self::SwinV2(config) => config.features(),
            Self::Swin(config) => config.features(),
            Self::Convnext(config) => config.features(),
            Self::Resnet(config) => config.features(),
            Self::Vgg(config) => config.features,
        }
    }

    /// Blocks between a parameter and the top.
    pub(super) fn depth_of(&self, parameter: &str) -> u32 {
        match self {
            Self::SwinV2(config) => config.depth_of(parameter),
            Self::Swin(config) => config.depth_of(parameter),
            Self::Convnext(config) => config.depth_of(parameter),
            Self::Resnet(config) => config.depth_of(parameter),
            Self::Vgg(config) => config.depth_of(parameter),
        }
    }

    /// How the face becomes numbers: a square of the size of the tower, whatever its shape.
    pub(super) fn pixels(&self, preset: Preset) -> Preprocess {
        let published = match self {
            Self::SwinV2(config) => sized(config.img_size),
            Self::Swin(_) | Self::Convnext(_) => Preprocess::squash_384(),
            Self::Resnet(_) => sized([224; 2]),
            Self::Vgg(_) => Preprocess::vgg_face_224(),
        };
        match preset {
            Preset::Large => published,
            Preset::Tiny => Preprocess { size: TINY, ..published },
        }
    }

    /// The tensors of a published tower of this shape.
    pub(super) fn read(&self, file: &TensorFile) -> dream_models::Result<Pretrained> {
        match self {
            Self::SwinV2(config) => pretrained::swin_v2(file, config),
            Self::Swin(config) => pretrained::swin(file, config),
            Self::Convnext(config) => pretrained::convnext(file, config),
            Self::Resnet(config) => pretrained::resnet50(file, config),
            Self::Vgg(config) => pretrained::vgg16(file, config),
        }
    }

    /// First values of a narrow tower below `visual`.
    pub(super) fn scale(&self, params: &Params) -> Result<()> {
        match self {
            Self::SwinV2(_) | Self::Swin(_) => {
                first_values::scale_narrow(params, "visual", &[HEAD], (BIAS, 0.0))?;
            }
            Self::Convnext(_) => first_values::scale_narrow_convnext(params, "visual.", (BIAS, 0.0))?,
            // Their convolutions have the deviations of He already.
            Self::Resnet(_) | Self::Vgg(_) => {}
        }
        Ok(())
    }

    pub(super) fn build(&self, vb: &VarBuilder<'_>) -> dream_models::Result<Built> {
        Ok(match self {
            Self::SwinV2(config) => Built::SwinV2(swin_v2::SwinV2::new(config, vb)?),
            Self::Swin(config) => Built::Swin(swin::Swin::new(config, vb)?),
            Self::Convnext(config) => Built::Convnext(convnext::ConvNext::new(config, vb)?),
            Self::Resnet(config) => Built::Resnet(resnet::ResNet::new(config, vb)?),
            Self::Vgg(config) => Built::Vgg(vgg::Vgg16::new(config, vb)?),
        })
    }
}

fn sized([size, _]: [usize; 2]) -> Preprocess {
    Preprocess { size, ..Preprocess::default() }
}

/// A tower on its parameters.
#[derive(Debug, Clone)]
pub(super) enum Built {
    SwinV2(swin_v2::SwinV2),
    Swin(swin::Swin),
    Convnext(convnext::ConvNext),
    Resnet(resnet::ResNet),
    Vgg(vgg::Vgg16),
}

/// Looks at nothing.
struct Blind;

impl Tap for Blind {}

impl Built {
    /// `[n, 3, side, side]` to `[n, features]`. In training, batch norms use the statistics of these frames.
    pub(super) fn features(&self, frames: &Tensor, mode: Mode) -> TensorResult<Tensor> {
        match self {
            Self::SwinV2(tower) => tower.forward_features(frames),
            Self::Swin(tower) => tower.forward_features(frames),
            Self::Convnext(tower) => tower.forward_features(frames),
            Self::Resnet(tower) if matches!(mode, Mode::Train) => {
                tower.forward_tapped(frames, mode, &mut Blind)
            }
            Self::Resnet(tower) => tower.forward_features(frames),
            Self::Vgg(tower) => tower.forward_features(frames),
        }
    }
}
