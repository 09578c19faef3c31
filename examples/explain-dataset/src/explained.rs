//! From a data set and a checkpoint to explanations.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use dream_data::FaceBoxes;
use dream_data::dataset::Dataset;
use dream_models::deep::candle_core::DType;
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::index::SentenceIndex;
use dream_models::deep::methods::da_clip::DaClip;
use dream_models::deep::train::draws::Draws;
use train::{Clip, NamedClips, Scoring};

use crate::args::Args;
use crate::print::{count, note};
use crate::profiles::{self, Found};
use crate::videos::Video;
use crate::{index, videos};

/// Purpose of draws.
const CLIPS: u64 = 1;

/// What every table and figure rests on.
pub(crate) struct Explained<'a> {
    pub(crate) args: &'a Args,
    pub(crate) network: DaClip,
    /// SHA-256 of the checkpoint.
    pub(crate) sha256: String,
    /// The sentences of training clips.
    pub(crate) index: SentenceIndex,
    /// Those of the test clips.
    pub(crate) own: SentenceIndex,
    pub(crate) sets: Vec<String>,
    /// The set of each clip, by its number.
    pub(crate) set_of: Vec<usize>,
    /// The test clips that somebody described, and what belongs to each.
    pub(crate) clips: Vec<Clip>,
    pub(crate) videos: Vec<Video>,
    pub(crate) found: Vec<Found>,
    frames: PathBuf,
}

impl<'a> Explained<'a> {
    pub(crate) fn new(args: &'a Args) -> Result<Self> {
        let named = || format!("--weights {}", args.weights.display());
        let checkpoint = Checkpoint::open(&args.weights).with_context(named)?;
        let network = DaClip::load(&checkpoint, DType::F32, &args.device.open()?).with_context(named)?;
        ensure!(
            network.text().is_some(),
            "{}: it was trained without descriptions, so it finds none",
            named()
        );
        let dataset = Dataset::open(&args.data).context("--data")?;
        let faces = args.boxes.as_ref().map(FaceBoxes::read).transpose()?;
        let (mut train, mut tests) = train::of_split(&dataset, args.split, faces.as_ref())?;
        let all = train.iter_mut().chain(tests.iter_mut().flat_map(|(_, clips)| clips));
        train::describe(&dataset, all).context("explanations need descriptions")?;
        let (sets, set_of, clips) = described(tests)?;

        let cache = args.out.join("cache");
        std::fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
        let sha256 = checkpoint.sha256().to_owned();
        let short = sha256.get(..12).unwrap_or_default();
        let beside = || SentenceIndex::beside(&args.weights, &checkpoint);
        let index = match args.index.as_ref().map(|path| index::open(path, &checkpoint).context("--index")) {
            Some(index) => Some(index?),
            None => beside()?,
        };
        let kept = |name: &str, what: &str, clips: &[Clip]| {
            let path = cache.join(format!("{name}-{}.{short}.safetensors", args.split));
            index::kept(&path, what, clips, &network, &checkpoint)
        };
        let index = index.map_or_else(|| kept("training", "training clips", &train), Ok)?;
        let own = kept("tests", "test clips", &clips)?;

        let frames = args.cache.clone().unwrap_or_else(|| cache.join("frames"));
        let list = cache.join(format!("videos.{short}.jsonl"));
        let mut explained = Self {
            args,
            network,
            sha256,
            index,
            own,
            sets,
            set_of,
            clips,
            videos: Vec::new(),
            found: Vec::new(),
            frames,
        };
        explained.videos = videos::represent(&explained.clips, &explained.network, &list, &explained.how())?;
        explained.found =
            profiles::look_up(&explained.clips, &explained.videos, &explained.index, args.seed)?;
        Ok(explained)
    }

    /// How videos are read.
    pub(crate) fn how(&self) -> Scoring<'_> {
        let (device, reading) = (self.args.device, self.args.reading.clone());
        Scoring { device, cache: Some(&self.frames), reading, ..Scoring::default() }
    }

    /// So many clips at random, all of them for 0 or where there are fewer; their places, from the first on.
    pub(crate) fn some(&self, most: usize) -> Vec<usize> {
        let count = self.clips.len();
        if most == 0 || most >= count {
            return (0..count).collect();
        }
        let mut chosen = Draws::of(self.args.seed, &[CLIPS]).some(count, most);
        chosen.sort_unstable();
        chosen
    }
}

/// The clips of the test sets that somebody described, with the number of their set.
fn described(tests: Vec<NamedClips>) -> Result<(Vec<String>, Vec<usize>, Vec<Clip>)> {
    let (mut sets, mut set_of, mut clips) = (Vec::new(), Vec::new(), Vec::new());
    let mut without = 0;
    for ((name, of_set), at) in tests.into_iter().zip(0..) {
        sets.push(name);
        for clip in of_set {
            if clip.sentences.is_empty() {
                without += 1;
            } else {
                set_of.push(at);
                clips.push(clip);
            }
        }
    }
    if without > 0 {
        note!("note: {} without a description left out", count(without, "test clip"));
    }
    ensure!(!clips.is_empty(), "--data: no test clip of the split has a description");
    Ok((sets, set_of, clips))
}
