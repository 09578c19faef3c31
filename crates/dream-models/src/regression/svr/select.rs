use super::scaled::pick;
use super::{Kernel, Scoring, SvrParams};
use crate::regression::rows::check_targets;
use crate::regression::{MinMax, Rows, holdout};
use crate::{Error, Result, par};

/// How columns are ranked for a selection: by the weights of linear regressions on repeated random splits.
///
/// Each repeat scales the columns of its training rows to 0..=1, fits a linear support vector regression and orders the
/// columns by the magnitude of their weights. The columns that come first most often are kept: see [`Ranking::select`]; how
/// many, [`SizeSearch`] finds out.
///
/// Rows that a later evaluation tests on must not be among `rows`.
///
/// ```
/// use dream_models::regression::{Rows, SelectionParams};
///
/// # fn main() -> dream_models::Result<()> {
/// // Column 1 decides, the others do not.
/// let x: Vec<f64> = (0..150).map(|k| f64::from(k * k * 7 % 31)).collect();
/// let y: Vec<f64> = x.chunks_exact(3).map(|row| 0.1 * row[1]).collect();
/// let params = SelectionParams { repeats: 5, ..SelectionParams::default() };
/// let selection = params.rank(&Rows::new(&x, 3)?, &y)?.select(1)?;
/// assert_eq!(selection.columns, [1]);
/// assert_eq!(selection.counts, [0, 5, 0]);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// The feature selection of Z. Tu et al., "UGC-VQA: benchmarking blind video quality assessment for user generated content",
/// IEEE Transactions on Image Processing 30, 2021, in the form of the starter kit of the DFGC-VRA challenge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelectionParams {
    /// Number of random splits.
    pub repeats: usize,
    /// Part of the rows that a repeat leaves out.
    pub test_fraction: f64,
    /// Seed of the first split; the following ones count up from it.
    pub seed: u64,
    /// The regression, which must have the linear kernel.
    pub svr: SvrParams,
}

impl Default for SelectionParams {
    /// 100 splits of 80/20 with C = 64, and at most a million steps for each.
    fn default() -> Self {
        let svr =
            SvrParams { c: 64.0, kernel: Kernel::Linear, max_iterations: 1_000_000, ..SvrParams::default() };
        Self { repeats: 100, test_fraction: 0.2, seed: 0, svr }
    }
}

impl SelectionParams {
    /// Ranks the columns of `rows`, which need no scaling, on every split. The result does not depend on the number of
    /// threads.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for no repeat or a kernel that is not linear; otherwise as [`holdout`], [`MinMax::fit`] and
    /// [`SvrParams::fit`].
    pub fn rank(&self, rows: &Rows<'_>, targets: &[f64]) -> Result<Ranking> {
        if self.repeats == 0 {
            return Err(Error::InvalidConfig { field: "repeats", value: 0.0, expected: "at least 1" });
        }
        if let Kernel::Rbf { gamma } = self.svr.kernel {
            let expected = "of no kernel here: only the linear one has weights";
            return Err(Error::InvalidConfig { field: "svr.kernel.gamma", value: gamma, expected });
        }
        check_targets(rows, targets)?;
        let repeats = par::map(self.repeats, |repeat| {
            let seed = self.seed.wrapping_add(repeat as u64);
            let (train, _) = holdout(rows.len(), self.test_fraction, seed)?;
            let part = Part::new(rows, targets, &train);
            let scaled =
                MinMax::fit(&part.rows(rows.width())?, 0.0, 1.0)?.apply_rows(&part.rows(rows.width())?)?;
            let model = self.svr.fit(&Rows::new(&scaled, rows.width())?, &part.targets)?;
            let weights = model.weights().unwrap_or_default();
            let size = |column: &usize| weights.get(*column).copied().unwrap_or_default().abs();
            let mut order: Vec<usize> = (0..rows.width()).collect();
            order.sort_by(|a, b| size(b).total_cmp(&size(a)));
            Ok((order, model.converged()))
        });
        let repeats = repeats.into_iter().collect::<Result<Vec<_>>>()?;
        let converged = repeats.iter().filter(|repeat| repeat.1).count();
        Ok(Ranking {
            orders: repeats.into_iter().map(|repeat| repeat.0).collect(),
            width: rows.width(),
            converged,
        })
    }
}

