//! The command line.

use std::fmt::Display;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use dream_data::{ColorRange, OpenOptions, RelativeBox};
use dream_features::Pooling;
#[cfg(feature = "deep")]
use score_video::dream_models::deep::backbones::vgg::Convention;
#[cfg(feature = "deep")]
use score_video::dream_models::deep::features::FeatureSet;

use crate::input::InputArgs;

/// Writes one CSV row of named quality features per video or image.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Videos, images, folders (searched for videos), patterns such as 'clips/*.mp4', and - for the standard input, which
    /// takes y4m, one PNG or JPEG, or raw video (--size) from a pipe
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<PathBuf>,

    /// The features to compute
    #[arg(long, value_enum, default_value = "brisque")]
    pub(crate) set: Set,

    /// The frames to use and the statistics over them; for brisque, gm-log and higrade [default: one-per-second]
    #[arg(long, value_enum, conflicts_with = "per_frame")]
    pub(crate) pooling: Option<PoolingName>,

    /// One row per frame instead of one per video; for brisque, gm-log and higrade
    #[arg(long)]
    pub(crate) per_frame: bool,

    /// Keep the rounding noise of flat areas, as the original MATLAB code does (brisque, v-bliinds, videval60)
    #[arg(long)]
    pub(crate) literal: bool,

    /// Look only inside this box, in parts of width and height
    #[arg(long, value_name = "X1,Y1,X2,Y2")]
    pub(crate) crop: Option<RelativeBox>,

    /// Write to this file instead of the standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Write failed inputs and their errors to this CSV file
    #[arg(long, value_name = "FILE")]
    pub(crate) errors: Option<PathBuf>,

    /// Continue the file of --out, made with the same options: skip the inputs that are in it. Inputs that failed have no
    /// row and are tried again
    #[arg(long, requires = "out")]
    pub(crate) resume: bool,

    /// Inputs processed at the same time; the output does not depend on it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: u16,

    /// Range of luma: everything is brought to that of video. The published brisque and gm-log of images are defined on
    /// full range, with MATLAB's rgb2gray
    #[arg(long, value_enum, default_value = "limited")]
    pub(crate) range: Range,

    // A heading holds for all options after it, so those without one come first.
    #[cfg(feature = "deep")]
    #[command(flatten)]
    pub(crate) network: NetworkArgs,

    #[command(flatten)]
    pub(crate) input: InputArgs,
}

/// Options of networks.
#[cfg(feature = "deep")]
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Networks")]
pub(crate) struct NetworkArgs {
    /// The file of the weights: for network the JSON file of a checkpoint, for the others the safetensors file of a published
    /// tower or of a training
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,

    /// The block of clip-vit whose tokens are averaged [default: 8]
    #[arg(long, value_name = "N", requires = "weights")]
    pub(crate) block: Option<usize>,

    /// The frames that clip-vit looks at, such as centres:8, every:6 or first-of-second [default: centres:8]
    #[arg(long, value_name = "PLAN", requires = "weights")]
    pub(crate) frames: Option<score_video::dream_models::deep::input::FramePlan>,

    /// Prepare frames as the scripts of DREAM's authors do, instead of as the network was trained: levels from 0 to 1, for
    /// resnet50 of native size; for resnet50, vgg-face and dfgc1st
    #[arg(long, requires = "weights")]
    pub(crate) published: bool,

    /// Which numbers the weights of vgg-face were trained on: rgb-mean-subtracted, bgr-mean-subtracted,
    /// bgr-mean-in-rgb-order or rgb-unit-range. Their publisher says it [default: rgb-mean-subtracted, with --published
    /// rgb-unit-range]
    #[arg(long, value_name = "NAME", requires = "weights", value_parser = convention)]
    pub(crate) convention: Option<Convention>,

    /// Show whole frames, instead of the face; not for network
    #[arg(long, requires = "weights", conflicts_with = "boxes")]
    pub(crate) whole_frame: bool,

    /// The faces, instead of looking for them: a CSV file with the columns file, x1, y1, x2, y2, in parts of width and
    /// height
    #[arg(long, value_name = "FILE", requires = "weights")]
    pub(crate) boxes: Option<PathBuf>,
}

#[cfg(feature = "deep")]
fn convention(text: &str) -> Result<Convention, String> {
    Convention::by_name(text).ok_or_else(|| {
        let known: Vec<&str> = Convention::ALL.iter().map(|convention| convention.name()).collect();
        format!("known are {}", known.join(", "))
    })
}

const EXAMPLES: &str = "\
Examples:
  extract-features clip.mp4
        36 features, mean of one frame a second
  extract-features --set higrade --pooling feature-fusion clips/ -o f.csv
        432 features of every video below a folder
  extract-features --set videval --jobs 2 -o f.csv --resume clips/
        705 features; run it again after an interruption
  extract-features --set brisque --per-frame photo.png
        one row per frame or image
  extract-features --set tlvqm --size 1920x1080 --fps 25 clip.yuv
  extract-features --set videval60 clip.mp4
        60 features, as a trained VIDEVAL model takes them
  extract-features --set clip-vit --weights clip-vit-b16.safetensors clips/
        768 features of faces by CLIP, in a build with --features deep
  extract-features --set resnet50 --published \\
      --weights resnet50.safetensors clips/
        4096 features of faces, as the paper's row ResNet-50 has them

