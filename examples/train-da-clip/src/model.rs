//! The two networks behind one face, and their first weights.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use dream_loss::Alignment;
use dream_models::deep::backbones::swin_v2::{self, SwinV2, from_microsoft};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::{TensorFile, check};
use dream_models::deep::methods::da_clip::{Config, DaClip, KIND, OPDAI_KIND, Opdai};
use dream_models::deep::parameters;
use dream_models::deep::text::clip::{self, TextTower, from_openai};
use dream_models::deep::train::Params;
use serde_json::Value;

use crate::args::{Args, MethodName, Preset};
use crate::loss::Loss;

/// What is built.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) method: MethodName,
    pub(crate) config: Config,
}

/// A batch on the device.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `[videos, frames, 3, side, side]`
    pub(crate) frames: Tensor,
    /// `[videos]`
    pub(crate) mos: Tensor,
    /// Ids `[sentences, tokens]` and how many belong to each video.
    pub(crate) text: Option<(Tensor, Vec<usize>)>,
}

/// The terms of a loss; those that a network does not have are `None`.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) visual: Tensor,
    pub(crate) text: Option<Tensor>,
    pub(crate) alignment: Option<Tensor>,
    pub(crate) total: Tensor,
}

#[derive(Debug)]
pub(crate) enum Network {
    DaClip(Box<DaClip>),
    Opdai(Box<Opdai>),
}

impl Shape {
    pub(crate) fn new(args: &Args) -> Self {
        let mut config = match args.preset {
            Preset::Large => Config::paper(),
            Preset::Tiny => {
                let visual = swin_v2::Config {
                    embed_dim: 32,
                    depths: vec![1, 1, 1],
                    num_heads: vec![2, 4, 8],
                    window_size: [4, 4],
                    pretrained_window_sizes: vec![0; 3],
                    // Small enough for all frames of a batch at once.
                    images_per_pass: 64,
                    windows_per_pass: 1024,
                    ..swin_v2::Config::default()
                };
                Config { visual, ..Config::default() }
            }
        };
        if args.no_text || args.method == MethodName::Opdai {
            config.text = None;
        }
        Self { method: args.method, config }
    }

    pub(crate) fn side(&self) -> usize {
        let [side, _] = self.config.visual.img_size;
        side
    }

    pub(crate) fn build(&self, vb: &VarBuilder<'_>) -> Result<Network> {
        Ok(match self.method {
            MethodName::DaClip => Network::DaClip(Box::new(DaClip::new(&self.config, vb)?)),
            MethodName::Opdai => Network::Opdai(Box::new(Opdai::new(&self.config.visual, vb)?)),
        })
    }

    /// Without gradients, for scoring.
    pub(crate) fn frozen(&self, weights: &BTreeMap<String, Tensor>, device: &Device) -> Result<Network> {
        let weights = weights.iter().map(|(name, tensor)| (name.clone(), tensor.clone())).collect();
        self.build(&VarBuilder::from_tensors(weights, DType::F32, device))
    }

