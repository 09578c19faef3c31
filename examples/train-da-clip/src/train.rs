//! The loop.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use dream_eval::SetScore;
use dream_models::deep::candle_core::Device;
use dream_models::deep::checkpoint::{Checkpoint, Contents};
use dream_models::deep::train::Params;
use dream_models::deep::train::optim::{AdamW, AdamWConfig, accumulate, gradients};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::args::{Args, Init};
use crate::batch::{Drawing, score};
use crate::data::{Data, Item};
use crate::frames::{Frames, write};
use crate::model::{Network, Shape, Terms};
use crate::recipe::Recipe;
use crate::state::{self, Epoch, Progress};
use crate::{curve, init, order, rates};

pub(crate) const BEST: &str = "best.json";
const STATE: &str = "state.json";

/// A run.
pub(crate) struct Training<'a> {
    pub(crate) args: &'a Args,
    pub(crate) recipe: Recipe,
    pub(crate) shape: &'a Shape,
    pub(crate) data: &'a Data,
    pub(crate) frames: &'a Frames,
    pub(crate) device: &'a Device,
    pub(crate) settings: &'a Value,
}

impl Training<'_> {
    /// Trains to the end, from wherever an earlier run was stopped.
    pub(crate) fn run(&self) -> Result<Progress> {
        let args = self.args;
        let out = &args.out;
        let saved = state::load(&out.join(STATE), self.settings, self.device)?;
        let (mut progress, params, moments) = match saved {
            Some(saved) => (saved.progress, saved.params, Some(saved.moments)),
            None => (Progress::default(), self.shape.first(args, self.device)?, None),
        };
        let network = self.shape.build(&params.builder())?;
        if moments.is_none() && self.recipe.init == Init::Scaled && args.visual.is_none() {
            init::scale(&params)?;
        }
        let mut adam = AdamW::new(
            AdamWConfig {
                lr: self.recipe.lr,
                weight_decay: args.decay,
                no_decay: args.no_decay.clone(),
                decay_vectors: !args.no_decay_vectors,
                clip_norm: args.clip_norm,
                ..AdamWConfig::default()
            },
            params.named(),
        )?;
        if let Some(moments) = &moments {
            adam.load_state(moments)?;
        }
        let steps = self.steps();
        ensure!(steps > 0, "no two clips can be compared: lower --batch, or use --group-by none");
        let total = steps * usize::try_from(self.recipe.epochs)?;
        let bar = ProgressBar::new(total as u64).with_style(crate::style("training")?);
        bar.set_position(progress.epoch * steps as u64 + progress.step as u64);
        bar.reset_eta();
        let (start, before) = (Instant::now(), progress.seconds);
        while progress.epoch < self.recipe.epochs {
            let epoch = progress.epoch;
            adam.set_rates(|name| self.rate(name, epoch))?;
            let order = self.batches(epoch);
            while progress.step < steps {
                let done = usize::try_from(epoch)? * steps + progress.step;
                let rise = usize::try_from(self.recipe.warm_up)? * steps;
                adam.set_lr(self.recipe.lr * rates::course(self.recipe.schedule, rise, done, total))?;
                let values = self.step(&network, &params, &mut adam, &order, epoch, progress.step)?;
                for (sum, value) in progress.sums.iter_mut().zip(values) {
                    *sum += value;
                }
                progress.step += 1;
                bar.inc(1);
                if progress.step < steps && adam.steps().is_multiple_of(u32::try_from(args.save_every)?) {
                    progress.seconds = before + start.elapsed().as_secs_f64();
                    state::save(&out.join(STATE), self.settings, &progress, &params, &adam)?;
                }
            }
            progress.seconds = before + start.elapsed().as_secs_f64();
            self.finish_epoch(&mut progress, &params, &adam, steps)?;
            state::save(&out.join(STATE), self.settings, &progress, &params, &adam)?;
            log(out, &progress, &bar)?;
        }
        bar.finish_and_clear();
        log(out, &progress, &bar)?;
        Ok(progress)
    }

    fn steps(&self) -> usize {
        self.batches(0).len().div_ceil(self.recipe.accumulate)
    }

    fn batches(&self, epoch: u64) -> Vec<Vec<usize>> {
        let people: Vec<&str> = self.data.fit.iter().map(|item| item.identity.as_str()).collect();
        order::batches(&people, self.recipe.group_by, self.recipe.batch, self.args.seed, epoch)
    }

    fn rate(&self, name: &str, epoch: u64) -> f64 {
        let args = self.args;
        let free = args.unfreeze_at.is_some_and(|at| epoch >= at);
        if !free && args.freeze.iter().any(|prefix| name.starts_with(prefix.as_str())) {
            return 0.0;
        }
        let layers = i32::try_from(rates::below_top(name, &self.shape.config)).unwrap_or(i32::MAX);
        args.layer_decay.powi(layers)
    }

    /// One step of the optimiser; the values to be logged.
    fn step(
        &self,
        network: &Network,
        params: &Params,
        adam: &mut AdamW,
        order: &[Vec<usize>],
        epoch: u64,
        step: usize,
    ) -> Result<[f64; 5]> {
        let args = self.args;
        let drawing = Drawing {
            frames: self.frames,
            device: self.device,
            method: self.shape.method,
            seed: args.seed,
            count: usize::from(args.frames),
            flip: !args.no_flip,
            shift: args.shift,
            sentences: self.shape.config.text.as_ref().map(|_| self.recipe.sentences),
        };
        let batches = order.chunks(self.recipe.accumulate).nth(step).unwrap_or_default();
        let vars = params.named();
        let (mut sum, mut values) = (BTreeMap::new(), [0.0; 5]);
        let share = 1.0 / batches.len().max(1) as f64;
        for chosen in batches {
            let batch = drawing.batch(&self.data.fit, chosen, epoch)?;
            let Terms { visual, text, alignment, total } =
                network.terms(&batch, self.recipe.loss, args.lambda)?;
            let store = (&total * share)?.backward()?;
            accumulate(&mut sum, gradients(&store, &vars))?;
            let terms = [Some(total), Some(visual), text, alignment];
            for (value, term) in values.iter_mut().zip(terms) {
                if let Some(term) = term {
                    *value += share * dream_loss::read(&term)?;
                }
            }
        }
        let norm = adam.step_with(&sum).with_context(|| format!("epoch {epoch}, step {step}"))?;
        let [total, visual, text, alignment, _] = values;
        Ok([total, visual, text, alignment, norm])
    }

    /// Validation; the best network so far is written.
    fn finish_epoch(
        &self,
        progress: &mut Progress,
        params: &Params,
        adam: &AdamW,
        steps: usize,
    ) -> Result<()> {
        let weights = params.tensors()?;
        let frozen = self.shape.frozen(&weights, self.device)?;
        let scores = score(&frozen, &self.data.validation, self.frames, self.device, self.recipe.batch)?;
        let SetScore { plcc, srcc, .. } = SetScore::of(&scores, &opinions(&self.data.validation))?;
        let best = progress.best().is_none_or(|best| plcc + srcc > best.plcc + best.srcc);
        let [loss, visual, text, alignment, norm] = progress.sums.map(|sum| sum / steps as f64);
        progress.epoch += 1;
        progress.history.push(Epoch {
            epoch: progress.epoch,
            steps: adam.steps(),
            lr: adam.config().lr,
            loss,
            loss_visual: visual,
            loss_text: text,
            loss_alignment: alignment,
            gradient_norm: norm,
            plcc,
            srcc,
            best,
            seconds: progress.seconds,
        });
        (progress.step, progress.sums) = (0, [0.0; 5]);
        if best {
            let provenance = json!({
                "settings": self.settings, "epoch": progress.epoch,
                "validation": { "clips": self.data.validation.len(), "plcc": plcc, "srcc": srcc },
            });
            Checkpoint::save(self.args.out.join(BEST), &self.contents(provenance)?, &weights)?;
        }
        Ok(())
    }

    pub(crate) fn contents(&self, provenance: Value) -> Result<Contents> {
        Ok(Contents {
            kind: self.shape.kind().to_owned(),
            config: self.shape.json()?,
            preprocessing: serde_json::to_value(&self.frames.preprocess)?,
            provenance,
        })
    }
}

pub(crate) fn opinions(items: &[Item]) -> Vec<f64> {
    items.iter().map(|item| item.mos).collect()
}

/// Everything that has happened, as files and as a line.
fn log(out: &Path, progress: &Progress, bar: &ProgressBar) -> Result<()> {
    let mut lines = String::new();
    for epoch in &progress.history {
        lines += &serde_json::to_string(epoch)?;
        lines.push('\n');
    }
    write(&out.join("metrics.jsonl"), lines.as_bytes())?;
    write(&out.join("curve.svg"), curve::draw(&progress.history)?.as_bytes())?;
    if let (Some(last), Some(best)) = (progress.history.last(), progress.best()) {
        bar.set_message(format!(
            "epoch {}: loss {:.3}, PLCC {:.3}, SRCC {:.3}; best {}",
            last.epoch, last.loss, last.plcc, last.srcc, best.epoch
        ));
    }
    Ok(())
}
