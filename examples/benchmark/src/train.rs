//! The second stage: every method on every split, on disk.

use anyhow::Result;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::{Deserialize, Serialize};

use crate::extract::{Entry, Features, Outcome};
use crate::method::{Method, Predicted, Task};
use crate::plan::{Plan, Scored, Split};
use crate::shard::Shard;
use crate::store::{Store, digest};

/// What a method said of a split: all that the report needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Digest of the method's version, the lists, the scores and the features.
    pub(crate) key: String,
    /// Clips in the training list.
    pub(crate) train: usize,
    /// What was chosen in training, or why there is nothing.
    pub(crate) note: String,
    pub(crate) failed: bool,
    /// By test set.
    pub(crate) sets: Vec<SetRun>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SetRun {
    /// Whether the method can say anything of this set.
    pub(crate) predicted: bool,
    pub(crate) rows: Vec<Row>,
}

/// A clip, its score, and the prediction where there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) file: String,
    pub(crate) mos: f64,
    pub(crate) prediction: Option<f64>,
}

/// A name of the cache.
pub(crate) fn name(split: &str, method: &str) -> String {
    format!("cache/runs/{split}/{method}.json")
}

/// What is trained.
pub(crate) struct Training<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) store: &'a Store,
    pub(crate) methods: &'a [&'a dyn Method],
    pub(crate) features: &'a Features,
    pub(crate) shard: Shard,
}

impl Training<'_> {
    /// Trains what is not there, as far as it is the task of this shard; how many runs are still to be done elsewhere.
    pub(crate) fn run(&self) -> Result<usize> {
        let pairs: Vec<(usize, (&Split, &dyn Method))> = self
            .plan
            .splits
            .iter()
            .flat_map(|split| self.methods.iter().map(move |method| (split, *method)))
            .enumerate()
            .collect();
        let bar = crate::progress(pairs.len(), "trainings")?;
        let one = |&(number, (split, method)): &(usize, (&Split, &dyn Method))| -> Result<bool> {
            let done = self.one(number, split, method);
            bar.inc(1);
            done
        };
        let done = pairs.par_iter().map(one).collect::<Result<Vec<bool>>>()?;
        bar.finish_and_clear();
        Ok(done.iter().filter(|done| !**done).count())
    }

    fn one(&self, number: usize, split: &Split, method: &dyn Method) -> Result<bool> {
        let name = name(&split.name, &method.name());
        let key = self.key(split, method);
        if self.store.read_json::<Run>(&name).is_some_and(|run| run.key == key) {
            return Ok(true);
        }
        if !self.shard.has(number) {
            return Ok(false);
        }
        let task = Task { plan: self.plan, split, features: self.features };
        let run = match method.predict(&task) {
            Ok(predicted) => self.filled(split, key, predicted),
            Err(error) => {
                let sets = split.tests.iter().map(|_| None).collect();
                let note = format!("{error:#}");
                Run { failed: true, ..self.filled(split, key, Predicted { sets, note }) }
            }
        };
        self.store.write_json(&name, &run)?;
        Ok(true)
    }

    fn filled(&self, split: &Split, key: String, predicted: Predicted) -> Run {
        let set = |(list, found): (&Vec<Scored>, Option<Vec<Option<f64>>>)| {
            let can = found.is_some();
            let found = found.unwrap_or_default().into_iter().chain(std::iter::repeat(None));
            let row = |(row, prediction): (&Scored, Option<f64>)| Row {
                file: self.plan.clip(row.clip).map_or_else(String::new, |clip| clip.id.to_string()),
                mos: row.mos,
                prediction: prediction.filter(|score| score.is_finite()),
            };
            SetRun { predicted: can, rows: list.iter().zip(found).map(row).collect() }
        };
        let sets = split.tests.iter().zip(predicted.sets).map(set).collect();
        Run { key, train: split.train.len(), note: predicted.note, failed: false, sets }
    }

    fn key(&self, split: &Split, method: &dyn Method) -> String {
        let mut parts = vec![method.name(), method.version(), split.name.clone(), split.seed.to_string()];
        for list in std::iter::once(&split.train).chain(&split.tests) {
            parts.push(list.len().to_string());
            for row in list {
                let clip = self.plan.clip(row.clip).map_or("", |clip| clip.id.as_str());
                parts.push(format!("{clip} {}", row.mos));
                let keys = method.sets().iter().filter_map(|set| self.features.entry(*set, row.clip));
                let failed = |entry: &Entry| matches!(entry.outcome, Outcome::Failed(_));
                parts.extend(keys.map(|entry| format!("{} {}", entry.key, failed(entry))));
            }
        }
        digest(parts)
    }
}
