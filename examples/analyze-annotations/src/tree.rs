//! A folder in the DREAM layout: one pass over the descriptions, and a comparison of videos, splits and descriptions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use dream_data::annotation::{Ddof, Tally};
use dream_data::dataset::{ClipId, Dataset};
use dream_data::split::Partition;
use dream_data::tagging::{Profile, Tagger};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Rows between two steps of the progress bar.
const STEP: u64 = 500;

/// The contents of the folder.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Contents {
    pub(crate) videos: usize,
    pub(crate) splits: usize,
    /// Videos without a description, and the names of the first few.
    pub(crate) videos_without_descriptions: Missing,
    /// Clips of the splits without a description.
    pub(crate) split_clips_without_descriptions: Missing,
    /// The largest difference between a score in a split and the mean of the grades; none if no split has scores.
    pub(crate) largest_mos_difference: Option<f64>,
}

/// How many clips are missing, and some of them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Missing {
    pub(crate) count: usize,
    pub(crate) some: Vec<String>,
}

/// The contents of the descriptions.
#[derive(Debug)]
pub(crate) struct Descriptions {
    pub(crate) tally: Tally,
    /// By clip; empty if no row has English text.
    pub(crate) profiles: BTreeMap<String, Profile>,
    pub(crate) without_text: u64,
}

/// Reads all descriptions, one at a time.
pub(crate) fn descriptions(dataset: &Dataset) -> Result<Descriptions> {
    let mut rows = dataset.descriptions()?;
    let path = dataset.root().join("all_descriptions_en.csv");
    let tagger = Tagger::english();
    let (mut tally, mut without_text, mut fault) = (Tally::default(), 0, None);
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {pos} descriptions, {elapsed}")?);
    let next = || {
        loop {
            let row = match rows.next_row() {
                Ok(Some(row)) => row,
                Ok(None) => return None,
                Err(error) => {
                    fault = Some(error.into());
                    return None;
                }
            };
            if let Err(error) = tally.add(row.clip, row.grade) {
                let place = format!("{}:{}", path.display(), row.line);
                fault = Some(anyhow::Error::from(error).context(place));
                return None;
            }
            if row.line % STEP == 0 {
                bar.set_position(row.line);
            }
            if row.english.trim().is_empty() {
                without_text += 1;
                continue;
            }
            return Some((row.clip.to_owned(), tagger.tag(row.english)));
        }
    };
    // No pair means a table without texts, or a fault, which is returned below.
    let profiles = Profile::per_clip(std::iter::from_fn(next)).unwrap_or_default();
    bar.finish_and_clear();
    if let Some(error) = fault {
        return Err(error);
    }
    ensure!(!tally.is_empty(), "{}: no row below the header", path.display());
    Ok(Descriptions { tally, profiles, without_text })
}

/// Compares the parts of the folder.
pub(crate) fn contents(dataset: &Dataset, tally: &Tally) -> Result<Contents> {
    let videos = dataset.videos()?;
    let splits = dataset.splits()?;
    let mut of_splits = BTreeSet::new();
    let mut largest: Option<f64> = None;
    for &index in &splits {
        let split = dataset.split(index)?;
        for row in Partition::ALL.into_iter().flat_map(|set| split.set(set)) {
            let known = tally.get(row.clip.as_str()).and_then(|counts| counts.opinion(Ddof::Population));
            if let (Some(mos), Some(known)) = (row.mos, known) {
                let difference = (mos - known.mos).abs();
                largest = Some(largest.map_or(difference, |before| before.max(difference)));
            }
            of_splits.insert(row.clip.clone());
        }
    }
    Ok(Contents {
        videos: videos.len(),
        splits: splits.len(),
        videos_without_descriptions: Missing::of(&videos, tally),
        split_clips_without_descriptions: Missing::of(&of_splits, tally),
        largest_mos_difference: largest,
    })
}

impl Missing {
    fn of<'a>(clips: impl IntoIterator<Item = &'a ClipId>, tally: &Tally) -> Self {
        let missing = clips.into_iter().filter(|clip| tally.get(clip.as_str()).is_none());
        let missing: Vec<String> = missing.map(|clip| clip.as_str().to_owned()).collect();
        Self { count: missing.len(), some: missing.into_iter().take(3).collect() }
    }
}
