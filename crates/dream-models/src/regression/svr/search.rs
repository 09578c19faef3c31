use super::validate::CrossValidation;
use super::{Kernel, SvrParams};
use crate::random::SplitMix64;
use crate::regression::{Folds, Rows};
use crate::{Error, Result};

/// A measure of predictions, larger for better ones.
///
/// This crate has no correlations; hand them in as closures:
///
/// ```
/// use dream_models::regression::Scoring;
///
/// let closest = |predicted: &[f64], truth: &[f64]| {
///     let errors = predicted.iter().zip(truth).map(|(a, b)| (a - b).abs());
///     -errors.fold(0.0, f64::max)
/// };
/// let scoring = Scoring::new("negative maximum error", &closest);
/// assert_eq!(scoring.name, "negative maximum error");
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Scoring<'a> {
    /// What it is called in a report.
    pub name: &'a str,
    /// The score of predictions against the truth. A NaN, for example of a correlation that is not defined, counts as
    /// worse than everything.
    pub score: &'a (dyn Fn(&[f64], &[f64]) -> f64 + Sync),
}

impl std::fmt::Debug for Scoring<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scoring").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'a> Scoring<'a> {
    /// A score with its name.
    pub fn new(name: &'a str, score: &'a (dyn Fn(&[f64], &[f64]) -> f64 + Sync)) -> Self {
        Self { name, score }
    }
}

impl Scoring<'static> {
    /// The mean squared error, negated.
    #[must_use]
    pub fn negative_mse() -> Self {
        Self {
            name: "negative mean squared error",
            score: &|predicted, truth| -squared_error(predicted, truth) / truth.len() as f64,
        }
    }

    /// The coefficient of determination R², which scikit-learn's searches use for a regression.
    #[must_use]
    pub fn r2() -> Self {
        Self {
            name: "R2",
            score: &|predicted, truth| {
                let mean = truth.iter().sum::<f64>() / truth.len() as f64;
                let spread: f64 = truth.iter().map(|y| (y - mean) * (y - mean)).sum();
                1.0 - squared_error(predicted, truth) / spread
            },
        }
    }
}

fn squared_error(predicted: &[f64], truth: &[f64]) -> f64 {
    predicted.iter().zip(truth).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// What cross-validation found for a candidate.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Trial {
    /// The candidate.
    pub params: SvrParams,
    /// Score on each fold.
    pub scores: Vec<f64>,
    /// Mean of the scores; NaN where one is.
    pub mean: f64,
    /// Whether every fit converged.
    pub converged: bool,
}

/// All candidates of a search and the best one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SearchReport {
    /// Name of the score.
    pub score: String,
    /// The candidates in order.
    pub trials: Vec<Trial>,
    /// The candidate with the largest mean score, the first one of several.
    pub best: SvrParams,
    /// Its mean score.
    pub best_score: f64,
}

/// Every combination of `cs` and `gammas` with the other settings of `base`, the γ changing fastest.
///
/// ```
/// use dream_models::regression::{Kernel, SvrParams, powers_of_two, svr_grid};
///
/// let grid = svr_grid(&SvrParams::default(), &powers_of_two(1..=10), &powers_of_two(-8..=1));
/// assert_eq!((grid.len(), grid[0].c, grid[99].c), (100, 2.0, 1024.0));
/// assert_eq!(grid[1].kernel, Kernel::Rbf { gamma: 0.0078125 });
/// ```
#[doc(alias = "ParameterGrid")]
#[must_use]
pub fn svr_grid(base: &SvrParams, cs: &[f64], gammas: &[f64]) -> Vec<SvrParams> {
    let with =
        |c: f64| gammas.iter().map(move |&gamma| SvrParams { c, kernel: Kernel::Rbf { gamma }, ..*base });
    cs.iter().copied().flat_map(with).collect()
}

/// `2^n` for each exponent.
#[must_use]
pub fn powers_of_two(exponents: std::ops::RangeInclusive<i32>) -> Vec<f64> {
    exponents.map(|exponent| libm::scalbn(1.0, exponent)).collect()
}

/// Where a random search draws from: C and γ uniform in the logarithm, between two ends.
///
/// ```
/// use dream_models::regression::RandomizedSearch;
///
/// # fn main() -> dream_models::Result<()> {
/// let candidates = RandomizedSearch { draws: 5, seed: 7, ..RandomizedSearch::default() }.candidates()?;
/// assert_eq!(candidates.len(), 5);
/// assert!(candidates.iter().all(|params| (2.0..=1024.0).contains(&params.c)));
/// # Ok(())
/// # }
/// ```
#[doc(alias = "RandomizedSearchCV")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomizedSearch {
    /// Number of candidates.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Smallest and largest C.
    pub c: (f64, f64),
    /// Smallest and largest γ.
    pub gamma: (f64, f64),
    /// The other settings.
    pub base: SvrParams,
}

impl Default for RandomizedSearch {
    /// Ten draws with C in 2¹ to 2¹⁰ and γ in 2⁻⁸ to 2¹, the ranges of the BVQA benchmark.
    fn default() -> Self {
        Self { draws: 10, seed: 1, c: (2.0, 1024.0), gamma: (0.003_906_25, 2.0), base: SvrParams::default() }
    }
}

