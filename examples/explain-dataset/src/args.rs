//! The command line.

use std::path::PathBuf;

use clap::Parser;
use train::{DeviceName, ReadArgs};

/// Why the videos of a data set look real or fake to a DA-CLIP checkpoint: the paper's figures and tables on retrieved
/// descriptions, tokens, similarities and summaries
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub struct Args {
    /// Folder in the shape of DREAM: videos/, splits/, all_descriptions_en.csv
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,

    /// The checkpoint of `train --method da-clip`, its JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: PathBuf,

    /// The index of the training sentences [default: the one beside the checkpoint; else one of the training clips is made
    /// and kept in OUT/cache]
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Option<PathBuf>,

    /// The split whose training clips are searched and whose test clips are explained
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) split: usize,

    /// Folder for results and cache; run again with the same folder after an interruption
    #[arg(long, short, value_name = "DIR", default_value = "explained")]
    pub(crate) out: PathBuf,

    /// Face boxes as CSV file,x1,y1,x2,y2, for a checkpoint that looks at faces
    #[arg(long, value_name = "FILE")]
    pub(crate) boxes: Option<PathBuf>,

    /// Test clips, at random, whose tokens are counted (Figure 12), 0 for all
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) token_clips: usize,

    /// Test clips, at random, on the map (Figure 14), at most 2500; 0 for none
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u16).range(..=2500))]
    pub(crate) map_clips: u16,

    /// Test clips, at random, whose faces are averaged (Figure 13b), 0 for all
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) face_clips: usize,

    /// Clips with one planted artifact each, on which maps should fall (pointing game), for data of synthesize-dataset; 0 for none
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(..=10_000))]
    pub(crate) pointing_clips: u16,

    /// Clips that the page shows with their sentences and summaries (Figures 11 and 16)
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) examples: usize,

    /// Seed of everything that is drawn
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Threads, 0 for one per core; results do not depend on it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,

    /// What computes
    #[arg(long, value_enum, default_value = "cpu")]
    pub(crate) device: DeviceName,

    /// Where decoded frames are kept; the folder of `train` may be shared [default: OUT/cache/frames]
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,

    // A heading holds for all options after it, so those without one come first.
    #[command(flatten)]
    pub(crate) reading: ReadArgs,
}

const EXAMPLES: &str = "\
Examples:
  explain-dataset --data synthetic --weights run/model.json --out explained
        with the run of `train --data synthetic --out run --crop ...`
  explain-dataset --data synthetic --weights run/model.json --cache run/frames
        with the frames that the training has decoded already
  explain-dataset --data DREAM --weights large/model.json --boxes boxes.csv \\
      --device cuda --split 3

Below OUT: report.html (everything on one page), table7.csv and .svg, figure12.csv and .svg (tokens), figure13b.csv and .svg (average map over \
faces), figure14.csv and .svg (map of videos and texts), figure15.csv and .svg (similarities of groups), summaries.csv and figure17.svg (summaries and \
their measures), pointing.csv (how often maps fall on a planted artifact), prompts.jsonl (what to ask a language model of your own), cache/.

Which frames, which part of them and which size are seen, the checkpoint says.

Exit status: 0 done, 1 no room for the output, 2 wrong usage or input.";
