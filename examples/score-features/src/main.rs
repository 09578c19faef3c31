//! Applies a support vector regression of `train-svr` to a table of features.

#[path = "../../print.rs"]
mod print;
#[path = "../../save.rs"]
mod save;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Error, Result, anyhow, bail, ensure};
use clap::Parser;
use dream_data::open_file;
use dream_data::table::names::{CLIP, RECIPE, plain};
use dream_data::table::{Spec, Table};
use dream_models::regression::{Estimate, SvrModel};
use flate2::read::GzDecoder;
use indicatif::{ProgressBar, ProgressStyle};

use print::terminal::Terminal;
use print::{Out, count, note, wrote};

/// Scores the rows of a feature table with a model of train-svr.
///
/// Columns are found by name, without regard to case: the table needs every feature that the model was trained on; other
/// columns are ignored. A model with intervals gives their ends (low, high), their probability (level), whether the row is like those of
/// the training (familiar) and its distance from them. An empty cell is a missing value: the model fills it in if it was trained to, and rejects the row otherwise.
/// A row whose column recipe says that its features were made in another way than those of the training is an error.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// CSV of features, also as .gz, or - for the standard input: the column file, video, path ... or the first one names the row
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
  The same without a file between:
    extract-features clips/ | score-features --model model.json -
  Show the best ten:
    score-features --model model.json features.csv | sort -t, -k2 -gr | head";

fn main() -> ExitCode {
    print::main(Args::try_parse(), |_| None, run)
}

fn run(args: &Args) -> Result<bool> {
    let model = SvrModel::load(&args.model)?;
    let mut table = open(&args.features)?;
    let columns = columns(&mut table, &model, &args.features)?;
    let names = CLIP.iter().find_map(|name| place(table.header(), name)).unwrap_or(0);
    let name = table.add(names);
    let recipe = RECIPE.iter().find_map(|name| place(table.header(), name)).map(|place| table.add(place));
    if recipe.is_some() != model.recipe().is_some() {
        let silent =
            if recipe.is_some() { "the model states no recipe" } else { "the table has no column `recipe`" };
        note!("note: {silent}: that the features were made as those of the training is not checked");
    }
    let calibrated = model.calibration().is_some();
    let mut rows = 0;
    let mut write = |out: &mut dyn Write| -> Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        let mut header = vec![table.name(name), "score"];
        header.extend(CALIBRATED.into_iter().filter(|_| calibrated));
        writer.write_record(&header).map_err(io)?;
        // Drawn on a terminal only, and not among the rows.
        let quiet = args.out.is_none() && Terminal::of_stdout().width.is_some();
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::no_length() };
        let bar = bar.with_style(ProgressStyle::with_template("{pos} rows {elapsed}")?);
        while table.advance()? {
            recipe.map_or(Ok(()), |recipe| check_recipe(&model, &table, recipe))?;
            let found = score(&model, &table, &columns)?;
            let mut cells = vec![table.text(name).unwrap_or_default().to_owned(), found.score.to_string()];
            cells.extend(calibration(&found));
            writer.write_record(&cells).map_err(io)?;
            bar.inc(1);
            rows += 1;
            if args.out.is_none() && print::lost() {
                break;
            }
        }
        bar.finish_and_clear();
        Ok(writer.flush()?)
    };
    match &args.out {
        Some(path) => {
            save::save(path, write)?;
            note!("{}: {}, {}", model.version(), model.output().meaning, model.output().scale);
        }
        None => write(&mut Out)?,
    }
    wrote(&count(rows, "score"), args.out.as_deref());
    Ok(true)
}

/// The columns that a model with intervals has more, named as those of score-video.
const CALIBRATED: [&str; 5] = ["low", "high", "level", "familiar", "distance"];

/// The cells of [`CALIBRATED`].
fn calibration(found: &Estimate) -> Vec<String> {
    let (Some(interval), Some(familiarity)) = (found.interval, found.familiarity) else { return Vec::new() };
    let numbers = [interval.low, interval.high, interval.level].map(|value| value.to_string());
    let familiar = familiarity.is_familiar().to_string();
    numbers.into_iter().chain([familiar, familiarity.distance.to_string()]).collect()
}

/// What the system said, where `csv` hides it.
fn io(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => anyhow!("{other:?}"),
    }
}

fn open(path: &Path) -> Result<Table<Box<dyn Read>>> {
    let file = open_file(path)?;
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let input: Box<dyn Read> = if zipped { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
    let spec = Spec { what: "features, with a row per video", columns: &[], may_lack_header: false };
    Ok(Table::new(input, path, &spec)?)
}

fn place(header: &[String], name: &str) -> Option<usize> {
    let name = plain(name);
    header.iter().position(|column| plain(column) == name)
}

/// The columns of the table that the model takes, in its order.
fn columns<R: Read>(table: &mut Table<R>, model: &SvrModel, path: &Path) -> Result<Vec<usize>> {
    let places: Vec<Option<usize>> = model.inputs().iter().map(|name| place(table.header(), name)).collect();
    let missing: Vec<&str> = model
        .inputs()
        .iter()
        .zip(&places)
        .filter(|(_, place)| place.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    let first = missing.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    let (path, more) = (path.display(), if missing.len() > 5 { ", ..." } else { "" });
    let (count, all, version) = (missing.len(), model.inputs().len(), model.version());
    ensure!(
        missing.is_empty(),
        "{path}:1: the table lacks {count} of the {all} features of {version}: {first}{more}; extract them too"
    );
    Ok(places.into_iter().flatten().map(|place| table.add(place)).collect())
}

/// Checks that the current row was made as those that the model learned from, if both say how.
fn check_recipe<R: Read>(model: &SvrModel, table: &Table<R>, column: usize) -> Result<()> {
    if model.recipe().is_none() {
        return Ok(());
    }
    let remedy = "extract the features again, or remove the column `recipe` if you know that they fit";
    let checked = match table.cell(column) {
        Some(recipe) => model.check_recipe(recipe).map_err(|error| error.to_string()),
        None => Err("the row has no recipe".to_owned()),
    };
    Ok(checked.map_err(|reason| table.fault(reason, remedy))?)
}

/// The score of the current row, whose columns were found by their names.
fn score<R: Read>(model: &SvrModel, table: &Table<R>, columns: &[usize]) -> Result<Estimate> {
    let (mut empty, mut measured) = (None, false);
    let mut row = Vec::with_capacity(columns.len());
    for &column in columns {
        let value = table.measured(column)?;
        if value.is_none() {
            empty = empty.or(Some(column));
        }
        measured |= value.is_some();
        row.push(value.unwrap_or(f64::NAN));
    }
    // The model may fill in some values, but it does not score a row about which nothing is known.
    if !measured {
        bail!(
            table.fault(
                "every feature of the row is empty",
                "leave the row out, or extract its features again"
            )
        );
    }
    model.predict_raw(&row).map_err(|error| match empty {
        Some(column) => {
            let reason = format!("column `{}` is empty", table.name(column));
            table.fault(reason, "fill it in, or train the model with --missing mean or --missing zero").into()
        }
        None => Error::from(table.fault(error.to_string(), "correct the row")),
    })
}
