//! The protocol of the BVQA benchmark: its tables, its splits and its search.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_data::table;
use dream_eval::bvqa::{Database, RandomState, split};
use dream_eval::{Logistic4, plcc, srcc};
use dream_models::regression::{
    Folds, Impute, Imputer, MinMax, Rows, Scoring, SvrParams, powers_of_two, search_svr, svr_grid,
};
use flate2::read::GzDecoder;
use serde::Serialize;

/// A row of the published table.
#[derive(Debug)]
pub(crate) struct Experiment {
    /// Name of the database, or `All-Combined`.
    pub(crate) data: &'static str,
    /// `brisque` or `videval`.
    pub(crate) features: &'static str,
    /// Published medians of SRCC and PLCC over 100 splits.
    pub(crate) published: Option<(f64, f64)>,
}

const fn row(data: &'static str, features: &'static str, published: Option<(f64, f64)>) -> Experiment {
    Experiment { data, features, published }
}

/// The rows that the available tables can reproduce.
pub(crate) const EXPERIMENTS: [Experiment; 8] = [
    row("KoNViD-1k", "brisque", Some((0.6567, 0.6576))),
    row("KoNViD-1k", "videval", Some((0.7832, 0.7803))),
    row("LIVE-VQC", "brisque", Some((0.5925, 0.6380))),
    row("LIVE-VQC", "videval", Some((0.7522, 0.7514))),
    row("YouTube-UGC", "brisque", Some((0.3820, 0.3952))),
    row("YouTube-UGC", "videval", Some((0.7787, 0.7733))),
    row("All-Combined", "brisque", None),
    row("All-Combined", "videval", Some((0.7960, 0.7939))),
];

/// Features and scores; column means fill the gaps.
#[derive(Debug)]
pub(crate) struct Table {
    features: Vec<f64>,
    width: usize,
    scores: Vec<f64>,
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.scores.len()
    }

    /// Reads what `experiment` needs from `dir`.
    pub(crate) fn read(experiment: &Experiment, dir: &Path) -> Result<Self> {
        let together = experiment.data == "All-Combined";
        let mut table = Self { features: Vec::new(), width: 0, scores: Vec::new() };
        for database in Database::ALL.iter().filter(|database| together || database.name == experiment.data) {
            let path = dir.join(format!("{}_{}.csv.gz", database.file, experiment.features));
            let align = |score| if together { database.align(score) } else { score };
            table.add(&path, align, database.grey)?;
        }
        ensure!(table.width > 0, "there is no database {}", experiment.data);
        // Before the split, as published: the means see the test rows too.
        let imputer = Imputer::fit(Impute::Mean, &table.features, table.width)?;
        table.features = imputer.apply_rows(&table.features)?;
        Ok(table)
    }

    fn add(&mut self, path: &Path, align: impl Fn(f64) -> f64, left_out: &[usize]) -> Result<()> {
        let shown = path.display();
        let context = || format!("cannot open {shown}: pass the folder of the *.csv.gz tables with --data");
        let file = File::open(path).with_context(context)?;
        let spec = table::Spec { what: "a table of the benchmark", columns: &[], may_lack_header: false };
        let damaged = || format!("{shown}: cannot read the table: correct it, or fetch the file again");
        let mut table = table::Table::new(GzDecoder::new(file), path, &spec).with_context(damaged)?;
        let width = table.header().len().saturating_sub(2);
        ensure!(width > 0, "{shown}:1: the columns are not id,mos,f1,...: pass the tables of the benchmark");
        let before = self.width;
        ensure!(before == 0 || before == width, "{shown}:1: {width} features after tables with {before}");
        self.width = width;
        let score = table.add(1);
        let columns: Vec<usize> = (2..width + 2).map(|place| table.add(place)).collect();
        let mut row = 0;
        while table.advance().with_context(damaged)? {
            row += 1;
            if left_out.contains(&row) {
                continue;
            }
            let truth = table.measured(score).with_context(damaged)?;
            let truth = truth
                .with_context(|| format!("{shown}:{}: there is no score: remove the line", table.line()))?;
            self.scores.push(align(truth));
            let begin = self.features.len();
            for &column in &columns {
                self.features.push(table.measured(column).with_context(damaged)?.unwrap_or(f64::NAN));
            }
            let measured = self.features.iter().skip(begin).any(|value| !value.is_nan());
            ensure!(
                measured,
                "{shown}:{}: every feature of the row is empty: remove the line, or fetch the file again",
                table.line()
            );
        }
        Ok(())
    }

    fn select(&self, rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let features =
            rows.iter().filter_map(|row| self.features.get(row * self.width..(row + 1) * self.width));
        let scores = rows.iter().filter_map(|&row| self.scores.get(row).copied());
        (features.flatten().copied().collect(), scores.collect())
    }
}

