//! The tower: pictures to means of patch tokens.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use dream_models::deep::backbones::vit::{ClipVit, Config, patch_mean};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::TensorFile;
use dream_models::deep::methods::face_blend::{self, Tower};
use dream_models::deep::pretrained;
use dream_models::preprocess::{ImageView, Preprocess};

use crate::args::Args;

/// A tower up to the last block that is needed.
pub(crate) struct Eye {
    path: PathBuf,
    name: String,
    config: Config,
    tower: ClipVit,
    pixels: Preprocess,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
    /// The blocks that are looked at, ascending, counted from 1.
    pub(crate) blocks: Vec<usize>,
}

impl Eye {
    pub(crate) fn open(args: &Args, blocks: Vec<usize>) -> Result<Self> {
        let config = sizes(&args.tower)?;
        config.validate().with_context(|| format!("--tower {}", args.tower))?;
        let last = blocks.last().copied().unwrap_or_default();
        ensure!(last <= config.layers, "--block is {last}, the tower has {} blocks", config.layers);
        let named = || format!("--weights {}", args.weights.display());
        let file = TensorFile::open(&args.weights).with_context(named)?;
        let config_used = config.up_to(last);
        let tensors = pretrained::clip_vit(&file, &config_used).with_context(named)?.tensors;
        let builder = VarBuilder::from_tensors(tensors.into_iter().collect(), DType::F32, &Device::Cpu);
        Ok(Self {
            path: args.weights.clone(),
            name: args.tower_name.clone(),
            tower: ClipVit::new(&config_used, &builder)?,
            pixels: face_blend::input(&config).pixels,
            sha256: file.sha256()?,
            config,
            blocks,
        })
    }

    /// Numbers of a picture.
    pub(crate) fn width(&self) -> usize {
        self.config.width
    }

    /// The numbers of pictures after each block: a row for each picture, row after row. On the thread of the caller alone.
    pub(crate) fn look(&self, pictures: &[ImageView<'_>]) -> Result<Vec<Vec<f32>>> {
        let size = self.pixels.size;
        let mut input = vec![0.0; pictures.len() * self.pixels.len()];
        for (picture, out) in pictures.iter().zip(input.chunks_exact_mut(self.pixels.len())) {
            self.pixels.apply(picture, out)?;
        }
        let input = Tensor::from_vec(input, (pictures.len(), 3, size, size), &Device::Cpu)?;
        let tokens = self.tower.tokens_after_each(&input, &self.blocks)?;
        let means = tokens.iter().map(|tokens| Ok(patch_mean(tokens)?.flatten_all()?.to_vec1()?));
        means.collect()
    }

    /// What a head on `block` says of the tower.
    pub(crate) fn describe(&self, block: usize) -> Result<Tower> {
        let used = self.config.up_to(block);
        let tensors = pretrained::clip_vit(&TensorFile::open(&self.path)?, &used)?.tensors;
        Ok(Tower::of(&self.name, &self.config, &tensors)?)
    }
}

fn sizes(tower: &str) -> Result<Config> {
    Ok(match tower {
        "b16" => Config::b16(),
        "b32" => Config::b32(),
        "l14" => Config::l14(),
        file if Path::new(file).is_file() => {
            let text = fs::read(file).with_context(|| format!("cannot read {file}"))?;
            serde_json::from_slice(&text).with_context(|| format!("--tower {file}"))?
        }
        other => bail!("--tower {other}: neither b16, b32, l14 nor a file"),
    })
}
