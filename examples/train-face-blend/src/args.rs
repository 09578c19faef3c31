//! The command line.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, ensure};
use clap::Parser;

use crate::pseudo::Options;

/// Trains the head of face-blend: portraits are blended with changed copies of themselves, and a logistic regression on the
/// tokens of CLIP learns to tell the blends from the rest. No fakes and no ratings are needed.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Folder of pictures (PNG, JPEG), one person each, every person once
    #[arg(value_name = "PORTRAITS")]
    pub(crate) portraits: PathBuf,

    /// Image tower of CLIP, a safetensors file with the names of Hugging Face, OpenAI or OpenCLIP
    #[arg(long, value_name = "TOWER.safetensors")]
    pub(crate) weights: PathBuf,

    /// Sizes of the tower: b16, b32, l14, or a JSON file with the fields of dream_models' vit::Config
    #[arg(long, value_name = "SIZES", default_value = "b16")]
    pub(crate) tower: String,

    /// What people may call the tower
    #[arg(long, value_name = "TEXT", default_value = "CLIP ViT-B/16 of OpenAI")]
    pub(crate) tower_name: String,

    /// The head is written here, as JSON; its name is that of the file
    #[arg(long, short, value_name = "HEAD.json")]
    pub(crate) out: PathBuf,

    /// Face boxes from a CSV file with the columns file, left, top, right, bottom in pixels, instead of the embedded
    /// detector's. The detector is what score-video uses
    #[arg(long, value_name = "CSV")]
    pub(crate) boxes: Option<PathBuf>,

    /// CSV file with the columns file, source: where each portrait is from, counted in the head [default: portraits.csv of
    /// the folder, where it is]
    #[arg(long, value_name = "CSV")]
    pub(crate) sources: Option<PathBuf>,

    /// How often each portrait is drawn: four pictures each time
    #[arg(long, value_name = "N", default_value = "2")]
    pub(crate) draws: NonZeroU64,

    /// Seed of the draws and the folds
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seed: u64,

    /// Folds of the cross-validation; a person is in one of them with all pictures
    #[arg(long, value_name = "N", default_value = "5")]
    pub(crate) folds: usize,

    /// C of the logistic regression, as scikit-learn has it: small values keep the weights small
    #[arg(long, value_name = "C", default_value = "0.005")]
    pub(crate) c: f64,

    /// Block of the tower whose tokens are used, from 1
    #[arg(long, value_name = "N", default_value = "8")]
    pub(crate) block: usize,

    /// Choose C and the block by cross-validation among five values around --c and the blocks around --block, and print the
    /// table
    #[arg(long)]
    pub(crate) choose: bool,

    /// Measure held-out AUC under stated damage on so many portraits: 40 pictures more for each
    #[arg(long, value_name = "PORTRAITS", default_value = "0")]
    pub(crate) robustness: usize,

    /// A picture to look at: the first portraits with their blends and masks
    #[arg(long, value_name = "SHEET.png")]
    pub(crate) sheet: Option<PathBuf>,

    /// A clip to try the head on: frames of the first portrait as it moves, in FOLDER/original, and the same with a blend
    /// in FOLDER/fake
    #[arg(long, value_name = "FOLDER")]
    pub(crate) clip: Option<PathBuf>,

    /// All figures as CSV, or as JSON if the name ends so
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// Folder for the numbers of finished pictures: an interrupted run goes on with them [default: HEAD.cache beside
    /// the head]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) cache: Option<PathBuf>,

    /// Threads [default: one per core]; the head does not depend on it
    #[arg(long, short, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) recipe: Recipe,
}

/// What may be changed in the recipe.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Recipe")]
pub(crate) struct Recipe {
    /// Side of the pictures in widths of the face box
    #[arg(long, value_name = "WIDTHS", default_value = "1.3")]
    pub(crate) crop: f64,

    /// Share of draws that become JPEG
    #[arg(long, value_name = "SHARE", default_value = "0.35")]
    pub(crate) jpeg: f64,

    /// Lowest and highest quality of JPEG
    #[arg(long, value_name = "LOW,HIGH", default_value = "30,95")]
    pub(crate) quality: Range,

    /// Share of draws that become an H.264 intra frame
    #[arg(long, value_name = "SHARE", default_value = "0.40")]
    pub(crate) h264: f64,

    /// Lowest and highest crf of H.264
    #[arg(long, value_name = "LOW,HIGH", default_value = "18,36")]
    pub(crate) crf: Range,

    /// Share of draws whose face becomes 48 to 128 pixels wide
    #[arg(long, value_name = "SHARE", default_value = "0")]
    pub(crate) small: f64,
}

impl Recipe {
    pub(crate) fn options(&self) -> Options {
        Options {
            crop: self.crop,
            jpeg: self.jpeg,
            h264: self.h264,
            quality: self.quality.0,
            crf: self.crf.0,
            small: self.small,
            ..Options::default()
        }
    }
}

/// Two numbers with a comma between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range(pub(crate) [u8; 2]);

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pair = text.split_once(',').and_then(|(a, b)| Some([a.parse().ok()?, b.parse().ok()?]));
        match pair {
            Some([low, high]) if low <= high => Ok(Self([low, high])),
            _ => Err("two whole numbers with a comma between are needed, the lower one first".to_owned()),
        }
    }
}

impl Args {
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(self.portraits.is_dir(), "{}: it is no folder of portraits", self.portraits.display());
        self.recipe.options().check()?;
        ensure!(self.c > 0.0 && self.c.is_finite(), "--c is {}, it must be above 0", self.c);
        ensure!(self.block >= 1, "--block is 0, it must be at least 1");
        for path in [Some(&self.out), self.report.as_ref(), self.sheet.as_ref()].into_iter().flatten() {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let there = folder.is_none_or(std::path::Path::is_dir);
            ensure!(there, "cannot write {}: there is no such folder", path.display());
        }
        ensure!(self.folds >= 2, "--folds is {}, it must be at least 2", self.folds);
        Ok(())
    }

    pub(crate) fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.jobs.map_or_else(all, NonZeroUsize::get)
    }

    /// Where numbers are kept.
    pub(crate) fn cache_folder(&self) -> PathBuf {
        self.cache.clone().unwrap_or_else(|| self.out.with_extension("cache"))
    }

    /// The name of the head.
    pub(crate) fn name(&self) -> String {
        self.out.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    }
}

const EXAMPLES: &str = "\
Examples:
  train-face-blend portraits --weights clip-vit-b16.safetensors -o head.json
        the recipe: two draws, five folds, block 8, C 0.005
  train-face-blend portraits --weights clip-vit-b16.safetensors -o head.json \\
      --sheet sheet.png --report figures.csv --robustness 100
        the same with a picture of what was learned from, and AUC under damage
  train-face-blend portraits --weights clip-vit-b16.safetensors -o head.json \\
      --choose
        C and the block by cross-validation
  score-video --method face-blend --weights clip-vit-b16.safetensors \\
      --head head.json clip.mp4

Time: a third of a second of one core for each picture: 668 portraits drawn twice are 5,344 pictures and take half an hour \
on one core. Run the same command again after an interruption: finished pictures are not computed again.
The head is the same to the byte on one machine, for any number of threads. On another processor the last digits of the tower \
differ.
Exit status: 0 when the head was written, 1 when there was no room for it, 2 for wrong usage or input.";