/// The columns in the order of their weights, for each repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    orders: Vec<Vec<usize>>,
    width: usize,
    converged: usize,
}

/// Columns that were kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selection {
    /// Their positions, ascending.
    pub columns: Vec<usize>,
    /// How often each column of the rows was among the first ones.
    pub counts: Vec<usize>,
}

impl Ranking {
    /// For each repeat the columns, the one with the largest weight first; equal ones by position.
    #[must_use]
    pub fn orders(&self) -> &[Vec<usize>] {
        &self.orders
    }

    /// How many of the fits converged.
    #[must_use]
    pub fn converged(&self) -> usize {
        self.converged
    }

    /// The `keep` columns that are most often among the first `keep` of a repeat; of equal ones those that come first in the
    /// rows.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] unless `keep` is at least 1 and at most the number of columns.
    pub fn select(&self, keep: usize) -> Result<Selection> {
        if keep == 0 || keep > self.width {
            let expected = "at least 1 and at most the number of columns";
            return Err(Error::InvalidConfig { field: "keep", value: keep as f64, expected });
        }
        let mut counts = vec![0; self.width];
        for column in self.orders.iter().flat_map(|order| order.iter().take(keep)) {
            if let Some(count) = counts.get_mut(*column) {
                *count += 1;
            }
        }
        let mut columns: Vec<usize> = (0..self.width).collect();
        columns.sort_by_key(|column| std::cmp::Reverse(counts.get(*column).copied()));
        columns.truncate(keep);
        columns.sort_unstable();
        Ok(Selection { columns, counts })
    }
}

/// How the number of columns is chosen: by the score of a Gaussian regression on one fixed split, with the first columns
/// of each of some repeats, averaged over the repeats.
#[derive(Debug, Clone, PartialEq)]
pub struct SizeSearch {
    /// Numbers of columns to try.
    pub sizes: Vec<usize>,
    /// Repeats of the ranking to average over, at most those that there are.
    pub repeats: usize,
    /// Part of the rows to score on.
    pub test_fraction: f64,
    /// Seed of the split.
    pub seed: u64,
    /// The regression.
    pub svr: SvrParams,
}

impl Default for SizeSearch {
    /// 20, 40, ..., 500 columns, ten repeats, an 80/20 split, C = 64 and γ = 0.1.
    fn default() -> Self {
        let svr = SvrParams { c: 64.0, kernel: Kernel::Rbf { gamma: 0.1 }, ..SvrParams::default() };
        Self { sizes: (1..=25).map(|k| 20 * k).collect(), repeats: 10, test_fraction: 0.2, seed: 42, svr }
    }
}

/// The sizes that were tried.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SizeReport {
    /// Name of the score.
    pub score: String,
    /// Number of columns and mean score.
    pub trials: Vec<(usize, f64)>,
    /// The number with the largest score, the first one of several.
    pub best: usize,
    /// Its score.
    pub best_score: f64,
}

