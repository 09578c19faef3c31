//! The promises of video extractors: what concerns whole videos. Sessions step by step are in `session`.

use super::picture::{Around, Content, Kind, Picture};
use super::run::{Failure, Outcome, attempt, in_thread, size_for};
use super::{Broken, Findings, Rule};
use crate::error::{Error, Result};
use crate::extract::{VideoFeatures, VideoSession};
use crate::frame::Frame;
use crate::layout::FeatureVector;
use crate::spec::VideoSpec;

/// The first size and number of frames tried, and the rate: windows of a second are filled.
const SIZE: (usize, usize) = (99, 97);
const FRAMES: u64 = 12;
const MOST_FRAMES: u64 = 600;
pub(super) const RATE: f64 = 4.0;
const NONE: Around = Around { margin: 0, padding: 0 };

/// Whether a video extractor and its sessions keep their promises: see [`Rule`] and the [example](crate::testing).
///
/// Takes as long as some three hundred small frames (99x97) and a few larger ones, for an extractor that needs no more
/// than twelve frames. A panic of the extractor is caught and reported, except where panics abort the program; the usual
/// message of a panic appears, too.
///
/// # Errors
/// All promises that were broken.
pub fn check_video<E: VideoFeatures + ?Sized>(extractor: &E) -> std::result::Result<(), Broken> {
    let clip = Clip { size: SIZE, frames: FRAMES, kind: Kind::Yuv420, around: NONE, still: None };
    let mut test = Test { extractor, found: Findings::default(), clip };
    let told = attempt(|| {
        Ok((extractor.layout().clone(), extractor.layout().clone(), extractor.recipe(), extractor.recipe()))
    });
    if let Ok((layout, again, recipe, recipe_again)) = test.found.caught("names and recipe", told) {
        test.found.identity([&layout, &again], [&recipe, &recipe_again]);
        match test.base() {
            Ok(expected) => test.run(&expected),
            Err(failure) => test.found.add(Rule::Refused, failure.to_string()),
        }
    }
    test.found.into_result()
}

/// A video made here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clip {
    pub(super) size: (usize, usize),
    pub(super) frames: u64,
    pub(super) kind: Kind,
    pub(super) around: Around,
    /// What every frame shows, instead of a scene that moves.
    pub(super) still: Option<Content>,
}

impl Clip {
    pub(super) fn spec(&self) -> VideoSpec {
        VideoSpec::new(self.size.0, self.size.1, RATE)
    }

    pub(super) fn picture(&self, frame: u64) -> Picture {
        let content = self.still.unwrap_or(Content::Scene(usize::try_from(frame % 1000).unwrap_or_default()));
        Picture::new(content, self.kind, self.size, self.around)
    }

    /// Pushes frame `number` of the clip.
    pub(super) fn push(&self, session: &mut dyn VideoSession, number: u64) -> Result<()> {
        session.push(&self.picture(number).frame()?)
    }

    pub(super) fn named(&self) -> String {
        let Self { size, frames, kind, still, .. } = self;
        let what = still.map_or_else(|| "moving".to_owned(), |content| format!("{content:?}"));
        format!("{frames} frames, {what} as {kind:?}, {}x{}", size.0, size.1)
    }
}

pub(super) struct Test<'a, E: ?Sized> {
    pub(super) extractor: &'a E,
    pub(super) found: Findings,
    /// The clip that most tests use.
    pub(super) clip: Clip,
}

