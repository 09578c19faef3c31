//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::bail;
use clap::{Parser, ValueEnum};
use dream_data::{FrameRate, OpenOptions, RawFormat, RelativeBox};
use dream_features::{Pooling, Sampling, Statistic};

use crate::method::MethodName;

/// Scores how good videos look to people, from 1 (bad) to 5 (excellent).
///
/// Reads mp4/mov with H.264, y4m, raw YUV and folders of PNG or JPEG frames; built with `--features ffmpeg`,
/// everything FFmpeg reads. Without a video it scores a built-in demonstration.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files, folders (searched for videos) and patterns such as 'clips/*.mp4'
    #[arg(value_name = "VIDEO")]
    pub(crate) videos: Vec<PathBuf>,

    /// How to score
    #[arg(long, value_enum, default_value_t = MethodName::Videval60)]
    pub(crate) method: MethodName,

    /// Probability that the interval holds the score that people would give, 0.5 to 0.99 [default: 0.9]
    #[arg(long, value_name = "P")]
    pub(crate) level: Option<f64>,

    /// Look at every N-th frame: with --method brisque instead of one a second, with da-clip instead of every sixth
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "per_second")]
    pub(crate) every: Option<u64>,

    /// With --method brisque: look at N frames a second (the model was trained on 1)
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) per_second: Option<f64>,

    /// Look only inside this box, in parts of width and height: 0,0 is the top left corner, 1,1 the bottom right
    #[arg(long, value_name = "X1,Y1,X2,Y2")]
    pub(crate) crop: Option<RelativeBox>,

    #[command(flatten)]
    pub(crate) deep: DeepArgs,

    /// Videos scored at the same time [default: one per core; with a network one, which takes all cores]
    #[arg(long, short, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,

    /// Print CSV
    #[arg(long)]
    pub(crate) csv: bool,

    /// Score with this model file (from train-quality-model) instead of the embedded one
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,

    /// Size of raw YUV files (.yuv)
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub(crate) raw_size: Option<(u32, u32)>,

    /// Frame rate of raw YUV files and of folders of images, for example 25 or 30000/1001
    #[arg(long, value_name = "RATE", default_value = "25", value_parser = rate)]
    pub(crate) rate: FrameRate,
}

/// Options of the methods that are networks.
#[derive(Debug, clap::Args)]
pub(crate) struct DeepArgs {
    /// With da-clip and opdai: the checkpoint, a JSON file with its tensors next to it
    #[arg(long, value_name = "CKPT")]
    pub(crate) weights: Option<PathBuf>,

    /// With da-clip and opdai: the face, in pixels, instead of looking for it; used as it is
    #[arg(long = "box", value_name = "X,Y,W,H", value_parser = pixel_box, conflicts_with_all = ["no_face", "expand"])]
    pub(crate) face: Option<PixelBox>,

    /// With da-clip and opdai: what to do with a video in which no face is found [default: error]
    #[arg(long, value_enum, value_name = "CHOICE")]
    pub(crate) no_face: Option<WithoutFace>,

    /// With da-clip and opdai: how many times the found box is cut: published (1.3), none (1.0) or a number
    /// [default: published]
    #[arg(long, value_name = "NAME", value_parser = expansion)]
    pub(crate) expand: Option<f64>,

    /// With da-clip and opdai: frames held and computed at the same time; for speed only [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) batch: Option<u16>,

    /// With da-clip: the K descriptions closest to the video [K: 11], of those that the checkpoint carries
    #[arg(long, value_name = "K", num_args = 0..=1, require_equals = true, default_missing_value = "11",
          value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) explain: Option<u16>,
}

/// A rectangle in pixels: left, top, width, height.
pub(crate) type PixelBox = [usize; 4];

/// What happens to a video without a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WithoutFace {
    /// It has failed
    Error,
    /// The whole frame is scored as if it were the face
    WholeFrame,
    /// It gets no score, and that is no failure
    Skip,
}

#[cfg(feature = "deep")]
impl WithoutFace {
    #[cfg(feature = "deep")]
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::WholeFrame => "whole-frame",
            Self::Skip => "skip",
        }
    }
}

impl DeepArgs {
    /// The first option that was given.
    fn given(&self) -> Option<&'static str> {
        let given = [
            (self.weights.is_some(), "--weights"),
            (self.face.is_some(), "--box"),
            (self.no_face.is_some(), "--no-face"),
            (self.expand.is_some(), "--expand"),
            (self.batch.is_some(), "--batch"),
            (self.explain.is_some(), "--explain"),
        ];
        given.into_iter().find_map(|(is, name)| is.then_some(name))
    }

    #[cfg(feature = "deep")]
    pub(crate) fn no_face(&self) -> WithoutFace {
        self.no_face.unwrap_or(WithoutFace::Error)
    }
}

