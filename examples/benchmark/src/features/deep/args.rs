//! The options of deep features.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::train::Preset;
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use dream_models::deep::backbones::vgg::Convention;
use dream_models::deep::features::{FeatureSet, Preparation};

use super::DeepSet;

/// Weights of the networks behind deep features, and how frames are prepared for them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Deep features")]
pub(crate) struct DeepArgs {
    /// Weights of ResNet-50 of ImageNet, for the row resnet50: a safetensors file of torchvision or timm, or of a training.
    /// Without a file the rows of deep features run on random weights, in the sizes of --preset, and say so
    #[arg(long, value_name = "FILE")]
    resnet50: Option<PathBuf>,

    /// Weights of VGG-Face, for the row vgg-face
    #[arg(long, value_name = "FILE")]
    vgg_face: Option<PathBuf>,

    /// Weights of the ConvNeXt of the winner of DFGC-2022, for the row dfgc1st
    #[arg(long, value_name = "FILE")]
    dfgc1st: Option<PathBuf>,

    /// How frames are prepared: as the scripts of DREAM's authors do, on which the rows of the paper rest, or as the networks
    /// were trained
    #[arg(long, value_enum, default_value = "published")]
    deep_input: DeepInput,

    /// Which numbers the weights of --vgg-face were trained on, for --deep-input own: rgb-mean-subtracted, bgr-mean-subtracted,
    /// bgr-mean-in-rgb-order or rgb-unit-range [default: rgb-mean-subtracted]
    #[arg(long, value_name = "NAME", value_parser = convention)]
    vgg_convention: Option<Convention>,
}

/// How frames are prepared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum DeepInput {
    /// Levels from 0 to 1; ResNet-50 sees the face in its native size
    #[default]
    Published,
    /// Each network's own size, mean and deviation
    Own,
}

impl DeepArgs {
    /// The extractor of a set. A file of weights is read here, before hours of work rest on it.
    pub(crate) fn set(&self, set: FeatureSet, preset: Preset) -> Result<Arc<DeepSet>> {
        let preparation = match self.deep_input {
            DeepInput::Published => Preparation::Published,
            DeepInput::Own => Preparation::Own,
        };
        let convention = self.vgg_convention;
        ensure!(
            convention.is_none() || preparation == Preparation::Own,
            "--vgg-convention: the published script shows levels from 0 to 1; add --deep-input own"
        );
        Ok(Arc::new(match self.file(set) {
            Some(path) => DeepSet::of_file(set, path, preparation, convention)?,
            None => DeepSet::random(set, preset, preparation),
        }))
    }

    fn file(&self, set: FeatureSet) -> Option<&Path> {
        match set {
            FeatureSet::ResNet50 => self.resnet50.as_deref(),
            FeatureSet::VggFace => self.vgg_face.as_deref(),
            FeatureSet::Dfgc1st => self.dfgc1st.as_deref(),
            _ => None,
        }
    }
}

fn convention(text: &str) -> Result<Convention, String> {
    Convention::by_name(text).ok_or_else(|| {
        let known: Vec<&str> = Convention::ALL.iter().map(|convention| convention.name()).collect();
        format!("known are {}", known.join(", "))
    })
}
