//! What every method is to training.

use std::fmt::Debug;

use anyhow::{Context, Result, ensure};
use dream_loss::PaperLoss;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::input::{FaceRule, FramePlan, Input};
use dream_models::deep::methods::Entry;
use dream_models::deep::network::VideoNetwork;
use dream_models::deep::train::Params;
use dream_models::deep::train::draws::Draws;
use serde_json::Value;

use crate::options::{AlignmentForm, Options};

/// The middle of the grades: where a score is before anything is learnt.
pub(super) const MIDDLE: f64 = 3.0;

/// A method that can be trained.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// Its names, and how its checkpoints are loaded.
    pub entry: Entry,
    /// What it is and which frames it sees, in a line.
    pub about: &'static str,
    /// Whether it learns from descriptions where it is not told otherwise.
    pub(super) texts: bool,
    pub(crate) own: Own,
    pub(super) plan: PlanOf,
}

/// What is a method's own where the options and the preset's recipe leave it open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own {
    /// `None`: that of the preset.
    pub(crate) loss: Option<PaperLoss>,
    /// Frames of a video and step, where it draws frames.
    pub(crate) frames: u16,
    pub(crate) goal: Goal,
}

/// What is learnt, and what the best epoch is chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Opinions, by correlations with them.
    Opinion,
    /// Which clips are fake, by the area under the ROC curve. Batches hold as many real clips as fake ones.
    Detection,
}

/// What makes the plan of a method from the options.
pub(crate) type PlanOf = fn(&Options) -> Box<dyn Plan>;

/// Which frames of a video a step sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// All that the network looks at.
    All,
    /// Some of them, drawn at random.
    Drawn,
    /// So many consecutive frames from anywhere in the video. One that is too short is filled up with frames that are zero
    /// behind the normalisation.
    Clip(usize),
}

impl Taken {
    /// The input whose frames are drawn from, for a network that looks at `input`.
    pub(crate) fn from(self, input: &Input) -> Input {
        let frames = match self {
            Self::All | Self::Drawn => input.frames,
            Self::Clip(_) => FramePlan::Every { n: 1 },
        };
        Input { frames, ..input.clone() }
    }
}

impl Method {
    /// A method that does not read.
    pub(crate) const fn new(entry: Entry, about: &'static str, own: Own, plan: PlanOf) -> Self {
        Self { entry, about, texts: false, own, plan }
    }

    /// Its title in a table.
    #[must_use]
    pub fn title(&self, options: &Options) -> String {
        let without = if self.texts && options.no_text { " without text" } else { "" };
        format!("{}{without}", self.entry.title)
    }

    /// The title of the scores from descriptions alone; `None` for a network that does not read.
    #[must_use]
    pub fn text_title(&self, options: &Options) -> Option<String> {
        (self.texts && !options.no_text).then(|| format!("{}-T", self.entry.title))
    }

    /// Reads the files of first weights that the options name, as a training does that starts from them, and says in lines
    /// what was done to the names of their tensors. For programs, before they begin with anything that takes long.
    ///
    /// # Errors
    /// When a file cannot be read, is no safetensors file, does not fit the network or holds a NaN or an infinity; and for
    /// `--text` where the network does not read.
    pub fn check_weights(&self, options: &Options) -> Result<Vec<String>> {
        let plan = self.plan(options);
        let reads = plan.tokens().is_some() || options.text.is_none();
        ensure!(reads, "--text: this network has no text tower; leave it out");
        plan.published(options, &Params::seeded(0, DType::F32, &Device::Cpu))
    }

    pub(crate) fn plan(&self, options: &Options) -> Box<dyn Plan> {
        (self.plan)(options)
    }
}

/// What a method is to training, with the sizes that the options ask for.
pub(crate) trait Plan: Debug + Send + Sync {
    /// What its networks look at. `every` is for methods that look at one of so many frames.
    fn input(&self, every: u64, face: FaceRule) -> Input;

    /// Which frames of a video a step sees.
    fn taken(&self) -> Taken {
        Taken::Drawn
    }

    /// How many tokens of a sentence it reads; `None` when it reads none.
    fn tokens(&self) -> Option<usize> {
        None
    }

    /// Puts published weights in place, before the network is built. What was done to the names of a file, in lines.
    fn published(&self, options: &Options, params: &Params) -> Result<Vec<String>>;

    /// Gives a narrow network that starts from nothing the values that it can learn from.
    fn scale(&self, params: &Params) -> Result<()>;

    /// Layers between a parameter and the top of its tower.
    fn depth_of(&self, parameter: &str) -> u32;

    /// Weight and bias of the last layer.
    fn last_layer(&self) -> [&'static str; 2];

    /// The configuration, as the checkpoint has it.
    fn config(&self) -> Result<Value>;

    /// The network on these parameters.
    fn build(&self, vb: &VarBuilder<'_>, input: &Input) -> Result<Box<dyn Network>>;
}

/// A network that learns.
pub(crate) trait Network: VideoNetwork {
    /// The loss of a batch.
    fn terms(&self, batch: &Batch, loss: PaperLoss, joint: Joint) -> Result<Terms>;

    /// Representations of videos by their descriptions, from token ids `[sentences, tokens]` and how many sentences
    /// each video has; `None` for a network that does not read.
    fn represent_text(&self, _ids: &Tensor, _counts: &[usize]) -> Result<Option<Tensor>> {
        Ok(None)
    }

    /// Scores from such representations, `[videos, dim]` to `[videos]`.
    fn score_text(&self, _representations: &Tensor) -> Result<Option<Tensor>> {
        Ok(None)
    }
}

/// How the two branches of a network that reads learn.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Joint {
    /// Weight of the alignment of video and description.
    pub(crate) lambda: f64,
    pub(crate) form: AlignmentForm,
}

/// A batch on the device.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `[videos, frames, 3, side, side]`; `None` for a step that only reads.
    pub(crate) frames: Option<Tensor>,
    /// `[videos]`
    pub(crate) mos: Tensor,
    /// For what a network draws while it learns: a stream for each video, which depends on seed, epoch and clip alone.
    pub(crate) draws: Vec<Draws>,
    pub(crate) text: Text,
}

/// What was written about the videos of a batch.
#[derive(Debug)]
pub(crate) enum Text {
    Nothing,
    /// Ids `[sentences, tokens]` and how many belong to each video.
    Ids(Tensor, Vec<usize>),
    /// Representations `[videos, dim]` by a text branch that does not learn any more.
    Read(Tensor),
}

impl Batch {
    /// The frames, for a network that learns from nothing else.
    pub(crate) fn frames(&self) -> Result<&Tensor> {
        self.frames.as_ref().context("the batch has no frames")
    }

    /// The frames one by one, `[n, 3, side, side]`, each with the opinion of its video, `[n]`.
    pub(crate) fn single_frames(&self) -> Result<(Tensor, Tensor)> {
        let (videos, count, planes, height, width) = self.frames()?.dims5()?;
        let frames = self.frames()?.reshape((videos * count, planes, height, width))?;
        let mos = self.mos.unsqueeze(1)?.broadcast_as((videos, count))?.flatten_all()?;
        Ok((frames, mos.contiguous()?))
    }
}

/// The terms of a loss; those that a network does not have are `None`.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) visual: Option<Tensor>,
    pub(crate) text: Option<Tensor>,
    pub(crate) alignment: Option<Tensor>,
    pub(crate) total: Tensor,
}

impl Terms {
    /// Of a network that looks and does not read.
    pub(crate) fn visual(visual: Tensor) -> Self {
        Self { total: visual.clone(), visual: Some(visual), text: None, alignment: None }
    }
}
