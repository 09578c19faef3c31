//! A run from its options to its outcome.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use dream_data::dataset::ClipId;
use dream_models::deep::checkpoint::TensorFile;
use dream_models::deep::input::{FaceRule, Input};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde_json::{Value, json};

use crate::data::{Clip, Sets, Texts};
use crate::files::lock;
use crate::finish::Outcome;
use crate::frames::{Frames, digest};
use crate::methods::Method;
use crate::options::Options;
use crate::recipe::Recipe;
use crate::training::Training;

/// candle walks the graph of a backward pass by recursion; the large network's would not fit into a common stack.
const STACK: usize = 256 << 20;

/// A network to be trained.
#[derive(Debug)]
pub struct Job<'a> {
    /// What is trained.
    pub method: Method,
    /// How.
    pub options: &'a Options,
    /// Of first weights, order, flips, drawn frames and sentences.
    pub seed: u64,
    /// The number of the split, which is written down and changes nothing.
    pub split: usize,
    /// One of so many frames of a video, for methods that take them so; others have frames of their own.
    pub every: u64,
    /// The part of the frames that is seen.
    pub face: FaceRule,
    /// The clips.
    pub sets: &'a Sets,
    /// The folder of the run.
    pub out: &'a Path,
    /// Where decoded frames are kept; any number of jobs may share it.
    pub cache: &'a Path,
    /// 0: one per processor.
    pub threads: usize,
    /// No progress bars.
    pub quiet: bool,
}

impl Job<'_> {
    /// What the network looks at.
    #[must_use]
    pub fn input(&self) -> Input {
        self.method.plan(self.options).input(self.every, self.face.clone())
    }

    /// All that the weights depend on besides the clips, with no default left open and first weights by their SHA-256.
    ///
    /// # Errors
    /// When a file of first weights cannot be read.
    pub fn settings(&self) -> Result<Value> {
        let Options { visual, text, .. } = self.options;
        let digest = |path: &PathBuf| -> Result<String> {
            let named = || format!("first weights {}", path.display());
            TensorFile::open(path).and_then(|file| file.sha256()).with_context(named)
        };
        let recipe = Recipe::new(self.options);
        let more = json!({
            "method": self.method.entry.name, "input": self.input(), "seed": self.seed, "loss": recipe.loss.name(),
            "visual": visual.as_ref().map(digest).transpose()?, "text": text.as_ref().map(digest).transpose()?,
        });
        let parts = [serde_json::to_value(self.options)?, serde_json::to_value(recipe)?, more];
        let all = parts.into_iter().filter_map(|part| part.as_object().cloned()).flatten().collect();
        Ok(Value::Object(all))
    }

    /// Decodes what the cache of frames lacks. Gives the clips that cannot be decoded, so that the rest can be trained on.
    ///
    /// # Errors
    /// When no threads can be started.
    pub fn prepare(&self) -> Result<Vec<(ClipId, anyhow::Error)>> {
        let (input, all) = (self.input(), self.sets.all().collect::<Vec<_>>());
        let (frames, bar) =
            (Frames { folder: Some(self.cache), input: &input }, bar("frames", all.len(), self.quiet)?);
        let one = |clip: &&Clip| {
            bar.inc(1);
            Some((clip.about.id.clone(), frames.get(clip).err()?))
        };
        with_threads(self.threads, || Ok(all.par_iter().filter_map(one).collect()))
    }

    /// Trains from wherever an earlier run in the folder was stopped, and scores the test sets with the best epoch. What
    /// is trained to its end is only scored again. Call it from an ordinary thread: it starts threads of its own.
    ///
    /// # Errors
    /// When the folder holds a run of other settings or is written by another run, a video cannot be read, a clip that
    /// needs a box or a description has none, or the training diverges.
    pub fn run(&self) -> Result<Outcome> {
        with_threads(self.threads, || self.start())
    }

    fn start(&self) -> Result<Outcome> {
        let (options, sets) = (self.options, self.sets);
        let device = options.device.open()?;
        let _lock = lock(self.out)?;
        let plan = self.method.plan(options);
        let texts = match plan.tokens() {
            Some(tokens) => Texts::new(sets, tokens, options.descriptions)?,
            None => Texts::default(),
        };
        let reads = plan.tokens().is_some() || options.text.is_none();
        ensure!(reads, "--text: this network has no text tower; leave it out");
        let mut settings = self.settings()?;
        // Names and scores of all clips that are learnt from, in a few digits.
        let clips = sets
            .fit
            .iter()
            .chain(&sets.validation)
            .fold(0, |sum, clip| digest(sum, &format!("{} {} {:?}", clip.name(), clip.mos, clip.face)));
        if let Some(all) = settings.as_object_mut() {
            all.insert("split".to_owned(), json!(self.split));
            all.insert("clips".to_owned(), json!(format!("{clips:016x}")));
        }
        let input = plan.input(self.every, self.face.clone());
        input.validate()?;
        let frames = Frames { folder: Some(self.cache), input: &input };
        let all: Vec<&Clip> = sets.all().collect();
        let bar = bar("frames", all.len(), self.quiet)?;
        frames.prepare(&all, &bar)?;
        bar.finish_and_clear();
        let training = Training {
            job: self,
            recipe: Recipe::new(options),
            plan: &*plan,
            texts: &texts,
            frames: &frames,
            device: &device,
            settings: &settings,
        };
        let progress = training.run()?;
        training.finish(&progress)
    }
}

/// Runs something on threads of its own, with stacks that are large enough.
pub(crate) fn with_threads<T: Send>(count: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(count).stack_size(STACK).build();
    threads.context("cannot start the threads")?.install(work)
}

pub(crate) fn bar(what: &str, length: usize, quiet: bool) -> Result<ProgressBar> {
    if quiet {
        return Ok(ProgressBar::hidden());
    }
    let style = format!("{what} {{wide_bar}} {{pos}}/{{len}}, {{elapsed}}, {{eta}} left {{msg}}");
    Ok(ProgressBar::new(length as u64).with_style(ProgressStyle::with_template(&style)?))
}
