//! The promises of image extractors.

use super::picture::{Around, Content, Kind};
use super::run::{Failure, Outcome, attempt, difference, in_thread, size_for, with_picture};
use super::{Broken, Findings, Rule};
use crate::error::{Error, Result};
use crate::extract::ImageFeatures;
use crate::frame::Frame;
use crate::intake::Channels;
use crate::layout::FeatureVector;
use crate::workspace::Workspace;

/// The first size tried: odd, and large enough for most.
const SIZE: (usize, usize) = (99, 97);
/// Frames that a used workspace has seen: larger, smaller, and of other shapes.
const BEFORE: [(usize, usize); 5] = [(130, 120), (1, 1), (7, 150), (150, 7), (99, 96)];
const SCENE: Content = Content::Scene(0);
const NONE: Around = Around { margin: 0, padding: 0 };

/// Whether an image extractor keeps its promises: see [`Rule`] and the [example](crate::testing).
///
/// Takes as long as some hundred small and three larger images (640x480). A panic of the extractor is caught and
/// reported, except where panics abort the program; the usual message of a panic appears, too.
///
/// # Errors
/// All promises that were broken.
pub fn check<E: ImageFeatures + ?Sized>(extractor: &E) -> std::result::Result<(), Broken> {
    let mut test = Test { extractor, found: Findings::default() };
    let told = attempt(|| {
        Ok((extractor.layout().clone(), extractor.layout().clone(), extractor.recipe(), extractor.recipe()))
    });
    if let Ok((layout, again, recipe, recipe_again)) = test.found.caught("names and recipe", told) {
        test.found.identity([&layout, &again], [&recipe, &recipe_again]);
        match size_for(SIZE, |size| test.extract(SCENE, Kind::Yuv420, size, NONE).err()) {
            Ok(size) => test.run(size),
            Err(failure) => test.found.add(Rule::Refused, failure.to_string()),
        }
    }
    test.found.into_result()
}

struct Test<'a, E: ?Sized> {
    extractor: &'a E,
    found: Findings,
}