impl SizeSearch {
    /// Scores every size that is not above the number of columns. The recipe asks for Pearson's correlation as the score.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for no usable size or repeat, or where no score is a number; [`Error::LengthMismatch`] for
    /// the ranking of other rows; otherwise as [`holdout`], [`MinMax::fit`] and [`SvrParams::fit`].
    pub fn run(
        &self,
        rows: &Rows<'_>,
        targets: &[f64],
        ranking: &Ranking,
        scoring: &Scoring<'_>,
    ) -> Result<SizeReport> {
        let width = rows.width();
        if ranking.width != width {
            return Err(Error::LengthMismatch { argument: "ranking", expected: width, found: ranking.width });
        }
        check_targets(rows, targets)?;
        let sizes: Vec<usize> =
            self.sizes.iter().copied().filter(|size| (1..=width).contains(size)).collect();
        let repeats = self.repeats.min(ranking.orders.len());
        for (field, count) in [("sizes", sizes.len()), ("repeats", repeats)] {
            if count == 0 {
                let expected = "at least one, and no size above the number of columns";
                return Err(Error::InvalidConfig { field, value: 0.0, expected });
            }
        }
        let (train, test) = holdout(rows.len(), self.test_fraction, self.seed)?;
        let (train, test) = (Part::new(rows, targets, &train), Part::new(rows, targets, &test));
        let scaler = MinMax::fit(&train.rows(width)?, 0.0, 1.0)?;
        let (train_x, test_x) =
            (scaler.apply_rows(&train.rows(width)?)?, scaler.apply_rows(&test.rows(width)?)?);
        let found = par::map(sizes.len() * repeats, |task| {
            let order = ranking.orders.get(task % repeats).map(Vec::as_slice).unwrap_or_default();
            let size = sizes.get(task / repeats).copied().unwrap_or(width);
            let mut columns: Vec<usize> = order.iter().take(size).copied().collect();
            columns.sort_unstable();
            let model = self.svr.fit(&Rows::new(&pick(&train_x, width, &columns), size)?, &train.targets)?;
            let predicted = model.predict_rows(&Rows::new(&pick(&test_x, width, &columns), size)?)?;
            Ok((scoring.score)(&predicted, &test.targets))
        });
        let found = found.into_iter().collect::<Result<Vec<f64>>>()?;
        let means = found.chunks(repeats).map(|scores| scores.iter().sum::<f64>() / repeats as f64);
        let trials: Vec<(usize, f64)> = sizes.into_iter().zip(means).collect();
        let mut best: Option<(usize, f64)> = None;
        for &(size, score) in trials.iter().filter(|trial| !trial.1.is_nan()) {
            if best.is_none_or(|best| score > best.1) {
                best = Some((size, score));
            }
        }
        let expected = "sizes of which one has a score that is a number";
        let none = Error::InvalidConfig { field: "sizes", value: trials.len() as f64, expected };
        let (best, best_score) = best.ok_or(none)?;
        Ok(SizeReport { score: scoring.name.to_owned(), trials, best, best_score })
    }
}

/// Some rows with their targets.
struct Part {
    data: Vec<f64>,
    targets: Vec<f64>,
}

impl Part {
    fn new(rows: &Rows<'_>, targets: &[f64], positions: &[usize]) -> Self {
        Self {
            data: positions.iter().flat_map(|&position| rows.row(position)).copied().collect(),
            targets: positions.iter().filter_map(|&position| targets.get(position).copied()).collect(),
        }
    }