/// The result of one split.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct SplitResult {
    /// Number of the split, from 1.
    pub(crate) split: u32,
    /// SRCC of the raw predictions.
    pub(crate) srcc: f64,
    /// PLCC after the logistic curve.
    pub(crate) plcc: f64,
    /// PLCC of the raw predictions.
    pub(crate) plcc_raw: f64,
    /// C that the search chose.
    pub(crate) c: f64,
    /// Position of the chosen pair in the grid.
    pub(crate) candidate: usize,
    /// Whether every fit of the split converged.
    pub(crate) converged: bool,
}

/// Runs split `number`: scaling, search and fit on the training rows, correlations on the others. Tries `draws` pairs
/// of C and γ, all 100 for 0.
pub(crate) fn run(table: &Table, number: u32, draws: usize) -> Result<SplitResult> {
    let (train, test) = split(u32::try_from(table.len())?, number);
    let (raw, truth) = table.select(&train);
    let scaler = MinMax::fit(&Rows::new(&raw, table.width)?, 0.0, 1.0)?;
    let scaled = scaler.apply_rows(&Rows::new(&raw, table.width)?)?;
    let rows = Rows::new(&scaled, table.width)?;

    let grid = svr_grid(&SvrParams::default(), &powers_of_two(1..=10), &powers_of_two(-8..=1));
    let mut positions: Vec<usize> = (0..grid.len()).collect();
    if draws > 0 && draws < grid.len() {
        positions = RandomState::new(number).permutation(u32::try_from(grid.len())?);
        positions.truncate(draws);
    }
    let candidates: Vec<SvrParams> =
        positions.iter().filter_map(|&position| grid.get(position).copied()).collect();
    let report = search_svr(&rows, &truth, &candidates, &Folds::default(), &Scoring::r2())?;
    let model = report.best.fit(&rows, &truth)?;

    let (raw, truth) = table.select(&test);
    let scaled = scaler.apply_rows(&Rows::new(&raw, table.width)?)?;
    let predicted = model.predict_rows(&Rows::new(&scaled, table.width)?)?;
    let curve = Logistic4::fit(&predicted, &truth)?.curve;
    Ok(SplitResult {
        split: number,
        srcc: srcc(&predicted, &truth)?,
        plcc: plcc(&curve.map(&predicted)?, &truth)?,
        plcc_raw: plcc(&predicted, &truth)?,
        c: report.best.c,
        candidate: grid.iter().position(|params| *params == report.best).unwrap_or_default(),
        converged: model.converged() && report.trials.iter().all(|trial| trial.converged),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_row_without_any_feature_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let read = |last: &str| {
            let file = File::create(dir.path().join("konvid_1k_brisque.csv.gz")).unwrap();
            let mut file = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            write!(file, "id,mos,f1,f2\na,1,2,3\n{last}\n").unwrap();
            file.finish().unwrap();
            Table::read(&EXPERIMENTS[0], dir.path())
        };
        assert_eq!(read("b,2,,4").unwrap().len(), 2);
        let error = read("b,2,,").unwrap_err().to_string();
        assert!(error.contains("konvid_1k_brisque.csv.gz:3: every feature of the row is empty"), "{error}");
    }
}
