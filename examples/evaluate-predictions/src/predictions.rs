//! Predicted scores, from a CSV file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use dream_data::table::{Column, Join, Spec, Table, names, why_missing};

use crate::args::Args;
use crate::labels::{Clip, Split, column};

/// Predicted scores by split and clip.
#[derive(Debug)]
pub(crate) struct Predictions {
    /// By split, then clip; `None` for an empty score. The split is empty if the file does not tell splits apart: each
    /// row is then for every split.
    scores: BTreeMap<String, BTreeMap<String, Option<f64>>>,
    by_split: bool,
    path: String,
    /// Names that were found by their file names alone.
    pub(crate) notes: Vec<String>,
}

impl Predictions {
    pub(crate) fn read(path: &Path, splits: &[Split], args: &Args) -> Result<Self> {
        let mut clip: Vec<&str> = args.prediction_name_column.as_deref().into_iter().collect();
        if clip.is_empty() {
            clip = args.name_column.as_deref().into_iter().chain(names::CLIP.iter().copied()).collect();
        }
        let usual = [names::PREDICTION, &["mos"]].concat();
        let score = column(&args.prediction_column, &usual);
        let spec = Spec {
            what: "predictions with a column of clips (file, video, clip ..., or --prediction-name-column) and one of \
                   predicted scores (prediction, pred, score ..., or --prediction-column)",
            columns: &[Column::required(&clip), Column::required(&score), Column::optional(&["split"])],
            may_lack_header: false,
        };
        let mut table = Table::open(path, &spec)?;
        let mut rows = Vec::new();
        while table.advance()? {
            let split = table.cell(2).unwrap_or_default().to_owned();
            rows.push((split, table.required(0)?.to_owned(), table.optional_number(1)?, table.line()));
        }
        ensure!(!rows.is_empty(), "{}: no rows below the header", path.display());
        // Labels that are one file are split 0; there the column may hold names of sets too, which tell nothing.
        let known = |split: &String| splits.iter().any(|known| known.name == *split);
        let by_split = table.has(2) && (splits.len() > 1 || rows.iter().any(|(split, ..)| known(split)));
        let mut found =
            Self { scores: BTreeMap::new(), by_split, path: path.display().to_string(), notes: vec![] };
        let mut lines = BTreeMap::new();
        for (split, name, score, line) in rows {
            let split = if by_split { split } else { String::new() };
            let first = lines.insert((split.clone(), name.clone()), line);
            ensure!(
                first.is_none(),
                "{}:{line}: a second prediction for `{name}` after line {}; remove one of the two rows",
                found.path,
                first.unwrap_or_default()
            );
            found.scores.entry(split).or_default().insert(name, score);
        }
        if args.prediction_column.is_none() && names::plain(table.name(1)) == "mos" {
            found.notes.push(format!(
                "{}: the column `{}` is taken for predictions",
                found.path,
                table.name(1)
            ));
        }
        found.match_file_names(splits);
        Ok(found)
    }

    /// Gives the predictions the names of the labels where they differ by folders alone.
    fn match_file_names(&mut self, splits: &[Split]) {
        for split in splits {
            let Some(scores) = self.scores.get_mut(if self.by_split { split.name.as_str() } else { "" })
            else {
                continue;
            };
            let clips = || split.sets.values().flatten().chain(&split.train);
            let wanted: Vec<&str> = clips().map(|clip| clip.name.as_str()).collect();
            let given: Vec<&str> = scores.keys().map(String::as_str).collect();
            let join = Join::of(&wanted, &given);
            if !join.by_file_name {
                continue;
            }
            let pairs = wanted.iter().zip(&join.found);
            let pairs = pairs
                .filter_map(|(name, place)| Some(((*name).to_owned(), (*given.get((*place)?)?).to_owned())));
            let pairs: Vec<(String, String)> = pairs.collect();
            if let Some((name, other)) = pairs.first() {
                let note = format!("{}: clips are matched by file name: `{other}` is `{name}`", self.path);
                self.notes.push(format!("{note}, and {} more", pairs.len() - 1));
            }
            for (name, other) in pairs {
                if let Some(score) = scores.remove(&other) {
                    scores.insert(name, score);
                }
            }
        }
    }

    /// Predictions for the clips of a set, in order; `None` for a clip without one.
    pub(crate) fn of(&self, split: &str, clips: &[Clip]) -> Vec<Option<f64>> {
        let scores = self.of_split(split);
        clips.iter().map(|clip| scores.and_then(|scores| scores.get(&clip.name).copied()).flatten()).collect()
    }

    fn of_split(&self, split: &str) -> Option<&BTreeMap<String, Option<f64>>> {
        self.scores.get(if self.by_split { split } else { "" })
    }

    /// Why clips have no prediction: an empty score, or other names.
    pub(crate) fn why_missing(&self, split: &str, missing: &[&str]) -> String {
        let Some(scores) = self.of_split(split) else {
            let there: Vec<&str> = self.scores.keys().map(String::as_str).collect();
            return format!("the column `split` has {}, and not {split}", there.join(", "));
        };
        let empty = missing.iter().filter(|name| scores.contains_key(**name)).count();
        let absent: Vec<&str> = missing.iter().copied().filter(|name| !scores.contains_key(*name)).collect();
        let given: Vec<&str> = scores.keys().map(String::as_str).collect();
        match (empty, absent.is_empty()) {
            (0, _) => why_missing(&absent, &given, ["the labels", &self.path]),
            (_, true) => "their scores are empty".to_owned(),
            _ => format!(
                "{empty} scores are empty; {}",
                why_missing(&absent, &given, ["the labels", &self.path])
            ),
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// How many scores there are.
    pub(crate) fn len(&self) -> usize {
        self.scores.values().flat_map(BTreeMap::values).flatten().count()
    }
}
