//! All stages of a run, as far as a shard can go.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result};
use rayon::ThreadPoolBuilder;

use crate::args::{self, Splits};
use crate::features::deep::DeepSet;
use crate::features::extract::{Extraction, read};
use crate::features::sets::Set;
use crate::features::videos::Videos;
use crate::methods::method::{About, Method, Task};
use crate::methods::network::Setup;
use crate::methods::variants::{self, Ablation};
use crate::methods::{first_weights, loss_head, registry};
use crate::plan::Plan;
use crate::plan::faces::Faces;
use crate::plan::shard::Shard;
use crate::print::{note, say};
use crate::report;
use crate::report::date;
use crate::report::origin::Origin;
use crate::report::protocol::{FILE, Kind, Protocol, VERSION};
use crate::store::Store;
use crate::train::Training;
use crate::train::run::name;

/// What is to be done.
pub(crate) struct Work<'a> {
    pub(crate) args: &'a args::Work,
    /// As it was typed.
    pub(crate) command: &'a str,
    pub(crate) plan: &'a Plan,
    pub(crate) kind: Kind,
    pub(crate) methods: Vec<Box<dyn Method>>,
    pub(crate) more: More,
}

/// The methods of further tables.
#[derive(Default)]
pub(crate) struct More {
    /// Table V.
    pub(crate) losses: Vec<Box<dyn Method>>,
    /// Table VI.
    pub(crate) pretraining: Vec<Box<dyn Method>>,
}

impl More {
    /// Those that are asked for. Files of first weights are read.
    pub(crate) fn of(splits: &Splits, plan: Option<&Plan>) -> Result<Self> {
        let setup = || setup(&splits.work, plan).map(Arc::new);
        let losses = match splits.loss_ablation {
            Some(Ablation::Head(set)) => loss_head::heads(set),
            Some(Ablation::Tower) => variants::by_loss(&setup()?)?,
            None => Vec::new(),
        };
        let pretraining = match splits.pretraining.as_slice() {
            [] => Vec::new(),
            starts => first_weights::by_first_weights(starts, &setup()?)?,
        };
        Ok(Self { losses, pretraining })
    }

    /// In the order of the tables.
    pub(crate) fn all(&self) -> impl Iterator<Item = &dyn Method> {
        self.losses.iter().chain(&self.pretraining).map(|method| &**method)
    }
}

impl Work<'_> {
    /// Whether everything is done and nothing failed.
    pub(crate) fn run(mut self) -> Result<bool> {
        date::given()?;
        drop(self.methods.splice(..0, registry::baselines(self.kind == Kind::Across)));
        let Self { args, plan, .. } = self;
        let mut names = BTreeSet::new();
        let all = self.methods.iter().map(|method| &**method).chain(self.more.all());
        // One training may be behind rows of several tables.
        let all: Vec<&dyn Method> = all.filter(|method| names.insert(method.name())).collect();
        let mut sets: Vec<Set> = all.iter().flat_map(|method| method.sets()).collect();
        sets.sort_unstable();
        sets.dedup();
        let deep: Vec<Arc<DeepSet>> = all.iter().filter_map(|method| method.deep()).collect();
        let faces = Faces::new(&args.view)?;
        let pool =
            ThreadPoolBuilder::new().num_threads(args.jobs).build().context("cannot start the threads")?;
        let store = Store::open(&args.out)?;
        let runs =
            plan.splits.iter().flat_map(|split| all.iter().map(|method| name(&split.name, &method.name())));
        let there = runs.filter(|name| store.root().join(name).is_file()).count();
        if there > 0 {
            note!("resumed: results of {there} of {} trainings are there", plan.splits.len() * all.len());
        }
        // Baselines and predictions from files need no videos.
        let seen = !sets.is_empty() || all.iter().any(|method| method.network().is_some());
        let videos = if seen { pool.install(|| Videos::of(plan, &store, &faces)) } else { Videos::default() };
        let tables = [&self.methods, &self.more.losses, &self.more.pretraining].map(Vec::as_slice);
        let origin = Origin::new(self.command, plan, &videos);
        let settings = settings(args, &faces);
        let protocol = Protocol::new(self.kind, origin, plan, tables, args.view.every, &sets, settings);
        store.write_json(FILE, &protocol)?;

        let (shard, retry_failed) = (args.shard.unwrap_or(Shard::ALL), args.retry_failed);
        let (sets, every, videos) = (sets.as_slice(), args.view.every, &videos);
        let reading = &args.view.reading;
        let extraction = Extraction {
            plan,
            store: &store,
            sets,
            deep: &deep,
            every,
            videos,
            reading,
            shard,
            retry_failed,
        };
        let features = pool.install(|| extraction.run())?;
        if others(args, shard, features.pending(), "features") {
            return Ok(false);
        }
        let Some(split) = plan.splits.first() else { return Ok(false) };
        let task = Task { plan, split, features: &features, videos, store: &store };
        let training = Training { task, methods: &all, shard, retry_failed, pool: &pool };
        if others(args, shard, training.run()?, "trainings") {
            return Ok(false);
        }
        report::finish(&store, protocol)
    }
}

