//! What the presets say where the command line says nothing.

use crate::args::{Args, GroupBy, Init, Preset, Schedule};
use crate::loss::Loss;

/// Options whose defaults depend on the preset.
#[derive(Debug, Clone, Copy)]
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
    pub(crate) loss: Loss,
}

impl Recipe {
    pub(crate) fn new(args: &Args) -> Self {
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
            loss: Loss::NinKl,
        };
        let preset = match args.preset {
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
                loss: Loss::MaePlccRank,
                ..large
            },
        };
        Self {
            epochs: args.epochs.unwrap_or(preset.epochs),
            init: args.init.unwrap_or(preset.init),
            lr: args.lr.unwrap_or(preset.lr),
            schedule: args.schedule.unwrap_or(preset.schedule),
            warm_up: args.warm_up.unwrap_or(preset.warm_up),
            batch: args.batch.map_or(preset.batch, usize::from),
            accumulate: args.accumulate.map_or(preset.accumulate, usize::from),
            group_by: args.group_by.unwrap_or(preset.group_by),
            sentences: args.sentences.unwrap_or(preset.sentences),
            loss: args.loss.unwrap_or(preset.loss),
        }
    }
}
