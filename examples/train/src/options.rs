//! The options of a run, for every program that trains.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use dream_data::RelativeBox;
use dream_loss::PaperLoss;
use dream_models::deep::candle_core::Device;
use dream_models::deep::input::FaceRule;
use dream_models::deep::train::schedule::Schedule;
use dream_models::face::{BoxExpansion, VideoBoxConfig};
use serde::Serialize;

use crate::input::ReadArgs;

/// Which frames of a video are seen, which part of them, and how the video is read.
#[derive(Debug, Clone, Args)]
pub struct View {
    /// One of every N frames of a video is seen, 6 in the paper; without effect on methods with a rule of their own
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..))]
    pub every: u64,
    /// Face boxes as CSV file,x1,y1,x2,y2 in parts of the frame; the labels of DFGC-VRA are one
    #[arg(long, value_name = "FILE", conflicts_with = "crop")]
    pub boxes: Option<PathBuf>,
    /// One part of the frame for all videos, cut as it is given [default: the whole frame]
    #[arg(long, value_name = "X1,Y1,X2,Y2")]
    pub crop: Option<RelativeBox>,
    /// How many times as wide and high as the boxes of --boxes the cut is; 1 for boxes that are wide enough
    #[arg(long, value_name = "X", default_value_t = 1.3, value_parser = positive)]
    pub expand: f64,
    /// What the files of the videos do not say, and what is done about it.
    #[command(flatten)]
    pub reading: ReadArgs,
}

impl View {
    /// The part of the frames that a network is to see: boxes as they are listed, widened; a crop as it is; or all.
    #[must_use]
    pub fn face(&self) -> FaceRule {
        match self.crop {
            Some(crop) => FaceRule::Crop { corners: crop.corners() },
            None if self.boxes.is_some() => {
                let expansion = BoxExpansion(self.expand);
                FaceRule::Face(VideoBoxConfig { expansion, ..VideoBoxConfig::default() })
            }
            None => FaceRule::Whole,
        }
    }
}

/// How a network is trained. What is left open here is in the recipe of the preset.
#[derive(Debug, Clone, Args, Serialize)]
#[command(next_help_heading = "Training of networks")]
pub struct Options {
    /// Sizes, and the defaults of options marked below
    #[arg(long, value_enum, default_value = "tiny")]
    pub preset: Preset,
    /// The same network trained without descriptions
    #[arg(long)]
    pub no_text: bool,
    /// Passes through the training clips [default: 30 as in the paper; tiny: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub epochs: Option<u64>,
    /// First values of what no file gives
    #[arg(long, value_enum)]
    pub init: Option<Init>,
    /// Learning rate [default: 1e-4 as in the paper; tiny: 7e-4, it starts from nothing]
    #[arg(long, value_name = "X", value_parser = positive)]
    pub lr: Option<f64>,
    /// Course of the learning rate over the run [default: constant; tiny: cosine]
    #[arg(long, value_name = "COURSE", value_parser = schedule())]
    pub schedule: Option<Schedule>,
    /// Epochs over which the learning rate rises to its value [default: 0; tiny: 2]
    #[arg(long, value_name = "N")]
    pub warm_up: Option<u32>,
    /// Decoupled weight decay
    #[arg(long, value_name = "X", default_value_t = 0.01, value_parser = not_negative)]
    pub decay: f64,
    /// Parameters with this in their name do not decay; may be given several times
    #[arg(long, value_name = "PART")]
    pub no_decay: Vec<String>,
    /// Biases and norms do not decay
    #[arg(long)]
    pub no_decay_vectors: bool,
    /// Gradients are scaled down to this norm
    #[arg(long, value_name = "X", value_parser = positive)]
    pub clip_norm: Option<f64>,
    /// Videos of a batch; the losses compare them with each other [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=4096))]
    pub batch: Option<u16>,
    /// Whose clips meet in a batch [default: none; tiny: identity]
    #[arg(long, value_enum)]
    pub group_by: Option<GroupBy>,
    /// What is held out of the training set to choose the best epoch by, a fifth
    #[arg(long, value_enum, default_value = "clip")]
    pub validation: Validation,
    /// Batches whose gradients make one step [default: 1; tiny: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub accumulate: Option<u16>,
    /// Frames drawn from a video for a step; a method that sees a few fixed frames or a clip takes all of them [default: 4; hust: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub frames: Option<u16>,
    /// Sentences drawn for a video and step, 0 for all [default: all; tiny: 4]
    #[arg(long, value_name = "K")]
    pub sentences: Option<usize>,
    /// Of the training sentences, how many different ones the checkpoint keeps to explain scores with, the commonest first
    #[arg(long, value_name = "N", default_value_t = 2000)]
    #[serde(skip)]
    pub descriptions: usize,
    /// Loss of scores, one of those of Tables IV and V; with descriptions lambda times the alignment is added [default: nin-kl; tiny and hust: mae-plcc-rank; unilj: rmse]
    #[arg(long, value_name = "LOSS", value_parser = loss())]
    #[serde(skip)]
    pub loss: Option<PaperLoss>,
    /// Weight of the alignment of video and description
    #[arg(long, value_name = "X", default_value_t = 0.2, value_parser = not_negative)]
    pub lambda: f64,
    /// How video and description are brought together
    #[arg(long, value_enum, default_value = "paper")]
    pub alignment: AlignmentForm,
    /// Only the text branch learns in the first N epochs, which see no videos; then it is held, and the video branch follows
    /// the mean over all sentences of a clip
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub text_first: u64,
    /// Do not mirror videos
    #[arg(long)]
    pub no_flip: bool,
    /// The frames of a batch are moved by up to this many pixels each way, all alike
    #[arg(long, value_name = "PIXELS", default_value_t = 0)]
    pub shift: u8,
    /// Parameters that begin with this stay as they are, such as visual, text, stages (hust) or backbone (unilj); may be given several times
    #[arg(long, value_name = "PREFIX")]
    pub freeze: Vec<String>,
    /// From this epoch on, frozen parameters learn as well
    #[arg(long, value_name = "EPOCH", requires = "freeze")]
    pub unfreeze_at: Option<u64>,
    /// Every layer below the top of a tower learns at this times the rate of the one above
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = positive)]
    pub layer_decay: f64,
    /// First weights of the visual tower: safetensors with the names of timm or of the authors, or a checkpoint's
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub visual: Option<PathBuf>,
    /// What messages call the option behind `visual`.
    #[arg(skip = "--visual")]
    #[serde(skip)]
    pub visual_option: &'static str,
    /// First weights of the text tower: safetensors with the names of Hugging Face or of OpenAI, or a checkpoint's
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub text: Option<PathBuf>,
    /// What computes
    #[arg(long, value_enum, default_value = "cpu")]
    #[serde(skip)]
    pub device: DeviceName,
    /// Steps after which the state is written, besides the end of every epoch
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    #[serde(skip)]
    pub save_every: u64,
}