/// Says what other shards have to do first, where that is something.
fn others(args: &args::Work, shard: Shard, left: usize, what: &str) -> bool {
    let (out, count) = (args.out.display(), shard.count - 1);
    match (left, what) {
        (0, _) => return false,
        (_, "features") => say!(
            "the features of this shard are done; {left} pairs of clip and feature set are for the other {count}: run them, \
             `benchmark merge --out {out} {out} ...` with all folders, and this command again for the trainings"
        ),
        _ => say!(
            "the {what} of this shard are done; {left} are for the other {count}: run them, then `benchmark merge --out DIR {out} \
             ...` with all folders"
        ),
    }
    true
}

/// What holds for all methods, in words.
fn settings(args: &args::Work, faces: &Faces) -> Vec<(String, String)> {
    let sampling = format!("one of every {} frames, where the method allows it", args.view.every);
    let regression = "ε-SVR with the Gaussian kernel; columns to 0..1 on the training clips; the best of 10 random pairs of C (2 to \
                      1024) and gamma (1/256 to 2) by R2 over three shuffled folds";
    let reading = Some(read(&args.view.reading)).filter(|options| !options.is_empty());
    let settings = [
        ("frames", faces.about(args.view.expand)),
        ("sampling", sampling),
        ("videos", reading.unwrap_or_else(|| "read with the default options".to_owned())),
        ("seed", format!("{}, and one more for each split", args.seed)),
        ("regression", regression.to_owned()),
        (VERSION, env!("CARGO_PKG_VERSION").to_owned()),
    ];
    settings.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Those of the methods that are named.
pub(crate) fn methods(
    args: &args::Work,
    plan: Option<&Plan>,
    names: &[String],
) -> Result<Vec<Box<dyn Method>>> {
    let deep = |set| args.deep.set(set, args.networks.preset);
    registry::choose(names, deep, || setup(args, plan))
}

/// What all networks share.
fn setup(args: &args::Work, plan: Option<&Plan>) -> Result<Setup> {
    Setup::new(plan, args.networks.clone(), &args.visual_of, &args.view, args.jobs)
}

/// Prints what the methods are, and the rows of Tables V and VI that are asked for.
pub(crate) fn list(splits: &Splits) -> Result<bool> {
    let args = &splits.work;
    let every = ["all", "deep", "networks"].map(str::to_owned);
    let (methods, more) = (methods(args, None, &every)?, More::of(splits, None)?);
    let methods = registry::baselines(false).into_iter().chain(methods).collect::<Vec<_>>();
    for (heading, rows) in [("", &methods), ("Table V:", &more.losses), ("Table VI:", &more.pretraining)] {
        if !rows.is_empty() && !heading.is_empty() {
            say!("{heading}");
        }
        let abouts: Vec<About> = rows.iter().map(|method| method.about(args.view.every)).collect();
        let wide = |text: fn(&About) -> &str| abouts.iter().map(|about| text(about).len()).max().unwrap_or(0);
        let [wide_name, wide_title] = [wide(|about| &about.name), wide(|about| &about.title)];
        for About { name, title, about, .. } in &abouts {
            // All settings of a network are in the report.
            let about = about.split("; {").next().unwrap_or_default();
            say!("{name:<wide_name$} {title:<wide_title$} {about}");
        }
    }
    Ok(true)
}
