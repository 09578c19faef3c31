//! A split with the frames' files and the sentences of its clips.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use dream_data::RelativeBox;
use dream_data::dataset::{Clip, Dataset, Labelled};
use dream_data::split::{Partition, Validation, ValidationUnit};
use dream_models::deep::text::clip::Tokenizer;
use indicatif::ProgressBar;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::args::{self, Args};
use crate::frames::{Frames, Video};

/// A clip with everything that a step needs, but for its frames.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) identity: String,
    pub(crate) path: PathBuf,
    pub(crate) face: Option<RelativeBox>,
    pub(crate) mos: f64,
    /// Token ids of each sentence, with start and end.
    pub(crate) sentences: Vec<Vec<u32>>,
}

/// A sentence and its token ids.
pub(crate) type Sentence = (String, Vec<u32>);

#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) fit: Vec<Item>,
    pub(crate) validation: Vec<Item>,
    /// The three test sets with their names.
    pub(crate) tests: Vec<(&'static str, Vec<Item>)>,
    /// Sentences that were longer than the tower takes.
    pub(crate) truncated: usize,
    /// The commonest different sentences and their token ids.
    pub(crate) common: Vec<Sentence>,
}

impl Data {
    pub(crate) fn open(args: &Args, context: Option<usize>) -> Result<Self> {
        let dataset = Dataset::open(&args.data)?;
        let split = dataset.split(args.split).with_context(|| format!("--split {}", args.split))?;
        let train = split.set(Partition::Train);
        let known: Vec<Clip> =
            train.iter().map(|row| Clip::from_id(row.clip.clone())).collect::<dream_data::Result<_>>()?;
        let (fit, held_out) =
            Validation { seed: args.seed, unit: unit(args.validation), ..Validation::default() }
                .divide(train, &known)?;
        let faces = match &args.boxes {
            Some(path) => Some(boxes(path, args.expand)?),
            None => None,
        };
        let one = args.crop.map(|one| one.expanded(args.expand)).transpose()?;
        let item = |row: &Labelled| -> Result<Item> {
            let name = row.clip.to_string();
            let face =
                match &faces {
                    Some(faces) => Some(*faces.get(&name).with_context(|| {
                        format!("--boxes has no box for {name}: add a row, or use --crop")
                    })?),
                    None => one,
                };
            let mos = row.mos.with_context(|| {
                format!("{name} has no score in split {}: write the splits with make-splits", args.split)
            })?;
            Ok(Item {
                path: dataset.video_path(&row.clip)?,
                identity: Clip::from_id(row.clip.clone())?.identity.to_string(),
                name,
                face,
                mos,
                sentences: Vec::new(),
            })
        };
        let items = |rows: &[Labelled]| rows.iter().map(item).collect::<Result<Vec<_>>>();
        let mut fit = items(&fit)?;
        let tests = [Partition::Test1, Partition::Test2, Partition::Test3];
        let tests = tests.map(|set| Ok((set.file_stem(), items(split.set(set))?)));
        let tests = tests.into_iter().collect::<Result<Vec<_>>>()?;
        let (truncated, common) = match context {
            Some(tokens) => read_sentences(&dataset, &mut fit, tokens, args.descriptions)?,
            None => (0, Vec::new()),
        };
        Ok(Self { fit, validation: items(&held_out)?, tests, truncated, common })
    }

    /// Decodes what the cache lacks.
    pub(crate) fn prepare(&self, frames: &Frames) -> Result<()> {
        let all: Vec<&Item> = self
            .fit
            .iter()
            .chain(&self.validation)
            .chain(self.tests.iter().flat_map(|(_, set)| set))
            .collect();
        let bar = ProgressBar::new(all.len() as u64).with_style(crate::style("frames")?);
        all.par_iter().try_for_each(|item| {
            item.video(frames)?;
            bar.inc(1);
            Ok::<(), anyhow::Error>(())
        })?;
        bar.finish_and_clear();
        Ok(())
    }
}

