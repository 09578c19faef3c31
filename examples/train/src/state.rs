//! What a resumed run needs: weights, moments, the place in the run, and what has been seen so far.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_models::deep::candle_core::Device;
use dream_models::deep::checkpoint::{Checkpoint, Contents};
use dream_models::deep::train::Params;
use dream_models::deep::train::optim::AdamW;
use dream_models::deep::train::state::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const KIND: &str = "train.state";

/// An epoch as a line of `metrics.jsonl`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Epoch {
    pub(crate) epoch: u64,
    pub(crate) steps: u32,
    pub(crate) lr: f64,
    pub(crate) loss: f64,
    pub(crate) loss_visual: f64,
    pub(crate) loss_text: f64,
    pub(crate) loss_alignment: f64,
    pub(crate) gradient_norm: f64,
    /// Of the scores of validation; `None` where only a text branch has learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) plcc: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) srcc: Option<f64>,
    /// Area under the ROC curve, of a detector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auc: Option<f64>,
    /// Whether it is the best so far.
    pub(crate) best: bool,
    /// Wall time from the start, over all runs.
    pub(crate) seconds: f64,
}

/// The place in a run. Draws depend on epoch, step and clip alone, so this is all there is to a generator's state.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Epochs that are complete.
    pub(crate) epoch: u64,
    /// Steps of the epoch that are done.
    pub(crate) step: usize,
    /// Sums over these steps: total, visual, text, alignment, norm of the gradient.
    pub(crate) sums: [f64; 5],
    pub(crate) history: Vec<Epoch>,
    pub(crate) seconds: f64,
}

impl Epoch {
    /// What the best epoch has most of; `None` where no video was scored.
    pub(crate) fn merit(&self) -> Option<f64> {
        self.auc.or_else(|| Some(self.plcc? + self.srcc?))
    }
}

impl Progress {
    /// The best epoch, by the mean of both correlations or the area under the ROC curve.
    pub(crate) fn best(&self) -> Option<&Epoch> {
        self.history.iter().rfind(|epoch| epoch.best)
    }
}

/// Writes everything; a kill leaves the old state or the new one.
pub(crate) fn save(
    path: &Path,
    settings: &Value,
    progress: &Progress,
    params: &Params,
    adam: &AdamW,
) -> Result<()> {
    let contents = Contents { kind: KIND.to_owned(), config: settings, input: None, provenance: progress };
    Ok(State::save(path, &contents, params, adam)?)
}

/// Reads a state of a run with the same settings.
pub(crate) fn load(path: &Path, settings: &Value, device: &Device) -> Result<Option<(Progress, State)>> {
    if !path.exists() {
        return Ok(None);
    }
    let named = || format!("the state {}", path.display());
    let file = Checkpoint::open(path).with_context(named)?;
    file.expect_kind(KIND).with_context(named)?;
    let before: Value = file.config()?;
    if let (Some(before), Some(now)) = (before.as_object(), settings.as_object()) {
        let differs = |(name, value): (&String, &Value)| {
            let old = before.get(name).unwrap_or(&Value::Null);
            (old != value).then(|| format!("{name} {old} there, {value} now"))
        };
        let other: Vec<String> = now.iter().filter_map(differs).collect();
        ensure!(
            other.is_empty(),
            "{}: a run with other options ({}): take another --out, or the same options",
            named(),
            other.join("; ")
        );
    }
    Ok(Some((file.provenance().with_context(named)?, State::load(&file, device)?)))
}
