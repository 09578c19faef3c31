//! UNILJ: a score for each clip of five consecutive frames, which may begin anywhere in the video in training. A tenth of the
//! features of a clip are dropped then.

use anyhow::Result;
use dream_loss::PaperLoss;
use dream_models::deep::backbones::convnext;
use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::input::{FaceRule, Input};
use dream_models::deep::methods::unilj::{Config, ENTRY, Unilj};
use dream_models::deep::train::Params;
use dream_models::deep::train::draws::Draws;
use dream_models::face::VideoBoxConfig;
use serde_json::Value;

use super::convnext as tower;
use super::method::{Batch, Goal, Joint, Method, Network, Own, Plan, Taken, Terms};
use crate::options::{Options, Preset};

/// The share of the features of a clip that is dropped in a step.
const DROPPED: f64 = 0.1;

pub(super) const METHOD: Method = Method {
    entry: ENTRY,
    about: "mean and deviation over clips of five consecutive frames; ten clips of a video, one in a step",
    texts: false,
    own: Own { loss: Some(PaperLoss::Rmse), frames: 4, goal: Goal::Opinion },
    plan: |options| {
        let (preset, paper) = (options.preset, Config::paper());
        let hidden = match preset {
            Preset::Large => paper.hidden,
            Preset::Tiny => [64, 32, 16],
        };
        let backbone = tower::config(preset, convnext::Config::xlarge);
        Box::new(Sizes { preset, config: Config { backbone, hidden, ..paper } })
    },
};

#[derive(Debug)]
struct Sizes {
    preset: Preset,
    config: Config,
}

impl Plan for Sizes {
    /// Ten clips, whatever `every` is, of the square around the face.
    fn input(&self, _every: u64, face: FaceRule) -> Input {
        let face = match face {
            FaceRule::Face(config) => FaceRule::Face(VideoBoxConfig { square: true, ..config }),
            other => other,
        };
        tower::sized(Input { face, ..self.config.input() }, self.preset)
    }

    fn taken(&self) -> Taken {
        Taken::Clip(self.config.frames)
    }

    fn published(&self, options: &Options, params: &Params) -> Result<Vec<String>> {
        tower::published(options, "backbone", &self.config.backbone, params)
    }

    fn scale(&self, params: &Params) -> Result<()> {
        let [_, bias] = self.last_layer();
        tower::scale(params, "backbone.", bias)
    }

    fn depth_of(&self, parameter: &str) -> u32 {
        self.config.depth_of(parameter)
    }

    fn last_layer(&self) -> [&'static str; 2] {
        ["fc4.weight", "fc4.bias"]
    }

    fn config(&self) -> Result<Value> {
        Ok(serde_json::to_value(&self.config)?)
    }

    fn build(&self, vb: &VarBuilder<'_>, input: &Input) -> Result<Box<dyn Network>> {
        Ok(Box::new(Unilj::new(&self.config, vb)?.with_input(input.clone())?))
    }
}

impl Network for Unilj {
    fn terms(&self, batch: &Batch, loss: PaperLoss, _: Joint) -> Result<Terms> {
        let frames = batch.frames()?;
        let (videos, count, planes, height, width) = frames.dims5()?;
        let features = self.frame_features(&frames.reshape((videos * count, planes, height, width))?)?;
        let clips = self.clip_features(&features.reshape((videos, count, ()))?)?;
        let kept = kept(&batch.draws, clips.dim(1)?, clips.device())?;
        Ok(Terms::visual(loss.forward(&self.regress(&(clips * kept)?)?, &batch.mos)?))
    }
}

/// What the features of each clip are multiplied with, `[clips, width]`: 0 for those that are dropped, and for the others what
/// keeps their mean.
fn kept(draws: &[Draws], width: usize, device: &Device) -> Result<Tensor> {
    let row = |draws: &Draws| {
        let mut draws = draws.clone();
        (0..width).map(move |_| if (draws.signed_unit() + 1.0) / 2.0 < DROPPED { 0.0 } else { KEPT })
    };
    Ok(Tensor::from_vec(draws.iter().flat_map(row).collect::<Vec<f32>>(), (draws.len(), width), device)?)
}

/// `1 / (1 - DROPPED)`.
const KEPT: f32 = 1.0 / 0.9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_dropped_and_the_mean_stays() {
        let draws: Vec<Draws> = (0..4).map(|clip| Draws::of(7, &[clip])).collect();
        let rows = kept(&draws, 10_000, &Device::Cpu).unwrap().to_vec2::<f32>().unwrap();
        assert_ne!(rows[0], rows[1]);
        for row in &rows {
            let dropped = row.iter().filter(|&&factor| factor == 0.0).count();
            assert!((900..1100).contains(&dropped) && row.contains(&KEPT), "{dropped}");
        }
        assert_eq!(kept(&draws[1..2], 10_000, &Device::Cpu).unwrap().to_vec2::<f32>().unwrap(), rows[1..2]);
        assert!((f64::from(KEPT) * (1.0 - DROPPED) - 1.0).abs() < 1e-7);
    }
}
