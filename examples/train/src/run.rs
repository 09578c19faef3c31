//! A run from its options to its outcome.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::data::{Clip, Texts};
use crate::files::lock;
use crate::finish::Outcome;
use crate::frames::{Frames, digest};
use crate::job::Job;
use crate::methods::Goal;
use crate::notes::Assumptions;
use crate::options::{AlignmentForm, Options};
use crate::recipe::Recipe;
use crate::threads::{all, bar, with_threads};
use crate::training::{Training, labels};

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
        let recipe = Recipe::new(options, &self.method);
        recipe.check()?;
        let device = options.device.open()?;
        let _lock = lock(self.out)?;
        if self.method.own.goal == Goal::Detection {
            ensure!(options.loss.is_none(), "--loss: a detector has the binary cross-entropy; leave it out");
            for (clips, what) in [(&sets.fit, "to fit on"), (&sets.validation, "to choose by")] {
                let fakes = labels(clips).into_iter().filter(|&fake| fake).count();
                let reals = clips.len() - fakes;
                ensure!(
                    fakes.min(reals) > 0,
                    "of the clips {what}, {fakes} are fake and {reals} are real: both are needed; add clips or people, \
                     or try another --seed"
                );
            }
        }
        let plan = self.method.plan(options);
        let texts = match plan.tokens() {
            Some(tokens) => Texts::new(sets, tokens, options.descriptions)?,
            None => Texts::default(),
        };
        let reads = plan.tokens().is_some() || options.text.is_none();
        ensure!(reads, "--text: this network has no text tower; leave it out");
        check_text(options, plan.tokens().is_some(), recipe.epochs)?;
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
        let learnt = plan.taken().from(&input);
        let (frames, learnt) = (self.frames(&input), self.frames(&learnt));
        let assumed = self.decode(&learnt, &frames)?;
        (self.assumed)(&assumed);
        let training = Training {
            job: self,
            recipe,
            plan: &*plan,
            texts: &texts,
            frames: &frames,
            learnt: &learnt,
            device: &device,
            settings: &settings,
            assumed: &assumed,
        };
        let progress = training.run()?;
        match self.method.own.goal {
            Goal::Opinion => training.finish(&progress),
            Goal::Detection => training.finish_detection(&progress),
        }
    }

    /// Puts all videos into the cache; what was assumed about them.
    fn decode(&self, learnt: &Frames<'_>, scored: &Frames<'_>) -> Result<Assumptions> {
        let clips: Vec<(usize, &Clip)> = self.sets.all().enumerate().collect();
        let bar = bar("frames", clips.len(), self.quiet)?;
        let one = |&(place, clip): &(usize, &Clip)| -> Result<(String, Vec<String>)> {
            let video = if place < self.sets.fit.len() { learnt.get(clip)? } else { scored.get(clip)? };
            bar.inc(1);
            Ok((clip.name().to_owned(), video.assumptions))
        };
        Ok(all(&clips, one)?.into_iter().filter(|(_, texts)| !texts.is_empty()).collect())
    }
}

/// Refuses options of the text branch that cannot do what they say.
fn check_text(options: &Options, reads: bool, epochs: u64) -> Result<()> {
    let (first, form) = (options.text_first, options.alignment);
    ensure!(reads || first == 0, "--text-first: this network does not read; leave it out");
    ensure!(reads || form == AlignmentForm::Paper, "--alignment: this network does not read; leave it out");
    ensure!(
        first < epochs,
        "--text-first {first} of {epochs} epochs leaves none for the videos: ask for more --epochs, or a smaller one"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::of_words;

    #[test]
    fn options_of_the_text_branch_are_refused_where_they_cannot_work() {
        let check =
            |words: &str, reads| check_text(&of_words(words), reads, 3).map_err(|error| error.to_string());
        for (words, reads) in [
            ("", true),
            ("", false),
            ("--text-first 2", true),
            ("--alignment contrast", true),
            ("--alignment centred", true),
            ("--text-first 1 --alignment contrast", true),
        ] {
            assert_eq!(check(words, reads), Ok(()), "{words}");
        }
        for (words, reads, part) in [
            ("--text-first 1", false, "does not read"),
            ("--alignment centred", false, "does not read"),
            ("--text-first 3", true, "leaves none for the videos"),
        ] {
            assert!(check(words, reads).unwrap_err().contains(part), "{words}");
        }
    }
}