    /// As a checkpoint says it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.method {
            MethodName::DaClip => KIND,
            MethodName::Opdai => OPDAI_KIND,
        }
    }

    pub(crate) fn json(&self) -> Result<Value> {
        Ok(match self.method {
            MethodName::DaClip => serde_json::to_value(&self.config)?,
            MethodName::Opdai => serde_json::to_value(&self.config.visual)?,
        })
    }

    /// Weight and bias of the last layer.
    pub(crate) fn last_layer(&self) -> [&'static str; 2] {
        match self.method {
            MethodName::DaClip => ["regressor.weight", "regressor.bias"],
            MethodName::Opdai => ["visual.head.fc.weight", "visual.head.fc.bias"],
        }
    }

    /// First values: files where they are given, the seed elsewhere.
    pub(crate) fn first(&self, args: &Args, device: &Device) -> Result<Params> {
        let params = Params::seeded(args.seed, DType::F32, device);
        if let Some(path) = &args.visual {
            let mut tensors = BTreeMap::new();
            for (name, tensor) in read(path, |_| true)? {
                if let Some(name) = from_microsoft(&name).filter(|name| !name.starts_with("head.")) {
                    tensors.insert(name, tensor);
                }
            }
            let config = swin_v2::Config { num_classes: 0, ..self.config.visual.clone() };
            fits(path, &tensors, &parameters(|vb| SwinV2::new(&config, vb))?)?;
            params.insert("visual", &tensors)?;
        }
        if let Some(path) = &args.text {
            let config: &clip::Config =
                self.config.text.as_ref().context("--text: this network has no text tower; leave it out")?;
            let images = |name: &str| name.starts_with("vision_model.") || name.starts_with("visual.");
            let tensors = from_openai(read(path, |name| !images(name))?)?;
            let expected = parameters(|vb| TextTower::new(config, vb))?;
            let known = |name: &String| expected.iter().any(|(other, _)| other == name);
            // `logit_scale`, `position_ids` and what else files of the whole CLIP hold.
            let tensors: BTreeMap<_, _> = tensors.into_iter().filter(|(name, _)| known(name)).collect();
            fits(path, &tensors, &expected)?;
            params.insert("text", &tensors)?;
        }
        Ok(params)
    }
}

fn read(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<BTreeMap<String, Tensor>> {
    let named = || format!("first weights {}", path.display());
    let file = TensorFile::open(path).with_context(named)?;
    Ok(file.read_where(wanted, &Device::Cpu).with_context(named)?.into_iter().collect())
}

fn fits(path: &Path, tensors: &BTreeMap<String, Tensor>, expected: &[(String, Vec<usize>)]) -> Result<()> {
    check(expected, tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.dims())))
        .with_context(|| format!("first weights {}", path.display()))
}

impl Network {
    /// The loss of a batch.
    pub(crate) fn terms(&self, batch: &Batch, loss: Loss, lambda: f64) -> Result<Terms> {
        match self {
            Self::DaClip(model) => {
                let videos = model.embed_video(&batch.frames)?;
                let visual = loss.forward(&model.regress(&videos)?, &batch.mos)?;
                let Some((ids, counts)) = &batch.text else {
                    return Ok(Terms { total: visual.clone(), visual, text: None, alignment: None });
                };
                let texts = model.embed_text(ids, counts)?;
                let text = loss.forward(&model.regress(&texts)?, &batch.mos)?;
                let alignment = Alignment::Mean.forward(&videos, &texts)?;
                let total = ((&visual + &text)? + (&alignment * lambda)?)?;
                Ok(Terms { visual, text: Some(text), alignment: Some(alignment), total })
            }
            Self::Opdai(model) => {
                let (videos, count, planes, height, width) = batch.frames.dims5()?;
                let frames = batch.frames.reshape((videos * count, planes, height, width))?;
                let mos = batch.mos.unsqueeze(1)?.broadcast_as((videos, count))?.flatten_all()?;
                let visual = loss.forward(&model.frame_scores(&frames)?, &mos.contiguous()?)?;
                Ok(Terms { total: visual.clone(), visual, text: None, alignment: None })
            }
        }
    }

    /// Representations of sentences, each on its own; `None` for a network that has none of them.
    pub(crate) fn describe(&self, ids: &Tensor) -> Result<Option<Tensor>> {
        match self {
            Self::DaClip(model) if model.text().is_some() => {
                Ok(Some(model.embed_text(ids, &vec![1; ids.dim(0)?])?))
            }
            Self::DaClip(_) | Self::Opdai(_) => Ok(None),
        }
    }

    /// Scores of videos of equal length.
    pub(crate) fn score(&self, frames: &Tensor) -> Result<Vec<f64>> {
        let scores = match self {
            Self::DaClip(model) => model.score(frames)?,
            Self::Opdai(model) => model.score(frames)?,
        };
        Ok(scores.to_dtype(DType::F64)?.to_vec1()?)
    }
}
