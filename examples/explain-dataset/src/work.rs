//! From a data set and a checkpoint to explanations.

use anyhow::{Context, Result, ensure};
use dream_data::FaceBoxes;
use dream_data::dataset::Dataset;
use dream_models::deep::candle_core::DType;
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::index::SentenceIndex;
use dream_models::deep::methods::da_clip::DaClip;
use train::{Clip, NamedClips, Scoring};

use crate::args::Args;
use crate::print::{count, note, say};
use crate::profiles::{self, Found, Table};
use crate::videos::Video;
use crate::{index, tables, videos};

/// What everything below rests on.
#[allow(dead_code, reason = "for what follows")]
pub(crate) struct Explained<'a> {
    pub(crate) args: &'a Args,
    pub(crate) network: DaClip,
    /// SHA-256 of the checkpoint.
    pub(crate) sha256: String,
    pub(crate) index: SentenceIndex,
    pub(crate) sets: Vec<String>,
    /// The set of each clip, by its number.
    pub(crate) set_of: Vec<usize>,
    pub(crate) clips: Vec<Clip>,
    pub(crate) videos: Vec<Video>,
    pub(crate) found: Vec<Found>,
}

pub(crate) fn run(args: &Args) -> Result<bool> {
    let _lock = train::lock(&args.out)?;
    train::with_threads(args.threads, || {
        let explained = Explained::new(args)?;
        explained.report()?;
        Ok(true)
    })
}

impl<'a> Explained<'a> {
    fn new(args: &'a Args) -> Result<Self> {
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

        let cache = args.out.join("cache");
        std::fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
        let sha256 = checkpoint.sha256().to_owned();
        let short = sha256.get(..12).unwrap_or_default();
        let index = match &args.index {
            Some(path) => index::open(path, &checkpoint).context("--index")?,
            None => match SentenceIndex::beside(&args.weights, &checkpoint)? {
                Some(index) => index,
                None => {
                    let path = cache.join(format!("descriptions.{short}.safetensors"));
                    index::kept(&path, "training clips", &train, &network, &checkpoint)?
                }
            },
        };

        let (sets, set_of, clips) = described(tests)?;
        let frames = args.cache.clone().unwrap_or_else(|| cache.join("frames"));
        let how = Scoring {
            device: args.device,
            cache: Some(&frames),
            reading: args.reading.clone(),
            ..Scoring::default()
        };
        let videos = videos::represent(&clips, &network, &cache.join(format!("videos.{short}.jsonl")), &how)?;
        let found = profiles::look_up(&clips, &videos, &index, args.seed)?;
        Ok(Self { args, network, sha256, index, sets, set_of, clips, videos, found })
    }

    fn report(&self) -> Result<()> {
        let tables = self.tables()?;
        tables::table_vii(&self.args.out.join("table7.csv"), &tables)?;
        for table in tables.iter().take(1) {
            say!("{} (RMSE)        place  artifact  extent     all", table.set);
            for row in &table.rows {
                let [place, artifact, extent, all] = row.rmse;
                say!("  {:<20} {place:>6.3} {artifact:>9.3} {extent:>7.3} {all:>7.3}", row.name);
            }
        }
        note!(
            "explained {} by {}; wrote table7.csv to {}",
            count(self.clips.len(), "clip"),
            count(self.index.len(), "sentence"),
            self.args.out.display()
        );
        Ok(())
    }

    /// Table VII of all test clips together, and of each set.
    fn tables(&self) -> Result<Vec<Table>> {
        let of = |name: &str, wanted: &dyn Fn(usize) -> bool| {
            let rows = self.set_of.iter().zip(self.clips.iter().zip(&self.found));
            let (clips, found): (Vec<&Clip>, Vec<&Found>) =
                rows.filter(|(set, _)| wanted(**set)).map(|(_, row)| row).unzip();
            (!clips.is_empty()).then(|| profiles::table(name, &clips, &found))
        };
        let mut tables: Vec<Table> = of("all test clips", &|_| true).into_iter().collect::<Result<_>>()?;
        for (at, set) in self.sets.iter().enumerate() {
            tables.extend(of(set, &|found| found == at).transpose()?);
        }
        Ok(tables)
    }
}

/// The clips of the test sets that somebody described, with the number of their set.
fn described(tests: Vec<NamedClips>) -> Result<(Vec<String>, Vec<usize>, Vec<Clip>)> {
    let (mut sets, mut set_of, mut clips) = (Vec::new(), Vec::new(), Vec::new());
    let mut without = 0;
    for (at, (name, of_set)) in tests.into_iter().enumerate() {
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