impl RandomizedSearch {
    /// The candidates. Each has a stream of random numbers of its own, so more draws continue the list.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for no draw, or ends that are not positive, finite and in order.
    pub fn candidates(&self) -> Result<Vec<SvrParams>> {
        if self.draws == 0 {
            return Err(Error::InvalidConfig { field: "draws", value: 0.0, expected: "at least 1" });
        }
        for (field, (low, high)) in [("c", self.c), ("gamma", self.gamma)] {
            if !(low > 0.0 && low <= high && high.is_finite()) {
                let expected = "a smallest value above 0 and a largest one that is not below it";
                return Err(Error::InvalidConfig { field, value: low, expected });
            }
        }
        let draw = |random: &mut SplitMix64, (low, high): (f64, f64)| {
            let unit = 0.5 * (random.signed_unit() + 1.0);
            libm::exp(libm::log(low) + unit * (libm::log(high) - libm::log(low))).clamp(low, high)
        };
        let candidate = |index: usize| {
            let mut random = SplitMix64::stream(self.seed, index as u64);
            let c = draw(&mut random, self.c);
            SvrParams { c, kernel: Kernel::Rbf { gamma: draw(&mut random, self.gamma) }, ..self.base }
        };
        Ok((0..self.draws).map(candidate).collect())
    }
}

/// Scores every candidate by cross-validation and picks the best.
///
/// Rows are taken as they are: scale them before. Dot products are computed once for all candidates and folds. With feature
/// `rayon` candidates and folds run on several threads; the report is the same for any number of them.
///
/// ```
/// use dream_models::regression::{Folds, Rows, Scoring, SvrParams, powers_of_two, search_svr, svr_grid};
///
/// # fn main() -> dream_models::Result<()> {
/// let x: Vec<f64> = (0..60).map(|i| f64::from(i * 7 % 60) / 30.0 - 1.0).collect();
/// let y: Vec<f64> = x.iter().map(|x| x * x * x).collect();
/// let candidates = svr_grid(&SvrParams { epsilon: 0.01, ..SvrParams::default() }, &[1.0, 32.0], &powers_of_two(-8..=0));
/// let rows = Rows::new(&x, 1)?;
/// let report = search_svr(&rows, &y, &candidates, &Folds::default(), &Scoring::r2())?;
/// assert!(report.best_score > 0.99);
/// let model = report.best.fit(&rows, &y)?;
/// # assert!(model.converged());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::InvalidConfig`] for no candidate or one outside its range, or where every candidate has a NaN as its score;
/// otherwise as [`SvrParams::fit`] and [`Folds::splits`].
#[doc(alias("GridSearchCV", "cross_val_score"))]
pub fn search_svr(
    rows: &Rows<'_>,
    targets: &[f64],
    candidates: &[SvrParams],
    folds: &Folds,
    scoring: &Scoring<'_>,
) -> Result<SearchReport> {
    let found = CrossValidation {
        rows,
        targets,
        candidates,
        splits: &folds.splits(rows.len())?,
        score: scoring.score,
    }
    .run()?;
    let mut trials = Vec::with_capacity(candidates.len());
    for (params, folds) in candidates.iter().zip(found) {
        let scores: Vec<f64> = folds.iter().map(|fold| fold.0).collect();
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        trials.push(Trial { params: *params, scores, mean, converged: folds.iter().all(|fold| fold.1) });
    }
    let mut best: Option<&Trial> = None;
    for trial in trials.iter().filter(|trial| !trial.mean.is_nan()) {
        if best.is_none_or(|best| trial.mean > best.mean) {
            best = Some(trial);
        }
    }
    let expected = "at least 1, one of them with a score that is a number";
    let best =
        best.ok_or(Error::InvalidConfig { field: "candidates", value: candidates.len() as f64, expected })?;
    let (best, best_score) = (best.params, best.mean);
    Ok(SearchReport { score: scoring.name.to_owned(), trials, best, best_score })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_worked_out_by_hand() {
        let (predicted, truth) = ([1.0, 2.0, 4.0], [1.0, 3.0, 5.0]);
        assert!(((Scoring::negative_mse().score)(&predicted, &truth) + 2.0 / 3.0).abs() < 1e-15);
        assert!(((Scoring::r2().score)(&predicted, &truth) - 0.75).abs() < 1e-15);
    }

    #[test]
    fn draws_fill_the_range_in_the_logarithm() {
        let search = RandomizedSearch { draws: 2000, ..RandomizedSearch::default() };
        let candidates = search.candidates().unwrap();
        let below = candidates.iter().filter(|params| params.c < 45.254_8).count();
        assert!((900..1100).contains(&below), "{below}");
        let few = RandomizedSearch { draws: 3, ..search }.candidates().unwrap();
        assert_eq!(few, candidates[..3]);
        assert_ne!(few, RandomizedSearch { draws: 3, seed: 2, ..search }.candidates().unwrap());
        for bad in [
            RandomizedSearch { draws: 0, ..search },
            RandomizedSearch { c: (0.0, 1.0), ..search },
            RandomizedSearch { gamma: (2.0, 1.0), ..search },
            RandomizedSearch { gamma: (1.0, f64::INFINITY), ..search },
        ] {
            assert!(matches!(bad.candidates(), Err(Error::InvalidConfig { .. })), "{bad:?}");
        }
    }
}
