//! `evaluate`: reproduces the published table.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use dream_eval::median;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde::Serialize;

use crate::bvqa::{self, EXPERIMENTS, Experiment, SplitResult, Table};
use crate::print::{count, note, say, wrote};

/// What to reproduce.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Protocol {
    /// The benchmark of user-generated video of Tu et al., IEEE TIP 2021
    Bvqa,
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// What to reproduce
    #[arg(long, value_enum, default_value = "bvqa")]
    protocol: Protocol,
    /// Folder with the tables `DATABASE_FEATURES.csv.gz`
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Random 80/20 splits
    #[arg(long, default_value_t = 100)]
    splits: u32,
    /// Pairs of C and gamma tried in each split, 0 for all 100
    #[arg(long, default_value_t = 10)]
    draws: usize,
    /// Only rows whose database or features contain this, for example `konvid` or `videval`
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Write one line of JSON per split to a file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Line<'a> {
    data: &'a str,
    features: &'a str,
    #[serde(flatten)]
    result: &'a SplitResult,
}

pub(crate) fn run(args: &Evaluate) -> Result<()> {
    let Protocol::Bvqa = args.protocol;
    ensure!(args.splits > 0, "--splits 0 measures nothing: pass at least 1");
    let matches = |experiment: &&Experiment| {
        let name = format!("{} {}", experiment.data, experiment.features).to_lowercase();
        args.only.iter().all(|text| name.contains(&text.to_lowercase()))
    };
    let experiments: Vec<&Experiment> = EXPERIMENTS.iter().filter(matches).collect();
    ensure!(!experiments.is_empty(), "--only {:?} matches no row: run without it to see all", args.only);
    let create = |path: &PathBuf| {
        File::create(path).with_context(|| format!("cannot write {}", path.display())).map(BufWriter::new)
    };
    let mut out = args.out.as_ref().map(create).transpose()?;
    let (splits, search) = (args.splits, search(args.draws));
    let threads = count(rayon::current_num_threads(), "thread");
    say!("{splits} splits, {search}, {threads}; published values in brackets");
    say!(
        "{:<12} {:<8} {:>6} {:>15} {:>15} {:>8} {:>7}",
        "database",
        "features",
        "videos",
        "SRCC",
        "PLCC",
        "raw PLCC",
        "seconds"
    );
    let rows = experiments.len();
    for experiment in experiments {
        let table = Table::read(experiment, &args.data)?;
        let begin = Instant::now();
        let results = run_splits(&table, args, experiment)?;
        let seconds = begin.elapsed().as_secs_f64();
        if let Some(out) = &mut out {
            for result in &results {
                let line = Line { data: experiment.data, features: experiment.features, result };
                serde_json::to_writer(&mut *out, &line)?;
                writeln!(out)?;
            }
            out.flush()?;
        }
        print_row(experiment, &table, &results, seconds)?;
    }
    match &args.out {
        Some(path) => wrote(&count(rows * usize::try_from(splits)?, "result"), Some(path)),
        None => note!("reproduced {} of the table", count(rows, "row")),
    }
    Ok(())
}

fn search(draws: usize) -> String {
    if draws == 0 || draws >= 100 {
        "all 100 pairs of C and gamma".to_owned()
    } else {
        format!("{draws} pairs of C and gamma each")
    }
}

fn run_splits(table: &Table, args: &Evaluate, experiment: &Experiment) -> Result<Vec<SplitResult>> {
    // Drawn on a terminal only.
    let style =
        ProgressStyle::with_template("{msg} split {pos:>3}/{len} {wide_bar} {elapsed:>3}, {eta:>3} left")?;
    let bar = ProgressBar::new(u64::from(args.splits)).with_style(style);
    bar.set_message(format!("{} {}", experiment.data, experiment.features));
    let run = |number: u32| {
        let result = bvqa::run(table, number, args.draws);
        bar.inc(1);
        result
    };
    // In their order, so that the error is always that of the first split that has one.
    let results: Vec<Result<SplitResult>> = (1..=args.splits).into_par_iter().map(run).collect();
    bar.finish_and_clear();
    results.into_iter().collect()
}

fn print_row(experiment: &Experiment, table: &Table, results: &[SplitResult], seconds: f64) -> Result<()> {
    let middle = |pick: fn(&SplitResult) -> f64| median(&results.iter().map(pick).collect::<Vec<_>>());
    let cell = |value: f64, published: Option<f64>| match published {
        Some(published) => format!("{value:.4} ({published:.4})"),
        None => format!("{value:.4}         "),
    };
    let published = experiment.published;
    say!(
        "{:<12} {:<8} {:>6} {:>15} {:>15} {:>8.4} {:>7.1}",
        experiment.data,
        experiment.features,
        table.len(),
        cell(middle(|result| result.srcc)?, published.map(|pair| pair.0)),
        cell(middle(|result| result.plcc)?, published.map(|pair| pair.1)),
        middle(|result| result.plcc_raw)?,
        seconds
    );
    let unfinished = results.iter().filter(|result| !result.converged).count();
    if unfinished > 0 {
        say!("  {unfinished} splits have a fit that reached its step limit");
    }
    Ok(())
}
