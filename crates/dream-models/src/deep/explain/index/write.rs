use std::collections::BTreeMap;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use candle_core::{DType, Tensor};

use super::format::{
    CHECKPOINT_KEY, Contents, FORMAT, FORMAT_KEY, MOS, NAME_ENDS, NAMES, ROWS, SENTENCES, Sizes, TEXT_ENDS,
    TEXTS, VERSION, VERSION_KEY,
};
use crate::deep::checkpoint::{TensorFile, reserved};
use crate::files::Partial;
use crate::{Error, Result};

/// Writes an index batch by batch: memory does not grow with the number of sentences, but for 24 bytes and the name of
/// each clip.
///
/// The number of sentences is known from the start, so everything but the texts has its place in the file and the texts
/// are last. The file appears complete or not at all, under its name, and its bytes do not depend on the batches.
///
/// ```
/// use dream_models::deep::candle_core::{Device, Tensor};
/// use dream_models::deep::explain::index::{Contents, IndexedClip, Query, SentenceIndex, Writer};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("index.safetensors");
/// let clip = |name: &str, mos, sentences| IndexedClip { name: name.to_owned(), mos, sentences };
/// let contents = Contents {
///     checkpoint: "0123456789abcdef".repeat(4),
///     dim: 2,
///     clips: vec![clip("a.mp4", 2.5, 2), clip("b.mp4", 4.0, 1)],
/// };
/// let mut writer = Writer::create(&path, &contents)?;
/// let rows = Tensor::new(&[[1f32, 0.0], [0.0, 2.0]], &Device::Cpu)?;
/// writer.push(&["The mouth is blurry.", "Stiff eyes."], &rows)?;
/// writer.push(&["Natural."], &Tensor::new(&[[3f32, 3.0]], &Device::Cpu)?)?;
/// let sha256 = writer.finish()?;
///
/// let index = SentenceIndex::open(&path)?;
/// assert_eq!((index.len(), index.sha256()?), (3, sha256));
/// let query = Query::new(&Tensor::new(&[1f32, 0.1], &Device::Cpu)?)?;
/// let found = index.nearest(&[query.without([0])], SentenceIndex::PAPER_K)?;
/// let nearest = index.look_up(&found[0][0])?;
/// assert_eq!((nearest.sentence.as_str(), nearest.clip.name.as_str()), ("Natural.", "b.mp4"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    partial: Partial,
    path: PathBuf,
    sizes: Sizes,
    notes: BTreeMap<String, String>,
    /// Bytes of the header.
    header: usize,
    /// Where the tensors begin.
    places: BTreeMap<&'static str, u64>,
    /// Sentences that are written, and the bytes of their texts.
    done: usize,
    texts: usize,
}

impl Writer {
    /// Begins a file.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for a checkpoint that is no SHA-256, two clips of one name, or more sentences than fit into a
    /// file; [`Error::InvalidConfig`] for representations of no number, [`Error::NonFinite`] for a score that is not finite,
    /// [`Error::Io`].
    pub fn create(path: impl AsRef<Path>, contents: &Contents) -> Result<Self> {
        let path = path.as_ref();
        let sizes = Sizes::of(contents)?;
        // Before anything is counted together.
        sizes.places(0)?;
        let notes = BTreeMap::from([
            (FORMAT_KEY.to_owned(), FORMAT.to_owned()),
            (VERSION_KEY.to_owned(), VERSION.to_string()),
            (CHECKPOINT_KEY.to_owned(), contents.checkpoint.clone()),
        ]);
        // The number of bytes of the texts stands there twice, and has at most 19 digits.
        let header = (reserved(named(sizes, 0), &notes, None)?.len() + 40).next_multiple_of(8);
        let places = sizes.places(header)?;
        let io = |source| Error::Io { action: "write", path: Some(path.to_owned()), source };
        let partial = Partial::create(path).map_err(io)?;
        let (done, texts) = (0, 0);
        let mut writer = Self { partial, path: path.to_owned(), sizes, notes, header, places, done, texts };
        writer.put_clips(contents)?;
        Ok(writer)
    }

