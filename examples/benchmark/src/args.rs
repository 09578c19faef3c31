//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::features::deep::DeepArgs;
use crate::methods::first_weights::{self, Start};
use crate::methods::imported::{self, Source};
use crate::methods::network;
use crate::methods::variants::Ablation;
use crate::plan::shard::Shard;

/// The benchmark of photorealism in one command: features of every clip, training on every split, predictions, the
/// paper's tables and a page
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) splits: Splits,
    /// What was typed, for the report.
    #[arg(skip)]
    pub(crate) typed: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train on all of one data set, test on others (Table VIII)
    #[command(after_help = CROSS)]
    Cross(Box<Cross>),
    /// Put the folders of several shards together; writes the report when nothing is missing
    #[command(after_help = MERGE)]
    Merge(Merge),
}

/// The splits of one data set (Table IV).
#[derive(Debug, Args)]
pub(crate) struct Splits {
    /// Folder in the shape of DREAM: videos/, splits/0..9/
    #[arg(long, value_name = "DIR", required_unless_present = "list_methods")]
    pub(crate) data: Option<PathBuf>,

    /// Splits to use, the first ones
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) splits: usize,

    /// A method that was trained elsewhere, by its predictions: CSV split,set,file,prediction as `train` writes it. May be
    /// given several times; files with one title are put together
    #[arg(long, value_name = "TITLE=FILE", value_parser = imported::source)]
    pub(crate) predictions: Vec<Source>,

    /// Also compare losses (Table V): on a small trainable head on the features of this set, or on the whole of OPDAI, which is
    /// then trained with each loss on each split
    #[arg(long, value_name = "SET|opdai", value_enum)]
    pub(crate) loss_ablation: Option<Ablation>,

    /// Also train OPDAI and UNILJ from each of these first weights (Table VI): a name and a file of weights of the visual tower,
    /// or `none`. A file is for the network whose tower it holds, `none` for both; opdai: or unilj: in front of the name asks for
    /// one. May be given several times
    #[arg(long, value_name = "NAME=FILE", value_delimiter = ',', value_parser = first_weights::start)]
    pub(crate) pretraining: Vec<Start>,

    /// Say what the methods are, and stop
    #[arg(long)]
    pub(crate) list_methods: bool,

    #[command(flatten)]
    pub(crate) work: Work,
}

#[derive(Debug, Args)]
pub(crate) struct Cross {
    /// What to train on, all of it: a folder in the shape of DREAM, or a list file,mos beside its videos
    #[arg(long, value_name = "DIR|LIST")]
    pub(crate) train: PathBuf,

    /// What to test on, one or several
    #[arg(long, value_name = "DIR|LIST", num_args = 1.., required = true)]
    pub(crate) test: Vec<PathBuf>,

    /// Trainings of every method; each draws its search, folds and selection anew
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) repeats: usize,

    #[command(flatten)]
    pub(crate) work: Work,
}

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// Where the merged results go; may be one of the shards
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Folders of the shards
    #[arg(value_name = "SHARD_DIR", required = true)]
    pub(crate) shards: Vec<PathBuf>,
}

/// What both kinds of evaluation need.
#[derive(Debug, Args)]
pub(crate) struct Work {
    /// Methods by name; `all` is all on features, which are quick, `deep` all on features of networks, `networks` all that
    /// `train` trains, which are not quick; the baselines stand beside them in any case
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "all")]
    pub(crate) methods: Vec<String>,

    /// Folder for results and cache; run again with the same folder after an interruption
    #[arg(long, short, value_name = "DIR", default_value = "benchmark-out")]
    pub(crate) out: PathBuf,

    /// Seed of everything that is drawn; split i draws with seed + i
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,

    /// Clips or trainings at the same time, 0 for one per core; results do not depend on it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) jobs: usize,

    /// Do part I of N only: every N-th clip, and every N-th training once all features are there
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,

    /// Try clips and trainings again that failed before
    #[arg(long)]
    pub(crate) retry_failed: bool,

    /// First weights of the visual tower of one network among --methods, which --visual gives for all of them. May be given several
    /// times
    #[arg(long, value_name = "NETWORK=FILE", value_delimiter = ',', value_parser = network::tower)]
    pub(crate) visual_of: Vec<(&'static str, PathBuf)>,

    // A heading holds for all options after it, so those without one come first.
    #[command(flatten)]
    pub(crate) view: ::train::View,

    #[command(flatten)]
    pub(crate) deep: DeepArgs,

    #[command(flatten)]
    pub(crate) networks: ::train::Options,
}

