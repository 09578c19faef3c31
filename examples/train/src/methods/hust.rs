//! HUST: a score for each frame. A frame has the opinion of its video as its aim, and a step sees one frame of each video, for
//! the loss compares the frames of a batch with each other.

use anyhow::Result;
use dream_loss::PaperLoss;
use dream_models::deep::backbones::convnext::Config;
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::input::{FaceRule, Input};
use dream_models::deep::methods::hust::{self, ENTRY, Hust};
use dream_models::deep::train::Params;
use serde_json::Value;

use super::convnext;
use super::method::{Batch, Goal, Joint, Method, Network, Own, Plan, Terms};
use crate::options::{Options, Preset};

pub(super) const METHOD: Method = Method {
    entry: ENTRY,
    about: "a linear head on the middle frames of twenty equal parts of the video, one of them in a step",
    texts: false,
    own: Own { loss: Some(PaperLoss::MaePlccRank), frames: 1, goal: Goal::Opinion },
    plan: |options| {
        let preset = options.preset;
        Box::new(Sizes { preset, tower: convnext::config(preset, Config::tiny) })
    },
};

#[derive(Debug)]
struct Sizes {
    preset: Preset,
    tower: Config,
}

impl Plan for Sizes {
    /// The middle frames of twenty equal parts of the video, whatever `every` is.
    fn input(&self, _every: u64, face: FaceRule) -> Input {
        convnext::sized(Input { face, ..hust::input() }, self.preset)
    }

    fn published(&self, options: &Options, params: &Params) -> Result<Vec<String>> {
        convnext::published(options, "", &self.tower, params)
    }

    fn scale(&self, params: &Params) -> Result<()> {
        let [_, bias] = self.last_layer();
        convnext::scale(params, "", bias)
    }

    fn depth_of(&self, parameter: &str) -> u32 {
        self.tower.depth_of(parameter)
    }

    fn last_layer(&self) -> [&'static str; 2] {
        ["head.fc.weight", "head.fc.bias"]
    }

    fn config(&self) -> Result<Value> {
        Ok(serde_json::to_value(&self.tower)?)
    }

    fn build(&self, vb: &VarBuilder<'_>, input: &Input) -> Result<Box<dyn Network>> {
        Ok(Box::new(Hust::new(&self.tower, vb)?.with_input(input.clone())?))
    }
}

impl Network for Hust {
    fn terms(&self, batch: &Batch, loss: PaperLoss, _: Joint) -> Result<Terms> {
        let (frames, mos) = batch.single_frames()?;
        Ok(Terms::visual(loss.forward(&self.frame_scores(&frames)?, &mos)?))
    }
}
