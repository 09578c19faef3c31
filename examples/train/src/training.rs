//! The loop.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use dream_eval::{SetScore, roc_auc};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::{Checkpoint, Contents};
use dream_models::deep::layers::is_running_statistic;
use dream_models::deep::train::Params;
use dream_models::deep::train::draws;
use dream_models::deep::train::optim::{AdamW, AdamWConfig, accumulate, gradients};
use dream_models::deep::train::state::State;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::batch::Drawing;
use crate::curve;
use crate::data::{Clip, Texts};
use crate::detection::{balanced, is_fake};
use crate::files::write;
use crate::frames::Frames;
use crate::held::{Held, Stage};
use crate::job::Job;
use crate::methods::{Goal, Joint, Network, Plan, Terms, Text};
use crate::notes::Assumptions;
use crate::options::{GroupBy, Init};
use crate::recipe::Recipe;
use crate::scoring::scores;
use crate::state::{self, Epoch, Progress};
use crate::threads::bar;

pub(crate) const BEST: &str = "best.json";
const STATE: &str = "state.json";

/// A run.
#[derive(Debug)]
pub(crate) struct Training<'a> {
    pub(crate) job: &'a Job<'a>,
    pub(crate) recipe: Recipe,
    pub(crate) plan: &'a dyn Plan,
    pub(crate) texts: &'a Texts,
    /// Of the clips that are scored.
    pub(crate) frames: &'a Frames<'a>,
    /// Of the clips that are learnt from.
    pub(crate) learnt: &'a Frames<'a>,
    pub(crate) device: &'a Device,
    pub(crate) settings: &'a Value,
    pub(crate) assumed: &'a Assumptions,
}

/// What changes while a network learns.
struct Learner {
    network: Box<dyn Network>,
    params: Params,
    adam: AdamW,
    /// Once the text branch does not learn any more.
    held: Option<Held>,
}

