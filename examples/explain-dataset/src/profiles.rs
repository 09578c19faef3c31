//! Table VII: what descriptions of other videos, found by a video, say about it.

use anyhow::{Context, Result};
use dream_data::tagging::{Artifact, Extent, Place, Profile, Tagger};
use dream_eval::grouped_rmse;
use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::explain::index::{Query, Retrieved, SentenceIndex};
use serde::Serialize;
use train::{Clip, bar};

use crate::videos::Video;

/// Sentences that are looked up for a video; the table has a row for each number up to this.
pub(crate) const MOST: usize = 13;
/// Videos of one pass over the index.
const BATCH: usize = 128;

/// A row of the table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// `random-1`, `top-K`, or `random-13`, which the paper does not have.
    pub(crate) name: String,
    /// Errors of the ratios of places, artifacts, extents, and all 37.
    pub(crate) rmse: [f64; 4],
}

/// A table for some clips.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Table {
    pub(crate) set: String,
    pub(crate) clips: usize,
    pub(crate) rows: Vec<Row>,
}

/// What was found for a clip.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The nearest sentences, the nearest first.
    pub(crate) nearest: Vec<Retrieved>,
    /// Sentences that have nothing to do with it.
    pub(crate) random: Vec<String>,
}

/// Looks up the sentences nearest to each video, and as many at random.
pub(crate) fn look_up(
    clips: &[Clip],
    videos: &[Video],
    index: &SentenceIndex,
    seed: u64,
) -> Result<Vec<Found>> {
    let bar = bar("retrieval", clips.len(), false)?;
    let own = |clip: &Clip| index.clips().iter().position(|known| known.name == clip.name());
    let mut found = Vec::with_capacity(clips.len());
    let pairs: Vec<(&Clip, &Video)> = clips.iter().zip(videos).collect();
    for batch in pairs.chunks(BATCH) {
        let query = |(clip, video): &(&Clip, &Video)| -> Result<Query> {
            let row = Tensor::new(video.representation.as_slice(), &Device::Cpu)?;
            Ok(Query::new(&row)?.without(own(clip)))
        };
        let queries = batch.iter().map(query).collect::<Result<Vec<_>>>()?;
        let nearest = index.nearest(&queries, MOST)?;
        for ((clip, _), nearest) in batch.iter().zip(nearest) {
            let own: Vec<usize> = own(clip).into_iter().collect();
            let random = index.random(MOST, seed, found.len() as u64, &own)?;
            found.push(Found {
                nearest: nearest.iter().map(|near| Ok(index.look_up(near)?)).collect::<Result<_>>()?,
                random: random.into_iter().map(|at| Ok(index.sentence(at)?)).collect::<Result<_>>()?,
            });
        }
        bar.inc(batch.len() as u64);
    }
    Ok(found)
}

/// The table of some clips, all of which have sentences of their own.
pub(crate) fn table(set: &str, clips: &[&Clip], found: &[&Found]) -> Result<Table> {
    let truth = clips.iter().map(|clip| ratios(&clip.sentences)).collect::<Result<Vec<_>>>()?;
    let row = |name: String, texts: &dyn Fn(&Found) -> Vec<String>| -> Result<Row> {
        let seen = found.iter().map(|found| ratios(&texts(found))).collect::<Result<Vec<_>>>()?;
        Ok(Row { name, rmse: errors(&seen, &truth)? })
    };
    let random =
        |k: usize| move |found: &Found| -> Vec<String> { found.random.iter().take(k).cloned().collect() };
    let mut rows = vec![row("random-1".to_owned(), &random(1))?];
    for k in 1..=MOST {
        let top = |found: &Found| found.nearest.iter().take(k).map(|near| near.sentence.clone()).collect();
        rows.push(row(format!("top-{k}"), &top)?);
    }
    // Many random sentences are near the average video, which one alone is not: what retrieval has to beat.
    rows.push(row(format!("random-{MOST}"), &random(MOST))?);
    Ok(Table { set: set.to_owned(), clips: clips.len(), rows })
}

/// Places, artifacts, extents.
fn group_of(label: usize) -> usize {
    let (places, artifacts) = (Place::ALL.len(), Artifact::ALL.len());
    usize::from(label >= places) + usize::from(label >= places + artifacts)
}

/// How often sentences have each of the 37 labels.
fn ratios<T: AsRef<str>>(sentences: &[T]) -> Result<Vec<f64>> {
    let tagger = Tagger::english();
    let profile = Profile::from_tags(sentences.iter().map(|text| tagger.tag(text.as_ref())))
        .context("the index has no sentence of another clip")?;
    Ok(profile.iter().map(|(_, ratio)| ratio).collect())
}

fn errors(seen: &[Vec<f64>], truth: &[Vec<f64>]) -> Result<[f64; 4]> {
    let labels = Place::ALL.len() + Artifact::ALL.len() + Extent::ALL.len();
    let group: Vec<usize> = truth.iter().flat_map(|_| (0..labels).map(group_of)).collect();
    let errors = grouped_rmse(&seen.concat(), &truth.concat(), &group)?;
    let of = |group: usize| {
        errors.groups.iter().find(|(number, ..)| *number == group).map(|(_, _, rmse)| *rmse).unwrap_or(0.0)
    };
    Ok([of(0), of(1), of(2), errors.all])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_fall_into_the_groups_of_the_paper() {
        let count = |group| (0..37).filter(|label| group_of(*label) == group).count();
        assert_eq!([0, 1, 2].map(count), [14, 19, 4]);
    }

    #[test]
    fn errors_by_hand() {
        // A place, an artifact and an extent that nobody saw.
        let (seen, mut truth) = (vec![0.0; 37], vec![0.0; 37]);
        [(0, 0.5), (14, 0.5), (33, 1.0)].into_iter().for_each(|(label, ratio)| truth[label] = ratio);
        let found = errors(&[seen], &[truth]).unwrap();
        let expected = [0.25 / 14.0, 0.25 / 19.0, 1.0 / 4.0, 1.5 / 37.0].map(f64::sqrt);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} instead of {expected}");
        }
        assert_eq!(ratios(&["The mouth is blurry."]).unwrap().len(), 37);
    }
}
