//! `dream_features::testing`: the extractors of this crate pass, and an extractor with a fault is told which.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ThreadId};

use dream_features::nss::FlatAreas;
use dream_features::testing::{Broken, Rule, check, check_video};
use dream_features::videval60::Videval60;
use dream_features::{
    Channels, Error, FeatureLayout, FeatureVector, Frame, ImageFeatures, Intake, Pooled, Pooling, Recipe,
    Result, Sampling, Statistic, VideoFeatures, VideoSession, VideoSpec, Workspace,
};

use crate::contract::{extractors, video_extractors};

#[test]
fn every_image_extractor_keeps_the_contract() {
    for extractor in extractors() {
        if let Err(broken) = check(&*extractor) {
            panic!("{}\n{broken}", extractor.recipe());
        }
    }
}

#[test]
fn every_video_extractor_keeps_the_contract() {
    for (extractor, ..) in video_extractors() {
        if let Err(broken) = check_video(&*extractor) {
            panic!("{}\n{broken}", extractor.recipe());
        }
    }
}

#[test]
fn options_and_poolings_keep_the_contract() {
    check_video(&Videval60 { keep_undefined: true, flat_areas: FlatAreas::Literal, ..Videval60::default() })
        .unwrap();
    let samplings = [
        Sampling::Every { step: 1 },
        Sampling::Every { step: 5 },
        Sampling::FeatureFusion,
        Pooling::one_per_second().sampling,
    ];
    for sampling in samplings {
        for statistic in [Statistic::Mean, Statistic::MeanStd, Statistic::WindowedMeanStd] {
            let pooled = Pooled::new(Mean::new(Fault::None), Pooling { sampling, statistic }).unwrap();
            check_video(&pooled).unwrap();
        }
    }
}

/// What is wrong with an extractor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    NoNames,
    ChangingNames,
    ChangingRecipe,
    OtherNames,
    NotFinite,
    NotReplaced,
    Counts,
    Thread,
    Stride,
    PlanarOnly,
    PanicsWhenNarrow,
    Adds,
    AnyLength,
    Remembers,
    SeesChroma,
    Refuses,
}

/// Mean luma of an image, with a fault.
struct Mean {
    layouts: [FeatureLayout; 2],
    fault: Fault,
    calls: AtomicU64,
    home: ThreadId,
}

#[derive(Default)]
struct Memory(f64);

impl Mean {
    fn new(fault: Fault) -> Self {
        let names: &[&str] = if fault == Fault::NoNames { &[] } else { &["mean", "half"] };
        let layouts = [names, &["other", "name"]].map(|names| FeatureLayout::new(names.to_vec()).unwrap());
        Self { layouts, fault, calls: AtomicU64::new(0), home: thread::current().id() }
    }

    fn call(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }
}

impl ImageFeatures for Mean {
    fn layout(&self) -> &FeatureLayout {
        &self.layouts[usize::from(self.fault == Fault::ChangingNames && self.call() % 2 == 1)]
    }

    fn recipe(&self) -> Recipe {
        let recipe = Recipe::new("mean-of-luma", 1);
        if self.fault == Fault::ChangingRecipe { recipe.with("call", self.call()) } else { recipe }
    }

    fn channels(&self) -> Channels {
        if self.fault == Fault::PlanarOnly { Channels::Color } else { Channels::Luma }
    }

    fn extract_into(&self, frame: &Frame<'_>, workspace: &mut Workspace, out: &mut [f64]) -> Result<()> {
        if out.len() != self.layouts[0].len() && self.fault != Fault::AnyLength {
            return Err(Error::Length { argument: "out", expected: self.layouts[0].len(), found: out.len() });
        }
        let luma = frame.luma_plane();
        let mut mean = luma.data().iter().sum::<f64>() / luma.data().len() as f64;
        let row = |y: usize| frame.yuv420_view().map_or(0, |view| view.y().row(y).as_ptr() as usize);
        mean += match self.fault {
            Fault::NotReplaced if mean < 1.0 => f64::NAN,
            Fault::Counts => self.call() as f64,
            Fault::Thread if thread::current().id() != self.home => 1.0,
            Fault::Stride => (row(1) - row(0)) as f64,
            Fault::PlanarOnly | Fault::SeesChroma if frame.yuv420_view().is_some() => 1.0,
            Fault::Adds => out[0],
            Fault::Remembers => std::mem::replace(&mut workspace.slot::<Memory>().0, mean),
            Fault::PanicsWhenNarrow if luma.width() == 2 => panic!("not so narrow"),
            Fault::Refuses => {
                return Err(Error::TooSmall {
                    extractor: "mean",
                    width: 5000,
                    height: 5000,
                    found_width: luma.width(),
                    found_height: luma.height(),
                });
            }
            _ => 0.0,
        };
        out.iter_mut().zip([mean, mean / 2.0]).for_each(|(out, value)| *out = value);
        Ok(())
    }

