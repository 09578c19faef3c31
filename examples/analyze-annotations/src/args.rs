//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Parser;

/// What the annotations of a rating study say: mean opinions and their spread, how well raters agree, who is screened
/// out, and which artifacts the descriptions name.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// CSV of raw scores (path, subject, score), or a folder as DREAM has it
    #[arg(value_name = "RAW.csv|DIR")]
    pub(crate) input: PathBuf,

    /// Everything as JSON, every clip included
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Folder for the figures (SVG); it is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) figures: Option<PathBuf>,

    /// Lowest and highest score that raters could give
    #[arg(long, value_name = "LOW,HIGH", default_value = "1,5", value_parser = scale)]
    pub(crate) scale: [f64; 2],

    /// Draws of two groups of raters for every point of the consistency curve
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeats: u32,

    /// Resamples of the bootstrap interval of the SOS parameter
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(100..))]
    pub(crate) resamples: u32,

    /// Seed of the draws and of the bootstrap
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,

    /// CSV of raters and their groups (rater, group), to compare false negatives [default: the planted mildness of
    /// synthetic raters]
    #[arg(long, value_name = "FILE")]
    pub(crate) groups: Option<PathBuf>,

    /// Clips in a session (sessions.csv)
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub(crate) session_clips: usize,

    /// Checkers in a session
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) session_checkers: usize,

    /// How far a grade may be from the known score of a checker
    #[arg(long, value_name = "GRADES", default_value_t = 1.0)]
    pub(crate) tolerance: f64,
}

fn scale(text: &str) -> Result<[f64; 2]> {
    let (low, high) = text.split_once(',').context("write LOW,HIGH, for example 1,5")?;
    let number = |text: &str| text.trim().parse().with_context(|| format!("`{text}` is no number"));
    let (low, high): (f64, f64) = (number(low)?, number(high)?);
    ensure!(low < high && (high - low).is_finite(), "the scale must go up: {low} is not below {high}");
    Ok([low, high])
}

const EXAMPLES: &str = "\
Examples:
  analyze-annotations scores.csv
                        MOS, SOS, the SOS parameter, agreement and screening, as text
  analyze-annotations scores.csv --scale 0,100 --json report.json --figures figures/
                        another scale; every number as JSON, and the figures
  analyze-annotations DREAM/ --figures figures/
                        the same from all_descriptions_en.csv, and the 37 labels of the descriptions;
                        quality control and false negatives too where sessions.csv is there, and how much of
                        what was planted is found again where truth.json is
  analyze-annotations DREAM/ --groups raters.csv
                        whether groups of raters differ in how often they take a real clip for a fake

Exit status: 0 done, 2 wrong usage or input.";
