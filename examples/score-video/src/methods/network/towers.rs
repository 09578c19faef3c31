//! Networks that make features, without a score.

use std::path::Path;
use std::sync::Arc;

use dream_features::Recipe;
use dream_models::deep::backbones::vgg::Convention;
use dream_models::deep::candle_core::{DType, Device};
use dream_models::deep::checkpoint::{Checkpoint, TensorFile};
use dream_models::deep::features::{FeatureSet, PatchFeatures, Preparation, SetConfig, SetTower};
use dream_models::deep::input::{FaceRule, Input};
use dream_models::deep::methods::{self, face_blend};
use dream_models::deep::network::FrameEncoder;
use dream_models::deep::pretrained;
use dream_models::preprocess::ResizeRule;

use super::part::Part;
use super::{About, assembled};
use crate::error::{Error, Result};
use crate::methods::Method;
use crate::options::{Looks, Options, SetLooks};

/// A network, the names of its features, and how they are made.
#[derive(Clone)]
pub(crate) struct Tower {
    pub(crate) network: Arc<dyn Method>,
    pub(crate) names: Arc<[String]>,
    pub(crate) recipe: Recipe,
    pub(crate) statistic: Statistic,
    /// What to know about the file of the weights.
    pub(crate) notes: Arc<[String]>,
}

/// What is made of the features of the frames of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Statistic {
    Mean,
    /// Means, and then standard deviations.
    MeanStd,
}

impl Statistic {
    /// As recipes have it.
    const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::MeanStd => "mean-std",
        }
    }
}

/// Raised when the same pixels give other features.
const VERSION: u32 = 1;

pub(crate) fn clip_vit(path: &Path, looks: &Looks, options: &Options) -> Result<Tower> {
    let named = |cause: dream_models::Error| weights(path, cause.into());
    let file = TensorFile::open(path).map_err(named)?;
    let config = pretrained::clip_vit_config(&file).map_err(named)?;
    let usual = face_blend::input(&config);
    let face = if looks.whole_frame { FaceRule::Whole } else { usual.face.clone() };
    let input = Input { frames: looks.frames, face, ..usual };
    if !(1..=config.layers).contains(&looks.block) {
        let reason = format!("`block` {}: the tower has the blocks 1 to {}", looks.block, config.layers);
        return Err(Error::Options(reason));
    }
    let config = config.up_to(looks.block);
    let tensors = pretrained::clip_vit(&file, &config).map_err(named)?.tensors;
    let sha256 = pretrained::tensors_sha256(&tensors).map_err(named)?;
    let encoder = PatchFeatures::new(tensors, &config, input, DType::F32, &Device::Cpu).map_err(named)?;
    let recipe = Recipe::new("clip-vit", VERSION)
        .with("tower", sha256.get(..12).unwrap_or_default())
        .with("block", looks.block)
        .with("tokens", "patch-mean");
    let (width, block) = (config.width, looks.block);
    let name = |i| format!("clip_vit.{}p{}.b{block}.{i:04}", width, config.patch_size);
    assemble(Arc::new(encoder), &recipe, (0..width).map(name).collect(), Statistic::Mean, options)
}

pub(crate) fn checkpoint(path: &Path, options: &Options) -> Result<Tower> {
    let named = |cause: dream_models::Error| weights(path, cause.into());
    let checkpoint = Checkpoint::open(path).map_err(named)?;
    let network = methods::load(&checkpoint, DType::F32, &Device::Cpu).map_err(named)?;
    let kind = checkpoint.kind().to_owned();
    let recipe =
        Recipe::new(&kind, VERSION).with("checkpoint", checkpoint.sha256().get(..12).unwrap_or_default());
    let width = network.width();
    let names = (0..width).map(|i| format!("{kind}.{i:04}")).collect();
    let network: Arc<dyn FrameEncoder> = Arc::from(network as Box<dyn FrameEncoder>);
    assemble(network, &recipe, names, Statistic::Mean, options)
}

pub(crate) fn feature_set(
    path: &Path,
    set: FeatureSet,
    looks: &SetLooks,
    options: &Options,
) -> Result<Tower> {
    let named = |cause: dream_models::Error| weights(path, cause.into());
    let file = TensorFile::open(path).map_err(named)?;
    let mut config = set.of_file(&file, looks.preparation).map_err(named)?;
    if let Some(convention) = looks.convention {
        if set != FeatureSet::VggFace {
            let reason = "`convention` is for vgg-face: the weights of the others know one".to_owned();
            return Err(Error::Options(reason));
        }
        config = config.with_convention(convention);
    }
    let SetConfig { tower, mut input } = config;
    if looks.whole_frame {
        input.face = FaceRule::Whole;
    }
    let read = tower.read(&file).map_err(named)?;
    let sha256 = pretrained::tensors_sha256(&read.tensors).map_err(named)?;
    let published = looks.preparation == Preparation::Published;
    let mut recipe = Recipe::new(set.name(), VERSION)
        .with("weights", sha256.get(..12).unwrap_or_default())
        .with("input", if published { "published" } else { "own" });
    if let SetTower::Vgg(_) = tower {
        let usual = if published { Convention::RgbUnitRange } else { Convention::default() };
        recipe = recipe.with("convention", looks.convention.unwrap_or(usual).name());
    }
    let mut notes: Vec<String> = read.notes.iter().map(ToString::to_string).collect();
    let (width, full) = (tower.width(), set.published(looks.preparation).tower.width());
    if width != full {
        let title = set.title();
        notes.push(format!("its network is no {title}: {} features of a video, not {}", 2 * width, 2 * full));
    }
    let encoder = tower.encoder(read.tensors, input, DType::F32, &Device::Cpu).map_err(named)?;
    let names = ["mean", "std"].into_iter().flat_map(|statistic| {
        (0..width).map(move |i| format!("{}.{statistic}.{i:04}", set.name().replace('-', "_")))
    });
    let tower = assemble(encoder, &recipe, names.collect(), Statistic::MeanStd, options)?;
    Ok(Tower { notes: notes.into(), ..tower })
}

fn assemble(
    encoder: Arc<dyn FrameEncoder>,
    recipe: &Recipe,
    names: Vec<String>,
    statistic: Statistic,
    options: &Options,
) -> Result<Tower> {
    let input = encoder.input();
    let face = match &input.face {
        FaceRule::Whole => "whole".to_owned(),
        FaceRule::Crop { corners } => format!("crop-{corners:?}").replace(", ", "-"),
        FaceRule::Face(config) => {
            let shape = if config.square { "square" } else { "box" };
            format!("{shape}-{}", config.expansion.0)
        }
        other => return Err(Error::Network(format!("its face rule {other:?} is not known here"))),
    };
    let side = match input.pixels.rule {
        ResizeRule::Native => "native".to_owned(),
        _ => input.pixels.size.to_string(),
    };
    let recipe = recipe
        .with("face", face)
        .with("side", side)
        .with("frames", input.frames.to_string().replace(':', "-"))
        .with("pooling", statistic.name())
        .with("pixels", "rgb")
        .with("source", "whole");
    let part = Part::new(input, options)?;
    let network = assembled(encoder, part, About::default(), options)?;
    let (names, notes) = (names.into(), Arc::from([]));
    Ok(Tower { network: Arc::new(network), names, recipe, statistic, notes })
}

fn weights(path: &Path, cause: Error) -> Error {
    Error::Weights { path: path.to_owned(), cause: Box::new(cause) }
}
