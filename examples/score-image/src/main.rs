//! Scores images by metrics that have a name. See README.md.

mod args;
#[path = "../../input.rs"]
#[allow(dead_code, reason = "images need few of the options")]
mod input;
#[path = "../../output.rs"]
mod output;
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
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use dream_data::{expand_images, in_order, name_of};
use indicatif::{ProgressBar, ProgressStyle};

use args::Args;
use print::terminal::Terminal;
use print::{Out, count, note, resumed, wrote};
use report::Row;
use rows::{Rows, Shape};
use score::Scorer;

fn main() -> ExitCode {
    print::main(Args::try_parse(), |_| None, run)
}

/// Scores everything; whether all of it went well.
fn run(args: &Args) -> Result<bool> {
    let scorer = Scorer::new(args.metric, args.reading.options())?;
    let images = expand_images(&args.images);
    if args.output.csv {
        return add_rows(images, &scorer, args);
    }
    let mut rows = Vec::new();
    score_all(&images, &scorer, args, |row| {
        rows.push(row);
        Ok(())
    })?;
    let failed = rows.iter().filter(|row| !row.good()).count();
    let terminal = if args.output.out.is_some() { Terminal::default() } else { Terminal::of_stdout() };
    let print = |out: &mut dyn Write| {
        if args.output.json {
            report::json(args.metric, &rows, out)
        } else {
            report::text(args.metric, &rows, terminal, out)
        }
    };
    match &args.output.out {
        Some(path) => save::save(path, print)?,
        None => print(&mut Out)?,
    }
    if args.output.json || args.output.out.is_some() {
        let what = format!("the scores of {}", count(rows.len(), "image"));
        closing(&what, failed, rows.len(), args);
    }
    Ok(failed == 0)
}

/// Writes the row of every image as soon as it is done. Whether all went well.
fn add_rows(images: Vec<PathBuf>, scorer: &Scorer, args: &Args) -> Result<bool> {
    let (settings, total) = (args.settings(), images.len());
    let header = Row::header()?;
    let columns = header.len();
    let shape =
        Shape { header, settings: &settings, columns_by: "version of this program", failed: Some("error") };
    rows::can_resume(args.output.resume, &images)?;
    let mut rows = Rows::open(args.output.out.as_deref(), args.output.resume, &shape)?;
    let todo: Vec<PathBuf> =
        images.into_iter().filter(|image| !rows.done.contains(&name_of(image))).collect();
    resumed("image", total - todo.len(), total);
    let (mut written, mut failed) = (0, 0);
    let done = score_all(&todo, scorer, args, |row| {
        (written, failed) = (written + 1, failed + usize::from(!row.good()));
        rows.write([row])?;
        ensure!(!rows.lost(), "nobody reads the output");
        Ok(())
    });
    if !rows.lost() {
        done?;
    }
    closing(&format!("{} of {columns} columns", count(written, "row")), failed, written, args);
    Ok(failed == 0)
}

/// The last lines on the standard error, for whoever does not see the output itself.
fn closing(what: &str, failed: usize, all: usize, args: &Args) {
    if failed > 0 {
        note!("{failed} of {} failed", count(all, "image"));
    }
    wrote(what, args.output.out.as_deref());
}

/// Passes on the row of each image, in their order, from as many threads as asked for.
fn score_all(
    images: &[PathBuf],
    scorer: &Scorer,
    args: &Args,
    mut take: impl FnMut(Row) -> Result<()>,
) -> Result<()> {
    let settings = args.settings();
    let style = ProgressStyle::with_template("{wide_bar} {pos:>5}/{len} images, {eta:>3} left")?;
    let bar = ProgressBar::new(images.len() as u64).with_style(style);
    let done = in_order(
        args.output.jobs(None),
        images,
        |image| scorer.run(image),
        |image, scored| {
            // The terminal may show rows and the bar.
            bar.suspend(|| take(Row::new(name_of(image), scored, scorer.version(), &settings)))?;
            bar.inc(1);
            Ok(())
        },
    );
    bar.finish_and_clear();
    done
}