impl<E: VideoFeatures + ?Sized> Test<'_, E> {
    /// Every frame of `clip` pushed or, where the session does not want it, skipped.
    pub(super) fn features(&self, clip: Clip) -> Outcome<FeatureVector> {
        attempt(|| self.features_of(clip))
    }

    fn features_of(&self, clip: Clip) -> Result<FeatureVector> {
        let mut session = self.extractor.start(clip.spec())?;
        for number in 0..clip.frames {
            if session.wants_next() {
                clip.push(&mut *session, number)?;
            } else {
                session.skip();
            }
        }
        session.finish()
    }

    /// A size and a number of frames that give features, and those.
    fn base(&mut self) -> Outcome<FeatureVector> {
        let clip = self.clip;
        self.clip.size =
            size_for(SIZE, |size| attempt(|| self.extractor.start(Clip { size, ..clip }.spec())).err())?;
        match self.features(self.clip) {
            Err(Failure::Error(Error::TooFewFrames { min, .. })) if min <= MOST_FRAMES => {
                self.clip.frames = min + 6;
                self.features(self.clip)
            }
            other => other,
        }
    }

    fn run(&mut self, expected: &FeatureVector) {
        for kind in [Kind::Luma, Kind::Deep, Kind::Yuv420, Kind::Rgb] {
            let clip = Clip { kind, ..self.clip };
            let case = clip.named();
            let outcome = self.features(clip);
            match self.found.caught(&case, outcome) {
                Ok(vector) => self.pixels(clip, &vector),
                Err(Failure::Error(error)) => self.found.add(Rule::Refused, format!("{case}: {error}")),
                Err(Failure::Panic(_)) => {}
            }
        }
        self.sessions(expected);
        self.specs();
        self.sizes();
    }

    /// What one clip must keep.
    fn pixels(&mut self, clip: Clip, expected: &FeatureVector) {
        let case = clip.named();
        self.found.vector(&case, self.extractor.layout(), &self.extractor.recipe(), expected);
        let again = self.features(clip);
        self.found.same(Rule::Repeat, &case, expected, again);
        let apart = self.features(Clip { around: Around { margin: 0, padding: 11 }, ..clip });
        self.found.same(Rule::Stride, &case, expected, apart);
        let crop = self.features(Clip { around: Around { margin: 6, padding: 0 }, ..clip });
        self.found.same(Rule::Crop, &case, expected, crop);
        let twin = match clip.kind {
            Kind::Yuv420 => Some(Kind::Nv12),
            Kind::Rgb => Some(Kind::Bgra),
            _ => None,
        };
        if let Some(kind) = twin {
            let other = self.features(Clip { kind, ..clip });
            self.found.same(Rule::Arrangement, &format!("{kind:?} and {case}"), expected, other);
        }
        if clip.kind == Kind::Yuv420
            && let Some(other) = in_thread(|| self.features(clip))
        {
            self.found.same(Rule::Thread, &case, expected, other);
        }
    }

    fn specs(&mut self) {
        let VideoSpec { width, height, .. } = self.clip.spec();
        let wrong = [
            VideoSpec::new(0, height, RATE),
            VideoSpec::new(width, 0, RATE),
            VideoSpec::new(width, height, 0.0),
            VideoSpec::new(width, height, -RATE),
            VideoSpec::new(width, height, f64::NAN),
            VideoSpec::new(width, height, f64::INFINITY),
        ];
        for spec in wrong {
            let VideoSpec { width, height, frames_per_second, .. } = spec;
            let case = format!("{width}x{height} at {frames_per_second} frames a second");
            let outcome = attempt(|| self.extractor.start(spec).map(|_| ()));
            let started = self.found.caught(&case, outcome).is_ok();
            self.found.unless(!started, Rule::Spec, || format!("{case}: no error"));
        }
        let clip = self.clip;
        let thinned = attempt(|| {
            let mut session = self.extractor.start(clip.spec().with_thinned(true))?;
            (0..clip.frames).try_for_each(|number| clip.push(&mut *session, number))?;
            session.finish()
        });
        match self.found.caught("thinned source", thinned) {
            Ok(vector) => {
                let source = vector.recipe().get("source").unwrap_or("missing").to_owned();
                self.found.unless(source == "thinned", Rule::Spec, || {
                    format!("thinned source: in the recipe, source is {source}")
                });
            }
            Err(Failure::Error(Error::Thinned { .. }) | Failure::Panic(_)) => {}
            Err(Failure::Error(error)) => {
                self.found.add(Rule::Spec, format!("thinned source: not Error::Thinned, but: {error}"));
            }
        }
    }

    /// Tiny, flat, thin, large, and short.
    fn sizes(&mut self) {
        let sizes = [(1, 1), (2, 3), (17, 9), (64, 64), (65, 71), (64, 200), (200, 64), self.clip.size];
        let stills = [Content::Flat(0), Content::Flat(255), Content::Noise(3)];
        for (size, still) in sizes.into_iter().flat_map(|size| stills.map(|still| (size, Some(still)))) {
            let kind = if still == Some(Content::Noise(3)) { Kind::Rgb } else { Kind::Yuv420 };
            self.any(Clip { size, still, kind, ..self.clip });
        }
        let large = (self.clip.size.0.max(353), self.clip.size.1.max(289));
        self.any(Clip { size: large, frames: self.clip.frames.min(FRAMES), ..self.clip });
        for frames in 1..self.clip.frames.min(FRAMES) {
            self.any(Clip { frames, kind: Kind::Luma, ..self.clip });
        }
    }

    fn any(&mut self, clip: Clip) {
        let case = clip.named();
        let outcome = self.features(clip);
        if let Ok(vector) = self.found.caught(&case, outcome) {
            self.found.vector(&case, self.extractor.layout(), &self.extractor.recipe(), &vector);
        }
    }

    /// A frame of the clip's size less one column.
    pub(super) fn smaller(&self, call: impl FnOnce(&Frame<'_>) -> Result<()>) -> Outcome<()> {
        let (width, height) = self.clip.size;
        let size = if width > 1 { (width - 1, height) } else { (width + 1, height) };
        let picture = Clip { size, ..self.clip }.picture(0);
        attempt(|| call(&picture.frame()?))
    }
}
