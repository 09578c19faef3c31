//! A tower with one linear layer, whose answer for a frame is the logarithm of the odds that it is fake.

use anyhow::Result;
use dream_loss::{PaperLoss, bce_with_logits};
use dream_models::deep::candle_core::{DType, Device, Module, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::input::{FaceRule, FramePlan, Input};
use dream_models::deep::layers::{Linear, Mode};
use dream_models::deep::network::{FrameEncoder, VideoNetwork};
use dream_models::deep::train::Params;
use serde_json::Value;

use super::tower::{BIAS, Built, Tower, WEIGHT};
use crate::methods::{Batch, Joint, Network, Plan, Terms};
use crate::options::{Options, Preset};
use crate::weights::Source;

/// `kind` of the checkpoints of detectors, whose configuration is that of their tower.
pub const KIND: &str = "detector";

/// The preset's tower of a kind.
type OfPreset = fn(Preset) -> Tower;

/// Tower and frames of a preset.
#[derive(Debug)]
pub(super) struct Sizes {
    preset: Preset,
    tower: Tower,
}

impl Sizes {
    pub(super) fn new(tower: OfPreset, options: &Options) -> Self {
        Self { preset: options.preset, tower: tower(options.preset) }
    }
}

impl Plan for Sizes {
    fn input(&self, every: u64, face: FaceRule) -> Input {
        let pixels = self.tower.pixels(self.preset);
        Input { frames: FramePlan::Every { n: every }, face, pixels, ..Input::default() }
    }

    fn published(&self, options: &Options, params: &Params) -> Result<Vec<String>> {
        let Some(source) = Source::of(options.visual_option, options.visual.as_ref()) else {
            return Ok(Vec::new());
        };
        source.put(params, "visual", |file| self.tower.read(file))
    }

    fn scale(&self, params: &Params) -> Result<()> {
        self.tower.scale(params)
    }

    fn depth_of(&self, parameter: &str) -> u32 {
        parameter.strip_prefix("visual.").map_or(0, |name| self.tower.depth_of(name))
    }

    fn last_layer(&self) -> [&'static str; 2] {
        [WEIGHT, BIAS]
    }

    fn config(&self) -> Result<Value> {
        Ok(serde_json::to_value(&self.tower)?)
    }

    fn build(&self, vb: &VarBuilder<'_>, input: &Input) -> Result<Box<dyn Network>> {
        Ok(Box::new(Detector::new(&self.tower, input.clone(), vb)?))
    }
}

/// A network that tells real faces from swapped ones.
#[derive(Debug)]
pub(super) struct Detector {
    tower: Built,
    head: Linear,
    input: Input,
    dtype: DType,
    device: Device,
}

impl Detector {
    fn new(tower: &Tower, input: Input, vb: &VarBuilder<'_>) -> dream_models::Result<Self> {
        let head = Linear::new(tower.features(), 1, &vb.pp("head"))?;
        let (dtype, device) = (vb.dtype(), vb.device().clone());
        Ok(Self { tower: tower.build(&vb.pp("visual"))?, head, input, dtype, device })
    }

    /// Loads a checkpoint that a training of detectors has written.
    pub(super) fn load(checkpoint: &Checkpoint, dtype: DType, device: &Device) -> dream_models::Result<Self> {
        checkpoint.expect_kind(KIND)?;
        let tower: Tower = checkpoint.config()?;
        let tensors = checkpoint.tensors().read_where(|_| true, device)?;
        let vb = VarBuilder::from_tensors(tensors.into_iter().collect(), dtype, device);
        Self::new(&tower, checkpoint.input()?.clone(), &vb)
    }

    /// `[n, 3, side, side]` to `[n]`.
    fn logits(&self, frames: &Tensor, mode: Mode) -> dream_models::Result<Tensor> {
        let frames = frames.to_device(&self.device)?.to_dtype(self.dtype)?;
        Ok(self.head.forward(&self.tower.features(&frames, mode)?)?.squeeze(1)?)
    }
}

impl FrameEncoder for Detector {
    fn input(&self) -> &Input {
        &self.input
    }

    fn width(&self) -> usize {
        1
    }

    fn encode(&self, frames: &Tensor) -> dream_models::Result<Tensor> {
        Ok(self.logits(frames, Mode::Eval)?.unsqueeze(1)?)
    }
}

impl VideoNetwork for Detector {
    /// The mean over the frames of a video.
    fn score(&self, encoded: &Tensor) -> dream_models::Result<Tensor> {
        Ok(encoded.mean(1)?.squeeze(1)?)
    }

    fn represent(&self, _: &Tensor) -> dream_models::Result<Option<Tensor>> {
        Ok(None)
    }
}

impl Network for Detector {
    /// Binary cross-entropy of the frames, each with the label of its video: 1 for a fake. It has no other loss.
    fn terms(&self, batch: &Batch, _: PaperLoss, _: Joint) -> Result<Terms> {
        let (frames, labels) = batch.single_frames()?;
        Ok(Terms::visual(bce_with_logits(&self.logits(&frames, Mode::Train)?, &labels)?))
    }
}
