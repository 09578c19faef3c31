//! Table VII: what descriptions of other videos, found by a video, say about it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use dream_data::tagging::{LabelKind, Profile, Tagger, Tags};
use dream_eval::grouped_rmse;
use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::explain::index::{Neighbour, Query, SentenceIndex};
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

/// What was found for a clip. The sentences themselves stay in the index: there may be millions.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The nearest sentences, the nearest first.
    pub(crate) nearest: Vec<Neighbour>,
    /// The places in the index of sentences that have nothing to do with it.
    pub(crate) random: Vec<usize>,
    /// What people wrote about it, how often with which label.
    truth: Profile,
    /// The labels of the sentences above, in their order.
    near_tags: Vec<Tags>,
    random_tags: Vec<Tags>,
}

/// Looks up the sentences nearest to each video, and as many at random.
pub(crate) fn look_up(
    clips: &[Clip],
    videos: &[Video],
    index: &SentenceIndex,
    seed: u64,
) -> Result<Vec<Found>> {
    let bar = bar("retrieval", clips.len(), false)?;
    let places: BTreeMap<&str, usize> =
        index.clips().iter().map(|clip| clip.name.as_str()).zip(0..).collect();
    let own = |clip: &Clip| places.get(clip.name()).copied();
    let mut found = Vec::with_capacity(clips.len());
    let pairs: Vec<(&Clip, &Video)> = clips.iter().zip(videos).collect();
    for batch in pairs.chunks(BATCH) {
        let query = |(clip, video): &(&Clip, &Video)| -> Result<Query> {
            let row = Tensor::new(video.representation.as_slice(), &Device::Cpu)?;
            Ok(Query::new(&row)?.without(own(clip)))
        };
        let queries = batch.iter().map(query).collect::<Result<Vec<_>>>()?;
        for ((clip, _), nearest) in batch.iter().zip(index.nearest(&queries, MOST)?) {
            let own: Vec<usize> = own(clip).into_iter().collect();
            let random = index.random(MOST, seed, found.len() as u64, &own)?;
            found.push(Found::new(clip, nearest, random, index)?);
        }
        bar.inc(batch.len() as u64);
    }
    Ok(found)
}

impl Found {
    pub(crate) fn new(
        clip: &Clip,
        nearest: Vec<Neighbour>,
        random: Vec<usize>,
        index: &SentenceIndex,
    ) -> Result<Self> {
        let tagger = Tagger::english();
        let tags = |at: usize| -> Result<Tags> { Ok(tagger.tag(&index.sentence(at)?)) };
        Ok(Self {
            truth: profile(clip.sentences.iter().map(|text| tagger.tag(text)))?,
            near_tags: nearest.iter().map(|near| tags(near.index)).collect::<Result<_>>()?,
            random_tags: random.iter().map(|at| tags(*at)).collect::<Result<_>>()?,
            nearest,
            random,
        })
    }
}

/// The labels of one kind of sentences that were found.
type Labels = fn(&Found) -> &[Tags];

/// The table of some clips.
pub(crate) fn table(set: &str, found: &[&Found]) -> Result<Table> {
    let row = |name: String, tags: Labels, k: usize| -> Result<Row> {
        let seen = found.iter().map(|found| profile(tags(found).iter().take(k).copied()));
        Ok(Row { name, rmse: errors(&seen.collect::<Result<Vec<_>>>()?, found)? })
    };
    let near: Labels = |found| &found.near_tags;
    let random: Labels = |found| &found.random_tags;
    let mut rows = vec![row("random-1".to_owned(), random, 1)?];
    for k in 1..=MOST {
        rows.push(row(format!("top-{k}"), near, k)?);
    }
    // Many random sentences are near the average video, which one alone is not: what retrieval has to beat.
    rows.push(row(format!("random-{MOST}"), random, MOST)?);
    Ok(Table { set: set.to_owned(), clips: found.len(), rows })
}

/// How often sentences have each of the 37 labels.
fn profile(tags: impl IntoIterator<Item = Tags>) -> Result<Profile> {
    Profile::from_tags(tags).context("the index has no sentence of another clip")
}

