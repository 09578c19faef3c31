//! Networks: `train` trains each on the videos of a split, and it gives one row of the tables or two.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::train::{Assumptions, Clip, Job, Options, Sets, View};
use anyhow::{Context, Result, bail, ensure};
use dream_data::dataset::{ClipId, Dataset};
use serde::{Deserialize, Serialize};

use super::method::{About, Method, Predicted, Task};
use crate::features::extract::read;
use crate::features::videos::{Video, reason};
use crate::plan::{Plan, Scored};
use crate::print::{message, note};
use crate::store::digest::digest;

/// Weights and states of trainings, by split and network.
const FOLDER: &str = "cache/networks";
/// The option that gives first weights to one network.
const OF_ONE: &str = "--visual-of";
/// Cut frames, which all networks share.
const FRAMES: &str = "cache/frames";

/// What all networks of a run share.
#[derive(Debug)]
pub(crate) struct Setup {
    options: Options,
    /// First weights of the visual tower by the network's name, in place of those of the options.
    towers: BTreeMap<&'static str, PathBuf>,
    view: View,
    /// 0 for one per core.
    threads: usize,
    /// What people wrote, by place in the plan.
    sentences: Vec<Vec<String>>,
    /// Whether a clip to be scored has a description, so that a text branch can have a row.
    written: bool,
}

/// One row of a network.
#[derive(Debug, Clone)]
pub(super) struct Network {
    method: ::train::methods::Method,
    setup: Arc<Setup>,
    options: Options,
    /// Everything that the weights depend on but the clips and the seed.
    pub(super) settings: String,
    /// Of the training, which may be behind several rows.
    pub(super) name: String,
    title: String,
    family: String,
    /// What it is and looks at.
    about: String,
    /// Whether the text branch gives the scores.
    text: bool,
}

/// What tells a row from the others of its network.
pub(super) struct Label {
    /// Of the training, where no other row has the same one.
    pub(super) name: String,
    pub(super) title: String,
    pub(super) family: String,
    /// In words.
    pub(super) way: String,
}

/// What a training leaves for the rows of its network.
#[derive(Debug, Serialize, Deserialize)]
struct Scores {
    video: Predicted,
    text: Predicted,
}