const EXAMPLES: &str = "\
Examples:
  benchmark --data DREAM --out results
        all methods on ten splits; the same command goes on after an interruption
  benchmark --data DREAM --methods brisque,gm-log --splits 3 --out q --jobs 4
  benchmark --data synthetic --out results --methods all,networks \\
      --visual-of opdai=swin.safetensors,hust=convnext.safetensors
        two of the networks from first weights, such as those of a detector
  benchmark --data DREAM --out results --boxes faces.csv
        on faces instead of whole frames
  benchmark --data DREAM --out results --methods brisque --loss-ablation brisque
        and Table V, on a small head
  benchmark --data DREAM --out results --methods all,networks \\
      --boxes faces.csv --preset large --device cuda \\
      --visual swinv2_large.safetensors --text clip-vit-b32.safetensors
        and every network, trained on each split from published weights
  benchmark --data DREAM --out results --boxes faces.csv --preset large \\
      --device cuda --visual swinv2_large.safetensors --loss-ablation opdai
        and Table V as in the paper, on OPDAI
  benchmark --data DREAM --out results --boxes faces.csv --preset large \\
      --device cuda --pretraining none --pretraining \\
      ImageNet=swinv2_large.safetensors,ImageNet=convnext_xlarge.safetensors
        and Table VI: OPDAI and UNILJ, from nothing and from ImageNet
  benchmark --data DREAM --out results --boxes faces.csv --methods deep \\
      --resnet50 resnet50.safetensors --vgg-face vgg-face.safetensors \\
      --dfgc1st convnext-epoch10.safetensors
        the rows on deep features, each on the weights of its network
  benchmark --data DREAM --out results --predictions Ours=run0/predictions.csv \\
      --predictions Ours=run1/predictions.csv
        and a method that was trained elsewhere on splits 0 and 1
  benchmark --data DREAM --out s1 --shard 1/2
        on the first of two machines; see `benchmark merge --help`
  benchmark cross --train DREAM --test ffpp/list.csv qeval/list.csv --out across
  benchmark --list-methods

Below the folder of --out: report.html (everything on one page), table4.txt, .md, .csv, .tex (table5 and table6 where they are asked for), significance.csv, \
failures.csv, assumptions.csv (what was assumed about the videos; --strict refuses those), predictions/METHOD.csv \
(evaluate-predictions reads them), protocol.json (what was trained and tested on what), and cache/ (features and trainings, \
found again by the content of the video, the settings and the version).
The page has the day on which its results were first written; SOURCE_DATE_EPOCH=SECONDS in the environment sets it.
Exit status: 0 done, 1 done with failures, or other shards have to work first, 2 wrong usage or input.";

const CROSS: &str = "\
Examples:
  benchmark cross --train DREAM --test ffpp/list.csv --repeats 10 --out across
        videos of a list are looked for in the folder of the list
  benchmark cross --train DREAM --test OTHER --methods brisque,tlvqm --out b

A folder counts with all clips that its splits have scores for. The mean ± deviation of table8 is over the repeats, \
which differ in their seeds only: it is that of the search, not of the data.";

const MERGE: &str = "\
Examples, for two machines that can read each other's folders:
  benchmark --data DREAM --out s1 --shard 1/2
        features of every second clip; s2 with 2/2 on the other machine
  benchmark merge --out s1 s1 s2
        now there are all features; --out s2 on the other machine
  benchmark --data DREAM --out s1 --shard 1/2
        every second training; s2 with 2/2 on the other machine
  benchmark merge --out results s1 s2
        tables and page; the same bytes as from one run

Exit status: 0 complete, 1 merged but something is missing or failed, 2 an error.";
