use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};

use super::check::{
    BLOCK, check_notes, check_tensors, check_text_offsets, invalid, numbers, offsets, place, shape, spans,
};
use super::format::{IndexedClip, MOS, NAME_ENDS, NAMES, ROWS, SENTENCES, Sizes, TEXT_ENDS, TEXTS};
use super::search::{Neighbour, PAPER_K, Query, Search};
use crate::deep::checkpoint::{Checkpoint, TensorFile};
use crate::random::SplitMix64;
use crate::{Error, Result};

/// Sentences of training clips with their representations, in a file beside a checkpoint.
///
/// Opening checks sizes, types and offsets and keeps the table of clips; representations and texts stay in the file. A
/// search reads all representations once, block by block, for any number of queries, so that its memory does not grow
/// with the number of sentences. [`Writer`](super::Writer) has an example.
///
/// Representations are those of the tower, not of length 1: the regressor scores them as they are, and dividing by a
/// length costs a search less than reading does.
#[derive(Debug)]
pub struct SentenceIndex {
    file: TensorFile,
    checkpoint: String,
    clips: Vec<IndexedClip>,
    /// Where the sentences of each clip begin, and the number of all.
    first: Vec<usize>,
    sentences: usize,
    dim: usize,
    block: usize,
}

/// A sentence that was found, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrieved {
    /// The sentence.
    pub sentence: String,
    /// The clip that it was written about.
    pub clip: IndexedClip,
    /// How near it is, -1 to 1.
    pub cosine: f64,
}

