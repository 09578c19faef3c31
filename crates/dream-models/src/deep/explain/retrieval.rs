//! Descriptions that are close to a video: the texts of training videos, looked up by representation.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};

use super::index::search::{PAPER_K, Search, unit};
pub use super::index::{Neighbour, Query};
use crate::deep::checkpoint::Checkpoint;
use crate::deep::numeric::on_host;
use crate::{Error, Result};

/// Descriptions that are looked up by a video: the representations of the texts of training videos.
///
/// ```
/// use dream_models::deep::candle_core::{Device, Tensor};
/// use dream_models::deep::explain::retrieval::TextIndex;
///
/// let texts = Tensor::new(&[[1f32, 0.0], [0.0, 2.0], [3.0, 3.0]], &Device::Cpu)?;
/// let index = TextIndex::new(&texts)?;
/// let video = Tensor::new(&[1f32, 0.1], &Device::Cpu)?;
/// let nearest = index.nearest(&video, 2)?;
/// assert_eq!((nearest[0].index, nearest[1].index), (0, 2));
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TextIndex {
    /// One after the other, each of length 1, or 0 for a representation without direction.
    rows: Vec<f64>,
    len: usize,
    dim: usize,
}

impl TextIndex {
    /// How many neighbours the paper looks at.
    pub const PAPER_K: usize = PAPER_K;

    /// An index of representations, `[texts, dim]`.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for a value that is not finite, [`Error::Tensor`] for another shape.
    pub fn new(representations: &Tensor) -> Result<Self> {
        let (len, dim) = representations.dims2()?;
        let mut rows = on_host(representations)?.flatten_all()?.to_vec1::<f64>()?;
        rows.chunks_exact_mut(dim.max(1)).try_for_each(unit)?;
        Ok(Self { rows, len, dim })
    }

    /// Number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The `k` texts nearest to a representation `[dim]` of a video or a text, the nearest first, the earlier first
    /// among equals. Fewer when there are fewer.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for another width, [`Error::NonFinite`] for a value that is not finite.
    pub fn nearest(&self, representation: &Tensor, k: usize) -> Result<Vec<Neighbour>> {
        let queries = [Query::new(representation)?];
        queries.iter().try_for_each(|query| query.expect_width(self.dim))?;
        let mut search = Search::new(&queries, k, |_| Ok(Vec::new()))?;
        search.look(0, &self.rows, self.dim, true)?;
        Ok(search.finish().pop().unwrap_or_default())
    }
}

/// Descriptions with their words, as a checkpoint can carry them.
///
/// ```
/// use dream_models::deep::candle_core::{Device, Tensor};
/// use dream_models::deep::explain::retrieval::Descriptions;
///
/// let texts = ["The mouth is blurry.".to_owned(), "Nothing is wrong.".to_owned()];
/// let embedded = Tensor::new(&[[1f32, 0.0], [0.0, 2.0]], &Device::Cpu)?;
/// let known = Descriptions::new(texts.to_vec(), &embedded)?;
/// let video = Tensor::new(&[0.1f32, 3.0], &Device::Cpu)?;
/// assert_eq!(known.nearest(&video, 1)?[0].1, "Nothing is wrong.");
/// // What to add to the tensors of a checkpoint.
/// assert_eq!(Descriptions::tensors(&texts, &embedded)?.len(), 2);
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Descriptions {
    texts: Vec<String>,
    index: TextIndex,
}

const REPRESENTATIONS: &str = "descriptions.representations";
const TEXTS: &str = "descriptions.texts";

/// Whether a tensor of a checkpoint belongs to its descriptions and not to the network.
pub(crate) fn is_description(name: &str) -> bool {
    name == REPRESENTATIONS || name == TEXTS
}

impl Descriptions {
    /// Texts and their representations `[texts, dim]`, in the same order.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] when the numbers differ, those of [`TextIndex::new`].
    pub fn new(texts: Vec<String>, representations: &Tensor) -> Result<Self> {
        let index = TextIndex::new(representations)?;
        if texts.len() != index.len() {
            let (expected, found) = (index.len(), texts.len());
            return Err(Error::LengthMismatch { argument: "texts", expected, found });
        }
        Ok(Self { texts, index })
    }

    /// What to add to the tensors of a checkpoint, so that [`load`](Self::load) finds the descriptions: the
    /// representations, and the texts as bytes of UTF-8, one a line.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for a text of more than one line, and those of [`new`](Self::new).
    pub fn tensors(texts: &[String], representations: &Tensor) -> Result<BTreeMap<String, Tensor>> {
        Self::new(texts.to_vec(), representations)?;
        if let Some(at) = texts.iter().position(|text| text.contains('\n')) {
            let reason = format!("text {at} has more than one line: replace its line breaks");
            return Err(Error::InvalidInput { argument: "texts", reason });
        }
        let bytes = texts.iter().flat_map(|text| [text.as_str(), "\n"]).collect::<String>().into_bytes();
        let length = bytes.len();
        Ok(BTreeMap::from([
            (REPRESENTATIONS.to_owned(), representations.clone()),
            (TEXTS.to_owned(), Tensor::from_vec(bytes, length, &Device::Cpu)?),
        ]))
    }

    /// The descriptions that a checkpoint carries; `None` when it carries none.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for one of the two tensors without the other and for texts that are not UTF-8, and those
    /// of [`new`](Self::new).
    pub fn load(checkpoint: &Checkpoint) -> Result<Option<Self>> {
        let file = checkpoint.tensors();
        if !file.shapes().any(|(name, _)| is_description(name)) {
            return Ok(None);
        }
        let bytes = file.read(TEXTS, &Device::Cpu)?.to_vec1::<u8>()?;
        let texts =
            String::from_utf8(bytes).map_err(|error| Error::invalid("descriptions", error.to_string()))?;
        let texts = texts.lines().map(str::to_owned).collect();
        Self::new(texts, &file.read(REPRESENTATIONS, &Device::Cpu)?).map(Some)
    }

    /// Number of descriptions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The `k` descriptions nearest to a representation `[dim]`, with the cosine, the nearest first.
    ///
    /// # Errors
    ///
    /// As [`TextIndex::nearest`].
    pub fn nearest(&self, representation: &Tensor, k: usize) -> Result<Vec<(f64, &str)>> {
        let found = self.index.nearest(representation, k)?;
        let named = |near: Neighbour| Some((near.cosine, self.texts.get(near.index)?.as_str()));
        Ok(found.into_iter().filter_map(named).collect())
    }
}
