//! Scores images by metrics that have a name. See README.md.

mod args;
#[path = "../../print.rs"]
mod print;
mod report;
#[path = "../../rows.rs"]
mod rows;
#[path = "../../save.rs"]
mod save;
mod score;
#[path = "../../view.rs"]
mod view;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use dream_data::{expand_images, in_order, name_of};

use args::Args;
use print::{Out, note};
use report::Row;
use rows::{Rows, Shape};
use score::Scorer;

fn main() -> ExitCode {
    print::main(Args::try_parse(), |_| None, run)
}

/// Scores everything; whether all of it went well.
fn run(args: &Args) -> Result<bool> {
    let scorer = Scorer::new(args.metric)?;
    let images = expand_images(&args.images);
    if args.csv {
        return add_rows(images, &scorer, args);
    }
    let mut rows = Vec::new();
    score_all(&images, &scorer, args, |row| {
        rows.push(row);
        Ok(())
    })?;
    let print = |out: &mut dyn Write| {
        if args.json { report::json(args.metric, &rows, out) } else { report::text(args.metric, &rows, out) }
    };
    match &args.out {
        Some(path) => {
            save::save(path, print)?;
            note!("wrote {} images to {}", rows.len(), path.display());
        }
        None => print(&mut Out)?,
    }
    Ok(rows.iter().all(Row::good))
}

/// Writes the row of every image as soon as it is done. Whether all went well.
fn add_rows(images: Vec<PathBuf>, scorer: &Scorer, args: &Args) -> Result<bool> {
    let (settings, total) = (settings(args), images.len());
    let header = Row::header()?;
    let shape =
        Shape { header, settings: &settings, columns_by: "version of this program", failed: Some("error") };
    rows::can_resume(args.resume, &images)?;
    let mut rows = Rows::open(args.out.as_deref(), args.resume, &shape)?;
    let todo: Vec<PathBuf> =
        images.into_iter().filter(|image| !rows.done.contains(&name_of(image))).collect();
    if todo.len() < total {
        note!("{} of {total} images are done already", total - todo.len());
    }
    let mut good = 0;
    let done = score_all(&todo, scorer, args, |row| {
        good += usize::from(row.good());
        rows.write([row])?;
        ensure!(!rows.lost(), "nobody reads the output");
        Ok(())
    });
    if !rows.lost() {
        done?;
    }
    if let Some(path) = &args.out {
        note!(
            "wrote {} rows to {}, {} of them without a score",
            todo.len(),
            path.display(),
            todo.len() - good
        );
    }
    Ok(good == todo.len())
}

/// Passes on the row of each image, in their order, from as many threads as asked for.
fn score_all(
    images: &[PathBuf],
    scorer: &Scorer,
    args: &Args,
    mut take: impl FnMut(Row) -> Result<()>,
) -> Result<()> {
    let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = args.jobs.map_or_else(all, NonZeroUsize::get);
    let settings = settings(args);
    in_order(
        jobs,
        images,
        |image| scorer.run(image),
        |image, scored| take(Row::new(name_of(image), scored, scorer.version(), &settings)),
    )
}

/// The options that a row depends on, as one would type them.
fn settings(args: &Args) -> String {
    format!("--metric {}", args.metric.name())
}