/// Sizes of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Swin-V2 or ConvNeXt of three blocks on 64x64, two text layers of width 32: from nothing, in minutes on a CPU
    Tiny,
    /// The paper's: Swin-V2-L on 256x256 and CLIP's text tower, ConvNeXt-T (hust) or XL (unilj) on 384x384; start it from published weights
    Large,
}

/// First values of what no file gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// Those of the published code, made for wide networks: residual branches of the visual tower start at nothing
    Published,
    /// For a narrow visual tower that starts from nothing: weights by the widths of their layer, branches open
    Scaled,
}

/// Whose clips meet in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupBy {
    /// Anybody's
    None,
    /// One person's: what the batch's losses compare is then what the methods did, not who it is
    Identity,
}

/// How a video and its description are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlignmentForm {
    /// 1 minus the mean cosine, as in the paper: a direction that all clips have in common satisfies it
    #[default]
    Paper,
    /// The same after the mean of the batch is taken off: what differs between clips has to agree
    Centred,
    /// Each clip has to be closest to its own description in the batch
    Contrast,
}

/// What is held out as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validation {
    /// Single clips, as the paper does
    Clip,
    /// All clips of some people
    Identity,
    /// All clips of some methods
    Method,
}

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum DeviceName {
    /// The processors
    #[default]
    Cpu,
    /// Needs --features cuda
    Cuda,
    /// Needs --features metal
    Metal,
}

impl DeviceName {
    /// The device.
    ///
    /// # Errors
    /// For one that this program was built without.
    pub fn open(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda => Device::new_cuda(0).context("--device cuda: build with --features cuda"),
            Self::Metal => Device::new_metal(0).context("--device metal: build with --features metal"),
        }
    }
}

/// What a training cannot do without: with 0 it learns nothing, or all is in vain.
fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number <= 1e6 => Ok(number),
        _ => Err("must be a number above 0".to_owned()),
    }
}

fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=1e6).contains(&number) => Ok(number),
        _ => Err("must be a number of at least 0".to_owned()),
    }
}

fn schedule() -> impl TypedValueParser<Value = Schedule> {
    let parse = |name: String| if name == "cosine" { Schedule::Cosine } else { Schedule::Constant };
    PossibleValuesParser::new(["constant", "cosine"]).map(parse)
}

fn loss() -> impl TypedValueParser<Value = PaperLoss> {
    PossibleValuesParser::new(PaperLoss::ALL.map(PaperLoss::name)).try_map(|name| name.parse())
}

/// The options of a command line.
#[cfg(test)]
pub(crate) fn of_words(words: &str) -> Options {
    #[derive(Debug, clap::Parser)]
    struct Cli {
        #[command(flatten)]
        options: Options,
    }
    <Cli as clap::Parser>::parse_from([""].into_iter().chain(words.split_whitespace())).options
}
