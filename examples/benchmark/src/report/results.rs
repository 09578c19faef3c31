//! The runs of a method, and what they are worth.

use anyhow::{Context, Result};
use dream_eval::SetScore;

use super::protocol::Protocol;
use crate::methods::method::About;
use crate::store::Store;
use crate::train::run::{Run, SetRun};

/// Fewest clips that a correlation is computed from.
pub(super) const FEWEST: usize = 3;

/// Folder of the predictions.
pub(super) const PREDICTIONS: &str = "predictions";

/// A method with its runs, in the order of the splits.
#[derive(Debug)]
pub(crate) struct MethodResults {
    pub(crate) about: About,
    pub(crate) runs: Vec<Run>,
    /// By split, then test set.
    pub(crate) scores: Vec<Vec<Option<SetScore>>>,
}

/// All runs of some methods.
pub(super) fn results(store: &Store, protocol: &Protocol, methods: &[About]) -> Result<Vec<MethodResults>> {
    let mut results = Vec::new();
    for (about, runs) in methods.iter().zip(protocol.runs(store, methods)) {
        let runs = runs.into_iter().collect::<Option<Vec<Run>>>();
        let runs = runs.with_context(|| {
            format!("{}: a run of {} is missing: run it again", store.root().display(), about.name)
        })?;
        let scores = runs.iter().map(scores).collect::<Result<_>>();
        let scores = scores.with_context(|| format!("the correlations of {}", about.title))?;
        results.push(MethodResults { about: about.clone(), runs, scores });
    }
    Ok(results)
}

/// Correlations of each test set over the clips that have a prediction.
fn scores(run: &Run) -> Result<Vec<Option<SetScore>>> {
    let set = |set: &SetRun| -> Result<Option<SetScore>> {
        let pairs = set.rows.iter().filter_map(|row| Some((row.prediction?, row.mos)));
        let (pred, truth): (Vec<f64>, Vec<f64>) = pairs.unzip();
        if !set.predicted || pred.len() < FEWEST {
            return Ok(None);
        }
        match SetScore::of(&pred, &truth) {
            Ok(score) => Ok(Some(score)),
            // Scores that are all equal rank nobody.
            Err(dream_eval::Error::ConstantInput { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    };
    run.sets.iter().map(set).collect()
}
