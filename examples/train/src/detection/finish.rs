//! What is left of a training of a detector.

use anyhow::{Context, Result};
use dream_models::deep::checkpoint::Checkpoint;
use serde_json::{Value, json};

use crate::finish::{Outcome, TestScores};
use crate::notes;
use crate::state::Progress;
use crate::training::{BEST, Training};

impl Training<'_> {
    /// Scores the held-out clips with the best network and writes its checkpoint.
    pub(crate) fn finish_detection(&self, progress: &Progress) -> Result<Outcome> {
        let (job, sets) = (self.job, self.job.sets);
        let best = Checkpoint::open(job.out.join(BEST))?;
        let weights = best.tensors().read_where(|_| true, self.device)?.into_iter().collect();
        let scores = self.score(&*self.frozen(&weights)?, &sets.validation)?;
        let reached = progress.best().context("no epoch is done")?;
        let auc = reached.auc.context("the run is not that of a detector")?;
        let provenance = json!({
            "program": "train", "task": "detection", "settings": self.settings, "epoch": reached.epoch,
            "clips": { "fit": sets.fit.len(), "validation": sets.validation.len() },
            "validation": best.provenance::<Value>()?.get("validation"),
            "assumptions": notes::counts(self.assumed),
        });
        let sha256 = self.save_network("model.json", provenance, &weights)?;
        let count = sets.validation.len();
        Ok(Outcome {
            tests: vec![TestScores { name: "held_out".to_owned(), scores, from_text: None }],
            checkpoint: job.out.join("model.json"),
            sha256,
            cut_sentences: 0,
            note: format!(
                "best epoch {} of {}: AUC {auc:.3} on {count} held-out clips",
                reached.epoch, progress.epoch
            ),
            assumptions: self.assumed.clone(),
            seconds: progress.seconds,
        })
    }
}