impl SentenceIndex {
    /// How many neighbours the paper looks at.
    pub const PAPER_K: usize = PAPER_K;

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::OtherFile`] for a file that is something else, [`Error::UnsupportedFormat`] for tensors that
    /// are no index and for another version, [`Error::InvalidModel`] for one that is cut off, damaged or contradicts
    /// itself, [`Error::NonFiniteTensor`] for a score that is not finite.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::new(TensorFile::open(path)?)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        Self::new(TensorFile::from_bytes(bytes)?)
    }

    /// Where the index of a checkpoint is looked for: next to its JSON file, with a part of its hash in the name.
    #[must_use]
    pub fn path_beside(json: &Path, checkpoint: &Checkpoint) -> PathBuf {
        let digest = checkpoint.sha256().get(..12).unwrap_or_default();
        json.with_file_name(format!("descriptions.{digest}.safetensors"))
    }

    /// The index beside a checkpoint, whose JSON file is `json`; `None` when there is none.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open) and [`expect_checkpoint`](Self::expect_checkpoint).
    pub fn beside(json: &Path, checkpoint: &Checkpoint) -> Result<Option<Self>> {
        let path = Self::path_beside(json, checkpoint);
        if !path.exists() {
            return Ok(None);
        }
        let index = Self::open(path)?;
        index.expect_checkpoint(checkpoint.sha256())?;
        Ok(Some(index))
    }

    fn new(file: TensorFile) -> Result<Self> {
        let checkpoint = check_notes(&file)?;
        let sizes = check_tensors(&file)?;
        let first = offsets(&file, SENTENCES, sizes.clips, sizes.sentences)?;
        let names = offsets(&file, NAME_ENDS, sizes.clips, sizes.names)?;
        let mos = file.read(MOS, &Device::Cpu)?.to_vec1::<f64>()?;
        let text = String::from_utf8(file.part(NAMES, 0, sizes.names)?)
            .map_err(|error| invalid(format!("the names of the clips are not UTF-8: {error}")))?;
        let mut clips = Vec::with_capacity(sizes.clips);
        for ((range, name), mos) in spans(&first).zip(spans(&names)).zip(mos) {
            let name =
                text.get(name).ok_or_else(|| invalid("a name begins inside of a letter".to_owned()))?;
            clips.push(IndexedClip { name: name.to_owned(), mos, sentences: range.len() });
        }
        let texts = shape(&file, TEXTS).iter().product();
        check_text_offsets(&file, sizes.sentences, texts)?;
        let Sizes { sentences, dim, .. } = sizes;
        Ok(Self { file, checkpoint, clips, first, sentences, dim, block: BLOCK })
    }

    /// The same, reading about so many bytes at once. Results do not depend on it.
    #[must_use]
    pub fn with_block_bytes(mut self, bytes: usize) -> Self {
        self.block = bytes;
        self
    }

    /// Refuses an index that was made with another checkpoint; `sha256` is that of its tensors.
    ///
    /// # Errors
    ///
    /// [`Error::OtherCheckpoint`] with both.
    pub fn expect_checkpoint(&self, sha256: &str) -> Result<()> {
        if self.checkpoint == sha256 {
            return Ok(());
        }
        Err(Error::OtherCheckpoint { index: self.checkpoint.clone(), checkpoint: sha256.to_owned() })
    }

    /// SHA-256 of the tensors of the checkpoint that it was made with.
    #[must_use]
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    /// SHA-256 of the file, which is read for it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn sha256(&self) -> Result<String> {
        self.file.sha256()
    }

    /// Number of sentences.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sentences
    }

    /// Whether there is no sentence.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sentences == 0
    }

    /// Numbers of a representation.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The clips.
    #[must_use]
    pub fn clips(&self) -> &[IndexedClip] {
        &self.clips
    }

    /// The sentences of a clip, by its number; none for a number that no clip has.
    #[must_use]
    pub fn sentences_of(&self, clip: usize) -> Range<usize> {
        let next = clip.checked_add(1).and_then(|next| self.first.get(next));
        self.first.get(clip).zip(next).map_or(0..0, |(&from, &to)| from..to)
    }

    /// The number of the clip that a sentence was written about; `None` for a sentence that there is not.
    #[must_use]
    pub fn clip_of(&self, sentence: usize) -> Option<usize> {
        // Of clips without sentences and the one behind them, which begin at the same place, it is the last.
        let behind = self.first.partition_point(|&first| first <= sentence);
        (sentence < self.sentences).then(|| behind.checked_sub(1)).flatten()
    }

    /// A sentence.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for a number that no sentence has, [`Error::InvalidModel`] for one that is not UTF-8,
    /// [`Error::Io`].
    pub fn sentence(&self, sentence: usize) -> Result<String> {
        self.known(sentence)?;
        let ends = numbers(&self.file.part(TEXT_ENDS, sentence, 2)?);
        let (Some(from), Some(to)) = (place(&ends, 0), place(&ends, 1)) else {
            return Err(invalid(format!("sentence {sentence} has no place")));
        };
        let bytes = self.file.part(TEXTS, from, to.saturating_sub(from))?;
        String::from_utf8(bytes)
            .map_err(|error| invalid(format!("sentence {sentence} is not UTF-8: {error}")))
    }

    /// A neighbour with its sentence and clip.
    ///
    /// # Errors
    ///
    /// As [`sentence`](Self::sentence).
    pub fn look_up(&self, found: &Neighbour) -> Result<Retrieved> {
        let sentence = self.sentence(found.index)?;
        let clip = self.clip_of(found.index).and_then(|clip| self.clips.get(clip)).cloned();
        let clip = clip.ok_or_else(|| invalid(format!("sentence {} has no clip", found.index)))?;
        Ok(Retrieved { sentence, clip, cosine: found.cosine })
    }

    /// Representations of some sentences, one after the other, `[sentences, dim]`, as the tower gave them.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for numbers that no sentences have, [`Error::NonFiniteTensor`], [`Error::Io`].
    pub fn representations(&self, sentences: Range<usize>) -> Result<Tensor> {
        if let Some(last) = sentences.clone().next_back() {
            self.known(last)?;
        }
        let rows = self.rows(sentences.clone())?;
        Ok(Tensor::from_vec(rows, (sentences.len(), self.dim), &Device::Cpu)?)
    }

    /// The `k` sentences that are nearest to each query, the nearest first, the earlier first among equals. Fewer when there
    /// are fewer.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for a query of another width, [`Error::InvalidInput`] for one without a clip that there is
    /// not, [`Error::NonFiniteTensor`] for a representation that is not finite, [`Error::Io`].
    pub fn nearest(&self, queries: &[Query], k: usize) -> Result<Vec<Vec<Neighbour>>> {
        queries.iter().try_for_each(|query| query.expect_width(self.dim))?;
        let mut search = Search::new(queries, k, |clips| self.ranges(clips))?;
        self.blocks(|first, rows| search.look(first, rows, self.dim, false))?;
        Ok(search.finish())
    }

    /// `k` different sentences at random, without those of some clips; all when there are fewer. What comes out depends on
    /// `seed` and `draw` alone: another draw for each video that is compared with chance.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for a clip that there is not.
    pub fn random(&self, k: usize, seed: u64, draw: u64, without: &[usize]) -> Result<Vec<usize>> {
        let ranges = self.ranges(without)?;
        let left = self.sentences - ranges.iter().map(Range::len).sum::<usize>();
        let mut random = SplitMix64::stream(seed, draw);
        // Floyd's draw without replacement, then their order.
        let mut drawn = BTreeSet::new();
        for last in left - k.min(left)..left {
            let one = random.below(last + 1);
            if !drawn.insert(one) {
                drawn.insert(last);
            }
        }
        let behind = |one: usize| {
            ranges.iter().fold(one, |at, range| if at >= range.start { at + range.len() } else { at })
        };
        let mut drawn: Vec<usize> = drawn.into_iter().map(behind).collect();
        random.shuffle(&mut drawn);
        Ok(drawn)
    }

    /// Reads the whole file: whether all representations are finite and all sentences UTF-8. What is read later is checked
    /// then; this is for those who want to know before.
    ///
    /// # Errors
    ///
    /// [`Error::NonFiniteTensor`], [`Error::InvalidModel`] for a sentence that is not UTF-8, [`Error::Io`].
    pub fn verify(&self) -> Result<()> {
        self.blocks(|_, _| Ok(()))?;
        (0..self.sentences).try_for_each(|sentence| self.sentence(sentence).map(drop))
    }

    /// Calls `work` with all representations, some rows at a time, and the number of the first of them.
    fn blocks(&self, mut work: impl FnMut(usize, &[f32]) -> Result<()>) -> Result<()> {
        let rows = (self.block / (4 * self.dim.max(1))).max(1);
        for first in (0..self.sentences).step_by(rows) {
            work(first, &self.rows(first..self.sentences.min(first + rows))?)?;
        }
        Ok(())
    }

    fn rows(&self, sentences: Range<usize>) -> Result<Vec<f32>> {
        let place = |count: usize| {
            count.checked_mul(self.dim).ok_or_else(|| invalid("representations fit no memory".to_owned()))
        };
        let bytes = self.file.part(ROWS, place(sentences.start)?, place(sentences.len())?)?;
        let (values, _) = bytes.as_chunks();
        Ok(values.iter().map(|value| f32::from_le_bytes(*value)).collect())
    }

    /// The sentences of some clips, in order and each once; clips without sentences are left aside.
    fn ranges(&self, clips: &[usize]) -> Result<Vec<Range<usize>>> {
        if let Some(clip) = clips.iter().find(|clip| **clip >= self.clips.len()) {
            let reason = format!("there is no clip {clip}, the index has {}", self.clips.len());
            return Err(Error::InvalidInput { argument: "without", reason });
        }
        let clips: BTreeSet<usize> = clips.iter().copied().collect();
        Ok(clips.into_iter().map(|clip| self.sentences_of(clip)).filter(|range| !range.is_empty()).collect())
    }

    fn known(&self, sentence: usize) -> Result<()> {
        if sentence < self.sentences {
            return Ok(());
        }
        let reason = format!("there is no sentence {sentence}, the index has {}", self.sentences);
        Err(Error::InvalidInput { argument: "sentence", reason })
    }
}
