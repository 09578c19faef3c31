//! Two scorers that see no pixels. What a method is worth is what it has beyond them.

use std::collections::BTreeMap;

use anyhow::Result;
use dream_eval::Summary;

use super::method::{About, Method, Predicted, Task};
use crate::plan::Scored;
use crate::store::digest::drawn_by;

/// The block of the tables that holds them, and nothing else.
pub(crate) const FAMILY: &str = "No pixels";

/// A score drawn for each clip and split.
#[derive(Debug)]
pub(crate) struct Random;

impl Method for Random {
    fn about(&self, _: u64) -> About {
        let about = "a score from 1 to 5, drawn by seed, split and name of the clip";
        let [name, title, family, about] = ["random", "Random", FAMILY, about].map(str::to_owned);
        About { name, title, family, about, sets: Vec::new() }
    }

    fn predict(&self, task: &Task<'_>) -> Result<Predicted> {
        let draw = |row: &Scored| -> Option<f64> {
            let clip = task.plan.clip(row.clip)?;
            Some(1.0 + 4.0 * drawn_by(&format!("{} {} {}", task.split.seed, task.split.name, clip.id)))
        };
        let sets = task.split.tests.iter().map(|list| Some(list.iter().map(draw).collect()));
        Ok(Predicted {
            sets: sets.collect(),
            note: format!("seed {}", task.split.seed),
            ..Predicted::default()
        })
    }
}

/// The mean score that the clip's face-swap method has in the training set.
#[derive(Debug)]
pub(crate) struct MethodMean;

impl Method for MethodMean {
    fn about(&self, _: u64) -> About {
        let about = "the mean score of the clip's face-swap method in the training set, read off the name of the clip; a set \
                     with methods that are not in the training set stays empty";
        let [name, title, family, about] = ["method-mean", "Method mean", FAMILY, about].map(str::to_owned);
        About { name, title, family, about, sets: Vec::new() }
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
        Ok(Predicted { sets, note: unseen.join("; "), ..Predicted::default() })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::features::extract::Features;
    use crate::features::videos::Videos;
    use crate::plan::Plan;
    use crate::store::Store;

    #[test]
    fn a_set_with_an_unseen_method_stays_empty() {
        let folder = tempfile::tempdir().unwrap();
        let split = folder.path().join("splits/0");
        fs::create_dir_all(&split).unwrap();
        let clip = |group: u32, method: &str, mos: f64| format!("C1/{group}-1-1-submit-{method}.mp4,{mos}\n");
        for (set, rows) in [
            ("train_set", clip(1, "a", 1.0) + &clip(2, "a", 2.0) + &clip(1, "b", 4.0)),
            ("test_set1", clip(3, "b", 5.0) + &clip(3, "a", 1.0)),
            // One known method does not make the other known.
            ("test_set2", clip(1, "new", 3.0) + &clip(4, "a", 3.0)),
            ("test_set3", clip(5, "new", 3.0)),
        ] {
            fs::write(split.join(format!("{set}.csv")), rows).unwrap();
        }
        let plan = Plan::of_tree(folder.path(), 1, 0).unwrap();
        let store = Store::open(&folder.path().join("out")).unwrap();
        let (features, videos) = (Features::default(), Videos::default());
        let task =
            Task { plan: &plan, split: &plan.splits[0], features: &features, videos: &videos, store: &store };
        let found = MethodMean.predict(&task).unwrap();
        assert_eq!(found.sets, [Some(vec![Some(4.0), Some(1.5)]), None, None]);
        assert!(
            found.note.starts_with("test_set2: the methods of 1 of 2 clips are unseen"),
            "{}",
            found.note
        );

        let random = Random.predict(&task).unwrap().sets;
        let scores: Vec<f64> = random.into_iter().flatten().flatten().flatten().collect();
        assert!(scores.len() == 5 && scores.iter().all(|score| (1.0..5.0).contains(score)), "{scores:?}");
    }
}
