//! The first stage: features of every clip, on disk. One pass through a video serves all sets that lack it.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::train::ReadArgs;
use anyhow::Result;
use dream_data::{Cropped, FrameSource, OpenOptions, open};
use dream_features::{Frame, VideoFeatures, VideoSession, VideoSpec};
use serde::{Deserialize, Serialize};

use super::deep::{DeepSession, DeepSet};
use super::sets::Set;
use super::videos::{Video, Videos, reason};
use crate::plan::shard::Shard;
use crate::plan::{Clip, Plan};
use crate::store::Store;
use crate::store::digest::digest;

const FOLDER: &str = "cache/features";

/// What the cache holds of a clip and a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Digest of video, crop, options for reading it, set and version.
    pub(crate) key: String,
    /// What was settled about the video without asking.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) assumptions: Vec<String>,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// `undefined` values stand as 0.
    Features { values: Vec<f64>, frames: u64, undefined: usize },
    /// Why there are none.
    Failed(String),
}

/// Features of all clips, by set and place in the plan; `None` where another shard has to extract them.
#[derive(Debug, Default)]
pub(crate) struct Features(BTreeMap<Set, Vec<Option<Entry>>>);

impl Features {
    pub(crate) fn entry(&self, set: Set, clip: usize) -> Option<&Entry> {
        self.0.get(&set)?.get(clip)?.as_ref()
    }

    /// The values of a clip, where it did not fail.
    pub(crate) fn values(&self, set: Set, clip: usize) -> Option<&[f64]> {
        match &self.entry(set, clip)?.outcome {
            Outcome::Features { values, .. } if values.len() == self.width(set) => Some(values),
            _ => None,
        }
    }

    /// How many values a clip has: of a deep set as many as its weights give.
    pub(crate) fn width(&self, set: Set) -> usize {
        let values = |entry: &Entry| match &entry.outcome {
            Outcome::Features { values, .. } => Some(values.len()),
            Outcome::Failed(_) => None,
        };
        let found = || self.0.get(&set)?.iter().flatten().find_map(values);
        if set.deep().is_some() { found().unwrap_or_default() } else { set.len() }
    }

    /// Pairs of clip and set that are still to be extracted, elsewhere.
    pub(crate) fn pending(&self) -> usize {
        self.0.values().flatten().filter(|entry| entry.is_none()).count()
    }
}

/// How features are extracted.
#[derive(Debug)]
pub(crate) struct Extraction<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) store: &'a Store,
    pub(crate) sets: &'a [Set],
    /// The networks of the deep sets among them.
    pub(crate) deep: &'a [Arc<DeepSet>],
    pub(crate) every: u64,
    pub(crate) videos: &'a Videos,
    pub(crate) reading: &'a ReadArgs,
    pub(crate) shard: Shard,
    pub(crate) retry_failed: bool,
}

/// A name of the cache.
pub(crate) fn name(plan: &Plan, clip: &Clip, set: Set) -> String {
    plan.cached(clip, &format!("{FOLDER}/{}", set.name()))
}

struct Extractor {
    set: Set,
    version: String,
    video: Kind,
}

enum Kind {
    Features(Box<dyn VideoFeatures>),
    Deep(Arc<DeepSet>),
}

impl Kind {
    fn start(&self, spec: VideoSpec) -> Result<Session> {
        Ok(match self {
            Self::Features(features) => Session::Features(features.start(spec)?),
            Self::Deep(deep) => Session::Deep(Box::new(deep.start(spec)?)),
        })
    }
}

/// A video in the hands of an extractor.
enum Session {
    Features(Box<dyn VideoSession>),
    Deep(Box<DeepSession>),
}

impl Session {
    fn wants_next(&self) -> bool {
        match self {
            Self::Features(session) => session.wants_next(),
            Self::Deep(session) => session.wants_next(),
        }
    }

    fn skip(&mut self) {
        match self {
            Self::Features(session) => session.skip(),
            Self::Deep(session) => session.skip(),
        }
    }

    fn push(&mut self, frame: &Frame<'_>) -> Result<()> {
        match self {
            Self::Features(session) => Ok(session.push(frame)?),
            Self::Deep(session) => session.push(frame),
        }
    }

    /// The features, and what their reader should know.
    fn finish(self) -> Result<(Outcome, Option<String>)> {
        match self {
            Self::Features(session) => {
                let features = session.finish()?;
                let (values, frames) = (features.values().to_vec(), features.frames());
                Ok((Outcome::Features { values, frames, undefined: features.replaced() }, None))
            }
            Self::Deep(session) => {
                let (values, frames, warning) = session.finish()?;
                Ok((Outcome::Features { values, frames, undefined: 0 }, warning))
            }
        }
    }
}

