//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use dream_data::RelativeBox;

use crate::loss::Loss;

/// Trains DA-CLIP on a tree in the shape of DREAM and scores its three test sets
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The data set: videos/, splits/, all_descriptions_en.csv
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,

    /// The folder of results; run the same command again after an interruption
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Sizes, and the defaults of options marked below
    #[arg(long, value_enum, default_value = "tiny")]
    pub(crate) preset: Preset,

    /// What is trained
    #[arg(long, value_enum, default_value = "da-clip")]
    pub(crate) method: MethodName,

    /// Which split of the data set
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) split: usize,

    /// The same visual tower and regressor, trained without descriptions
    #[arg(long)]
    pub(crate) no_text: bool,

    /// Of first weights, order, flips, drawn frames and sentences, and the validation clips
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// [default: 30 as in the paper; tiny: 20]
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<u64>,

    /// First values of what no file gives
    #[arg(long, value_enum)]
    pub(crate) init: Option<Init>,

    /// Learning rate [default: 1e-4 as in the paper; tiny: 7e-4, it starts from nothing]
    #[arg(long, value_name = "X")]
    pub(crate) lr: Option<f64>,

    /// Course of the learning rate over the run [default: constant; tiny: cosine]
    #[arg(long, value_enum)]
    pub(crate) schedule: Option<Schedule>,

    /// Epochs over which the learning rate rises to its value [default: 0; tiny: 2]
    #[arg(long, value_name = "N")]
    pub(crate) warm_up: Option<u32>,

    /// Decoupled weight decay
    #[arg(long, value_name = "X", default_value_t = 0.01)]
    pub(crate) decay: f64,

    /// Parameters with this in their name do not decay; may be given several times
    #[arg(long, value_name = "PART")]
    pub(crate) no_decay: Vec<String>,

    /// Biases and norms do not decay
    #[arg(long)]
    pub(crate) no_decay_vectors: bool,

    /// Gradients are scaled down to this norm
    #[arg(long, value_name = "X")]
    pub(crate) clip_norm: Option<f64>,

    /// Videos of a batch; the losses compare them with each other [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=4096))]
    pub(crate) batch: Option<u16>,

    /// Whose clips meet in a batch [default: none; tiny: identity]
    #[arg(long, value_enum)]
    pub(crate) group_by: Option<GroupBy>,

    /// What is held out of the training set to choose the best epoch by, a fifth
    #[arg(long, value_enum, default_value = "clip")]
    pub(crate) validation: Validation,

    /// Batches whose gradients make one step [default: 1; tiny: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) accumulate: Option<u16>,

    /// Frames drawn from a video for a step
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) frames: u16,

    /// One of every N frames of a video is kept
    #[arg(long, value_name = "N", default_value_t = 6)]
    pub(crate) every: u64,

    /// Sentences drawn for a video and step, 0 for all [default: all; tiny: 4]
    #[arg(long, value_name = "K")]
    pub(crate) sentences: Option<usize>,

    /// Of the training sentences, how many different ones the checkpoint keeps to explain scores with, the commonest first
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) descriptions: usize,

    /// Loss of both branches; da-clip adds lambda times the alignment [default: nin-kl; tiny: mae-plcc-rank]
    #[arg(long, value_enum)]
    pub(crate) loss: Option<Loss>,

    /// Weight of the alignment of video and description
    #[arg(long, value_name = "X", default_value_t = 0.2)]
    pub(crate) lambda: f64,

    /// Do not mirror videos
    #[arg(long)]
    pub(crate) no_flip: bool,

    /// The frames of a batch are moved by up to this many pixels each way, all alike
    #[arg(long, value_name = "PIXELS", default_value_t = 0)]
    pub(crate) shift: u8,

    /// Face boxes as CSV file,x1,y1,x2,y2 in parts of the frame
    #[arg(long, value_name = "FILE", conflicts_with = "crop")]
    pub(crate) boxes: Option<PathBuf>,

    /// One box for all videos, in parts of the frame [default: the whole frame]
    #[arg(long, value_name = "X1,Y1,X2,Y2", value_parser = corners)]
    pub(crate) crop: Option<RelativeBox>,

    /// How many times as wide and high as given boxes the cut is
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub(crate) expand: f64,

    /// Parameters that begin with this stay as they are, such as visual or text; may be given several times
    #[arg(long, value_name = "PREFIX")]
    pub(crate) freeze: Vec<String>,

    /// From this epoch on, frozen parameters learn as well
    #[arg(long, value_name = "EPOCH", requires = "freeze")]
    pub(crate) unfreeze_at: Option<u64>,

    /// Every layer below the top of a tower learns at this times the rate of the one above
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub(crate) layer_decay: f64,

    /// First weights of the visual tower: safetensors with the names of timm or of Microsoft
    #[arg(long, value_name = "FILE")]
    pub(crate) visual: Option<PathBuf>,

    /// First weights of the text tower: safetensors with the names of Hugging Face or of OpenAI
    #[arg(long, value_name = "FILE")]
    pub(crate) text: Option<PathBuf>,

    #[arg(long, value_enum, default_value = "cpu")]
    pub(crate) device: DeviceName,

    /// Threads [default: all processors]
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,

    /// Steps after which the state is written, besides the end of every epoch
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) save_every: u64,

    /// Where decoded frames are kept; several runs may share it [default: OUT/frames]
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// Swin-V2 of three blocks on 64x64, two text layers of width 32: from nothing, in minutes on a CPU
    Tiny,
    /// The paper's: Swin-V2-L on 256x256 and CLIP's text tower; start it from published weights
    Large,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodName {
    /// Video and descriptions, one regressor
    DaClip,
    /// The visual tower with a linear head, three frames of a video
    Opdai,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schedule {
    Constant,
    /// Half a cosine down to zero
    Cosine,
}

/// First values of what no file gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Init {
    /// Those of the published code, made for wide networks: residual branches of the visual tower start at nothing
    Published,
    /// For a narrow visual tower that starts from nothing: weights by the widths of their layer, branches open
    Scaled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupBy {
    /// Anybody's
    None,
    /// One person's: what the batch's losses compare is then what the methods did, not who it is
    Identity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Validation {
    /// Single clips, as the paper does
    Clip,
    /// All clips of some people
    Identity,
    /// All clips of some methods
    Method,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeviceName {
    Cpu,
    /// Needs --features cuda
    Cuda,
    /// Needs --features metal
    Metal,
}

fn corners(text: &str) -> Result<RelativeBox, String> {
    let numbers: Vec<f64> = text.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    match numbers.as_slice() {
        &[x1, y1, x2, y2] => RelativeBox::new(x1, y1, x2, y2).map_err(|error| error.to_string()),
        _ => Err("give four numbers, such as 0.2,0.1,0.8,0.9".to_owned()),
    }
}

const EXAMPLES: &str = "\
Examples:
  train-da-clip --data synthetic --out run --crop 0.17,0,0.83,0.8
                              the tiny network on split 0 of the stand-in, in minutes on two cores
  train-da-clip --data synthetic --out plain --crop 0.17,0,0.83,0.8 --no-text --cache run/frames
                              what descriptions are worth: the same without them
  train-da-clip --data DREAM --boxes boxes.csv --expand 1.3 --out large --preset large --device cuda \\
                --visual swinv2_large.safetensors --text clip-vit-b32.safetensors --accumulate 4 --layer-decay 0.9
  train-da-clip --data DREAM --out opdai --method opdai --preset large --visual swinv2_large.safetensors

Below OUT: model.json with its safetensors (the best epoch by the mean of PLCC and SRCC on the fifth of the training set
that is held out), predictions.csv for evaluate-predictions, table.txt, metrics.jsonl (a line for each epoch), curve.svg,
state.json with its safetensors (what a resumed run needs), frames/. A run that was killed goes on when the same command
is given again, and ends with the same weights. Exit status: 0 done, 2 an error.";
