//! Human scores and predictions, from CSV files.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use dream_data::split::{Partition, read_split};

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
    /// Its number, as a column `split` of the predictions names it.
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
        ensure!(
            names(split) == first,
            "split {} has the test sets {:?}, the first one {first:?}",
            split.name,
            names(split)
        );
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
                let mos = row
                    .mos
                    .with_context(|| format!("{}/{set}.csv: `{name}` has no score", folder.display()))?;
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
    let table = Table::read(&args.labels)?;
    let name =
        table.column(args.name_column.as_deref(), &["file", "video", "clip", "name"], "names of clips")?;
    let mos = table.column(args.mos_column.as_deref(), &["mos", "mos5", "score"], "human scores")?;
    let by = args.by.as_deref().map(|by| table.column(Some(by), &[], "sets")).transpose()?;
    let optional = |column: &str| table.column(Some(column), &[], "").ok();
    let (method, round, submit) = (optional("method"), optional("round"), optional("submit"));

    let mut split = Split { name: "0".into(), train: Vec::new(), sets: BTreeMap::new() };
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &table.rows {
        let clip = Clip {
            name: row.cell(name).to_owned(),
            mos: table.number(row, mos)?,
            method: match (method, round, submit) {
                (Some(method), ..) => Some(row.cell(method).to_owned()),
                (_, Some(round), Some(submit)) => Some(format!("{}/{}", row.cell(round), row.cell(submit))),
                _ => None,
            },
        };
        if let Some(before) = seen.insert(row.cell(name), row.line) {
            bail!("{} line {}: `{}` is on line {before} already", table.path, row.line, clip.name);
        }
        match by.map(|by| row.cell(by)) {
            Some(set) if set.starts_with("train") => split.train.push(clip),
            set => split.sets.entry(set.unwrap_or("all").to_owned()).or_default().push(clip),
        }
    }
    Ok(split)
}

/// Predicted scores by split and clip.
#[derive(Debug)]
pub(crate) struct Predictions {
    /// By split (empty where the file has no column `split`: the row is for every one), then clip.
    scores: BTreeMap<(String, String), f64>,
    by_split: bool,
    path: String,
}

impl Predictions {
    pub(crate) fn read(path: &Path, args: &Args) -> Result<Self> {
        let table = Table::read(path)?;
        let names = &["file", "video", "clip", "name"];
        let name = table.column(args.name_column.as_deref(), names, "names of clips")?;
        let scores = &["prediction", "pred", "score", "mos"];
        let score = table.column(args.prediction_column.as_deref(), scores, "predicted scores")?;
        let split = table.column(Some("split"), &[], "").ok();
        let mut found: BTreeMap<(String, String), f64> = BTreeMap::new();
        for row in &table.rows {
            let key = (split.map_or("", |split| row.cell(split)).to_owned(), row.cell(name).to_owned());
            let value = table.number(row, score)?;
            if found.insert(key, value).is_some() {
                bail!("{} line {}: a second prediction for `{}`", table.path, row.line, row.cell(name));
            }
        }
        Ok(Self { scores: found, by_split: split.is_some(), path: table.path })
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

/// A CSV file in memory, with line numbers.
struct Table {
    path: String,
    header: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    line: usize,
    cells: csv::StringRecord,
}

impl Row {
    fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default().trim()
    }
}

impl Table {
    fn read(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut reader = csv::Reader::from_reader(bytes);
        let header = reader.headers().with_context(|| format!("{shown} line 1: no CSV header"))?;
        let header: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let cells =
                record.with_context(|| format!("{shown}: not a CSV table with {} columns", header.len()))?;
            let line = cells.position().map_or(0, csv::Position::line);
            rows.push(Row { line: usize::try_from(line)?, cells });
        }
        ensure!(!rows.is_empty(), "{shown}: no rows below the header");
        Ok(Self { path: shown, header, rows })
    }

    /// The wanted column, or the first of the usual names that is there.
    fn column(&self, wanted: Option<&str>, usual: &[&str], what: &str) -> Result<usize> {
        let at = |name: &str| self.header.iter().position(|have| have.eq_ignore_ascii_case(name));
        let found = wanted.map_or_else(|| usual.iter().find_map(|name| at(name)), at);
        found.with_context(|| {
            let wanted = wanted.map_or_else(|| usual.join(", "), str::to_owned);
            format!("{} has no column {wanted} for the {what}; it has {}", self.path, self.header.join(", "))
        })
    }

    fn number(&self, row: &Row, column: usize) -> Result<f64> {
        let text = row.cell(column);
        let value: Option<f64> = text.parse().ok().filter(|v: &f64| v.is_finite());
        value.with_context(|| {
            let name = self.header.get(column).map_or("", String::as_str);
            format!("{} line {}: `{text}` in column {name} is not a finite number", self.path, row.line)
        })
    }
}
