//! Where scores go: the options that the programs that score share. Included as a file, for programs share no crate.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

/// Format and place of the output, and how it is computed.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Inputs scored at the same time [default: one per core]; the output does not depend on it
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,

    /// Print CSV: a row as soon as an input is done, in the order of the inputs
    #[arg(long)]
    pub(crate) csv: bool,

    /// Write to this file instead of the standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Continue the CSV file of --out, made with the same options: skip the inputs that are in it. Inputs that failed are
    /// tried again, and their rows come last
    #[arg(long, requires_all = ["out", "csv"])]
    pub(crate) resume: bool,
}

impl OutputArgs {
    /// Inputs scored at the same time; all cores where neither the user nor `default` says anything else.
    pub(crate) fn jobs(&self, default: Option<usize>) -> usize {
        let all = || available_parallelism().map_or(1, NonZeroUsize::get);
        self.jobs.map(NonZeroUsize::get).or(default).unwrap_or_else(all)
    }
}
