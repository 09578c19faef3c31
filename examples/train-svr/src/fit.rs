//! `fit`: search, fit on all rows, and the model file.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use dream_data::name_of;
use dream_eval::{plcc, srcc};
use dream_models::Error;
use dream_models::regression::{
    CalibrationParams, DataSet, Folds, Impute, Imputer, Kernel, MinMax, ModelInfo, OutputRange, Provenance,
    RandomizedSearch, Rows, ScaledSvr, ScaledSvrParams, Scoring, SelectionParams, SizeSearch, SvrModel,
    SvrParams, search_svr,
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::print::{count, note, say, wrote};
use crate::recipe;
use crate::table::{self, Request, Table};

/// How to treat an empty cell.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Missing {
    /// Reject it
    Error,
    /// Use the mean of the column
    Mean,
    /// Use 0
    Zero,
}

/// What several scores of a video count as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Repeated {
    /// Reject them
    Error,
    /// Their mean
    Mean,
}

/// What the search maximises.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Criterion {
    /// Coefficient of determination
    R2,
    /// Negative mean squared error
    Mse,
    /// Pearson's correlation
    Plcc,
    /// Spearman's correlation
    Srcc,
}

#[derive(Debug, Args)]
pub(crate) struct Fit {
    /// CSV of features, also as .gz: one row per video, named by the column file, video, path ..., or by the first one.
    /// Every other column is a feature, except those of opinions (mos, mos_std, votes ...) and of places (frame, split,
    /// seconds ...)
    #[arg(long, value_name = "FILE")]
    features: PathBuf,
    /// CSV of the scores, if the first file does not have them; joined by the names of the videos
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// Column of the scores [default: mos, mos5, mean_opinion_score, score or label]
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// What several scores of a video count as
    #[arg(long, value_enum, default_value = "error")]
    repeated: Repeated,
    /// The features: these columns and no others
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// The features: those of this model file
    #[arg(long, value_name = "FILE", conflicts_with = "columns")]
    layout: Option<PathBuf>,
    /// A column that is no feature; may be repeated
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["columns", "layout"])]
    ignore: Vec<String>,
    /// Model file to write
    #[arg(long, value_name = "FILE", default_value = "svr-model.json")]
    out: PathBuf,
    /// Name and version to store in the model file
    #[arg(long, default_value = "svr-1")]
    name: String,
    /// How the features of the table were made, as the extractor says it: `extractor=... version=... ...`. The model states it,
    /// and programs that ask it about other features get an error [default: the column recipe of the table]
    #[arg(long, value_name = "RECIPE")]
    recipe: Option<String>,
    /// How to treat an empty cell, now and when the model is used
    #[arg(long, value_enum, default_value = "error")]
    missing: Missing,
    /// Random pairs of C and gamma that cross-validation chooses from
    #[arg(long, default_value_t = 30)]
    draws: usize,
    /// Folds of the cross-validation
    #[arg(long, default_value_t = 3)]
    folds: usize,
    /// What the search maximises
    #[arg(long, value_enum, default_value = "r2")]
    criterion: Criterion,
    /// Half width of the tube in which errors are free, in the unit of the scores
    #[arg(long, default_value_t = 0.1)]
    epsilon: f64,
    /// Keep this many features, those that linear regressions rank first; 0 lets a validation choose the number
    #[arg(long, value_name = "COUNT")]
    select: Option<usize>,
    /// Seed of the search, the folds and the selection
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(args: &Fit) -> Result<()> {
    let table = read(args)?;
    for note in &table.notes {
        note!("note: {note}");
    }
    tell_recipe(args, &table)?;
    let (rows, width, dropped) = (table.scores.len(), table.names.len(), table.dropped);
    say!("{rows} rows of {width} features, {dropped} without a score left out");
    let impute = match args.missing {
        Missing::Error => Impute::Error,
        Missing::Mean => Impute::Mean,
        Missing::Zero => Impute::Zero,
    };
    let filled = Imputer::fit(impute, &table.features, width)?.apply_rows(&table.features)?;
    let columns = args.select.map(|keep| select(&filled, &table, keep, args.seed)).transpose()?;

    let used = columns.clone().unwrap_or_else(|| (0..width).collect());
    let picked: Vec<f64> = filled
        .chunks_exact(width)
        .flat_map(|row| used.iter().filter_map(|&column| row.get(column).copied()))
        .collect();
    let rows = Rows::new(&picked, used.len())?;
    let scaled = MinMax::fit(&rows, 0.0, 1.0)?.apply_rows(&rows)?;
    let base = SvrParams { epsilon: args.epsilon, ..SvrParams::default() };
    let candidates =
        RandomizedSearch { draws: args.draws, seed: args.seed, base, ..RandomizedSearch::default() }
            .candidates()?;
    let bar = working("searching C and gamma")?;
    let folds = Folds { count: args.folds, shuffle: Some(args.seed) };
    let (rows, scoring) = (Rows::new(&scaled, used.len())?, scoring(args.criterion));
    let report = search_svr(&rows, &table.scores, &candidates, &folds, &scoring)?;
    bar.finish_and_clear();
    say!(
        "best of {}: C {:.4}, {}, {} {:.4}",
        args.draws,
        report.best.c,
        kernel(report.best.kernel),
        report.score,
        report.best_score
    );

    let params = ScaledSvrParams { impute, columns, svr: report.best, ..ScaledSvrParams::default() };
    let predictor = params.fit(&table.features, width, &table.scores)?;
    let svr = predictor.svr();
    ensure!(
        svr.converged(),
        "the fit reached its step limit: pass another --seed, or fewer --draws, for a smaller C"
    );
    let (vectors, steps) = (svr.support_vectors(), svr.iterations());
    let model = calibrated(args, &table, &params, predictor)?;
    model.save(&args.out)?;
    say!("{vectors} support vectors after {steps} steps");
    let (rows, features) = (count(table.scores.len(), "row"), count(used.len(), "feature"));
    wrote(&format!("{}, fitted on {rows} of {features},", model.version()), Some(&args.out));
    Ok(())
}