const EXAMPLES: &str = "\
Examples:
  score-video                                the demonstration
  score-video clip.mp4                       one video
  score-video --csv clips/ > scores.csv      every video below a folder
  score-video --crop 0.3,0.1,0.7,0.6 a.mp4   only the face
  score-video --method brisque 'takes/*.mp4' quickly, and less like people would
  score-video --method brisque --per-second 5 a.mp4
  score-video --level 0.5 a.mp4              the interval that holds half of the mean ratings
  score-video --method da-clip --weights model.json a.mp4      a network; built with --features deep
  score-video --raw-size 640x360 --rate 30 a.yuv

Exit status: 0 when all videos were scored whole, 1 when some were damaged or failed, 2 for wrong usage.";

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A table for people.
    Table,
    /// One JSON object.
    Json,
    /// One CSV row per video.
    Csv,
}

impl Args {
    /// What clap cannot check: options that go together.
    ///
    /// # Errors
    ///
    /// Where one asks for something that the method does not do.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let method = self.method;
        if self.per_second.is_some() && method != MethodName::Brisque {
            bail!("--per-second is for --method brisque");
        }
        if self.every.is_some() && !matches!(method, MethodName::Brisque | MethodName::DaClip) {
            bail!(
                "--every is for --method brisque and da-clip: videval60 looks at every second frame, opdai at three"
            );
        }
        if !method.is_deep() {
            let wrong = self.deep.given();
            return wrong.map_or(Ok(()), |option| bail!("{option} is for --method da-clip and opdai"));
        }
        if self.deep.weights.is_none() {
            bail!("--method {method} has no weights of its own: name a checkpoint with --weights");
        }
        let regression = [
            (self.crop.is_some(), "--crop", ": give the face with --box"),
            (self.model.is_some(), "--model", ": give the checkpoint with --weights"),
            (self.level.is_some(), "--level", ": networks have no intervals"),
        ];
        if let Some((_, option, remedy)) = regression.into_iter().find(|(given, ..)| *given) {
            bail!("{option} is not for --method {method}{remedy}");
        }
        if self.deep.explain.is_some() && method == MethodName::Opdai {
            bail!("--explain is for --method da-clip: opdai knows no text");
        }
        Ok(())
    }

    pub(crate) fn format(&self) -> Format {
        match (self.json, self.csv) {
            (true, _) => Format::Json,
            (_, true) => Format::Csv,
            _ => Format::Table,
        }
    }

    pub(crate) fn jobs(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let cores = || if self.method.is_deep() { 1 } else { all() };
        self.jobs.map_or_else(cores, NonZeroUsize::get)
    }

    pub(crate) fn level(&self) -> f64 {
        self.level.unwrap_or(0.9)
    }

    pub(crate) fn pooling(&self) -> Pooling {
        let sampling = match (self.every, self.per_second) {
            (Some(step), _) => Sampling::Every { step },
            (None, frames) => Sampling::PerSecond { frames: frames.unwrap_or(1.0) },
        };
        Pooling { sampling, statistic: Statistic::Mean }
    }

    pub(crate) fn sampling_words(&self) -> String {
        if self.method == MethodName::Videval60 {
            return "every second frame".to_owned();
        }
        match (self.every, self.per_second) {
            (Some(1), _) => "every frame".to_owned(),
            (Some(step), _) => format!("every {step} frames"),
            (None, None | Some(1.0)) => "1 frame a second".to_owned(),
            (None, Some(frames)) => format!("{frames} frames a second"),
        }
    }

    pub(crate) fn open_options(&self) -> OpenOptions {
        let raw = self.raw_size.map(|(width, height)| RawFormat::new(width, height, self.rate));
        OpenOptions { raw, image_rate: self.rate, ..OpenOptions::default() }
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number <= 1e6 => Ok(number),
        _ => Err("must be a number above 0".to_owned()),
    }
}

fn pixel_box(text: &str) -> Result<PixelBox, String> {
    let numbers: Option<Vec<usize>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    match numbers.and_then(|numbers| <PixelBox>::try_from(numbers).ok()) {
        Some(found) if found[2] > 0 && found[3] > 0 => Ok(found),
        _ => Err("must be LEFT,TOP,WIDTH,HEIGHT in pixels, for example 60,40,128,128".to_owned()),
    }
}

fn expansion(text: &str) -> Result<f64, String> {
    match (text, text.parse()) {
        ("published", _) => Ok(1.3),
        ("none", _) => Ok(1.0),
        (_, Ok(number)) if (0.1..=100.0).contains(&number) => Ok(number),
        _ => Err("must be published, none, or a number of 0.1 to 100".to_owned()),
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once(['x', 'X']).map(|(w, h)| (w.parse(), h.parse()));
    match parts {
        Some((Ok(width), Ok(height))) if width > 0 && height > 0 => Ok((width, height)),
        _ => Err("must be WIDTHxHEIGHT, for example 640x360".to_owned()),
    }
}

fn rate(text: &str) -> Result<FrameRate, String> {
    let (num, den) = text.split_once('/').unwrap_or((text, "1"));
    match (num.parse(), den.parse()) {
        (Ok(num), Ok(den)) => FrameRate::new(num, den).map_err(|error| error.to_string()),
        _ => Err("must be a whole number or a fraction, for example 25 or 30000/1001".to_owned()),
    }
}
