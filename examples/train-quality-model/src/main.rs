//! Trains the quality models that dream-models embeds, from features and human ratings of real videos.

mod data;
#[path = "../../print.rs"]
mod print;
mod recipe;
#[cfg(test)]
mod reproduction;
mod train;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use dream_eval::bvqa::Database;
use dream_models::regression::{Evaluation, MeanStd};
use indicatif::{ProgressBar, ProgressStyle};

use crate::data::Table;
use crate::print::{count, say, wrote};
use crate::recipe::Recipe;
use crate::train::Data;

/// Trains the quality models that dream-models embeds.
///
/// Reads features and mean opinion scores of KoNViD-1k, LIVE-VQC and YouTube-UGC, measures the model and its
/// prediction intervals on repeated random 80/20 splits, fits it on all rows and writes the model file. The same
/// command writes the same bytes on every machine.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Features that the model uses
    #[arg(long, value_enum, default_value_t = Recipe::Videval60)]
    features: Recipe,
    /// Folder with the *_videval.csv.gz or *_brisque.csv.gz tables of the three databases
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Model file to write
    #[arg(long, value_name = "FILE", default_value = "quality-model.json")]
    out: PathBuf,
    /// Seed of the splits, the weights and the order of the rows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Random splits to evaluate on; 0 skips the evaluation
    #[arg(long, default_value_t = 20)]
    splits: u64,
    /// Threads, 0 for one per core; the result does not depend on it
    #[arg(long, default_value_t = 0)]
    threads: usize,
}

const EXAMPLES: &str = "Examples:
  Train, calibrate and evaluate, some minutes on two cores:
    train-quality-model --data shared/data/bvqa
  Without the evaluation, seconds:
    train-quality-model --data shared/data/bvqa --splits 0 --out model.json
  Write the committed weights again:
    train-quality-model --data shared/data/bvqa \\
        --out crates/dream-models/assets/videval60-ugc-1.json
    train-quality-model --data shared/data/bvqa --features brisque \\
        --out crates/dream-models/assets/brisque-ugc-1.json";

fn main() -> ExitCode {
    print::main(Args::try_parse(), |_| None, run)
}

fn run(args: &Args) -> Result<bool> {
    ensure!(args.splits != 1, "--splits 1 has no standard deviation: pass 0 or at least 2");
    let tables = data::read_all(&args.data, args.features.layout())?;
    print_tables(&tables);
    let data = Data::new(args.features, &tables)?;
    let params = args.features.params(args.seed, args.threads)?;

    let evaluation = if args.splits == 0 {
        None
    } else {
        // Drawn on a terminal only.
        let style =
            ProgressStyle::with_template("split {pos:>3}/{len} {wide_bar} {elapsed:>3}, {eta:>3} left")?;
        let bar = ProgressBar::new(args.splits).with_style(style);
        let mut splits = Vec::new();
        for split in 0..args.splits {
            splits.push(train::evaluate_split(&data, &params, args.seed.wrapping_add(split))?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Some(train::summarise(&splits, args.seed)?)
    };
    let model = train::final_model(&data, &params, None, evaluation)?;
    model.save(&args.out)?;
    if let Some(evaluation) = &model.provenance().evaluation {
        print_evaluation(evaluation);
    }
    let bytes = model.to_bytes()?.len();
    say!("\n{} fitted on {} videos: {} ({bytes} bytes)", model.version(), data.len(), args.out.display());
    say!("score: {}", model.output().scale);
    say!("measures: {}", model.output().meaning);
    let features = count(model.inputs().len(), "feature");
    wrote(&format!("a model of {features} and {}", count(data.len(), "video")), Some(&args.out));
    Ok(true)
}

fn print_tables(tables: &[Table]) {
    say!("{:<12} {:>7} {:>8}", "database", "videos", "dropped");
    for (source, table) in Database::ALL.iter().zip(tables) {
        say!("{:<12} {:>7} {:>8}", source.name, table.len(), table.dropped);
    }
    if tables.iter().any(|table| table.dropped > 0) {
        say!("(dropped: the score or too many features are missing)");
    }
}

fn print_evaluation(evaluation: &Evaluation) {
    say!("\n{}", evaluation.protocol);
    let cell = |value: MeanStd| format!("{:.3}±{:.3}", value.mean, value.std);
    say!("{:<12} {:>13} {:>13}", "test rows of", "SRCC", "PLCC");
    for scores in &evaluation.scores {
        say!("{:<12} {:>13} {:>13}", scores.set, cell(scores.srcc), cell(scores.plcc));
    }
    say!("\n{:<12} {:>13} {:>13}", "interval", "holds", "width");
    for coverage in &evaluation.coverage {
        let level = format!("{:.0} %", 100.0 * coverage.level);
        say!("{level:<12} {:>13} {:>13}", cell(coverage.inside), cell(coverage.width));
    }
    if let Some(share) = evaluation.unfamiliar {
        say!("{:<12} {:>13}", "unfamiliar", cell(share));
    }
}
