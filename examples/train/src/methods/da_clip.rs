//! DA-CLIP: a video and what people wrote about it in one space, with one regressor. Both branches have the same loss, and
//! the alignment of the two is added.

use anyhow::{Context, Result};
use dream_loss::{Alignment, Contrast, PaperLoss};
use dream_models::deep::candle_core::Tensor;
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::input::{FaceRule, FramePlan, Input};
use dream_models::deep::methods::da_clip::{Config, DaClip, ENTRY};
use dream_models::deep::pretrained;
use dream_models::deep::train::Params;
use serde_json::Value;

use super::method::{Batch, Goal, Joint, Method, Network, Own, Plan, Terms, Text};
use super::swin;
use crate::options::{AlignmentForm, Options, Preset};
use crate::weights::Source;

pub(super) const METHOD: Method = Method {
    entry: ENTRY,
    about: "video and descriptions in one space, one regressor; sees one of every N frames, a few in a step",
    texts: true,
    own: Own { loss: None, frames: 4, goal: Goal::Opinion },
    plan: |options| {
        let base = match options.preset {
            Preset::Large => Config::paper(),
            Preset::Tiny => Config::default(),
        };
        let text = base.text.clone().filter(|_| !options.no_text);
        Box::new(Sizes(Config { visual: swin::config(options.preset), text, ..base }))
    },
};

#[derive(Debug)]
struct Sizes(Config);

impl Plan for Sizes {
    fn input(&self, every: u64, face: FaceRule) -> Input {
        Input { frames: FramePlan::Every { n: every }, face, ..self.0.input() }
    }

    fn tokens(&self) -> Option<usize> {
        self.0.text.as_ref().map(|text| text.max_position_embeddings)
    }

    fn published(&self, options: &Options, params: &Params) -> Result<Vec<String>> {
        let mut notes = swin::published(options, &self.0.visual, params)?;
        if let (Some(source), Some(config)) = (Source::of("--text", options.text.as_ref()), &self.0.text) {
            notes.extend(source.put(params, "text", |file| pretrained::clip_text(file, config))?);
        }
        Ok(notes)
    }

    fn scale(&self, params: &Params) -> Result<()> {
        swin::scale(params, &["visual_proj.", "regressor."], "regressor.bias")
    }

    fn depth_of(&self, parameter: &str) -> u32 {
        self.0.depth_of(parameter)
    }

    fn last_layer(&self) -> [&'static str; 2] {
        ["regressor.weight", "regressor.bias"]
    }

    fn config(&self) -> Result<Value> {
        Ok(serde_json::to_value(&self.0)?)
    }

    fn build(&self, vb: &VarBuilder<'_>, input: &Input) -> Result<Box<dyn Network>> {
        Ok(Box::new(DaClip::new(&self.0, vb)?.with_input(input.clone())?))
    }
}

impl Network for DaClip {
    fn terms(&self, batch: &Batch, loss: PaperLoss, joint: Joint) -> Result<Terms> {
        let texts = match &batch.text {
            Text::Nothing => None,
            Text::Ids(ids, counts) => Some(self.embed_text(ids, counts)?),
            Text::Read(read) => Some(read.clone()),
        };
        let by_text = |texts: &Tensor| anyhow::Ok(loss.forward(&self.regress(texts)?, &batch.mos)?);
        let text = texts.as_ref().map(by_text).transpose()?;
        let Some(frames) = &batch.frames else {
            let total = text.context("the batch has neither frames nor descriptions")?;
            return Ok(Terms { visual: None, text: Some(total.clone()), alignment: None, total });
        };
        let videos = self.embed_video(frames)?;
        let visual = loss.forward(&self.regress(&videos)?, &batch.mos)?;
        let (Some(texts), Some(text)) = (texts, text) else { return Ok(Terms::visual(visual)) };
        let alignment = match joint.form {
            AlignmentForm::Paper => Alignment::Mean.forward(&videos, &texts)?,
            AlignmentForm::Centred => Alignment::Centred.forward(&videos, &texts)?,
            AlignmentForm::Contrast => Contrast::default().forward(&videos, &texts)?,
        };
        let total = ((&visual + &text)? + (&alignment * joint.lambda)?)?;
        Ok(Terms { visual: Some(visual), text: Some(text), alignment: Some(alignment), total })
    }

    fn represent_text(&self, ids: &Tensor, counts: &[usize]) -> Result<Option<Tensor>> {
        Ok(self.text().map(|_| self.embed_text(ids, counts)).transpose()?)
    }

    fn score_text(&self, representations: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(self.regress(representations)?))
    }
}
