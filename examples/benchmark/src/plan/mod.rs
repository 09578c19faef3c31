//! What is to be done: clips, and for each split the lists to train and to test on.

pub(crate) mod faces;
pub(crate) mod shard;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use dream_data::dataset::{ClipId, Dataset, Labelled, read_mos_list};
use dream_data::split::Partition;
use dream_data::{name_of, path_of};
use serde::{Deserialize, Serialize};

/// A folder of videos, and the name that its clips are cached under.
#[derive(Debug)]
struct Source {
    name: String,
    /// What people call it: the name of its folder or list.
    title: String,
    videos: PathBuf,
    /// The folder of its descriptions, where it has some.
    described: Option<PathBuf>,
    stand_in: bool,
}

impl Source {
    /// `path` is the folder or the list that it was given as.
    fn new(name: Option<&str>, videos: PathBuf, path: &Path) -> Self {
        let stem = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let stem = if path.is_dir() { stem.file_name() } else { stem.file_stem() };
        let title = stem.map_or_else(|| "data".into(), name_of);
        let described = path.join("all_descriptions_en.csv").is_file().then(|| path.to_owned());
        let name = name.map_or_else(|| title.clone(), str::to_owned);
        // A list lies beside its videos, or in the folder above.
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
        let stand_in = [folder, &folder.join("..")].into_iter().any(is_stand_in);
        Self { name, title, videos, described, stand_in }
    }
}

/// Whether a folder is one of `synthesize-dataset`, which leaves the planted truth in it.
fn is_stand_in(folder: &Path) -> bool {
    let truth = fs::read(folder.join("truth.json")).ok();
    let truth = truth.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    truth.is_some_and(|truth| truth.pointer("/config/a").is_some_and(serde_json::Value::is_number))
}

/// A data set as a report names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DataSet {
    pub(crate) name: String,
    /// Made by `synthesize-dataset`: neither its clips nor its scores are real.
    pub(crate) stand_in: bool,
    pub(crate) clips: usize,
}

/// A clip of one of the sources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Clip {
    source: usize,
    pub(crate) id: ClipId,
}

/// A clip, by its place in the plan, and its mean opinion score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    pub(crate) clip: usize,
    pub(crate) mos: f64,
}

/// One way of training and testing.
#[derive(Debug)]
pub(crate) struct Split<T = Scored> {
    pub(crate) name: String,
    pub(crate) train: Vec<T>,
    /// In the order of [`Plan::sets`].
    pub(crate) tests: Vec<Vec<T>>,
    /// What every draw for this split depends on.
    pub(crate) seed: u64,
}

#[derive(Debug)]
pub(crate) struct Plan {
    sources: Vec<Source>,
    /// In an order that every machine agrees on.
    pub(crate) clips: Vec<Clip>,
    /// Names of the test sets.
    pub(crate) sets: Vec<String>,
    pub(crate) splits: Vec<Split>,
}

impl Plan {
    /// The first `count` splits of a DREAM tree.
    pub(crate) fn of_tree(root: &Path, count: usize, seed: u64) -> Result<Self> {
        let dataset = Dataset::open(root).context("--data")?;
        let there = dataset.splits()?;
        ensure!(
            there.len() >= count && count > 0,
            "{} has {} splits, and {count} are asked for: pass --splits {}, or draw splits with make-splits",
            root.display(),
            there.len(),
            there.len().max(1)
        );
        let mut lists = Vec::new();
        for &index in there.iter().take(count) {
            let split = dataset.split(index)?;
            let list = |set: Partition| -> Result<Vec<(Clip, f64)>> {
                scored(split.set(set), 0, &dataset.split_path(index, set))
            };
            lists.push(Split {
                name: index.to_string(),
                seed: seed.wrapping_add(index as u64),
                train: list(Partition::Train)?,
                tests: Partition::TESTS.into_iter().map(list).collect::<Result<_>>()?,
            });
        }
        let sets = Partition::TESTS.map(|set| set.file_stem().to_owned());
        Ok(Self::new(vec![Source::new(Some("data"), root.join("videos"), root)], sets.into(), lists))
    }

