//! Clips with their scores and sentences, and what is learnt from, chosen by and tested on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use dream_data::dataset::{self, ClipId, Dataset, Labelled};
use dream_data::split::{self, Partition, ValidationUnit};
use dream_data::{FaceBoxes, RelativeBox};
use dream_models::deep::text::clip::Tokenizer;

use crate::options::{Options, Validation};

/// A clip, its score, and what people wrote about it.
#[derive(Debug, Clone)]
pub struct Clip {
    /// Its name, which the cache of frames goes by, the person and the method.
    pub about: dataset::Clip,
    /// Where the video is.
    pub path: PathBuf,
    /// The box of the face as it was listed. Only [`FaceRule::Face`](dream_models::deep::input::FaceRule::Face) looks at it, and widens it.
    pub face: Option<RelativeBox>,
    /// Mean opinion score.
    pub mos: f64,
    /// Sentences in English.
    pub sentences: Vec<String>,
}

impl Clip {
    /// A clip of a split without box and sentences.
    ///
    /// # Errors
    /// When it has no score there, or its name is not one of a video of the data set.
    pub fn labelled(dataset: &Dataset, row: &Labelled, split: usize) -> Result<Self> {
        let name = row.clip.as_str();
        let mos = row.mos.with_context(|| {
            format!("{name} has no score in split {split}: write the splits with make-splits")
        })?;
        let (about, path) = (about(row.clip.clone()), dataset.video_path(&row.clip)?);
        Ok(Self { about, path, face: None, mos, sentences: Vec::new() })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.about.id.as_str()
    }
}

/// The clips of a set under its name.
pub type NamedClips = (String, Vec<Clip>);

/// The clips of a split, with their boxes: those to train on, and those of each test set. Sentences are added by
/// [`describe`].
///
/// # Errors
/// When the split is missing or damaged, and for a clip without score or without box.
pub fn of_split(
    dataset: &Dataset,
    index: usize,
    faces: Option<&FaceBoxes>,
) -> Result<(Vec<Clip>, Vec<NamedClips>)> {
    let split = dataset.split(index).with_context(|| format!("--split {index}"))?;
    let clip = |row: &Labelled| -> Result<Clip> {
        let name = row.clip.as_str();
        let face = faces.map(|faces| {
            let missing = || format!("--boxes has no box for {name}: add a row, or use --crop");
            faces.get(name).with_context(missing)
        });
        Ok(Clip { face: face.transpose()?, ..Clip::labelled(dataset, row, index)? })
    };
    let clips = |set: Partition| split.set(set).iter().map(clip).collect::<Result<Vec<_>>>();
    let test = |set: Partition| Ok((set.file_stem().to_owned(), clips(set)?));
    Ok((clips(Partition::Train)?, Partition::TESTS.into_iter().map(test).collect::<Result<_>>()?))
}

/// Person and method of a name of the benchmark. A clip of another name is its own person and method.
#[must_use]
pub fn about(id: ClipId) -> dataset::Clip {
    let [identity, method] = [(); 2].map(|()| id.to_string());
    let own = dataset::Clip { identity, method, real: false, id: id.clone() };
    dataset::Clip::from_id(id).unwrap_or(own)
}

/// Adds the sentences of a data set to its clips.
///
/// # Errors
/// When the file of descriptions is missing or damaged.
pub fn describe<'a>(dataset: &Dataset, clips: impl Iterator<Item = &'a mut Clip>) -> Result<()> {
    let mut wanted: BTreeMap<String, Vec<&mut Clip>> = BTreeMap::new();
    for clip in clips {
        wanted.entry(clip.name().to_owned()).or_default().push(clip);
    }
    let mut rows = dataset.descriptions().context("descriptions; --no-text trains without them")?;
    while let Some(row) = rows.next_row()? {
        if let Some(clips) = wanted.get_mut(row.clip)
            && !row.english.trim().is_empty()
        {
            clips.iter_mut().for_each(|clip| clip.sentences.push(row.english.to_owned()));
        }
    }
    Ok(())
}

/// What is learnt from, what chooses the best epoch, and what is tested on, under any names.
#[derive(Debug, Clone, Default)]
pub struct Sets {
    /// To learn from.
    pub fit: Vec<Clip>,
    /// To choose by.
    pub validation: Vec<Clip>,
    /// To test on.
    pub tests: Vec<(String, Vec<Clip>)>,
}