    /// The tables of clips, which do not depend on what is pushed.
    fn put_clips(&mut self, contents: &Contents) -> Result<()> {
        let clips = &contents.clips;
        let mos: Vec<u8> = clips.iter().flat_map(|clip| clip.mos.to_le_bytes()).collect();
        let sentences = offsets(0, clips.iter().map(|clip| clip.sentences));
        let ends = offsets(0, clips.iter().map(|clip| clip.name.len()));
        let names: String = clips.iter().map(|clip| clip.name.as_str()).collect();
        self.put(MOS, 0, &mos)?;
        self.put(SENTENCES, 0, &[&0i64.to_le_bytes()[..], &sentences].concat())?;
        self.put(NAME_ENDS, 0, &[&0i64.to_le_bytes()[..], &ends].concat())?;
        self.put(NAMES, 0, names.as_bytes())?;
        self.put(TEXT_ENDS, 0, &0i64.to_le_bytes())
    }

    /// Adds sentences with their representations, `[sentences, dim]`: those of the first clip first, in batches of any
    /// size.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for other numbers of sentences and rows, another width, and more sentences than the clips
    /// have; [`Error::NonFinite`] for a value that is not finite, [`Error::Tensor`] for another shape, [`Error::Io`].
    pub fn push<T: AsRef<str>>(&mut self, sentences: &[T], representations: &Tensor) -> Result<()> {
        let (rows, dim) = representations.dims2()?;
        let wrong = |argument, expected, found| Err(Error::LengthMismatch { argument, expected, found });
        if rows != sentences.len() {
            return wrong("sentences", rows, sentences.len());
        }
        if dim != self.sizes.dim {
            return wrong("representations", self.sizes.dim, dim);
        }
        if rows > self.sizes.sentences - self.done {
            return wrong("sentences", self.sizes.sentences - self.done, rows);
        }
        let values = representations.to_device(&candle_core::Device::Cpu)?.to_dtype(DType::F32)?;
        let values = values.flatten_all()?.to_vec1::<f32>()?;
        if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
            return Err(Error::NonFinite { name: "representations".to_owned(), value: value.into() });
        }
        let values: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
        let texts: String = sentences.iter().map(AsRef::as_ref).collect();
        let ends = offsets(self.texts, sentences.iter().map(|text| text.as_ref().len()));
        let (done, width) = (self.done as u64, dim as u64 * 4);
        self.put(ROWS, done * width, &values)?;
        self.put(TEXT_ENDS, (done + 1) * 8, &ends)?;
        self.put(TEXTS, self.texts as u64, texts.as_bytes())?;
        self.done += rows;
        self.texts += texts.len();
        Ok(())
    }

    /// Puts the file in its place and gives its SHA-256.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] when sentences of the clips are missing, [`Error::Io`].
    pub fn finish(mut self) -> Result<String> {
        if self.done < self.sizes.sentences {
            let (expected, found) = (self.sizes.sentences, self.done);
            return Err(Error::LengthMismatch { argument: "sentences", expected, found });
        }
        let header = reserved(named(self.sizes, self.texts), &self.notes, Some(self.header))?;
        self.write_at(0, &header)?;
        let sha256 = TensorFile::open(self.partial.place())?.sha256()?;
        let io = |source| Error::Io { action: "write", path: Some(self.path.clone()), source };
        self.partial.finish().map_err(io)?;
        Ok(sha256)
    }

    /// Writes into a tensor, `from` bytes behind its start.
    fn put(&mut self, tensor: &str, from: u64, bytes: &[u8]) -> Result<()> {
        let place = self.places.get(tensor).copied().unwrap_or_default();
        self.write_at(place.saturating_add(from), bytes)
    }

    fn write_at(&mut self, place: u64, bytes: &[u8]) -> Result<()> {
        let file = &mut self.partial.file;
        let written = file.seek(SeekFrom::Start(place)).and_then(|_| file.write_all(bytes));
        let io = |source: io::Error| Error::Io { action: "write", path: Some(self.path.clone()), source };
        written.map_err(io)
    }
}

fn named(sizes: Sizes, texts: usize) -> Vec<(String, DType, Vec<usize>)> {
    sizes.tensors(texts).into_iter().map(|(name, dtype, shape)| (name.to_owned(), dtype, shape)).collect()
}

/// Where things of these lengths end, one behind the other from `start` on. Their sum was found to fit.
fn offsets(start: usize, lengths: impl Iterator<Item = usize>) -> Vec<u8> {
    let end = |at: &mut usize, length: usize| {
        *at = at.saturating_add(length);
        Some(i64::try_from(*at).unwrap_or(i64::MAX).to_le_bytes())
    };
    lengths.scan(start, end).flatten().collect()
}