    /// All of one data set to train on, every other one to test on, `repeats` times with other seeds.
    pub(crate) fn across(train: &Path, tests: &[PathBuf], repeats: usize, seed: u64) -> Result<Self> {
        ensure!(repeats > 0, "--repeats 0 measures nothing: ask for at least 1");
        let mut sources = Vec::new();
        let mut load = |path: &Path| -> Result<Vec<(Clip, f64)>> {
            let source = sources.len();
            let (videos, rows) = everything(path)?;
            sources.push(Source::new(None, videos, path));
            rows.iter().map(|row| scored_one(row, source, path)).collect()
        };
        let train = load(train)?;
        let tests = tests.iter().map(|path| load(path)).collect::<Result<Vec<_>>>()?;
        let mut names = BTreeSet::new();
        for source in &sources {
            ensure!(
                names.insert(source.name.as_str()),
                "two of the data sets are called {}: rename one folder or list, the tables go by the name",
                source.name
            );
        }
        let sets = sources.iter().skip(1).map(|source| source.name.clone()).collect();
        let lists = (0..repeats).map(|repeat| Split {
            name: repeat.to_string(),
            seed: seed.wrapping_add(repeat as u64),
            train: train.clone(),
            tests: tests.clone(),
        });
        Ok(Self::new(sources, sets, lists.collect()))
    }

    fn new(sources: Vec<Source>, sets: Vec<String>, lists: Vec<Split<(Clip, f64)>>) -> Self {
        let all = lists.iter().flat_map(|split| split.train.iter().chain(split.tests.iter().flatten()));
        let clips: BTreeSet<Clip> = all.map(|(clip, _)| clip.clone()).collect();
        let clips: Vec<Clip> = clips.into_iter().collect();
        let places: BTreeMap<&Clip, usize> = clips.iter().zip(0..).collect();
        let place = |list: Vec<(Clip, f64)>| -> Vec<Scored> {
            let one = |(clip, mos): (Clip, f64)| Some(Scored { clip: *places.get(&clip)?, mos });
            list.into_iter().filter_map(one).collect()
        };
        let splits = lists.into_iter().map(|lists| Split {
            name: lists.name,
            seed: lists.seed,
            train: place(lists.train),
            tests: lists.tests.into_iter().map(place).collect(),
        });
        Self { splits: splits.collect(), sources, clips, sets }
    }

    /// The data sets: the one that is trained on first.
    pub(crate) fn data(&self) -> Vec<DataSet> {
        let clips = |source: usize| self.clips.iter().filter(|clip| clip.source == source).count();
        let one = |(at, source): (usize, &Source)| DataSet {
            name: source.title.clone(),
            stand_in: source.stand_in,
            clips: clips(at),
        };
        self.sources.iter().enumerate().map(one).collect()
    }

    /// Where the video of a clip is.
    pub(crate) fn video(&self, clip: &Clip) -> PathBuf {
        self.sources.get(clip.source).map_or_else(PathBuf::new, |s| s.videos.join(path_of(clip.id.as_str())))
    }

    /// Where something about a clip is cached: a name below `folder`.
    pub(crate) fn cached(&self, clip: &Clip, folder: &str) -> String {
        let source = self.sources.get(clip.source).map_or("", |source| source.name.as_str());
        format!("{folder}/{source}/{}.json", clip.id)
    }

    /// The folders with descriptions.
    pub(crate) fn described(&self) -> impl Iterator<Item = &Path> {
        self.sources.iter().filter_map(|source| source.described.as_deref())
    }

    /// The folder with the descriptions of a clip.
    pub(crate) fn description(&self, clip: &Clip) -> Option<&Path> {
        self.sources.get(clip.source)?.described.as_deref()
    }

    /// A name that no other clip has, of whatever source.
    pub(crate) fn unique(&self, place: usize) -> String {
        let Some(clip) = self.clip(place) else { return String::new() };
        match self.sources.get(clip.source) {
            Some(source) if self.sources.len() > 1 => format!("{}/{}", source.name, clip.id),
            _ => clip.id.to_string(),
        }
    }

    pub(crate) fn clip(&self, place: usize) -> Option<&Clip> {
        self.clips.get(place)
    }
}

/// Everything that a tree's splits or a list have scores for, and the folder of the videos.
fn everything(path: &Path) -> Result<(PathBuf, Vec<Labelled>)> {
    if !path.is_dir() {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        return Ok((folder, read_mos_list(path)?));
    }
    let rows = Dataset::open(path)?.labelled()?;
    if rows.is_empty() {
        bail!("{} has no splits with scores: pass a list file,mos, or run make-splits", path.display());
    }
    Ok((path.join("videos"), rows))
}