Columns: `video`, `frame` (with --per-frame), the features by name (docs/features.md), `frames` (how many were used), \
`undefined` (how many values the reference leaves undefined; they are 0 here), `recipe` (how they were made: models of \
train-svr state it and check it), `settings` (the options that a row depends on) and `assumptions`. Numbers have 17 \
significant digits. In names, bytes that are not UTF-8 stand as \\xHH, with \
backslashes doubled in such names.
Exit status: 0 all good, 1 some inputs failed or are damaged, or no room for the output, 2 wrong usage.";

#[cfg(feature = "deep")]
impl NetworkArgs {
    /// What numbers depend on, as one would type it. The weights are in the recipe.
    fn settings(&self) -> Option<String> {
        let block = self.block.map(|block| format!("--block {block}"));
        let frames = self.frames.map(|frames| format!("--frames {frames}"));
        let whole = self.whole_frame.then(|| "--whole-frame".to_owned());
        let boxes = self.boxes.as_ref().map(|path| format!("--boxes {}", path.display()));
        let published = self.published.then(|| "--published".to_owned());
        let convention = self.convention.map(|convention| format!("--convention {}", convention.name()));
        let parts = [block, frames, published, convention, whole, boxes];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

/// Sets of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Set {
    /// Natural scene statistics of luma: 36, or 72 with mean and deviation
    Brisque,
    /// Joint statistics of gradient and Laplacian: 40 or 80
    GmLog,
    /// Gradient statistics of three colour channels: 216 or 432
    Higrade,
    /// Two-level video quality model: 75
    Tlvqm,
    /// Naturalness, spectrum and motion: 46
    VBliinds,
    /// The five above together, with feature fusion: 705
    Videval,
    /// The published selection of VIDEVAL, FRIQUEE included: 60
    #[value(name = "videval60")]
    Videval60,
    /// RAPIQUE without its network, colour and motion of two pictures and eight frames a second; not a row of the paper's
    /// tables: 1836
    Rapique,
    /// Patch tokens of an image tower of CLIP over the face, from --weights: 768 or 1024
    #[cfg(feature = "deep")]
    ClipVit,
    /// What the network of a checkpoint makes of frames, from --weights
    #[cfg(feature = "deep")]
    Network,
    /// ResNet-50 of ImageNet, mean and deviation, from --weights: 4096
    #[cfg(feature = "deep")]
    #[value(name = "resnet50")]
    ResNet50,
    /// fc7 of VGG-Face, mean and deviation, from --weights: 8192
    #[cfg(feature = "deep")]
    VggFace,
    /// The ConvNeXt of the winner of DFGC-2022, mean and deviation, from --weights: 4096
    #[cfg(feature = "deep")]
    Dfgc1st,
}

impl Set {
    /// The deep feature set of the benchmark that this is.
    #[cfg(feature = "deep")]
    pub(crate) const fn deep(self) -> Option<FeatureSet> {
        match self {
            Self::ResNet50 => Some(FeatureSet::ResNet50),
            Self::VggFace => Some(FeatureSet::VggFace),
            Self::Dfgc1st => Some(FeatureSet::Dfgc1st),
            _ => None,
        }
    }

    /// As one types it.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Ranges of luma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Range {
    /// 16 to 235
    Limited,
    /// 0 to 255
    Full,
}

/// Poolings by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PoolingName {
    /// Mean over one frame a second (BVQA benchmark)
    OnePerSecond,
    /// Mean and deviation over one frame a second (DFGC-VRA starter kit)
    MeanStd,
    /// Mean and deviation in windows of about a second, every second frame (VIDEVAL's feature fusion)
    FeatureFusion,
}

impl PoolingName {
    pub(crate) const fn pooling(self) -> Pooling {
        match self {
            Self::OnePerSecond => Pooling::one_per_second(),
            Self::MeanStd => Pooling::starter_kit(),
            Self::FeatureFusion => Pooling::feature_fusion(),
        }
    }
}

impl Args {
    /// The options that the numbers of an input depend on, as one would type them.
    pub(crate) fn settings(&self) -> String {
        fn name<T: ValueEnum>(value: &T) -> String {
            value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
        }
        fn option<T: Display>(flag: &str, value: Option<T>) -> Option<String> {
            value.map(|value| format!("--{flag} {value}"))
        }
        let crop = self.crop.map(|crop| crop.corners().map(|corner| corner.to_string()).join(","));
        let parts = [
            option("set", Some(self.set.name())),
            option("pooling", self.pooling.as_ref().map(name)),
            option("range", Some(name(&self.range))),
            self.literal.then(|| "--literal".to_owned()),
            option("crop", crop),
            self.input.read.settings(),
            #[cfg(feature = "deep")]
            self.network.settings(),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// How inputs are opened.
    pub(crate) fn open_options(&self) -> OpenOptions {
        let range = match self.range {
            Range::Limited => ColorRange::Limited,
            Range::Full => ColorRange::Full,
        };
        OpenOptions { range, ..self.input.read.options() }
    }
}
