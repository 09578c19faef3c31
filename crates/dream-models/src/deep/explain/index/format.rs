//! What is where in the file of an index.

use std::collections::BTreeMap;

use candle_core::DType;

use crate::{Error, Result};

pub(super) const FORMAT: &str = "dream-models.sentence-index";
pub(super) const VERSION: u64 = 1;

/// Keys of what the header says beside the tensors.
pub(super) const FORMAT_KEY: &str = "format";
pub(super) const VERSION_KEY: &str = "format_version";
pub(super) const CHECKPOINT_KEY: &str = "checkpoint_sha256";

/// Names of the tensors. Offsets count from 0, are one more than what they divide, and end with the number of all.
pub(super) const MOS: &str = "clips.mos";
pub(super) const SENTENCES: &str = "clips.sentence_offsets";
pub(super) const NAME_ENDS: &str = "clips.name_offsets";
pub(super) const TEXT_ENDS: &str = "sentences.text_offsets";
pub(super) const ROWS: &str = "sentences.representations";
pub(super) const NAMES: &str = "clips.names";
pub(super) const TEXTS: &str = "sentences.texts";

/// A clip of an index.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexedClip {
    /// Its name.
    pub name: String,
    /// Its mean opinion score.
    pub mos: f64,
    /// How many sentences it has.
    pub sentences: usize,
}

/// What an index is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    /// SHA-256 of the tensors of the checkpoint whose representations these are
    /// ([`Checkpoint::sha256`](crate::deep::checkpoint::Checkpoint::sha256)).
    pub checkpoint: String,
    /// Numbers of a representation.
    pub dim: usize,
    /// The clips, each under a name of its own.
    pub clips: Vec<IndexedClip>,
}

/// Sizes of everything in a file but the texts, which are last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) clips: usize,
    pub(super) sentences: usize,
    pub(super) dim: usize,
    pub(super) names: usize,
}

impl Sizes {
    pub(super) fn of(contents: &Contents) -> Result<Self> {
        let Contents { checkpoint, dim, clips } = contents;
        if !is_sha256(checkpoint) {
            let reason =
                format!("`{checkpoint}` is not the SHA-256 of a checkpoint: pass `Checkpoint::sha256`");
            return Err(Error::InvalidInput { argument: "checkpoint", reason });
        }
        if *dim == 0 {
            return Err(Error::InvalidConfig { field: "dim", value: 0.0, expected: "at least 1" });
        }
        if let Some(clip) = clips.iter().find(|clip| !clip.mos.is_finite()) {
            return Err(Error::NonFinite { name: format!("mos of {}", clip.name), value: clip.mos });
        }
        let mut known: Vec<&str> = clips.iter().map(|clip| clip.name.as_str()).collect();
        known.sort_unstable();
        if let Some((twice, _)) = known.iter().zip(known.iter().skip(1)).find(|(a, b)| a == b) {
            let reason = format!("{twice} is there twice: give its sentences together");
            return Err(Error::InvalidInput { argument: "clips", reason });
        }
        let sum = |of: fn(&IndexedClip) -> usize| {
            clips.iter().try_fold(0usize, |sum, clip| sum.checked_add(of(clip)))
        };
        let sizes = sum(|clip| clip.sentences).zip(sum(|clip| clip.name.len()));
        let (sentences, names) = sizes.ok_or_else(too_large)?;
        Ok(Self { clips: clips.len(), sentences, dim: *dim, names })
    }

    /// The tensors in the order of the file: those of wide numbers first, so that each begins at a multiple of its own
    /// width.
    pub(super) fn tensors(self, texts: usize) -> [(&'static str, DType, Vec<usize>); 7] {
        let Self { clips, sentences, dim, names } = self;
        [
            (MOS, DType::F64, vec![clips]),
            (SENTENCES, DType::I64, vec![clips.saturating_add(1)]),
            (NAME_ENDS, DType::I64, vec![clips.saturating_add(1)]),
            (TEXT_ENDS, DType::I64, vec![sentences.saturating_add(1)]),
            (ROWS, DType::F32, vec![sentences, dim]),
            (NAMES, DType::U8, vec![names]),
            (TEXTS, DType::U8, vec![texts]),
        ]
    }

    /// Where the tensors begin, behind a header of `header` bytes.
    pub(super) fn places(self, header: usize) -> Result<BTreeMap<&'static str, u64>> {
        let mut at = u64::try_from(header).ok();
        let mut places = BTreeMap::new();
        for (name, dtype, shape) in self.tensors(0) {
            places.insert(name, at.ok_or_else(too_large)?);
            let bytes = shape.iter().try_fold(dtype.size_in_bytes(), |bytes, &side| bytes.checked_mul(side));
            at = at.zip(bytes).and_then(|(at, bytes)| at.checked_add(u64::try_from(bytes).ok()?));
        }
        // Offsets are written as signed numbers.
        match at {
            Some(end) if i64::try_from(end).is_ok() => Ok(places),
            _ => Err(too_large()),
        }
    }
}

fn too_large() -> Error {
    let reason = "so many sentences fit into no file: make several of them".to_owned();
    Error::InvalidInput { argument: "clips", reason }
}

/// Whether a text is a SHA-256 as this library writes it.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
