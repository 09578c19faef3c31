//! What is left of a training of a detector.

use anyhow::{Context, Result};
use serde_json::json;

use crate::finish::{Outcome, TestScores};
use crate::state::Progress;
use crate::training::Training;

impl Training<'_> {
    /// Scores the held-out clips with the best network and writes its checkpoint.
    pub(crate) fn finish_detection(&self, progress: &Progress) -> Result<Outcome> {
        let best = self.best()?;
        let scores = self.score(&*self.frozen(&best.weights)?, &self.job.sets.validation)?;
        let reached = progress.best().and_then(|best| best.auc);
        let auc = reached.context("the run is not that of a detector")?;
        let tests = vec![TestScores { name: "held_out".to_owned(), scores, from_text: None }];
        self.leave(progress, &best, [("task", json!("detection"))], tests, &format!("AUC {auc:.3}"))
    }
}
