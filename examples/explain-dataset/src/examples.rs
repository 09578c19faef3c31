//! Clips that the page shows (Figures 11 and 16).

use anyhow::Result;
use dream_models::deep::explain::index::{Retrieved, SentenceIndex};

use crate::explained::Explained;
use crate::summaries::{Judged, Three, prompt, written};
use crate::tokens::{Parts, Reader};

/// A clip with what was found for it.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) clip: String,
    pub(crate) set: String,
    pub(crate) mos: f64,
    pub(crate) score: f64,
    pub(crate) nearest: Vec<Near>,
    pub(crate) summaries: Three<Vec<String>>,
    pub(crate) prompt: String,
}

/// A sentence that is near: its words with their impacts, and the clip that it was written about.
#[derive(Debug, Clone)]
pub(crate) struct Near {
    pub(crate) words: Parts,
    pub(crate) clip: String,
    pub(crate) mos: f64,
    pub(crate) cosine: f64,
}

/// So many clips, spread evenly over the opinions.
pub(crate) fn examples(
    explained: &Explained<'_>,
    reader: &Reader<'_>,
    judged: &[Three<Judged>],
    most: usize,
) -> Result<Vec<Example>> {
    let mut order: Vec<usize> = (0..explained.clips.len()).collect();
    let mos = |at: &usize| explained.clips.get(*at).map_or(0.0, |clip| clip.mos);
    order.sort_by(|a, b| mos(a).total_cmp(&mos(b)));
    let count = most.min(order.len());
    let spread = (0..count).filter_map(|i| order.get((2 * i + 1) * order.len() / (2 * count)).copied());
    let one = |at: usize| -> Option<Result<Example>> {
        let (clip, found, video) =
            (explained.clips.get(at)?, explained.found.get(at)?, explained.videos.get(at)?);
        let (judged, set) = (judged.get(at)?, explained.sets.get(*explained.set_of.get(at)?)?);
        let make = || -> Result<Example> {
            let nearest = found.nearest.iter().take(SentenceIndex::PAPER_K);
            let nearest =
                nearest.map(|near| Ok(explained.index.look_up(near)?)).collect::<Result<Vec<_>>>()?;
            let sentences: Vec<String> = nearest.iter().map(|near| near.sentence.clone()).collect();
            let near = |(near, words): (Retrieved, Parts)| Near {
                words,
                clip: near.clip.name,
                mos: near.clip.mos,
                cosine: near.cosine,
            };
            Ok(Example {
                clip: clip.name().to_owned(),
                set: set.clone(),
                mos: clip.mos,
                score: video.score,
                nearest: nearest.into_iter().zip(reader.words(&sentences)?).map(near).collect(),
                summaries: written(clip, judged, &explained.index)?,
                prompt: prompt(&found.nearest, &explained.index)?,
            })
        };
        Some(make())
    };
    spread.filter_map(one).collect()
}
