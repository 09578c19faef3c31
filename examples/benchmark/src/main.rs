//! The benchmark in one command. See README.md.

#[cfg(feature = "ablation")]
mod ablation;
mod args;
mod baseline;
mod columns;
mod extract;
mod faces;
mod imported;
mod merge;
mod method;
mod plan;
mod protocol;
mod report;
mod sets;
mod shard;
mod store;
mod svr;
mod train;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use args::{Cli, Command, Work};
use extract::Extraction;
use faces::Faces;
use method::Method;
use plan::Plan;
use protocol::{FILE, Kind, Protocol};
use sets::Set;
use shard::Shard;
use store::Store;
use train::Training;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether everything is done and nothing failed.
fn run(cli: &Cli) -> Result<bool> {
    match &cli.command {
        Some(Command::Merge(merge)) => merge::run(merge),
        Some(Command::Cross(cross)) => {
            let plan = Plan::across(&cross.train, &cross.test, cross.repeats, cross.work.seed)?;
            let methods = method::choose(&cross.work.methods)?;
            work(&cross.work, &plan, Kind::Across, methods, &[])
        }
        None if cli.splits.list_methods => {
            list(cli.splits.work.every);
            Ok(true)
        }
        None => {
            let splits = &cli.splits;
            let data = splits.data.as_deref().context("--data DIR is missing")?;
            let plan = Plan::of_tree(data, splits.splits, splits.work.seed)?;
            let losses = splits.loss_ablation.map_or_else(|| Ok(Vec::new()), losses)?;
            let mut methods = method::choose(&splits.work.methods)?;
            methods.extend(imported::read(&splits.predictions, &plan)?);
            work(&splits.work, &plan, Kind::Splits, methods, &losses)
        }
    }
}

#[cfg(feature = "ablation")]
#[expect(clippy::unnecessary_wraps, reason = "the same signature without the feature")]
fn losses(set: Set) -> Result<Vec<Box<dyn Method>>> {
    Ok(ablation::heads(set))
}

#[cfg(not(feature = "ablation"))]
fn losses(_: Set) -> Result<Vec<Box<dyn Method>>> {
    anyhow::bail!("--loss-ablation: this program was built without it; build with --features ablation")
}

/// All stages, as far as this shard can go.
fn work(
    args: &Work,
    plan: &Plan,
    kind: Kind,
    chosen: Vec<Box<dyn Method>>,
    losses: &[Box<dyn Method>],
) -> Result<bool> {
    let methods: Vec<Box<dyn Method>> =
        method::baselines(kind == Kind::Across).into_iter().chain(chosen).collect();
    let mut sets: Vec<Set> = methods.iter().chain(losses).flat_map(|m| m.sets()).copied().collect();
    sets.sort_unstable();
    sets.dedup();
    let faces = Faces::new(args.boxes.as_deref(), args.crop, args.expand)?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(args.jobs)
        .build_global()
        .context("cannot start the threads")?;
    let store = Store::open(&args.out)?;
    let settings = vec![
        ("frames".to_owned(), faces.about()),
        ("sampling".to_owned(), format!("one of every {} frames, where the method allows it", args.every)),
        ("seed".to_owned(), format!("{}, and one more for each split", args.seed)),
        (
            "regression".to_owned(),
            "ε-SVR with the Gaussian kernel; columns to 0..1 on the training clips; the best of 10 random pairs of C (2 to 1024) \
             and gamma (1/256 to 2) by R2 over three shuffled folds"
                .to_owned(),
        ),
        ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let protocol = Protocol::new(kind, plan, &sets, settings).with(&methods, losses, args.every);
    store.write_json(FILE, &protocol)?;

    let shard = args.shard.unwrap_or(Shard::ALL);
    let extraction = Extraction {
        plan,
        store: &store,
        sets: &sets,
        every: args.every,
        faces: &faces,
        shard,
        retry_failed: args.retry_failed,
    };
    let features = extraction.run()?;
    let pending = features.pending();
    if pending > 0 {
        println!(
            "the features of this shard are done; {pending} pairs of clip and feature set are for the other {}: run them, \
             `benchmark merge --out {} {} ...` with all folders, and this command again for the trainings",
            shard.count - 1,
            args.out.display(),
            args.out.display()
        );
        return Ok(false);
    }
    let all: Vec<&dyn Method> = methods.iter().chain(losses).map(|method| &**method).collect();
    let training = Training { plan, store: &store, methods: &all, features: &features, shard };
    let pending = training.run()?;
    if pending > 0 {
        println!(
            "the trainings of this shard are done; {pending} are for the other {}: run them, then `benchmark merge --out DIR {} \
             ...` with all folders",
            shard.count - 1,
            args.out.display()
        );
        return Ok(false);
    }
    merge::finish(&store, protocol)
}

fn list(every: u64) {
    for method in method::baselines(false).iter().chain(&method::all()) {
        println!("{:<12} {:<12} {}", method.name(), method.title(), method.about(every));
    }
}

/// Drawn on a terminal only.
fn progress(count: usize, what: &'static str) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{msg:9} {wide_bar} {pos}/{len}, {elapsed}, {eta} left")?;
    Ok(ProgressBar::new(count as u64).with_style(style).with_message(what))
}