impl Setup {
    /// Reads what people wrote about the clips of a plan. Where that is missing, networks are trained without text.
    pub(crate) fn new(
        plan: Option<&Plan>,
        mut options: Options,
        files: &[(&'static str, PathBuf)],
        view: &View,
        threads: usize,
    ) -> Result<Self> {
        let view = view.clone();
        let mut towers = BTreeMap::new();
        for (name, file) in files {
            let twice = towers.insert(*name, file.clone()).is_some();
            ensure!(!twice, "{OF_ONE}: {name} is named twice; a network starts from one file");
        }
        let Some(plan) = plan else {
            return Ok(Self { options, towers, view, threads, sentences: Vec::new(), written: true });
        };
        let mut clips: Vec<Clip> = plan.clips.iter().map(|clip| blank(&clip.id)).collect();
        for root in plan.described() {
            let here =
                clips.iter_mut().zip(&plan.clips).filter(|(_, clip)| plan.description(clip) == Some(root));
            ::train::describe(&Dataset::open(root)?, here.map(|(clip, _)| clip))?;
        }
        let sentences: Vec<Vec<String>> = clips.into_iter().map(|clip| clip.sentences).collect();
        options.no_text |= sentences.iter().all(Vec::is_empty);
        let has_some = |row: &Scored| sentences.get(row.clip).is_some_and(|some| !some.is_empty());
        let written = plan.splits.iter().flat_map(|split| split.tests.iter().flatten()).any(has_some);
        Ok(Self { options, towers, view, threads, sentences, written })
    }

    /// The options of the trainings of a network.
    pub(super) fn options_of(&self, network: &str) -> Options {
        let options = self.options.clone();
        match self.towers.get(network) {
            Some(file) => Options { visual: Some(file.clone()), visual_option: OF_ONE, ..options },
            None => options,
        }
    }
}

/// A network and a file of weights, for the command line.
pub(crate) fn tower(text: &str) -> Result<(&'static str, PathBuf), String> {
    let networks = ::train::methods::names();
    let known = |name: &str| networks.iter().copied().find(|known| *known == name.trim());
    match text.split_once('=').map(|(name, file)| (known(name), file)) {
        Some((Some(name), file)) if !file.is_empty() => Ok((name, file.into())),
        _ => Err(format!(
            "give a network ({}) and a file, such as opdai=det/model.safetensors",
            networks.join(", ")
        )),
    }
}

fn blank(id: &ClipId) -> Clip {
    let about = ::train::about(id.clone());
    Clip { about, path: PathBuf::new(), face: None, mos: 0.0, sentences: Vec::new() }
}

/// The rows of some networks.
pub(crate) fn rows(names: &[&str], setup: Setup) -> Result<Vec<Box<dyn Method>>> {
    if let Some(name) = setup.towers.keys().find(|name| !names.contains(name)) {
        bail!("{OF_ONE}: {name} is not among --methods: add it there");
    }
    let setup = Arc::new(setup);
    let (mut rows, mut notes) = (Vec::<Box<dyn Method>>::new(), BTreeSet::new());
    for name in names {
        let method = ::train::methods::by_name(name)?;
        let options = read_by(&method, setup.options_of(name));
        notes.extend(method.check_weights(&options).with_context(|| (*name).to_owned())?);
        let row = Network::new(method, &setup, options)?;
        let text = method.text_title(&setup.options).filter(|_| setup.written);
        rows.push(Box::new(row.clone()));
        rows.extend(text.map(|title| -> Box<dyn Method> {
            let about = format!("{}, scored by the clips' own descriptions", row.about);
            Box::new(Network { title, about, text: true, ..row })
        }));
    }
    // Several networks may start from one file.
    notes.iter().for_each(|note| note!("note: {note}"));
    Ok(rows)
}

/// The options without weights of a text tower where a network has none.
fn read_by(method: &::train::methods::Method, options: Options) -> Options {
    let text = options.text.clone().filter(|_| method.text_title(&options).is_some());
    Options { text, ..options }
}

impl Network {
    /// The row of the scores by the videos.
    pub(super) fn new(
        method: ::train::methods::Method,
        setup: &Arc<Setup>,
        options: Options,
    ) -> Result<Self> {
        let (options, none) = (read_by(&method, options), Path::new(""));
        let name = method.entry.name.to_owned();
        let row = Self {
            method,
            setup: Arc::clone(setup),
            title: method.title(&options),
            options,
            settings: String::new(),
            name: name.clone(),
            family: "Networks".to_owned(),
            about: method.about.to_owned(),
            text: false,
        };
        let settings = row.job(0, 0, &Sets::default(), none, none).settings().context(name)?.to_string();
        Ok(Self { settings, ..row })
    }

    /// The same training as a row with other words.
    pub(super) fn labelled(self, label: Label) -> Self {
        let Label { name, title, family, way } = label;
        Self { about: format!("{way}; {}", self.about), name, title, family, ..self }
    }

    fn job<'a>(&'a self, seed: u64, split: usize, sets: &'a Sets, out: &'a Path, cache: &'a Path) -> Job<'a> {
        let (Setup { view, threads, .. }, options) = (&*self.setup, &self.options);
        let (method, every, face, threads) = (self.method, view.every, view.face(), *threads);
        let (reading, quiet) = (&view.reading, false);
        // They are in the report, once for all trainings.
        let assumed = |_: &Assumptions| ();
        // The program says how many trainings it found.
        let resumed = |_, _| {};
        Job {
            method,
            options,
            seed,
            split,
            every,
            face,
            reading,
            sets,
            out,
            cache,
            threads,
            quiet,
            assumed,
            resumed,
        }
    }

    /// The clip of a row, or its name and why it cannot be used.
    fn clip(&self, task: &Task<'_>, row: &Scored) -> Result<Clip, (String, String)> {
        let name = task.plan.unique(row.clip);
        let one = || -> Result<Clip> {
            let video = task.videos.get(row.clip).map_err(|why| anyhow::anyhow!("{why}"))?;
            let mut clip = task.plan.clip(row.clip).map(|clip| blank(&clip.id)).context("no such clip")?;
            clip.about.id = ClipId::new(&name)?;
            let sentences = self.setup.sentences.get(row.clip).cloned().unwrap_or_default();
            Ok(Clip { path: video.path.clone(), face: video.listed, mos: row.mos, sentences, ..clip })
        };
        one().map_err(|error| (name.clone(), message(&error, ::train::in_words)))
    }

    /// The scores of a split: those of an earlier training of the same, or of a new one.
    fn scores(&self, task: &Task<'_>) -> Result<Scores> {
        let name = format!("{FOLDER}/{}/{}", task.split.name, self.name);
        let (folder, scores) = (task.store.root().join(&name), format!("{name}/scores.json"));
        let key = task.key(&Self { text: false, ..self.clone() });
        let before = fs::read_to_string(folder.join("key")).ok();
        // A training with other options or clips: nothing of it may be taken for this one's.
        if before.is_some_and(|before| before != key) {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        task.store.write(&format!("{name}/key"), key.as_bytes())?;
        let found = match task.store.read_json(&scores) {
            Some(found) => found,
            None => self.train(task, &folder)?,
        };
        task.store.write_json(&scores, &found)?;
        // The state is several times as large as the weights, and nothing goes on from here.
        for file in task.store.list(&name)? {
            let file_name = file.trim_start_matches(&name).trim_start_matches('/');
            if ["state.", "best."].iter().any(|start| file_name.starts_with(start)) {
                task.store.remove(&file)?;
            }
        }
        Ok(found)
    }

    /// Trains on what this machine can decode, from wherever an earlier run was stopped.
    fn train(&self, task: &Task<'_>, folder: &Path) -> Result<Scores> {
        let split = task.split;
        let mut lost: BTreeMap<String, String> = BTreeMap::new();
        let mut clips = |list: &Vec<Scored>| -> Vec<Clip> {
            let clip = |row| self.clip(task, row).map_err(|(name, why)| lost.insert(name, why)).ok();
            list.iter().filter_map(clip).collect()
        };
        let (train, tests) = (clips(&split.train), split.tests.iter().map(&mut clips).collect::<Vec<_>>());
        let number = split.name.parse().unwrap_or_default();
        let cache = task.store.root().join(FRAMES);
        let test = tests.iter().flatten().cloned().collect();
        let all = Sets { fit: train.clone(), tests: vec![(String::new(), test)], ..Sets::default() };
        let broken = self.job(split.seed, number, &all, folder, &cache).prepare()?;
        for (id, error) in broken {
            let path = all.all().find(|clip| clip.about.id == id).map(|clip| clip.path.as_path());
            let why = path
                .map_or_else(|| message(&error, ::train::in_words), |path| reason(&error, path, id.as_str()));
            lost.insert(id.to_string(), why);
        }
        let usable = |clips: Vec<Clip>| -> Vec<Clip> {
            clips.into_iter().filter(|clip| !lost.contains_key(clip.about.id.as_str())).collect()
        };
        let tests = task.plan.sets.iter().cloned().zip(tests.into_iter().map(usable)).collect();
        let sets = Sets::divide(usable(train), tests, &self.options, split.seed)?;
        let outcome = self.job(split.seed, number, &sets, folder, &cache).run()?;

        let (mut video, mut text) = (Vec::new(), Vec::new());
        for ((list, (_, clips)), scores) in split.tests.iter().zip(&sets.tests).zip(outcome.tests) {
            let names = || clips.iter().map(|clip| clip.about.id.to_string());
            let by_row = |scores: BTreeMap<String, f64>| {
                list.iter().map(|row| scores.get(&task.plan.unique(row.clip)).copied()).collect::<Vec<_>>()
            };
            video.push(Some(by_row(names().zip(scores.scores).collect())));
            let written = |(name, score): (String, Option<f64>)| Some((name, score?));
            text.push(scores.from_text.map(|text| by_row(names().zip(text).filter_map(written).collect())));
        }
        let (note, lost): (_, Vec<_>) = (outcome.note, lost.into_iter().collect());
        let text = Predicted { sets: text, note: note.clone(), ..Predicted::default() };
        Ok(Scores { video: Predicted { sets: video, note, lost, assumptions: outcome.assumptions }, text })
    }
}

impl Method for Network {
    fn about(&self, _: u64) -> About {
        let ending = if self.text { "-t" } else { "" };
        About {
            name: format!("{}{ending}", self.name),
            title: self.title.clone(),
            family: self.family.clone(),
            about: format!("{}; {}", self.about, self.settings),
            sets: Vec::new(),
        }
    }

    fn version(&self) -> String {
        let (ours, models, reading) =
            (env!("CARGO_PKG_VERSION"), dream_models::VERSION, &self.setup.view.reading);
        format!("network-2 {ours} {models} {} {}", self.settings, read(reading))
    }

    fn network(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn depends_on(&self, task: &Task<'_>, clip: usize) -> Vec<String> {
        let unreadable = || ["unreadable".to_owned(), String::new()];
        let [content, face] = task.videos.get(clip).map_or_else(|_| unreadable(), Video::key);
        let text = self.method.text_title(&self.options).is_some();
        let sentences = self.setup.sentences.get(clip).filter(|_| text);
        vec![content, face, digest(sentences.into_iter().flatten())]
    }

    fn predict(&self, task: &Task<'_>) -> Result<Predicted> {
        let Scores { video, text } = self.scores(task)?;
        Ok(if self.text { text } else { video })
    }
}
