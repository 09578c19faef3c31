//! The second stage: every method on every split, on disk.

pub(crate) mod run;

use anyhow::Result;
use rayon::ThreadPool;

use crate::methods::method::{Method, Predicted, Task};
use crate::plan::Scored;
use crate::plan::shard::Shard;
use crate::print::message;
use run::{Row, Run, SetRun, name};

/// What is trained.
pub(crate) struct Training<'a> {
    /// Of the first split; every other one takes its place.
    pub(crate) task: Task<'a>,
    pub(crate) methods: &'a [&'a dyn Method],
    pub(crate) shard: Shard,
    pub(crate) retry_failed: bool,
    pub(crate) pool: &'a ThreadPool,
}

/// What one machine does in one go: a method on a split, or all rows of one network.
struct Piece<'a> {
    number: usize,
    task: Task<'a>,
    methods: &'a [&'a dyn Method],
}

impl Training<'_> {
    /// Trains what is not there, as far as it is the task of this shard; how many runs are still to be done elsewhere.
    pub(crate) fn run(&self) -> Result<usize> {
        let same = |a: &&dyn Method, b: &&dyn Method| a.network().is_some() && a.network() == b.network();
        let splits = self.task.plan.splits.iter().map(|split| Task { split, ..self.task });
        let pieces = splits.flat_map(|task| self.methods.chunk_by(same).map(move |methods| (task, methods)));
        let pieces = pieces.enumerate().map(|(number, (task, methods))| Piece { number, task, methods });
        let (networks, quick): (Vec<Piece<'_>>, Vec<_>) =
            pieces.partition(|piece| piece.methods.iter().any(|method| method.network().is_some()));
        let bar = ::train::bar("trainings", quick.len(), false)?;
        let one = |piece: &Piece<'_>| -> Result<usize> {
            let done = piece.methods.iter().map(|method| self.one(piece, *method));
            let done = done.collect::<Result<Vec<bool>>>();
            bar.inc(1);
            Ok(done?.into_iter().filter(|done| !done).count())
        };
        let quick = self.pool.install(|| ::train::all(&quick, one))?;
        bar.finish_and_clear();
        // One after another: each fills the memory, and has threads of its own.
        let networks = networks.iter().map(one).collect::<Result<Vec<usize>>>()?;
        Ok(quick.into_iter().chain(networks).sum())
    }

    fn one(&self, piece: &Piece<'_>, method: &dyn Method) -> Result<bool> {
        let task = &piece.task;
        let (name, ours) = (name(&task.split.name, &method.name()), self.shard.has(piece.number));
        let key = task.key(method);
        // On a machine without the videos: what others trained counts.
        let blind = method.network().is_some() && task.videos.none();
        let counts = |run: Run| match run.failed {
            false => run.key == key || blind,
            true => run.key == key && !(ours && self.retry_failed),
        };
        if self.task.store.read_json::<Run>(&name).is_some_and(counts) {
            return Ok(true);
        }
        if !ours {
            return Ok(false);
        }
        let run = match method.predict(task) {
            Ok(predicted) => filled(task, key, predicted),
            Err(error) => {
                let sets = task.split.tests.iter().map(|_| None).collect();
                // Names of this machine do not belong in a result.
                let note = message(&error, ::train::in_words)
                    .replace(&task.store.root().display().to_string(), "OUT");
                Run { failed: true, ..filled(task, key, Predicted { sets, note, ..Predicted::default() }) }
            }
        };
        self.task.store.write_json(&name, &run)?;
        Ok(true)
    }
}

fn filled(task: &Task<'_>, key: String, predicted: Predicted) -> Run {
    let set = |(list, found): (&Vec<Scored>, Option<Vec<Option<f64>>>)| {
        let can = found.is_some();
        let found = found.unwrap_or_default().into_iter().chain(std::iter::repeat(None));
        let row = |(row, prediction): (&Scored, Option<f64>)| Row {
            file: task.plan.clip(row.clip).map_or_else(String::new, |clip| clip.id.to_string()),
            mos: row.mos,
            prediction: prediction.filter(|score| score.is_finite()),
        };
        SetRun { predicted: can, rows: list.iter().zip(found).map(row).collect() }
    };
    let Predicted { sets, note, lost, assumptions } = predicted;
    let sets = task.split.tests.iter().zip(sets).map(set).collect();
    Run { key, train: task.split.train.len(), note, failed: false, lost, assumptions, sets }
}
