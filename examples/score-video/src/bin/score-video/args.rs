//! The command line.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Command, CommandFactory, Parser, ValueEnum};
use dream_data::{PixelRect, RelativeBox, open_file};
use score_video::{About, NetworkOptions, NoFace, Options};
use sha2::{Digest, Sha256};

use crate::input::InputArgs;
use crate::output::OutputArgs;

/// Scores how good videos look to people, from 1 (bad) to 5 (excellent).
///
/// Reads mp4/mov with H.264, y4m, raw YUV, PNG, JPEG and folders of frames; where FFmpeg is installed, everything
/// that it reads. Without a video it scores a built-in demonstration.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// Files, folders (searched for videos), patterns such as 'clips/*.mp4', and - for the standard input, which takes y4m,
    /// one PNG or JPEG, or raw video (--size) from a pipe
    #[arg(value_name = "VIDEO")]
    pub(crate) videos: Vec<PathBuf>,

    /// How to score: one of the methods below [default: the first; with --weights the checkpoint's]
    #[arg(long, value_name = "NAME")]
    pub(crate) method: Option<String>,

    /// Probability that the interval holds the score that people would give, 0.5 to 0.99 [default: 0.9]
    #[arg(long, value_name = "P")]
    pub(crate) level: Option<f64>,

    /// Look at every N-th frame, with a method that leaves the choice
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "per_second")]
    pub(crate) every: Option<u64>,

    /// Look at N frames a second, with a method that leaves the choice
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) per_second: Option<f64>,

    /// Look only inside this box, in parts of width and height: 0,0 is the top left corner, 1,1 the bottom right
    #[arg(long, value_name = "X1,Y1,X2,Y2")]
    pub(crate) crop: Option<RelativeBox>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    /// For bug reports: print version, models, decoders and machine, and score two built-in clips, which must have the
    /// stated scores
    #[arg(long, conflicts_with_all = ["videos", "csv", "out"])]
    pub(crate) self_test: bool,

    /// Score with this model file (from train-quality-model) instead of the embedded one
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,

    // A heading holds for all options after it, so those without one come first.
    #[command(flatten)]
    pub(crate) network: NetworkArgs,

    #[command(flatten)]
    pub(crate) input: InputArgs,
}

/// Options of networks. Which frames and which part of them a network sees is the checkpoint's matter: `--every`,
/// `--crop` and `--expand` may repeat it, so that a script can make sure of it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = NETWORKS)]
pub(crate) struct NetworkArgs {
    /// Score with the network of this checkpoint: a JSON file with its tensors next to it. It says which frames and
    /// which part of them are looked at; --every, --crop and --expand that differ are errors. For face-blend: the
    /// safetensors file of a CLIP ViT-B/16
    #[arg(long, value_name = "FILE", conflicts_with_all = ["per_second", "model", "level"])]
    pub(crate) weights: Option<PathBuf>,

    /// The face, in pixels, instead of looking for it; used as it is
    #[arg(long = "box", value_name = "X,Y,W,H", requires = "weights", conflicts_with_all = ["boxes", "no_face", "expand"])]
    pub(crate) face: Option<PixelRect>,

    /// The faces, instead of looking for them: a CSV file with the columns file, x1, y1, x2, y2, in parts of width and
    /// height. Boxes are expanded as the checkpoint says
    #[arg(long, value_name = "FILE", requires = "weights", conflicts_with = "no_face")]
    pub(crate) boxes: Option<PathBuf>,

    /// How many times as wide and high as the face its box is
    #[arg(long, value_name = "FACTOR", requires = "weights")]
    pub(crate) expand: Option<f64>,

    /// What to do with a video in which no face is found [default: error]
    #[arg(long, value_enum, value_name = "CHOICE", requires = "weights")]
    pub(crate) no_face: Option<WithoutFace>,

    /// Frames held and computed at the same time; for speed only [default: 1]
    #[arg(long, value_name = "N", requires = "weights", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) batch: Option<u16>,

    /// Show the K descriptions closest to the video [K: 11], of those that the checkpoint carries
    #[arg(long, value_name = "K", requires = "weights", num_args = 0..=1, require_equals = true,
          default_missing_value = "11", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) explain: Option<u16>,

    /// face-blend: the original whose versions are scored; every video gets the difference to it
    #[arg(long, value_name = "ORIGINAL", requires = "weights")]
    pub(crate) reference: Option<PathBuf>,

    /// face-blend: rank the videos, which are versions of one recording, with intervals over their frames
    #[arg(long, requires_all = ["weights", "videos"], conflicts_with = "resume")]
    pub(crate) compare_versions: bool,

    /// face-blend: a head from train-face-blend instead of the embedded one
    #[arg(long, value_name = "FILE", requires = "weights")]
    pub(crate) head: Option<PathBuf>,
}

/// What happens to a video without a face.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum WithoutFace {
    /// It has failed
    #[default]
    Error,
    /// The whole frame is scored as if it were the face
    WholeFrame,
    /// It gets no score, and that is no failure
    Skip,
}

/// The command line, with the methods. Options of networks are shown where there are some; elsewhere they say what they
/// need.
pub(crate) fn command() -> Command {
    Args::command().after_help(format!("{}\n{EXAMPLES}", methods())).mut_args(|arg| {
        let network = arg.get_help_heading() == Some(NETWORKS);
        match arg.get_id().as_str() {
            "jobs" => arg.help("Videos scored at the same time [default: one per core; with a network one, which takes all cores]"),
            // The demonstration is no table to go on with.
            "resume" => arg.requires("videos"),
            _ => arg.hide(network && !cfg!(feature = "deep")),
        }
    })
}

