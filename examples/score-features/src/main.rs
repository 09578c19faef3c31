//! Applies a support vector regression of `train-svr` to a table of features.

#[path = "../../print.rs"]
mod print;
#[path = "../../save.rs"]
mod save;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Error, Result, anyhow, ensure};
use clap::Parser;
use dream_models::regression::SvrModel;
use flate2::read::GzDecoder;
use indicatif::{ProgressBar, ProgressStyle};

use print::{Out, note};

/// Scores the rows of a feature table with a model of train-svr.
///
/// Columns are found by name: the table needs every feature that the model was trained on; other columns are ignored.
/// An empty cell is a missing value: the model fills it in if it was trained to, and rejects the row otherwise.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// CSV of features, also as .gz: the first column names the row
    features: PathBuf,
    /// Model file
    #[arg(long, value_name = "FILE", default_value = "svr-model.json")]
    model: PathBuf,
    /// CSV to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  Score features of extract-features:
    score-features --model model.json features.csv -o scores.csv
  Show the best ten:
    score-features --model model.json features.csv | sort -t, -k2 -gr | head";

fn main() -> ExitCode {
    print::main(Args::try_parse(), |_| None, run)
}

fn run(args: &Args) -> Result<bool> {
    let model = SvrModel::load(&args.model)?;
    let mut reader = open(&args.features)?;
    let shown = args.features.display();
    let header = reader.headers().with_context(|| format!("cannot read the table {shown}"))?.clone();
    let columns = columns(&header, &model, &args.features)?;
    let mut score = |out: &mut dyn Write| -> Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record([header.get(0).unwrap_or("row"), "score"]).map_err(io)?;
        // Drawn on a terminal only.
        let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template("{pos} rows {elapsed}")?);
        for (line, record) in (2..).zip(reader.records()) {
            let record = record.with_context(|| format!("{shown}:{line}: cannot read the table"))?;
            let value =
                |&column: &usize| number(record.get(column).unwrap_or_default(), &args.features, line);
            let row = columns.iter().map(value).collect::<Result<Vec<f64>>>()?;
            let score = model.predict(&row).with_context(|| format!("{shown}:{line}"))?;
            writer.write_record([record.get(0).unwrap_or_default(), &score.to_string()]).map_err(io)?;
            bar.inc(1);
            if args.out.is_none() && print::lost() {
                break;
            }
        }
        bar.finish_and_clear();
        Ok(writer.flush()?)
    };
    match &args.out {
        Some(path) => {
            save::save(path, score)?;
            note!("{}: {}, {}", model.version(), model.output().meaning, model.output().scale);
        }
        None => score(&mut Out)?,
    }
    Ok(true)
}

/// What the system said, where `csv` hides it.
fn io(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => anyhow!("{other:?}"),
    }
}

fn open(path: &Path) -> Result<csv::Reader<Box<dyn Read>>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let input: Box<dyn Read> = if zipped { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
    Ok(csv::Reader::from_reader(input))
}

/// The columns of the table that the model takes, in its order.
fn columns(header: &csv::StringRecord, model: &SvrModel, path: &Path) -> Result<Vec<usize>> {
    let find = |name: &String| header.iter().position(|column| column == name);
    let missing: Vec<&str> =
        model.inputs().iter().filter(|name| find(name).is_none()).map(String::as_str).collect();
    let first = missing.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    let (path, more) = (path.display(), if missing.len() > 5 { ", ..." } else { "" });
    let (count, all, version) = (missing.len(), model.inputs().len(), model.version());
    ensure!(
        missing.is_empty(),
        "{path}:1: the table lacks {count} of the {all} features of {version}: {first}{more}; extract them too"
    );
    Ok(model.inputs().iter().filter_map(find).collect())
}

/// A number; a NaN for an empty cell.
fn number(cell: &str, path: &Path, line: u64) -> Result<f64> {
    if cell.is_empty() {
        return Ok(f64::NAN);
    }
    let place = || format!("{}:{line}: `{cell}` is not a number: correct or empty the cell", path.display());
    cell.parse().with_context(place)
}