impl Extraction<'_> {
    /// Extracts what is not there, as far as it is the task of this shard.
    pub(crate) fn run(&self) -> Result<Features> {
        let extractors = self.sets.iter().map(|&set| {
            if let Some(deep) = self.deep.iter().find(|deep| set.deep() == Some(deep.set())) {
                return Ok(Extractor { set, version: deep.version()?, video: Kind::Deep(Arc::clone(deep)) });
            }
            let video = Kind::Features(set.extractor(self.every)?);
            Ok(Extractor { set, version: set.version(self.every)?, video })
        });
        let extractors = extractors.collect::<Result<Vec<_>>>()?;
        let bar = ::train::bar("features", self.plan.clips.len(), false)?;
        let one = |&place: &usize| -> Result<Vec<Option<Entry>>> {
            let found = self.clip(place, &extractors);
            bar.inc(1);
            found
        };
        let found = ::train::all(&(0..self.plan.clips.len()).collect::<Vec<_>>(), one)?;
        let mut sets: BTreeMap<Set, Vec<Option<Entry>>> = BTreeMap::new();
        for entries in found {
            for (set, entry) in self.sets.iter().zip(entries) {
                sets.entry(*set).or_default().push(entry);
            }
        }
        Ok(Features(sets))
    }

    /// The entries of one clip, from the cache or from the video.
    fn clip(&self, place: usize, extractors: &[Extractor]) -> Result<Vec<Option<Entry>>> {
        let Some(clip) = self.plan.clip(place) else { return Ok(Vec::new()) };
        let (ours, video) = (self.shard.has(place), self.videos.get(place));
        let reading = read(self.reading);
        let key = |extractor: &Extractor| {
            let all = |video: &Video| digest(video.key().iter().chain([&reading, &extractor.version]));
            video.map(all).ok()
        };
        let mut entries = Vec::new();
        let mut lacking = Vec::new();
        for extractor in extractors {
            let name = name(self.plan, clip, extractor.set);
            let cached = self.store.read_json::<Entry>(&name);
            let cached = cached.filter(|entry| match (key(extractor), &entry.outcome) {
                (_, Outcome::Failed(_)) if ours && self.retry_failed => false,
                (Some(key), _) => entry.key == key,
                // On a machine without the videos: what others extracted counts, and what they could not.
                (None, Outcome::Features { .. }) => true,
                (None, Outcome::Failed(_)) => !ours,
            });
            if cached.is_none() && ours {
                lacking.push((entries.len(), name, extractor));
            }
            entries.push(cached);
        }
        let used: Vec<&Extractor> = lacking.iter().map(|(_, _, extractor)| *extractor).collect();
        let (outcomes, assumptions) = match video {
            Ok(video) => extract(video, clip, &used, &self.reading.options()),
            Err(reason) => (vec![(Outcome::Failed(reason.to_owned()), None); used.len()], Vec::new()),
        };
        for ((at, name, extractor), (outcome, warning)) in lacking.iter().zip(outcomes) {
            let key = key(extractor).unwrap_or_else(|| "unreadable".to_owned());
            let assumptions = assumptions.iter().cloned().chain(warning).collect();
            let entry = Entry { key, assumptions, outcome };
            self.store.write_json(name, &entry)?;
            if let Some(slot) = entries.get_mut(*at) {
                *slot = Some(entry);
            }
        }
        Ok(entries)
    }
}

/// All that results depend on of the options for reading videos: where assumptions are errors, others fail.
pub(crate) fn read(reading: &ReadArgs) -> String {
    let strict = if reading.any.strict { "--strict" } else { "" };
    format!("{} {strict}", reading.settings().unwrap_or_default()).trim().to_owned()
}

/// Sends the frames of a video through several extractors. One that fails leaves the others alone. Also what was assumed
/// about the video.
fn extract(
    video: &Video,
    clip: &Clip,
    extractors: &[&Extractor],
    options: &OpenOptions,
) -> (Vec<(Outcome, Option<String>)>, Vec<String>) {
    if extractors.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let failed =
        |error: &anyhow::Error| (Outcome::Failed(reason(error, &video.path, clip.id.as_str())), None);
    match frames(video, extractors, options) {
        Ok((outcomes, assumptions)) => {
            (outcomes.into_iter().map(|found| found.unwrap_or_else(|e| failed(&e))).collect(), assumptions)
        }
        Err(error) => (vec![failed(&error); extractors.len()], Vec::new()),
    }
}

/// What an extractor has found, and what was assumed about the video.
type Found = (Vec<Result<(Outcome, Option<String>)>>, Vec<String>);

fn frames(video: &Video, extractors: &[&Extractor], options: &OpenOptions) -> Result<Found> {
    let mut source: Box<dyn FrameSource> = open(&video.path, options)?;
    if let Some(face) = video.face {
        source = Box::new(Cropped::new(source, face));
    }
    let info = source.info();
    let (width, height) = (info.width as usize, info.height as usize);
    let spec = VideoSpec::new(width, height, info.frame_rate.as_f64()).with_thinned(info.thinned);
    let mut sessions: Vec<_> = extractors.iter().map(|extractor| extractor.video.start(spec)).collect();
    while let Some(frame) = source.next_frame()? {
        // Converted once, and only for a session that looks at it.
        let mut converted = None;
        for slot in &mut sessions {
            let Ok(session) = slot else { continue };
            if !session.wants_next() {
                session.skip();
                continue;
            }
            if converted.is_none() {
                converted = Some(::train::view(frame.pixels())?);
            }
            if let Some(converted) = &converted
                && let Err(error) = session.push(converted)
            {
                *slot = Err(error);
            }
        }
    }
    let assumptions = source.info().assumptions.iter().map(ToString::to_string).collect();
    Ok((sessions.into_iter().map(|session| session?.finish()).collect(), assumptions))
}
