//! The command line.

use std::path::PathBuf;

use clap::Parser;
use dream_data::synthetic::SyntheticConfig;
use dream_data::{FrameRate, FrameSize};

/// Writes a synthetic data set in the form of the DREAM benchmark, with known truth
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The folder to write; run again with the same options after an interruption
    #[arg(long, short, value_name = "DIR", required_unless_present = "contact_sheet")]
    pub(crate) out: Option<PathBuf>,

    /// Identity groups: pairs of people whose faces are swapped
    #[arg(long, value_name = "N", default_value_t = 20)]
    identities: usize,

    /// Swap methods; three real clips for every identity come on top
    #[arg(long, value_name = "N", default_value_t = 35)]
    methods: usize,

    /// Clips per identity and method
    #[arg(long, value_name = "N", default_value_t = 1)]
    takes: usize,

    /// Frames per clip
    #[arg(long, value_name = "N", default_value_t = 24)]
    frames: u32,

    /// Width and height in pixels
    #[arg(long, value_name = "WxH", default_value = "96x80")]
    size: FrameSize,

    /// Frames per second, such as 25 or 30000/1001
    #[arg(long, value_name = "HZ", default_value = "25")]
    fps: FrameRate,

    /// Raters; each sees every clip
    #[arg(long, value_name = "N", default_value_t = 60)]
    raters: usize,

    /// Disagreement of attentive raters: variance a (m - 1)(5 - m) around a mean opinion m
    #[arg(long, value_name = "A", default_value_t = 0.18)]
    a: f64,

    /// Share of raters who answer at random until they are caught
    #[arg(long, value_name = "SHARE", default_value_t = SyntheticConfig::default().careless_share)]
    careless: f64,

    /// Clips per session; fewer than 45 clips need shorter sessions
    #[arg(long, value_name = "N", default_value_t = 40)]
    session_clips: usize,

    /// Draw everybody instead of using photographs for two people
    #[arg(long)]
    no_portrait: bool,

    /// Folder of portraits (PNG, JPEG), one person each: they are animated instead of drawn faces, and most methods also
    /// blend a face with a changed copy of itself. Two portraits for every identity group, chosen by the seed
    #[arg(long, value_name = "DIR", conflicts_with = "no_portrait")]
    pub(crate) portraits: Option<PathBuf>,

    /// Also write detection.csv: N real and N forged clips of every person, in no split, for `train --task detection`
    #[arg(long, value_name = "N", requires = "out", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) detection: Option<u16>,

    /// Seed of every draw; the same seed gives the same bytes
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,

    /// Clips rendered at the same time; the output does not depend on it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: u16,

    /// Write a picture of people, methods and artifacts
    #[arg(long, value_name = "FILE.png")]
    pub(crate) contact_sheet: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  synthesize-dataset --out synthetic --identities 20 --methods 35 --seed 7
        760 clips, 210 MB, 45,000 opinions
  synthesize-dataset --out small --identities 4 --methods 9 --raters 10
  synthesize-dataset --out large --size 320x240 --frames 100 --jobs 8
  synthesize-dataset --out people --portraits portraits --detection 4
        40 photographs that move, with blends; 160 real and 160 forged clips
        for detection besides
  synthesize-dataset --contact-sheet sheet.png --size 192x160
        a picture only

Below DIR: videos/C1|C2|C3/*.y4m, splits/0..9/*.csv, all_descriptions_en.csv as in the benchmark; sessions.csv (every \
grade, with rejected ones and checkers), truth.csv (realism and artifacts of every clip), truth.json (the options and \
the raters); with --detection, detection.csv and detection/real|fake/*.y4m. Exit status: 0 done, 1 no room for the output, 2 an error.";

impl Args {
    /// The data set that the options ask for.
    pub(crate) fn config(&self) -> SyntheticConfig {
        SyntheticConfig {
            identities: self.identities,
            methods: self.methods,
            takes: self.takes,
            frames: self.frames,
            width: self.size.width,
            height: self.size.height,
            frame_rate: self.fps,
            portraits: !self.no_portrait && self.portraits.is_none(),
            seed: self.seed,
            a: self.a,
            raters: self.raters,
            careless_share: self.careless,
            session_clips: self.session_clips,
            ..SyntheticConfig::default()
        }
    }
}
