//! Trains the head of face-blend. See README.md.

mod args;
mod bar;
mod cache;
mod features;
mod head;
mod line;
mod measure;
#[path = "../../page.rs"]
mod page;
#[path = "../../portrait.rs"]
mod portrait;
mod portraits;
#[path = "../../print.rs"]
mod print;
mod pseudo;
mod report;
mod robustness;
#[path = "../../save.rs"]
mod save;
mod sheet;
mod show;
mod tower;
mod validate;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use dream_models::regression::Split;

use args::Args;
use cache::Cache;
use features::{Blocks, Maker, What};
use head::Parts;
use line::Line;
use measure::Measures;
use portraits::{Person, Portraits};
use print::{count, wrote};
use report::Row;
use save::save;
use tower::Eye;
use validate::{Table, cross_validate};

fn main() -> ExitCode {
    print::main(Args::try_parse(), |_| None, run)
}

fn run(args: &Args) -> Result<bool> {
    args.check()?;
    let threads = rayon::ThreadPoolBuilder::new().num_threads(args.threads()).build();
    threads.context("cannot start the threads")?.install(|| train(args))?;
    Ok(true)
}

fn train(args: &Args) -> Result<()> {
    // What may be wrong with the command is found before the long work begins.
    let eye = Eye::open(args, blocks(args))?;
    let portraits = Portraits::read(args)?;
    portraits.tell();
    let people = &portraits.people;
    let splits = validate::folds(args.folds, args.seed, people.len())?;
    let maker = Maker {
        eye: &eye,
        cache: Cache::open(args.cache_folder())?,
        options: args.recipe.options(),
        seed: args.seed,
        jobs: args.threads(),
    };
    if let Some(path) = &args.sheet {
        show::write_sheet(path, &maker, people)?;
    }
    if let (Some(folder), Some(person)) = (&args.clip, people.first()) {
        show::write_clip(folder, person, args.seed)?;
    }
    let drawn = maker.make("draws", &draws(args, people))?;
    let as_they_are: Vec<(&Person, What)> = people.iter().map(|person| (person, What::Untouched)).collect();
    let untouched = maker.make("portraits", &as_they_are)?;

    let mut rows = Vec::new();
    let (place, c) = choose(args, &eye, &drawn, &splits, &mut rows)?;
    let block = eye.blocks.get(place).copied().unwrap_or(args.block);
    let table = Table::new(&drawn, place, draws_each(args)?, eye.width())?;
    let folds = cross_validate(&table, &splits, c)?;
    rows.extend(fold_rows(&folds, &splits, people.len()));
    report::print(
        &format!("held-out people, block {block}, C {c}"),
        &rows.iter().filter(|row| row.part == "fold" || row.part == "mean").collect::<Vec<_>>(),
    );
    let untouched: &[Blocks] = &untouched;
    let parts = Parts {
        args,
        maker: &maker,
        portraits: &portraits,
        table: &table,
        splits: &splits,
        folds: &folds,
        untouched,
        c,
        block,
        place,
    };
    let json = parts.head()?.to_json()?;
    save(&args.out, |out| Ok(out.write_all(&json)?))?;
    let lines: Vec<Line> = folds.into_iter().map(|(line, _)| line).collect();
    damage(args, &maker, people, &splits, (&lines, place), &mut rows)?;
    if let Some(path) = &args.report {
        report::write(&rows, path)?;
        wrote("the figures", Some(path));
    }
    wrote(&format!("the head of {}", count(people.len(), "portrait")), Some(&args.out));
    Ok(())
}

/// Blocks around that of `--block` for a choice.
fn blocks(args: &Args) -> Vec<usize> {
    if args.choose {
        (args.block.saturating_sub(2).max(1)..=args.block + 2).collect()
    } else {
        vec![args.block]
    }
}

fn draws_each(args: &Args) -> Result<usize> {
    Ok(usize::try_from(args.draws.get())?)
}

/// All draws of a person, person after person.
fn draws<'a>(args: &Args, people: &'a [Person]) -> Vec<(&'a Person, What)> {
    let of = |person: &'a Person| (0..args.draws.get()).map(move |draw| (person, What::Draw(draw)));
    people.iter().flat_map(of).collect()
}

/// The place of the block and C: those of the options, or the best by cross-validation, with a table.
fn choose(
    args: &Args,
    eye: &Eye,
    drawn: &[Blocks],
    splits: &[Split],
    rows: &mut Vec<Row>,
) -> Result<(usize, f64)> {
    if !args.choose {
        return Ok((0, args.c));
    }
    let mut best = (0, args.c, 0.0);
    let people = splits.iter().map(|(_, test)| test.len()).sum();
    for (place, block) in eye.blocks.iter().enumerate() {
        let table = Table::new(drawn, place, draws_each(args)?, eye.width())?;
        for factor in [0.2, 0.5, 1.0, 2.0, 4.0] {
            let c = args.c * factor;
            let folds = cross_validate(&table, splits, c)?;
            let measures = mean(&folds);
            if measures.auc > best.2 {
                best = (place, c, measures.auc);
            }
            let name = format!("block {block}, C {c}");
            rows.push(Row { part: "choice", name, portraits: people, measures });
        }
    }
    report::print("choice of block and C, means over folds", &rows.iter().collect::<Vec<_>>());
    Ok((best.0, best.1))
}

fn mean(folds: &[(Line, Measures)]) -> Measures {
    Measures::mean(&folds.iter().map(|(_, measures)| *measures).collect::<Vec<_>>())
}

fn fold_rows(folds: &[(Line, Measures)], splits: &[Split], people: usize) -> Vec<Row> {
    let each = folds.iter().zip(splits).enumerate().map(|(fold, ((_, measures), (_, test)))| Row {
        part: "fold",
        name: format!("fold {}", fold + 1),
        portraits: test.len(),
        measures: *measures,
    });
    let mean = Row { part: "mean", name: "mean".to_owned(), portraits: people, measures: mean(folds) };
    each.chain([mean]).collect()
}

/// The table of robustness, where it is asked for.
fn damage(
    args: &Args,
    maker: &Maker<'_>,
    people: &[Person],
    splits: &[Split],
    (lines, place): (&[Line], usize),
    rows: &mut Vec<Row>,
) -> Result<()> {
    if args.robustness == 0 {
        return Ok(());
    }
    let found = robustness::measure(maker, people, splits, lines, (place, args.robustness))?;
    let begin = rows.len();
    rows.extend(found.into_iter().map(|(name, portraits, measures)| Row {
        part: "damage",
        name: name.to_owned(),
        portraits,
        measures,
    }));
    report::print(
        "held-out people under damage, means over folds",
        &rows.iter().skip(begin).collect::<Vec<_>>(),
    );
    Ok(())
}
