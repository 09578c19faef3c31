//! What the presets and the methods say where the command line says nothing.

use anyhow::{Result, ensure};
use dream_loss::PaperLoss;
use dream_models::deep::train::schedule::Schedule;
use serde::Serialize;

use crate::methods::Method;
use crate::options::{GroupBy, Init, Options, Preset};

/// Options whose defaults depend on preset and method.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Recipe {
    pub(crate) epochs: u64,
    pub(crate) init: Init,
    pub(crate) lr: f64,
    pub(crate) schedule: Schedule,
    /// Epochs.
    pub(crate) warm_up: u32,
    /// Videos.
    pub(crate) batch: usize,
    /// Batches of a step.
    pub(crate) accumulate: usize,
    pub(crate) group_by: GroupBy,
    /// Of a video and step, 0 for all.
    pub(crate) sentences: usize,
    /// Of a video and step.
    pub(crate) frames: usize,
    #[serde(skip)]
    pub(crate) loss: PaperLoss,
}

impl Recipe {
    pub(crate) fn new(options: &Options, method: &Method) -> Self {
        // The paper's, and the customs of published training where it is silent.
        let large = Self {
            epochs: 30,
            init: Init::Published,
            lr: 1e-4,
            schedule: Schedule::Constant,
            warm_up: 0,
            batch: 8,
            accumulate: 1,
            group_by: GroupBy::None,
            sentences: 0,
            frames: usize::from(method.own.frames),
            loss: PaperLoss::NinKl,
        };
        let preset = match options.preset {
            Preset::Large => large,
            // A narrow network that starts from nothing and sees a few hundred clips: see README.md.
            Preset::Tiny => Self {
                epochs: 20,
                init: Init::Scaled,
                lr: 7e-4,
                schedule: Schedule::Cosine,
                warm_up: 2,
                accumulate: 2,
                group_by: GroupBy::Identity,
                sentences: 4,
                loss: PaperLoss::MaePlccRank,
                ..large
            },
        };
        Self {
            epochs: options.epochs.unwrap_or(preset.epochs),
            init: options.init.unwrap_or(preset.init),
            lr: options.lr.unwrap_or(preset.lr),
            schedule: options.schedule.unwrap_or(preset.schedule),
            warm_up: options.warm_up.unwrap_or(preset.warm_up),
            batch: options.batch.map_or(preset.batch, usize::from),
            accumulate: options.accumulate.map_or(preset.accumulate, usize::from),
            group_by: options.group_by.unwrap_or(preset.group_by),
            sentences: options.sentences.unwrap_or(preset.sentences),
            frames: options.frames.map_or(preset.frames, usize::from),
            loss: options.loss.or(method.own.loss).unwrap_or(preset.loss),
        }
    }

    /// Refuses what trains nothing. The command line does so by itself.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(self.epochs > 0, "--epochs 0 trains nothing: ask for at least one");
        ensure!(self.lr > 0.0 && self.lr.is_finite(), "--lr {} trains nothing: it must be above 0", self.lr);
        Ok(())
    }
}
