//! A run from its options to its outcome.

use anyhow::{Result, ensure};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde_json::json;

use crate::data::{Clip, Texts};
use crate::files::lock;
use crate::finish::Outcome;
use crate::frames::{Frames, digest};
use crate::job::Job;
use crate::recipe::Recipe;
use crate::threads::{bar, with_threads};
use crate::training::Training;

impl Job<'_> {
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
        let recipe = Recipe::new(options);
        recipe.check()?;
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
        let line = |clip: &Clip| format!("{} {} {:?}", clip.name(), clip.mos, clip.face);
        let learnt = sets.fit.iter().chain(&sets.validation);
        let clips = learnt.fold(0, |sum, clip| digest(sum, &line(clip)));
        if let Some(all) = settings.as_object_mut() {
            all.insert("split".to_owned(), json!(self.split));
            all.insert("clips".to_owned(), json!(format!("{clips:016x}")));
        }
        let input = plan.input(self.every, self.face.clone());
        input.validate()?;
        let frames = Frames { folder: Some(self.cache), input: &input };
        let all: Vec<&Clip> = sets.all().collect();
        let bar = bar("frames", all.len(), self.quiet)?;
        all.par_iter().try_for_each(|clip| frames.get(clip).map(|_| bar.inc(1)))?;
        bar.finish_and_clear();
        let training = Training {
            job: self,
            recipe,
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