fn scored(rows: &[Labelled], source: usize, path: &Path) -> Result<Vec<(Clip, f64)>> {
    ensure!(!rows.is_empty(), "{} has no clips: draw larger sets with make-splits", path.display());
    rows.iter().map(|row| scored_one(row, source, path)).collect()
}

fn scored_one(row: &Labelled, source: usize, path: &Path) -> Result<(Clip, f64)> {
    let mos = row.mos.with_context(|| {
        format!(
            "{} has no scores: add a column mos (make-splits writes it where all_descriptions_en.csv is)",
            path.display()
        )
    })?;
    let inside = Path::new(row.clip.as_str()).components().all(|part| matches!(part, Component::Normal(_)));
    ensure!(
        inside,
        "{}: `{}` leaves the folder of the videos: use names relative to it",
        path.display(),
        row.clip
    );
    Ok((Clip { source, id: row.clip.clone() }, mos))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(root: &Path, mos: &str) {
        for index in 0..2 {
            let folder = root.join(format!("splits/{index}"));
            fs::create_dir_all(&folder).unwrap();
            for set in Partition::ALL {
                let clip = (set.index() + index) % 4;
                fs::write(folder.join(set.file_name()), format!("C1/{clip}-1-1-target.mp4{mos}\n")).unwrap();
            }
        }
    }

    #[test]
    fn a_tree_gives_its_splits_and_each_clip_a_place() {
        let folder = tempfile::tempdir().unwrap();
        tree(folder.path(), ",3.5");
        let plan = Plan::of_tree(folder.path(), 2, 7).unwrap();
        assert_eq!((plan.clips.len(), plan.splits.len(), plan.sets.len()), (4, 2, 3));
        assert_eq!(plan.splits[1].seed, 8);
        assert_eq!(plan.splits[1].train, [Scored { clip: 1, mos: 3.5 }]);
        assert_eq!(plan.cached(&plan.clips[1], "x"), "x/data/C1/1-1-1-target.mp4.json");
        let data = |plan: Plan| plan.data().pop().unwrap();
        assert_eq!((data(plan).stand_in, folder.path().join("truth.json").exists()), (false, false));
        for (truth, stand_in) in
            [("{\"config\": {\"a\": 0.18}}", true), ("{\"config\": {}}", false), ("", false)]
        {
            fs::write(folder.path().join("truth.json"), truth).unwrap();
            let found = data(Plan::of_tree(folder.path(), 2, 7).unwrap());
            let name = folder.path().file_name().unwrap().to_str().unwrap();
            assert_eq!((&*found.name, found.stand_in, found.clips), (name, stand_in, 4), "{truth}");
        }
        let error = Plan::of_tree(folder.path(), 3, 0).unwrap_err().to_string();
        assert!(error.contains("has 2 splits, and 3 are asked for: pass --splits 2"), "{error}");
    }

    #[test]
    fn faults_name_the_file_and_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        tree(folder.path(), "");
        let error = Plan::of_tree(folder.path(), 1, 0).unwrap_err().to_string();
        assert!(error.contains("train_set.csv has no scores: add a column mos"), "{error}");
        let list = folder.path().join("out.csv");
        fs::write(&list, "file,mos\n../x.mp4,3\n").unwrap();
        let error = Plan::across(&list, &[], 1, 0).unwrap_err().to_string();
        assert!(error.contains("out.csv: `../x.mp4` leaves the folder"), "{error}");
    }

    #[test]
    fn across_trains_on_all_of_one_and_tests_on_the_lists() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("mine");
        tree(&root, ",3.5");
        let list = folder.path().join("other.csv");
        fs::write(&list, "a.mp4,1\nb.mp4,2\n").unwrap();
        let plan = Plan::across(&root, std::slice::from_ref(&list), 3, 5).unwrap();
        assert_eq!(
            (plan.clips.len(), plan.splits.len(), plan.sets.as_slice()),
            (6, 3, &["other".to_owned()][..])
        );
        assert_eq!(
            (plan.splits[2].seed, plan.splits[2].train.len(), plan.splits[2].tests[0].len()),
            (7, 4, 2)
        );
        assert_eq!(plan.video(&plan.clips[4]), folder.path().join("a.mp4"));
        let twice = Plan::across(&root, &[list.clone(), list], 1, 0).unwrap_err().to_string();
        assert!(twice.contains("two of the data sets are called other"), "{twice}");
    }
}