/// A line of `--help` for every method.
fn methods() -> String {
    let mut text = "Methods:\n".to_owned();
    for (number, method) in score_video::methods().into_iter().enumerate() {
        let more = match (number, method.needs_weights) {
            (0, _) => " (the default)",
            (_, true) if method.name == "face-blend" => ": name its file with --weights",
            (_, true) => ": name a checkpoint with --weights",
            (_, false) => "",
        };
        text += &format!("  {:<10}  {}{more}\n", method.name, method.about);
    }
    if !cfg!(feature = "deep") {
        text += "  networks    in a build with --features deep\n";
    }
    text
}

const NETWORKS: &str = "Networks";

const EXAMPLES: &str = "\
Examples:
  score-video                                the demonstration
  score-video clip.mp4                       one video
  score-video --csv clips/ > scores.csv      every video below a folder
  score-video --csv -o s.csv --resume clips/ goes on after an interruption
  ffmpeg -i a.mkv -pix_fmt yuv420p -f yuv4mpegpipe - | score-video -
  score-video --crop 0.3,0.1,0.7,0.6 a.mp4   only the face
  score-video --method NAME 'takes/*.mp4'    another method
  score-video --level 0.5 a.mp4              half of the mean ratings are inside
  score-video --weights model.json a.mp4     a network, with --features deep
  score-video --method face-blend --weights clip.safetensors \\
      --reference original.mp4 --compare-versions swaps/
        which swap shows fewest traces
  score-video --size 640x360 --fps 30 a.yuv

Names in tables and JSON: bytes that are not UTF-8 stand as \\xHH, with backslashes doubled in such names.
Exit status: 0 when all videos of this run were scored whole, 1 when some were \
damaged or failed, the output found no room or the self-test found something, 2 \
for wrong usage.";

impl Args {
    /// The options in the form of the library.
    pub(crate) fn options(&self) -> Options {
        let NetworkArgs { weights, face, boxes, expand, no_face, batch, explain, head, reference, .. } =
            &self.network;
        let mut options = Options::default();
        options.method.clone_from(&self.method);
        options.weights.clone_from(weights);
        options.model.clone_from(&self.model);
        (options.level, options.every, options.per_second) = (self.level, self.every, self.per_second);
        options.crop = self.crop;
        options.open = self.input.read.options();
        options.network = NetworkOptions {
            face_box: *face,
            boxes: boxes.clone(),
            expand: *expand,
            no_face: no_face.map(|choice| match choice {
                WithoutFace::Error => NoFace::Error,
                WithoutFace::WholeFrame => NoFace::WholeFrame,
                WithoutFace::Skip => NoFace::Skip,
            }),
            batch: *batch,
            explain: *explain,
            head: head.clone(),
            reference: reference.clone(),
        };
        options
    }

    /// The options that the row of a video depends on, as one would type them. Files are named by what is in them.
    pub(crate) fn settings(&self, about: &About) -> anyhow::Result<String> {
        fn option<T: std::fmt::Display>(flag: &str, value: Option<T>) -> Option<String> {
            value.map(|value| format!("--{flag} {value}"))
        }
        let network = &self.network;
        let file = |path: &Option<PathBuf>| path.as_deref().map(digest).transpose();
        let face = network.face.map(|face| {
            [face.left, face.top, face.width, face.height].map(|number| number.to_string()).join(",")
        });
        let no_face = network.no_face.and_then(|choice| choice.to_possible_value());
        // What the original gave, since it may be a folder of frames.
        let reference = about.reference.as_ref().map(serde_json::to_vec).transpose()?.as_deref().map(short);
        let parts = [
            Some(match &about.checkpoint {
                Some(checkpoint) if about.method == "face-blend" => {
                    format!("--method {} --weights sha256:{}", about.method, checkpoint.short)
                }
                Some(checkpoint) => format!("--weights sha256:{}", checkpoint.short),
                None => format!("--method {}", about.method),
            }),
            option("model", file(&self.model)?),
            option("level", network.weights.is_none().then(|| self.level.unwrap_or(score_video::LEVEL))),
            option("every", self.every),
            option("per-second", self.per_second),
            option("crop", self.crop.map(|crop| crop.corners().map(|corner| corner.to_string()).join(","))),
            option("box", face),
            option("boxes", file(&network.boxes)?),
            option("expand", network.expand),
            option("no-face", no_face.as_ref().map(clap::builder::PossibleValue::get_name)),
            option("explain", network.explain),
            option("head", file(&network.head)?),
            option("reference", reference),
            self.input.read.settings(),
        ];
        Ok(parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }

    pub(crate) fn jobs(&self) -> usize {
        self.output.jobs(self.network.weights.as_ref().map(|_| 1))
    }
}

/// The beginning of a file's SHA-256. What came through the standard input has none.
fn digest(path: &Path) -> anyhow::Result<String> {
    if path.as_os_str() == "-" {
        return Ok("-".to_owned());
    }
    let mut bytes = Vec::new();
    open_file(path)?.read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(short(&bytes))
}

fn short(bytes: &[u8]) -> String {
    let hash = format!("{:x}", Sha256::digest(bytes));
    format!("sha256:{}", hash.get(..12).unwrap_or_default())
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number <= 1e6 => Ok(number),
        _ => Err("must be a number above 0".to_owned()),
    }
}