impl Sets {
    /// Holds a fifth of a training set out. The order is kept.
    ///
    /// # Errors
    /// When a clip is in `train` twice, or there are too few to be divided.
    pub fn divide(
        train: Vec<Clip>,
        tests: Vec<(String, Vec<Clip>)>,
        options: &Options,
        seed: u64,
    ) -> Result<Self> {
        Self::divide_by(train, tests, options.validation, seed)
    }

    /// The same by what is held out as a whole.
    pub(crate) fn divide_by(
        train: Vec<Clip>,
        tests: Vec<(String, Vec<Clip>)>,
        held_out: Validation,
        seed: u64,
    ) -> Result<Self> {
        let unit = match held_out {
            Validation::Clip => ValidationUnit::Clip,
            Validation::Identity => ValidationUnit::Identity,
            Validation::Method => ValidationUnit::Method,
        };
        let known: Vec<dataset::Clip> = train.iter().map(|clip| clip.about.clone()).collect();
        let row = |clip: &Clip| Labelled { clip: clip.about.id.clone(), mos: Some(clip.mos) };
        let rows: Vec<Labelled> = train.iter().map(row).collect();
        let rule = split::Validation { seed, unit, ..split::Validation::default() };
        let (fit, _) = rule.divide(&rows, &known)?;
        // Both parts are in the order of the rows.
        let mut fit = fit.into_iter().peekable();
        let (fit, validation) =
            train.into_iter().partition(|clip| fit.next_if(|row| row.clip == clip.about.id).is_some());
        Ok(Self { fit, validation, tests })
    }

    /// All clips, those to learn from first.
    pub fn all(&self) -> impl Iterator<Item = &Clip> {
        let tests = self.tests.iter().flat_map(|(_, clips)| clips);
        self.fit.iter().chain(&self.validation).chain(tests)
    }
}

/// Token ids of each sentence of a clip, with start and end.
pub(crate) type Sentences = Vec<Vec<u32>>;

/// The sentences as a text tower reads them.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// Of the clips to learn from.
    pub(crate) fit: Vec<Sentences>,
    /// Of the clips of each test set; none for a clip that nobody described.
    pub(crate) tests: Vec<Vec<Sentences>>,
    /// The commonest different sentences to learn from.
    pub(crate) common: Vec<(String, Vec<u32>)>,
    /// Sentences to learn from that were longer than the tower takes.
    pub(crate) cut: usize,
}

impl Texts {
    /// Sentences for a tower that takes so many tokens; the `most` commonest of them are kept.
    pub(crate) fn new(sets: &Sets, tokens: usize, most: usize) -> Result<Self> {
        let tokenizer = Tokenizer::clip()?.with_context(tokens)?;
        let (mut texts, mut counts) = (Self::default(), BTreeMap::<String, (usize, Vec<u32>)>::new());
        for clip in &sets.fit {
            let (sentences, cut) = read(&tokenizer, clip)?;
            texts.cut += cut;
            for (sentence, ids) in clip.sentences.iter().zip(&sentences) {
                // A line each, as a checkpoint holds them.
                let line = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
                counts.entry(line).or_insert_with(|| (0, ids.clone())).0 += 1;
            }
            ensure!(
                !sentences.is_empty(),
                "{} has no description: add one, take it out of the split, or use --no-text",
                clip.name()
            );
            texts.fit.push(sentences);
        }
        for (_, clips) in &sets.tests {
            let read = clips.iter().map(|clip| Ok(read(&tokenizer, clip)?.0));
            texts.tests.push(read.collect::<Result<_>>()?);
        }
        let mut common: Vec<_> = counts.into_iter().collect();
        common.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        common.truncate(most);
        texts.common = common.into_iter().map(|(text, (_, ids))| (text, ids)).collect();
        Ok(texts)
    }
}

/// The sentences of a clip, and how many of them were cut.
fn read(tokenizer: &Tokenizer, clip: &Clip) -> Result<(Sentences, usize)> {
    if clip.sentences.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let read = tokenizer.encode_batch(&clip.sentences)?;
    Ok((read.unpadded().map(<[u32]>::to_vec).collect(), read.truncated()))
}
