//! What a run is made of.

use std::path::Path;

use anyhow::Result;
use dream_data::dataset::ClipId;
use dream_models::deep::input::{FaceRule, Input};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde_json::{Value, json};

use crate::data::{Clip, Sets};
use crate::frames::Frames;
use crate::input::ReadArgs;
use crate::methods::{Goal, Method};
use crate::notes::Assumptions;
use crate::options::Options;
use crate::recipe::Recipe;
use crate::threads::{bar, with_threads};
use crate::weights::Source;

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
    /// How the videos are read.
    pub reading: &'a ReadArgs,
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
    /// Is told what was assumed about the videos, before anything is trained.
    pub assumed: fn(&Assumptions),
    /// Is told where a run goes on that was interrupted: how many steps are done, and the number of all.
    pub resumed: fn(usize, usize),
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
        let Options { visual, visual_option, text, .. } = self.options;
        let digest = |source: Option<Source<'_>>| source.map(|source| source.sha256()).transpose();
        let (visual, text) =
            (Source::of(visual_option, visual.as_ref()), Source::of("--text", text.as_ref()));
        let recipe = Recipe::new(self.options, &self.method);
        let loss = match self.method.own.goal {
            Goal::Opinion => recipe.loss.name(),
            Goal::Detection => "bce",
        };
        let more = json!({
            "method": self.method.entry.name, "input": self.input(), "seed": self.seed, "loss": loss,
            "reading": self.reading.settings(), "visual": digest(visual)?, "text": digest(text)?,
        });
        let parts = [serde_json::to_value(self.options)?, serde_json::to_value(recipe)?, more];
        let all = parts.into_iter().filter_map(|part| part.as_object().cloned()).flatten().collect();
        Ok(Value::Object(all))
    }

    /// Where the frames of the videos come from.
    pub(crate) fn frames<'a>(&'a self, input: &'a Input) -> Frames<'a> {
        Frames { folder: Some(self.cache), input, reading: self.reading }
    }

    /// Decodes what the cache of frames lacks. Gives the clips that cannot be decoded, so that the rest can be trained on.
    ///
    /// # Errors
    /// When no threads can be started.
    pub fn prepare(&self) -> Result<Vec<(ClipId, anyhow::Error)>> {
        let (scored, all) = (self.input(), self.sets.all().collect::<Vec<_>>());
        let learnt = self.method.plan(self.options).taken().from(&scored);
        let [scored, learnt] = [&scored, &learnt].map(|input| self.frames(input));
        let bar = bar("frames", all.len(), self.quiet)?;
        let one = |(place, clip): (usize, &&Clip)| {
            bar.inc(1);
            let frames = if place < self.sets.fit.len() { &learnt } else { &scored };
            Some((clip.about.id.clone(), frames.get(clip).err()?))
        };
        with_threads(self.threads, || Ok(all.par_iter().enumerate().filter_map(one).collect()))
    }
}