impl<E: ImageFeatures + ?Sized> Test<'_, E> {
    fn extract(
        &self,
        content: Content,
        kind: Kind,
        size: (usize, usize),
        around: Around,
    ) -> Outcome<FeatureVector> {
        with_picture(content, kind, size, around, |frame| self.extractor.extract(frame))
    }

    fn run(&mut self, size: (usize, usize)) {
        for kind in [Kind::Luma, Kind::Deep, Kind::Yuv420, Kind::Rgb] {
            let case = format!("{kind:?}, {}x{}", size.0, size.1);
            let outcome = self.extract(SCENE, kind, size, NONE);
            match self.found.caught(&case, outcome) {
                Ok(vector) => self.pixels(&case, kind, size, &vector),
                Err(Failure::Error(error)) => self.found.add(Rule::Refused, format!("{case}: {error}")),
                Err(Failure::Panic(_)) => {}
            }
        }
        self.lengths(size);
        self.sizes();
    }

    /// What one picture must keep.
    fn pixels(&mut self, case: &str, kind: Kind, size: (usize, usize), expected: &FeatureVector) {
        self.found.vector(case, self.extractor.layout(), &self.extractor.recipe(), expected);
        let again = self.extract(SCENE, kind, size, NONE);
        self.found.same(Rule::Repeat, case, expected, again);
        let apart = self.extract(SCENE, kind, size, Around { margin: 0, padding: 11 });
        self.found.same(Rule::Stride, case, expected, apart);
        let crop = self.extract(SCENE, kind, size, Around { margin: 6, padding: 0 });
        self.found.same(Rule::Crop, case, expected, crop);
        if let Some(other) = in_thread(|| self.extract(SCENE, kind, size, NONE)) {
            self.found.same(Rule::Thread, case, expected, other);
        }
        let twin = match kind {
            Kind::Yuv420 => Some(Kind::Nv12),
            Kind::Rgb => Some(Kind::Bgra),
            _ => None,
        };
        if let Some(twin) = twin {
            let other = self.extract(SCENE, twin, size, NONE);
            self.found.same(Rule::Arrangement, &format!("{twin:?} and {case}"), expected, other);
        }
        if kind == Kind::Luma && self.extractor.channels() == Channels::Luma {
            let other = self.extract(SCENE, Kind::Yuv420, size, NONE);
            self.found.same(Rule::Channels, case, expected, other);
        }
        let outcome = with_picture(SCENE, kind, size, NONE, |frame| self.workspaces(frame));
        match self.found.caught(case, outcome) {
            Ok([fresh, written, used]) => {
                let names = expected.layout().names();
                if let Some(text) = difference(names, &fresh, &written) {
                    self.found.add(Rule::Written, format!("{case}: with other values before: {text}"));
                }
                if let Some(text) = difference(names, &fresh, &used) {
                    self.found.add(Rule::Workspace, format!("{case}: {text}"));
                }
                self.raw(case, expected, &fresh);
            }
            Err(Failure::Error(error)) => self.found.add(Rule::Repeat, format!("{case}: error: {error}")),
            Err(Failure::Panic(_)) => {}
        }
    }

    /// Values as they are defined: from a fresh workspace, again with other values in `out`, and from a used workspace.
    fn workspaces(&self, frame: &Frame<'_>) -> Result<[Vec<f64>; 3]> {
        let mut used = Workspace::new();
        for (size, seed) in BEFORE.into_iter().zip(0..) {
            let content = if seed % 2 == 0 { Content::Noise(seed) } else { Content::Flat(255) };
            let kind = if seed % 3 == 0 { Kind::Rgb } else { Kind::Yuv420 };
            // An extractor may refuse some of these sizes.
            let _ = with_picture(content, kind, size, NONE, |frame| self.values(frame, 0.0, &mut used));
        }
        Ok([
            self.values(frame, 7.25, &mut Workspace::new())?,
            self.values(frame, -3.5, &mut Workspace::new())?,
            self.values(frame, 7.25, &mut used)?,
        ])
    }

    fn values(&self, frame: &Frame<'_>, before: f64, workspace: &mut Workspace) -> Result<Vec<f64>> {
        let mut out = vec![before; self.extractor.layout().len()];
        self.extractor.extract_into(frame, workspace, &mut out)?;
        Ok(out)
    }

    /// Whether a vector holds the values as they are defined, and counts those that it replaced.
    fn raw(&mut self, case: &str, vector: &FeatureVector, values: &[f64]) {
        let finite: Vec<f64> = values.iter().map(|v| if v.is_finite() { *v } else { 0.0 }).collect();
        if let Some(text) = difference(vector.layout().names(), &finite, vector.values()) {
            self.found.add(Rule::Repeat, format!("{case}: `extract` after `extract_into`: {text}"));
        }
        let undefined = values.iter().filter(|value| !value.is_finite()).count();
        let replaced = vector.replaced();
        self.found.unless(undefined == replaced, Rule::Finite, || {
            format!("{case}: {replaced} replaced, but {undefined} are not finite")
        });
    }

    fn lengths(&mut self, size: (usize, usize)) {
        let right = self.extractor.layout().len();
        for length in [0, right.saturating_sub(1), right + 1] {
            if length == right {
                continue;
            }
            let case = format!("{length} instead of {right}");
            let outcome = with_picture(SCENE, Kind::Yuv420, size, NONE, |frame| {
                self.extractor.extract_into(frame, &mut Workspace::new(), &mut vec![0.0; length])
            });
            match self.found.caught(&case, outcome) {
                Ok(()) => self.found.add(Rule::OutLength, format!("{case}: no error")),
                Err(Failure::Error(Error::Length { .. }) | Failure::Panic(_)) => {}
                Err(Failure::Error(error)) => {
                    self.found.add(Rule::OutLength, format!("{case}: not Error::Length, but: {error}"));
                }
            }
        }
    }

    /// Tiny, flat, thin and large.
    fn sizes(&mut self) {
        let small = (1..=4).flat_map(|w| (1..=4).map(move |h| (w, h)));
        let others =
            [(5, 7), (8, 8), (15, 16), (17, 31), (33, 32), (1, 64), (64, 1), (65, 63), (300, 2), (2, 300)];
        let contents = [Content::Flat(0), Content::Flat(255), Content::Flat(128), Content::Noise(1)];
        for size in small.chain(others) {
            for content in contents {
                for kind in [Kind::Luma, Kind::Deep, Kind::Yuv420, Kind::Rgb] {
                    self.any(content, kind, size);
                }
            }
        }
        for (content, kind) in
            [(SCENE, Kind::Nv12), (Content::Noise(2), Kind::Bgra), (Content::Flat(16), Kind::Luma)]
        {
            self.any(content, kind, (641, 479));
        }
    }

    fn any(&mut self, content: Content, kind: Kind, size: (usize, usize)) {
        let case = format!("{content:?} as {kind:?}, {}x{}", size.0, size.1);
        let outcome = with_picture(content, kind, size, NONE, |frame| {
            let vector = self.extractor.extract(frame)?;
            Ok((vector, self.values(frame, 0.0, &mut Workspace::new())?))
        });
        if let Ok((vector, values)) = self.found.caught(&case, outcome) {
            self.found.vector(&case, self.extractor.layout(), &self.extractor.recipe(), &vector);
            self.raw(&case, &vector, &values);
        }
    }
}
