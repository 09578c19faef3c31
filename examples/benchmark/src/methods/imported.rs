//! Methods that were trained elsewhere: their predictions are read from files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use dream_data::name_of;
use dream_data::split::Partition;
use dream_data::table::{Column, Spec, Table, names, why_missing};

use super::method::{About, Method, Predicted, Task};
use crate::plan::{Plan, Scored};
use crate::store::digest::digest;

const SPEC: Spec<'static> = Spec {
    what: "predictions with the columns split, set, file, prediction, as `train` writes them",
    columns: &[
        Column::required(&["split"]),
        Column::required(&["set"]),
        Column::required(names::CLIP),
        Column::required(names::PREDICTION),
    ],
    may_lack_header: false,
};

/// A title and a file of its predictions, `TITLE=FILE`.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    title: String,
    path: PathBuf,
}

/// Split, set and clip of a prediction.
type Key = (String, String, String);

/// Predictions of one method, from one file or several: of some splits, but of all clips of a set.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    title: String,
    files: Vec<String>,
    scores: BTreeMap<Key, f64>,
}

/// For the command line.
pub(crate) fn source(text: &str) -> Result<Source, String> {
    match text.split_once('=') {
        Some((title, path)) if !slug(title).is_empty() && !path.is_empty() => {
            Ok(Source { title: title.trim().to_owned(), path: path.into() })
        }
        _ => Err("give a title and a file, such as \"Ours=run/predictions.csv\"".to_owned()),
    }
}

/// The methods of some files; those with the same title are one method, and none has the name of one of `ours`.
pub(crate) fn read(sources: &[Source], plan: &Plan, ours: &[String]) -> Result<Vec<Box<dyn Method>>> {
    let mut methods: Vec<Imported> = Vec::new();
    for source in sources {
        let at = methods.iter().position(|method| slug(&method.title) == slug(&source.title));
        let at = at.unwrap_or_else(|| {
            methods.push(Imported { title: source.title.clone(), ..Imported::default() });
            methods.len() - 1
        });
        if let Some(method) = methods.get_mut(at) {
            // The name alone: where it lies on this machine does not belong into results.
            let name = source.path.file_name().unwrap_or_default();
            method.files.push(name_of(name));
            method.add(&source.path, &plan.sets)?;
        }
    }
    for method in &methods {
        ensure!(
            !ours.contains(&slug(&method.title)),
            "--predictions: `{}` is the name of a method of this program: take another title",
            method.title
        );
        method.check(plan)?;
    }
    Ok(methods.into_iter().map(|method| Box::new(method) as Box<dyn Method>).collect())
}

/// A name for files: letters and digits, and one dash for everything between them.
pub(super) fn slug(title: &str) -> String {
    let lower = title.to_lowercase();
    lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

/// Whether two names are those of one set: `test_set1`, `Test-1`.
fn same_set(a: &str, b: &str) -> bool {
    let known = Partition::from_name(a);
    names::plain(a) == names::plain(b) || (known.is_some() && known == Partition::from_name(b))
}

impl Imported {
    fn add(&mut self, path: &Path, sets: &[String]) -> Result<()> {
        let mut table = Table::open(path, &SPEC).context("--predictions")?;
        while table.advance()? {
            let [split, set, file] = [table.required(0)?, table.required(1)?, table.required(2)?];
            if names::is_train(set) {
                continue;
            }
            let set = sets.iter().find(|known| same_set(known, set)).map_or(set, String::as_str);
            let key = (split.to_owned(), set.to_owned(), file.to_owned());
            let twice = format!("a second prediction of {file} in this split and set");
            if self.scores.insert(key, table.number(3)?).is_some() {
                return Err(table.fault(twice, "remove one of the two rows").into());
            }
        }
        Ok(())
    }

    /// Whether the files have all clips of a set or none, and no others.
    fn check(&self, plan: &Plan) -> Result<()> {
        let files = self.files.join(", ");
        let mut there = BTreeSet::new();
        for split in &plan.splits {
            for (set, list) in plan.sets.iter().zip(&split.tests) {
                let id = |row: &Scored| Some(plan.clip(row.clip)?.id.to_string());
                let keys: Vec<Key> =
                    list.iter().filter_map(|row| Some((split.name.clone(), set.clone(), id(row)?))).collect();
                let missing = keys.iter().filter(|key| !self.scores.contains_key(*key)).count();
                // Half a set would be compared with whole ones.
                ensure!(
                    missing == 0 || missing == list.len(),
                    "{files}: {missing} of {} clips of {set} in split {} have no prediction",
                    list.len(),
                    split.name
                );
                there.extend(keys);
            }
        }
        let splits: BTreeSet<&String> = plan.splits.iter().map(|split| &split.name).collect();
        for key in self.scores.keys() {
            let (split, set, file) = key;
            // A benchmark of the first few splits leaves the others of a file aside.
            if splits.contains(split) && !there.contains(key) {
                let others = there.iter().filter(|other| other.0 == *split && other.1 == *set);
                let others: Vec<&str> = others.map(|(.., clip)| clip.as_str()).collect();
                let why = why_missing(&others, &[file], ["the clips of the set", &files]);
                bail!("{files}: {file} is not in {set} of split {split} of this data set: {why}");
            }
        }
        Ok(())
    }
}

impl Method for Imported {
    fn about(&self, _: u64) -> About {
        let about = "trained by another program on the training set of each split; its predictions were read from files";
        let (name, title, family) = (slug(&self.title), self.title.clone(), "Predictions from files".into());
        About { name, title, family, about: about.into(), sets: Vec::new() }
    }

    fn version(&self) -> String {
        let rows =
            self.scores.iter().map(|((split, set, file), score)| format!("{split},{set},{file},{score}\n"));
        digest(rows)
    }

    fn predict(&self, task: &Task<'_>) -> Result<Predicted> {
        let mut sets = Vec::new();
        for (set, list) in task.plan.sets.iter().zip(&task.split.tests) {
            let score = |row: &Scored| -> Option<f64> {
                let clip = task.plan.clip(row.clip)?.id.to_string();
                self.scores.get(&(task.split.name.clone(), set.clone(), clip)).copied()
            };
            let scores: Option<Vec<f64>> = list.iter().map(score).collect();
            sets.push(scores.map(|scores| scores.into_iter().map(Some).collect()));
        }
        let count = sets.iter().flatten().count();
        Ok(Predicted { sets, note: format!("{count} sets read"), ..Predicted::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_set_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.csv");
        let rows = "Set;Split;Video;Score\nTest-1;0;a.mp4;3,5\nTEST_SET1;1;a.mp4;4\nTrain;0;b.mp4;1\nmine;0;c.mp4;2\n";
        std::fs::write(&path, rows).unwrap();
        let mut found = Imported::default();
        found.add(&path, &["test_set1".to_owned(), "Mine".to_owned()]).unwrap();
        let keys: Vec<_> = found
            .scores
            .iter()
            .map(|((split, set, clip), score)| (&**split, &**set, &**clip, *score))
            .collect();
        let wanted =
            [("0", "Mine", "c.mp4", 2.0), ("0", "test_set1", "a.mp4", 3.5), ("1", "test_set1", "a.mp4", 4.0)];
        assert_eq!(keys, wanted);
    }

    #[test]
    fn titles_name_files() {
        assert_eq!(slug("Ours-2 (no text)"), "ours-2-no-text");
        assert!(source("Ours=run/predictions.csv").is_ok());
        for bad in ["predictions.csv", "=a.csv", "Ours=", " - =a.csv"] {
            assert!(source(bad).unwrap_err().contains("Ours=run"), "{bad}");
        }
    }
}
