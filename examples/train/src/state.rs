//! What a resumed run needs: weights, moments, the place in the run, and what has been seen so far.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::{Checkpoint, Contents};
use dream_models::deep::train::Params;
use dream_models::deep::train::optim::AdamW;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const KIND: &str = "train.state";
const WEIGHTS: &str = "weights.";
const MOMENTS: &str = "adamw.";

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
    pub(crate) plcc: f64,
    pub(crate) srcc: f64,
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

impl Progress {
    /// The best epoch, by the mean of both correlations.
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
    let weights = params.tensors()?.into_iter().map(|(name, tensor)| (format!("{WEIGHTS}{name}"), tensor));
    let moments = adam.state()?.into_iter().map(|(name, tensor)| (format!("{MOMENTS}{name}"), tensor));
    let contents = Contents { kind: KIND.to_owned(), config: settings, input: None, provenance: progress };
    Checkpoint::save(path, &contents, &weights.chain(moments).collect())?;
    Ok(())
}

/// A state that is there: the place, the weights, the moments.
pub(crate) struct Saved {
    pub(crate) progress: Progress,
    pub(crate) params: Params,
    pub(crate) moments: BTreeMap<String, Tensor>,
}

/// Reads a state of a run with the same settings.
pub(crate) fn load(path: &Path, settings: &Value, device: &Device) -> Result<Option<Saved>> {
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
    let progress = file.provenance().with_context(named)?;
    let part = |prefix: &str| -> Result<BTreeMap<String, Tensor>> {
        let tensors = file.tensors().read_where(|name| name.starts_with(prefix), device)?;
        let cut = |(name, tensor): (String, Tensor)| (name.split_at(prefix.len()).1.to_owned(), tensor);
        Ok(tensors.into_iter().map(cut).collect())
    };
    let params = Params::from_tensors(&part(WEIGHTS)?, DType::F32, device)?;
    Ok(Some(Saved { progress, params, moments: part(MOMENTS)? }))
}