/// Says how the features were made, as the model will.
fn tell_recipe(args: &Fit, table: &Table) -> Result<()> {
    match &table.recipe {
        Some(recipe) => {
            info(args, table).check().context("the recipe of the features")?;
            say!("features of {recipe}");
        }
        None => note!(
            "note: the model does not check how features are made, for the table has no column `recipe`: pass --recipe"
        ),
    }
    Ok(())
}

/// The model, with intervals and familiarity where there are enough rows for five folds that differ.
fn calibrated(args: &Fit, table: &Table, params: &ScaledSvrParams, predictor: ScaledSvr) -> Result<SvrModel> {
    let bar = working("measuring intervals")?;
    let mut how = CalibrationParams::default();
    how.folds.shuffle = Some(args.seed);
    let measured = how.fit_svr(params, &predictor, &table.features, &table.scores);
    bar.finish_and_clear();
    let model = SvrModel::new(info(args, table), predictor)?.with_provenance(provenance(args, table));
    match measured {
        Ok(calibration) => Ok(model.with_calibration(calibration)?),
        Err(reason @ (Error::TooFewRows { .. } | Error::Constant { .. })) => {
            note!("note: the model has no intervals: {reason}");
            Ok(model)
        }
        Err(error) => Err(error.into()),
    }
}

fn read(args: &Fit) -> Result<Table> {
    let layout = args.layout.as_ref().map(SvrModel::load).transpose()?;
    let mut table = table::read(Request {
        features: &args.features,
        scores: args.scores.as_deref(),
        target: args.target.as_deref(),
        columns: layout.as_ref().map(SvrModel::inputs).or(args.columns.as_deref()),
        ignore: &args.ignore,
        mean: args.repeated == Repeated::Mean,
        gaps: !matches!(args.missing, Missing::Error),
    })?;
    table.recipe = recipe::stated(args.recipe.as_deref(), table.recipe.as_deref())?;
    Ok(table)
}

