//! Features and support vector regression: nine of the paper's methods are of this kind.

use std::sync::Arc;

use anyhow::{Context, Result};
use dream_eval::plcc;
use dream_models::regression::{
    Folds, Kernel, MinMax, RandomizedSearch, Rows, ScaledSvrParams, Scoring, SelectionParams, SizeSearch,
    search_svr,
};

use super::method::{About, Method, Predicted, Task};
use crate::features::deep::DeepSet;
use crate::features::sets::Set;

/// One or several sets of features, a selection from them on request, and an ε-SVR.
#[derive(Debug)]
pub(crate) struct FeatureSvr {
    name: &'static str,
    title: &'static str,
    sets: Vec<Set>,
    select: bool,
    /// What makes the features, where that is a network.
    deep: Option<Arc<DeepSet>>,
}

impl FeatureSvr {
    /// One set as it is.
    pub(crate) fn plain(set: Set, title: &'static str) -> Self {
        Self { name: set.name(), title, sets: vec![set], select: false, deep: None }
    }

    /// Several sets side by side, and the selection from them.
    pub(crate) fn selected(name: &'static str, title: &'static str, sets: &[Set]) -> Self {
        Self { name, title, sets: sets.to_vec(), select: true, deep: None }
    }

    /// The features of a network, and the selection from them.
    pub(crate) fn deep(deep: Arc<DeepSet>) -> Result<Self> {
        let (set, title) = (Set::of(deep.set())?, deep.set().title());
        Ok(Self { name: set.name(), title, sets: vec![set], select: true, deep: Some(deep) })
    }
}

impl Method for FeatureSvr {
    fn about(&self, every: u64) -> About {
        if let Some(deep) = &self.deep {
            let about = format!("{}; training keeps 20 to 500 of them", deep.about());
            let [name, family] = [self.name, "Deep features and SVR"].map(str::to_owned);
            return About { name, title: deep.title(), family, about, sets: self.sets.clone() };
        }
        let width: usize = self.sets.iter().map(|set| set.len()).sum();
        let about = match self.sets.as_slice() {
            [set] => format!("{width} features, {}", set.frames(every)),
            sets => {
                let names: Vec<&str> = sets.iter().map(|set| set.name()).collect();
                format!("{width} features, those of {}, of which training keeps 20 to 500", names.join(", "))
            }
        };
        let [name, title, family] = [self.name, self.title, "Features and SVR"].map(str::to_owned);
        About { name, title, family, about, sets: self.sets.clone() }
    }

    fn version(&self) -> String {
        format!("svr-1 {} {} {}", env!("CARGO_PKG_VERSION"), dream_models::VERSION, self.select)
    }

    fn deep(&self) -> Option<Arc<DeepSet>> {
        self.deep.clone()
    }

    fn predict(&self, task: &Task<'_>) -> Result<Predicted> {
        let seed = task.split.seed;
        let (train, truth) = task.training(&self.sets)?;
        let (columns, unfinished) = match self.select.then(|| select(&train, &truth, seed)).transpose()? {
            Some((columns, unfinished)) => (Some(columns), unfinished),
            None => (None, 0),
        };
        let used = columns.clone().unwrap_or_else(|| (0..train.width).collect());
        let picked: Vec<f64> = train
            .data
            .chunks_exact(train.width)
            .flat_map(|row| used.iter().filter_map(|&column| row.get(column).copied()))
            .collect();
        let rows = Rows::new(&picked, used.len())?;
        let scaled = MinMax::fit(&rows, 0.0, 1.0)?.apply_rows(&rows)?;
        let candidates = RandomizedSearch { seed, ..RandomizedSearch::default() }.candidates()?;
        // Lists are sorted by round: folds of neighbours would be folds of methods.
        let folds = Folds { shuffle: Some(seed), ..Folds::default() };
        let scaled = Rows::new(&scaled, used.len())?;
        let report = search_svr(&scaled, &truth, &candidates, &folds, &Scoring::r2())?;
        let params = ScaledSvrParams { columns, svr: report.best, ..ScaledSvrParams::default() };
        let model = params.fit(&train.data, train.width, &truth).context("the final fit")?;
        let sets = task.predicted(&self.sets, |rows| Ok(model.predict_rows(&rows.data)?))?;
        let gamma = match report.best.kernel {
            Kernel::Rbf { gamma } => gamma,
            Kernel::Linear => f64::NAN,
        };
        let converged = if model.svr().converged() { "" } else { ", not converged" };
        let rankings = match unfinished {
            0 => String::new(),
            count => format!(", {count} of the rankings reached the bound on their steps"),
        };
        let caution = self.deep.as_ref().and_then(|deep| deep.caution());
        let caution = caution.map_or_else(String::new, |caution| format!("{caution}. "));
        let note = format!(
            "{caution}C {:.3}, gamma {gamma:.5}, R2 in folds {:.3}, {} of {} features, {} clips{converged}{rankings}",
            report.best.c,
            report.best_score,
            used.len(),
            train.width,
            truth.len()
        );
        Ok(Predicted { sets, note, ..Predicted::default() })
    }
}

/// The recipe of VIDEVAL: a ranking on 100 splits of the training clips, and the number that a validation likes best. Also how many of
/// the rankings come from fits that were cut short.
fn select(train: &super::method::Rows, truth: &[f64], seed: u64) -> Result<(Vec<usize>, usize)> {
    let rows = Rows::new(&train.data, train.width)?;
    let params = SelectionParams { seed, ..SelectionParams::default() };
    let ranking = params.rank(&rows, truth)?;
    // A correlation that is not defined counts as the worst.
    let score = |predicted: &[f64], truth: &[f64]| plcc(predicted, truth).unwrap_or(f64::NAN);
    let report = SizeSearch::default().run(&rows, truth, &ranking, &Scoring::new("PLCC", &score))?;
    Ok((ranking.select(report.best)?.columns, params.repeats - ranking.converged()))
}