impl Training<'_> {
    /// Trains to the end, from wherever an earlier run was stopped.
    pub(crate) fn run(&self) -> Result<Progress> {
        let (mut progress, mut learner) = self.start()?;
        let steps = self.batches(0).len().div_ceil(self.recipe.accumulate);
        ensure!(steps > 0, "no two clips can be compared: lower --batch, or use --group-by none");
        let total = steps * usize::try_from(self.recipe.epochs)?;
        let rise = usize::try_from(self.recipe.warm_up)? * steps;
        let save_every = u32::try_from(self.job.options.save_every)?;
        let bar = bar("training", total, self.job.quiet)?;
        let done = usize::try_from(progress.epoch)? * steps + progress.step;
        if done > 0 {
            (self.job.resumed)(done, total);
        }
        bar.set_message(beside_bar(&progress));
        bar.set_position(done as u64);
        bar.reset_eta();
        let (start, before) = (Instant::now(), progress.seconds);
        while progress.epoch < self.recipe.epochs {
            let epoch = progress.epoch;
            learner.adam.set_rates(|name| self.rate(name, epoch))?;
            let order = self.batches(epoch);
            while progress.step < steps {
                let done = usize::try_from(epoch)? * steps + progress.step;
                let factor = self.recipe.schedule.factor(rise, done, total);
                learner.adam.set_lr(self.recipe.lr * factor)?;
                let values = self.step(&mut learner, &order, epoch, progress.step)?;
                for (sum, value) in progress.sums.iter_mut().zip(values) {
                    *sum += value;
                }
                progress.step += 1;
                bar.inc(1);
                if progress.step < steps && learner.adam.steps().is_multiple_of(save_every) {
                    progress.seconds = before + start.elapsed().as_secs_f64();
                    self.save(&progress, &learner)?;
                }
            }
            progress.seconds = before + start.elapsed().as_secs_f64();
            self.finish_epoch(&mut progress, &learner, steps)?;
            self.save(&progress, &learner)?;
            self.log(&progress, &bar)?;
        }
        self.log(&progress, &bar)?;
        Ok(progress)
    }

    /// The state that an earlier run left, or the first values.
    fn start(&self) -> Result<(Progress, Learner)> {
        let (job, options) = (self.job, self.job.options);
        let saved = state::load(&job.out.join(STATE), self.settings, self.device)?;
        let (progress, params, moments) = match saved {
            Some((progress, State { params, moments })) => (progress, params, Some(moments)),
            None => {
                let params = Params::seeded(job.seed, DType::F32, self.device);
                self.plan.published(options, &params)?;
                (Progress::default(), params, None)
            }
        };
        let network = self.plan.build(&params.builder(), self.frames.input)?;
        if moments.is_none() && self.recipe.init == Init::Scaled && options.visual.is_none() {
            self.plan.scale(&params)?;
        }
        let mut adam = AdamW::new(
            AdamWConfig {
                lr: self.recipe.lr,
                weight_decay: options.decay,
                no_decay: options.no_decay.clone(),
                decay_vectors: !options.no_decay_vectors,
                clip_norm: options.clip_norm,
                ..AdamWConfig::default()
            },
            params.named(),
        )?;
        if let Some(moments) = &moments {
            adam.load_state(moments)?;
        }
        Ok((progress, Learner { network, params, adam, held: None }))
    }

    fn save(&self, progress: &Progress, learner: &Learner) -> Result<()> {
        let path = self.job.out.join(STATE);
        state::save(&path, self.settings, progress, &learner.params, &learner.adam)
    }

    fn batches(&self, epoch: u64) -> Vec<Vec<usize>> {
        if self.goal() == Goal::Detection {
            return balanced(&labels(&self.job.sets.fit), self.recipe.batch, self.job.seed, epoch);
        }
        let people: Vec<&str> = self.job.sets.fit.iter().map(|clip| clip.about.identity.as_str()).collect();
        let groups = (self.recipe.group_by == GroupBy::Identity).then_some(people.as_slice());
        draws::batches(people.len(), groups, self.recipe.batch, self.job.seed, epoch)
    }

    fn goal(&self) -> Goal {
        self.job.method.own.goal
    }

    /// The factor of the learning rate of a parameter.
    fn rate(&self, name: &str, epoch: u64) -> f64 {
        let options = self.job.options;
        // Batch norms move their running statistics by themselves.
        if is_running_statistic(name) || self.stage(epoch).holds(name) {
            return 0.0;
        }
        let free = options.unfreeze_at.is_some_and(|at| epoch >= at);
        if !free && options.freeze.iter().any(|prefix| name.starts_with(prefix.as_str())) {
            return 0.0;
        }
        options.layer_decay.powi(i32::try_from(self.plan.depth_of(name)).unwrap_or(i32::MAX))
    }

    /// Who learns in an epoch.
    fn stage(&self, epoch: u64) -> Stage {
        let first = if self.plan.tokens().is_some() { self.job.options.text_first } else { 0 };
        Stage::of(epoch, first)
    }

    /// One step of the optimiser; the values to be logged.
    fn step(&self, learner: &mut Learner, order: &[Vec<usize>], epoch: u64, step: usize) -> Result<[f64; 5]> {
        let (job, options, stage) = (self.job, self.job.options, self.stage(epoch));
        let drawing = Drawing {
            frames: self.learnt,
            sees: stage != Stage::TextAlone,
            device: self.device,
            seed: job.seed,
            taken: self.plan.taken(),
            count: self.recipe.frames,
            flip: !options.no_flip,
            shift: options.shift,
            sentences: self.recipe.sentences,
        };
        let batches = order.chunks(self.recipe.accumulate).nth(step).unwrap_or_default();
        if stage == Stage::TextHeld && learner.held.is_none() {
            let represent = |ids: &Tensor| learner.network.represent_text(ids, &[ids.dim(0)?]);
            learner.held = Some(Held::new(represent, &self.texts.fit, self.device)?);
        }
        let vars = learner.params.named();
        let (mut sum, mut values) = (BTreeMap::new(), [0.0; 5]);
        let share = 1.0 / batches.len().max(1) as f64;
        for (place, chosen) in (0..).zip(batches) {
            // A clip that comes again in an epoch is seen anew.
            let turn = match self.goal() {
                Goal::Opinion => epoch,
                Goal::Detection => epoch << 32 | ((step * self.recipe.accumulate) as u64 + place),
            };
            let texts = if stage == Stage::TextHeld { &[][..] } else { &self.texts.fit };
            let mut batch = drawing.batch(&job.sets.fit, texts, chosen, turn)?;
            if let Some(held) = &learner.held {
                batch.text = Text::Read(held.of(chosen)?);
            }
            let joint = Joint { lambda: options.lambda, form: options.alignment };
            let Terms { visual, text, alignment, total } =
                learner.network.terms(&batch, self.recipe.loss, joint)?;
            let store = (&total * share)?.backward()?;
            accumulate(&mut sum, gradients(&store, &vars))?;
            let terms = [Some(total), visual, text, alignment];
            for (value, term) in values.iter_mut().zip(terms) {
                if let Some(term) = term {
                    *value += share * dream_loss::read(&term)?;
                }
            }
        }
        let norm = learner.adam.step_with(&sum).with_context(|| format!("epoch {epoch}, step {step}"))?;
        let [total, visual, text, alignment, _] = values;
        Ok([total, visual, text, alignment, norm])
    }

    /// Validation; the best network so far is written.
    fn finish_epoch(&self, progress: &mut Progress, learner: &Learner, steps: usize) -> Result<()> {
        let clips = &self.job.sets.validation;
        let weights = learner.params.tensors()?;
        // As long as only the text branch learns, the network cannot see: there is nothing to choose by.
        let sees = self.stage(progress.epoch) != Stage::TextAlone;
        let found = sees.then(|| self.score(&*self.frozen(&weights)?, clips)).transpose()?;
        let set = found.as_ref().map(|found| SetScore::of(found, &opinions(clips))).transpose()?;
        let (plcc, srcc) = set.map(|set| (set.plcc, set.srcc)).unzip();
        let auc = match (self.goal(), &found) {
            (Goal::Detection, Some(found)) => Some(roc_auc(found, &labels(clips))?),
            _ => None,
        };
        let [loss, visual, text, alignment, norm] = progress.sums.map(|sum| sum / steps as f64);
        let mut this = Epoch {
            epoch: progress.epoch + 1,
            steps: learner.adam.steps(),
            lr: learner.adam.config().lr,
            loss,
            loss_visual: visual,
            loss_text: text,
            loss_alignment: alignment,
            gradient_norm: norm,
            plcc,
            srcc,
            auc,
            best: false,
            seconds: progress.seconds,
        };
        let before = progress.best().and_then(Epoch::merit);
        let best = this.merit().is_some_and(|merit| before.is_none_or(|before| merit > before));
        this.best = best;
        progress.epoch += 1;
        progress.history.push(this);
        (progress.step, progress.sums) = (0, [0.0; 5]);
        if best {
            let mut validation = json!({ "clips": clips.len(), "plcc": plcc, "srcc": srcc });
            if let Some(auc) = auc {
                validation = json!({ "clips": clips.len(), "auc": auc });
            }
            let provenance = json!({
                "settings": self.settings, "epoch": progress.epoch,
                "validation": validation,
            });
            self.save_network(BEST, provenance, &weights)?;
        }
        Ok(())
    }

    /// A network without gradients, for scoring.
    pub(crate) fn frozen(&self, weights: &BTreeMap<String, Tensor>) -> Result<Box<dyn Network>> {
        let weights = weights.iter().map(|(name, tensor)| (name.clone(), tensor.clone())).collect();
        self.plan.build(&VarBuilder::from_tensors(weights, DType::F32, self.device), self.frames.input)
    }

    pub(crate) fn score(&self, network: &dyn Network, clips: &[Clip]) -> Result<Vec<f64>> {
        scores(network, clips, self.frames, self.device, self.recipe.batch, &ProgressBar::hidden())
    }

    /// Writes a checkpoint into the folder of the run, and gives its SHA-256.
    pub(crate) fn save_network(
        &self,
        name: &str,
        provenance: Value,
        weights: &BTreeMap<String, Tensor>,
    ) -> Result<String> {
        let contents = Contents {
            kind: self.job.method.entry.kind.to_owned(),
            config: self.plan.config()?,
            input: Some(self.frames.input.clone()),
            provenance,
        };
        Ok(Checkpoint::save(self.job.out.join(name), &contents, weights)?)
    }

    /// Everything that has happened, as files and as a line.
    fn log(&self, progress: &Progress, bar: &ProgressBar) -> Result<()> {
        let lines = progress.history.iter().map(|epoch| Ok(serde_json::to_string(epoch)? + "\n"));
        write(&self.job.out.join("metrics.jsonl"), lines.collect::<Result<String>>()?.as_bytes())?;
        if self.goal() == Goal::Opinion {
            write(&self.job.out.join("curve.svg"), curve::draw(&progress.history)?.as_bytes())?;
        }
        bar.set_message(beside_bar(progress));
        Ok(())
    }
}

/// The last epoch, as long for every one, so that the bar has its room at 80 columns and does not jump.
fn beside_bar(progress: &Progress) -> String {
    let last = progress.history.last();
    let text = last.map(|Epoch { epoch, auc, plcc, srcc, .. }| match (auc, plcc, srcc) {
        (Some(auc), ..) => format!(", epoch {epoch:>3}: AUC {auc:>5.3}"),
        (None, Some(plcc), Some(srcc)) => format!(", epoch {epoch:>3}: PLCC {plcc:>6.3} SRCC {srcc:>6.3}"),
        _ => format!(", epoch {epoch:>3}: text alone"),
    });
    format!("{:37}", text.unwrap_or_default())
}

pub(crate) fn opinions(clips: &[Clip]) -> Vec<f64> {
    clips.iter().map(|clip| clip.mos).collect()
}

/// Which clips are fake.
pub(crate) fn labels(clips: &[Clip]) -> Vec<bool> {
    clips.iter().map(is_fake).collect()
}