fn select(filled: &[f64], table: &Table, mut keep: usize, seed: u64) -> Result<Vec<usize>> {
    let rows = Rows::new(filled, table.names.len())?;
    let bar = working("ranking the features on 100 splits")?;
    let ranking = SelectionParams { seed, ..SelectionParams::default() }.rank(&rows, &table.scores)?;
    bar.finish_and_clear();
    if keep == 0 {
        let bar = working("choosing their number")?;
        let report = SizeSearch::default().run(&rows, &table.scores, &ranking, &scoring(Criterion::Plcc))?;
        bar.finish_and_clear();
        keep = report.best;
        let (best, sizes) = (report.best_score, report.trials.len());
        say!("validation PLCC {best:.4} with {keep} features is the best of {sizes} sizes");
    }
    let columns = ranking.select(keep)?.columns;
    let names: Vec<&str> =
        columns.iter().filter_map(|&column| table.names.get(column)).map(String::as_str).collect();
    say!("selected: {}", names.join(" "));
    Ok(columns)
}

/// Shows the current step and its duration, on a terminal only.
fn working(what: &'static str) -> Result<ProgressBar> {
    let bar =
        ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}")?);
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    Ok(bar)
}

fn kernel(kernel: Kernel) -> String {
    match kernel {
        Kernel::Linear => "linear".to_owned(),
        Kernel::Rbf { gamma } => format!("gamma {gamma:.4}"),
    }
}

fn scoring(criterion: Criterion) -> Scoring<'static> {
    match criterion {
        Criterion::R2 => Scoring::r2(),
        Criterion::Mse => Scoring::negative_mse(),
        // An undefined correlation counts as the worst.
        Criterion::Plcc => {
            Scoring::new("PLCC", &|predicted, truth| plcc(predicted, truth).unwrap_or(f64::NAN))
        }
        Criterion::Srcc => {
            Scoring::new("SRCC", &|predicted, truth| srcc(predicted, truth).unwrap_or(f64::NAN))
        }
    }
}

fn info(args: &Fit, table: &Table) -> ModelInfo {
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    let (min, max) = table.scores.iter().fold(ends, |(min, max), &y| (min.min(y), max.max(y)));
    let output = OutputRange {
        min,
        max,
        scale: format!("{min} to {max}, the range of the scores in training"),
        meaning: format!("what the column `{}` of the training table measures", table.target),
    };
    let info = ModelInfo::new(&args.name, table.names.clone(), output);
    ModelInfo { recipe: table.recipe.clone(), ..info }
}

/// The options that choose rows and columns, as typed.
fn choice(args: &Fit) -> String {
    let mut text = String::new();
    if args.repeated == Repeated::Mean {
        text.push_str(" --repeated mean");
    }
    if let Some(columns) = &args.columns {
        text.push_str(&format!(" --columns {}", columns.join(",")));
    }
    if let Some(path) = args.layout.as_ref().and_then(|path| path.file_name()) {
        text.push_str(&format!(" --layout {}", name_of(path)));
    }
    for column in &args.ignore {
        text.push_str(&format!(" --ignore {column}"));
    }
    if let Some(recipe) = &args.recipe {
        text.push_str(&format!(" --recipe \"{recipe}\""));
    }
    text
}

fn provenance(args: &Fit, table: &Table) -> Provenance {
    let file = |path: &PathBuf| path.file_name().map(name_of).unwrap_or_default();
    let dataset = DataSet {
        name: file(args.scores.as_ref().unwrap_or(&args.features)),
        alignment: "y".to_owned(),
        rows: table.scores.len() + table.dropped,
        rows_used: table.scores.len(),
        citation: "see the source of the table".to_owned(),
    };
    let missing = format!("{:?}", args.missing).to_lowercase();
    let criterion = format!("{:?}", args.criterion).to_lowercase();
    let select = args.select.map(|keep| format!(" --select {keep}")).unwrap_or_default();
    Provenance {
        datasets: vec![dataset],
        features: format!("the columns of {}", file(&args.features)),
        command: format!(
            "train-svr fit --features {} --target {} --missing {missing} --draws {} --folds {} --criterion {criterion} \
             --epsilon {} --seed {}{select}{}",
            file(&args.features),
            table.target,
            args.draws,
            args.folds,
            args.epsilon,
            args.seed,
            choice(args)
        ),
        seed: args.seed,
        crate_version: dream_models::VERSION.to_owned(),
        evaluation: None,
        licence: "Support vectors are scaled rows of the training table: its licence applies to this file."
            .to_owned(),
    }
}