    fn rows(&self, width: usize) -> Result<Rows<'_>> {
        Rows::new(&self.data, width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    const WIDTH: usize = 40;
    const PLANTED: [usize; 4] = [3, 11, 25, 38];

    /// Four of forty columns, each on a scale of its own, make up the target; a tenth of it is noise.
    fn planted() -> (Vec<f64>, Vec<f64>) {
        let mut random = SplitMix64::new(11);
        let unit: Vec<f64> = (0..240 * WIDTH).map(|_| random.signed_unit()).collect();
        let target = |row: &[f64]| {
            let informative: f64 = PLANTED.iter().map(|&column| row[column]).sum();
            3.0 + 0.5 * informative + 0.1 * row[0] * row[1]
        };
        let y = unit.chunks_exact(WIDTH).map(target).collect();
        let scale = |(k, v): (usize, &f64)| v * libm::scalbn(1.0, i32::try_from(k % WIDTH).unwrap() / 4 - 5);
        (unit.iter().enumerate().map(scale).collect(), y)
    }

    fn pearson(a: &[f64], b: &[f64]) -> f64 {
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let (ma, mb) = (mean(a), mean(b));
        let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - ma, b - mb)).sum::<f64>();
        sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
    }

    #[test]
    fn finds_the_planted_columns_and_their_number() {
        let (x, y) = planted();
        let rows = Rows::new(&x, WIDTH).unwrap();
        let params = SelectionParams { repeats: 12, ..SelectionParams::default() };
        let ranking = params.rank(&rows, &y).unwrap();
        assert_eq!(ranking.converged(), 12);
        let selection = ranking.select(4).unwrap();
        assert_eq!(selection.columns, PLANTED);
        assert!(PLANTED.iter().all(|&column| selection.counts[column] == 12), "{:?}", selection.counts);
        let scoring = Scoring::new("PLCC", &pearson);
        let search = SizeSearch { sizes: vec![1, 2, 4, 8, 20, 40, 500], ..SizeSearch::default() };
        let report = search.run(&rows, &y, &ranking, &scoring).unwrap();
        assert_eq!(report.trials.len(), 6);
        assert_eq!(report.best, 4, "{report:?}");
        assert!(report.best_score > 0.98, "{report:?}");
        // Another order of columns selects the same ones.
        let back: Vec<f64> = x.chunks_exact(WIDTH).flat_map(|row| row.iter().rev().copied()).collect();
        let mirrored = params.rank(&Rows::new(&back, WIDTH).unwrap(), &y).unwrap().select(4).unwrap();
        let expected: Vec<usize> = PLANTED.iter().rev().map(|column| WIDTH - 1 - column).collect();
        assert_eq!(mirrored.columns, expected);
    }

    #[test]
    fn counts_decide_and_equal_ones_go_by_position() {
        let orders = vec![vec![3, 0, 1, 2], vec![3, 2, 0, 1], vec![0, 2, 1, 3]];
        let ranking = Ranking { orders, width: 4, converged: 3 };
        let two = ranking.select(2).unwrap();
        assert_eq!((two.columns, two.counts), (vec![0, 2], vec![2, 0, 2, 2]));
        assert_eq!(ranking.select(4).unwrap().columns, [0, 1, 2, 3]);
        assert!(matches!(ranking.select(0), Err(Error::InvalidConfig { field: "keep", .. })));
        assert!(matches!(ranking.select(5), Err(Error::InvalidConfig { field: "keep", .. })));
    }

    #[test]
    fn refuses_settings_without_sense() {
        let (x, y) = planted();
        let rows = Rows::new(&x, WIDTH).unwrap();
        let rank = |params: SelectionParams| params.rank(&rows, &y);
        let good = SelectionParams { repeats: 2, ..SelectionParams::default() };
        assert!(matches!(rank(SelectionParams { repeats: 0, ..good }), Err(Error::InvalidConfig { .. })));
        assert!(matches!(
            rank(SelectionParams { svr: SvrParams::default(), ..good }),
            Err(Error::InvalidConfig { .. })
        ));
        let ranking = rank(good).unwrap();
        let scoring = Scoring::negative_mse();
        let run = |search: SizeSearch| search.run(&rows, &y, &ranking, &scoring);
        let sizes = SizeSearch { sizes: vec![500], ..SizeSearch::default() };
        assert!(matches!(run(sizes), Err(Error::InvalidConfig { field: "sizes", .. })));
        let repeats = SizeSearch { repeats: 0, ..SizeSearch::default() };
        assert!(matches!(run(repeats), Err(Error::InvalidConfig { field: "repeats", .. })));
        let other = Rows::new(&x, 20).unwrap();
        assert!(matches!(
            SizeSearch::default().run(&other, &y, &ranking, &scoring),
            Err(Error::LengthMismatch { argument: "ranking", .. })
        ));
        let undefined = Scoring::new("undefined", &|_, _| f64::NAN);
        assert!(SizeSearch::default().run(&rows, &y, &ranking, &undefined).is_err());
    }
}
