//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::input::AnyArgs;
use crate::output::OutputArgs;

/// Scores images without a reference, with the metric that is asked for by name.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// PNG and JPEG files, folders (searched for images), patterns such as 'shots/*.png', and - for one image on the
    /// standard input
    #[arg(value_name = "IMAGE", required = true)]
    pub(crate) images: Vec<PathBuf>,

    /// The metric
    #[arg(long, value_enum, default_value = "brisque")]
    pub(crate) metric: Metric,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten, next_help_heading = "Reading images")]
    pub(crate) reading: AnyArgs,
}

impl Args {
    /// The options that a row depends on, as one would type them.
    pub(crate) fn settings(&self) -> String {
        let metric = format!("--metric {}", self.metric.name());
        [Some(metric), self.reading.settings()].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Metrics by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Metric {
    /// BRISQUE as its authors released it (LIVE): about 0 (best) to 100 (worst), not limited; lower is better
    Brisque,
    /// NIQE as its authors released it (LIVE): 0 is as natural as pristine photographs; lower is better. At least 96x96
    /// pixels
    Niqe,
    /// The model of score-video --method brisque: 1 (bad) to 5 (excellent); higher is better
    Ugc,
}

impl Metric {
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What the numbers mean, in a line.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Brisque => "about 0 (best) to 100 (worst), not limited; lower is better",
            Self::Niqe => "distance from pristine photographs, 0 or more; lower is better",
            Self::Ugc => "1 (bad) to 5 (excellent), as people rate videos; higher is better",
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  score-image photo.jpg
        BRISQUE of one image
  score-image --metric niqe shots/
        NIQE of every image below a folder
  score-image --csv 'shots/*.png' > scores.csv
        a table
  score-image --metric niqe --csv -o n.csv --resume shots/
        the same; run it again after an interruption
  score-image --json a.png b.png
  ffmpeg -i a.mp4 -frames:v 1 -f image2pipe -c:v png - | score-image -

What the numbers mean:
  brisque  what people said of images with one kind of distortion (LIVE database); lower is better. A sharp portrait has \
-2, at JPEG quality 30 it has 20, at quality 10 44, blurred by 2 pixels 59
  niqe     distance of the image's statistics from those of 125 pristine photographs, without any person's rating; lower is \
better. The same portraits have 3.4, 5.1, 6.8 and 7.3
  ugc      what people would give a video that looks like this all the time, 1 to 5; higher is better

Scores of different metrics cannot be compared. Drawings, screenshots and text get bad scores: none of these metrics has \
seen any.
Names: bytes that are not UTF-8 stand as \\xHH, with backslashes doubled in such names.
Exit status: 0 when all images were scored, 1 when some failed or there was no room for the output, 2 for wrong usage.";
