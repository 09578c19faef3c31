//! What a run is about, as its folder keeps it: enough to merge shards and to write the report without the data.

use std::collections::{BTreeMap, BTreeSet};

use ::train::Assumptions;
use dream_data::split::Partition;
use serde::{Deserialize, Serialize};

use super::origin::Origin;
use crate::features::extract::{self, Entry, Outcome};
use crate::features::sets::Set;
use crate::methods::method::{About, Method};
use crate::plan::{Clip, Plan};
use crate::store::Store;
use crate::train::run::{self, Run};

/// Name of the file.
pub(crate) const FILE: &str = "protocol.json";
const FORMAT: u32 = 2;
/// The setting that is the version of this program.
pub(crate) const VERSION: &str = "version";

/// What is trained and tested on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The splits of one data set (Table IV).
    Splits,
    /// One data set against others (Table VIII).
    Across,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Protocol {
    format: u32,
    pub(crate) kind: Kind,
    pub(crate) origin: Origin,
    /// In the order of the table.
    pub(crate) methods: Vec<About>,
    /// The same features or network under several losses (Table V).
    pub(crate) losses: Vec<About>,
    /// Networks from several first weights (Table VI).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pretraining: Vec<About>,
    pub(crate) splits: Vec<String>,
    pub(crate) test_sets: Vec<String>,
    pub(crate) feature_sets: Vec<Set>,
    /// Names of the clips and of their cached features, by feature set.
    pub(crate) clips: Vec<(String, Vec<String>)>,
    /// Settings in words.
    pub(crate) settings: Vec<(String, String)>,
}

/// Something that went wrong and left a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) stage: &'static str,
    /// A clip, or a split.
    pub(crate) item: String,
    /// A feature set, or a method.
    pub(crate) what: String,
    pub(crate) error: String,
}

impl Protocol {
    /// Of the methods of all tables.
    pub(crate) fn new(
        kind: Kind,
        origin: Origin,
        plan: &Plan,
        tables: [&[Box<dyn Method>]; 3],
        every: u64,
        feature_sets: &[Set],
        settings: Vec<(String, String)>,
    ) -> Self {
        let clip = |clip: &Clip| {
            let cached = feature_sets.iter().map(|set| extract::name(plan, clip, *set)).collect();
            (clip.id.to_string(), cached)
        };
        let [methods, losses, pretraining] =
            tables.map(|methods| methods.iter().map(|method| method.about(every)).collect());
        Self {
            format: FORMAT,
            kind,
            origin,
            methods,
            losses,
            pretraining,
            splits: plan.splits.iter().map(|split| split.name.clone()).collect(),
            test_sets: plan.sets.clone(),
            feature_sets: feature_sets.to_vec(),
            clips: plan.clips.iter().map(clip).collect(),
            settings,
        }
    }

    /// A test set by what it holds, and its short name: `new people (test_set1)`.
    pub(crate) fn set_title(&self, set: &str) -> String {
        match self.set_holds(set) {
            holds if holds == set => holds.to_owned(),
            holds => format!("{holds} ({set})"),
        }
    }

    /// What a test set holds that the training set does not; another data set has its name alone.
    pub(crate) fn set_holds<'a>(&self, set: &'a str) -> &'a str {
        match Partition::from_name(set) {
            Some(Partition::Test1) if self.kind == Kind::Splits => "new people",
            Some(Partition::Test2) if self.kind == Kind::Splits => "new methods",
            Some(Partition::Test3) if self.kind == Kind::Splits => "new people and new methods",
            _ => set,
        }
    }

    /// Everything that was trained, once: one training may be behind rows of several tables.
    fn trained(&self) -> impl Iterator<Item = &About> {
        let mut names = BTreeSet::new();
        let all = self.methods.iter().chain(&self.losses).chain(&self.pretraining);
        all.filter(move |about| names.insert(&about.name))
    }

    /// The runs of some methods, by method and split; `None` for one that is not there.
    pub(crate) fn runs(&self, store: &Store, methods: &[About]) -> Vec<Vec<Option<Run>>> {
        let run = |split: &String, method: &About| store.read_json(&run::name(split, &method.name));
        methods.iter().map(|method| self.splits.iter().map(|split| run(split, method)).collect()).collect()
    }

    /// Names of what the cache must hold and does not.
    pub(crate) fn missing(&self, store: &Store) -> (usize, usize) {
        let there = |name: &String| store.root().join(name).is_file();
        let features = self.clips.iter().flat_map(|(_, names)| names).filter(|name| !there(name)).count();
        let names =
            self.trained().flat_map(|m| self.splits.iter().map(move |split| run::name(split, &m.name)));
        (features, names.filter(|name| !there(name)).count())
    }

    /// For each feature set how many values of a clip are undefined and stand as 0, on average over the clips that have it.
    pub(crate) fn undefined(&self, store: &Store) -> Vec<(Set, f64)> {
        let of = |(at, set): (usize, &Set)| {
            let (mut total, mut clips) = (0, 0_usize);
            for name in self.clips.iter().filter_map(|(_, names)| names.get(at)) {
                let entry: Option<Entry> = store.read_json(name);
                if let Some(Outcome::Features { undefined, .. }) = entry.map(|entry| entry.outcome) {
                    total += undefined;
                    clips += 1;
                }
            }
            (*set, total as f64 / clips.max(1) as f64)
        };
        self.feature_sets.iter().enumerate().map(of).collect()
    }

    /// What was assumed about the videos, of which feature sets and networks may see different frames.
    pub(crate) fn assumptions(&self, store: &Store) -> Assumptions {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (clip, names) in &self.clips {
            let entries = names.iter().filter_map(|name| store.read_json::<Entry>(name));
            all.entry(clip.clone()).or_default().extend(entries.flat_map(|entry| entry.assumptions));
        }
        for method in self.trained() {
            let runs = self.splits.iter().map(|split| run::name(split, &method.name));
            for run in runs.filter_map(|name| store.read_json::<Run>(&name)) {
                run.assumptions
                    .into_iter()
                    .for_each(|(clip, texts)| all.entry(clip).or_default().extend(texts));
            }
        }
        let some = all.into_iter().filter(|(_, texts)| !texts.is_empty());
        some.map(|(clip, texts)| (clip, texts.into_iter().collect())).collect()
    }

    /// Everything that failed, in order.
    pub(crate) fn failures(&self, store: &Store) -> Vec<Failure> {
        let mut failures = Vec::new();
        for (clip, names) in &self.clips {
            for (set, name) in self.feature_sets.iter().zip(names) {
                if let Some(Entry { outcome: Outcome::Failed(error), .. }) = store.read_json(name) {
                    let (item, what) = (clip.clone(), set.name().to_owned());
                    failures.push(Failure { stage: "features", item, what, error });
                }
            }
        }
        for method in self.trained() {
            for split in &self.splits {
                let run: Option<Run> = store.read_json(&run::name(split, &method.name));
                let Some(run) = run else { continue };
                let what = method.name.clone();
                if run.failed {
                    let item = format!("split {split}");
                    failures.push(Failure { stage: "training", item, what: what.clone(), error: run.note });
                }
                for (item, error) in run.lost {
                    let failure = Failure { stage: "frames", item, what: what.clone(), error };
                    // Once, though a clip is in many splits.
                    if !failures.contains(&failure) {
                        failures.push(failure);
                    }
                }
            }
        }
        failures
    }
}
