//! The promises of sessions, step by step.

use super::Rule;
use super::picture::Content;
use super::run::{Failure, Outcome, attempt, in_thread};
use super::video::{Clip, RATE, Test};
use crate::error::{Error, Result};
use crate::extract::{VideoFeatures, VideoSession};
use crate::layout::FeatureVector;

/// What a step of a session found to be wrong.
type Wrong = Vec<(Rule, String)>;

impl<E: VideoFeatures + ?Sized> Test<'_, E> {
    /// All that sessions of the clip must keep, whose features are `expected`.
    pub(super) fn sessions(&mut self, expected: &FeatureVector) {
        self.empty();
        self.steps(Rule::Skip, "every frame pushed, wanted or not", expected, |test, session, number, _| {
            test.clip.push(session, number)
        });
        self.steps(Rule::Skip, "`wants_next` asked twice", expected, |test, session, number, wrong| {
            let (first, second) = (session.wants_next(), session.wants_next());
            if first != second {
                wrong.push((Rule::Skip, format!("frame {number}: wanted is {first}, then {second}")));
            }
            test.push_if(first, session, number)
        });
        self.steps(
            Rule::FrameSize,
            "a frame of another size before each",
            expected,
            Self::after_another_size,
        );
        self.steps(Rule::Intake, "frames counted", expected, |test, session, number, wrong| {
            let wanted = session.wants_next();
            test.push_if(wanted, session, number)?;
            let seen = session.intake().seen();
            if seen != number + 1 {
                wrong.push((Rule::Intake, format!("{seen} frames seen after {}", number + 1)));
            }
            Ok(())
        });
        self.steps(Rule::Time, "with times", expected, Self::with_times);
        self.steps(Rule::Peek, "peek after each frame", expected, |test, session, number, _| {
            let wanted = session.wants_next();
            test.push_if(wanted, session, number)?;
            // An error where there are too few frames.
            let _ = session.peek();
            Ok(())
        });
        self.prefixes();
        self.two_at_once(expected);
        self.moved(expected);
        self.fewer_than_promised();
        self.damaged();
    }

    fn push_if(&self, wanted: bool, session: &mut dyn VideoSession, number: u64) -> Result<()> {
        if wanted {
            return self.clip.push(session, number);
        }
        session.skip();
        Ok(())
    }

    /// A session whose every frame is dealt with by `step`; its features must stay as they are.
    fn steps(
        &mut self,
        rule: Rule,
        case: &str,
        expected: &FeatureVector,
        step: impl Fn(&Self, &mut dyn VideoSession, u64, &mut Wrong) -> Result<()>,
    ) {
        let mut wrong = Wrong::new();
        let outcome = attempt(|| {
            let mut session = self.extractor.start(self.clip.spec())?;
            (0..self.clip.frames).try_for_each(|number| step(self, &mut *session, number, &mut wrong))?;
            session.finish()
        });
        for (rule, text) in wrong {
            self.found.add(rule, text);
        }
        self.found.same(rule, case, expected, outcome);
    }

    fn after_another_size(
        &self,
        session: &mut dyn VideoSession,
        number: u64,
        wrong: &mut Wrong,
    ) -> Result<()> {
        let before = session.intake().seen();
        let mut add = |text: String| wrong.push((Rule::FrameSize, format!("frame {number}: {text}")));
        match self.smaller(|frame| session.push(frame)) {
            Err(Failure::Error(Error::FrameSize { .. })) => {}
            Err(Failure::Error(error)) => add(format!("not Error::FrameSize, but: {error}")),
            Err(Failure::Panic(message)) => add(format!("panic: {message}")),
            Ok(()) => add("no error".to_owned()),
        }
        if session.intake().seen() != before {
            add("the frame of another size was counted".to_owned());
        }
        let wanted = session.wants_next();
        self.push_if(wanted, session, number)
    }

    fn with_times(&self, session: &mut dyn VideoSession, number: u64, wrong: &mut Wrong) -> Result<()> {
        if !session.wants_next() {
            session.skip();
            return Ok(());
        }
        let picture = self.clip.picture(number);
        let (frame, time) = (picture.frame()?, number as f64 / RATE);
        session.push_at(&frame, time)?;
        let late = session.push_at(&frame, time);
        if !matches!(late, Err(Error::Time { .. })) {
            let text = late.map_or_else(|error| error.to_string(), |()| "no error".to_owned());
            wrong.push((
                Rule::Time,
                format!("frame {number} twice at one time: not Error::Time, but: {text}"),
            ));
        }
        Ok(())
    }

    /// Sessions that saw no frame.
    fn empty(&mut self) {
        for (case, skipped) in [("no frames", 0), ("skipped frames alone", self.clip.frames)] {
            let outcome = attempt(|| {
                let mut session = self.extractor.start(self.clip.spec())?;
                (0..skipped).for_each(|_| session.skip());
                let peeked = session.peek().err();
                Ok((peeked, session.finish().err()))
            });
            let Ok((peeked, finished)) = self.found.caught(case, outcome) else { continue };
            for (name, error) in [("peek", peeked), ("finish", finished)] {
                let kept = match error {
                    Some(Error::TooFewFrames { .. }) => true,
                    // Skipped frames were wanted.
                    Some(Error::FramesMissing { .. }) => skipped > 0 && name == "finish",
                    _ => false,
                };
                self.found.unless(kept, Rule::TooFewFrames, || {
                    let found = error.map_or_else(|| "no error".to_owned(), |error| error.to_string());
                    format!("{case}: `{name}` gives not Error::TooFewFrames, but: {found}")
                });
            }
        }
    }

    /// What `peek` gives after some frames is what `finish` gives for a video of so many.
    fn prefixes(&mut self) {
        let all = self.clip.frames;
        let outcome = attempt(|| {
            let mut session = self.extractor.start(self.clip.spec())?;
            let mut peeked = Vec::new();
            for number in 0..all {
                let wanted = session.wants_next();
                self.push_if(wanted, &mut *session, number)?;
                peeked.push((number + 1, session.peek()));
            }
            Ok(peeked)
        });
        let peeked = match self.found.caught("peek after each frame", outcome) {
            Ok(peeked) => peeked,
            Err(failure) => return self.found.add(Rule::Peek, failure.to_string()),
        };
        let chosen = [1, 2, all / 3, all / 2, all.saturating_sub(1), all];
        for (frames, peeked) in peeked.into_iter().filter(|(frames, _)| chosen.contains(frames)) {
            let case = format!("after {frames} of {all} frames");
            match (peeked, self.features(Clip { frames, ..self.clip })) {
                (Ok(peeked), Ok(finished)) => {
                    if peeked.recipe() != finished.recipe() {
                        let (ours, theirs) = (peeked.recipe(), finished.recipe());
                        self.found.add(Rule::Peek, format!("{case}: recipe `{ours}`, at the end `{theirs}`"));
                    }
                    self.found.same(Rule::Peek, &case, &finished, Ok(peeked));
                }
                (Ok(_), Err(failure)) => {
                    self.found.add(Rule::Peek, format!("{case}: features, but at the end {failure}"));
                }
                (Err(error), Ok(_)) => {
                    self.found
                        .add(Rule::Peek, format!("{case}: features at the end, but peek gives {error}"));
                }
                (Err(_), Err(_)) => {}
            }
        }
    }

    /// Two videos, frame by frame.
    fn two_at_once(&mut self, expected: &FeatureVector) {
        let noise = Clip { still: Some(Content::Noise(5)), ..self.clip };
        let outcome = attempt(|| {
            let mut one = self.extractor.start(self.clip.spec())?;
            let mut other = self.extractor.start(noise.spec())?;
            for number in 0..self.clip.frames {
                let wanted = one.wants_next();
                self.push_if(wanted, &mut *one, number)?;
                noise.push(&mut *other, number)?;
            }
            drop(other);
            one.finish()
        });
        self.found.same(Rule::Independent, "another video at the same time", expected, outcome);
    }

    /// A session that goes to another thread half-way.
    fn moved(&mut self, expected: &FeatureVector) {
        let clip = self.clip;
        let rest = |mut session: Box<dyn VideoSession>, numbers: std::ops::Range<u64>| {
            for number in numbers {
                if session.wants_next() {
                    clip.push(&mut *session, number)?;
                } else {
                    session.skip();
                }
            }
            Ok(session)
        };
        let half = clip.frames / 2;
        let outcome: Outcome<Option<Outcome<FeatureVector>>> = attempt(|| {
            let session = rest(self.extractor.start(clip.spec())?, 0..half)?;
            Ok(in_thread(move || attempt(|| rest(session, half..clip.frames)?.finish())))
        });
        match outcome {
            Ok(Some(vector)) => self.found.same(Rule::Thread, "a session moved half-way", expected, vector),
            // No threads here.
            Ok(None) => {}
            Err(failure) => self.found.same(Rule::Thread, "a session moved half-way", expected, Err(failure)),
        }
    }

    fn fewer_than_promised(&mut self) {
        let clip = self.clip;
        let outcome = attempt(|| {
            let mut session = self.extractor.start(clip.spec().with_frames(Some(8 * clip.frames)))?;
            (0..clip.frames).try_for_each(|number| clip.push(&mut *session, number))?;
            Ok(session.finish().err())
        });
        if let Ok(error) = self.found.caught("one frame of eight", outcome) {
            self.found.unless(matches!(error, Some(Error::FramesMissing { .. })), Rule::Intake, || {
                let found = error.map_or_else(|| "no error".to_owned(), |error| error.to_string());
                format!("one frame of eight pushed: not Error::FramesMissing, but: {found}")
            });
        }
    }

    /// Wanted frames that are skipped, as those that fail to decode.
    fn damaged(&mut self) {
        let clip = self.clip;
        for lost in [0, 1, clip.frames / 2, clip.frames - 1] {
            let case = format!("frame {lost} skipped");
            let outcome = attempt(|| {
                let mut session = self.extractor.start(clip.spec())?;
                for number in 0..clip.frames {
                    let wanted = session.wants_next() && number != lost;
                    self.push_if(wanted, &mut *session, number)?;
                }
                session.finish()
            });
            if let Ok(vector) = self.found.caught(&case, outcome) {
                self.found.vector(&case, self.extractor.layout(), &self.extractor.recipe(), &vector);
            }
        }
    }
}
