//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Parser;

/// Reports on the annotations of a rating study: mean opinions and their spread, how well raters agree, which raters
/// are screened out, and which artifacts the descriptions name.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// CSV of raw scores (path, subject, score), or a folder in the DREAM layout
    #[arg(value_name = "RAW.csv|DIR")]
    pub(crate) input: PathBuf,

    /// Write every number for every clip to this JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Folder for the figures (SVG), created if absent
    #[arg(long, value_name = "DIR")]
    pub(crate) figures: Option<PathBuf>,

    /// Lowest and highest possible score
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

    /// Largest accepted difference between a grade and the known score of a checker
    #[arg(long, value_name = "GRADES", default_value_t = 1.0)]
    pub(crate) tolerance: f64,
}

fn scale(text: &str) -> Result<[f64; 2]> {
    let (low, high) = text.split_once(',').context("write LOW,HIGH, for example 1,5")?;
    let number = |text: &str| text.trim().parse().with_context(|| format!("`{text}` is not a number"));
    let (low, high): (f64, f64) = (number(low)?, number(high)?);
    ensure!(low < high && (high - low).is_finite(), "the scale must go up: {low} is not below {high}");
    Ok([low, high])
}

const EXAMPLES: &str = "\
Examples:
  analyze-annotations scores.csv
        MOS, SOS, the SOS parameter, agreement and screening, as text
  analyze-annotations scores.csv --scale 0,100 --json report.json --figures f/
        another scale; every number as JSON, and the figures
  analyze-annotations DREAM/ --figures figures/
        the same from all_descriptions_en.csv, with the 37 labels of the descriptions; sessions.csv \
adds quality control and false negatives, truth.json a comparison with the planted truth
  analyze-annotations DREAM/ --groups raters.csv
        a test whether groups of raters differ in taking real clips for fakes

Exit status: 0 done, 1 no room for the output, 2 wrong usage or input.";
