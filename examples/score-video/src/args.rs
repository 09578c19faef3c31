//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::bail;
use clap::Parser;
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

    /// Probability that the interval holds the score that people would give, 0.5 to 0.99
    #[arg(long, value_name = "P", default_value_t = 0.9)]
    pub(crate) level: f64,

    /// With --method brisque: look at every N-th frame instead of one a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "per_second")]
    pub(crate) every: Option<u64>,

    /// With --method brisque: look at N frames a second (the model was trained on 1)
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) per_second: Option<f64>,

    /// Look only inside this box, in parts of width and height: 0,0 is the top left corner, 1,1 the bottom right
    #[arg(long, value_name = "X1,Y1,X2,Y2")]
    pub(crate) crop: Option<RelativeBox>,

    /// Videos scored at the same time [default: one per core]
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

const EXAMPLES: &str = "\
Examples:
  score-video                                the demonstration
  score-video clip.mp4                       one video
  score-video --csv clips/ > scores.csv      every video below a folder
  score-video --crop 0.3,0.1,0.7,0.6 a.mp4   only the face
  score-video --method brisque 'takes/*.mp4' quickly, and less like people would
  score-video --method brisque --per-second 5 a.mp4
  score-video --level 0.5 a.mp4              the interval that holds half of the mean ratings
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
        let samples = self.every.is_some() || self.per_second.is_some();
        if samples && self.method != MethodName::Brisque {
            bail!(
                "--every and --per-second are for --method brisque: the other method looks at every second frame"
            );
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
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.jobs.map_or_else(cores, NonZeroUsize::get)
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
