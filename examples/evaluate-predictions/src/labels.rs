//! Human scores and predictions, from CSV files.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_data::split::{Partition, read_split};
use dream_data::table::{Column, Spec, Table};

use crate::args::Args;

/// A clip with its human score.
#[derive(Debug, Clone)]
pub(crate) struct Clip {
    pub(crate) name: String,
    pub(crate) mos: f64,
    pub(crate) method: Option<String>,
}

/// One way of dividing the clips.
#[derive(Debug, Clone)]
pub(crate) struct Split {
    /// Its number, as in the column `split` of the predictions.
    pub(crate) name: String,
    pub(crate) train: Vec<Clip>,
    /// Test sets by name.
    pub(crate) sets: BTreeMap<String, Vec<Clip>>,
}

pub(crate) fn read(args: &Args) -> Result<Vec<Split>> {
    let splits = if args.labels.is_dir() { folder(&args.labels)? } else { vec![file(args)?] };
    let names = |split: &Split| split.sets.keys().cloned().collect::<Vec<_>>();
    let first = splits.first().map(names).unwrap_or_default();
    ensure!(!first.is_empty(), "{}: no test set", args.labels.display());
    for split in &splits {
        let (name, own) = (&split.name, names(split));
        ensure!(own == first, "split {name} has the test sets {own:?}, the first split {first:?}");
    }
    Ok(splits)
}

/// The splits of a DREAM tree: a folder for each.
fn folder(root: &Path) -> Result<Vec<Split>> {
    let mut splits = Vec::new();
    for index in 0.. {
        let folder = root.join(index.to_string());
        if !folder.is_dir() {
            break;
        }
        let split = read_split(&folder)?;
        let clips = |set: Partition| -> Result<Vec<Clip>> {
            let clip = |row: &dream_data::dataset::Labelled| {
                let name = row.clip.as_str().to_owned();
                let missing = || format!("{}/{set}.csv: `{name}` has no score", folder.display());
                let mos = row.mos.with_context(missing)?;
                Ok(Clip { name, mos, method: row.clip.parts().ok().map(|parts| parts.method()) })
            };
            split.set(set).iter().map(clip).collect()
        };
        let mut sets = BTreeMap::new();
        for set in [Partition::Test1, Partition::Test2, Partition::Test3] {
            let clips = clips(set)?;
            if !clips.is_empty() {
                sets.insert(set.file_stem().to_owned(), clips);
            }
        }
        splits.push(Split { name: index.to_string(), train: clips(Partition::Train)?, sets });
    }
    ensure!(!splits.is_empty(), "{}: no folder 0 with train_set.csv and test_set*.csv", root.display());
    Ok(splits)
}

fn file(args: &Args) -> Result<Split> {
    let names = column(&args.name_column, &NAMES);
    let scores = column(&args.mos_column, &["mos", "mos5", "score"]);
    let by = args.by.as_slice().iter().map(String::as_str).collect::<Vec<_>>();
    let mut columns = vec![
        Column::required(&names),
        Column::required(&scores),
        Column::optional(&["method"]),
        Column::optional(&["round"]),
        Column::optional(&["submit"]),
    ];
    if !by.is_empty() {
        columns.push(Column::required(&by));
    }
    let spec = Spec {
        what: "labels with a column of clips (file, video, clip or name) and one of human scores (mos, mos5 or score)",
        columns: &columns,
        may_lack_header: false,
    };
    let mut table = Table::open(&args.labels, &spec)?;
    let mut split = Split { name: "0".into(), train: Vec::new(), sets: BTreeMap::new() };
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    while table.advance()? {
        let cell = |column| table.text(column).map(|text| text.trim().to_owned());
        let name = table.required(0)?.to_owned();
        if let Some(first) = lines.insert(name.clone(), table.line()) {
            let reason = format!("`{name}` is on line {first} already");
            return Err(table.fault(reason, "remove one of the two rows").into());
        }
        let method = match (cell(2), cell(3), cell(4)) {
            (Some(method), ..) => Some(method),
            (_, Some(round), Some(submit)) => Some(format!("{round}/{submit}")),
            _ => None,
        };
        let clip = Clip { name, mos: table.number(1)?, method };
        match cell(5) {
            Some(set) if set.starts_with("train") => split.train.push(clip),
            set => split.sets.entry(set.unwrap_or_else(|| "all".to_owned())).or_default().push(clip),
        }
    }
    ensure!(!lines.is_empty(), "{}: no rows below the header", args.labels.display());
    Ok(split)
}

/// Usual names of the column of clips.
const NAMES: [&str; 4] = ["file", "video", "clip", "name"];

/// The names of a column: the one that was given, or the usual ones.
fn column<'a>(given: &'a Option<String>, usual: &[&'a str]) -> Vec<&'a str> {
    given.as_deref().map_or_else(|| usual.to_vec(), |name| vec![name])
}

/// Predicted scores by split and clip.
#[derive(Debug)]
pub(crate) struct Predictions {
    /// By split, then clip. The split is empty if the file has no column `split`: each row is then for every split.
    scores: BTreeMap<(String, String), f64>,
    by_split: bool,
    path: String,
}

impl Predictions {
    pub(crate) fn read(path: &Path, args: &Args) -> Result<Self> {
        let names = column(&args.name_column, &NAMES);
        let usual = ["prediction", "pred", "score", "mos"];
        let columns = column(&args.prediction_column, &usual);
        let spec = Spec {
            what: "predictions with a column of clips (file, video, clip or name) and one of predicted scores \
                   (prediction, pred, score or mos)",
            columns: &[Column::required(&names), Column::required(&columns), Column::optional(&["split"])],
            may_lack_header: false,
        };
        let mut table = Table::open(path, &spec)?;
        let (mut scores, mut by_split) = (BTreeMap::new(), false);
        while table.advance()? {
            by_split = table.text(2).is_some();
            let name = table.required(0)?;
            let key = (table.text(2).unwrap_or_default().trim().to_owned(), name.to_owned());
            if scores.insert(key, table.number(1)?).is_some() {
                let reason = format!("a second prediction for `{name}`");
                return Err(table.fault(reason, "remove one of the two rows").into());
            }
        }
        ensure!(!scores.is_empty(), "{}: no rows below the header", path.display());
        Ok(Self { scores, by_split, path: path.display().to_string() })
    }

    /// Predictions for the clips of a set, in order; `None` for a clip without one.
    pub(crate) fn of(&self, split: &str, clips: &[Clip]) -> Vec<Option<f64>> {
        let split = if self.by_split { split } else { "" };
        let of = |clip: &Clip| self.scores.get(&(split.to_owned(), clip.name.clone())).copied();
        clips.iter().map(of).collect()
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn len(&self) -> usize {
        self.scores.len()
    }
}
