//! What a method is to the benchmark.

use std::sync::Arc;

use ::train::Assumptions;
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::features::deep::DeepSet;
use crate::features::extract::{Entry, Features, Outcome};
use crate::features::sets::Set;
use crate::features::videos::Videos;
use crate::plan::{Plan, Scored, Split};
use crate::store::Store;
use crate::store::digest::digest;

/// Training clips that a fit on features needs.
const FEWEST: usize = 10;

/// A method of the benchmark: a row of its tables.
///
/// Methods on features name their sets and find them in the task, extracted and cached. A network names none, and finds
/// the videos in the task.
pub(crate) trait Method: Send + Sync {
    /// What it is. `every` is the N of one of every N frames.
    fn about(&self, every: u64) -> About;

    /// As `--methods` names it, and its files.
    fn name(&self) -> String {
        self.about(0).name
    }

    /// The features that it needs.
    fn sets(&self) -> Vec<Set> {
        self.about(0).sets
    }

    /// Changes when its predictions may: cached ones of another version are not used.
    fn version(&self) -> String {
        "1".into()
    }

    /// The network that it is a row of. Networks are trained one after another, once for all of their rows.
    fn network(&self) -> Option<&str> {
        None
    }

    /// The network that makes its features, where one does.
    fn deep(&self) -> Option<Arc<DeepSet>> {
        None
    }

    /// What the prediction depends on about a clip, besides name and score.
    fn depends_on(&self, task: &Task<'_>, clip: usize) -> Vec<String> {
        let failed = |entry: &Entry| matches!(entry.outcome, Outcome::Failed(_));
        let entries = self.sets().into_iter().filter_map(|set| task.features.entry(set, clip));
        entries.map(|entry| format!("{} {}", entry.key, failed(entry))).collect()
    }

    /// Trains on the training list of a split and predicts its test sets. It must not depend on anything but the task,
    /// nor on the number of threads.
    fn predict(&self, task: &Task<'_>) -> Result<Predicted>;
}

/// A split to train and to predict.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) split: &'a Split,
    pub(crate) features: &'a Features,
    pub(crate) videos: &'a Videos,
    pub(crate) store: &'a Store,
}

/// What a method says of the test sets of a split.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Predicted {
    /// For each test set the predictions of its clips in order: `None` for a set that the method cannot predict, and
    /// for a clip whose features failed.
    pub(crate) sets: Vec<Option<Vec<Option<f64>>>>,
    /// What was chosen in training.
    pub(crate) note: String,
    /// Clips that the method could not use, and why.
    pub(crate) lost: Vec<(String, String)>,
    /// What was assumed about videos, where the method read them itself.
    pub(crate) assumptions: Assumptions,
}

/// Features of some clips of a list, row after row.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) data: Vec<f64>,
    pub(crate) width: usize,
    /// Positions in the list of the clips that have all features.
    pub(crate) places: Vec<usize>,
}

impl Task<'_> {
    /// Changes with everything that the predictions of a method depend on.
    pub(crate) fn key(&self, method: &dyn Method) -> String {
        let Split { name, seed, train, tests } = self.split;
        let mut parts = vec![method.name(), method.version(), name.clone(), seed.to_string()];
        for list in std::iter::once(train).chain(tests) {
            parts.push(list.len().to_string());
            for row in list {
                let clip = self.plan.clip(row.clip).map_or("", |clip| clip.id.as_str());
                parts.push(format!("{clip} {}", row.mos));
                parts.extend(method.depends_on(self, row.clip));
            }
        }
        digest(parts)
    }

    /// The features of `sets`, side by side, for the clips of a list that have them all.
    pub(crate) fn rows(&self, sets: &[Set], list: &[Scored]) -> Rows {
        let width = sets.iter().map(|set| self.features.width(*set)).sum();
        let mut rows = Rows { data: Vec::new(), width, places: Vec::new() };
        for (place, row) in list.iter().enumerate() {
            let values: Option<Vec<&[f64]>> =
                sets.iter().map(|set| self.features.values(*set, row.clip)).collect();
            if let Some(values) = values {
                rows.data.extend(values.into_iter().flatten());
                rows.places.push(place);
            }
        }
        rows
    }

    /// Features and scores of the training clips, of which a fit needs some.
    pub(crate) fn training(&self, sets: &[Set]) -> Result<(Rows, Vec<f64>)> {
        let list = &self.split.train;
        let rows = self.rows(sets, list);
        let mos: Vec<f64> = rows.places.iter().filter_map(|&at| list.get(at)).map(|row| row.mos).collect();
        let (found, all) = (mos.len(), list.len());
        ensure!(found >= FEWEST, "{found} of {all} training clips have features, {FEWEST} are needed");
        Ok((rows, mos))
    }

    /// Predictions of all test sets by a model on rows of features.
    pub(crate) fn predicted(
        &self,
        sets: &[Set],
        model: impl Fn(&Rows) -> Result<Vec<f64>>,
    ) -> Result<Vec<Option<Vec<Option<f64>>>>> {
        let one = |list: &Vec<Scored>| -> Result<Option<Vec<Option<f64>>>> {
            let rows = self.rows(sets, list);
            let scores = if rows.places.is_empty() { Vec::new() } else { model(&rows)? };
            let mut found = vec![None; list.len()];
            for (&place, score) in rows.places.iter().zip(scores) {
                if let Some(slot) = found.get_mut(place) {
                    *slot = Some(score);
                }
            }
            Ok(Some(found))
        };
        self.split.tests.iter().map(one).collect()
    }
}

/// What a method is, for lists and the report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) name: String,
    /// As the tables name it.
    pub(crate) title: String,
    /// Heading of the block of the table.
    pub(crate) family: String,
    /// What it looks at and how it is trained, in a line.
    pub(crate) about: String,
    /// The features that it needs.
    pub(crate) sets: Vec<Set>,
}
