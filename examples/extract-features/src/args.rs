//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use dream_data::{FrameRate, FrameSize, OpenOptions, RawFormat, RelativeBox};
use dream_features::Pooling;

/// Writes one CSV row of named quality features per video or image.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Videos, images, folders (searched for videos) and patterns such as 'clips/*.mp4'
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

    /// Continue the file of --out: skip the inputs that are in it
    #[arg(long, requires = "out")]
    pub(crate) resume: bool,

    /// Inputs processed at the same time; the output does not depend on it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: u16,

    /// Frame size of raw YUV files
    #[arg(long, value_name = "WxH", requires = "fps")]
    pub(crate) size: Option<FrameSize>,

    /// Frame rate of raw YUV files and of folders of images, such as 25 or 30000/1001 [folders: 25]
    #[arg(long, value_name = "HZ")]
    pub(crate) fps: Option<FrameRate>,
}

const EXAMPLES: &str = "\
Examples:
  extract-features clip.mp4                                  36 features, mean of one frame a second
  extract-features --set higrade --pooling feature-fusion clips/ -o f.csv
                                                             432 features of every video below a folder
  extract-features --set videval --jobs 2 -o f.csv --resume clips/
                                                             705 features; run it again after an interruption
  extract-features --set brisque --per-frame photo.png       one row per frame or image
  extract-features --set tlvqm --size 1920x1080 --fps 25 clip.yuv
  extract-features --set videval60 clip.mp4                  60 features, as a trained VIDEVAL model takes them

Columns: `video`, `frame` (with --per-frame), the features by name (docs/features.md), `frames` (how many were used)
and `undefined` (how many values the reference leaves undefined; they are 0 here). Numbers have 17 significant digits.
Exit status: 0 all good, 1 some inputs failed or are damaged, or no room for the output, 2 wrong usage.";

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
    /// How inputs are opened.
    pub(crate) fn open_options(&self) -> OpenOptions {
        let mut options = OpenOptions::default();
        options.image_rate = self.fps.unwrap_or(options.image_rate);
        let raw = self.size.zip(self.fps);
        options.raw = raw.map(|(size, rate)| RawFormat::new(size.width, size.height, rate));
        options
    }
}