/// The errors of ratios that were told from some sentences.
fn errors(seen: &[Profile], found: &[&Found]) -> Result<[f64; 4]> {
    let ratios = |profile: &Profile| profile.iter().map(|label| label.ratio).collect::<Vec<f64>>();
    let kinds = |profile: &Profile| profile.iter().map(|label| label.kind.index()).collect::<Vec<usize>>();
    let truth: Vec<f64> = found.iter().flat_map(|found| ratios(&found.truth)).collect();
    let seen_all: Vec<f64> = seen.iter().flat_map(ratios).collect();
    let groups: Vec<usize> = seen.iter().flat_map(kinds).collect();
    let errors = grouped_rmse(&seen_all, &truth, &groups)?;
    let of = |kind: LabelKind| {
        let own = errors.groups.iter().find(|(number, ..)| *number == kind.index());
        own.map_or(0.0, |(_, _, rmse)| *rmse)
    };
    let [place, artifact, extent] = LabelKind::ALL.map(of);
    Ok([place, artifact, extent, errors.all])
}

#[cfg(test)]
mod tests {
    use dream_models::deep::explain::index::{Contents, IndexedClip, Writer};

    use super::*;

    fn found(truth: &str, near: &[&str]) -> Found {
        let tagger = Tagger::english();
        let tags = |texts: &[&str]| texts.iter().map(|text| tagger.tag(text)).collect::<Vec<_>>();
        Found {
            nearest: Vec::new(),
            random: Vec::new(),
            truth: profile(tags(&[truth])).unwrap(),
            near_tags: tags(near),
            random_tags: tags(&["Severe noise on the ears."]),
        }
    }

    #[test]
    fn errors_by_hand() {
        // Both are severe; the first sentence has another place and another artifact, and the second is right.
        let found =
            found("Severe blur at the mouth.", &["Severe noise on the ears.", "Severe blur at the mouth."]);
        let table = table("x", &[&found]).unwrap();
        let of = |name: &str| table.rows.iter().find(|row| row.name == name).unwrap().rmse;
        let expected = |off: f64| {
            let two = 2.0 * off * off;
            [two / 14.0, two / 19.0, 0.0, 2.0 * two / 37.0].map(f64::sqrt)
        };
        for (name, off) in [("top-1", 1.0), ("top-2", 0.5), ("random-1", 1.0), ("top-13", 0.5)] {
            for (found, expected) in of(name).iter().zip(expected(off)) {
                assert!((found - expected).abs() < 1e-12, "{name}: {found} instead of {expected}");
            }
        }
        assert_eq!(table.rows.len(), 15);
    }

    /// Two clips of an index and one that is not in it: a clip's own sentences are neither near nor random.
    #[test]
    fn a_clip_is_not_told_from_its_own_sentences() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.safetensors");
        let indexed = |name: &str| IndexedClip { name: name.into(), mos: 2.0, sentences: 2 };
        let clips = vec![indexed("C1/1-a.mp4"), indexed("C1/1-b.mp4")];
        let contents = Contents { checkpoint: "0".repeat(64), dim: 2, clips };
        let mut writer = Writer::create(&path, &contents).unwrap();
        let rows = [[1.0_f32, 0.0], [0.9, 0.1], [0.5, 0.5], [0.0, 1.0]];
        let rows = Tensor::new(&rows, &Device::Cpu).unwrap();
        let sentences =
            ["Blur on the nose.", "Blur on the chin.", "Noise on the ears.", "Severe noise on the eyes."];
        writer.push(&sentences, &rows).unwrap();
        writer.finish().unwrap();
        let index = SentenceIndex::from_bytes(std::fs::read(&path).unwrap()).unwrap();
        let clip = |name: &str| Clip {
            about: train::about(name.parse().unwrap()),
            path: "nowhere".into(),
            face: None,
            mos: 2.0,
            sentences: vec!["Blur on the nose.".to_owned()],
        };
        let clips = ["C1/1-a.mp4", "C1/1-b.mp4", "C1/1-c.mp4"].map(clip);
        let video = Video { score: 2.0, representation: vec![1.0, 0.0] };
        let found = look_up(&clips, &[video.clone(), video.clone(), video], &index, 1).unwrap();
        let near = |found: &Found| found.nearest.iter().map(|near| near.index).collect::<Vec<_>>();
        let drawn = |found: &Found| {
            let mut drawn = found.random.clone();
            drawn.sort_unstable();
            drawn
        };
        let seen: Vec<_> = found.iter().map(|found| (near(found), drawn(found))).collect();
        let all = vec![0, 1, 2, 3];
        assert_eq!(seen, [(vec![2, 3], vec![2, 3]), (vec![0, 1], vec![0, 1]), (all.clone(), all)]);
        assert_eq!(found[0].near_tags[1], Tagger::english().tag("Severe noise on the eyes."));
    }

    #[test]
    fn no_sentence_is_an_error() {
        let empty = found("Blur", &[]);
        assert!(table("x", &[&empty]).unwrap_err().to_string().contains("no sentence"));
    }
}