    fn extract(&self, frame: &Frame<'_>) -> Result<FeatureVector> {
        let mut values = vec![0.0; self.layouts[0].len()];
        self.extract_into(frame, &mut Workspace::new(), &mut values)?;
        let names = self.layouts[usize::from(self.fault == Fault::OtherNames)].clone();
        if self.fault == Fault::NotFinite && values[0] < 1.0 {
            values[1] = f64::INFINITY;
        }
        let mut replaced = 0;
        values.iter_mut().filter(|value| value.is_nan()).for_each(|value| {
            *value = 0.0;
            replaced += usize::from(self.fault != Fault::NotReplaced);
        });
        let pixels = if frame.yuv420_view().is_some() { "color" } else { "luma" };
        let recipe = self.recipe().with("frames", "one").with("pooling", "none").with("source", "whole");
        FeatureVector::new(recipe.with("pixels", pixels), names, values, replaced, 1)
    }
}

fn rules(result: std::result::Result<(), Broken>) -> Vec<Rule> {
    result.err().map(|broken| broken.rules()).unwrap_or_default()
}

#[test]
fn each_fault_of_an_image_extractor_is_named() {
    let cases: [(Fault, &[Rule]); 17] = [
        (Fault::None, &[]),
        (Fault::NoNames, &[Rule::Names]),
        (Fault::ChangingNames, &[Rule::Names, Rule::Layout]),
        (Fault::ChangingRecipe, &[Rule::Recipe]),
        (Fault::OtherNames, &[Rule::Layout]),
        (Fault::NotFinite, &[Rule::Finite, Rule::Repeat]),
        (Fault::NotReplaced, &[Rule::Finite]),
        (
            Fault::Counts,
            &[
                Rule::Repeat,
                Rule::Thread,
                Rule::Stride,
                Rule::Crop,
                Rule::Arrangement,
                Rule::Written,
                Rule::Workspace,
                Rule::Channels,
            ],
        ),
        (Fault::Thread, &[Rule::Thread]),
        (Fault::Stride, &[Rule::Stride, Rule::Crop, Rule::Arrangement, Rule::Channels]),
        (Fault::PlanarOnly, &[Rule::Arrangement]),
        (Fault::PanicsWhenNarrow, &[Rule::Panic]),
        (Fault::Adds, &[Rule::Repeat, Rule::Written]),
        (Fault::AnyLength, &[Rule::OutLength]),
        (Fault::Remembers, &[Rule::Workspace]),
        (Fault::SeesChroma, &[Rule::Arrangement, Rule::Channels]),
        (Fault::Refuses, &[Rule::Refused]),
    ];
    for (fault, expected) in cases {
        let result = check(&Mean::new(fault));
        let text = result.as_ref().err().map(ToString::to_string);
        assert_eq!(rules(result), expected, "{fault:?}: {text:?}");
    }
}

#[test]
fn what_was_broken_is_said_in_words() {
    let broken = check(&Mean::new(Fault::PanicsWhenNarrow)).unwrap_err();
    let [violation] = broken.violations() else { panic!("{broken}") };
    assert!(violation.times > 10 && violation.case.contains("2x1: not so narrow"), "{violation:?}");
    let text = format!("no frame may cause a panic: {} (and {} more)", violation.case, violation.times - 1);
    assert_eq!((broken.to_string(), format!("{broken:?}")), (text.clone(), format!("\n{text}")));
    let broken = check(&Mean::new(Fault::SeesChroma)).unwrap_err();
    assert_eq!(broken.to_string().lines().count(), 2);
    assert!(broken.to_string().contains("`mean` is "), "{broken}");
}

/// What is wrong with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    AnySpec,
    ForgetsThinned,
    ZerosWithoutFrames,
    TakesAnySize,
    EndsAtAnotherSize,
    IntakeNeverAsked,
    AnyTime,
    AnswersInTurn,
    CountsPushes,
    CountsPeeks,
    PeeksLate,
    SharedState,
    PanicsAtFifth,
    ManyFrames,
}

/// Pooled mean luma, every third frame, with a fault in its sessions.
struct Faulty {
    inner: Pooled<Mean>,
    wrong: Wrong,
    open: Arc<AtomicU64>,
}

impl Faulty {
    fn new(wrong: Wrong) -> Self {
        let pooling = Pooling { sampling: Sampling::Every { step: 3 }, statistic: Statistic::Mean };
        let inner = Pooled::new(Mean::new(Fault::None), pooling).unwrap();
        Self { inner, wrong, open: Arc::default() }
    }
}

struct FaultySession {
    inner: Box<dyn VideoSession>,
    other: Intake,
    wrong: Wrong,
    spec: VideoSpec,
    layout: FeatureLayout,
    recipe: Recipe,
    open: Arc<AtomicU64>,
    asked: AtomicU64,
    peeks: AtomicU64,
    pushes: u64,
    extra: f64,
}

impl VideoFeatures for Faulty {
    fn layout(&self) -> &FeatureLayout {
        self.inner.layout()
    }

