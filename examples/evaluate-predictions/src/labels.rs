//! Human scores, from a CSV file or a folder of splits.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_data::split::{Partition, read_split};
use dream_data::table::{Column, Once, Spec, Table, names};

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

/// The splits, and what is to be said about them.
pub(crate) fn read(args: &Args) -> Result<(Vec<Split>, Vec<String>)> {
    let mut notes = Vec::new();
    let splits =
        if args.labels.is_dir() { folder(&args.labels, args)? } else { vec![file(args, &mut notes)?] };
    let names = |split: &Split| split.sets.keys().cloned().collect::<Vec<_>>();
    let first = splits.first().map(names).unwrap_or_default();
    ensure!(
        !first.is_empty(),
        "{}: no test set, only clips for training; --include-train evaluates those",
        args.labels.display()
    );
    for split in &splits {
        let (name, own) = (&split.name, names(split));
        ensure!(own == first, "split {name} has the test sets {own:?}, the first split {first:?}");
    }
    Ok((splits, notes))
}

/// The splits of a DREAM tree: a folder for each.
fn folder(root: &Path, args: &Args) -> Result<Vec<Split>> {
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
        for set in Partition::ALL.into_iter().filter(|set| *set != Partition::Train || args.include_train) {
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

fn file(args: &Args, notes: &mut Vec<String>) -> Result<Split> {
    let (clip, scores) = (column(&args.name_column, names::CLIP), column(&args.mos_column, names::MOS));
    let by = column(&args.by, names::SET);
    let spec = Spec {
        what: "labels with a column of clips (file, video, clip ..., or --name-column) and one of human scores (mos, mos5, \
               score ..., or --mos-column)",
        columns: &[
            Column::required(&clip),
            Column::required(&scores),
            Column::optional(names::METHOD),
            Column::optional(&["round"]),
            Column::optional(&["submit"]),
            Column { required: args.by.is_some(), ..Column::optional(&by) },
        ],
        may_lack_header: false,
    };
    let mut table = Table::open(&args.labels, &spec)?;
    let mut split = Split { name: "0".into(), train: Vec::new(), sets: BTreeMap::new() };
    let (mut once, mut spelled) = (Once::default(), BTreeMap::new());
    let (mut rows, mut empty) = (0, 0);
    while table.advance()? {
        rows += 1;
        let name = table.required(0)?.to_owned();
        once.check_with(&table, &name, "the clip", "keep one row for a clip, with the mean of its scores")?;
        if args.allow_missing && table.cell(1).is_none() {
            empty += 1;
            continue;
        }
        let clip = Clip { name, mos: table.number(1)?, method: method(&table) };
        let set = if args.by.is_some() {
            table.required(5)?.to_owned()
        } else {
            table.cell(5).unwrap_or_default().to_owned()
        };
        let train = names::is_train(&set);
        if train {
            split.train.push(clip.clone());
        }
        if !train || args.include_train {
            let set = if args.by.is_some() { set } else { "all".to_owned() };
            // The first spelling stands for the others.
            let set = spelled.entry(names::plain(&set)).or_insert(set).clone();
            split.sets.entry(set).or_default().push(clip);
        }
    }
    let path = args.labels.display();
    ensure!(rows > 0, "{path}: no rows below the header");
    if empty > 0 {
        notes.push(format!("{path}: {empty} of {rows} clips have no score; they are left out"));
    }
    if args.by.is_none() && !split.train.is_empty() && !args.include_train {
        let (count, column) = (split.train.len(), table.name(5));
        notes.push(format!(
            "{path}: {count} of {rows} clips are for training, says the column `{column}`; they are left out \
             (--include-train)"
        ));
    }
    Ok(split)
}

/// The method of the current row: its column, or round and submission.
fn method<R: Read>(table: &Table<R>) -> Option<String> {
    let cell = |column| table.cell(column).map(str::to_owned);
    cell(2).or_else(|| Some(format!("{}/{}", cell(3)?, cell(4)?)))
}

/// The names of a column: the one that was given, or the usual ones.
pub(crate) fn column<'a>(given: &'a Option<String>, usual: &[&'a str]) -> Vec<&'a str> {
    given.as_deref().map_or_else(|| usual.to_vec(), |name| vec![name])
}
