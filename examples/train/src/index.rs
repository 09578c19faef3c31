//! The index of the sentences that a network learnt from, beside its checkpoint.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use dream_data::dataset::Dataset;
use dream_data::split::Partition;
use dream_models::deep::candle_core::DType;
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::index::{Contents, IndexedClip, SentenceIndex, Writer};
use dream_models::deep::methods::da_clip::{DaClip, KIND};
use dream_models::deep::text::clip::Tokenizer;
use serde::Deserialize;

use crate::data::{Clip, Sets, describe};
use crate::options::Validation;
use crate::scoring::Scoring;
use crate::threads::{bar, with_threads};

/// Sentences that are read at once: memory does not grow with the number of all.
const BATCH: usize = 1024;

/// An index that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// Where it is.
    pub path: PathBuf,
    /// Its SHA-256.
    pub sha256: String,
    /// Sentences in it.
    pub sentences: usize,
}

/// Writes the index of the sentences of some clips as the text branch of a checkpoint reads them, beside the checkpoint and
/// under the name that [`SentenceIndex::beside`] looks for. Its bytes depend on the checkpoint and the clips alone. Of `how`
/// the device, the threads and the progress bar matter.
///
/// # Errors
/// When the checkpoint cannot be read or has no text branch, when a clip comes twice, and when the disk is full.
pub fn index(checkpoint: &Path, clips: &[Clip], how: &Scoring<'_>) -> Result<Indexed> {
    let named = || format!("the checkpoint {}", checkpoint.display());
    let file = Checkpoint::open(checkpoint).with_context(named)?;
    let path = SentenceIndex::path_beside(checkpoint, &file);
    let work = || {
        let model = DaClip::load(&file, DType::F32, &how.device.open()?).with_context(named)?;
        let contents = contents(&model, file.sha256(), clips);
        let written = write_index(&path, &contents, &model, clips, "sentences", how.quiet);
        written.with_context(|| format!("the index {}", path.display()))
    };
    let sha256 = with_threads(how.threads, work)?;
    let sentences = clips.iter().map(|clip| clip.sentences.len()).sum();
    Ok(Indexed { path, sha256, sentences })
}

/// What an index of some clips holds, as a network with this SHA-256 reads them.
#[must_use]
pub fn contents<'a>(model: &DaClip, checkpoint: &str, clips: impl IntoIterator<Item = &'a Clip>) -> Contents {
    let known = |clip: &Clip| IndexedClip {
        name: clip.name().to_owned(),
        mos: clip.mos,
        sentences: clip.sentences.len(),
    };
    let clips = clips.into_iter().map(known).collect();
    Contents { checkpoint: checkpoint.to_owned(), dim: model.config().dim, clips }
}

/// Writes the index of these clips to a file, and returns its SHA-256. `what` stands before the progress bar.
///
/// # Errors
/// When the network has no text branch, when a clip comes twice or has other sentences than `contents` says, and when the
/// disk is full.
pub fn write_index(
    path: &Path,
    contents: &Contents,
    model: &DaClip,
    clips: &[Clip],
    what: &str,
    quiet: bool,
) -> Result<String> {
    let text = model.text().context("the checkpoint was trained without descriptions")?;
    let tokenizer = Tokenizer::clip()?.with_context(text.config().max_position_embeddings)?;
    let mut writer = Writer::create(path, contents)?;
    let sentences: Vec<&str> =
        clips.iter().flat_map(|clip| clip.sentences.iter().map(String::as_str)).collect();
    let bar = bar(what, sentences.len(), quiet)?;
    for batch in sentences.chunks(BATCH) {
        let tokens = tokenizer.encode_batch(batch)?;
        writer.push(batch, &text.forward(&tokens.ids(model.device())?)?)?;
        bar.inc(batch.len() as u64);
    }
    Ok(writer.finish()?)
}

/// What a training wrote down about its clips.
#[derive(Deserialize)]
struct Trained {
    settings: Settings,
    clips: Counts,
}

#[derive(Deserialize)]
struct Settings {
    split: usize,
    seed: u64,
    validation: String,
}

#[derive(Deserialize)]
struct Counts {
    fit: usize,
}

/// The clips with their sentences that a checkpoint of `train` was fitted on, from the data set of its training: what
/// [`index()`] takes for a checkpoint that has no index yet.
///
/// # Errors
/// When the checkpoint is none of a training of DA-CLIP on a split, or the data set is not that of its training, as far as the
/// number of clips tells.
pub fn fitted_clips(checkpoint: &Path, dataset: &Dataset) -> Result<Vec<Clip>> {
    let named = || format!("the checkpoint {}", checkpoint.display());
    let file = Checkpoint::open(checkpoint).with_context(named)?;
    file.expect_kind(KIND).with_context(named)?;
    let trained = file.provenance::<Trained>().with_context(|| {
        format!("{}: it does not say which clips it was trained on; train writes it down", named())
    })?;
    let Settings { split, seed, validation } = trained.settings;
    let unit = Validation::from_str(&validation, false)
        .map_err(|reason| anyhow::anyhow!("{}: {reason}", named()))?;
    let rows = dataset.split(split).with_context(|| format!("split {split}"))?;
    let clips = rows.set(Partition::Train).iter().map(|row| Clip::labelled(dataset, row, split));
    let mut fit = Sets::divide_by(clips.collect::<Result<_>>()?, Vec::new(), unit, seed)?.fit;
    let (found, expected) = (fit.len(), trained.clips.fit);
    ensure!(
        found == expected,
        "{} was fitted on {expected} clips, split {split} of this data set gives {found}: name the data set that it was \
         trained on",
        named()
    );
    describe(dataset, fit.iter_mut())?;
    Ok(fit)
}