    fn recipe(&self) -> Recipe {
        self.inner.recipe()
    }

    fn start(&self, spec: VideoSpec) -> Result<Box<dyn VideoSession>> {
        let spec = match self.wrong {
            Wrong::AnySpec => VideoSpec { frames_per_second: 4.0, ..spec },
            Wrong::ForgetsThinned => spec.with_thinned(false),
            _ => spec,
        };
        let inner = self.inner.start(spec)?;
        self.open.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(FaultySession {
            inner,
            other: Intake::new(spec, Channels::Luma)?,
            wrong: self.wrong,
            spec,
            layout: self.layout().clone(),
            recipe: self.recipe(),
            open: Arc::clone(&self.open),
            asked: AtomicU64::new(0),
            peeks: AtomicU64::new(0),
            pushes: 0,
            extra: 0.0,
        }))
    }
}

impl Drop for FaultySession {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl VideoSession for FaultySession {
    fn intake(&mut self) -> &mut Intake {
        if self.wrong == Wrong::IntakeNeverAsked { &mut self.other } else { self.inner.intake() }
    }

    fn wants_next(&self) -> bool {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if self.wrong == Wrong::AnswersInTurn { asked.is_multiple_of(2) } else { self.inner.wants_next() }
    }

    fn push(&mut self, frame: &Frame<'_>) -> Result<()> {
        if frame.size() != (self.spec.width, self.spec.height) {
            self.extra += f64::from(u8::from(self.wrong == Wrong::EndsAtAnotherSize));
            return if self.wrong == Wrong::TakesAnySize { Ok(()) } else { self.inner.push(frame) };
        }
        self.pushes += 1;
        assert!(self.wrong != Wrong::PanicsAtFifth || self.pushes < 5, "five");
        let shared = self.wrong == Wrong::SharedState && self.open.load(Ordering::Relaxed) > 1;
        self.extra += f64::from(u8::from(shared || self.wrong == Wrong::CountsPushes));
        self.inner.push(frame)
    }

    fn push_at(&mut self, frame: &Frame<'_>, seconds: f64) -> Result<()> {
        if self.wrong != Wrong::AnyTime {
            self.intake().at(seconds)?;
        }
        self.push(frame)
    }

    fn skip(&mut self) {
        self.inner.skip();
    }

    fn peek(&self) -> Result<FeatureVector> {
        let peeks = self.peeks.fetch_add(1, Ordering::Relaxed);
        let seen = self.pushes;
        if self.wrong == Wrong::ManyFrames && seen < 1000 {
            return Err(Error::TooFewFrames { min: 1000, found: seen });
        }
        let vector = match self.inner.peek() {
            Err(Error::TooFewFrames { .. }) if self.wrong == Wrong::ZerosWithoutFrames => {
                return FeatureVector::new(self.recipe.clone(), self.layout.clone(), vec![0.0; 2], 0, 0);
            }
            other => other?,
        };
        let extra = match self.wrong {
            Wrong::CountsPeeks => peeks as f64,
            _ => self.extra,
        };
        let values = vector.values().iter().map(|value| value + extra).collect();
        FeatureVector::new(
            vector.recipe().clone(),
            vector.layout().clone(),
            values,
            vector.replaced(),
            vector.frames(),
        )
    }

    fn finish(mut self: Box<Self>) -> Result<FeatureVector> {
        self.intake().complete()?;
        if self.wrong == Wrong::PeeksLate {
            self.extra = 1.0;
        }
        self.peek()
    }
}

#[test]
fn each_fault_of_a_session_is_named() {
    let cases: [(Wrong, &[Rule]); 15] = [
        (Wrong::Nothing, &[]),
        (Wrong::AnySpec, &[Rule::Spec]),
        (Wrong::ForgetsThinned, &[Rule::Spec]),
        (Wrong::ZerosWithoutFrames, &[Rule::TooFewFrames]),
        (Wrong::TakesAnySize, &[Rule::FrameSize]),
        (Wrong::EndsAtAnotherSize, &[Rule::FrameSize]),
        (Wrong::IntakeNeverAsked, &[Rule::Intake, Rule::Time]),
        (Wrong::AnyTime, &[Rule::Time]),
        (Wrong::AnswersInTurn, &[Rule::Skip]),
        (Wrong::CountsPushes, &[Rule::Skip]),
        (Wrong::CountsPeeks, &[Rule::Peek]),
        (Wrong::PeeksLate, &[Rule::Peek]),
        (Wrong::SharedState, &[Rule::Independent]),
        (Wrong::PanicsAtFifth, &[Rule::Panic]),
        (Wrong::ManyFrames, &[Rule::Refused]),
    ];
    for (wrong, expected) in cases {
        let result = check_video(&Faulty::new(wrong));
        let text = result.as_ref().err().map(ToString::to_string);
        assert_eq!(rules(result), expected, "{wrong:?}: {text:?}");
    }
}
