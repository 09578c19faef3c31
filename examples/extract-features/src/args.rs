//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use dream_data::{FrameRate, OpenOptions, RawFormat, RelativeBox};
use dream_features::Pooling;

/// Writes one CSV row of named quality features per video or image.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Videos, images, folders (searched for videos) and patterns such as 'clips/*.mp4'
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<PathBuf>,

    /// Which features
    #[arg(long, value_enum, default_value = "brisque")]
    pub(crate) set: Set,

    /// Which frames, and what is computed over them; for brisque, gm-log and higrade [default: one-per-second]
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

    /// Write inputs that failed, and why, to this CSV file
    #[arg(long, value_name = "FILE")]
    pub(crate) errors: Option<PathBuf>,

    /// Go on with the file of --out: skip inputs that are in it
    #[arg(long, requires = "out")]
    pub(crate) resume: bool,

    /// Inputs worked on at the same time; the output does not depend on it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: u16,

    /// Frame size of raw YUV files
    #[arg(long, value_name = "WxH", requires = "fps")]
    pub(crate) size: Option<String>,

    /// Frame rate of raw YUV files and of folders of images, for example 25 or 30000/1001 [folders: 25]
    #[arg(long, value_name = "HZ")]
    pub(crate) fps: Option<String>,
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

The columns are `video`, with --per-frame `frame`, the features by name (their meaning: docs/features.md), `frames`
(looked at) and `undefined` (values the reference leaves undefined, here 0). Numbers have 17 significant digits.
Exit status: 0 all good, 1 some inputs failed or are damaged, 2 wrong usage.";

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
    pub(crate) fn open_options(&self) -> Result<OpenOptions> {
        let rate = self.fps.as_deref().map(frame_rate).transpose()?;
        let mut options = OpenOptions::default();
        if let Some(rate) = rate {
            options.image_rate = rate;
        }
        if let (Some(size), Some(rate)) = (&self.size, rate) {
            let sides = size.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
            let (width, height) =
                sides.with_context(|| format!("--size {size}: give WIDTHxHEIGHT, such as 1920x1080"))?;
            options.raw = Some(RawFormat::new(width, height, rate));
        }
        Ok(options)
    }
}

/// `25`, `29.97` or `30000/1001`.
fn frame_rate(text: &str) -> Result<FrameRate> {
    let wrong = || format!("--fps {text}: give a number such as 25, or a fraction such as 30000/1001");
    if let Some((num, den)) = text.split_once('/') {
        let part = |text: &str| text.parse::<u32>().with_context(wrong);
        return Ok(FrameRate::new(part(num)?, part(den)?)?);
    }
    let rate: f64 = text.parse().with_context(wrong)?;
    if !(rate > 0.0 && rate <= 100_000.0) {
        bail!(wrong());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    let thousandths = (rate * 1000.0).round() as u32;
    Ok(FrameRate::new(thousandths, 1000)?)
}
