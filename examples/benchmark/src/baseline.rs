//! Two scorers that see no pixels. What a method is worth is what it has beyond them.

use std::collections::BTreeMap;

use anyhow::Result;
use dream_eval::Summary;

use crate::method::{Method, Predicted, Task};
use crate::plan::Scored;
use crate::store::drawn_by;

const FAMILY: &str = "No pixels";

/// A score drawn for each clip and split.
#[derive(Debug)]
pub(crate) struct Random;

impl Method for Random {
    fn name(&self) -> String {
        "random".into()
    }

    fn title(&self) -> String {
        "Random".into()
    }

    fn family(&self) -> String {
        FAMILY.into()
    }

    fn about(&self, _: u64) -> String {
        "a score from 1 to 5, drawn by seed, split and name of the clip".into()
    }

    fn version(&self) -> String {
        "1".into()
    }

    fn predict(&self, task: &Task<'_>) -> Result<Predicted> {
        let draw = |row: &Scored| -> Option<f64> {
            let clip = task.plan.clip(row.clip)?;
            Some(1.0 + 4.0 * drawn_by(&format!("{} {} {}", task.split.seed, task.split.name, clip.id)))
        };
        let sets = task.split.tests.iter().map(|list| Some(list.iter().map(draw).collect()));
        Ok(Predicted { sets: sets.collect(), note: format!("seed {}", task.split.seed) })
    }
}

/// The mean score that the clip's face-swap method has in the training set.
#[derive(Debug)]
pub(crate) struct MethodMean;

impl Method for MethodMean {
    fn name(&self) -> String {
        "method-mean".into()
    }

    fn title(&self) -> String {
        "Method mean".into()
    }

    fn family(&self) -> String {
        FAMILY.into()
    }

    fn about(&self, _: u64) -> String {
        "the mean score of the clip's face-swap method in the training set, read off the name of the clip; a set with \
         methods that are not in the training set stays empty"
            .into()
    }

    fn version(&self) -> String {
        "1".into()
    }

    fn predict(&self, task: &Task<'_>) -> Result<Predicted> {
        let method_of = |row: &Scored| -> Result<String> {
            let clip = task.plan.clip(row.clip);
            clip.map_or_else(|| Ok(String::new()), |clip| Ok(clip.id.parts()?.method()))
        };
        let mut scores: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for row in &task.split.train {
            scores.entry(method_of(row)?).or_default().push(row.mos);
        }
        // Summed as NumPy does: a plain loop makes unequal what is equal, and ranks hang on that.
        let mean = |(method, scores): (String, Vec<f64>)| Ok((method, Summary::with_ddof(&scores, 0)?.mean));
        let means: BTreeMap<String, f64> = scores.into_iter().map(mean).collect::<Result<_>>()?;
        let mut unseen = Vec::new();
        let mut sets = Vec::new();
        for (name, list) in task.plan.sets.iter().zip(&task.split.tests) {
            let known = |row: &Scored| Ok(means.get(&method_of(row)?).copied());
            let found = list.iter().map(known).collect::<Result<Vec<Option<f64>>>>()?;
            let absent = found.iter().filter(|mean| mean.is_none()).count();
            if absent > 0 {
                unseen.push(format!("{name}: the methods of {absent} of {} clips are unseen", list.len()));
            }
            sets.push((absent == 0).then_some(found));
        }
        Ok(Predicted { sets, note: unseen.join("; ") })
    }
}
