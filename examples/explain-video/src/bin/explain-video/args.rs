//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

use clap::{Command, CommandFactory, Parser};
use dream_data::{PixelRect, RelativeBox};
use explain_video::Settings;
use score_video::{NetworkOptions, NoFace, Options};

use crate::input::InputArgs;

/// Says why videos have their scores, on one page.
///
/// With the embedded models it shows which features of a video raise its score and which lower it; with a network of
/// `train` where in the frames the score comes from, and what people wrote about videos like it. Reads what score-video
/// reads. Without a video it explains a built-in demonstration.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// Files, folders (searched for videos), and patterns such as 'clips/*.mp4'
    #[arg(value_name = "CLIP")]
    pub(crate) videos: Vec<PathBuf>,

    /// Write the page to this file: HTML that loads nothing and runs no script. Without it a summary is printed
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Print everything that the page has as JSON; with --out into that file
    #[arg(long)]
    pub(crate) json: bool,

    /// How to score: one of the methods of score-video [default: videval60; with --weights the checkpoint's]
    #[arg(long, value_name = "NAME")]
    pub(crate) method: Option<String>,

    /// Probability that the interval holds the score that people would give, 0.5 to 0.99 [default: 0.9]
    #[arg(long, value_name = "P")]
    pub(crate) level: Option<f64>,

    /// Look only inside this box, in parts of width and height: 0,0 is the top left corner, 1,1 the bottom right
    #[arg(long, value_name = "X1,Y1,X2,Y2")]
    pub(crate) crop: Option<RelativeBox>,

    /// Score with this model file (from train-quality-model) instead of the embedded one
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,

    /// Most frames of a video on the page, 0 to 60
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u8).range(0..=60))]
    pub(crate) frames: u8,

    /// Videos explained at the same time [default: one per core; with a network one, which takes all cores]; the output
    /// does not depend on it
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    // A heading holds for all options after it, so those without one come first.
    #[command(flatten)]
    pub(crate) network: NetworkArgs,

    #[command(flatten)]
    pub(crate) input: InputArgs,
}

/// Options of networks.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = NETWORKS)]
pub(crate) struct NetworkArgs {
    /// Explain the network of this checkpoint: a JSON file with its tensors next to it. For face-blend: the safetensors
    /// file of a CLIP ViT-B/16
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "level"])]
    weights: Option<PathBuf>,

    /// The face, in pixels, instead of looking for it; used as it is
    #[arg(long = "box", value_name = "X,Y,W,H", requires = "weights", conflicts_with_all = ["boxes", "whole_frame"])]
    face: Option<PixelRect>,

    /// The faces, instead of looking for them: a CSV file with the columns file, x1, y1, x2, y2, in parts of width and
    /// height
    #[arg(long, value_name = "FILE", requires = "weights", conflicts_with = "whole_frame")]
    boxes: Option<PathBuf>,

    /// Take the whole frame for the face where none is found
    #[arg(long, requires = "weights")]
    whole_frame: bool,

    /// The index of descriptions that train writes, for DA-CLIP [default: the one beside the checkpoint]
    #[arg(long, value_name = "FILE", requires = "weights")]
    index: Option<PathBuf>,

    /// Most descriptions of other videos, for DA-CLIP, 0 to 100
    #[arg(long, value_name = "K", default_value_t = 11, value_parser = clap::value_parser!(u8).range(0..=100))]
    sentences: u8,

    /// face-blend: a head from train-face-blend instead of the embedded one
    #[arg(long, value_name = "FILE", requires = "weights")]
    head: Option<PathBuf>,
}

const NETWORKS: &str = "Networks";

/// The command line. Options of networks are shown where there are some; elsewhere they say what they need.
pub(crate) fn command() -> Command {
    Args::command().after_help(EXAMPLES).mut_args(|arg| {
        let network = arg.get_help_heading() == Some(NETWORKS);
        arg.hide(network && !cfg!(feature = "deep"))
    })
}

const EXAMPLES: &str = "\
Examples:
  explain-video                              the demonstration, in words
  explain-video --out page.html              the demonstration, as a page
  explain-video clip.mp4 --out page.html     one video
  explain-video clips/ --out page.html       every video below a folder
  explain-video --json clip.mp4              all that the page has, as JSON
  explain-video --method brisque a.mp4 -o a.html
  explain-video --weights model.json a.mp4 -o a.html
        a network of train, with --features deep: heat maps, descriptions

A page has a section for each video, and about 1 MB for each 12 frames, at most 3 MB.
Exit status: 0 when all videos were explained whole, 1 when some were damaged or failed or the output found no room, 2 for wrong \
usage.";

impl Args {
    /// The options of the scorer.
    pub(crate) fn options(&self) -> Options {
        let NetworkArgs { weights, face, boxes, whole_frame, head, .. } = &self.network;
        let mut options = Options::default();
        options.method.clone_from(&self.method);
        options.weights.clone_from(weights);
        options.model.clone_from(&self.model);
        (options.level, options.crop) = (self.level, self.crop);
        options.open = self.input.read.options();
        options.network = NetworkOptions {
            face_box: *face,
            boxes: boxes.clone(),
            no_face: whole_frame.then_some(NoFace::WholeFrame),
            head: head.clone(),
            ..NetworkOptions::default()
        };
        options
    }

    /// What is explained.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            frames: usize::from(self.frames),
            sentences: usize::from(self.network.sentences),
            crop: self.crop,
            open: self.input.read.options(),
            index: self.network.index.clone(),
        }
    }

    pub(crate) fn jobs(&self) -> usize {
        let all = || available_parallelism().map_or(1, NonZeroUsize::get);
        let network = self.network.weights.as_ref().map(|_| 1);
        self.jobs.map(NonZeroUsize::get).or(network).unwrap_or_else(all)
    }
}

/// What was typed, as one could type it again.
pub(crate) fn typed_command() -> String {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let program = words.next().unwrap_or_default();
    let program = std::path::Path::new(&program).file_stem();
    let program = program.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let plain = |c: char| c.is_alphanumeric() || "-_./,=:+@%".contains(c);
    // What the output does not depend on is left out.
    let mut shown = Vec::new();
    while let Some(word) = words.next() {
        if word == "-j" || word == "--jobs" {
            words.next();
        } else if !["--jobs=", "-j"].iter().any(|start| word.starts_with(start)) {
            shown.push(word);
        }
    }
    let quoted = |word: String| {
        if !word.is_empty() && word.chars().all(plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    std::iter::once(program).chain(shown.into_iter().map(quoted)).collect::<Vec<_>>().join(" ")
}
