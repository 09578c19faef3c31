//! OPDAI: a score for each of three frames. Each of them has the opinion of its video as its aim.

use anyhow::Result;
use dream_loss::PaperLoss;
use dream_models::deep::backbones::swin_v2::Config;
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::input::{FaceRule, Input};
use dream_models::deep::methods::opdai::{self, ENTRY, Opdai};
use dream_models::deep::train::Params;
use serde_json::Value;

use super::method::{Batch, Goal, Joint, Method, Network, Own, Plan, Taken, Terms};
use super::swin;
use crate::options::Options;

pub(super) const METHOD: Method = Method {
    entry: ENTRY,
    about: "a linear head on the middle frames of three equal parts of the video, whatever --every is",
    texts: false,
    own: Own { loss: None, frames: 4, goal: Goal::Opinion },
    plan: |options| Box::new(Sizes(swin::config(options.preset))),
};

#[derive(Debug)]
struct Sizes(Config);

impl Plan for Sizes {
    /// The middle frames of three equal parts of the video, whatever `every` is.
    fn input(&self, _every: u64, face: FaceRule) -> Input {
        Input { face, ..opdai::input(&self.0) }
    }

    fn taken(&self) -> Taken {
        Taken::All
    }

    fn published(&self, options: &Options, params: &Params) -> Result<Vec<String>> {
        swin::published(options, &self.0, params)
    }

    fn scale(&self, params: &Params) -> Result<()> {
        let [_, bias] = self.last_layer();
        swin::scale(params, &["visual.head."], bias)
    }

    fn depth_of(&self, parameter: &str) -> u32 {
        opdai::depth_of(&self.0, parameter)
    }

    fn last_layer(&self) -> [&'static str; 2] {
        ["visual.head.fc.weight", "visual.head.fc.bias"]
    }

    fn config(&self) -> Result<Value> {
        Ok(serde_json::to_value(&self.0)?)
    }

    fn build(&self, vb: &VarBuilder<'_>, input: &Input) -> Result<Box<dyn Network>> {
        Ok(Box::new(Opdai::new(&self.0, vb)?.with_input(input.clone())?))
    }
}

impl Network for Opdai {
    fn terms(&self, batch: &Batch, loss: PaperLoss, _: Joint) -> Result<Terms> {
        let (frames, mos) = batch.single_frames()?;
        Ok(Terms::visual(loss.forward(&self.frame_scores(&frames)?, &mos)?))
    }
}
