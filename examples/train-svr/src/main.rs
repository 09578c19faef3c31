//! Trains support vector regressions on feature tables, and reproduces the BVQA benchmark.

mod bvqa;
mod evaluate;
mod fit;
#[path = "../../print.rs"]
mod print;
mod recipe;
#[cfg(test)]
mod reproduction;
mod table;

use std::error::Error;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use dream_models::Error as ModelError;

/// Trains support vector regressions on feature tables, and reproduces published evaluations.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    #[command(subcommand)]
    command: Command,
    /// Threads, 0 for one per core; results do not depend on it
    #[arg(long, default_value_t = 0, global = true)]
    threads: usize,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reproduces a published table: median correlations over random splits
    Evaluate(evaluate::Evaluate),
    /// Fits a model to a table and writes its file
    Fit(fit::Fit),
}

const EXAMPLES: &str = "Examples:
  Reproduce the BVQA table, in about fifteen minutes of processor time:
    train-svr evaluate --protocol bvqa --data shared/data/bvqa --splits 100
  One row of it, with every pair of C and gamma:
    train-svr evaluate --data shared/data/bvqa --only konvid --only videval \\
        --draws 0
  Fit a model to features of extract-features and to scores (columns video,mos):
    train-svr fit --features features.csv --scores scores.csv --out model.json
  The mean of single raters is the target (columns video,subject,score):
    train-svr fit --features features.csv --scores raw.csv --repeated mean
  With VIDEVAL's feature selection, where validation chooses the number:
    train-svr fit --features features.csv --scores scores.csv --select 0 \\
        --missing zero";

fn main() -> ExitCode {
    print::main(Args::try_parse(), typed, run)
}

/// Errors of the library in words of the command line.
fn typed(cause: &(dyn Error + 'static)) -> Option<String> {
    let ModelError::InvalidConfig { field, value, expected } = cause.downcast_ref()? else { return None };
    let flag = match *field {
        "folds.count" => "--folds",
        "draws" => "--draws",
        "epsilon" => "--epsilon",
        "keep" => "--select",
        _ => return None,
    };
    Some(format!("{flag} is {value}, it must be {expected}"))
}

fn run(args: &Args) -> Result<bool> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads);
    pool.build_global().context("cannot start the threads")?;
    match &args.command {
        Command::Evaluate(evaluate) => evaluate::run(evaluate)?,
        Command::Fit(fit) => fit::run(fit)?,
    }
    Ok(true)
}