impl Item {
    pub(crate) fn video(&self, frames: &Frames) -> Result<Video> {
        frames.get(&self.name, &self.path, self.face.as_ref())
    }
}

fn unit(validation: args::Validation) -> ValidationUnit {
    match validation {
        args::Validation::Clip => ValidationUnit::Clip,
        args::Validation::Identity => ValidationUnit::Identity,
        args::Validation::Method => ValidationUnit::Method,
    }
}

/// Adds the sentences of the clips; how many were cut, and the `most` commonest.
fn read_sentences(
    dataset: &Dataset,
    items: &mut [Item],
    context: usize,
    most: usize,
) -> Result<(usize, Vec<Sentence>)> {
    let wanted: BTreeSet<&str> = items.iter().map(|item| item.name.as_str()).collect();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut rows = dataset.descriptions().context("descriptions; --no-text trains without them")?;
    while let Some(row) = rows.next_row()? {
        if wanted.contains(row.clip) && !row.english.trim().is_empty() {
            texts.entry(row.clip.to_owned()).or_default().push(row.english.to_owned());
        }
    }
    let tokenizer = Tokenizer::clip()?.with_context(context)?;
    let mut truncated = 0;
    let mut counts: BTreeMap<String, (usize, Vec<u32>)> = BTreeMap::new();
    for item in items {
        let sentences = texts.remove(&item.name).with_context(|| {
            format!("{} has no description: add one, take it out of the split, or use --no-text", item.name)
        })?;
        let tokens = tokenizer.encode_batch(&sentences)?;
        truncated += tokens.truncated();
        let rows = tokens.rows().iter().zip(tokens.lengths());
        item.sentences = rows.map(|(row, &length)| row.iter().take(length).copied().collect()).collect();
        for (sentence, ids) in sentences.iter().zip(&item.sentences) {
            // A line each, as a checkpoint holds them.
            let line = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
            counts.entry(line).or_insert_with(|| (0, ids.clone())).0 += 1;
        }
    }
    let mut common: Vec<_> = counts.into_iter().collect();
    common.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    common.truncate(most);
    Ok((truncated, common.into_iter().map(|(text, (_, ids))| (text, ids)).collect()))
}

/// `file,x1,y1,x2,y2` with a header in any order, as `benchmark` reads it.
fn boxes(path: &Path, expand: f64) -> Result<BTreeMap<String, RelativeBox>> {
    let shown = path.display();
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("cannot read {shown}"))?;
    let header = reader.headers().with_context(|| format!("{shown}:1: no CSV header"))?.clone();
    let column = |name: &str| {
        let found = header.iter().position(|have| have.trim().trim_start_matches('\u{feff}') == name);
        found.with_context(|| format!("{shown}:1: no column {name}: the columns are file,x1,y1,x2,y2"))
    };
    let columns = [column("x1")?, column("y1")?, column("x2")?, column("y2")?];
    let file = column("file")?;
    let mut boxes = BTreeMap::new();
    for record in reader.records() {
        let record = record.with_context(|| format!("{shown}: not a CSV table"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut corners = [0.0; 4];
        for (corner, column) in corners.iter_mut().zip(columns) {
            let cell = record.get(column).unwrap_or_default().trim();
            *corner = cell.parse().with_context(|| format!("{shown}:{line}: `{cell}` is no number"))?;
        }
        let [x1, y1, x2, y2] = corners;
        let face = RelativeBox::new(x1, y1, x2, y2).and_then(|face| face.expanded(expand));
        let name = record.get(file).unwrap_or_default().trim().to_owned();
        let twice = boxes.insert(name, face.with_context(|| format!("{shown}:{line}"))?).is_some();
        ensure!(!twice, "{shown}:{line}: a second box for the clip: remove one of the two rows");
    }
    Ok(boxes)
}
