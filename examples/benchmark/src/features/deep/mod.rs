//! Features of frames by networks, and their means and deviations over a video.

mod args;
mod session;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use ::train::Preset;
use anyhow::{Context, Result};
use dream_data::name_of;
use dream_features::VideoSpec;
use dream_models::deep::backbones::vgg::Convention;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::TensorFile;
use dream_models::deep::features::{FeatureSet, Preparation, SetConfig, SetTower};
use dream_models::deep::network::FrameEncoder;
use dream_models::deep::pretrained;
use dream_models::preprocess::{Preprocess, ResizeRule};

use crate::print::note;
use crate::store::digest::digest;

pub(crate) use args::DeepArgs;
pub(crate) use session::DeepSession;

/// Raise it when the same pixels and weights give other features.
const EXTRACTION: &str = "1";
/// With which notes of rows and of trainings begin that rest on no training.
pub(crate) const RANDOM: &str = "random weights";
/// Of random weights.
const SEED: u64 = 0;

/// A set of deep features on certain weights.
#[derive(Debug)]
pub(crate) struct DeepSet {
    set: FeatureSet,
    config: SetConfig,
    preparation: Preparation,
    weights: Weights,
    /// Random weights are drawn where a video needs them.
    encoder: OnceLock<Result<Arc<dyn FrameEncoder>, String>>,
}

/// Where the weights are from.
#[derive(Debug)]
enum Weights {
    /// The name of the file, and a digest of its numbers.
    File {
        name: String,
        sha256: String,
    },
    Random {
        small: bool,
    },
}

impl DeepSet {
    fn of_file(
        set: FeatureSet,
        path: &Path,
        preparation: Preparation,
        convention: Option<Convention>,
    ) -> Result<Self> {
        let flag = || format!("--{} {}", set.name(), path.display());
        let file = TensorFile::open(path).with_context(flag)?;
        let config = set.of_file(&file, preparation).with_context(flag)?;
        let config = convention.map_or(config.clone(), |convention| config.with_convention(convention));
        let read = config.tower.read(&file).with_context(flag)?;
        read.notes.iter().for_each(|line| note!("note: {}: {line}", path.display()));
        let sha256 = pretrained::tensors_sha256(&read.tensors).with_context(flag)?;
        let name = path.file_name().map_or_else(String::new, name_of);
        let deep = Self {
            set,
            config,
            preparation,
            weights: Weights::File { name, sha256 },
            encoder: OnceLock::new(),
        };
        let encoder = deep.built(read.tensors).with_context(flag)?;
        // Nobody else has it yet.
        let _ = deep.encoder.set(Ok(encoder));
        Ok(deep)
    }

    fn random(set: FeatureSet, preset: Preset, preparation: Preparation) -> Self {
        let small = preset == Preset::Tiny;
        let config = if small { set.small(preparation) } else { set.published(preparation) };
        Self { set, config, preparation, weights: Weights::Random { small }, encoder: OnceLock::new() }
    }

    fn built(&self, tensors: BTreeMap<String, Tensor>) -> dream_models::Result<Arc<dyn FrameEncoder>> {
        self.config.tower.encoder(tensors, self.config.input.clone(), DType::F32, &Device::Cpu)
    }

    pub(crate) const fn set(&self) -> FeatureSet {
        self.set
    }

    /// Features of a video.
    pub(crate) fn len(&self) -> usize {
        2 * self.config.tower.width()
    }

    /// What a reader must know before all numbers of this row, where they rest on no training.
    pub(crate) fn caution(&self) -> Option<String> {
        let Weights::Random { small } = self.weights else { return None };
        let size = if small { "a small network of its build" } else { "the network" };
        Some(format!(
            "{RANDOM}: {size} was drawn with seed {SEED}, name trained weights with --{}; the numbers show that the way from \
             videos to the table works, and nothing about {}",
            self.set.name(),
            self.set.title()
        ))
    }

    /// Title of the row.
    pub(crate) fn title(&self) -> String {
        let title = self.set.title();
        if self.caution().is_some() { format!("{title} ({RANDOM})") } else { title.to_owned() }
    }

    /// Weights, input and frames in a line.
    pub(crate) fn about(&self) -> String {
        let network = match &self.config.tower {
            SetTower::Vgg(_) => "fc7 of VGG-Face",
            SetTower::ConvNext { .. } => "ConvNeXt before its last norm",
            _ => "ResNet-50",
        };
        let weights = match &self.weights {
            Weights::File { name, sha256 } => {
                format!("weights {name} ({})", sha256.get(..12).unwrap_or_default())
            }
            Weights::Random { small: true } => format!("{RANDOM} (seed {SEED}, small)"),
            Weights::Random { small: false } => format!("{RANDOM} (seed {SEED})"),
        };
        let whose = match self.preparation {
            Preparation::Published => "published script",
            Preparation::Own => "the network's own",
        };
        let pixels = shown(&self.config.input.pixels);
        format!(
            "{} features of {network}, {weights}; {pixels} ({whose}); last frames of strides of 1/6 second, mean and deviation",
            self.len()
        )
    }

    /// Changes with everything but the video that the numbers depend on.
    pub(crate) fn version(&self) -> Result<String> {
        let SetConfig { tower, input } = &self.config;
        let weights = match &self.weights {
            Weights::File { sha256, .. } => sha256.clone(),
            Weights::Random { .. } => format!("{RANDOM} {SEED}"),
        };
        let (pixels, frames) = (serde_json::to_string(&input.pixels)?, input.frames.to_string());
        let [ours, models] = [env!("CARGO_PKG_VERSION"), dream_models::VERSION];
        let parts = [EXTRACTION, ours, models, self.set.name(), &weights, &pixels, &frames];
        Ok(digest(parts.into_iter().chain([format!("{tower:?}").as_str()])))
    }

    /// Looks at a video.
    pub(crate) fn start(&self, spec: VideoSpec) -> Result<DeepSession> {
        let draw = || -> Result<_, dream_models::Error> { self.built(self.config.tower.seeded(SEED)?) };
        let encoder = self.encoder.get_or_init(|| draw().map_err(|error| error.to_string()));
        let encoder = encoder.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
        DeepSession::new(Arc::clone(encoder), spec)
    }
}

/// How pixels are prepared, in words.
fn shown(Preprocess { rule, size, mean, .. }: &Preprocess) -> String {
    let size = match rule {
        ResizeRule::Native => "native size".to_owned(),
        ResizeRule::FloatSquare => format!("{size}x{size} in floating point"),
        _ => format!("{size}x{size}"),
    };
    let levels = match *mean {
        [0.0, 0.0, 0.0] => "levels 0 to 1",
        Preprocess::IMAGENET_MEAN => "normalised as for ImageNet",
        _ => "levels less their means",
    };
    format!("{size}, {levels}")
}
